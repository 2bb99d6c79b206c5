//! The user's terminal: its settings as they were, and as a program wants them.

use crate::Mode;
use rustix::io::Result;
use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr};
use std::os::fd::{AsFd, BorrowedFd};

/// The terminal that a program's input comes from. Its settings are given back when this is dropped.
#[derive(Debug)]
pub struct User<'a> {
    terminal: BorrowedFd<'a>,
    found: Termios,
    mode: Mode,
}

impl<'a> User<'a> {
    /// A user's terminal with the settings it has; an error where it is none.
    pub fn new(terminal: BorrowedFd<'a>) -> Result<Self> {
        Ok(Self { terminal, found: tcgetattr(terminal)?, mode: Mode::default() })
    }

    /// Whether whoever runs this may read from the terminal and change it; a job in the background may not.
    pub fn in_foreground(&self) -> bool {
        // A terminal that is not the controlling one has no such rule.
        tcgetpgrp(self.terminal).is_ok_and(|group| group == getpgrp()) || tcgetpgrp(self.terminal).is_err()
    }

    /// Sets the mode, as soon as the job is in the foreground.
    pub fn set(&mut self, mode: Mode) {
        self.mode = mode;
        self.enter();
    }

    /// Goes on after a stop: the shell may have changed the settings.
    pub fn resume(&mut self) {
        if let Ok(found) = tcgetattr(self.terminal) {
            self.found = found;
        }
        self.enter();
    }

    /// Gives the user's settings back, until [`resume`](Self::resume).
    pub fn leave(&self) {
        if self.mode != Mode::default() && self.in_foreground() {
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.found);
        }
    }

    /// Throws away what was typed and not read: answers of the terminal to a program that has gone.
    pub fn forget_input(&self) {
        if self.in_foreground() {
            let _ = tcflush(self.terminal, QueueSelector::IFlush);
        }
    }

    fn enter(&self) {
        if self.in_foreground() {
            let mut settings = self.found.clone();
            self.mode.apply(&mut settings);
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &settings);
        }
    }
}

impl AsFd for User<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
