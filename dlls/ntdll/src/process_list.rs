//! The processes of the sandbox, as `SystemProcessInformation` lists them.

use crate::class_buffer::tell;
use crate::gate::ask;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::process::{Row, ThreadRow};
use gate::service::ListProcesses;
use guest::call::NtStatus;
use guest::error::Status;
use windows_sys::Win32::Foundation::{STATUS_ACCESS_VIOLATION, STATUS_INFO_LENGTH_MISMATCH, UNICODE_STRING};

/// `SYSTEM_PROCESS_INFORMATION`.
#[repr(C)]
struct ProcessInformation {
    next: u32,
    threads: u32,
    private_resident: i64,
    hard_faults: u32,
    most_threads: u32,
    cycles: u64,
    created: i64,
    user: i64,
    kernel: i64,
    image: UNICODE_STRING,
    base_priority: i32,
    id: usize,
    parent: usize,
    handles: u32,
    session: u32,
    key: usize,
    peak_virtual: usize,
    virtual_size: usize,
    faults: u32,
    peak_resident: usize,
    resident: usize,
    pools: [usize; 4],
    pagefile: usize,
    peak_pagefile: usize,
    private: usize,
    transfers: [i64; 6],
}

/// `SYSTEM_THREAD_INFORMATION`. What a process does not tell others of its threads is 0.
#[repr(C)]
struct ThreadInformation {
    times: [i64; 3],
    waited: u32,
    start: usize,
    client: [usize; 2],
    priority: i32,
    base_priority: i32,
    switches: u32,
    state: u32,
    reason: u32,
}

#[cfg(target_arch = "x86_64")]
const _: () = assert!(size_of::<ProcessInformation>() == 0x100 && size_of::<ThreadInformation>() == 0x50);
#[cfg(target_arch = "x86")]
const _: () = assert!(size_of::<ProcessInformation>() == 0xB8 && size_of::<ThreadInformation>() == 0x40);

/// One process of a list.
struct Listed {
    row: Row,
    /// Its program's file name.
    name: Vec<u16>,
    threads: Vec<ThreadRow>,
}

/// Values that the broker's bytes make.
fn taken<T: Copy>(bytes: &mut &[u8]) -> Option<T> {
    let (value, rest) = bytes.split_at_checked(size_of::<T>())?;
    *bytes = rest;
    // SAFETY: it is only called for structures of integers, and there are so many bytes.
    Some(unsafe { value.as_ptr().cast::<T>().read_unaligned() })
}

fn listed(bytes: &mut &[u8]) -> Option<Listed> {
    let row: Row = taken(bytes)?;
    let (path, rest) = bytes.split_at_checked((row.image as usize).next_multiple_of(8))?;
    *bytes = rest;
    let path: Vec<u16> = path.as_chunks().0.iter().take(row.image as usize / 2).map(|unit| u16::from_le_bytes(*unit)).collect();
    let name = path.rsplit(|unit| *unit == u16::from(b'\\')).next().unwrap_or_default().to_vec();
    let threads = (0..row.facts.threads).map(|_| taken(bytes)).collect::<Option<_>>()?;
    Some(Listed { row, name, threads })
}

/// All processes.
fn all() -> Result<Vec<Listed>, Status> {
    const ROOM: usize = 0x4_0000;
    let mut all: Vec<Listed> = Vec::new();
    let mut bytes = alloc::vec![0_u8; ROOM];
    loop {
        let after = all.last().map_or(0, |last| last.row.facts.ids[0]);
        let mut request = ListProcesses { rows: bytes.as_mut_ptr() as u64, room: ROOM as u64, size: 0, after, pad: 0 };
        ask(&mut request)?;
        let mut rows = bytes.get(..request.size as usize).unwrap_or_default();
        if rows.is_empty() {
            return Ok(all);
        }
        while let Some(one) = listed(&mut rows) {
            all.push(one);
        }
    }
}

/// A structure's bytes at the end of others.
fn push<T>(bytes: &mut Vec<u8>, value: &T) {
    // SAFETY: the structure's padding is written as well: nothing but its own bytes are read.
    bytes.extend_from_slice(unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast(), size_of::<T>()) });
}

/// Fills in a caller's buffer.
pub unsafe fn fill(buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let all = all()?;
    let mut bytes = Vec::new();
    for (index, Listed { row, name, threads }) in all.iter().enumerate() {
        let at = bytes.len();
        let facts = &row.facts;
        let text = at + size_of::<ProcessInformation>() + threads.len() * size_of::<ThreadInformation>();
        // SAFETY: plain data, for which zero is a value; its padding is zero as well.
        let mut process: ProcessInformation = unsafe { core::mem::zeroed() };
        let size = |bytes: u64| bytes as usize;
        process.threads = threads.len() as u32;
        process.most_threads = process.threads;
        process.private_resident = facts.memory.private as i64;
        process.created = facts.times[0];
        [process.user, process.kernel] = facts.used;
        process.image = UNICODE_STRING {
            Length: 2 * name.len() as u16,
            MaximumLength: 2 * name.len() as u16 + 2,
            Buffer: (buffer as usize).wrapping_add(text) as *mut u16,
        };
        process.base_priority = 8;
        [process.id, process.parent] = facts.ids.map(|id| id as usize);
        process.handles = facts.handles;
        process.session = crate::process::session();
        process.faults = facts.memory.faults as u32;
        [process.resident, process.peak_resident] = facts.memory.resident.map(size);
        [process.virtual_size, process.peak_virtual] = facts.memory.space.map(size);
        [process.private, process.pagefile, process.peak_pagefile] = [size(facts.memory.private); 3];
        push(&mut bytes, &process);
        for thread in threads {
            // SAFETY: as above.
            let mut information: ThreadInformation = unsafe { core::mem::zeroed() };
            information.client = [facts.ids[0] as usize, thread.id as usize];
            information.base_priority = process.base_priority.saturating_add(thread.priority);
            information.priority = information.base_priority;
            push(&mut bytes, &information);
        }
        bytes.extend(name.iter().chain(&[0]).flat_map(|unit| unit.to_le_bytes()));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let next = if index + 1 < all.len() { (bytes.len() - at) as u32 } else { 0 };
        bytes[at + offset_of!(ProcessInformation, next)..][..4].copy_from_slice(&next.to_le_bytes());
    }
    // SAFETY: the caller's pointers.
    unsafe {
        tell(result, bytes.len());
        if (length as usize) < bytes.len() {
            return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
        }
        if buffer.is_null() {
            return Err(Status(STATUS_ACCESS_VIOLATION));
        }
        buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    Ok(NtStatus::SUCCESS)
}
