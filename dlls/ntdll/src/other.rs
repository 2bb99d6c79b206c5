//! Other processes of the sandbox: starting one, opening one by its number, and its facts.

use crate::gate::ask;
use crate::object::query;
use alloc::vec::Vec;
use gate::process::Facts;
use gate::service::{CreateProcess, OpenProcess, QueryOther};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_DENIED};

/// Starts a program in a process of its own. The request is the gate's, with its answer in it.
#[shim(ix = 482, mapping = "gate CreateProcess", risk = Isolation("a process that may do more than this one"))]
pub unsafe extern "system" fn WcCreateProcess(request: *mut CreateProcess) -> Result<NtStatus, Status> {
    // SAFETY: the caller's request.
    ask(unsafe { &mut *request }).map(NtStatus)
}

/// Opens another process by its number, or the first thread of one.
pub fn open(id: usize, thread: bool, access: u32, flags: u32) -> Result<HANDLE, Status> {
    let mut request = OpenProcess { id: id as u64, thread: thread.into(), access, flags, ..OpenProcess::default() };
    ask(&mut request)?;
    Ok(request.handle as usize as HANDLE)
}

/// The facts of another process, where a handle stands for one, or for its first thread, and grants one of some rights.
pub fn facts(handle: HANDLE, access: u32) -> Result<Option<Facts>, Status> {
    if handle as isize == -1 || handle as isize == -2 {
        return Ok(None);
    }
    let known = query(handle)?;
    if known.other == 0 {
        return Ok(None);
    }
    if known.access & access == 0 {
        return Err(Status(STATUS_ACCESS_DENIED));
    }
    of(handle).map(Some)
}

/// The facts of a process, or of the process whose first thread a handle stands for, as the broker tells them.
pub fn of(handle: HANDLE) -> Result<Facts, Status> {
    let mut request = QueryOther { process: handle as u64, ..QueryOther::default() };
    ask(&mut request)?;
    Ok(request.facts)
}

/// The path of another process's program.
pub fn image(handle: HANDLE) -> Result<Vec<u16>, Status> {
    const LONGEST: usize = 0x8000;
    let mut path = alloc::vec![0_u16; LONGEST];
    let mut request = QueryOther { process: handle as u64, image: path.as_mut_ptr() as u64, room: 2 * LONGEST as u64, ..QueryOther::default() };
    ask(&mut request)?;
    path.truncate((request.size / 2) as usize);
    Ok(path)
}
