//! Calls of the host's that move bytes between a descriptor and the guest's memory.

use crate::user;
use rustix::io::Errno;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_DISK_FULL, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER,
    STATUS_IO_DEVICE_ERROR, STATUS_PIPE_CLOSING,
};

/// The guest's buffer as the kernel fills it; the kernel answers EFAULT where it is not writable.
pub fn guest_buffer(address: u64, length: u64) -> (*mut u8, usize) {
    // One system call moves no more than this (`MAX_RW_COUNT`).
    (address as *mut u8, length.min(0x7FFF_F000) as usize)
}

/// Repeats a system call that was interrupted, or that met a page which a touch makes usable (a stack's guard page).
pub fn retry(buffer: *mut u8, length: usize, call: impl Fn() -> libc::ssize_t) -> Result<u64, Errno> {
    let mut touched = false;
    loop {
        let done = call();
        if done >= 0 {
            return Ok(done as u64);
        }
        match Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)) {
            Errno::INTR => {}
            Errno::FAULT if !touched && user::touch(buffer as u64, length as u64) => touched = true,
            error => return Err(error),
        }
    }
}

/// What a host error means on a file.
pub fn status(error: Errno, folder: bool) -> NTSTATUS {
    match error {
        Errno::FAULT => STATUS_ACCESS_VIOLATION,
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => STATUS_DISK_FULL,
        Errno::PIPE => STATUS_PIPE_CLOSING,
        Errno::BADF | Errno::ACCESS | Errno::PERM | Errno::ROFS => STATUS_ACCESS_DENIED,
        Errno::INVAL if folder => STATUS_INVALID_DEVICE_REQUEST,
        Errno::INVAL => STATUS_INVALID_PARAMETER,
        _ => STATUS_IO_DEVICE_ERROR,
    }
}

/// One read of the host's into the guest's memory.
pub fn read(descriptor: i32, buffer: u64, length: u64, offset: Option<u64>) -> Result<u64, Errno> {
    let (buffer, length) = guest_buffer(buffer, length);
    // SAFETY: the kernel writes to the guest's memory, or answers EFAULT; the runtime's own lies elsewhere.
    retry(buffer, length, || unsafe {
        match offset {
            Some(offset) => libc::pread64(descriptor, buffer.cast(), length, offset as i64),
            None => libc::read(descriptor, buffer.cast(), length),
        }
    })
}

/// One write of the host's out of the guest's memory.
pub fn write(descriptor: i32, buffer: u64, length: u64, offset: Option<u64>) -> Result<u64, Errno> {
    let (buffer, length) = guest_buffer(buffer, length);
    // SAFETY: the kernel reads the guest's memory, or answers EFAULT.
    retry(buffer, length, || unsafe {
        match offset {
            Some(offset) => libc::pwrite64(descriptor, buffer.cast(), length, offset as i64),
            None => libc::write(descriptor, buffer.cast(), length),
        }
    })
}
