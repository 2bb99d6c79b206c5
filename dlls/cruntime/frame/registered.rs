//! The handlers of C++ frames of 32-bit programs: `__CxxFrameHandler` and its successors, which find the function's tables in
//! eax, and the frame behind its registration.

use super::catch::{Catch, leave, leave_by};
use super::guarded::{EXIT_UNWIND, UNWINDING, call_for};
use super::tables::{CONTINUE_SEARCH, EMPTY, Handler};
use super::types::{self, Thrown};
use crate::cruntime::nt::RtlUnwind;
use crate::cruntime::terminate::terminate_now;
use core::arch::{asm, naked_asm};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::Foundation::{STATUS_BREAKPOINT, STATUS_LONGJUMP};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};

/// `FuncInfo`: addresses are absolute.
#[repr(C)]
struct Info {
    magic: u32,
    states: i32,
    unwind: *const Step,
    try_count: u32,
    tries: *const Try,
    ip_count: u32,
    ips: u32,
    specification: u32,
    flags: u32,
}

const MAGIC_WITH_FLAGS: u32 = 0x1993_0522;

/// Where leaving a state leads to, and the code that it runs.
#[repr(C)]
#[derive(Clone, Copy)]
struct Step {
    next: i32,
    action: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Try {
    low: i32,
    high: i32,
    catch_high: i32,
    count: u32,
    handlers: *const [u32; 4],
}

/// A frame: its registration, and the state behind it. The function's frame pointer points behind that; before it, the
/// function keeps its stack pointer.
#[repr(C)]
struct Frame {
    next: *mut Self,
    handler: *const c_void,
    state: i32,
}

impl Frame {
    fn pointer(&self) -> usize {
        core::ptr::from_ref(self) as usize + size_of::<Self>()
    }

    unsafe fn stack(frame: *mut Self) -> *mut usize {
        unsafe { frame.cast::<usize>().sub(1) }
    }
}

impl Info {
    fn flag(&self, flag: u32) -> bool {
        self.magic & 0x1FFF_FFFF >= MAGIC_WITH_FLAGS && self.flags & flag != 0
    }

    /// Only C++ exceptions end this function's objects.
    fn is_synchronous(&self) -> bool {
        self.flag(1)
    }

    /// No exception leaves the function.
    fn is_noexcept(&self) -> bool {
        self.flag(4)
    }

    /// Leaves a frame's states until one that is not above the wanted one.
    unsafe fn unwind(&self, frame: *mut Frame, wanted: i32) {
        unsafe {
            while (*frame).state > wanted {
                let state = (*frame).state;
                if state >= self.states {
                    terminate_now()
                }
                let step = *self.unwind.add(state as usize);
                if step.next >= state {
                    // Tables that lead in a circle are none.
                    terminate_now()
                }
                // What this action throws goes on from the next state.
                (*frame).state = step.next;
                if step.action != 0 {
                    call_for(step.action, (*frame).pointer());
                }
            }
        }
    }

    /// Looks among the `try` blocks between two states for the `catch` that takes an exception; unwinds to it, as far as `place` in the chain,
    /// where there is one.
    unsafe fn search(&self, record: *mut EXCEPTION_RECORD, place: *mut Frame, frame: *mut Frame, context: *mut CONTEXT, states: [i32; 2]) {
        unsafe {
            let thrown = Thrown::of(&*record);
            let state = (*frame).state;
            for index in 0..self.try_count as usize {
                let one = *self.tries.add(index);
                if !(one.low..=one.high).contains(&state) || one.low < states[0] || one.high > states[1] {
                    continue;
                }
                for index in 0..one.count as usize {
                    let [adjectives, kind, object, funclet] = *one.handlers.add(index);
                    let handler = Handler { adjectives, kind, object: i64::from(object.cast_signed()), funclet, ..Handler::default() };
                    let fits = match &thrown {
                        Some(thrown) => thrown.fits(&handler, 0),
                        // Other exceptions are taken by `catch (...)` alone.
                        None => handler.is_ellipsis(0) && !handler.is_standard() && (*record).ExceptionCode != STATUS_BREAKPOINT,
                    };
                    if fits {
                        if let Some(thrown) = &thrown {
                            thrown.hand_over(&handler, 0, (*frame).pointer() as u64);
                        }
                        self.enter(one, handler, record, place, frame, context)
                    }
                }
            }
        }
    }

