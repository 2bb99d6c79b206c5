//! Locks as other processes see them, native ones too: the host's own, which belong to an open file and merge where they meet.

use super::range::Lock;
use crate::io::FileObject;
use rustix::io::Errno;
use std::os::fd::AsRawFd;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST};

/// `F_OFD_GETLK` and `F_OFD_SETLK` (fcntl.h).
const GET: i32 = 36;
const SET: i32 = 37;

/// What a range is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody's.
    Free,
    /// Locked for reading.
    Shared,
    /// Locked for writing.
    Exclusive,
}

impl State {
    const fn kind(self) -> i16 {
        match self {
            Self::Free => libc::F_UNLCK as i16,
            Self::Shared => libc::F_RDLCK as i16,
            Self::Exclusive => libc::F_WRLCK as i16,
        }
    }
}

/// A range as the host counts, whose positions have a sign; `None` where it has no byte of it.
fn flock(start: u64, length: u64, state: State) -> Option<libc::flock> {
    let first = i64::try_from(start).ok().filter(|_| length > 0)?;
    // Up to the last position that there is, the host's length is 0.
    let size = i64::try_from(length).ok().filter(|length| first.checked_add(*length).is_some()).unwrap_or(0);
    Some(libc::flock { l_type: state.kind(), l_whence: libc::SEEK_SET as i16, l_start: first, l_len: size, l_pid: 0 })
}

fn call(object: &FileObject, command: i32, range: &mut libc::flock) -> Result<(), Errno> {
    let descriptor = object.descriptor().map_err(|_| Errno::BADF)?.as_raw_fd();
    // SAFETY: the structure lives through the call.
    let done = unsafe { libc::fcntl(descriptor, command, std::ptr::from_mut(range)) };
    if done < 0 { Err(Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))) } else { Ok(()) }
}

/// Makes a range what it is to be; false where another process has it.
fn set(object: &FileObject, start: u64, length: u64, state: State) -> Result<bool, NTSTATUS> {
    let Some(mut range) = flock(start, length, state) else { return Ok(true) };
    let done = match call(object, SET, &mut range) {
        // The host locks for writing only what was opened for that, and for reading likewise; Windows asks for either.
        Err(Errno::BADF) if state != State::Free => {
            range.l_type = if state == State::Exclusive { State::Shared } else { State::Exclusive }.kind();
            call(object, SET, &mut range)
        }
        done => done,
    };
    match done {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(Errno::NOLCK | Errno::NOMEM) => Err(STATUS_INSUFFICIENT_RESOURCES),
        Err(_) => Err(STATUS_INVALID_DEVICE_REQUEST),
    }
}

/// Lets other processes see a lock that is to be had beside those that its owner has; false where another process is before it.
pub fn lock(object: &FileObject, wanted: &Lock, own: &[Lock]) -> Result<bool, NTSTATUS> {
    let own: Vec<Lock> = own.iter().chain([wanted]).copied().collect();
    for (start, length, state) in pieces(wanted, &own) {
        match set(object, start, length, state) {
            Ok(true) => {}
            refused => {
                // What was had by then is given back.
                unlock(object, wanted, &own[..own.len() - 1]);
                return refused;
            }
        }
    }
    Ok(true)
}

/// Lets other processes see that a lock is gone, beside which its owner has others.
pub fn unlock(object: &FileObject, gone: &Lock, own: &[Lock]) {
    for (start, length, state) in pieces(gone, own) {
        // To give back is always possible.
        let _ = set(object, start, length, state);
    }
}

/// Lets go of everything.
pub fn unlock_all(object: &FileObject) {
    let _ = set(object, 0, u64::MAX, State::Free);
}

/// Whether another process's lock keeps this one from reading, or from writing. What the host cannot tell keeps nobody.
pub fn meets(object: &FileObject, start: u64, length: u64, write: bool) -> bool {
    let wanted = if write { State::Exclusive } else { State::Shared };
    let Some(mut range) = flock(start, length, wanted) else { return false };
    call(object, GET, &mut range).is_ok() && range.l_type != State::Free.kind()
}

/// What the locks of one owner make of a range, piece by piece.
fn pieces(range: &Lock, own: &[Lock]) -> Vec<(u64, u64, State)> {
    let (first, end) = (u128::from(range.start), range.end());
    let mut points: Vec<u128> =
        own.iter().flat_map(|lock| [u128::from(lock.start), lock.end()]).filter(|point| (first..end).contains(point)).collect();
    points.extend([first, end]);
    points.sort_unstable();
    points.dedup();
    let state = |at: u128| {
        let here = |exclusive: bool| own.iter().any(|lock| lock.exclusive == exclusive && (u128::from(lock.start)..lock.end()).contains(&at));
        if here(true) {
            State::Exclusive
        } else if here(false) {
            State::Shared
        } else {
            State::Free
        }
    };
    let piece = |pair: &[u128]| Some((u64::try_from(pair[0]).ok()?, u64::try_from(pair[1] - pair[0]).unwrap_or(u64::MAX), state(pair[0])));
    points.windows(2).filter_map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(start: u64, length: u64, exclusive: bool) -> Lock {
        Lock { owner: 1, start, length, exclusive }
    }

    #[test]
    fn what_is_left_of_several_locks_is_told_piece_by_piece() {
        let whole = lock(10, 20, true);
        assert_eq!(pieces(&whole, &[]), [(10, 20, State::Free)]);
        assert_eq!(pieces(&whole, &[whole]), [(10, 20, State::Exclusive)]);
        assert_eq!(
            pieces(&whole, &[lock(0, 12, false), lock(15, 5, true), lock(18, 100, false)]),
            [(10, 2, State::Shared), (12, 3, State::Free), (15, 3, State::Exclusive), (18, 2, State::Exclusive), (20, 10, State::Shared)]
        );
        assert_eq!(pieces(&lock(5, 0, true), &[]), []);
        assert_eq!(pieces(&lock(0, u64::MAX, true), &[]), [(0, u64::MAX, State::Free)]);
    }

    #[test]
    fn positions_beyond_the_hosts_are_nothing_to_it() {
        let range = |start, length| flock(start, length, State::Shared).map(|range| (range.l_start, range.l_len));
        assert_eq!(range(0x4000_0000, 1), Some((0x4000_0000, 1)));
        assert_eq!(range(0, u64::MAX), Some((0, 0)));
        assert_eq!(range(i64::MAX as u64, 5), Some((i64::MAX, 0)));
        assert_eq!([range(1 << 63, 1), range(u64::MAX, 1), range(0, 0)], [None; 3]);
    }
}
