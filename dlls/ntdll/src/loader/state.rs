//! What the loader knows, and the lock that it is reached through.

use super::module::Module;
use crate::critical::{enter, leave};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::null_mut;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

/// Everything that the loader knows.
#[derive(Default)]
pub struct Loader {
    /// In the order in which they were loaded: the program first.
    pub modules: Vec<*mut Module>,
    /// Thread-local storage of modules.
    pub tls: Storage,
    /// Where the load that runs looks for DLLs; the standard search path without one.
    pub folders: Option<Vec<Vec<u16>>>,
    /// What the program has said about the search path.
    pub settings: Settings,
    /// Imports that nothing exports, as `dll!function`; with strict imports they keep the program from starting.
    pub missing: Vec<String>,
    /// DLLs whose notices have run, in that order.
    pub initialised: Vec<*mut Module>,
    /// The process ends: threads get no notices any more.
    pub shutting_down: bool,
}

/// Thread-local storage: who has which index, and every thread's vector.
#[derive(Default)]
pub struct Storage {
    /// The module of each index; NULL where it is free.
    pub modules: Vec<*mut Module>,
    /// Each thread's block and vector.
    pub threads: Vec<Thread>,
}

/// A thread, and what it has of each module.
pub struct Thread {
    /// Its TEB.
    pub block: *mut u8,
    /// Its blocks, by index.
    pub vector: *mut *mut c_void,
    /// Blocks that the vector has room for.
    pub room: usize,
}

/// What the program has said about the search path.
#[derive(Default)]
pub struct Settings {
    /// What stands in place of the current folder; an empty one leaves it out.
    pub directory: Option<Vec<u16>>,
    /// Folders that were added, by the number that removes them.
    pub added: Vec<(usize, Vec<u16>)>,
    /// How many were ever added.
    pub count: usize,
    /// The flags of a load that gives none.
    pub flags: u32,
}

struct Shared(UnsafeCell<Option<Loader>>, UnsafeCell<CRITICAL_SECTION>, UnsafeCell<CRITICAL_SECTION>);

// SAFETY: the loader is reached through its lock alone.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(None), UnsafeCell::new(crate::critical::new()), UnsafeCell::new(crate::critical::new()));

/// The loader lock.
pub fn lock() -> *mut CRITICAL_SECTION {
    SHARED.1.get()
}

/// The sections that the PEB points at: the loader lock, and the PEB's own.
pub fn peb_locks() -> [*mut CRITICAL_SECTION; 2] {
    [lock(), SHARED.2.get()]
}

/// Runs `work` under the loader lock. Guest code that runs inside may come back here on the same thread, so no borrow of
/// the loader may live across a call into the guest.
pub fn locked<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the lock is a static section.
    unsafe { enter(lock()) };
    let done = work();
    // SAFETY: entered above.
    unsafe { leave(lock()) };
    done
}

/// The loader; its lock is held.
#[allow(clippy::mut_from_ref, reason = "the lock makes it unique")]
pub fn loader<'a>() -> &'a mut Loader {
    // SAFETY: the lock is held, and borrows end before guest code runs.
    unsafe { (*SHARED.0.get()).get_or_insert_default() }
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

/// The module that holds an address; the lock is held.
pub fn find_by_address(address: usize) -> Option<*mut Module> {
    // SAFETY: modules live as long as they are listed.
    loader().modules.iter().copied().find(|module| unsafe { (**module).holds(address) })
}

/// A NULL module.
pub const NONE: *mut Module = null_mut();
