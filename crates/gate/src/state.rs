//! What a wait does to an object's state: one rule for objects of a process, which its runtime keeps, and for those that several
//! processes share, which the broker keeps.

use crate::cell::ABANDONED;

/// What becomes of the state when somebody is given the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It stays: an event that is reset by hand, a thread, a process.
    Keeps,
    /// It counts one less: a semaphore, an event that is reset by the wait that it ends.
    Counts,
    /// It names the owner, who may take it again: a mutant. Free is 0, with [`ABANDONED`] where an owner has ended.
    Owns,
    /// Nobody is ever given it.
    Never,
}

impl Taking {
    /// The state after it was given to `owner`; `None` where it cannot be.
    pub const fn after(self, state: u64, owner: u64) -> Option<u64> {
        match self {
            Self::Keeps if state != 0 => Some(state),
            Self::Counts if state != 0 => Some(state - 1),
            Self::Owns if state & !(ABANDONED as u64) == 0 || state == owner => Some(owner),
            _ => None,
        }
    }

    /// Whether being given it in this state tells of an owner that had ended.
    pub const fn tells_of_abandonment(self, state: u64) -> bool {
        matches!(self, Self::Owns) && state & ABANDONED as u64 != 0
    }
}

/// When a timer that was due at `at`, by now at the latest, is due again: it keeps its beat, and times that nobody looked at are one.
/// All in one unit; `period` is above 0.
pub const fn next_beat(at: i128, period: i128, now: i128) -> i128 {
    at + ((now - at) / period + 1) * period
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_beats_are_one() {
        assert_eq!(next_beat(100, 30, 100), 130);
        assert_eq!(next_beat(100, 30, 129), 130);
        assert_eq!(next_beat(100, 30, 165), 190);
    }

    #[test]
    fn each_kind_is_given_in_its_way() {
        assert_eq!(Taking::Keeps.after(1, 4), Some(1));
        assert_eq!(Taking::Keeps.after(0, 4), None);
        assert_eq!(Taking::Counts.after(3, 4), Some(2));
        assert_eq!(Taking::Counts.after(0, 4), None);
        assert_eq!(Taking::Owns.after(0, 4), Some(4));
        assert_eq!(Taking::Owns.after(ABANDONED.into(), 4), Some(4));
        assert_eq!(Taking::Owns.after(4, 4), Some(4));
        assert_eq!(Taking::Owns.after(8, 4), None);
        assert_eq!(Taking::Never.after(1, 4), None);
        assert!(Taking::Owns.tells_of_abandonment(ABANDONED.into()));
        assert!(!Taking::Counts.tells_of_abandonment(1));
    }
}
