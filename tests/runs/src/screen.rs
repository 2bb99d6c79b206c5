//! A terminal with a program on it: types keys, and waits for what shows.

use crate::PATIENCE;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::time::Instant;

/// A terminal, and the program that was started on it.
pub struct Screen {
    pty: Pty,
    child: Child,
    shown: Vec<u8>,
    seen: usize,
}

impl Screen {
    /// Starts a program on a terminal of 80 columns and 24 lines, as its session's leader.
    pub fn start(command: &std::process::Command) -> Self {
        let (pty, end) = open().expect("a terminal");
        pty.resize(Size::new(24, 80)).expect("a terminal has a size");
        let mut started = Command::new(command.get_program()).args(command.get_args()).env("TERM", "xterm").env("PS1", "$ ");
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                started = started.env(name, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            started = started.current_dir(folder);
        }
        let child = started.spawn(end).expect("it starts");
        Self { pty, child, shown: Vec::new(), seen: 0 }
    }

    /// Types.
    pub fn types(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// Makes the terminal another size.
    pub fn resize(&mut self, lines: u16, columns: u16) {
        self.pty.resize(Size::new(lines, columns)).expect("a terminal has a size");
    }

    /// Waits for a text behind what was waited for before.
    pub fn shows(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            let rest = String::from_utf8_lossy(&self.shown[self.seen..]).into_owned();
            if let Some(at) = rest.find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(start.elapsed() < PATIENCE, "`{text}` never showed; the screen: {:?}", self.text());
            if !self.read() {
                panic!("`{text}` never showed, and the program has ended; the screen: {:?}", self.text());
            }
        }
    }

    /// Everything that was shown so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// Reads on; answers false at the end.
    fn read(&mut self) -> bool {
        let soon = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let mut descriptors = [PollFd::new(&self.pty, PollFlags::IN)];
        if poll(&mut descriptors, Some(&soon)) == Ok(0) {
            return true;
        }
        let mut buffer = [0; 4096];
        match self.pty.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.shown.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }

    /// Waits for the end.
    pub fn ends(&mut self) -> ExitStatus {
        let start = Instant::now();
        while self.read() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the program never ended; the screen: {:?}", self.text());
        }
        self.child.wait().expect("it can be waited for")
    }

    /// The number of the program's process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}
