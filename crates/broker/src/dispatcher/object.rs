//! What the processes of a sandbox share under a name, and its state.

use super::job::Job;
use crate::life::Life;
use gate::cell::ABANDONED;
use gate::service::{ObjectKind, SignalKind};
use gate::state::Taking;
use protocol::message::{ObjectState, SharedObject};
use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_MUTANT_LIMIT_EXCEEDED, STATUS_MUTANT_NOT_OWNED, STATUS_OBJECT_TYPE_MISMATCH,
    STATUS_SEMAPHORE_LIMIT_EXCEEDED,
};

/// An object.
pub struct Object {
    /// Its name with the directory, UTF-16 as bytes; that of a process is none that a program could say.
    pub text: Vec<u8>,
    /// An [`ObjectKind`] as a number.
    pub kind: u32,
    /// What it is.
    pub body: Body,
    /// The processes that have it open, and how many opens each was told of.
    pub opens: HashMap<u32, u32>,
    /// Who waits for it, in the order in which the waits began: the number of the alarm, and the object's place in the wait.
    pub waiters: BTreeMap<u64, (usize, u8)>,
}

/// What an object is.
pub enum Body {
    /// Something that is waited for.
    Waitable(Waitable),
    /// Memory, or a file's bytes.
    Section(Section),
    /// Known to the one process alone that has the name: the kind is not shared.
    Private,
    /// A process, or its first thread: waited for until it has ended.
    Life(Waitable, Arc<Life>),
    /// A job: waited for until somebody has ended it.
    Job(Waitable, Job),
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waitable {
    /// What being given it does to the state.
    pub taking: Taking,
    /// The state. An owner is its process's number, and its own in the lower half.
    pub state: u64,
    /// Semaphores: the highest count. Events and timers: 1 where they are reset by hand.
    pub limit: u32,
    /// Timers: how often it was set or stopped.
    pub setting: u32,
    /// How often its owner has it.
    depth: u32,
}

/// A section.
pub struct Section {
    /// Bytes.
    pub size: u64,
    /// `PAGE_*`.
    pub protect: u32,
    /// `SEC_*`.
    pub attributes: u32,
    /// What views map.
    pub descriptor: Arc<OwnedFd>,
    /// Bytes of it that are nobody's file.
    pub memory: u64,
}

/// Who waits, or changes something: a thread of a process.
pub const fn owner(process: u32, thread: u32) -> u64 {
    (process as u64) << 32 | thread as u64
}

impl Waitable {
    /// A new one; numbers that no such object has are refused.
    pub fn new(kind: ObjectKind, initial: u32, limit: u32, creator: u64) -> Result<Self, NTSTATUS> {
        let (taking, state, limit) = match kind {
            ObjectKind::Event | ObjectKind::Timer if limit != 0 => (Taking::Keeps, u64::from(initial != 0), 1),
            ObjectKind::Event | ObjectKind::Timer => (Taking::Counts, u64::from(initial != 0), 0),
            ObjectKind::Semaphore if limit != 0 && limit <= i32::MAX as u32 && initial <= limit => (Taking::Counts, initial.into(), limit),
            ObjectKind::Mutant => (Taking::Owns, if initial != 0 { creator } else { 0 }, 0),
            ObjectKind::Process | ObjectKind::Thread | ObjectKind::Job => (Taking::Keeps, 0, 0),
            _ => return Err(STATUS_INVALID_PARAMETER),
        };
        Ok(Self { taking, state, limit, setting: 0, depth: u32::from(kind == ObjectKind::Mutant && initial != 0) })
    }

    /// Whether `owner` could be given it.
    pub const fn is_free(&self, owner: u64) -> bool {
        self.taking.after(self.state, owner).is_some()
    }

    /// Gives it to `owner`, who could be given it; whether its former owner had ended.
    pub fn take(&mut self, owner: u64) -> bool {
        let abandoned = self.taking.tells_of_abandonment(self.state);
        if let Some(state) = self.taking.after(self.state, owner) {
            self.state = state;
            self.depth += u32::from(self.taking == Taking::Owns);
        }
        abandoned
    }

