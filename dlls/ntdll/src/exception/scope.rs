//! `__C_specific_handler`: the handler of frames with `__try`, `__except` and `__finally`, by their scope table.

use super::frame::{Dispatcher, RtlUnwindEx};
use super::{CONTINUE_EXECUTION, CONTINUE_SEARCH, EXIT_UNWIND, TARGET_UNWIND, UNWINDING};
use core::ffi::c_void;
use guest::shim;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD};

/// A row of `SCOPE_TABLE`: the guarded range, its filter or termination handler, and where an `__except` goes on; 0 there
/// is a `__finally`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Scope {
    begin: u32,
    end: u32,
    handler: u32,
    target: u32,
}

/// A filter that always takes the exception.
const EXECUTE_HANDLER: u32 = 1;

/// A C++ exception of Microsoft's compilers.
const CPP_EXCEPTION: i32 = 0xE06D_7363_u32 as i32;
const CPP_MAGIC: core::ops::RangeInclusive<usize> = 0x1993_0520..=0x1993_0522;

type Filter = unsafe extern "system" fn(*mut EXCEPTION_POINTERS, u64) -> i32;
type Termination = unsafe extern "system" fn(u8, u64);

/// Handles an exception, or an unwinding, for a frame of C code.
#[shim(ix = 458, mapping = "the frame's scope table", risk = Functional("a handler that is not called"))]
pub unsafe extern "system" fn __C_specific_handler(
    record: *mut EXCEPTION_RECORD,
    frame: *mut c_void,
    context: *mut CONTEXT,
    dispatcher: *mut c_void,
) -> i32 {
    let about = unsafe { &mut *dispatcher.cast::<Dispatcher>() };
    let (base, pc) = (about.base, (about.pc - about.base) as u32);
    let (count, scopes) = unsafe { (about.data.cast::<u32>().read_unaligned(), about.data.cast::<u32>().add(1).cast::<Scope>()) };
    let scope = |index: u32| unsafe { scopes.add(index as usize).read_unaligned() };
    if unsafe { (*record).ExceptionFlags } & (UNWINDING | EXIT_UNWIND) == 0 {
        while about.scope < count {
            let here = scope(about.scope);
            about.scope += 1;
            if !(here.begin..here.end).contains(&pc) || here.target == 0 {
                continue;
            }
            let mut answer = 1;
            if here.handler != EXECUTE_HANDLER {
                let mut pointers = EXCEPTION_POINTERS { ExceptionRecord: record, ContextRecord: context };
                // SAFETY: the table names a filter there.
                let filter: Filter = unsafe { core::mem::transmute((base + u64::from(here.handler)) as *const c_void) };
                answer = unsafe { filter(&raw mut pointers, frame as u64) };
            }
            if answer < 0 {
                return CONTINUE_EXECUTION;
            }
            if answer > 0 {
                unsafe {
                    destroy(&*record);
                    let target = (base + u64::from(here.target)) as *mut c_void;
                    let value = (*record).ExceptionCode as u32 as usize as *mut c_void;
                    RtlUnwindEx(frame, target, record, value, about.context, about.history);
                }
            }
        }
        return CONTINUE_SEARCH;
    }
    let target = (about.target.wrapping_sub(base)) as u32;
    let to_here = unsafe { (*record).ExceptionFlags } & TARGET_UNWIND != 0;
    while about.scope < count {
        let here = scope(about.scope);
        about.scope += 1;
        if !(here.begin..here.end).contains(&pc) {
            continue;
        }
        if to_here {
            // What goes on inside of a guarded range has not left it, nor those around it.
            if (here.begin..here.end).contains(&target) && here.target == 0 || here.target != 0 && here.target == target {
                break;
            }
        }
        if here.target == 0 {
            // SAFETY: the table names a termination handler there.
            let termination: Termination = unsafe { core::mem::transmute((base + u64::from(here.handler)) as *const c_void) };
            unsafe { termination(1, frame as u64) };
        }
    }
    CONTINUE_SEARCH
}

/// Ends the life of a C++ exception's object, which nobody looks at any more.
unsafe fn destroy(record: &EXCEPTION_RECORD) {
    if record.ExceptionCode != CPP_EXCEPTION || record.NumberParameters != 4 || !CPP_MAGIC.contains(&record.ExceptionInformation[0]) {
        return;
    }
    let [_, object, information, base, ..] = record.ExceptionInformation;
    if information == 0 || object == 0 {
        return;
    }
    // `ThrowInfo`: attributes, then the destructor.
    let destructor = unsafe { (information as *const u32).add(1).read_unaligned() };
    if destructor != 0 {
        // SAFETY: the compiler put a destructor there.
        let destructor: unsafe extern "system" fn(usize) = unsafe { core::mem::transmute(base + destructor as usize) };
        unsafe { destructor(object) };
    }
}
