//! The interpreter's own commands.

mod delete;
mod dir;
mod environment;
mod flow;
mod folder;
mod text;
mod transfer;

use crate::language::name;
use crate::shell::{Outcome, Shell};
use alloc::string::String;
use alloc::vec::Vec;

/// What a success does to ERRORLEVEL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// Nothing: the command sets it by itself, if at all.
    Keeps,
    /// It becomes 0.
    Clears,
    /// It becomes 0 in batch files that are called `.cmd`.
    ClearsInCmd,
}

/// A command: what it does with the text behind its name.
pub struct Own {
    name: &'static str,
    /// What a success does to ERRORLEVEL.
    pub success: Success,
    /// Runs it.
    pub run: fn(&mut Shell, &str) -> Outcome,
}

const fn own(name: &'static str, success: Success, run: fn(&mut Shell, &str) -> Outcome) -> Own {
    Own { name, success, run }
}

const COMMANDS: [Own; 40] = [
    own("call", Success::Keeps, flow::call),
    own("cd", Success::Clears, folder::change),
    own("chdir", Success::Clears, folder::change),
    own("cls", Success::Clears, text::clear),
    own("copy", Success::Clears, transfer::copy),
    own("date", Success::Clears, text::date),
    own("del", Success::Clears, delete::files),
    own("dir", Success::Clears, dir::list),
    own("echo", Success::Keeps, text::echo),
    own("endlocal", Success::Keeps, flow::end_local),
    own("erase", Success::Clears, delete::files),
    own("exit", Success::Keeps, flow::exit),
    own("goto", Success::Keeps, flow::goto),
    own("md", Success::Clears, folder::make),
    own("mkdir", Success::Clears, folder::make),
    own("move", Success::Clears, transfer::rename_into),
    own("path", Success::ClearsInCmd, environment::path),
    own("pause", Success::Keeps, text::pause),
    own("popd", Success::Keeps, folder::pop),
    own("prompt", Success::ClearsInCmd, environment::prompt),
    own("pushd", Success::Clears, folder::push),
    own("rd", Success::Keeps, delete::folders),
    own("rem", Success::Keeps, |_, _| Ok(0)),
    own("ren", Success::Clears, transfer::rename),
    own("rename", Success::Clears, transfer::rename),
    own("rmdir", Success::Keeps, delete::folders),
    own("set", Success::ClearsInCmd, environment::set),
    own("setlocal", Success::Keeps, flow::set_local),
    own("shift", Success::Keeps, flow::shift),
    own("start", Success::Clears, flow::start),
    own("time", Success::Clears, text::time),
    own("title", Success::Clears, text::title),
    own("type", Success::Clears, text::show),
    own("ver", Success::Clears, text::version),
    own("verify", Success::Clears, text::verify),
    own("break", Success::Clears, |_, _| Ok(0)),
    own("if", Success::Keeps, unexpected),
    own("for", Success::Keeps, unexpected),
    own("else", Success::Keeps, unexpected),
    own("do", Success::Keeps, unexpected),
];

/// The command that a text begins with, and what follows its name.
pub fn find(text: &str) -> Option<(&'static Own, &str)> {
    COMMANDS.iter().find_map(|command| name::own(text, &[command.name]).map(|(_, rest)| (command, rest)))
}

/// A word of the language where a command was expected.
fn unexpected(shell: &mut Shell, _rest: &str) -> Outcome {
    Ok(fail(shell, "The syntax of the command is incorrect."))
}

/// Says what is wrong; answers 1 and sets ERRORLEVEL to it.
pub fn fail(shell: &mut Shell, what: &str) -> u32 {
    shell.complain(what);
    shell.level = 1;
    1
}

/// Says what an error is; answers 1 and sets ERRORLEVEL to it.
pub fn fail_with(shell: &mut Shell, error: program::Error) -> u32 {
    fail(shell, &error.text())
}

/// Switches and the words that are none, without their quotes. A slash begins a switch inside of a word too (`/s/q`).
pub fn arguments(rest: &str) -> (Vec<String>, Vec<String>) {
    let (mut switches, mut words) = (Vec::new(), Vec::new());
    for word in name::words(rest) {
        if let Some(list) = word.strip_prefix('/') {
            switches.extend(list.split('/').map(str::to_ascii_lowercase));
            continue;
        }
        match word.split_once('/').filter(|_| !word.contains('"')) {
            Some((word, list)) => {
                words.push(word.into());
                switches.extend(list.split('/').map(str::to_ascii_lowercase));
            }
            None => words.push(name::unquoted(word)),
        }
    }
    (switches, words)
}
