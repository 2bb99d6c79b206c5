//! Waiting: for objects, for a value in the guest's memory, for time.

use crate::gate::{Answer, Serve};
use crate::handle::{self, Target};
use crate::object::{Object, Taken};
use crate::{thread, time, user};
use gate::service::{Delay, Wait, WaitAddress, WakeAddress};
use rustix::io::Errno;
use rustix::thread::futex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ABANDONED_WAIT_0, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER, STATUS_NO_YIELD_PERFORMED,
    STATUS_OBJECT_TYPE_MISMATCH, STATUS_TIMEOUT, STATUS_WAIT_0,
};
use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
use windows_sys::Win32::System::SystemServices::MAXIMUM_WAIT_OBJECTS;

impl Serve for Wait {
    fn serve(&mut self) -> Answer {
        if self.count == 0 || self.count > MAXIMUM_WAIT_OBJECTS {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let mut numbers = [0_u8; 8 * MAXIMUM_WAIT_OBJECTS as usize];
        let numbers = &mut numbers[..8 * self.count as usize];
        user::read_bytes(self.handles, numbers)?;
        let objects = numbers.as_chunks().0.iter().map(|bytes| waitable(u64::from_le_bytes(*bytes))).collect::<Result<Vec<_>, _>>()?;
        let deadline = time::Deadline::new(self.timed != 0, self.timeout);
        let status = if self.all != 0 && objects.len() > 1 { all(&objects, deadline) } else { any(&objects, deadline) };
        if status == STATUS_WAIT_0 { Ok(()) } else { Err(status) }
    }
}

/// The object to wait for behind a handle.
fn waitable(handle: u64) -> Result<Arc<Object>, NTSTATUS> {
    match handle::target(handle)? {
        Target::Local(object, access) if access & SYNCHRONIZE != 0 => match object.body {
            crate::object::Body::Section(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
            _ => Ok(object),
        },
        Target::Local(..) => Err(STATUS_ACCESS_DENIED),
        // A synchronous file is signalled whenever nothing is under way on it, and here nothing ever is.
        Target::File(_) => crate::process::signalled(),
    }
}

fn any(objects: &[Arc<Object>], deadline: time::Deadline) -> NTSTATUS {
    let me = thread::id();
    loop {
        let mut words = Vec::with_capacity(objects.len());
        for (index, object) in objects.iter().enumerate() {
            match object.try_take(me) {
                Taken::Yes => return STATUS_WAIT_0 + index as NTSTATUS,
                Taken::Abandoned => return STATUS_ABANDONED_WAIT_0 + index as NTSTATUS,
                Taken::NotWhile(value) => words.push((object.word(), value)),
            }
        }
        if !sleep(&words, deadline) {
            return STATUS_TIMEOUT;
        }
    }
}

/// Takes all or nothing: where one is not signalled, those taken before it are given back, and that one is waited for.
fn all(objects: &[Arc<Object>], deadline: time::Deadline) -> NTSTATUS {
    let me = thread::id();
    'again: loop {
        let mut abandoned = None;
        for (index, object) in objects.iter().enumerate() {
            match object.try_take(me) {
                Taken::Yes => {}
                Taken::Abandoned => abandoned = abandoned.or(Some(index)),
                Taken::NotWhile(value) => {
                    objects[..index].iter().for_each(|taken| taken.untake(me));
                    if !sleep(&[(object.word(), value)], deadline) {
                        return STATUS_TIMEOUT;
                    }
                    continue 'again;
                }
            }
        }
        return abandoned.map_or(STATUS_WAIT_0, |index| STATUS_ABANDONED_WAIT_0 + index as NTSTATUS);
    }
}

/// Sleeps until one of the words may have changed. False when the time is over.
fn sleep(words: &[(&AtomicU32, u32)], deadline: time::Deadline) -> bool {
    let Some(limit) = deadline.timespec() else { return false };
    let limit = limit.as_ref();
    let slept = match words {
        [(word, value)] => match limit {
            None => futex::wait(word, futex::Flags::PRIVATE, *value, None),
            Some(limit) => futex::wait_bitset(word, futex::Flags::PRIVATE, *value, Some(limit), std::num::NonZeroU32::MAX),
        },
        words => {
            let waiters: Vec<futex::Wait> = words
                .iter()
                .map(|(word, value)| {
                    let mut waiter = futex::Wait::new();
                    waiter.val = u64::from(*value);
                    waiter.uaddr = futex::WaitPtr::new(word.as_ptr().cast());
                    waiter.flags = futex::WaitFlags::SIZE_U32 | futex::WaitFlags::PRIVATE;
                    waiter
                })
                .collect();
            futex::waitv(&waiters, futex::WaitvFlags::empty(), limit, rustix::time::ClockId::Monotonic).map(|_| ())
        }
    };
    slept != Err(Errno::TIMEDOUT)
}

impl Serve for WaitAddress {
    fn serve(&mut self) -> Answer {
        let same = |request: &Self| -> Result<bool, NTSTATUS> {
            Ok(match request.size {
                1 => u64::from(user::read::<u8>(request.address)?) == request.value & 0xFF,
                2 => u64::from(user::read::<u16>(request.address)?) == request.value & 0xFFFF,
                4 => u64::from(user::read::<u32>(request.address)?) == request.value & 0xFFFF_FFFF,
                8 => user::read::<u64>(request.address)? == request.value,
                _ => return Err(STATUS_INVALID_PARAMETER),
            })
        };
        let queue = queue(self.address);
        let seen = queue.load(Ordering::Acquire);
        let deadline = time::Deadline::new(self.timed != 0, self.timeout);
        if same(self)? && !sleep(&[(queue, seen)], deadline) {
            return Err(STATUS_TIMEOUT);
        }
        Ok(())
    }
}

impl Serve for WakeAddress {
    fn serve(&mut self) -> Answer {
        let queue = queue(self.address);
        queue.fetch_add(1, Ordering::AcqRel);
        // Several addresses share a queue: only a wake-up of all of its sleepers is sure to reach the right one.
        futex::wake(queue, futex::Flags::PRIVATE, i32::MAX as u32).map(|_| ()).map_err(|_| STATUS_ACCESS_VIOLATION)
    }
}

/// The queue that waiters on an address sleep in. Its word counts wake-ups: who read it before checking the value
/// cannot miss one.
fn queue(address: u64) -> &'static AtomicU32 {
    static QUEUES: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];
    &QUEUES[(address >> 2).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 56]
}

impl Serve for Delay {
    fn serve(&mut self) -> Answer {
        if self.timeout == 0 {
            let start = time::stamp();
            rustix::thread::sched_yield();
            // The host does not say whether another thread ran; a call that took that long came back from one.
            return if time::stamp() - start > time::SWITCH { Ok(()) } else { Err(STATUS_NO_YIELD_PERFORMED) };
        }
        static NEVER: AtomicU32 = AtomicU32::new(0);
        let deadline = time::Deadline::new(true, self.timeout);
        while sleep(&[(&NEVER, 0)], deadline) {}
        Ok(())
    }
}
