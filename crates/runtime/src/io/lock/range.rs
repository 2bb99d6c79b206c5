//! A range of bytes, and whose lock it is.

/// A locked range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The file object's address.
    pub owner: usize,
    /// Its first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Nobody else may read there.
    pub exclusive: bool,
}

impl Lock {
    /// The position behind its last byte.
    pub fn end(&self) -> u128 {
        u128::from(self.start) + u128::from(self.length)
    }

    /// Whether it has a byte in common with a range.
    pub fn overlaps(&self, start: u64, length: u64) -> bool {
        let end = u128::from(start) + u128::from(length);
        self.length > 0 && length > 0 && u128::from(self.start) < end && u128::from(start) < self.end()
    }

    /// Whether another lock may not be there beside this one.
    pub fn excludes(&self, other: &Self) -> bool {
        let both = other.exclusive || self.exclusive && self.owner != other.owner;
        both && self.overlaps(other.start, other.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(owner: usize, start: u64, length: u64, exclusive: bool) -> Lock {
        Lock { owner, start, length, exclusive }
    }

    #[test]
    fn ranges_overlap_where_they_have_a_byte_in_common() {
        let held = lock(1, 10, 10, true);
        let rows = [(0, 10, false), (0, 11, true), (19, 1, true), (20, 5, false), (15, 0, false), (0, u64::MAX, true), (u64::MAX, u64::MAX, false)];
        for (start, length, overlaps) in rows {
            assert_eq!(held.overlaps(start, length), overlaps, "{start} {length}");
        }
        assert!(lock(1, u64::MAX, 2, true).overlaps(u64::MAX, 1));
    }

    #[test]
    fn shared_locks_bear_each_other_and_their_owners_exclusive_one() {
        let (shared, exclusive) = (lock(1, 0, 4, false), lock(1, 0, 4, true));
        assert!(!shared.excludes(&lock(2, 0, 4, false)));
        assert!(shared.excludes(&lock(2, 0, 4, true)));
        assert!(shared.excludes(&lock(1, 0, 4, true)));
        assert!(exclusive.excludes(&lock(2, 0, 4, false)));
        assert!(!exclusive.excludes(&lock(1, 0, 4, false)));
        assert!(exclusive.excludes(&lock(1, 0, 4, true)));
    }
}
