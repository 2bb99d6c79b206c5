//! Whose turn it is: one word that both sides change, and how each waits for it.
//!
//! The word holds whose turn it is and whether the other side sleeps. A side hands over with one swap, and wakes the
//! other side only if the swap shows that it sleeps. A side goes to sleep with one compare-and-swap, which fails when
//! the turn has come meanwhile: no wake-up can be lost, whatever the interleaving (tested with loom).

use crate::park::{AtomicU32, Ordering, Park};

/// The client's turn: no request, or a reply is ready.
const CLIENT: u32 = 0;
/// The server's turn: a request is ready.
const SERVER: u32 = 1;
/// The broker has closed the channel; nothing follows.
const CLOSED: u32 = 2;
/// The side whose turn it is not sleeps.
const ASLEEP: u32 = 0x100;

/// One side of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The sandbox process's thread.
    Client,
    /// The broker's thread.
    Server,
}

impl Side {
    const fn turn(self) -> u32 {
        match self {
            Self::Client => CLIENT,
            Self::Server => SERVER,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is this side's turn.
    Turn,
    /// The channel is closed.
    Closed,
    /// The time is over.
    TimedOut,
}

/// Hands the turn to the other side, and wakes it if it sleeps.
pub fn hand_over<P: Park>(word: &AtomicU32, side: Side, park: &P) {
    let before = word.swap(side.other().turn(), Ordering::AcqRel);
    if before & ASLEEP != 0 {
        park.wake(word);
    }
}

/// Closes the channel, and wakes whoever sleeps.
pub fn close<P: Park>(word: &AtomicU32, park: &P) {
    word.swap(CLOSED, Ordering::AcqRel);
    park.wake(word);
}

/// Whether it is this side's turn, without waiting.
pub fn poll(word: &AtomicU32, side: Side) -> Option<Waited> {
    match word.load(Ordering::Acquire) & !ASLEEP {
        turn if turn == side.turn() => Some(Waited::Turn),
        CLOSED => Some(Waited::Closed),
        _ => None,
    }
}

/// Sleeps until it is this side's turn. A word that holds nonsense (only a hostile client writes that) counts as the
/// other side's turn.
pub fn wait<P: Park>(word: &AtomicU32, side: Side, park: &P) -> Waited {
    loop {
        if let Some(waited) = poll(word, side) {
            return waited;
        }
        let turn = side.other().turn();
        let asleep = turn | ASLEEP;
        let now = word.compare_exchange(turn, asleep, Ordering::AcqRel, Ordering::Acquire).map_or_else(|now| now, |_| asleep);
        // Between the poll and here the other side may have handed over and gone to sleep itself.
        if now & !ASLEEP == side.turn() || now == CLOSED {
            continue;
        }
        if !park.sleep(word, now) {
            return poll(word, side).unwrap_or(Waited::TimedOut);
        }
    }
}

#[cfg(all(test, loom))]
mod tests {
    use super::*;
    use crate::park::loom_park::LoomPark;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicU32 as Cell;
    use loom::thread;

    /// Two rounds: each side must see the other's data, and neither may sleep for ever.
    #[test]
    fn no_wake_up_is_lost() {
        loom::model(|| {
            let shared = Arc::new((AtomicU32::new(CLIENT), Cell::new(0), LoomPark::new()));
            let server = {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let (word, data, park) = &*shared;
                    for round in 1..=2 {
                        assert_eq!(wait(word, Side::Server, park), Waited::Turn);
                        assert_eq!(data.load(Ordering::Relaxed), 2 * round - 1);
                        data.store(2 * round, Ordering::Relaxed);
                        hand_over(word, Side::Server, park);
                    }
                })
            };
            let (word, data, park) = &*shared;
            for round in 1..=2 {
                data.store(2 * round - 1, Ordering::Relaxed);
                hand_over(word, Side::Client, park);
                assert_eq!(wait(word, Side::Client, park), Waited::Turn);
                assert_eq!(data.load(Ordering::Relaxed), 2 * round);
            }
            server.join().unwrap();
        });
    }

    /// A third party closes the channel while both sides use it: both learn of it.
    #[test]
    fn closing_wakes_a_sleeping_server() {
        loom::model(|| {
            let shared = Arc::new((AtomicU32::new(CLIENT), LoomPark::new()));
            let server = {
                let shared = Arc::clone(&shared);
                thread::spawn(move || wait(&shared.0, Side::Server, &shared.1))
            };
            close(&shared.0, &shared.1);
            assert_eq!(server.join().unwrap(), Waited::Closed);
        });
    }
}
