//! Frame-based handlers of 64-bit code: the search for one that takes an exception, and the unwinding to it
//! ("x64 exception handling", learn.microsoft.com).

use super::{
    COLLIDED, COLLIDED_UNWIND, CONTINUE_EXECUTION, CONTINUE_SEARCH, EXCEPTION_NONCONTINUABLE, EXIT_UNWIND, NESTED_CALL, NESTED_EXCEPTION,
    STACK_INVALID, TARGET_UNWIND, UNWINDING, crash, raise_nested,
};
#[cfg(target_os = "windows")]
use crate::context::naked_on_context;
use crate::context::{Aligned, RtlCaptureContext, restore};
use crate::unwind::{FOR_EXCEPTION, FOR_UNWIND, Function, Limits, Undone, copy_unwound, plain_frame, stack_limits, table, undo};
use core::ffi::c_void;
use core::mem::{MaybeUninit, offset_of};
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_BAD_STACK, STATUS_INVALID_DISPOSITION, STATUS_INVALID_UNWIND_TARGET, STATUS_LONGJUMP, STATUS_NONCONTINUABLE_EXCEPTION,
    STATUS_UNWIND, STATUS_UNWIND_CONSOLIDATE,
};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};

/// `DISPATCHER_CONTEXT`: the frame that a handler is called for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Dispatcher {
    pub pc: u64,
    pub base: u64,
    pub row: *const Function,
    pub establisher: u64,
    pub target: u64,
    pub context: *mut CONTEXT,
    pub handler: *const c_void,
    pub data: *const c_void,
    pub history: *mut c_void,
    pub scope: u32,
    pub fill: u32,
}

/// Whether a frame can be one of this stack's.
fn valid(frame: u64, limits: &Limits) -> bool {
    frame & 7 == 0 && limits.contains(&frame)
}

/// Undoes the frame that a dispatcher context tells.
unsafe fn undo_again(kind: u32, of: &Dispatcher, context: &mut CONTEXT, limits: &Limits) -> Result<Undone, NTSTATUS> {
    unsafe { undo(kind, of.base, of.pc, of.row, context, None, limits) }
}

/// Asks the frames of a context, from the innermost on, whether one takes the exception. True when the thread is to go on
/// with the context; a frame that takes the exception unwinds, and does not come back.
#[inline(never)]
pub unsafe fn search(record: &mut EXCEPTION_RECORD, context: &mut CONTEXT) -> bool {
    let limits = stack_limits();
    let mut own = Aligned(*context);
    let walk = &mut own.0;
    let mut flags = record.ExceptionFlags & EXCEPTION_NONCONTINUABLE;
    let mut nested = 0;
    let mut about = Dispatcher {
        pc: 0,
        base: 0,
        row: core::ptr::null(),
        establisher: 0,
        target: 0,
        context: null_mut(),
        handler: core::ptr::null(),
        data: core::ptr::null(),
        history: null_mut(),
        scope: 0,
        fill: 0,
    };
    loop {
        let pc = walk.Rip;
        if pc == 0 {
            return false;
        }
        let (mut base, below) = (0, walk.Rsp);
        let row = table::find(pc, &mut base);
        if row.is_null() {
            if unsafe { crate::unwind::leaf(walk, &limits) }.is_err() {
                record.ExceptionFlags |= STACK_INVALID;
                return false;
            }
            continue;
        }
        let undone = match unsafe { undo(FOR_EXCEPTION, base, pc, row, walk, None, &limits) } {
            // A walk that does not come up the stack would not end.
            Ok(undone) if valid(undone.establisher, &limits) && walk.Rsp > below => undone,
            _ => {
                record.ExceptionFlags |= STACK_INVALID;
                return false;
            }
        };
        let Undone { mut establisher, mut handler, mut data } = undone;
        (about.pc, about.base, about.row, about.scope) = (pc, base, row, 0);
        while !handler.is_null() {
            record.ExceptionFlags = flags;
            (about.establisher, about.context, about.handler, about.data) = (establisher, &raw mut *walk, handler, data);
            let disposition = unsafe { call_for_exception(record, establisher, context, &raw mut about) };
            flags |= record.ExceptionFlags & EXCEPTION_NONCONTINUABLE;
            if nested == establisher {
                flags &= !NESTED_CALL;
                nested = 0;
            }
            match disposition {
                CONTINUE_EXECUTION if flags & EXCEPTION_NONCONTINUABLE == 0 => return true,
                CONTINUE_EXECUTION => raise_nested(STATUS_NONCONTINUABLE_EXCEPTION, record),
                CONTINUE_SEARCH => break,
                NESTED_EXCEPTION => {
                    flags |= NESTED_CALL;
                    nested = nested.max(about.establisher);
                    break;
                }
                COLLIDED => {
                    // The search meets an unwinding: it goes on where that one stands, with what it left of the scopes.
                    unsafe {
                        copy_unwound(about.context, &raw mut *walk);
                        walk.Rip = about.pc;
                        let again = undo_again(0, &about, walk, &limits);
                        if again.is_err() {
                            record.ExceptionFlags |= STACK_INVALID;
                            return false;
                        }
                    }
                    (establisher, handler, data) = (about.establisher, about.handler, about.data);
                }
                _ => raise_nested(STATUS_INVALID_DISPOSITION, record),
            }
        }
    }
}

