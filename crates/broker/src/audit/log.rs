//! The log of one sandbox: events are gathered, and appended to its file every few seconds, at refusals and at the end.

use super::event::{Event, Kind, MAGIC, NONE, Outcome, Trust, text_events};
use rustix::fs::{Mode, OFlags, open};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use zerocopy::IntoBytes;

/// Events gathered before they are written in any case.
const MOST_GATHERED: usize = 512;
/// The longest text that is kept, in bytes.
const LONGEST_TEXT: usize = 4096;
/// How many different texts are remembered; then numbering starts anew.
const MOST_TEXTS: usize = 65_536;

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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    gathered: Vec<Event>,
    texts: HashMap<String, u32>,
    next_text: u32,
    file: Option<OwnedFd>,
}

impl Log {
    /// A log that will be appended to a file.
    pub fn new(sandbox: u32, path: PathBuf) -> Self {
        Self { sandbox, path, state: Mutex::default() }
    }

    /// Notes an event, with its text.
    pub fn note(&self, kind: Kind, trust: Trust, outcome: Outcome, text: &str, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let text = state.number(text);
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

    /// Writes what was gathered.
    pub fn flush(&self) {
        self.write(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
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
                let _ = self.path.parent().map(std::fs::create_dir_all);
                open(&self.path, flags, Mode::from_raw_mode(0o600))
            });
            state.file = opened.ok();
            let head =
                Event { kind: Kind::Start as u8, time: now(), sandbox: self.sandbox, extra: [u64::from_le_bytes(MAGIC), 0, 0], ..Event::default() };
            state.gathered.insert(0, head);
        }
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
    /// The number of a text, which is written where it is new.
    fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let mut end = text.len().min(LONGEST_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        if let Some(number) = self.texts.get(text) {
            return *number;
        }
        if self.texts.len() >= MOST_TEXTS {
            self.texts.clear();
        }
        self.next_text += 1;
        let number = self.next_text;
        self.gathered.extend(text_events(number, text));
        self.texts.insert(text.to_owned(), number);
        number
    }
}