    /// Unwinds to a `catch`, runs it above the frames that are kept, and goes on where it says.
    unsafe fn enter(
        &self,
        one: Try,
        handler: Handler,
        record: *mut EXCEPTION_RECORD,
        place: *mut Frame,
        frame: *mut Frame,
        context: *mut CONTEXT,
    ) -> ! {
        unsafe {
            RtlUnwind(place.cast(), null_mut(), record, null_mut());
            (*record).ExceptionFlags &= !UNWINDING;
            self.unwind(frame, one.low);
            (*frame).state = one.high + 1;
            // A `try` in the `catch` keeps another.
            let stack = *Frame::stack(frame);
            let mut catch = Catch::new(frame as u64, one.high + 1, record);
            catch.begin(context.cast());
            let states = [one.high + 1, one.catch_high];
            let mut guard = Guard { next: place, handler: passing as *const c_void, info: self, frame, states, catch: &raw mut catch };
            asm!("mov fs:[0], {}", in(reg) &raw mut guard, options(nostack, preserves_flags));
            let next = call_for(handler.funclet as usize, (*frame).pointer());
            asm!("mov fs:[0], {}", in(reg) place, options(nostack, preserves_flags));
            leave(&catch, None);
            *Frame::stack(frame) = stack;
            go_on(next as usize, (*frame).pointer(), stack)
        }
    }

    /// Whether an exception, or an unwinding for one, concerns this function's objects.
    unsafe fn concerns(&self, record: *const EXCEPTION_RECORD) -> bool {
        let code = unsafe { (*record).ExceptionCode };
        code == types::CPP_EXCEPTION || unsafe { is_unwinding(record) } && code == STATUS_LONGJUMP || !self.is_synchronous()
    }
}

unsafe fn is_unwinding(record: *const EXCEPTION_RECORD) -> bool {
    unsafe { (*record).ExceptionFlags & (UNWINDING | EXIT_UNWIND) != 0 }
}

/// The registration of a `catch` that runs. The function's own lies behind it.
#[repr(C)]
struct Guard {
    next: *mut Frame,
    handler: *const c_void,
    info: *const Info,
    frame: *mut Frame,
    /// Those that the function is in while the `catch` runs.
    states: [i32; 2],
    catch: *mut Catch,
}

/// What is thrown in a `catch` may be taken by a `try` in it: then that is where the unwinding ends. What comes out of it ends its objects,
/// and then the `catch`.
unsafe extern "C" fn passing(record: *mut EXCEPTION_RECORD, guard: *mut Guard, context: *mut CONTEXT, _about: *mut c_void) -> i32 {
    unsafe {
        let Guard { info, frame, states, catch, .. } = *guard;
        let (info, concerns) = (&*info, (*info).concerns(record));
        if is_unwinding(record) {
            if concerns {
                info.unwind(frame, states[0] - 1);
            }
            leave_by(&*catch, record);
        } else if concerns {
            info.search(record, guard.cast(), frame, context, states);
        }
    }
    CONTINUE_SEARCH
}

/// Goes on in a function, on its own stack.
#[unsafe(naked)]
unsafe extern "C" fn go_on(code: usize, pointer: usize, stack: usize) -> ! {
    naked_asm!("mov eax, [esp + 4]", "mov ebp, [esp + 8]", "mov esp, [esp + 12]", "jmp eax")
}

/// Handles an exception, or an unwinding, for a frame with tables.
unsafe extern "C" fn handle(info: *const Info, record: *mut EXCEPTION_RECORD, frame: *mut Frame, context: *mut CONTEXT) -> i32 {
    unsafe {
        let info = &*info;
        if !info.concerns(record) {
            return CONTINUE_SEARCH;
        }
        if is_unwinding(record) {
            info.unwind(frame, EMPTY);
        } else {
            info.search(record, frame, frame, context, [0, i32::MAX]);
            if info.is_noexcept() && Thrown::of(&*record).is_some() {
                terminate_now()
            }
        }
    }
    CONTINUE_SEARCH
}

macro_rules! handler {
    ($(#[$meta:meta])* $name:ident, $export:literal, $msvcrt:tt, $ucrtbase:tt) => {
        $(#[$meta])*
        #[unsafe(naked)]
        #[shim(ix = {msvcrt: $msvcrt, ucrtbase: $ucrtbase}, entry = jump, export = $export, mapping = "the frame's tables, RtlUnwind", risk = Functional("a catch block that is missed"))]
        pub unsafe extern "C" fn $name(_record: *mut EXCEPTION_RECORD, _frame: *mut c_void, _context: *mut CONTEXT, _about: *mut c_void) -> i32 {
            naked_asm!(
                "push dword ptr [esp + 12]",
                "push dword ptr [esp + 12]",
                "push dword ptr [esp + 12]",
                "push eax",
                "cld",
                "call {handle}",
                "add esp, 16",
                "ret",
                handle = sym handle,
            )
        }
    };
}
handler!(
    /// Handles an exception, or an unwinding, for a C++ frame.
    cxx_frame_handler, "__CxxFrameHandler", 80, 887
);
handler!(
    /// Handles an exception, or an unwinding, for a C++ frame.
    cxx_frame_handler_2, "__CxxFrameHandler2", 785, 888
);
handler!(
    /// Handles an exception, or an unwinding, for a C++ frame.
    cxx_frame_handler_3, "__CxxFrameHandler3", 786, 889
);
