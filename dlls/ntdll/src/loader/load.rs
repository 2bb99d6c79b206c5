//! Loading and unloading: a DLL with everything it needs, the notices of both, and what a program asks of one by name.

use super::map::find_or_map;
use super::module::Module;
use super::search::Wanted;
use super::state::loader;
use super::{bind, notice};
use crate::gate::ask;
use alloc::vec::Vec;
use gate::service::UnmapView;
use guest::error::Status;
use pe::Symbol;
use windows_sys::Win32::Foundation::{STATUS_ENTRYPOINT_NOT_FOUND, STATUS_ORDINAL_NOT_FOUND};

/// Loads a DLL with everything it needs, and runs the notices. With `alone`, it is mapped and nothing else.
pub fn load(wanted: &Wanted, folders: Option<Vec<Vec<u16>>>, alone: bool) -> Result<*mut Module, Status> {
    let known = loader().modules.len();
    // A notice may load, too: its search path is its own.
    let before = core::mem::replace(&mut loader().folders, folders);
    let done = find_or_map(wanted).and_then(|module| {
        // SAFETY: modules live as long as they are listed.
        unsafe { (*module).references = (*module).references.saturating_add(1) };
        if alone {
            return Ok(module);
        }
        finish(module, known).map(|()| module).inspect_err(|_| {
            // SAFETY: as above; only a sweep takes it off the list.
            unsafe { (*module).references -= 1 };
        })
    });
    loader().folders = before;
    if done.is_err() {
        sweep();
    }
    done
}

/// Binds a module that may be new, and tells it and everything it stands on of the process. `known` is how many modules
/// there were before it was looked for.
fn finish(module: *mut Module, known: usize) -> Result<(), Status> {
    // SAFETY: modules live as long as they are listed.
    if unsafe { (*module).linked || (*module).started } {
        return Ok(());
    }
    bind::bind_all(module, false)?;
    super::tls::enter_new(known)?;
    notice::attach(module)
}

/// The address of what a module exports. What its forwarders lead to is loaded, and stays as long as the module.
pub fn export(module: *mut Module, symbol: Symbol<'_>) -> Result<usize, Status> {
    let known = loader().modules.len();
    // SAFETY: the caller found it in the list.
    let (found, passed) = bind::resolve(unsafe { &*module }, symbol)?;
    for next in passed {
        // SAFETY: modules live as long as they are listed.
        unsafe {
            if next != module && !(*module).dependencies.contains(&next) {
                (*module).dependencies.push(next);
            }
        }
        finish(next, known)?;
    }
    let absent = if matches!(symbol, Symbol::Ordinal(_)) { STATUS_ORDINAL_NOT_FOUND } else { STATUS_ENTRYPOINT_NOT_FOUND };
    found.ok_or(Status(absent))
}

/// Gives a module back. It is unloaded, with what only it needed, when nobody wants it any more.
pub fn release(module: *mut Module) {
    // SAFETY: the caller found it in the list.
    let it = unsafe { &mut *module };
    // One that was never loaded by itself is somebody's import.
    if it.references > 0 && !it.pinned {
        it.references -= 1;
        if it.references == 0 {
            sweep();
        }
    }
}

/// Unloads what nobody wants: neither the program by itself, nor a module that stays. Circles go with their last user.
fn sweep() {
    // SAFETY: modules live as long as they are listed.
    let is_root = |module: &*mut Module| unsafe { (**module).pinned || (**module).leaving || (**module).references > 0 };
    let mut alive: Vec<*mut Module> = loader().modules.iter().copied().filter(is_root).collect();
    let mut next = 0;
    while let Some(module) = alive.get(next).copied() {
        next += 1;
        // SAFETY: as above.
        for dependency in unsafe { &(*module).dependencies } {
            if !alive.contains(dependency) {
                alive.push(*dependency);
            }
        }
    }
    let dead: Vec<*mut Module> = loader().modules.iter().copied().filter(|module| !alive.contains(module)).collect();
    for module in &dead {
        // SAFETY: as above.
        unsafe { (**module).leaving = true };
    }
    // Those that were told last of the process are told first of its end.
    let told: Vec<*mut Module> = loader().initialised.iter().rev().copied().filter(|module| dead.contains(module)).collect();
    told.into_iter().for_each(notice::detach);
    dead.into_iter().rev().for_each(forget);
}

fn forget(module: *mut Module) {
    let loader = loader();
    loader.modules.retain(|other| *other != module);
    loader.initialised.retain(|other| *other != module);
    super::tls::leave(module);
    // SAFETY: it is in no list of ours any more.
    let base = unsafe { (*module).base };
    unsafe { Module::free(module) };
    let _ = ask(&mut UnmapView { base: base as u64 });
}
