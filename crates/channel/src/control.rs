//! A channel's shared memory: turn, processors, frame, posted ring, payload.

use crate::alarm::Word;
use crate::memory::Mapping;
use crate::park::{AtomicU32, Futex, Ordering, Park};
use crate::ring::{Rest, Ring};
use crate::turn::{Side, Waited};
use crate::{cpu, turn};
use protocol::{Frame, PAYLOAD};
use std::sync::Arc;
use zerocopy::{FromZeros, IntoBytes};

/// Bytes of a channel.
pub const SIZE: usize = FRAME + 0x800 + PAYLOAD;
const FRAME: usize = 0x800;
const PAYLOADS: usize = 0x1000;

/// The words that both sides change.
#[repr(C)]
struct Words {
    turn: AtomicU32,
    /// The processor that each side last ran on: client, server.
    processor: [AtomicU32; 2],
    /// The server looks at nothing before the next request.
    rest: Rest,
    /// What the client's thread sleeps on in waits that others end.
    alarm: Word,
    spare: [AtomicU32; 11],
    ring: Ring,
}

/// One side's view of a channel.
pub struct Control {
    memory: Mapping,
    side: Side,
}

impl Control {
    pub fn new(memory: Mapping, side: Side) -> Option<Self> {
        (memory.size() >= SIZE).then_some(Self { memory, side })
    }

    fn words(&self) -> &Words {
        // SAFETY: `Words` consists of atomics only.
        unsafe { self.memory.at(0) }
    }

    pub fn rest(&self) -> &Rest {
        &self.words().rest
    }

    fn alarm(&self) -> &Word {
        &self.words().alarm
    }

    pub fn ring(&self) -> &Ring {
        &self.words().ring
    }

    /// Copies the frame out of the shared memory.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::new_zeroed();
        self.memory.read(FRAME, frame.as_mut_bytes());
        frame
    }

    pub fn put_frame(&self, frame: &Frame) {
        self.memory.write(FRAME, frame.as_bytes());
    }

    /// Copies a payload out; its length is cut to what fits.
    pub fn payload(&self, length: u32, into: &mut Vec<u8>) {
        into.resize((length as usize).min(PAYLOAD), 0);
        self.memory.read(PAYLOADS, into);
    }

    /// Copies a payload in. Panics when it does not fit: a bug of the caller.
    pub fn put_payload(&self, payload: &[u8]) {
        self.memory.write(PAYLOADS, payload);
    }

    pub fn hand_over(&self) {
        self.words().processor[self.side as usize].store(cpu::current(), Ordering::Relaxed);
        turn::hand_over(&self.words().turn, self.side, &Futex::default());
    }

    /// Waits for this side's turn: spins while the peer runs on another processor, then sleeps.
    pub fn wait(&self, park: Futex) -> Waited {
        let words = self.words();
        if let Some(waited) = turn::poll(&words.turn, self.side) {
            return waited;
        }
        let peer = words.processor[1 - self.side as usize].load(Ordering::Relaxed);
        if peer != cpu::current() && cpu::spin(|| turn::poll(&words.turn, self.side).is_some()) {
            return turn::poll(&words.turn, self.side).unwrap_or(Waited::TimedOut);
        }
        turn::wait(&words.turn, self.side, &park)
    }

    pub fn close(&self) {
        turn::close(&self.words().turn, &Futex::default());
    }
}

/// A channel's alarm, on which a thread sleeps that several parties may wake: each side has it, and the client's other threads too.
#[derive(Clone)]
pub struct Alarm(Arc<Control>);

impl std::fmt::Debug for Alarm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Alarm").field(&self.number()).finish()
    }
}

impl Alarm {
    pub(crate) const fn of(control: Arc<Control>) -> Self {
        Self(control)
    }

    /// Begins another sleep; answers its number.
    pub fn arm(&self) -> u32 {
        self.0.alarm().arm()
    }

    /// Ends a sleep, unless it is another one by now or somebody else has settled it. Whoever sleeps is woken by [`Alarm::wake`].
    pub fn settle(&self, sleep: u32, code: u8) -> bool {
        self.0.alarm().settle(sleep, code)
    }

    /// How a sleep was settled: [`crate::code`].
    pub fn settled(&self, sleep: u32) -> u8 {
        self.0.alarm().settled(sleep)
    }

    /// Lets the sleeper look.
    pub fn wake(&self) {
        Futex::default().wake(self.0.alarm().get());
    }

    /// The word to sleep on, which holds the sleep's number while it is not settled.
    pub fn word(&self) -> &AtomicU32 {
        self.0.alarm().get()
    }

    /// What tells the alarms of living channels apart.
    pub fn number(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}
