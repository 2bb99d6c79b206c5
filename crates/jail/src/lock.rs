//! Locks on bytes that belong to an open file (fcntl(2)), whoever has a descriptor of it.

use std::io::{Error, Result};
use std::os::fd::{AsRawFd, BorrowedFd};

/// `F_OFD_GETLK` and `F_OFD_SETLK` (asm-generic/fcntl.h): neither ever waits.
const GET: i32 = 36;
const SET: i32 = 37;

/// What a range is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Nobody's.
    Free,
    /// Locked for reading.
    Shared,
    /// Locked for writing.
    Exclusive,
}

impl Lock {
    const fn kind(self) -> i16 {
        match self {
            Self::Free => libc::F_UNLCK as i16,
            Self::Shared => libc::F_RDLCK as i16,
            Self::Exclusive => libc::F_WRLCK as i16,
        }
    }
}

/// A range as the host counts, whose positions have a sign; `None` where it has no byte of it.
fn flock(start: u64, length: u64, lock: Lock) -> Option<libc::flock> {
    let first = i64::try_from(start).ok().filter(|_| length > 0)?;
    // Up to the last position that there is, the host's length is 0.
    let size = i64::try_from(length).ok().filter(|length| first.checked_add(*length).is_some()).unwrap_or(0);
    Some(libc::flock { l_type: lock.kind(), l_whence: libc::SEEK_SET as i16, l_start: first, l_len: size, l_pid: 0 })
}

fn call(file: BorrowedFd<'_>, command: i32, range: &mut libc::flock) -> Result<()> {
    // SAFETY: the structure lives through the call.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), command, std::ptr::from_mut(range)) };
    if done < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

/// Makes a range what it is to be; false where another open file has it. The host locks for writing only what was opened for that, and
/// for reading likewise; who asks for the one gets the other there.
pub fn lock(file: BorrowedFd<'_>, start: u64, length: u64, lock: Lock) -> Result<bool> {
    let Some(mut range) = flock(start, length, lock) else { return Ok(true) };
    let done = match call(file, SET, &mut range) {
        Err(error) if error.raw_os_error() == Some(libc::EBADF) && lock != Lock::Free => {
            range.l_type = if lock == Lock::Exclusive { Lock::Shared } else { Lock::Exclusive }.kind();
            call(file, SET, &mut range)
        }
        done => done,
    };
    match done {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether another open file has a lock that keeps this one off. What the host cannot tell keeps nobody.
pub fn is_locked(file: BorrowedFd<'_>, start: u64, length: u64, lock: Lock) -> bool {
    let Some(mut range) = flock(start, length, lock) else { return false };
    call(file, GET, &mut range).is_ok() && range.l_type != Lock::Free.kind()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_beyond_the_hosts_are_nothing_to_it() {
        let range = |start, length| flock(start, length, Lock::Shared).map(|range| (range.l_start, range.l_len));
        assert_eq!(range(0x4000_0000, 1), Some((0x4000_0000, 1)));
        assert_eq!(range(0, u64::MAX), Some((0, 0)));
        assert_eq!(range(i64::MAX as u64, 5), Some((i64::MAX, 0)));
        assert_eq!([range(1 << 63, 1), range(u64::MAX, 1), range(0, 0)], [None; 3]);
    }
}
