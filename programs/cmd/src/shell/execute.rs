//! How commands run.

use super::{Batch, Outcome, Shell, Stop};
use crate::command;
use crate::language::name;
use crate::language::syntax::{Action, Command, Join};
use alloc::string::String;
use program::{environment, file};

/// How deep commands may lie inside each other while they run.
const DEEPEST: u32 = 2000;

impl Shell {
    /// Runs a command.
    pub(super) fn execute(&mut self, command: &Command) -> Outcome {
        if super::interrupt::happened() {
            return Err(Stop::All);
        }
        if self.depth >= DEEPEST {
            self.complain("Commands lie too deep inside each other.");
            return Err(Stop::All);
        }
        self.depth += 1;
        let outcome = self.execute_redirected(command);
        self.depth -= 1;
        outcome
    }

    fn execute_redirected(&mut self, command: &Command) -> Outcome {
        if command.redirections.is_empty() {
            return self.act(command);
        }
        match self.redirect(&command.redirections) {
            Ok(redirected) => {
                let outcome = self.act(command);
                self.lead_back(redirected);
                outcome
            }
            Err((error, _)) => {
                self.tell(error);
                self.level = 1;
                Ok(1)
            }
        }
    }

    fn act(&mut self, command: &Command) -> Outcome {
        match &command.action {
            Action::Run(text) => {
                let text = self.expanded(text);
                self.run_text(&text)
            }
            Action::Block(commands) => commands.iter().try_fold(0, |_, command| self.execute(command)),
            Action::Both(first, Join::Then, second) => {
                self.execute(first)?;
                self.execute(second)
            }
            Action::Both(first, Join::And, second) => match self.execute(first)? {
                0 => self.execute(second),
                code => Ok(code),
            },
            Action::Both(first, Join::Or, second) => match self.execute(first)? {
                0 => Ok(0),
                code => {
                    // Who asks for a failure hears of it, though the command left ERRORLEVEL as it was.
                    self.level = code;
                    self.execute(second)
                }
            },
            Action::Both(first, Join::Pipe, second) => self.pipe(first, second),
            Action::If(condition, then, otherwise) => {
                if self.holds(condition)? {
                    self.execute(then)
                } else {
                    otherwise.as_ref().map_or(Ok(0), |otherwise| self.execute(otherwise))
                }
            }
            Action::For(what, body) => self.repeat(what, body),
        }
    }

    /// Runs a text: a command of the interpreter's own, a drive, a program.
    pub(super) fn run_text(&mut self, text: &str) -> Outcome {
        let text = text.trim_start_matches(crate::language::reader::is_separator);
        if text.is_empty() {
            return Ok(0);
        }
        if let Some((own, rest)) = command::find(text)
            && !is_file_too(text, rest)
        {
            let done = (own.run)(self, rest)?;
            // Some leave ERRORLEVEL as it is where they succeed, but in files that are called `.cmd`.
            let clears = match own.success {
                command::Success::Keeps => false,
                command::Success::Clears => true,
                command::Success::ClearsInCmd => self.batch().is_some_and(Batch::clears),
            };
            if clears || done != 0 && own.success != command::Success::Keeps {
                self.level = done;
            }
            return Ok(done);
        }
        let (word, rest) = name::split(text);
        if let &[letter, b':'] = word.as_bytes()
            && letter.is_ascii_alphabetic()
            && rest.trim().is_empty()
        {
            return Ok(self.change_drive(word));
        }
        self.run_external(text)
    }

    /// Makes a drive the current one, in the folder that it was last in.
    fn change_drive(&mut self, drive: &str) -> u32 {
        let drive = drive.to_ascii_uppercase();
        let folder = environment::get(&["=", &drive].concat()).filter(|folder| file::is_folder(folder));
        match environment::set_folder(&folder.unwrap_or_else(|| [&drive, "\\"].concat())) {
            Ok(()) => 0,
            Err(_) => {
                self.complain("The system cannot find the drive specified.");
                self.level = 1;
                1
            }
        }
    }
}

/// Whether a text that begins like a command of the interpreter's own (`start.exe`, `type\x`) is a program's name.
fn is_file_too(text: &str, rest: &str) -> bool {
    if !rest.starts_with(['.', '\\', ':']) {
        return false;
    }
    let (word, _) = name::split(text);
    let word: String = name::unquoted(word);
    super::search(&word).is_some()
}
