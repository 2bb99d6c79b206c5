//! The posted ring: handles that a client has let go of, which the broker closes when it next looks.
//!
//! One thread posts; any thread of the broker that holds the channel's lock drains. The indices lie in hostile memory:
//! whatever they say, at most [`CAPACITY`] entries are read per draining.

use crate::park::{AtomicU32, Ordering};

/// How many entries fit.
pub const CAPACITY: u32 = 64;

/// The ring as it lies in shared memory.
#[repr(C)]
pub struct Ring {
    head: AtomicU32,
    tail: AtomicU32,
    entries: [AtomicU32; CAPACITY as usize],
}

impl Ring {
    /// Posts a value; false when the ring is full.
    pub fn post(&self, value: u32) -> bool {
        let head = self.head.load(Ordering::Relaxed);
        if head.wrapping_sub(self.tail.load(Ordering::Acquire)) >= CAPACITY {
            return false;
        }
        self.entries[(head % CAPACITY) as usize].store(value, Ordering::Relaxed);
        self.head.store(head.wrapping_add(1), Ordering::Release);
        true
    }

    /// Takes what was posted. `tail` is the broker's own count, which the client cannot change.
    pub fn drain(&self, tail: &mut u32, mut take: impl FnMut(u32)) {
        let posted = self.head.load(Ordering::Acquire).wrapping_sub(*tail).min(CAPACITY);
        for _ in 0..posted {
            take(self.entries[(*tail % CAPACITY) as usize].load(Ordering::Relaxed));
            *tail = tail.wrapping_add(1);
        }
        if posted > 0 {
            self.tail.store(*tail, Ordering::Release);
        }
    }

    #[cfg(test)]
    fn empty() -> Self {
        Self { head: AtomicU32::new(0), tail: AtomicU32::new(0), entries: std::array::from_fn(|_| AtomicU32::new(0)) }
    }
}

/// Whether anybody will look at the ring before the client's next request.
#[repr(C)]
pub struct Rest(AtomicU32);

impl Rest {
    /// Nobody will, from here on: what was posted before must be drained after this.
    pub fn begin(&self) {
        // A swap, as the other side's look is one: whichever comes second sees the first.
        self.0.swap(1, Ordering::AcqRel);
    }

    /// Somebody will.
    pub fn end(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Whether nobody will. Asked after posting, a no means that what was posted is going to be seen.
    pub fn has_begun(&self) -> bool {
        self.0.fetch_or(0, Ordering::AcqRel) != 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn drained(ring: &Ring, tail: &mut u32) -> Vec<u32> {
        let mut values = Vec::new();
        ring.drain(tail, |value| values.push(value));
        values
    }

    #[test]
    fn values_come_in_order_and_a_full_ring_says_so() {
        let (ring, mut tail) = (Ring::empty(), 0);
        assert!((0..CAPACITY).all(|value| ring.post(value)));
        assert!(!ring.post(99));
        assert_eq!(drained(&ring, &mut tail), (0..CAPACITY).collect::<Vec<_>>());
        assert!(ring.post(7));
        assert_eq!(drained(&ring, &mut tail), [7]);
    }

    #[test]
    fn a_hostile_head_costs_one_ring_at_most() {
        let (ring, mut tail) = (Ring::empty(), 0);
        ring.head.store(u32::MAX, Ordering::Relaxed);
        assert_eq!(drained(&ring, &mut tail).len(), CAPACITY as usize);
    }
}

#[cfg(all(test, loom))]
mod tests {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn what_is_posted_is_seen_whole() {
        loom::model(|| {
            let ring = Arc::new(Ring::empty());
            let poster = {
                let ring = Arc::clone(&ring);
                loom::thread::spawn(move || assert!(ring.post(41) && ring.post(42)))
            };
            let (mut tail, mut seen) = (0, Vec::new());
            ring.drain(&mut tail, |value| seen.push(value));
            poster.join().unwrap();
            ring.drain(&mut tail, |value| seen.push(value));
            assert_eq!(seen, [41, 42]);
        });
    }

    /// A server that goes to rest while a client posts: either it takes the value, or the client knows that nobody will.
    #[test]
    fn nothing_is_posted_to_a_server_that_rests() {
        loom::model(|| {
            let shared = Arc::new((Ring::empty(), Rest(AtomicU32::new(0))));
            let poster = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    assert!(shared.0.post(41));
                    shared.1.has_begun()
                })
            };
            let (mut tail, mut seen) = (0, Vec::new());
            shared.1.begin();
            shared.0.drain(&mut tail, |value| seen.push(value));
            let knows = poster.join().unwrap();
            assert!(knows || seen == [41], "the value stays, and nobody knows");
        });
    }
}