/// Calls the handlers of the frames up to a target, then goes on there.
#[shim(ix = 180, mapping = "the unwind data", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "system" fn RtlUnwindEx(
    target: *mut c_void,
    target_ip: *mut c_void,
    record: *mut EXCEPTION_RECORD,
    value: *mut c_void,
    context: *mut CONTEXT,
    history: *mut c_void,
) {
    unsafe { unwind(target as u64, target_ip as u64, record, value as u64, context, history) }
}

/// Calls the handlers of the frames up to a target, then goes on there.
#[shim(ix = 179, mapping = "RtlUnwindEx", risk = Functional("cleaning up that is left out"))]
pub unsafe extern "system" fn RtlUnwind(target: *mut c_void, target_ip: *mut c_void, record: *mut EXCEPTION_RECORD, value: *mut c_void) {
    // SAFETY: a context is plain data, for which zero is a value.
    let mut context: Aligned = unsafe { core::mem::zeroed() };
    unsafe { unwind(target as u64, target_ip as u64, record, value as u64, &raw mut context.0, null_mut()) }
}

unsafe fn unwind(target: u64, target_ip: u64, record: *mut EXCEPTION_RECORD, value: u64, context: *mut CONTEXT, history: *mut c_void) -> ! {
    let limits = stack_limits();
    // Not zeroed: what the capture leaves out, nobody reads.
    let (mut own, mut other) = (MaybeUninit::<Aligned>::uninit(), MaybeUninit::<Aligned>::uninit());
    // SAFETY: integers, of which the used ones are written first.
    let (current, next) = unsafe { (&mut (*own.as_mut_ptr()).0, &mut (*other.as_mut_ptr()).0) };
    unsafe { RtlCaptureContext(current) };
    // SAFETY: a record is plain data, for which zero is a value.
    let mut plain: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    let record = match unsafe { record.as_mut() } {
        Some(record) => record,
        None => {
            plain.ExceptionCode = STATUS_UNWIND;
            plain.ExceptionAddress = current.Rip as *mut c_void;
            &mut plain
        }
    };
    let mut flags = record.ExceptionFlags & EXCEPTION_NONCONTINUABLE | UNWINDING | if target == 0 { EXIT_UNWIND } else { 0 };
    let mut about = Dispatcher {
        pc: 0,
        base: 0,
        row: core::ptr::null(),
        establisher: 0,
        target: target_ip,
        context: &raw mut *current,
        handler: core::ptr::null(),
        data: core::ptr::null(),
        history,
        scope: 0,
        fill: 0,
    };
    loop {
        let pc = current.Rip;
        if pc == 0 {
            break;
        }
        let mut base = 0;
        let row = table::find(pc, &mut base);
        if row.is_null() {
            if unsafe { crate::unwind::leaf(current, &limits) }.is_err() {
                super::raise_status(STATUS_BAD_STACK);
            }
            continue;
        }
        // Most frames have nothing to clean up, and need no copy to go back to.
        if let Some(frame) = unsafe { plain_frame(base, pc, row, current) }
            && frame != target
        {
            check_frame(frame, target, &limits);
            let below = current.Rsp;
            match unsafe { undo(0, base, pc, row, current, None, &limits) } {
                Ok(_) if current.Rsp > below => continue,
                Ok(_) => super::raise_status(STATUS_BAD_STACK),
                Err(status) => super::raise_status(status),
            }
        }
        unsafe { copy_unwound(current, next) };
        let mut undone = match unsafe { undo(FOR_UNWIND, base, pc, row, next, None, &limits) } {
            Ok(undone) => undone,
            Err(status) => super::raise_status(status),
        };
        (about.pc, about.base, about.row, about.scope) = (pc, base, row, 0);
        if next.Rsp <= current.Rsp {
            super::raise_status(STATUS_BAD_STACK);
        }
        check_frame(undone.establisher, target, &limits);
        while !undone.handler.is_null() {
            if undone.establisher == target {
                flags |= TARGET_UNWIND;
            }
            record.ExceptionFlags = flags;
            current.Rax = value;
            about.context = &raw mut *current;
            (about.establisher, about.handler, about.data, about.target) = (undone.establisher, undone.handler, undone.data, target_ip);
            let disposition = unsafe { call_for_unwind(record, undone.establisher, &raw mut *current, &raw mut about) };
            flags &= !(COLLIDED_UNWIND | TARGET_UNWIND);
            match disposition {
                CONTINUE_SEARCH => break,
                COLLIDED => {
                    // Another unwinding was under way: this one goes on where that one stands.
                    unsafe {
                        copy_unwound(about.context, current);
                        current.Rip = about.pc;
                        copy_unwound(current, next);
                        if let Err(status) = undo_again(0, &about, next, &limits) {
                            super::raise_status(status);
                        }
                    }
                    undone = Undone { establisher: about.establisher, handler: about.handler, data: about.data };
                    check_frame(undone.establisher, target, &limits);
                    flags |= COLLIDED_UNWIND;
                }
                _ => raise_nested(STATUS_INVALID_DISPOSITION, record),
            }
        }
        if undone.establisher == target {
            current.Rax = value;
            if record.ExceptionCode != STATUS_UNWIND_CONSOLIDATE {
                current.Rip = target_ip;
            }
            // Handlers look at the caller's buffer.
            unsafe {
                if !context.is_null() {
                    copy_unwound(current, context);
                }
                continue_at(current, record)
            }
        }
        unsafe { copy_unwound(next, current) };
    }
    if target == 0 {
        // An exit unwinding has passed all frames: nobody was meant to stop it.
        crash(record)
    }
    super::raise_status(STATUS_INVALID_UNWIND_TARGET)
}

