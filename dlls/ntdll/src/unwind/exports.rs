//! The exports: looking rows up, undoing frames, announcing tables, walking the caller's stack.

use super::row::{ANYWHERE, Function, Pointers};
use super::{stack_limits, step, table, undo};
use alloc::vec::Vec;
use core::ffi::c_void;

use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// Answers the row of the function that holds an address, and what its offsets count from; NULL for one that needs none, as
/// it calls nothing and keeps nothing.
#[shim(ix = 181, mapping = "the images' exception directories, announced tables", risk = Wrong("a wrong function"))]
pub unsafe extern "system" fn RtlLookupFunctionEntry(address: u64, base: *mut u64, _history: *mut c_void) -> *const c_void {
    table::find(address, unsafe { &mut *base }).cast()
}

/// Undoes a function's frame in a context; answers its handler of a kind, if it has one and stands in its body.
#[shim(ix = 182, mapping = "the unwind data", risk = Wrong("a wrong caller"))]
pub unsafe extern "system" fn RtlVirtualUnwind(
    kind: u32,
    base: u64,
    pc: u64,
    row: *const Function,
    context: *mut CONTEXT,
    data: *mut *const c_void,
    establisher: *mut u64,
    pointers: *mut Pointers,
) -> *const c_void {
    match unsafe { undo(kind, base, pc, row, context, pointers.as_mut(), &ANYWHERE) } {
        Ok(undone) => {
            unsafe {
                *data = undone.data;
                *establisher = undone.establisher;
            }
            undone.handler
        }
        Err(status) => crate::exception::raise_status(status),
    }
}

/// Announces rows of code that was made at run time.
#[shim(ix = 195, mapping = "a table of the process", risk = Functional("a frame that is not found"))]
pub unsafe extern "system" fn RtlAddFunctionTable(rows: *const Function, count: u32, base: u64) -> u8 {
    unsafe { table::add_rows(rows as u64, count as usize, base) }.into()
}

/// Announces a callback that is asked for the rows of a range. The DLL for debuggers is not loaded.
#[shim(ix = 459, mapping = "a table of the process", risk = Functional("a frame that is not found"))]
pub unsafe extern "system" fn RtlInstallFunctionTableCallback(
    identifier: u64,
    base: u64,
    length: u32,
    callback: Option<unsafe extern "system" fn(u64, *mut c_void) -> *const Function>,
    context: *mut c_void,
    _debuggers: *const u16,
) -> u8 {
    // The two lowest bits tell an identifier from a table's address.
    let Some(callback) = callback.filter(|_| identifier & 3 == 3) else { return 0 };
    table::add_callback(identifier, base, length.into(), callback, context as u64);
    1
}

/// Takes rows back that were announced, or a callback.
#[shim(ix = 198, mapping = "a table of the process", risk = Functional("a frame of code that is gone"))]
pub unsafe extern "system" fn RtlDeleteFunctionTable(rows: *const Function) -> u8 {
    table::remove(rows as u64).into()
}

/// Announces rows of code that grows.
#[shim(ix = 196, mapping = "a table of the process", risk = Functional("a frame that is not found"))]
pub unsafe extern "system" fn RtlAddGrowableFunctionTable(
    table: *mut *mut c_void,
    rows: *const Function,
    count: u32,
    most: u32,
    base: usize,
    end: usize,
) -> Result<NtStatus, Status> {
    if table.is_null() || rows.is_null() || most == 0 || count > most || end <= base {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    unsafe { *table = table::add_growable(rows as u64, count as usize, base as u64, end as u64) as *mut c_void };
    Ok(NtStatus::SUCCESS)
}

/// Says how many rows a growable table has now.
#[shim(ix = 460, mapping = "a table of the process", risk = Functional("a frame that is not found"))]
pub unsafe extern "system" fn RtlGrowFunctionTable(table: *mut c_void, count: u32) {
    table::grow(table as u64, count as usize);
}

/// Takes a growable table back.
#[shim(ix = 199, mapping = "a table of the process", risk = Functional("a frame of code that is gone"))]
pub unsafe extern "system" fn RtlDeleteGrowableFunctionTable(table: *mut c_void) {
    table::remove(table as u64);
}

/// Calls a function for every return address of the caller's stack, until it has enough.
#[inline(never)]
unsafe fn walk(mut take: impl FnMut(u64) -> bool) {
    // SAFETY: a context is plain data, for which zero is a value.
    let mut context: crate::context::Aligned = unsafe { core::mem::zeroed() };
    let context = &mut context.0;
    let limits = stack_limits();
    unsafe {
        crate::context::RtlCaptureContext(context);
        while step(context, &limits).is_ok() && context.Rip != 0 && take(context.Rip) {}
    }
}

/// Answers return addresses of the calling thread, without the first ones, and a number made of them.
#[shim(ix = 197, mapping = "the unwind data", risk = Wrong("a wrong caller"))]
pub unsafe extern "system" fn RtlCaptureStackBackTrace(skip: u32, count: u32, trace: *mut *mut c_void, hash: *mut u32) -> u16 {
    // The first address is this function's own, after the walk.
    let first = skip as usize + 1;
    let most = (count as usize).min(usize::from(u16::MAX));
    let mut seen = 0;
    let mut found = Vec::new();
    unsafe {
        walk(|address| {
            if seen >= first && found.len() < most {
                found.push(address);
            }
            seen += 1;
            found.len() < most
        });
        let sum = found.iter().fold(0_u32, |sum, address| sum.wrapping_add(*address as u32));
        for (index, address) in found.iter().enumerate() {
            *trace.add(index) = *address as *mut c_void;
        }
        if !hash.is_null() {
            *hash = sum;
        }
    }
    found.len() as u16
}

/// Answers return addresses of the calling thread; the upper bits of the flags say how many to leave out.
#[shim(ix = 461, mapping = "the unwind data", risk = Wrong("a wrong caller"))]
pub unsafe extern "system" fn RtlWalkFrameChain(callers: *mut *mut c_void, count: u32, flags: u32) -> u32 {
    let skip = (flags >> 8) as usize;
    let mut seen = 0_usize;
    unsafe {
        walk(|address| {
            if seen > skip && seen - skip <= count as usize {
                *callers.add(seen - skip - 1) = address as *mut c_void;
            }
            seen += 1;
            seen <= skip + count as usize
        });
    }
    seen.saturating_sub(skip + 1).min(count as usize) as u32
}
