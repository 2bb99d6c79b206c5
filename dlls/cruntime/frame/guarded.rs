//! The handlers of `__try` blocks of 32-bit code: `_except_handler3` and `_except_handler4`, whose frames lie behind their
//! registrations and say how deep in their blocks they are.

use super::tables::CONTINUE_SEARCH;
use crate::cruntime::nt::RtlUnwind;
use core::arch::naked_asm;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD};

pub const UNWINDING: u32 = 0x2;
pub const EXIT_UNWIND: u32 = 0x4;

const CONTINUE_EXECUTION: i32 = 0;
/// Outside of every block, for either handler.
const NO_BLOCK_3: u32 = u32::MAX;
const NO_BLOCK_4: u32 = u32::MAX - 1;

/// A frame: its registration, and what the compiler puts behind it. Its function's frame pointer points behind that.
#[repr(C)]
pub struct Frame {
    next: *mut Self,
    handler: *const c_void,
    /// The blocks; hidden by a cookie for `_except_handler4`.
    scopes: usize,
    level: u32,
}

impl Frame {
    fn pointer(&self) -> usize {
        core::ptr::from_ref(self) as usize + size_of::<Self>()
    }
}

/// A block: the one around it, its filter, and its `__except` or, where there is no filter, its `__finally`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Scope {
    outer: u32,
    filter: usize,
    handler: usize,
}

/// A frame's blocks.
#[derive(Clone, Copy)]
struct Scopes {
    rows: *const Scope,
    /// The level outside of all.
    outside: u32,
}

impl Scopes {
    /// Those of `_except_handler3`.
    unsafe fn plain(frame: *const Frame) -> Self {
        Self { rows: unsafe { (*frame).scopes } as *const Scope, outside: NO_BLOCK_3 }
    }

    unsafe fn row(&self, level: u32) -> Scope {
        unsafe { *self.rows.add(level as usize) }
    }
}

/// Calls code of a function for its frame; answers what it answers.
#[unsafe(naked)]
pub unsafe extern "C" fn call_for(code: usize, pointer: usize) -> i32 {
    naked_asm!(
        "push ebp",
        "push ebx",
        "push esi",
        "push edi",
        "mov eax, [esp + 20]",
        "mov ebp, [esp + 24]",
        "xor ebx, ebx",
        "xor esi, esi",
        "xor edi, edi",
        "call eax",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "ret",
    )
}

/// Goes on in a block of a function, which brings its own stack back.
#[unsafe(naked)]
unsafe extern "C" fn go_on(code: usize, pointer: usize) -> ! {
    naked_asm!("mov eax, [esp + 4]", "mov ebp, [esp + 8]", "xor ebx, ebx", "xor esi, esi", "xor edi, edi", "jmp eax")
}

/// Leaves a frame's blocks up to a level: their `__finally` parts run.
unsafe fn leave(frame: *mut Frame, scopes: Scopes, stop: u32) {
    unsafe {
        while (*frame).level != scopes.outside && (*frame).level != stop {
            let scope = scopes.row((*frame).level);
            (*frame).level = scope.outer;
            if scope.filter == 0 {
                call_for(scope.handler, (*frame).pointer());
            }
        }
    }
}

/// Asks a frame's filters, from the innermost on.
unsafe fn search(record: *mut EXCEPTION_RECORD, frame: *mut Frame, context: *mut CONTEXT, scopes: Scopes) -> i32 {
    let mut pointers = EXCEPTION_POINTERS { ExceptionRecord: record, ContextRecord: context };
    unsafe {
        // The filters find them below the registration.
        *frame.cast::<*mut EXCEPTION_POINTERS>().sub(1) = &raw mut pointers;
        let mut level = (*frame).level;
        while level != scopes.outside {
            let scope = scopes.row(level);
            if scope.filter != 0 {
                let answer = call_for(scope.filter, (*frame).pointer());
                if answer < 0 {
                    return CONTINUE_EXECUTION;
                }
                if answer > 0 {
                    RtlUnwind(frame.cast(), null_mut(), record, null_mut());
                    leave(frame, scopes, level);
                    (*frame).level = scope.outer;
                    go_on(scope.handler, (*frame).pointer())
                }
            }
            level = scope.outer;
        }
    }
    CONTINUE_SEARCH
}

unsafe fn handle(record: *mut EXCEPTION_RECORD, frame: *mut Frame, context: *mut CONTEXT, scopes: Scopes) -> i32 {
    unsafe {
        if (*record).ExceptionFlags & (UNWINDING | EXIT_UNWIND) == 0 {
            return search(record, frame, context, scopes);
        }
        leave(frame, scopes, scopes.outside);
    }
    CONTINUE_SEARCH
}

/// Handles an exception, or an unwinding, for a function with `__try` blocks.
#[shim(ix = {msvcrt: 163, ucrtbase: 893}, mapping = "the frame's blocks, RtlUnwind", risk = Functional("a handler that is missed"))]
pub unsafe extern "C" fn _except_handler3(record: *mut EXCEPTION_RECORD, frame: *mut Frame, context: *mut CONTEXT, _about: *mut c_void) -> i32 {
    handle(record, frame, context, Scopes::plain(frame))
}

