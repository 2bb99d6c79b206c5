//! The cells of local objects and the map of handles, on which `ntdll` works by itself where nobody waits. Both are the
//! process's own memory, which the guest can forge: they say what an object's state is, and grant nothing.

use crate::map::{HANDLES, OBJECTS};

/// Bytes of a cell: one cache line, so that neighbours do not disturb each other.
pub const SIZE: u64 = 64;
/// Where a cell's limit lies (semaphores), in bytes from its word.
pub const LIMIT: usize = 8;
/// Where a cell's depth lies (mutants): how often the owner holds it, which only the owner changes.
pub const DEPTH: usize = 12;

/// A word's bits that are the state.
pub const STATE: u64 = 0xFFFF_FFFF;
/// A word's bit that says that somebody waits: changes go through the dispatcher.
pub const WAITERS: u64 = 1 << 32;
/// A word's bit that says that the dispatcher works on it.
pub const LOCKED: u64 = 1 << 33;
/// A word's bits that count the objects that have had the cell; a handle's entry has those of its own.
pub const GENERATION: u64 = !(STATE | WAITERS | LOCKED);
/// One more object.
pub const NEXT_GENERATION: u64 = 1 << 34;

/// A mutant's bit that says that its last owner ended without releasing it; threads' numbers are multiples of 4.
pub const ABANDONED: u32 = 1;

/// An entry's bits that are the cell's number.
pub const CELL: u64 = 0xF_FFFF;
/// Where an entry's kind starts.
pub const KIND_SHIFT: u32 = 20;
/// An entry's bits that are the kind.
pub const KIND: u64 = 7 << KIND_SHIFT;
/// An entry's bit that grants waiting.
pub const MAY_WAIT: u64 = 1 << 23;
/// An entry's bit that grants changing the state.
pub const MAY_CHANGE: u64 = 1 << 24;

/// An event that stays signalled.
pub const MANUAL_EVENT: u64 = 1 << KIND_SHIFT;
/// An event that is reset by the wait that it ends.
pub const AUTO_EVENT: u64 = 2 << KIND_SHIFT;
/// A semaphore.
pub const SEMAPHORE: u64 = 3 << KIND_SHIFT;
/// A mutant.
pub const MUTANT: u64 = 4 << KIND_SHIFT;

/// Where a cell lies.
pub const fn address(cell: u64) -> u64 {
    OBJECTS + cell * SIZE
}

/// Where a handle's entry lies; `None` for one that is not in the map.
pub const fn entry(handle: u64) -> Option<u64> {
    const MOST: u64 = crate::map::HANDLES_SIZE / 8;
    let index = handle >> 2;
    if index == 0 || index >= MOST { None } else { Some(HANDLES + index * 8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_numbers_are_in_the_map() {
        assert_eq!(entry(0), None);
        assert_eq!(entry(3), None);
        assert_eq!(entry(4), Some(HANDLES + 8));
        assert_eq!(entry(7), Some(HANDLES + 8));
        assert_eq!(entry(0x40_0000), None);
        assert_eq!(entry(u64::MAX), None);
    }

    #[test]
    fn bits_do_not_meet() {
        let fields = [CELL, KIND, MAY_WAIT, MAY_CHANGE, GENERATION];
        for (index, field) in fields.iter().enumerate() {
            assert!(fields[..index].iter().all(|other| other & field == 0));
        }
        const { assert!(crate::map::OBJECTS_SIZE / SIZE <= CELL) };
    }
}
