//! Information classes of open files and their volumes, one structure each.

use crate::nt::{NtQueryInformationFile, NtQueryVolumeInformationFile, NtSetInformationFile, check};
use crate::open::block;
use alloc::vec::Vec;
use guest::error::{Status, Win32Error};
use windows_sys::Wdk::Storage::FileSystem::FILE_INFORMATION_CLASS;
use windows_sys::Win32::Foundation::{FILETIME, HANDLE, STATUS_BUFFER_OVERFLOW};

/// Reads a class of a file.
pub fn query<T>(file: HANDLE, class: FILE_INFORMATION_CLASS) -> Result<T, Win32Error> {
    // SAFETY: the classes' structures are plain data, for which zero is a value.
    let (mut value, mut block) = (unsafe { core::mem::zeroed::<T>() }, block());
    // SAFETY: the buffer is a whole structure.
    check(unsafe { NtQueryInformationFile(file, &raw mut block, (&raw mut value).cast(), size_of::<T>() as u32, class) })?;
    Ok(value)
}

/// Sets a class of a file.
pub fn set<T>(file: HANDLE, class: FILE_INFORMATION_CLASS, value: &T) -> Result<(), Win32Error> {
    let mut block = block();
    // SAFETY: the buffer is a whole structure.
    check(unsafe { NtSetInformationFile(file, &raw mut block, core::ptr::from_ref(value).cast(), size_of::<T>() as u32, class) }).map(|_| ())
}

/// Sets a class of a file that ends in a text: the structure's head, in words, then the text from byte `at` on.
pub fn set_named(file: HANDLE, class: FILE_INFORMATION_CLASS, head: &[u64], at: usize, name: &[u16]) -> Result<(), Win32Error> {
    let size = (at + size_of_val(name)).max(size_of_val(head));
    let mut buffer = head.to_vec();
    buffer.resize(size.div_ceil(8), 0);
    let mut block = block();
    // SAFETY: the buffer has room for head and name.
    check(unsafe {
        let start = buffer.as_mut_ptr().cast::<u8>();
        start.add(at).copy_from_nonoverlapping(name.as_ptr().cast(), size_of_val(name));
        NtSetInformationFile(file, &raw mut block, start.cast(), size as u32, class)
    })
    .map(|_| ())
}

/// Reads a class of a file's volume.
pub fn query_volume<T>(file: HANDLE, class: i32) -> Result<T, Win32Error> {
    // SAFETY: the classes' structures are plain data, for which zero is a value.
    let (mut value, mut block) = (unsafe { core::mem::zeroed::<T>() }, block());
    // SAFETY: the buffer is a whole structure. What does not fit (a label) is cut.
    let status = unsafe { NtQueryVolumeInformationFile(file, &raw mut block, (&raw mut value).cast(), size_of::<T>() as u32, class) };
    if status != STATUS_BUFFER_OVERFLOW {
        check(status)?;
    }
    Ok(value)
}

/// Reads a class of a file whose answer is a length in bytes and a text.
pub fn query_name(file: HANDLE, class: FILE_INFORMATION_CLASS) -> Result<Vec<u16>, Status> {
    let (mut buffer, mut block) = (alloc::vec![0_u32; 0x4002], block());
    // SAFETY: the buffer is as long as it says.
    Status::check(unsafe { NtQueryInformationFile(file, &raw mut block, buffer.as_mut_ptr().cast(), size_of_val(buffer.as_slice()) as u32, class) })?;
    let length = (buffer[0] as usize / 2).min(2 * (buffer.len() - 1));
    // SAFETY: behind the length, the buffer has that many units.
    Ok(unsafe { core::slice::from_raw_parts(buffer.as_ptr().add(1).cast::<u16>(), length) }.to_vec())
}

/// A time as Windows' pair of halves.
pub const fn file_time(time: i64) -> FILETIME {
    FILETIME { dwLowDateTime: time as u32, dwHighDateTime: (time >> 32) as u32 }
}

/// Windows' pair of halves as one number.
pub const fn time_of(time: &FILETIME) -> i64 {
    (time.dwHighDateTime as i64) << 32 | time.dwLowDateTime as i64
}

/// The upper half of a number.
pub const fn high(number: i64) -> u32 {
    (number >> 32) as u32
}
