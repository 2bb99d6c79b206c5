//! Notices: DllMain and TLS callbacks, in the order that Windows keeps.

use super::module::Module;
use super::routine;
use super::state::{NONE, loader, locked};
use super::tls;
use core::ffi::c_void;
use guest::error::Status;
use windows_sys::Win32::Foundation::STATUS_DLL_INIT_FAILED;
use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_ATTACH, DLL_PROCESS_DETACH, DLL_THREAD_ATTACH, DLL_THREAD_DETACH};

/// Calls a module's TLS callbacks, then its entry point, with a reason. Whether it agreed.
fn tell(module: *mut Module, reason: u32, reserved: *mut c_void) -> bool {
    // SAFETY: modules live as long as they are listed.
    let (base, entry) = unsafe { ((*module).base.cast::<c_void>(), (*module).entry) };
    tls::call_back(module, reason, reserved);
    if entry == 0 {
        return true;
    }
    // SAFETY: it is the module's entry point.
    unsafe { routine::call(entry, base, reason, reserved) != 0 }
}

/// Tells a module and everything it stands on that the process has them: what is stood on comes first, and each once,
/// circles included.
pub fn attach(module: *mut Module) -> Result<(), Status> {
    attach_with(module, core::ptr::null_mut()).map_err(|_| Status(STATUS_DLL_INIT_FAILED))
}

/// As [`attach`]; `reserved` is not NULL while the process starts. Answers the module that refused, if one did.
pub fn attach_with(module: *mut Module, reserved: *mut c_void) -> Result<(), *mut Module> {
    let mut stack = alloc::vec![(module, 0)];
    // SAFETY: modules live as long as they are listed.
    unsafe { (*module).started = true };
    while let Some((module, next)) = stack.last_mut() {
        // SAFETY: as above.
        let dependency = unsafe { &(**module).dependencies }.get(*next).copied();
        *next += 1;
        match dependency {
            Some(dependency) => {
                // SAFETY: as above.
                let it = unsafe { &mut *dependency };
                if !it.started {
                    it.started = true;
                    stack.push((dependency, 0));
                }
            }
            None => {
                let module = *module;
                stack.pop();
                attach_one(module, reserved)?;
            }
        }
    }
    Ok(())
}

fn attach_one(module: *mut Module, reserved: *mut c_void) -> Result<(), *mut Module> {
    if module == program() {
        return Ok(());
    }
    if !tell(module, DLL_PROCESS_ATTACH, reserved) {
        // Windows tells a DLL that refused of the process's end, too.
        tell(module, DLL_PROCESS_DETACH, reserved);
        return Err(module);
    }
    // SAFETY: modules live as long as they are listed.
    unsafe { (*module).note_attached() };
    loader().initialised.push(module);
    Ok(())
}

fn program() -> *mut Module {
    loader().modules.first().copied().unwrap_or(NONE)
}

/// Tells a module that it is about to be unloaded.
pub fn detach(module: *mut Module) {
    // SAFETY: modules live as long as they are listed.
    if unsafe { core::mem::take(&mut (*module).attached) } {
        tell(module, DLL_PROCESS_DETACH, core::ptr::null_mut());
        loader().initialised.retain(|other| *other != module);
    }
}

/// Tells every module that wants to hear of it that a thread has started.
pub fn thread_attach() {
    locked(|| {
        tls::thread_attach();
        if loader().shutting_down {
            return;
        }
        // The list may change while guest code runs: each step looks at it anew.
        let mut index = 0;
        while let Some(module) = loader().initialised.get(index).copied() {
            index += 1;
            thread_notice(module, DLL_THREAD_ATTACH);
        }
        tls::call_back(program(), DLL_THREAD_ATTACH, core::ptr::null_mut());
    });
}

fn thread_notice(module: *mut Module, reason: u32) {
    // SAFETY: modules live as long as they are listed.
    if unsafe { (*module).thread_notices } {
        tell(module, reason, core::ptr::null_mut());
    }
}

/// Tells every module that wants to hear of it that the calling thread ends.
pub fn thread_detach() {
    locked(|| {
        crate::fls::thread_detach();
        if !loader().shutting_down {
            tls::call_back(program(), DLL_THREAD_DETACH, core::ptr::null_mut());
            let mut index = loader().initialised.len();
            while index > 0 {
                index -= 1;
                if let Some(module) = loader().initialised.get(index).copied() {
                    thread_notice(module, DLL_THREAD_DETACH);
                }
            }
        }
        tls::thread_detach(guest::teb::block());
    });
}

/// Forgets a thread without any notice: it is ended at once.
pub fn forget_thread(block: *mut u8) {
    locked(|| tls::thread_detach(block));
}

/// Tells every module that the process ends, the last that started first.
pub fn process_detach() {
    locked(|| {
        crate::fls::thread_detach();
        let at_exit = core::ptr::dangling_mut::<u8>().cast();
        tls::call_back(program(), DLL_PROCESS_DETACH, at_exit);
        while let Some(module) = loader().initialised.pop() {
            tell(module, DLL_PROCESS_DETACH, at_exit);
        }
    });
}
