//! Batch files: read line by line while they run, so that one which changes goes on as changed.

use super::{Outcome, Shell, Stop};
use crate::language::name;
use crate::language::reader::is_separator;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::null_mut;
use program::{Result, error, file, input, text};
use windows_sys::Win32::Storage::FileSystem::{FILE_BEGIN, SetFilePointerEx};

/// How deep batch files and their parts may call each other.
const DEEPEST: usize = 250;

/// A batch file that runs, or a part of one that was called.
#[derive(Debug)]
pub struct Batch {
    /// Its full path.
    pub path: String,
    /// Its name as it was called, and its arguments; `shift` moves them.
    pub arguments: Vec<String>,
    /// Everything behind the name.
    pub line: String,
    /// Where the next line begins.
    pub position: u64,
    /// How much `setlocal` had kept before it.
    pub saved: usize,
    /// Whether `shift` has moved the name.
    pub moved: bool,
}

impl Batch {
    /// A batch file with its arguments as they were given.
    pub fn new(path: &str, called: &str, line: &str) -> Self {
        let line = line.trim_matches(|character| matches!(character, ' ' | '\t'));
        let arguments = [called].into_iter().chain(name::words(line)).map(String::from).collect();
        Self { path: path.into(), arguments, line: line.into(), position: 0, saved: 0, moved: false }
    }

    /// Whether a success of every command clears ERRORLEVEL, as in files that are called `.cmd`.
    pub fn clears(&self) -> bool {
        file::extension_of(&self.path).eq_ignore_ascii_case(".cmd")
    }

    /// The next line without its end; `None` at the end of the file.
    fn next_line(&mut self) -> Result<Option<String>> {
        let mut lines = open(&self.path, self.position)?;
        let line = lines.next()?;
        self.position += line.as_ref().map_or(0, |(_, length)| *length);
        Ok(line.map(|(line, _)| line))
    }

    /// Goes to a label: the first one from here on, else the first one from the start on.
    pub fn find(&mut self, label: &str) -> Result<bool> {
        for (from, to) in [(self.position, u64::MAX), (0, self.position)] {
            let (mut lines, mut at) = (open(&self.path, from)?, from);
            while let Some((line, length)) = lines.next()?.filter(|_| at < to) {
                at += length;
                if is_label(&line, label) {
                    self.position = at;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Whether a line is this label.
fn is_label(line: &str, wanted: &str) -> bool {
    let line = line.trim_start_matches(is_separator);
    let Some(label) = line.strip_prefix(':') else { return false };
    let label = label.trim_start_matches([' ', '\t']);
    let end = label.find(|character: char| is_separator(character) || matches!(character, ':' | '+' | '&' | '|' | '<' | '>'));
    text::same(&label[..end.unwrap_or(label.len())], wanted)
}

/// The lines of a file from a place on, and how long each is in bytes.
struct Lines {
    handle: file::Owned,
    rest: Vec<u8>,
    first: bool,
}

fn open(path: &str, position: u64) -> Result<Lines> {
    let handle = file::open_read(path)?;
    // SAFETY: the handle is ours.
    error::check(unsafe { SetFilePointerEx(handle.0, position.cast_signed(), null_mut(), FILE_BEGIN) })?;
    Ok(Lines { handle, rest: Vec::new(), first: position == 0 })
}

impl Lines {
    fn next(&mut self) -> Result<Option<(String, u64)>> {
        let mut seen = 0;
        let end = loop {
            if let Some(at) = self.rest[seen..].iter().position(|byte| *byte == b'\n') {
                break seen + at + 1;
            }
            seen = self.rest.len();
            let mut buffer = [0; 0x1000];
            match input::read(self.handle.0, &mut buffer)? {
                0 if self.rest.is_empty() => return Ok(None),
                0 => break self.rest.len(),
                count => self.rest.extend(&buffer[..count]),
            }
        };
        let line: Vec<u8> = self.rest.drain(..end).collect();
        let mut bytes = line.strip_suffix(b"\n").unwrap_or(&line);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if core::mem::take(&mut self.first) {
            bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        }
        // Ctrl-Z was a text's end once, and is not shown.
        let bytes = bytes.split(|byte| *byte == 0x1A).next().unwrap_or_default();
        Ok(Some((text::decode(bytes), line.len() as u64)))
    }
}

impl Shell {
    /// The next line of the innermost batch file, as it stands.
    pub(super) fn next_batch_line(&mut self) -> Option<String> {
        let batch = self.batches.last_mut()?;
        match batch.next_line() {
            Ok(line) => line,
            Err(_) => {
                self.complain("The batch file cannot be found.");
                self.level = 1;
                None
            }
        }
    }

    /// Runs a batch file, or a part of one, to its end.
    pub fn run_batch(&mut self, batch: Batch) -> Outcome {
        if self.batches.len() >= DEEPEST {
            self.complain("Batch files call each other too deep.");
            self.level = 1;
            return Err(Stop::All);
        }
        let (depth, before) = (self.batches.len(), self.saved());
        self.batches.push(Batch { saved: before, ..batch });
        let variables = core::mem::take(&mut self.variables);
        let outcome = loop {
            if super::interrupt::happened() {
                break Err(Stop::All);
            }
            match self.run_next() {
                None => break Ok(()),
                Some(Ok(_) | Err(Stop::Line)) => {}
                Some(Err(Stop::Batch)) => break Ok(()),
                Some(Err(Stop::Chain(next))) => {
                    self.restore_to(before);
                    self.batches.truncate(depth);
                    self.batches.push(Batch { saved: before, ..next });
                }
                Some(Err(stop)) => break Err(stop),
            }
        };
        self.restore_to(before);
        self.batches.truncate(depth);
        self.variables = variables;
        outcome.map(|()| self.level)
    }
}
