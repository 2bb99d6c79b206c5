//! What the audit and the run's summary hear of a process.

use super::{Process, lock};
use crate::audit::{Event, Kind, Outcome, Trust};
use crate::namespace::DrivePath;
use crate::wire::NotGranted;
use std::path::PathBuf;
use windows_sys::Win32::Foundation::NTSTATUS;

/// How many refused paths are remembered for the summary.
const MOST_REFUSED: usize = 256;

impl Process {
    pub(super) fn event(&self) -> Event {
        Event { process: self.id, ..Event::default() }
    }

    pub(super) fn note(&self, kind: Kind, trust: Trust, outcome: Outcome, text: &str, event: Event) {
        self.sandbox.log.note(kind, trust, outcome, text, Event { process: self.id, ..event });
    }

    /// Tells the audit of an open.
    pub fn note_open(&self, name: &str, access: u32, refusal: Option<NTSTATUS>) {
        let outcome = if refusal.is_some() { Outcome::Error } else { Outcome::Ok };
        let event = Event { code: refusal.unwrap_or(0) as u32, extra: [access.into(), 0, 0], ..self.event() };
        self.note(Kind::Open, Trust::Evidence, outcome, name, event);
    }

    /// Tells the audit of a rename or link.
    pub fn note_change(&self, path: &DrivePath, refusal: Option<NTSTATUS>) {
        let outcome = if refusal.is_some() { Outcome::Error } else { Outcome::Ok };
        self.note(Kind::Change, Trust::Evidence, outcome, &path.display(), Event { code: refusal.unwrap_or(0) as u32, ..self.event() });
    }

    /// Tells the audit of a message that is none.
    pub fn note_malformed(&self, number: u32) {
        self.note(Kind::Malformed, Trust::Evidence, Outcome::Error, "", Event { code: number, ..self.event() });
    }

    /// Tells the audit of a forbidden system call.
    pub fn note_forbidden(&self, call: &jail::Call) {
        let extra = [call.architecture.into(), call.instruction, 0];
        self.note(Kind::ForbiddenCall, Trust::Evidence, Outcome::Error, "", Event { code: call.number as u32, extra, ..self.event() });
    }

    /// Remembers a path of the host that no grant reaches, or reaches for reading alone.
    pub fn note_missing(&self, path: &DrivePath, write: bool) {
        if path.letter != b'Z' {
            return;
        }
        let host: PathBuf = std::iter::once("/".into()).chain(path.path.names().map(store::unescaped)).collect();
        let mut refused = lock(&self.terms.refused);
        if refused.len() < MOST_REFUSED {
            refused.insert((host, write));
        }
    }

    /// Host files that the process asked for in vain, as far as they exist.
    pub(super) fn not_granted(&self) -> Vec<NotGranted> {
        const MOST: usize = 8;
        let refused = lock(&self.terms.refused);
        let existing = refused.iter().filter(|(path, _)| path.symlink_metadata().is_ok());
        let named = existing.map(|(path, write)| {
            let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
            let folder = folder.unwrap_or(path).display().to_string();
            NotGranted { path: path.clone(), flag: format!("{} {}", if *write { "--rw" } else { "--ro" }, quoted(&folder)) }
        });
        named.take(MOST).collect()
    }
}

/// A path as a shell takes it for one word: users copy the flag that a message names.
fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+,:@%=".contains(character);
    if path.chars().all(is_plain) { path.into() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_flag_is_one_word_to_a_shell() {
        for (path, word) in [("/home/u/a.b", "/home/u/a.b"), ("/home/a b", "'/home/a b'"), ("/x;rm -rf ~", "'/x;rm -rf ~'"), ("/it's", "'/it'\\''s'")]
        {
            assert_eq!(quoted(path), word);
        }
    }
}
