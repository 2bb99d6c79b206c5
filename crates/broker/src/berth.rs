//! Numbers of processes, as Windows programs see them: each is given to one process at a time, and there are so many at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The most processes of a sandbox.
pub const MOST: usize = 512;
/// A process numbers its own threads; the next process starts far above them.
const STEP: u32 = 0x1_0000;

/// The numbers that are taken.
#[derive(Debug)]
pub struct Berths(Arc<Mutex<Taken>>);

#[derive(Debug)]
struct Taken {
    next: u32,
    numbers: HashSet<u32>,
}

/// A process's number, which is its own as long as this is there.
#[derive(Debug)]
pub struct Berth {
    /// The number: a multiple of 4, as on Windows. Its first thread has the next one.
    pub id: u32,
    all: Arc<Mutex<Taken>>,
}

impl Default for Berths {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Taken { next: 0x100, numbers: HashSet::new() })))
    }
}

impl Berths {
    /// A number that nobody has, unless there are too many processes. What has ended may still be known by its number: `is_known`.
    pub fn take(&self, is_known: impl Fn(u32) -> bool) -> Option<Berth> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.numbers.len() >= MOST {
            return None;
        }
        // All numbers there are, once round.
        for _ in 0..u32::MAX / STEP {
            let id = taken.next;
            taken.next = id.wrapping_add(STEP);
            if !is_known(id) && taken.numbers.insert(id) {
                return Some(Berth { id, all: Arc::clone(&self.0) });
            }
        }
        None
    }
}

impl Berth {
    /// The number of its first thread.
    pub const fn thread(&self) -> u32 {
        self.id + 4
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).numbers.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_round_and_pass_over_those_that_are_taken_or_known() {
        let berths = Berths::default();
        let first = berths.take(|_| false).unwrap();
        let mut known = 0;
        for turn in 0..200_000 {
            let berth = berths.take(|id| id == known).unwrap();
            assert_ne!(berth.id, first.id, "it is the first one's");
            if turn == 5 {
                known = berth.id;
            }
            assert!(turn <= 5 || berth.id != known, "somebody may still ask about that one");
        }
    }

    #[test]
    fn there_are_so_many_at_once_and_no_more() {
        let berths = Berths::default();
        let mut all: Vec<Berth> = std::iter::from_fn(|| berths.take(|_| false)).collect();
        assert_eq!(all.len(), MOST);
        all.pop();
        assert!(berths.take(|_| false).is_some());
    }
}
