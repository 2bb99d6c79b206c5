//! The log of one sandbox: events are gathered, and appended to its file every few seconds, at refusals and at the end.

use super::event::{Event, Kind, MAGIC, NONE, Outcome, Trust, text_events};
use rustix::fs::{Mode, OFlags, open};
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use zerocopy::IntoBytes;

/// Events gathered before they are written in any case.
const MOST_GATHERED: usize = 512;
/// The longest text that is kept, in bytes.
const LONGEST_TEXT: usize = 4096;
/// How many different texts are remembered, and bytes of them; then numbering starts anew.
const MOST_TEXTS: usize = 65_536;
const MOST_TEXT_BYTES: usize = 4 << 20;
/// Bytes that a broker writes event by event. Behind that a program cannot fill the disk with what it does: events that
/// are alike are counted, without their texts.
const MOST_BYTES: usize = 64 << 20;
/// How many kinds of events are counted then, each for itself; the rest is counted by what happened alone.
const MOST_COUNTED: usize = 1024;
/// The longest text of a process's end then.
const LONGEST_LATE_TEXT: usize = 256;

/// The time in 100 ns since 1601 (UTC).
pub fn now() -> i64 {
    const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
    let time = clock_gettime(ClockId::Realtime);
    time.tv_sec * 10_000_000 + time.tv_nsec / 100 + UNIX_EPOCH
}

/// A sandbox's log.
#[derive(Debug)]
pub struct Log {
    sandbox: u32,
    path: PathBuf,
    /// Bytes that are written event by event.
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    gathered: Vec<Event>,
    texts: HashMap<String, u32>,
    text_bytes: usize,
    next_text: u32,
    file: Option<OwnedFd>,
    written: usize,
    counted: BTreeMap<Alike, u64>,
}

/// What events that are counted together have in common: process, kind, trust, outcome, code.
type Alike = (u32, u8, u8, u8, u32);

impl Log {
    /// A log that will be appended to a file.
    pub fn new(sandbox: u32, path: PathBuf) -> Self {
        Self { sandbox, path, most: MOST_BYTES, state: Mutex::default() }
    }

    /// Bytes behind which even the ends of processes are counted, and counts are written once, at the last.
    fn most_in_all(&self) -> usize {
        self.most + self.most / 4
    }

    /// Notes an event, with its text.
    pub fn note(&self, kind: Kind, trust: Trust, outcome: Outcome, text: &str, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = state.written >= self.most;
        if is_late && (kind != Kind::ProcessExit || state.written >= self.most_in_all()) {
            let mut alike = (event.process, kind as u8, trust as u8, outcome as u8, event.code);
            if state.counted.len() >= MOST_COUNTED && !state.counted.contains_key(&alike) {
                (alike.0, alike.4) = (0, 0);
            }
            let count = state.counted.entry(alike).or_default();
            *count = count.saturating_add(event.count.max(1));
            return;
        }
        let text = state.number(text, if is_late { LONGEST_LATE_TEXT } else { LONGEST_TEXT });
        state.gathered.push(Event {
            kind: kind as u8,
            trust: trust as u8,
            outcome: outcome as u8,
            sandbox: self.sandbox,
            time: now(),
            text,
            ..event
        });
        if state.gathered.len() >= MOST_GATHERED {
            self.write(&mut state);
        }
    }

    /// Writes what was gathered, and what was counted where there is room.
    pub fn flush(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.written < self.most_in_all() {
            self.gather_counted(&mut state);
        }
        self.write(&mut state);
    }

