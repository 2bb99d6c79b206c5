//! Completion ports: a queue of packets, and the threads that wait for one, the last that came first.

mod service;

use crate::object::{Object, Part};
use crate::serve::Answer;
use crate::{dispatch, processor};
use gate::service::Packet;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_OBJECT_TYPE_MISMATCH};

/// The right to post to a port, and to take from it (`IO_COMPLETION_MODIFY_STATE`).
pub const MODIFY_STATE: u32 = 2;

/// A completion port.
#[derive(Debug)]
pub struct Port {
    /// How many threads may run with its packets.
    limit: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Packet>,
    /// Who waits; the last one is served first.
    waiting: Vec<Arc<Seat>>,
    /// How many threads run that took from it last, and do not wait for anything.
    running: u32,
    /// Its last handle is closed.
    closed: bool,
}

/// A waiting thread's place.
#[derive(Debug)]
struct Seat {
    /// What the thread waits for: set once the place is served.
    event: Arc<Object>,
    served: Mutex<Option<Served>>,
}

#[derive(Clone, Copy, Debug)]
enum Served {
    Packet(Packet),
    Closed,
}

impl Seat {
    fn served(&self) -> MutexGuard<'_, Option<Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, what: Served) {
        *self.served() = Some(what);
        let _ = self.event.set();
    }
}

/// What the calling thread has to do with ports.
#[derive(Default)]
struct Mine {
    /// The port that it took from last, and runs for.
    port: Option<Arc<Object>>,
    /// What it waits for at a port.
    event: Option<Arc<Object>>,
    /// What it took; its room is used again.
    packets: Vec<Packet>,
}

thread_local! {
    static MINE: RefCell<Mine> = RefCell::default();
}

impl Port {
    /// A port for so many running threads; 0 is as many as there are processors.
    pub fn new(limit: u32) -> Self {
        let limit = if limit == 0 { processor::process_mask().count_ones() } else { limit };
        Self { limit: limit.max(1), state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part for Port {
    /// Nobody will post any more for those who wait.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for seat in state.waiting.drain(..) {
            seat.serve(Served::Closed);
        }
    }

    /// How many packets wait.
    fn count(&self) -> Option<u32> {
        Some(self.lock().queue.len() as u32)
    }
}

impl State {
    /// Gives packets to waiting threads as long as there are both, and room to run.
    fn settle(&mut self, port: &Object, limit: u32) {
        while self.running < limit && !self.queue.is_empty() {
            let Some(seat) = self.waiting.pop() else { break };
            let Some(packet) = self.queue.pop_front() else { break };
            self.running += 1;
            seat.serve(Served::Packet(packet));
        }
        note(port, !self.queue.is_empty());
    }

    /// Takes what there is, as much as fits.
    fn take(&mut self, packets: &mut Vec<Packet>, most: usize) {
        while packets.len() < most
            && let Some(packet) = self.queue.pop_front()
        {
            packets.push(packet);
        }
    }
}

/// Lets those who wait for a port's handle know whether there are packets.
fn note(port: &Object, some: bool) {
    if (port.unlocked() as u32 != 0) != some {
        let _ = dispatch::signal(port, |_| Ok::<u32, NTSTATUS>(some.into()), false);
    }
}

/// The port that an object is.
fn port(object: &Object) -> Result<&Port, NTSTATUS> {
    object.part().ok_or(STATUS_OBJECT_TYPE_MISMATCH)
}

/// Posts a packet.
pub fn post(object: &Object, packet: Packet) -> Answer {
    let port = port(object)?;
    let mut state = port.lock();
    state.queue.push_back(packet);
    state.settle(object, port.limit);
    Ok(())
}

/// The calling thread no longer runs for the port that it took from last.
pub fn leave() {
    if let Some(object) = MINE.with_borrow_mut(|mine| mine.port.take()) {
        give_place(&object);
    }
}

fn give_place(object: &Object) {
    if let Ok(port) = port(object) {
        let mut state = port.lock();
        state.running = state.running.saturating_sub(1);
        state.settle(object, port.limit);
    }
}

/// The calling thread's place at its port, which another may have while it sleeps.
pub struct Place(Option<Arc<Object>>);

/// Gives the calling thread's place at its port to another for the time that it sleeps.
pub fn step_aside() -> Place {
    // Signals and thread ends may come here while the place is held elsewhere: there is none to give then.
    let object = MINE.try_with(|mine| mine.try_borrow().ok().and_then(|mine| mine.port.clone())).ok().flatten();
    if let Some(object) = &object {
        give_place(object);
    }
    Place(object)
}

impl Drop for Place {
    fn drop(&mut self) {
        // More may run for a while than the port allows, as on Windows.
        if let Some(Ok(port)) = self.0.as_deref().map(port) {
            port.lock().running += 1;
        }
    }
}
