//! Sleeping for one of several parties: a client's thread arms the alarm, tells whoever may end its sleep, and sleeps; of all who
//! want to settle it, the broker and threads of the client's own process alike, exactly one does.
//!
//! The word holds the number of the sleep and how it was settled. Who settles names the sleep that is meant, so that a late one
//! changes nothing. The word lies in hostile memory: it decides what a process believes that it was given, and nothing else.

use crate::park::{AtomicU32, Ordering};

/// How a sleep was settled: the word's lowest byte. Other values are the client's own.
pub mod code {
    /// Not yet.
    pub const ARMED: u8 = 0;
    /// Beyond the last place among the objects of a wait: `1 + place` says that the object there was given.
    pub const GIVEN_END: u8 = 0x41;
    /// Added to the above: the object's former owner has ended.
    pub const ABANDONED: u8 = 0x40;
    /// Something has changed: the wait is to be tried again.
    pub const AGAIN: u8 = 0xFD;
}

/// An alarm as it lies in shared memory.
#[repr(C)]
pub struct Word(AtomicU32);

impl Word {
    /// Begins another sleep; answers its number. The client's.
    pub fn arm(&self) -> u32 {
        let sleep = (self.0.load(Ordering::Relaxed) & !0xFF).wrapping_add(0x100);
        self.0.store(sleep, Ordering::SeqCst);
        sleep
    }

    /// Ends a sleep that somebody may still want to settle.
    pub fn settle(&self, sleep: u32, code: u8) -> bool {
        let settled = sleep & !0xFF | u32::from(code);
        self.0.compare_exchange(sleep & !0xFF, settled, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// How a sleep was settled, [`code::ARMED`] while it is not.
    pub fn settled(&self, sleep: u32) -> u8 {
        let word = self.0.load(Ordering::SeqCst);
        if word & !0xFF == sleep & !0xFF { word as u8 } else { code::AGAIN }
    }

    /// The word itself, for futexes.
    pub const fn get(&self) -> &AtomicU32 {
        &self.0
    }

    #[cfg(test)]
    fn new() -> Self {
        Self(AtomicU32::new(0))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_late_one_changes_nothing() {
        let word = Word::new();
        let first = word.arm();
        assert_eq!(word.settled(first), code::ARMED);
        assert!(word.settle(first, 3));
        assert!(!word.settle(first, 4));
        assert_eq!(word.settled(first), 3);
        let second = word.arm();
        assert!(!word.settle(first, 5));
        assert_eq!(word.settled(second), code::ARMED);
        assert!(word.settle(second, code::AGAIN));
    }

    #[test]
    fn the_number_of_a_sleep_comes_round() {
        let word = Word::new();
        word.get().store(0xFFFF_FF07, Ordering::Relaxed);
        let sleep = word.arm();
        assert_eq!(sleep, 0);
        assert!(word.settle(sleep, 1));
    }
}

#[cfg(all(test, loom))]
mod tests {
    use super::*;
    use crate::park::Park;
    use crate::park::loom_park::LoomPark;
    use loom::sync::Arc;
    use loom::thread;

    /// Two parties settle one sleep: the sleeper wakes, and exactly one of them has done it.
    #[test]
    fn one_party_settles_and_the_sleeper_wakes() {
        loom::model(|| {
            let shared = Arc::new((Word::new(), LoomPark::new()));
            let sleep = shared.0.arm();
            let settle = |code| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let done = shared.0.settle(sleep, code);
                    if done {
                        shared.1.wake(shared.0.get());
                    }
                    done
                })
            };
            let parties = [settle(1), settle(2)];
            while shared.0.settled(sleep) == code::ARMED {
                shared.1.sleep(shared.0.get(), sleep);
            }
            let code = shared.0.settled(sleep);
            let done = parties.map(|party| party.join().unwrap());
            assert_eq!(done, [code == 1, code == 2]);
        });
    }
}