/// Raises a status for a frame that is none, or lies above the target.
fn check_frame(frame: u64, target: u64, limits: &Limits) {
    if !valid(frame, limits) || target != 0 && target < frame {
        super::raise_status(STATUS_BAD_STACK);
    }
}

/// `_JUMP_BUFFER`.
#[repr(C)]
struct JumpBuffer {
    frame: u64,
    rbx: u64,
    rsp: u64,
    rbp: u64,
    rsi: u64,
    rdi: u64,
    r12: u64,
    r13: u64,
    r14: u64,
    r15: u64,
    rip: u64,
    mxcsr: u32,
    fpcsr: u16,
    spare: u16,
    xmm: [[u64; 2]; 10],
}

/// Goes on with a context: after a longjmp with what its buffer keeps, after a consolidation where the record's function
/// says.
///
/// # Safety
/// The context is one to go on with.
pub unsafe fn continue_at(context: &mut CONTEXT, record: *const EXCEPTION_RECORD) -> ! {
    unsafe {
        if let Some(record) = record.as_ref() {
            if record.ExceptionCode == STATUS_LONGJUMP && record.NumberParameters >= 1 {
                let buffer = &*(record.ExceptionInformation[0] as *const JumpBuffer);
                (context.Rbx, context.Rsp, context.Rbp, context.Rsi, context.Rdi) = (buffer.rbx, buffer.rsp, buffer.rbp, buffer.rsi, buffer.rdi);
                (context.R12, context.R13, context.R14, context.R15) = (buffer.r12, buffer.r13, buffer.r14, buffer.r15);
                context.Rip = buffer.rip;
                context.MxCsr = buffer.mxcsr;
                let float = &mut context.Anonymous.FltSave;
                float.MxCsr = buffer.mxcsr;
                float.ControlWord = buffer.fpcsr;
                core::ptr::copy_nonoverlapping(buffer.xmm.as_ptr(), (&raw mut float.XmmRegisters).cast::<[u64; 2]>().add(6), 10);
            } else if record.ExceptionCode == STATUS_UNWIND_CONSOLIDATE && record.NumberParameters >= 1 {
                consolidate(context, record)
            }
        }
        restore(context)
    }
}

/// Continues with a context.
#[shim(ix = 457, mapping = "the processor's registers", risk = Wrong("registers that are not restored"))]
pub unsafe extern "system" fn RtlRestoreContext(context: *mut CONTEXT, record: *const EXCEPTION_RECORD) {
    unsafe { continue_at(&mut *context, record) }
}

/// Functions that call a frame's handler, each of which is met by a handler of its own where that is left.
#[cfg(target_os = "windows")]
macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident: $met:ident;)*) => { $(
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "system" fn $name(record: *mut EXCEPTION_RECORD, frame: u64, context: *mut CONTEXT, about: *mut Dispatcher) -> i32 {
            core::arch::naked_asm!(
                ".seh_proc {this}",
                "sub rsp, 40",
                ".seh_stackalloc 40",
                ".seh_handler {met}, @except, @unwind",
                ".seh_endprologue",
                "mov [rsp + 32], r9",
                "call qword ptr [r9 + {handler}]",
                "nop",
                "add rsp, 40",
                "ret",
                ".seh_endproc",
                this = sym $name,
                met = sym $met,
                handler = const offset_of!(Dispatcher, handler),
            )
        }
    )* };
}

