//! The gate's services for completion ports.

use super::{MINE, MODIFY_STATE, Port, Seat, Served, give_place, note, port, post};
use crate::object::{Body, Object};
use crate::serve::{Answer, Serve};
use crate::time::Deadline;
use crate::{handle, user, waiting};
use gate::service::{Packet, PostCompletion, TakeCompletions};
use std::sync::{Arc, Mutex};
use windows_sys::Win32::Foundation::{
    STATUS_ABANDONED_WAIT_0, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_TIMEOUT, STATUS_WAIT_0,
};

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
        let status = waiting::wait(vec![Arc::clone(&event)], false, alertable, deadline);
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
