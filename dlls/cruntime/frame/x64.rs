//! The handlers of C++ frames of 64-bit programs. The tables' formats are in [`plain`] (`__CxxFrameHandler3`) and
//! [`packed`] (`__CxxFrameHandler4`).

use super::funclet;
use super::tables::{Action, CONTINUE_SEARCH, Dispatcher, EMPTY, Handler, Tables, Try};
use super::types::{self, Thrown};
use super::{catch, packed, plain};
use crate::cruntime::nt::RtlUnwindEx;
use crate::cruntime::terminate::terminate_now;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::Foundation::{STATUS_BREAKPOINT, STATUS_LONGJUMP, STATUS_UNWIND_CONSOLIDATE};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};

const UNWINDING: u32 = 0x2;
const EXIT_UNWIND: u32 = 0x4;
const TARGET_UNWIND: u32 = 0x20;
const NONCONTINUABLE: u32 = 0x1;
/// A frame that is looked at.
struct Frame<'a, T> {
    tables: T,
    about: &'a mut Dispatcher,
    /// The `try` whose `catch` the frame runs.
    inside: Option<Try>,
    /// The frame of the function itself, where its variables are.
    variables: u64,
}

impl<'a, T: Tables> Frame<'a, T> {
    unsafe fn new(tables: T, about: &'a mut Dispatcher) -> Self {
        unsafe {
            let begin = (*about.row)[0];
            let mut kept = tables.own_frame();
            let inside = tables.tries(|one| {
                let own = tables.handlers(one, |handler| handler.funclet == begin);
                kept = own.map(|handler| handler.frame).or(kept);
                own.is_some()
            });
            let variables = kept.map_or(about.establisher, |offset| *((about.establisher + u64::from(offset)) as *const u64));
            Self { tables, about, inside, variables }
        }
    }

    /// The state that the frame is in.
    unsafe fn state(&self) -> i32 {
        if self.about.scope != 0 {
            return self.about.scope as i32 - 2;
        }
        // A frame that a `catch` runs for has left the `try`.
        catch::state_of(self.about.establisher).unwrap_or_else(|| unsafe { self.tables.state(self.about.pc) })
    }

    /// Leaves states until one that is not above the wanted one.
    unsafe fn unwind_to(&mut self, wanted: i32) {
        unsafe {
            let mut state = self.state();
            while state > wanted {
                let (next, action) = self.tables.leave(state, self.variables);
                if next >= state {
                    // Tables that lead in a circle are none.
                    terminate_now()
                }
                // What this action throws goes on from the next state.
                self.about.scope = (next + 2) as u32;
                match action {
                    Action::Nothing => {}
                    Action::Funclet(address) => {
                        funclet::call(address, self.variables, null_mut());
                    }
                    Action::Destroy(address, object) => {
                        // SAFETY: the tables name a destructor.
                        let destroy: unsafe extern "C" fn(u64) = core::mem::transmute(address);
                        destroy(object);
                    }
                }
                state = next;
            }
        }
    }

    /// Handles an unwinding that comes by, or ends here.
    unsafe fn unwind(&mut self, record: &EXCEPTION_RECORD) {
        let code = record.ExceptionCode;
        let wanted = if record.ExceptionFlags & TARGET_UNWIND == 0 {
            self.inside.map_or(EMPTY, |one| one.high)
        } else if code == STATUS_UNWIND_CONSOLIDATE {
            record.ExceptionInformation[3] as i32
        } else {
            unsafe { self.tables.state(self.about.target) }
        };
        unsafe { self.unwind_to(wanted) };
    }

    /// Looks for the `catch` that takes an exception; unwinds to it where there is one.
    unsafe fn search(&mut self, record: &mut EXCEPTION_RECORD, context: *mut CONTEXT) {
        unsafe {
            let thrown = Thrown::of(record);
            let state = self.state();
            let (inside, base) = (self.inside, self.about.base);
            let mut taken = None;
            let one = self.tables.tries(|one| {
                let here = (one.low..=one.high).contains(&state) && inside.is_none_or(|outer| one.low > outer.high && one.high <= outer.catch_high);
                if here {
                    taken = self.tables.handlers(one, |handler| match &thrown {
                        Some(thrown) => thrown.fits(&handler, base),
                        // Other exceptions are taken by `catch (...)` alone.
                        None => handler.is_ellipsis(base) && !handler.is_standard() && record.ExceptionCode != STATUS_BREAKPOINT,
                    });
                }
                taken.is_some()
            });
            if let (Some(one), Some(handler)) = (one, taken) {
                if let Some(thrown) = &thrown {
                    thrown.hand_over(&handler, base, self.variables);
                }
                self.enter(one, handler, record, context)
            }
            if thrown.is_some() && self.tables.noexcept() {
                terminate_now()
            }
        }
    }

