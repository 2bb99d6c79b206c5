//! Pipes: each side is a process of its own. Programs are started as they are, everything else by another interpreter.

use super::external::{is_batch, search};
use super::{Outcome, Shell, Streams};
use crate::command;
use crate::language::syntax::{Action, Command, Condition, Join, Loop, Redirection, Target, Test};
use crate::language::{name, show};
use alloc::boxed::Box;
use alloc::vec::Vec;
use program::process::{self, Process};
use program::{Error, Result};

impl Shell {
    /// Runs commands that are connected by pipes; what the last one answers counts.
    pub(super) fn pipe(&mut self, first: &Command, last: &Command) -> Outcome {
        let mut stages = Vec::new();
        flatten(first, &mut stages);
        stages.push(last);
        let mut processes = Vec::new();
        let mut input: Option<program::file::Owned> = None;
        for (index, stage) in stages.iter().enumerate() {
            let mut streams = self.streams;
            if let Some(read) = &input {
                streams.set(0, read.0);
            }
            let mut ends = None;
            if index + 1 < stages.len() {
                match process::pipe() {
                    Ok(pipe) => ends = Some(pipe),
                    Err(error) => return Ok(self.fail(error)),
                }
            }
            let mut write = None;
            let mut next = None;
            if let Some([read, end]) = ends {
                let _ = process::set_inherited(end.0, true);
                streams.set(1, end.0);
                (next, write) = (Some(read), Some(end));
            }
            let started = self.start_stage(stage, streams);
            drop(write);
            // The next side alone inherits the end that it reads from.
            input = next;
            if let Some(read) = &input {
                let _ = process::set_inherited(read.0, true);
            }
            match started {
                Ok(process) => processes.push(Some(process)),
                Err(error) => {
                    self.tell(error);
                    processes.push(None);
                }
            }
        }
        drop(input);
        let codes: Vec<u32> = processes.iter().map(|process| process.as_ref().map_or(1, Process::wait)).collect();
        self.level = codes.last().copied().unwrap_or(0);
        Ok(self.level)
    }

    fn fail(&mut self, error: Error) -> u32 {
        self.tell(error);
        self.level = 1;
        1
    }

    /// Starts one side.
    fn start_stage(&mut self, stage: &Command, streams: Streams) -> Result<Process> {
        if let Action::Run(text) = &stage.action {
            let text = self.expanded(text);
            let text = text.trim_matches(crate::language::reader::is_separator);
            let (word, _) = name::split(text);
            let found = search(&name::unquoted(word)).filter(|path| command::find(text).is_none() && !is_batch(path));
            if let Some(path) = found {
                let before = core::mem::replace(&mut self.streams, streams);
                let started = match self.redirect(&stage.redirections) {
                    Ok(redirected) => {
                        let started = self.start_program(&path, text, self.streams);
                        self.lead_back(redirected);
                        started
                    }
                    Err((error, _)) => Err(error),
                };
                self.streams = before;
                return started;
            }
        }
        let text = show::command(&self.filled(stage));
        self.start_interpreter(&text, streams)
    }

    /// A command with its loops' variables filled in, as another interpreter does not know them. Delayed expansion is off there.
    fn filled(&self, command: &Command) -> Command {
        let action = match &command.action {
            Action::Run(text) => Action::Run(self.expanded(text)),
            Action::Block(commands) => Action::Block(commands.iter().map(|command| self.filled(command)).collect()),
            Action::Both(first, join, second) => Action::Both(Box::new(self.filled(first)), *join, Box::new(self.filled(second))),
            Action::If(condition, then, otherwise) => Action::If(
                Box::new(self.filled_condition(condition)),
                Box::new(self.filled(then)),
                otherwise.as_ref().map(|otherwise| Box::new(self.filled(otherwise))),
            ),
            Action::For(what, body) => Action::For(Box::new(Loop { set: self.expanded(&what.set), ..(**what).clone() }), Box::new(self.filled(body))),
        };
        let redirections =
            command.redirections.iter().map(|redirection| Redirection { target: self.filled_target(&redirection.target), ..*redirection });
        Command { action, redirections: redirections.collect(), quiet: command.quiet }
    }

    fn filled_condition(&self, condition: &Condition) -> Condition {
        let test = match &condition.test {
            Test::ErrorLevel(text) => Test::ErrorLevel(self.expanded(text)),
            Test::Extensions(text) => Test::Extensions(self.expanded(text)),
            Test::Exist(text) => Test::Exist(self.expanded(text)),
            Test::Defined(text) => Test::Defined(self.expanded(text)),
            Test::Compare(left, comparison, right) => Test::Compare(self.expanded(left), *comparison, self.expanded(right)),
        };
        Condition { test, ..condition.clone() }
    }

    fn filled_target(&self, target: &Target) -> Target {
        match target {
            Target::Read(file) => Target::Read(self.expanded(file)),
            Target::Write(file) => Target::Write(self.expanded(file)),
            Target::Append(file) => Target::Append(self.expanded(file)),
            Target::Stream(other) => Target::Stream(*other),
        }
    }
}

/// The sides of a pipe from left to right.
fn flatten<'a>(command: &'a Command, stages: &mut Vec<&'a Command>) {
    match &command.action {
        Action::Both(first, Join::Pipe, last) if command.redirections.is_empty() => {
            flatten(first, stages);
            stages.push(last);
        }
        _ => stages.push(command),
    }
}
