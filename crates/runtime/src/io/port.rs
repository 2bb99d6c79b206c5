//! Completion ports: a queue of packets, and the threads that wait for one, the last that came first.

use crate::gate::{Answer, Serve};
use crate::handle;
use crate::object::{Body, Object};
use crate::time::Deadline;
use crate::{dispatch, user};
use gate::service::{Packet, PostCompletion, TakeCompletions};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ABANDONED_WAIT_0, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH, STATUS_TIMEOUT,
    STATUS_WAIT_0,
};

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
        let limit = if limit == 0 { crate::processor::process_mask().count_ones() } else { limit };
        Self { limit: limit.max(1), state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many packets wait.
    pub fn depth(&self) -> usize {
        self.lock().queue.len()
    }

    /// Its last handle is closed: nobody will post any more for those who wait.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for seat in state.waiting.drain(..) {
            seat.serve(Served::Closed);
        }
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
    if let Body::Completion(port) = &object.body { Ok(port) } else { Err(STATUS_OBJECT_TYPE_MISMATCH) }
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

/// Takes packets, and waits for the first of them. The calling thread then runs for this port.
fn take(object: &Arc<Object>, packets: &mut Vec<Packet>, most: usize, alertable: bool, deadline: Deadline) -> Answer {
    let port = port(object)?;
    let before = MINE.with_borrow_mut(|mine| mine.port.take());
    if let Some(other) = before.as_ref().filter(|other| !Arc::ptr_eq(other, object)) {
        give_place(other);
    }
    let stays = before.is_some_and(|before| Arc::ptr_eq(&before, object));
    let taken = wait(object, port, stays, (packets, most), alertable, deadline);
    MINE.with_borrow_mut(|mine| mine.port = Some(Arc::clone(object)));
    taken
}

/// As [`take`]; the calling thread counts as running for the port when this returns.
fn wait(object: &Arc<Object>, port: &Port, stays: bool, (packets, most): (&mut Vec<Packet>, usize), alertable: bool, deadline: Deadline) -> Answer {
    let mut state = port.lock();
    if stays {
        state.running = state.running.saturating_sub(1);
    }
    if state.running < port.limit {
        state.take(packets, most);
    }
    if !packets.is_empty() || state.closed || !alertable && matches!(deadline, Deadline::Now) {
        state.running += 1;
        note(object, !state.queue.is_empty());
        let failure = if state.closed { STATUS_ABANDONED_WAIT_0 } else { STATUS_TIMEOUT };
        return if packets.is_empty() { Err(failure) } else { Ok(()) };
    }
    let event = match MINE.with_borrow(|mine| mine.event.clone()) {
        Some(event) => event,
        None => match Object::new(Body::Event { manual: false }, 0) {
            Some(event) => event,
            None => {
                state.running += 1;
                return Err(STATUS_INSUFFICIENT_RESOURCES);
            }
        },
    };
    MINE.with_borrow_mut(|mine| mine.event = Some(Arc::clone(&event)));
    let seat = Arc::new(Seat { event: Arc::clone(&event), served: Mutex::new(None) });
    state.waiting.push(Arc::clone(&seat));
    // The caller's own place is free by now, and a packet may wait for it.
    state.settle(object, port.limit);
    drop(state);
    loop {
        let status = dispatch::wait(vec![Arc::clone(&event)], false, alertable, deadline);
        let mut state = port.lock();
        let served = seat.served().take();
        if let Some(served) = served {
            if status != STATUS_WAIT_0 {
                // It was served while its time ran out: the next wait must not see that.
                let _ = event.reset();
            }
            return match served {
                Served::Packet(packet) => {
                    packets.push(packet);
                    state.take(packets, most);
                    note(object, !state.queue.is_empty());
                    Ok(())
                }
                Served::Closed => {
                    state.running += 1;
                    Err(STATUS_ABANDONED_WAIT_0)
                }
            };
        }
        if status != STATUS_WAIT_0 {
            state.waiting.retain(|other| !Arc::ptr_eq(other, &seat));
            state.running += 1;
            return Err(status);
        }
    }
}

impl Serve for PostCompletion {
    fn serve(&mut self) -> Answer {
        post(&*handle::object(self.port, MODIFY_STATE)?, self.packet)
    }
}

impl Serve for TakeCompletions {
    fn serve(&mut self) -> Answer {
        /// More than this at once are left for the next call.
        const MOST: u32 = 4096;
        if self.count == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let object = handle::object(self.port, MODIFY_STATE)?;
        let deadline = Deadline::new(self.timed != 0, self.timeout);
        let mut packets = MINE.with_borrow_mut(|mine| std::mem::take(&mut mine.packets));
        packets.clear();
        let taken = take(&object, &mut packets, self.count.min(MOST) as usize, self.alertable != 0, deadline);
        let places = (self.packets..).step_by(size_of::<Packet>());
        let written = places.zip(&packets).try_for_each(|(place, packet)| user::write(place, packet));
        if written.is_err() {
            put_back(&object, &packets);
        }
        self.taken = packets.len() as u32;
        MINE.with_borrow_mut(|mine| mine.packets = packets);
        taken?;
        Ok(written?)
    }
}

/// Puts packets back that nobody could be given.
fn put_back(object: &Object, packets: &[Packet]) {
    if let Ok(port) = port(object) {
        let mut state = port.lock();
        packets.iter().rev().for_each(|packet| state.queue.push_front(*packet));
        state.settle(object, port.limit);
    }
}