/// The table of `_except_handler4`: where a frame keeps its cookies, and its blocks.
#[repr(C)]
struct Guarded {
    stack_cookie: i32,
    stack_distance: i32,
    frame_cookie: i32,
    frame_distance: i32,
    rows: [Scope; 1],
}

type Check = unsafe extern "fastcall" fn(u32);

impl Guarded {
    unsafe fn of<'a>(frame: *const Frame, cookie: *const u32) -> &'a Self {
        unsafe { &*(((*frame).scopes ^ *cookie as usize) as *const Self) }
    }

    fn scopes(&self) -> Scopes {
        Scopes { rows: self.rows.as_ptr(), outside: NO_BLOCK_4 }
    }

    /// Lets the program check that its cookies are what they were.
    unsafe fn check(&self, pointer: usize, check: Check) {
        const NONE: i32 = -2;
        let kept = |cookie: i32, distance: i32| unsafe {
            let kept = *(pointer.wrapping_add_signed(cookie as isize) as *const u32);
            kept ^ pointer.wrapping_add_signed(distance as isize) as u32
        };
        unsafe {
            if self.stack_cookie != NONE {
                check(kept(self.stack_cookie, self.stack_distance));
            }
            check(kept(self.frame_cookie, self.frame_distance));
        }
    }
}

/// Handles an exception, or an unwinding, for a function with `__try` blocks whose frame is guarded by a cookie.
#[shim(ix = {msvcrt: 789, ucrtbase: 894}, mapping = "the frame's blocks, RtlUnwind", risk = Functional("a handler that is missed"))]
pub unsafe extern "C" fn _except_handler4_common(
    cookie: *const u32,
    check: usize,
    record: *mut EXCEPTION_RECORD,
    frame: *mut Frame,
    context: *mut CONTEXT,
    _about: *mut c_void,
) -> i32 {
    // SAFETY: the compiler passes its own function.
    let check = unsafe { core::mem::transmute::<usize, Check>(check) };
    let guarded = Guarded::of(frame, cookie);
    guarded.check((*frame).pointer(), check);
    handle(record, frame, context, guarded.scopes())
}

/// Calls the handlers of the frames up to one.
#[shim(ix = {msvcrt: 790, ucrtbase: 895}, mapping = "RtlUnwind", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "C" fn _global_unwind2(frame: *mut c_void) {
    RtlUnwind(frame, null_mut(), null_mut(), null_mut());
}

/// Leaves the guarded blocks of a frame, up to a level.
#[shim(ix = {msvcrt: 791, ucrtbase: 896}, mapping = "the frame's blocks", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "C" fn _local_unwind2(frame: *mut Frame, level: u32) {
    leave(frame, Scopes::plain(frame), level);
}

/// Leaves the guarded blocks of a frame, up to a level.
#[shim(ix = {msvcrt: 792, ucrtbase: 897}, mapping = "the frame's blocks", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "C" fn _local_unwind4(cookie: *const u32, frame: *mut Frame, level: u32) {
    leave(frame, Guarded::of(frame, cookie).scopes(), level);
}

/// What `_setjmp3` keeps.
#[repr(C)]
pub struct Kept {
    registers: [usize; 4],
    stack: usize,
    address: usize,
    registration: *mut Frame,
    level: u32,
    cookie: u32,
    unwind: usize,
}

/// Says that `_setjmp3` has kept what leaves a frame's blocks.
const VC20: u32 = 0x5643_3230;

/// Unwinds to the frame that `_setjmp3` kept, and out of its blocks.
pub unsafe extern "C" fn unwind_to_kept(kept: *const Kept) {
    const END: *mut Frame = usize::MAX as *mut Frame;
    unsafe {
        let head: *mut Frame;
        core::arch::asm!("mov {}, fs:[0]", out(reg) head, options(nostack, preserves_flags, readonly));
        let Kept { registration, level, cookie, unwind, .. } = *kept;
        if registration != head {
            RtlUnwind(registration.cast(), null_mut(), null_mut(), null_mut());
        }
        if registration.is_null() || registration == END {
            return;
        }
        if cookie == VC20 && unwind != 0 {
            // SAFETY: the compiler named its own function.
            core::mem::transmute::<usize, unsafe extern "system" fn(*const Kept)>(unwind)(kept);
        } else if (*registration).level != level {
            leave(registration, Scopes::plain(registration), level);
        }
    }
}

/// Leaves the blocks of a frame of `_except_handler3`, which `longjmp` goes back to.
#[shim(ix = {msvcrt: 793, ucrtbase: 898}, mapping = "the frame's blocks", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "system" fn _seh_longjmp_unwind(kept: *const Kept) {
    leave((*kept).registration, Scopes::plain((*kept).registration), (*kept).level);
}

/// Leaves the blocks of a frame of `_except_handler4`, which `longjmp` goes back to. Its cookie lies behind what `_setjmp3` keeps.
#[shim(ix = {msvcrt: 794, ucrtbase: 899}, mapping = "the frame's blocks", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "system" fn _seh_longjmp_unwind4(kept: *const Kept) {
    let cookie = *kept.add(1).cast::<u32>();
    let frame = (*kept).registration;
    leave(frame, Guarded::of(frame, &raw const cookie).scopes(), (*kept).level);
}
