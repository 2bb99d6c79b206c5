//! Programs and batch files that are started.

use super::{Batch, Outcome, Shell, Stop, Streams};
use crate::language::name;
use alloc::string::String;
use program::process::{How, Process};
use program::{Error, Result, environment, file};
use windows_sys::Win32::Foundation::{ERROR_BAD_EXE_FORMAT, ERROR_EXE_MACHINE_TYPE_MISMATCH};

/// What ERRORLEVEL is where there is no such command.
const NO_COMMAND: u32 = 9009;

/// A program's full path, by the name that was said.
pub fn search(name: &str) -> Option<String> {
    if name.is_empty() || name.contains(['<', '>', '|', '*', '?']) {
        return None;
    }
    program::search::program(name)
}

/// Whether a file is a batch file.
pub fn is_batch(path: &str) -> bool {
    [".bat", ".cmd"].iter().any(|extension| file::extension_of(path).eq_ignore_ascii_case(extension))
}

impl Shell {
    /// Runs what is no command of the interpreter's own.
    pub(super) fn run_external(&mut self, text: &str) -> Outcome {
        let Some((path, called, rest)) = self.find_external(text) else { return Ok(self.no_such(text)) };
        if is_batch(&path) {
            let batch = Batch::new(&path, called, rest);
            // A batch file that is not called takes the place of the one that runs.
            return if self.batches.is_empty() { self.run_batch(batch) } else { Err(Stop::Chain(batch)) };
        }
        self.level = self.start(&path, text);
        Ok(self.level)
    }

    /// Runs what `call` calls, which comes back.
    pub fn call_external(&mut self, text: &str) -> Outcome {
        let text = text.trim_start_matches(crate::language::reader::is_separator);
        let Some((path, called, rest)) = self.find_external(text) else { return Ok(self.no_such(text)) };
        if is_batch(&path) {
            return self.run_batch(Batch::new(&path, called, rest));
        }
        self.level = self.start(&path, text);
        Ok(self.level)
    }

    /// Where the program of a text lies, how it was called, and what follows; a slash in the first word may begin its arguments.
    fn find_external<'a>(&self, text: &'a str) -> Option<(String, &'a str, &'a str)> {
        let (word, rest) = name::split(text);
        if let Some(path) = search(&name::unquoted(word)) {
            return Some((path, word, rest));
        }
        let slash = word.find('/')?;
        let path = search(&name::unquoted(&word[..slash]))?;
        Some((path, &text[..slash], &text[slash..]))
    }

    fn no_such(&mut self, text: &str) -> u32 {
        let word = name::unquoted(name::split(text).0);
        self.complain(&alloc::format!("'{word}' is not recognized: no command, program or batch file has this name."));
        // Who asked for one command hears that it failed; everybody else has a number of its own for this.
        self.level = if self.batches.is_empty() && !self.interactive { 1 } else { NO_COMMAND };
        self.level
    }

    /// Starts a program and waits for it; answers its exit code.
    fn start(&mut self, path: &str, line: &str) -> u32 {
        match self.start_program(path, line, self.streams) {
            Ok(process) => process.wait(),
            Err(error) => {
                self.refuse_program(path, error);
                if matches!(error, Error(ERROR_BAD_EXE_FORMAT | ERROR_EXE_MACHINE_TYPE_MISMATCH)) { 216 } else { 1 }
            }
        }
    }

    pub(super) fn refuse_program(&self, path: &str, error: Error) {
        self.complain(&alloc::format!("{path}: {}", error.text()));
    }

    pub(super) fn start_program(&self, path: &str, line: &str, streams: Streams) -> Result<Process> {
        Process::start(line, &How { program: Some(path), streams: Some(streams.three()), ..How::default() })
    }

    /// Starts another interpreter that runs a command.
    pub(super) fn start_interpreter(&self, command: &str, streams: Streams) -> Result<Process> {
        let path = environment::get("ComSpec").filter(|path| file::is_file(path)).unwrap_or_else(|| "C:\\Windows\\System32\\cmd.exe".into());
        let line = alloc::format!("\"{path}\" /S /D /c\" {command}\"");
        self.start_program(&path, &line, streams)
    }
}
