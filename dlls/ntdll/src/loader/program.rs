//! The start of the process and of its threads: the program, our own module, everything they need.

use super::failure::Failure;
use super::module::{Module, Origin};
use super::state::{loader, locked, peb_locks};
use super::{bind, map, notice, tls};
use crate::gate::call;
use crate::{current_folder, heap, parameters, thread_list};
use alloc::format;
use alloc::string::String;
use core::ffi::c_void;
use gate::service::Report;
use guest::teb;
use windows_sys::Win32::Foundation::{STATUS_DLL_INIT_FAILED, STATUS_ENTRYPOINT_NOT_FOUND, STATUS_INVALID_IMAGE_FORMAT};
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;
use windows_sys::Win32::System::SystemServices::DLL_PROCESS_ATTACH;

/// Called on every thread before its own code: the first one initialises the process.
pub unsafe extern "system" fn initialize(context: *mut CONTEXT) {
    let _ = context;
    teb::set_report(report);
    if thread_list::begin() {
        // SAFETY: no other thread exists yet.
        unsafe {
            let peb = &mut *teb::peb();
            peb.process_heap = heap::create_process_heap() as usize;
            [peb.loader_lock, peb.fast_peb_lock] = peb_locks().map(|lock| lock as usize);
            thread_list::create_slots();
        }
        thread_list::list_caller();
        if let Err(failure) = locked(start) {
            failure.end_process();
        }
    } else {
        thread_list::list_caller();
        notice::thread_attach();
    }
    // What was queued before the thread ran comes before its routine.
    crate::call::run();
}

/// What the other DLLs call to tell the audit something.
unsafe extern "system" fn report(kind: u32, slot: u32, text: *const u8, size: usize, code: u32, duration: u32) {
    call(&mut Report { kind, slot, text: text as u64, text_size: size as u64, code, duration });
}

/// Loads what the program imports, and tells everything that the process has started.
fn start() -> Result<(), Failure> {
    let bad = |_| Failure::new(STATUS_INVALID_IMAGE_FORMAT, "the program is damaged");
    // SAFETY: made before the first thread ran.
    let (base, parameters) = unsafe { ((*teb::peb()).image_base_address as *mut u8, parameters::get()) };
    // SAFETY: the program's path never changes.
    let path = unsafe { parameters::text(&parameters.image_path_name) };
    // Its size stands in its own headers, which the runtime has checked.
    let program = Module::new(base, header_size(base), path, Origin::Program);
    loader().modules.push(program);
    let ntdll = map::map_system(b"ntdll.dll").map_err(bad)?;
    // SAFETY: just made.
    unsafe { (*ntdll).started = true };
    current_folder::open_first();
    // Windows loads kernel32 into every process, imported or not.
    let kernel32 = map::map_system(b"kernel32.dll").map_err(bad)?;
    bind::bind_or_say(program, true)?;
    bind::bind_or_say(kernel32, true)?;
    refuse_missing()?;
    tls::enter_new(0).map_err(bad)?;
    tls::thread_attach();
    let reserved: *mut c_void = core::ptr::dangling_mut::<u8>().cast();
    for first in [kernel32, program] {
        notice::attach_with(first, reserved).map_err(|refusing| {
            // SAFETY: modules live as long as they are listed.
            let name = guest::text::lossy(unsafe { (*refusing).base_name() });
            Failure::new(STATUS_DLL_INIT_FAILED, format!("{name}, which the program needs, refused to start"))
        })?;
    }
    tls::call_back(program, DLL_PROCESS_ATTACH, reserved);
    Ok(())
}

/// The size of the image at `base`, by its header.
fn header_size(base: *mut u8) -> u32 {
    // SAFETY: the runtime mapped a whole image there, whose headers take a page at least.
    let head = unsafe { core::slice::from_raw_parts(base, 0x1000) };
    pe::Image::parse(head, pe::Layout::Mapped).map_or(0x1000, |image| image.size_of_image())
}

/// Whether the program says that it takes addresses above 2 GiB.
pub fn takes_large_addresses() -> bool {
    /// `IMAGE_FILE_LARGE_ADDRESS_AWARE`.
    const LARGE_ADDRESSES: u16 = 0x20;
    // SAFETY: the runtime mapped a whole image there, whose headers take a page at least.
    let head = unsafe { core::slice::from_raw_parts((*teb::peb()).image_base_address as *const u8, 0x1000) };
    pe::Image::parse(head, pe::Layout::Mapped).is_ok_and(|image| image.characteristics() & LARGE_ADDRESSES != 0)
}

/// With strict imports, a program that misses functions does not start.
fn refuse_missing() -> Result<(), Failure> {
    let missing = core::mem::take(&mut loader().missing);
    if missing.is_empty() || !parameters::strict_imports() {
        return Ok(());
    }
    let list: String = missing.iter().map(|name| format!("\n  {name}")).collect();
    Err(Failure::new(STATUS_ENTRYPOINT_NOT_FOUND, format!("the program imports functions that are not in the catalog:{list}")))
}
