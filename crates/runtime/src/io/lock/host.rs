//! Locks as other processes see them, native ones too: those of an open file, which merge where they meet. The broker locks, for a file
//! that was granted for reading alone must not hold up who writes it.

use super::range::Lock;
use crate::broker;
use crate::io::FileObject;
use jail::is_locked;
use protocol::message::{LockFile, LockKind, Locking};
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_HANDLE};

fn ask(object: &FileObject, handle: Option<u32>, (start, length): (u64, u64), kind: LockKind, look: bool) -> Result<bool, NTSTATUS> {
    let handle = handle.ok_or(STATUS_INVALID_HANDLE)?;
    let (answer, _) = broker::ask(&LockFile { start, length, handle, kind: kind as u32, look: look.into(), pad: 0 }, &[])?;
    let locking = Locking::from_number(answer.value);
    if locking == Some(Locking::Inside) {
        object.locks_inside.store(true, Ordering::Relaxed);
    }
    Ok(locking != Some(Locking::Met))
}

/// Makes a range what it is to be; false where another process has it.
fn set(object: &FileObject, start: u64, length: u64, kind: LockKind) -> Result<bool, NTSTATUS> {
    ask(object, object.any_handle(), (start, length), kind, false)
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

/// Lets go of everything; by a handle that is about to be closed.
pub fn unlock_all(object: &FileObject, handle: u32) {
    let _ = ask(object, Some(handle), (0, u64::MAX), LockKind::Free, false);
}

/// Whether another process's lock keeps this one from reading, or from writing. What cannot be told keeps nobody.
pub fn meets(object: &FileObject, start: u64, length: u64, write: bool) -> bool {
    let (kind, lock) = if write { (LockKind::Exclusive, jail::Lock::Exclusive) } else { (LockKind::Shared, jail::Lock::Shared) };
    let native = object.descriptor().is_ok_and(|file| is_locked(file, start, length, lock));
    native || object.locks_inside.load(Ordering::Relaxed) && ask(object, object.any_handle(), (start, length), kind, true) == Ok(false)
}

/// What the locks of one owner make of a range, piece by piece.
fn pieces(range: &Lock, own: &[Lock]) -> Vec<(u64, u64, LockKind)> {
    let (first, end) = (u128::from(range.start), range.end());
    let mut points: Vec<u128> =
        own.iter().flat_map(|lock| [u128::from(lock.start), lock.end()]).filter(|point| (first..end).contains(point)).collect();
    points.extend([first, end]);
    points.sort_unstable();
    points.dedup();
    let state = |at: u128| {
        let here = |exclusive: bool| own.iter().any(|lock| lock.exclusive == exclusive && (u128::from(lock.start)..lock.end()).contains(&at));
        if here(true) {
            LockKind::Exclusive
        } else if here(false) {
            LockKind::Shared
        } else {
            LockKind::Free
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
        assert_eq!(pieces(&whole, &[]), [(10, 20, LockKind::Free)]);
        assert_eq!(pieces(&whole, &[whole]), [(10, 20, LockKind::Exclusive)]);
        assert_eq!(
            pieces(&whole, &[lock(0, 12, false), lock(15, 5, true), lock(18, 100, false)]),
            [
                (10, 2, LockKind::Shared),
                (12, 3, LockKind::Free),
                (15, 3, LockKind::Exclusive),
                (18, 2, LockKind::Exclusive),
                (20, 10, LockKind::Shared)
            ]
        );
        assert_eq!(pieces(&lock(5, 0, true), &[]), []);
        assert_eq!(pieces(&lock(0, u64::MAX, true), &[]), [(0, u64::MAX, LockKind::Free)]);
    }
}
