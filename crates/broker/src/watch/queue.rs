//! The news of one watch that wait for its program.

use std::collections::VecDeque;
use store::Happened;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ACTION_ADDED, FILE_ACTION_MODIFIED, FILE_NOTIFY_CHANGE_ATTRIBUTES, FILE_NOTIFY_CHANGE_CREATION, FILE_NOTIFY_CHANGE_DIR_NAME,
    FILE_NOTIFY_CHANGE_FILE_NAME, FILE_NOTIFY_CHANGE_LAST_ACCESS, FILE_NOTIFY_CHANGE_LAST_WRITE, FILE_NOTIFY_CHANGE_SECURITY,
    FILE_NOTIFY_CHANGE_SIZE,
};

/// `FILE_NOTIFY_CHANGE_*` that something which happened may be. The host does not tell which facts have changed.
pub const fn kinds(happened: Happened, is_folder: bool) -> u32 {
    match happened {
        Happened::Made | Happened::Deleted | Happened::MovedFrom(_) | Happened::MovedTo(_) if is_folder => FILE_NOTIFY_CHANGE_DIR_NAME,
        Happened::Made | Happened::Deleted | Happened::MovedFrom(_) | Happened::MovedTo(_) => FILE_NOTIFY_CHANGE_FILE_NAME,
        Happened::Written => FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE,
        Happened::Changed => {
            FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_CREATION | FILE_NOTIFY_CHANGE_SECURITY | FILE_NOTIFY_CHANGE_LAST_WRITE
        }
        Happened::Read => FILE_NOTIFY_CHANGE_LAST_ACCESS,
    }
}

/// What a program gets of its news.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// There are none.
    Nothing,
    /// Actions and paths, in the order in which they happened.
    Changes(Vec<(u32, Vec<u16>)>),
    /// More than fits: the program looks for itself.
    Missed,
    /// The folder is gone.
    Gone,
}

/// News that wait.
pub struct Queue {
    changes: VecDeque<(u32, Vec<u16>)>,
    /// Bytes that they take in a program's buffer, and the most that are kept.
    bytes: usize,
    most: usize,
    missed: bool,
    gone: bool,
}

/// Bytes of a change in a program's buffer (`FILE_NOTIFY_INFORMATION`).
fn size((_, path): &(u32, Vec<u16>)) -> usize {
    (12 + 2 * path.len()).next_multiple_of(4)
}

impl Queue {
    /// An empty one.
    pub const fn new(most: usize) -> Self {
        Self { changes: VecDeque::new(), bytes: 0, most, missed: false, gone: false }
    }

    /// Adds one.
    pub fn push(&mut self, action: u32, path: Vec<u16>) {
        if self.missed {
            return;
        }
        // A file that is written in many pieces is told once, and a new one once, whoever saw it first.
        let last = self.changes.iter().rev().find(|(_, other)| *other == path).map(|(action, _)| *action);
        if matches!(action, FILE_ACTION_MODIFIED | FILE_ACTION_ADDED) && last == Some(action) {
            return;
        }
        let change = (action, path);
        self.bytes += size(&change);
        if self.bytes > self.most {
            return self.miss();
        }
        self.changes.push_back(change);
    }

    /// Forgets them all, and that they were there.
    pub fn miss(&mut self) {
        self.changes.clear();
        self.bytes = 0;
        self.missed = true;
    }

    /// The folder is gone: there will be no more.
    pub const fn end(&mut self) {
        self.gone = true;
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.missed && !self.gone
    }

    /// Takes as many as fit.
    pub fn take(&mut self, room: usize) -> Taken {
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(change) = self.changes.pop_front_if(|change| bytes + size(change) <= room) {
            bytes += size(&change);
            taken.push(change);
        }
        self.bytes -= bytes;
        if !taken.is_empty() {
            return Taken::Changes(taken);
        }
        if self.missed || !self.changes.is_empty() {
            self.miss();
            self.missed = false;
            return Taken::Missed;
        }
        if self.gone { Taken::Gone } else { Taken::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::Storage::FileSystem::FILE_ACTION_REMOVED;

    fn path(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn news_come_in_their_order_and_as_they_fit() {
        let mut queue = Queue::new(64);
        assert_eq!(queue.take(64), Taken::Nothing);
        queue.push(FILE_ACTION_ADDED, path("ab"));
        queue.push(FILE_ACTION_MODIFIED, path("ab"));
        queue.push(FILE_ACTION_MODIFIED, path("ab"));
        queue.push(FILE_ACTION_REMOVED, path("ab"));
        assert_eq!(queue.take(39), Taken::Changes(vec![(FILE_ACTION_ADDED, path("ab")), (FILE_ACTION_MODIFIED, path("ab"))]));
        assert_eq!(queue.take(64), Taken::Changes(vec![(FILE_ACTION_REMOVED, path("ab"))]));
        assert!(queue.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_told_once_as_missed() {
        let mut queue = Queue::new(40);
        for name in ["one", "two", "three"] {
            queue.push(FILE_ACTION_ADDED, path(name));
        }
        assert_eq!(queue.take(64), Taken::Missed);
        assert_eq!(queue.take(64), Taken::Nothing);
        queue.push(FILE_ACTION_ADDED, path("four"));
        assert_eq!(queue.take(0), Taken::Missed);
        queue.end();
        assert_eq!(queue.take(64), Taken::Gone);
    }
}
