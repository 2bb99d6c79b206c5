//! What is known of a process from its start to its end, and longer than that: as long as anybody has it open.

use gate::process::MemoryUse;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError, RwLock, TryLockError};

/// A process's life.
#[derive(Debug)]
pub struct Life {
    /// Its number.
    pub id: u32,
    /// The number of the process that started it; 0 where the user did.
    pub parent: u32,
    /// Its first thread's number.
    pub thread: u32,
    /// Its program's path, as it was told, UTF-16.
    pub image: Vec<u16>,
    /// It runs 32-bit code.
    pub narrow: bool,
    /// When it began, in 100 ns since 1601.
    pub created: i64,
    end: OnceLock<End>,
    /// With which code its job has ended it.
    doomed: OnceLock<u32>,
    /// The host's number for it.
    host: OnceLock<i32>,
    /// The host's number may be another process's by now.
    gone: RwLock<bool>,
    /// What it had used of the processors when it ended.
    used: OnceLock<[i64; 2]>,
    /// How often its first thread is suspended before it has begun.
    held: Mutex<u32>,
    resumed: Condvar,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Its exit code.
    pub code: u32,
    /// When, in 100 ns since 1601.
    pub at: i64,
}

impl Life {
    /// A process that is about to begin.
    pub fn new(id: u32, parent: u32, thread: u32, image: Vec<u16>, narrow: bool, suspended: bool) -> Self {
        Self {
            id,
            parent,
            thread,
            image,
            narrow,
            created: crate::audit::now(),
            end: OnceLock::new(),
            doomed: OnceLock::new(),
            host: OnceLock::new(),
            gone: RwLock::new(false),
            used: OnceLock::new(),
            held: Mutex::new(suspended.into()),
            resumed: Condvar::new(),
        }
    }

    /// It has ended, with a code. Once.
    pub fn end(&self, code: u32) {
        let _ = self.end.set(End { code, at: crate::audit::now() });
        // Nobody is left who could begin. Whoever has just looked must be waiting by now.
        let _held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.resumed.notify_all();
    }

    /// It is about to be ended with its job, by a code.
    pub fn doom(&self, code: u32) {
        let _ = self.doomed.set(code);
    }

    /// With which code its job has ended it, or is about to.
    pub fn doomed(&self) -> Option<u32> {
        self.doomed.get().copied()
    }

    /// It runs, and the host calls it by a number.
    pub fn set_host(&self, number: i32) {
        let _ = self.host.set(number);
    }

    /// Does something with the host's number for it, as long as that is its own: the host gives it to nobody else meanwhile.
    pub fn with_host<T>(&self, work: impl FnOnce(i32) -> T) -> Option<T> {
        let gone = self.gone.read().unwrap_or_else(PoisonError::into_inner);
        if *gone { None } else { self.host.get().map(|number| work(*number)) }
    }

    /// The host is told to forget it, and its number with it; false where somebody is still at work with that.
    pub fn bury(&self, forget: impl FnOnce()) -> bool {
        let mut gone = match self.gone.try_write() {
            Ok(gone) => gone,
            Err(TryLockError::Poisoned(gone)) => gone.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        *gone = true;
        forget();
        true
    }

    /// What it takes of the machine's memory.
    pub fn memory(&self) -> MemoryUse {
        self.with_host(memory_of).flatten().unwrap_or_default()
    }

    /// What it has used of the processors: user and kernel time, in 100 ns, as finely as the host counts (10 ms).
    pub fn used(&self) -> [i64; 2] {
        self.used.get().copied().or_else(|| self.with_host(used_by).flatten()).unwrap_or_default()
    }

    /// Keeps what it has used, before the host forgets its number.
    pub fn count_used(&self) {
        let _ = self.used.set(self.used());
    }

    /// How it ended.
    pub fn ended(&self) -> Option<End> {
        self.end.get().copied()
    }

    /// Takes one suspension back; answers how many there were.
    pub fn resume(&self) -> u32 {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *held;
        *held = before.saturating_sub(1);
        self.resumed.notify_all();
        before
    }

    /// Waits until it may begin, or has ended.
    pub fn await_resume(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        while *held > 0 && self.end.get().is_none() {
            held = self.resumed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// User and kernel time of one of the host's processes, in 100 ns (proc_pid_stat(5)).
fn used_by(number: i32) -> Option<[i64; 2]> {
    const SECOND: u64 = 10_000_000;
    let text = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name before it may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || Some((fields.next()?.ok()?.saturating_mul(SECOND) / rustix::param::clock_ticks_per_second()) as i64);
    Some([next()?, next()?])
}

/// What one of the host's processes takes of its memory (proc_pid_status(5), proc_pid_stat(5)).
fn memory_of(number: i32) -> Option<MemoryUse> {
    let text = std::fs::read_to_string(format!("/proc/{number}/status")).ok()?;
    // A process that has ended has no memory, and no such lines.
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes.saturating_mul(1024))
    };
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let faults = |field: usize| rest.split_ascii_whitespace().nth(field).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Some(MemoryUse {
        faults: faults(7).saturating_add(faults(9)),
        resident: [bytes("VmRSS"), bytes("VmHWM")],
        space: [bytes("VmSize"), bytes("VmPeak")],
        private: bytes("RssAnon").saturating_add(bytes("VmSwap")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_was_started_suspended_begins_once() {
        let life = Life::new(1, 0, 2, Vec::new(), false, true);
        assert_eq!([life.resume(), life.resume()], [1, 0]);
        life.await_resume();
    }

    #[test]
    fn used_time_is_the_hosts_count() {
        let life = Life::new(1, 0, 2, Vec::new(), false, false);
        assert_eq!(life.used(), [0; 2], "nobody runs yet");
        life.set_host(std::process::id() as i32);
        let start = std::time::Instant::now();
        while life.used() == [0; 2] && start.elapsed().as_secs() < 20 {
            std::hint::spin_loop();
        }
        assert_ne!(life.used(), [0; 2], "a test that spins uses time");
    }

    #[test]
    fn memory_is_the_hosts_count_until_the_number_is_anothers() {
        let life = Life::new(1, 0, 2, Vec::new(), false, false);
        assert_eq!(life.memory(), MemoryUse::default());
        life.set_host(std::process::id() as i32);
        let MemoryUse { faults, resident, space, private } = life.memory();
        assert!(faults > 0 && resident[0] > 0 && resident[1] >= resident[0] && space[1] >= resident[1] && private > 0);
        assert_eq!(life.with_host(|_| life.bury(|| unreachable!("somebody is at work with it"))), Some(false));
        assert!(life.bury(|| ()));
        assert_eq!((life.memory(), life.with_host(|number| number)), (MemoryUse::default(), None));
    }

    #[test]
    fn the_first_end_counts() {
        let life = Life::new(1, 0, 2, Vec::new(), false, true);
        life.end(7);
        life.end(8);
        assert_eq!(life.ended().map(|end| end.code), Some(7));
        life.await_resume();
    }
}