    /// Signals it, before its waiters are served; what it was, as the function that asked tells it. `Pulse` leaves it signalled:
    /// [`Waitable::settle`] ends that.
    pub fn signal(&mut self, kind: ObjectKind, how: SignalKind, count: u32, owner: u64) -> Result<ObjectState, NTSTATUS> {
        let before = self.state as i32;
        match (how, kind) {
            (SignalKind::Set | SignalKind::Pulse, ObjectKind::Event) => self.state = 1,
            (SignalKind::Reset, ObjectKind::Event) => self.state = 0,
            (SignalKind::Release, ObjectKind::Semaphore) if count == 0 => return Err(STATUS_INVALID_PARAMETER),
            (SignalKind::Release, ObjectKind::Semaphore) => {
                let sum = self.state + u64::from(count);
                if sum > self.limit.into() {
                    return Err(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
                }
                self.state = sum;
            }
            (SignalKind::Release, ObjectKind::Mutant) => {
                if self.state != owner {
                    return Err(STATUS_MUTANT_NOT_OWNED);
                }
                let held = self.depth;
                self.depth -= 1;
                if self.depth == 0 {
                    self.state = 0;
                }
                // The count that the kernel keeps: 1 while free, 0 and below while owned.
                return Ok(ObjectState { state: 1_i32.wrapping_sub(held as i32), ..ObjectState::default() });
            }
            _ => return Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
        Ok(ObjectState { state: before, ..ObjectState::default() })
    }

    /// After the waiters of a pulse were served.
    pub const fn settle(&mut self) {
        self.state = 0;
    }

    /// The owner has ended without releasing it. Whether it was the owner.
    pub fn abandon(&mut self, ended: impl FnOnce(u64) -> bool) -> bool {
        let owned = self.taking == Taking::Owns && self.state & !u64::from(ABANDONED) != 0 && ended(self.state);
        if owned {
            (self.state, self.depth) = (ABANDONED.into(), 0);
        }
        owned
    }

    /// Whether its owner may take it once more.
    pub fn check_depth(&self, owner: u64) -> Result<(), NTSTATUS> {
        let most = self.taking == Taking::Owns && self.state == owner && self.depth >= i32::MAX as u32;
        if most { Err(STATUS_MUTANT_LIMIT_EXCEEDED) } else { Ok(()) }
    }

    /// As NtQueryEvent and the like tell it.
    pub fn query(&self, asker: u64) -> ObjectState {
        if self.taking != Taking::Owns {
            return ObjectState { state: self.state as i32, limit: self.limit, abandoned: 0, setting: self.setting };
        }
        let abandoned = (self.state & u64::from(ABANDONED)) as u32;
        ObjectState { state: 1_i32.wrapping_sub(self.depth as i32), limit: u32::from(self.state == asker), abandoned, setting: 0 }
    }
}

impl Object {
    /// What is waited for, if anything.
    pub const fn waitable(&mut self) -> Option<&mut Waitable> {
        if let Body::Waitable(waitable) | Body::Life(waitable, _) | Body::Job(waitable, _) = &mut self.body { Some(waitable) } else { None }
    }

    /// What travels with an open.
    pub fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        if let Body::Section(section) = &self.body { Some(Arc::clone(&section.descriptor)) } else { None }
    }

    /// What a process is told that opens it.
    pub fn tell(&self, number: u32, found: bool) -> SharedObject {
        let told = SharedObject { number, found: found.into(), kind: self.kind, ..SharedObject::default() };
        match &self.body {
            Body::Waitable(waitable) => SharedObject { shared: 1, limit: waitable.limit, ..told },
            Body::Section(section) => {
                SharedObject { shared: 1, size: section.size, protect: section.protect, attributes: section.attributes, ..told }
            }
            Body::Life(..) | Body::Job(..) => SharedObject { shared: 1, ..told },
            Body::Private => told,
        }
    }
}
