//! The processes of the sandbox, as `ntdll` lists them.

use crate::nt::{self, check};
use alloc::vec::Vec;
use guest::error::Win32Error;
use windows_sys::Wdk::System::SystemInformation::SystemProcessInformation;
use windows_sys::Win32::Foundation::STATUS_INFO_LENGTH_MISMATCH;
use windows_sys::Win32::System::WindowsProgramming::{SYSTEM_PROCESS_INFORMATION, SYSTEM_THREAD_INFORMATION};

/// A process.
#[derive(Debug)]
pub struct Listed {
    /// Its number.
    pub id: u32,
    /// The number of the process that started it, or 0.
    pub parent: u32,
    /// Its base priority.
    pub priority: i32,
    /// Its program's file name.
    pub name: Vec<u16>,
    /// Its threads: number and base priority of each.
    pub threads: Vec<(u32, i32)>,
}

/// All processes.
pub fn all() -> Result<Vec<Listed>, Win32Error> {
    let mut buffer: Vec<u64> = alloc::vec![0; 0x1000];
    loop {
        let (bytes, mut needed) = (size_of_val(buffer.as_slice()) as u32, 0);
        // SAFETY: the buffer has that size.
        let status = unsafe { nt::NtQuerySystemInformation(SystemProcessInformation, buffer.as_mut_ptr().cast(), bytes, &raw mut needed) };
        if status == STATUS_INFO_LENGTH_MISMATCH && needed > bytes {
            // There may be more of them by the next time.
            buffer = alloc::vec![0; needed as usize / 4];
            continue;
        }
        check(status)?;
        break;
    }
    let (mut all, mut at) = (Vec::new(), buffer.as_ptr().cast::<u8>());
    loop {
        // SAFETY: `ntdll` has just written the list, each structure of which says where the next one lies.
        unsafe {
            let process = &*at.cast::<SYSTEM_PROCESS_INFORMATION>();
            let threads = at.add(size_of::<SYSTEM_PROCESS_INFORMATION>()).cast::<SYSTEM_THREAD_INFORMATION>();
            let thread = |index| {
                let thread: &SYSTEM_THREAD_INFORMATION = &*threads.add(index);
                (thread.ClientId.UniqueThread as usize as u32, thread.BasePriority)
            };
            all.push(Listed {
                id: process.UniqueProcessId as usize as u32,
                // `InheritedFromUniqueProcessId`, which the header leaves unnamed.
                parent: process.Reserved2 as usize as u32,
                priority: process.BasePriority,
                name: core::slice::from_raw_parts(process.ImageName.Buffer, usize::from(process.ImageName.Length / 2)).to_vec(),
                threads: (0..process.NumberOfThreads as usize).map(thread).collect(),
            });
            match process.NextEntryOffset {
                0 => return Ok(all),
                next => at = at.add(next as usize),
            }
        }
    }
}

/// Whether a process is there.
pub fn is_there(process: u32) -> bool {
    all().is_ok_and(|all| all.iter().any(|listed| listed.id == process))
}
