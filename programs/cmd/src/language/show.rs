//! Commands as text again: what a batch file shows before it runs them, and what another interpreter is given to run.

use super::syntax::{Action, Command, Comparison, Condition, Join, Kind, Redirection, Target, Test};
use alloc::format;
use alloc::string::String;

/// A command.
pub fn command(command: &Command) -> String {
    let quiet = if command.quiet { "@" } else { "" };
    let mut text = format!("{quiet}{}", action(&command.action));
    for redirection in &command.redirections {
        text.push_str(&target(redirection));
    }
    text
}

fn target(Redirection { stream, target }: &Redirection) -> String {
    match target {
        Target::Read(file) => format!(" {stream}<{file}"),
        Target::Write(file) => format!(" {stream}>{file}"),
        Target::Append(file) => format!(" {stream}>>{file}"),
        Target::Stream(other) => format!(" {stream}>&{other}"),
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::Run(text) => text.clone(),
        Action::Block(commands) => {
            let mut text = String::from("(");
            for (index, inner) in commands.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { " & " });
                text.push_str(&command(inner));
            }
            text.push(')');
            text
        }
        Action::Both(first, join, second) => {
            let sign = match join {
                Join::Then => "&",
                Join::Or => "||",
                Join::And => "&&",
                Join::Pipe => "|",
            };
            let first = command(first);
            let gap = if first.ends_with(' ') { "" } else { " " };
            format!("{first}{gap}{sign} {}", command(second))
        }
        Action::If(what, then, otherwise) => {
            let rest = otherwise.as_ref().map(|otherwise| format!(" else {}", command(otherwise))).unwrap_or_default();
            format!("if {} {}{rest}", condition(what), command(then))
        }
        Action::For(what, body) => {
            let kind = match &what.kind {
                Kind::Words => String::new(),
                Kind::Folders => "/D ".into(),
                Kind::Below(folder) if folder.is_empty() => "/R ".into(),
                Kind::Below(folder) => format!("/R {folder} "),
                Kind::Numbers => "/L ".into(),
                Kind::Lines(options) if options.is_empty() => "/F ".into(),
                Kind::Lines(options) => format!("/F {options} "),
            };
            format!("for {kind}%{} in ({}) do {}", what.variable, what.set, command(body))
        }
    }
}

fn condition(condition: &Condition) -> String {
    let test = match &condition.test {
        Test::ErrorLevel(level) => format!("ERRORLEVEL {level}"),
        Test::Extensions(version) => format!("CMDEXTVERSION {version}"),
        Test::Exist(path) => format!("EXIST {path}"),
        Test::Defined(name) => format!("DEFINED {name}"),
        Test::Compare(left, comparison, right) => {
            let word = match comparison {
                Comparison::Same => "==",
                Comparison::Equal => "EQU",
                Comparison::NotEqual => "NEQ",
                Comparison::Less => "LSS",
                Comparison::LessOrEqual => "LEQ",
                Comparison::Greater => "GTR",
                Comparison::GreaterOrEqual => "GEQ",
            };
            format!("{left} {word} {right}")
        }
    };
    format!("{}{}{test}", if condition.folded { "/I " } else { "" }, if condition.negated { "not " } else { "" })
}
