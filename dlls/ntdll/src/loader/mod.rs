//! The loader: what the NT kernel leaves to `ntdll`. It finds DLLs, binds imports, keeps thread-local storage, runs
//! notices, and answers who is loaded. Everything here is under the loader lock.

mod bind;
mod directory;
mod folders;
mod load;
mod module;
mod notice;
mod program;
mod resource;
mod search;
mod service;
mod stub;
mod tls;

use crate::critical::{enter, leave};
use crate::gate::call;
use crate::heap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};
use gate::service::{Report, TerminateProcess};
use guest::error::Status;
use guest::teb;
use module::Module;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

pub use notice::{process_detach, thread_detach};

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

/// Threads that have started and not ended.
static THREADS: AtomicU32 = AtomicU32::new(0);

fn lock() -> *mut CRITICAL_SECTION {
    SHARED.1.get()
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

/// Takes the locks that the process's end needs.
pub fn lock_for_exit() {
    // SAFETY: the lock is a static section; it is never left again.
    unsafe { enter(lock()) };
    loader().shutting_down = true;
}

/// Whether the calling thread is the only one.
pub fn is_last_thread() -> bool {
    THREADS.load(Ordering::Acquire) <= 1
}

/// Counts the calling thread out: whether it was the last.
pub fn leave_threads() -> bool {
    THREADS.fetch_sub(1, Ordering::AcqRel) <= 1
}

/// Forgets the calling thread without any notice: it is ended at once.
pub fn forget_thread() {
    leave_threads();
    locked(tls::thread_detach);
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

/// Called on every thread before its own code: the first one initialises the process.
pub unsafe extern "system" fn initialize(context: *mut CONTEXT) {
    let _ = context;
    teb::set_report(report);
    if THREADS.fetch_add(1, Ordering::AcqRel) == 0 {
        // SAFETY: no other thread exists yet.
        unsafe {
            let peb = &mut *teb::peb();
            peb.process_heap = heap::create_process_heap() as usize;
            peb.loader_lock = lock() as usize;
            peb.fast_peb_lock = SHARED.2.get() as usize;
            crate::thread::create_slots();
        }
        crate::thread::list_caller();
        if let Err(failure) = locked(program::start) {
            failure.end_process();
        }
    } else {
        crate::thread::list_caller();
        notice::thread_attach();
    }
}

/// Why the process cannot start.
struct Failure {
    status: Status,
    /// One sentence for the user.
    sentence: String,
}

impl Failure {
    fn new(status: i32, sentence: impl Into<String>) -> Self {
        Self { status: Status(status), sentence: sentence.into() }
    }

    /// Tells the user, and ends the process.
    fn end_process(self) -> ! {
        let (text, text_size) = (self.sentence.as_ptr() as u64, self.sentence.len() as u64);
        let kind = gate::service::ReportKind::CannotStart as u32;
        call(&mut Report { kind, slot: u32::MAX, text, text_size, code: self.status.0 as u32, duration: 0 });
        call(&mut TerminateProcess { process: u64::MAX, code: self.status.0 as u32, others: 0 });
        // The call does not come back.
        loop {
            core::hint::spin_loop();
        }
    }
}

/// What the other DLLs call to tell the audit something.
unsafe extern "system" fn report(kind: u32, slot: u32, text: *const u8, size: usize, code: u32, duration: u32) {
    call(&mut Report { kind, slot, text: text as u64, text_size: size as u64, code, duration });
}

/// A NULL module.
const NONE: *mut Module = null_mut();
