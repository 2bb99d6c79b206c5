//! The loader: what the NT kernel leaves to `ntdll`. It finds DLLs, binds imports, keeps thread-local storage, runs
//! notices, and answers who is loaded. Everything here is under the loader lock.

mod bind;
mod directory;
mod failure;
mod folders;
mod load;
mod map;
mod module;
mod notice;
mod program;
mod resource;
mod search;
mod service;
mod stub;
mod tls;

use crate::critical::{enter, leave};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use module::Module;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

pub use notice::{forget_thread, process_detach, thread_detach};
pub use program::initialize;

/// Everything that the loader knows.
#[derive(Default)]
struct Loader {
    /// In the order in which they were loaded: the program first.
    modules: Vec<*mut Module>,
    tls: tls::Table,
    /// Where the load that runs looks for DLLs; the standard search path without one.
    folders: Option<Vec<Vec<u16>>>,
    /// What the program has said about the search path.
    settings: folders::Settings,
    /// Imports that nothing exports, as `dll!function`; with strict imports they keep the program from starting.
    missing: Vec<String>,
    /// DLLs whose notices have run, in that order.
    initialised: Vec<*mut Module>,
    shutting_down: bool,
}

struct Shared(UnsafeCell<Option<Loader>>, UnsafeCell<CRITICAL_SECTION>, UnsafeCell<CRITICAL_SECTION>);

// SAFETY: the loader is reached through its lock alone.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(None), UnsafeCell::new(crate::critical::new()), UnsafeCell::new(crate::critical::new()));

fn lock() -> *mut CRITICAL_SECTION {
    SHARED.1.get()
}

/// The sections that the PEB points at: the loader lock, and the PEB's own.
fn peb_locks() -> [*mut CRITICAL_SECTION; 2] {
    [lock(), SHARED.2.get()]
}

/// Runs `work` under the loader lock. Guest code that runs inside may come back here on the same thread, so no borrow of
/// the loader may live across a call into the guest.
fn locked<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the lock is a static section.
    unsafe { enter(lock()) };
    let done = work();
    // SAFETY: entered above.
    unsafe { leave(lock()) };
    done
}

/// The loader; its lock is held.
#[allow(clippy::mut_from_ref, reason = "the lock makes it unique")]
fn loader<'a>() -> &'a mut Loader {
    // SAFETY: the lock is held, and borrows end before guest code runs.
    unsafe { (*SHARED.0.get()).get_or_insert_default() }
}

/// Lets go of a DLL once more.
///
/// # Safety
/// The caller holds a reference.
pub unsafe fn unload(handle: *mut core::ffi::c_void) {
    // SAFETY: as the caller promises; a handle that is none is refused.
    unsafe { service::LdrUnloadDll(handle) };
}

/// Takes the locks that the process's end needs.
pub fn lock_for_exit() {
    // SAFETY: the lock is a static section; it is never left again.
    unsafe { enter(lock()) };
    loader().shutting_down = true;
}

/// The name of the module that holds an address, and its base. A crash asks: it waits for no lock, and takes no memory,
/// because either may be what broke.
pub fn module_at<'a>(address: usize) -> Option<(&'a [u16], usize)> {
    // SAFETY: the lock is a static section.
    if unsafe { crate::critical::RtlTryEnterCriticalSection(lock()) } == 0 {
        return None;
    }
    // SAFETY: modules live as long as they are listed.
    let found = find_by_address(address).map(|module| unsafe { ((*module).base_name(), (*module).base as usize) });
    // SAFETY: entered above.
    unsafe { leave(lock()) };
    found
}

fn find_by_address(address: usize) -> Option<*mut Module> {
    // SAFETY: modules live as long as they are listed.
    loader().modules.iter().copied().find(|module| unsafe { (**module).holds(address) })
}

/// A NULL module.
const NONE: *mut Module = null_mut();
