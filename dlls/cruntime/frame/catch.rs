//! `catch` blocks that run: they stand above the frames of what was thrown, which are kept until they end.

use super::types::Thrown;
use crate::cruntime::thread;
use core::ffi::c_void;
use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_RECORD;

/// A `catch` that runs. It lies in the frame of what runs it.
pub struct Catch {
    previous: *mut Self,
    /// The frame that it runs for, and the state which that frame is in meanwhile.
    frame: u64,
    state: i32,
    record: *mut EXCEPTION_RECORD,
    /// What the thread's data said before.
    before: [*mut c_void; 2],
}

impl Catch {
    /// One that is about to run, for a frame in a state.
    pub fn new(frame: u64, state: i32, record: *mut EXCEPTION_RECORD) -> Self {
        let thread = thread::current();
        Self { previous: innermost(), frame, state, record, before: [thread.current_exception.get(), thread.current_context.get()] }
    }

    /// Lists it, and says which exception is handled.
    pub fn begin(&mut self, context: *mut c_void) {
        let thread = thread::current();
        thread.catches.set(core::ptr::from_mut(self).cast());
        thread.current_exception.set(self.record.cast());
        thread.current_context.set(context);
        thread.processing_throw.set((thread.processing_throw.get() - 1).max(0));
    }
}

/// The state of a frame that a `catch` runs for.
#[cfg(target_arch = "x86_64")]
pub fn state_of(frame: u64) -> Option<i32> {
    find(|catch| catch.frame == frame).map(|catch| catch.state)
}

/// The record of the exception that is handled.
pub fn current_record() -> Option<&'static EXCEPTION_RECORD> {
    // SAFETY: it lies in the frames that are kept.
    unsafe { innermost().as_ref().and_then(|catch| catch.record.as_ref()) }
}

fn find<'a>(wanted: impl Fn(&Catch) -> bool) -> Option<&'a Catch> {
    let mut next = innermost().cast_const();
    // SAFETY: those in the list run, so their frames are there.
    while let Some(catch) = unsafe { next.as_ref() } {
        if wanted(catch) {
            return Some(catch);
        }
        next = catch.previous;
    }
    None
}

/// Where an unwinding that comes through a `catch` takes the exception's object along, or not.
pub unsafe fn leave_by(catch: &Catch, record: *const EXCEPTION_RECORD) {
    unsafe { leave(catch, record.as_ref().and_then(Thrown::of)) };
}

/// Ends a `catch`: its exception's object goes, unless another one still handles it, or it is on its way again.
pub unsafe fn leave(catch: &Catch, on_its_way: Option<Thrown>) {
    let thread = thread::current();
    thread::current().catches.set(catch.previous.cast());
    thread.current_exception.set(catch.before[0]);
    thread.current_context.set(catch.before[1]);
    let thrown = |record: *const EXCEPTION_RECORD| unsafe { record.as_ref().and_then(Thrown::of) };
    let Some(own) = thrown(catch.record) else { return };
    let same = |other: Option<Thrown>| other.is_some_and(|other| other.object == own.object);
    if !same(on_its_way) && find(|other| same(thrown(other.record))).is_none() {
        unsafe { own.destroy() };
    }
}

/// The innermost `catch` of the thread that runs.
fn innermost() -> *mut Catch {
    thread::current().catches.get().cast()
}
