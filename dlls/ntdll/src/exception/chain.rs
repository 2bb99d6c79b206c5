//! Handlers of 32-bit code: a chain of registrations on the stack, from `fs:[0]` on; the search for one that takes an
//! exception, and the unwinding to it ("A crash course on the depths of Win32 structured exception handling", Microsoft
//! Systems Journal 1/1997; "/SAFESEH", learn.microsoft.com).

use super::{
    COLLIDED, CONTINUE_EXECUTION, CONTINUE_SEARCH, EXCEPTION_NONCONTINUABLE, EXIT_UNWIND, NESTED_CALL, NESTED_EXCEPTION, STACK_INVALID, UNWINDING,
    crash, raise_nested,
};
use crate::context::{RtlCaptureContext, restore};
use crate::image_list;
use crate::loader::module::NO_HANDLERS;
use core::arch::{asm, naked_asm};
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_BAD_STACK, STATUS_INVALID_DISPOSITION, STATUS_INVALID_UNWIND_TARGET, STATUS_NONCONTINUABLE_EXCEPTION, STATUS_UNWIND,
};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};

/// `EXCEPTION_REGISTRATION_RECORD`.
#[repr(C)]
pub struct Registration {
    next: *mut Self,
    handler: *const c_void,
}

/// Behind the last registration.
const END: *mut Registration = usize::MAX as *mut Registration;

/// The innermost registration.
fn head() -> *mut Registration {
    let head;
    // SAFETY: the thread block is mapped for as long as the thread runs.
    unsafe { asm!("mov {}, fs:[0]", out(reg) head, options(nostack, preserves_flags, readonly)) };
    head
}

fn set_head(head: *mut Registration) {
    // SAFETY: as above.
    unsafe { asm!("mov fs:[0], {}", in(reg) head, options(nostack, preserves_flags)) };
}

/// Whether a handler may be called: one on the stack never, one of an image where that lists it.
fn is_safe(handler: *const c_void, stack: &[usize; 3]) -> bool {
    let at = handler as usize;
    if (stack[0]..stack[2]).contains(&at) {
        return false;
    }
    match image_list::image(at as u64) {
        Some([_, _, _, NO_HANDLERS]) => false,
        Some([base, _, table, count]) if table != 0 => {
            // SAFETY: the loader has seen that the table lies in the image.
            let rows = unsafe { core::slice::from_raw_parts(table as usize as *const u32, count as usize) };
            rows.binary_search(&(at as u32).wrapping_sub(base as u32)).is_ok()
        }
        // What is not an image's has to be executable, or fails there.
        _ => true,
    }
}

/// Whether a registration can be one of this stack's, and its handler may be called.
fn is_valid(frame: *mut Registration, stack: &[usize; 3]) -> bool {
    let at = frame as usize;
    let lies_there = at >= stack[1] && at.saturating_add(size_of::<Registration>()) <= stack[2] && at & 3 == 0;
    // SAFETY: it lies on the thread's own stack.
    lies_there && is_safe(unsafe { (*frame).handler }, stack)
}

/// Asks the handlers of the chain, from the innermost on, whether one takes the exception. True when the thread is to go on with the
/// context; a handler that takes the exception unwinds, and does not come back.
pub unsafe fn search(record: &mut EXCEPTION_RECORD, context: &mut CONTEXT) -> bool {
    let stack = guest::teb::stack();
    let (mut frame, mut nested) = (head(), null_mut());
    while frame != END {
        if !is_valid(frame, &stack) {
            record.ExceptionFlags |= STACK_INVALID;
            return false;
        }
        let mut about = null_mut();
        let disposition = unsafe { call(record, frame, context, &raw mut about, (*frame).handler, while_searching) };
        if nested == frame {
            record.ExceptionFlags &= !NESTED_CALL;
            nested = null_mut();
        }
        match disposition {
            CONTINUE_EXECUTION if record.ExceptionFlags & EXCEPTION_NONCONTINUABLE == 0 => return true,
            CONTINUE_EXECUTION => raise_nested(STATUS_NONCONTINUABLE_EXCEPTION, record),
            CONTINUE_SEARCH if record.ExceptionFlags & STACK_INVALID != 0 => return false,
            CONTINUE_SEARCH => {}
            NESTED_EXCEPTION => {
                record.ExceptionFlags |= NESTED_CALL;
                nested = nested.max(about);
            }
            _ => raise_nested(STATUS_INVALID_DISPOSITION, record),
        }
        frame = unsafe { (*frame).next };
    }
    false
}

type Handler = unsafe extern "C" fn(*mut EXCEPTION_RECORD, *mut Registration, *mut CONTEXT, *mut *mut Registration) -> i32;