    /// Unwinds to a `catch`, which then runs above the frames that are kept.
    unsafe fn enter(&mut self, one: Try, handler: Handler, record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> ! {
        // SAFETY: a record is plain data, for which zero is a value.
        let mut end: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
        end.ExceptionCode = STATUS_UNWIND_CONSOLIDATE;
        end.ExceptionFlags = NONCONTINUABLE;
        let outside = unsafe { self.tables.leave(one.low, self.variables) }.0;
        let parameters = [
            funclet::run as *const () as usize,
            self.variables as usize,
            (self.about.base + u64::from(handler.funclet)) as usize,
            one.low as usize,
            context as usize,
            self.about.establisher as usize,
            record as usize,
            outside as usize,
            handler.next[0] as usize,
            handler.next[1] as usize,
        ];
        end.NumberParameters = parameters.len() as u32;
        end.ExceptionInformation[..parameters.len()].copy_from_slice(&parameters);
        let target = self.about.pc as *mut c_void;
        unsafe {
            RtlUnwindEx(self.about.establisher as *mut c_void, target, &raw mut end, null_mut(), self.about.context.cast(), self.about.history);
        }
        // The call does not come back.
        terminate_now()
    }
}

unsafe fn handle<T: Tables>(tables: T, record: &mut EXCEPTION_RECORD, context: *mut CONTEXT, about: &mut Dispatcher) -> i32 {
    let code = record.ExceptionCode;
    let unwinding = record.ExceptionFlags & (UNWINDING | EXIT_UNWIND) != 0;
    let own = code == types::CPP_EXCEPTION || unwinding && matches!(code, STATUS_UNWIND_CONSOLIDATE | STATUS_LONGJUMP);
    if !own && tables.synchronous() {
        return CONTINUE_SEARCH;
    }
    unsafe {
        let mut frame = Frame::new(tables, about);
        if unwinding { frame.unwind(record) } else { frame.search(record, context) }
    }
    CONTINUE_SEARCH
}

/// Handles an exception, or an unwinding, for a C++ frame.
#[shim(ix = {msvcrt: 80, ucrtbase: 887}, mapping = "the frame's tables, RtlUnwindEx", risk = Functional("a catch block that is missed"))]
pub unsafe extern "C" fn __CxxFrameHandler(record: *mut EXCEPTION_RECORD, _frame: u64, context: *mut CONTEXT, about: *mut c_void) -> i32 {
    let about = &mut *about.cast::<Dispatcher>();
    handle(plain::Plain::of(about), &mut *record, context, about)
}

/// Handles an exception, or an unwinding, for a C++ frame.
#[shim(ix = {msvcrt: 785, ucrtbase: 888}, mapping = "the frame's tables, RtlUnwindEx", risk = Functional("a catch block that is missed"))]
pub unsafe extern "C" fn __CxxFrameHandler2(record: *mut EXCEPTION_RECORD, _frame: u64, context: *mut CONTEXT, about: *mut c_void) -> i32 {
    let about = &mut *about.cast::<Dispatcher>();
    handle(plain::Plain::of(about), &mut *record, context, about)
}

/// Handles an exception, or an unwinding, for a C++ frame.
#[shim(ix = {msvcrt: 786, ucrtbase: 889}, entry = jump, export = "__CxxFrameHandler3", mapping = "the frame's tables, RtlUnwindEx", risk = Functional("a catch block that is missed"))]
pub unsafe extern "C" fn cxx_frame_handler_3(record: *mut EXCEPTION_RECORD, _frame: u64, context: *mut CONTEXT, about: *mut c_void) -> i32 {
    let about = &mut *about.cast::<Dispatcher>();
    handle(plain::Plain::of(about), &mut *record, context, about)
}

/// Handles an exception, or an unwinding, for a C++ frame with packed tables.
#[shim(ix = {ucrtbase: 890}, mapping = "the frame's tables, RtlUnwindEx", risk = Functional("a catch block that is missed"))]
pub unsafe extern "C" fn __CxxFrameHandler4(record: *mut EXCEPTION_RECORD, _frame: u64, context: *mut CONTEXT, about: *mut c_void) -> i32 {
    let about = &mut *about.cast::<Dispatcher>();
    handle(packed::Packed::of(about), &mut *record, context, about)
}

/// Leaves the guarded blocks of a frame, up to an address in it.
#[shim(ix = {msvcrt: 787, ucrtbase: 891}, mapping = "RtlUnwindEx", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "C" fn _local_unwind(frame: *mut c_void, target: *mut c_void) {
    let mut context: core::mem::MaybeUninit<[u64; 256]> = core::mem::MaybeUninit::uninit();
    RtlUnwindEx(frame, target, null_mut(), null_mut(), context.as_mut_ptr().cast(), null_mut());
}
