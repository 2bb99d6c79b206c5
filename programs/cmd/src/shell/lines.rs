//! Lines and what is done with each: of batch files, of the command line, of who types.

use super::{Outcome, Shell, Stop};
use crate::language::parse::parse;
use crate::language::percent;
use crate::language::reader::Source;
use crate::language::show;
use crate::language::syntax::{Action, Command, Join, Wrong};
use alloc::string::String;
use program::input;

/// Further lines, while a block is open.
struct Further<'a>(&'a mut Shell);

impl Source for Further<'_> {
    fn next_line(&mut self) -> Option<String> {
        let line = if self.0.batches.is_empty() {
            if !self.0.interactive {
                return None;
            }
            self.0.say("More? ");
            input::one_line(self.0.streams.get(0)).ok().flatten()
        } else {
            self.0.next_batch_line()
        };
        line.map(|line| percent::expand(&line, self.0))
    }
}

impl Shell {
    /// Runs a line to its end, whatever happens.
    pub(super) fn run_line(&mut self, line: &str) -> u32 {
        match self.run_first(line) {
            // What the last command answered is what counts, though it left ERRORLEVEL as it was.
            Ok(code) if code != 0 => code,
            Ok(_) | Err(Stop::Line | Stop::Batch | Stop::All | Stop::Chain(_)) if !super::interrupt::happened() => self.level,
            Err(Stop::Exit(code)) => code,
            _ => super::interrupt::CODE,
        }
    }

    /// Runs a line of a command line.
    pub(super) fn run_first(&mut self, line: &str) -> Outcome {
        let line = percent::expand(line, self);
        match parse(&line, &mut Further(self)) {
            Ok(Some(command)) => match self.execute(&command) {
                Err(Stop::Chain(batch)) => self.run_batch(batch),
                outcome => outcome,
            },
            Ok(None) => Ok(0),
            Err(wrong) => {
                self.refuse(&wrong);
                Ok(self.level)
            }
        }
    }

    /// Runs the next line of the innermost batch file; `None` at its end.
    pub(super) fn run_next(&mut self) -> Option<Outcome> {
        let line = self.next_batch_line()?;
        if line.trim_start().starts_with(':') {
            return Some(Ok(0));
        }
        let line = percent::expand(&line, self);
        Some(match parse(&line, &mut Further(self)) {
            Ok(Some(command)) => {
                self.show(&command);
                self.execute(&command)
            }
            Ok(None) => Ok(0),
            Err(wrong) => {
                self.refuse(&wrong);
                Err(Stop::All)
            }
        })
    }

    /// Says why a line was not understood.
    fn refuse(&mut self, wrong: &Wrong) {
        self.level = 255;
        match wrong {
            Wrong::Unexpected(word) => self.complain(&alloc::format!("{word} was unexpected at this time.")),
            Wrong::Ends => self.complain("The syntax of the command is incorrect."),
            Wrong::Deep => self.complain("Commands lie too deep inside each other."),
        }
    }

    /// Shows a command before it runs, where that is wanted.
    pub(super) fn show(&self, command: &Command) {
        if !self.echo {
            return;
        }
        if let Some(text) = visible(command) {
            self.say(&alloc::format!("\r\n{}{text}\r\n", self.prompt()));
        }
    }

    /// Reads lines that somebody types, until they end.
    pub(super) fn interact(&mut self) -> u32 {
        loop {
            super::interrupt::clear();
            if self.echo {
                self.say(&alloc::format!("\r\n{}", self.prompt()));
            }
            match input::one_line(self.streams.get(0)) {
                Ok(Some(line)) => {
                    if let Err(Stop::Exit(code)) = self.run_first(&line) {
                        return code;
                    }
                }
                // Ctrl-C gives an empty line, and everything else is the end of the input.
                Err(_) if super::interrupt::happened() => {}
                Ok(None) | Err(_) => return self.level,
            }
        }
    }
}

/// A command without what is not shown of it.
fn visible(command: &Command) -> Option<String> {
    if command.quiet {
        return None;
    }
    match &command.action {
        Action::Run(text) if text.is_empty() && command.redirections.is_empty() => None,
        Action::Both(first, Join::Then | Join::And | Join::Or, second) if command.redirections.is_empty() && first.quiet => visible(second),
        _ => Some(show::command(command)),
    }
}