/// Calls a frame's handler, with a registration of our own for what it raises: behind that one lies the frame. The handler may
/// change the registers that a function keeps, but not ebp.
#[unsafe(naked)]
unsafe extern "C" fn call(
    record: *mut EXCEPTION_RECORD,
    frame: *mut Registration,
    context: *mut CONTEXT,
    about: *mut *mut Registration,
    handler: *const c_void,
    meanwhile: Handler,
) -> i32 {
    naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push ebx",
        "push esi",
        "push edi",
        "push dword ptr [ebp + 12]",
        "push dword ptr [ebp + 28]",
        "push dword ptr fs:[0]",
        "mov fs:[0], esp",
        "push dword ptr [ebp + 20]",
        "push dword ptr [ebp + 16]",
        "push dword ptr [ebp + 12]",
        "push dword ptr [ebp + 8]",
        "mov eax, [ebp + 24]",
        "xor ebx, ebx",
        "xor esi, esi",
        "xor edi, edi",
        "call eax",
        // Where the handler has left the chain longer, it is cut here.
        "mov esp, fs:[0]",
        "pop dword ptr fs:[0]",
        "lea esp, [ebp - 12]",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "ret",
    )
}

/// The frame whose handler was called when something was raised in it.
unsafe fn called_for(registration: *mut Registration) -> *mut Registration {
    unsafe { *registration.add(1).cast() }
}

/// A handler that is asked raised an exception: the frames up to its own are nested.
unsafe extern "C" fn while_searching(
    record: *mut EXCEPTION_RECORD,
    frame: *mut Registration,
    _context: *mut CONTEXT,
    about: *mut *mut Registration,
) -> i32 {
    unsafe {
        if (*record).ExceptionFlags & (UNWINDING | EXIT_UNWIND) != 0 {
            return CONTINUE_SEARCH;
        }
        *about = called_for(frame);
    }
    NESTED_EXCEPTION
}

/// A handler that cleans up raised an exception whose unwinding comes by: it goes on behind that handler's frame.
unsafe extern "C" fn while_unwinding(
    record: *mut EXCEPTION_RECORD,
    frame: *mut Registration,
    _context: *mut CONTEXT,
    about: *mut *mut Registration,
) -> i32 {
    unsafe {
        if (*record).ExceptionFlags & (UNWINDING | EXIT_UNWIND) == 0 {
            return CONTINUE_SEARCH;
        }
        *about = called_for(frame);
    }
    COLLIDED
}

/// Calls the handlers of the chain up to a target, and takes their registrations off; comes back to its caller.
#[unsafe(naked)]
#[shim(ix = 179, entry = jump, mapping = "the chain of handlers", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "system" fn RtlUnwind(_target: *mut c_void, _target_ip: *mut c_void, _record: *mut EXCEPTION_RECORD, _value: *mut c_void) {
    naked_asm!(
        "sub esp, {size}",
        "push esp",
        "call {capture}",
        "mov ecx, esp",
        "mov eax, [esp + {size}]",
        "mov [ecx + {eip}], eax",
        "lea eax, [esp + {size} + 20]",
        "mov [ecx + {esp_}], eax",
        "mov eax, [esp + {size} + 16]",
        "mov [ecx + {eax_}], eax",
        "push ecx",
        "push dword ptr [ecx + {size} + 12]",
        "push dword ptr [ecx + {size} + 4]",
        "call {unwind}",
        "int3",
        capture = sym RtlCaptureContext,
        unwind = sym unwind,
        size = const size_of::<CONTEXT>(),
        eip = const offset_of!(CONTEXT, Eip),
        esp_ = const offset_of!(CONTEXT, Esp),
        eax_ = const offset_of!(CONTEXT, Eax),
    )
}

unsafe extern "C" fn unwind(target: *mut Registration, record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> ! {
    // SAFETY: a record is plain data, for which zero is a value.
    let mut plain: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    let record = match unsafe { record.as_mut() } {
        Some(record) => record,
        None => {
            plain.ExceptionCode = STATUS_UNWIND;
            plain.ExceptionAddress = crate::context::instruction(unsafe { &*context });
            &mut plain
        }
    };
    record.ExceptionFlags |= UNWINDING | if target.is_null() { EXIT_UNWIND } else { 0 };
    let stack = guest::teb::stack();
    let mut frame = head();
    while frame != END {
        if frame == target {
            unsafe { restore(context) }
        }
        if !target.is_null() && target < frame {
            raise_for(STATUS_INVALID_UNWIND_TARGET, record)
        }
        if !is_valid(frame, &stack) {
            raise_for(STATUS_BAD_STACK, record)
        }
        let mut about = null_mut();
        match unsafe { call(record, frame, context, &raw mut about, (*frame).handler, while_unwinding) } {
            CONTINUE_SEARCH => {}
            COLLIDED => frame = about,
            _ => raise_for(STATUS_INVALID_DISPOSITION, record),
        }
        frame = unsafe { (*frame).next };
        set_head(frame);
    }
    if target == END {
        unsafe { restore(context) }
    }
    // Nothing is left that could handle it.
    crash(record)
}

fn raise_for(status: NTSTATUS, cause: *mut EXCEPTION_RECORD) -> ! {
    raise_nested(status, cause)
}