#[cfg(target_os = "windows")]
callers! {
    /// Calls a frame's handler in the search. An exception inside it meets [`nested`].
    call_for_exception: nested;
    /// Calls a frame's handler in an unwinding. Another unwinding that passes it meets [`collided`].
    call_for_unwind: collided;
}

/// Where [`call_for_exception`] and [`call_for_unwind`] keep the dispatcher context, above their frame.
const KEPT: u64 = 32;

/// An exception inside a handler: the search learns which frame the outer one had come to.
unsafe extern "system" fn nested(record: *mut EXCEPTION_RECORD, frame: u64, _context: *mut CONTEXT, about: *mut Dispatcher) -> i32 {
    unsafe {
        if (*record).ExceptionFlags & (UNWINDING | EXIT_UNWIND) != 0 {
            return CONTINUE_SEARCH;
        }
        let outer: *const Dispatcher = *((frame + KEPT) as *const *const Dispatcher);
        (*about).establisher = (*outer).establisher;
    }
    NESTED_EXCEPTION
}

/// A search or an unwinding comes to a handler that an unwinding had called: it goes on from where that one stood.
unsafe extern "system" fn collided(_record: *mut EXCEPTION_RECORD, frame: u64, _context: *mut CONTEXT, about: *mut Dispatcher) -> i32 {
    unsafe {
        let outer = **((frame + KEPT) as *const *const Dispatcher);
        let target = (*about).target;
        *about = Dispatcher { target, ..outer };
    }
    COLLIDED
}

/// The context of the frames that are kept, as [`consolidate_on`] lays it on the stack: what unwinds through it comes
/// out there.
#[repr(C, align(16))]
pub struct Kept {
    pub context: CONTEXT,
    pub record: *const EXCEPTION_RECORD,
    pub context_address: *mut CONTEXT,
    pub machine: [u64; 6],
}

/// Calls the function of a consolidation above the frames that it keeps, then goes on where it says.
unsafe fn consolidate(context: &mut CONTEXT, record: &EXCEPTION_RECORD) -> ! {
    let mut kept = Kept { context: *context, record, context_address: context, machine: [0; 6] };
    kept.machine[0] = context.Rip;
    kept.machine[1] = 0x33;
    kept.machine[2] = context.EFlags.into();
    kept.machine[3] = context.Rsp;
    kept.machine[4] = 0x2B;
    unsafe { consolidate_on(&raw mut kept) }
}

unsafe extern "system" fn call_consolidation(kept: *mut Kept) -> ! {
    unsafe {
        let record = &*(*kept).record;
        // SAFETY: the record's first parameter is the function, by its definition.
        let function: unsafe extern "system" fn(*const EXCEPTION_RECORD) -> u64 = core::mem::transmute(record.ExceptionInformation[0]);
        let context = &mut (*kept).context;
        context.Rip = function(record);
        restore(context)
    }
}

/// Stands on the kept context while the function runs.
#[cfg(target_os = "windows")]
#[unsafe(naked)]
unsafe extern "system" fn consolidate_on(kept: *mut Kept) -> ! {
    naked_on_context!(
        [".seh_proc {this}", ".seh_pushframe", ".seh_stackalloc {machine}"],
        ["mov rsp, rcx", "call {call}", "int3"],
        this = sym consolidate_on,
        call = sym call_consolidation,
        machine = const offset_of!(Kept, machine),
    )
}

#[cfg(not(target_os = "windows"))]
mod elsewhere {
    use super::{CONTEXT, Dispatcher, EXCEPTION_RECORD, Kept};

    pub unsafe fn call_for_exception(_record: *mut EXCEPTION_RECORD, _frame: u64, _context: *mut CONTEXT, _about: *mut Dispatcher) -> i32 {
        super::CONTINUE_SEARCH
    }

    pub unsafe fn call_for_unwind(_record: *mut EXCEPTION_RECORD, _frame: u64, _context: *mut CONTEXT, _about: *mut Dispatcher) -> i32 {
        super::CONTINUE_SEARCH
    }

    pub unsafe fn consolidate_on(_kept: *mut Kept) -> ! {
        unreachable!("only guests unwind")
    }
}

#[cfg(not(target_os = "windows"))]
use elsewhere::{call_for_exception, call_for_unwind, consolidate_on};