    /// Writes everything, for nothing comes any more.
    pub fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.gather_counted(&mut state);
        self.write(&mut state);
    }

    fn gather_counted(&self, state: &mut State) {
        for ((process, kind, trust, outcome, code), count) in std::mem::take(&mut state.counted) {
            let event = Event { process, kind, trust, outcome, code, count, sandbox: self.sandbox, time: now(), text: NONE, ..Event::default() };
            state.gathered.push(event);
        }
    }

    /// Appends to the file, which is made when there is something to write. A log that cannot be written is lost: the
    /// program goes on, as its user would want.
    fn write(&self, state: &mut State) {
        if state.gathered.is_empty() {
            return;
        }
        if state.file.is_none() {
            let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
            let opened = open(&self.path, flags, Mode::from_raw_mode(0o600)).or_else(|_| {
                let _ = self.path.parent().map(|folder| std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder));
                open(&self.path, flags, Mode::from_raw_mode(0o600))
            });
            state.file = opened.ok();
            let head =
                Event { kind: Kind::Start as u8, time: now(), sandbox: self.sandbox, extra: [u64::from_le_bytes(MAGIC), 0, 0], ..Event::default() };
            state.gathered.insert(0, head);
        }
        state.written += size_of_val(state.gathered.as_slice());
        if let Some(file) = &state.file {
            let mut bytes = state.gathered.as_bytes();
            while let Ok(done) = rustix::io::write(file, bytes) {
                bytes = &bytes[done..];
                if bytes.is_empty() {
                    break;
                }
            }
        }
        state.gathered.clear();
    }
}

impl State {
    /// The number of a text, cut at so many bytes, which is written where it is new.
    fn number(&mut self, text: &str, most: usize) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        if let Some(number) = self.texts.get(text) {
            return *number;
        }
        if self.texts.len() >= MOST_TEXTS || self.text_bytes >= MOST_TEXT_BYTES {
            self.texts.clear();
            self.text_bytes = 0;
        }
        self.text_bytes += text.len();
        self.next_text += 1;
        let number = self.next_text;
        self.gathered.extend(text_events(number, text));
        self.texts.insert(text.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::entries;
    use super::*;

    /// A program that makes events without end does not fill the disk, and what it did is still told.
    #[test]
    fn a_flood_is_counted() {
        let folder = std::env::temp_dir().join(format!("audit-flood-{}", std::process::id()));
        let path = folder.join("flood.audit");
        let log = Log { most: 0x1_0000, ..Log::new(1, path.clone()) };
        for number in 0..100_000_u32 {
            let event = Event { code: 5, process: 4, ..Event::default() };
            log.note(Kind::Open, Trust::Evidence, Outcome::Error, &format!("Z:\\file-{number}"), event);
        }
        log.note(Kind::ForbiddenCall, Trust::Evidence, Outcome::Error, "", Event { code: 59, process: 4, ..Event::default() });
        log.note(Kind::ProcessExit, Trust::Evidence, Outcome::Ok, "", Event { process: 4, ..Event::default() });
        log.flush();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        assert!(bytes.len() < 0x4_0000, "{} bytes", bytes.len());
        let found = entries(&bytes).unwrap();
        let opens: u64 = found.iter().filter(|entry| entry.event.kind == Kind::Open as u8).map(|entry| entry.event.count.max(1)).sum();
        assert_eq!(opens, 100_000);
        assert!(found.iter().any(|entry| entry.event.kind == Kind::ForbiddenCall as u8 && entry.event.code == 59));
        assert!(found.iter().any(|entry| entry.event.kind == Kind::ProcessExit as u8));
    }

    /// Processes that end without end, each with much to say and with many kinds of events, fill no disk either; and none is left out.
    #[test]
    fn a_flood_of_ends_is_counted() {
        let folder = std::env::temp_dir().join(format!("audit-ends-{}", std::process::id()));
        let path = folder.join("ends.audit");
        let log = Log { most: 0x4_0000, ..Log::new(1, path.clone()) };
        for process in 0..3000_u32 {
            for code in 0..40 {
                log.note(Kind::Open, Trust::Evidence, Outcome::Error, "", Event { code, process, ..Event::default() });
            }
            let last_word = format!("{process} {}", "x".repeat(5000));
            log.note(Kind::ProcessExit, Trust::Evidence, Outcome::Error, &last_word, Event { process, ..Event::default() });
            log.flush();
        }
        log.finish();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        assert!(bytes.len() < 0x8_0000, "{} bytes", bytes.len());
        let found = entries(&bytes).unwrap();
        let sum = |kind: Kind| -> u64 { found.iter().filter(|entry| entry.event.kind == kind as u8).map(|entry| entry.event.count.max(1)).sum() };
        assert_eq!([sum(Kind::ProcessExit), sum(Kind::Open)], [3000, 3000 * 40]);
    }
}
