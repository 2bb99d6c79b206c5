//! What changes where a batch file goes on: `goto`, `call`, `exit`, `shift`, `setlocal`, and `start`.

use super::{fail, fail_with, find};
use crate::language::compare::number;
use crate::language::{name, percent};
use crate::shell::{Batch, Outcome, Shell, Stop, search};
use alloc::format;
use alloc::string::String;
use program::environment;
use program::process::{How, Process};
use program::text::{same, strip};

/// `goto`.
pub fn goto(shell: &mut Shell, rest: &str) -> Outcome {
    let text = rest.trim_matches([' ', '\t', ',', ';', '=']);
    let label = text.strip_prefix(':').unwrap_or(text);
    if shell.batches.is_empty() {
        return Ok(0);
    }
    if text.starts_with(':') && same(label.split([' ', '\t']).next().unwrap_or_default(), "eof") {
        return Err(Stop::Batch);
    }
    let label = label.split([' ', '\t', ',', ';', '=', ':', '+']).next().unwrap_or_default();
    let found = shell.batches.last_mut().map_or(Ok(false), |batch| batch.find(label));
    match found {
        Ok(true) => Err(Stop::Line),
        _ => {
            fail(shell, &format!("The system cannot find the batch label specified - {label}"));
            Err(Stop::All)
        }
    }
}

/// `call`.
pub fn call(shell: &mut Shell, rest: &str) -> Outcome {
    let text = percent::expand(rest, shell);
    let text = text.trim_start_matches([' ', '\t', ',', ';', '=']);
    if let Some(label) = text.strip_prefix(':') {
        let (word, behind) = name::split(label);
        let Some(current) = shell.batch() else { return Ok(fail(shell, "A label can be called in a batch file alone.")) };
        let mut batch = Batch::new(&current.path, &format!(":{word}"), behind);
        batch.position = current.position;
        if same(word, "eof") {
            return Ok(0);
        }
        if !batch.find(word).unwrap_or(false) {
            return Ok(fail(shell, &format!("The system cannot find the batch label specified - {word}")));
        }
        return shell.run_batch(batch);
    }
    match find(text) {
        Some((own, behind)) => (own.run)(shell, behind),
        None if text.is_empty() => Ok(0),
        None => shell.call_external(text),
    }
}

/// `exit`.
pub fn exit(shell: &mut Shell, rest: &str) -> Outcome {
    let mut text = rest.trim();
    let part = strip(text, "/b");
    text = part.unwrap_or(text).trim();
    if let Some(code) = number(name::split(text).0) {
        shell.level = code as u32;
    }
    if part.is_some() && !shell.batches.is_empty() { Err(Stop::Batch) } else { Err(Stop::Exit(shell.level)) }
}

/// `shift`.
pub fn shift(shell: &mut Shell, rest: &str) -> Outcome {
    let from = rest.trim().strip_prefix('/').and_then(|digit| digit.parse::<usize>().ok()).unwrap_or(0);
    if let Some(batch) = shell.batches.last_mut()
        && from < batch.arguments.len()
    {
        batch.arguments.remove(from);
        batch.moved |= from == 0;
    }
    Ok(0)
}

/// `setlocal`.
pub fn set_local(shell: &mut Shell, rest: &str) -> Outcome {
    if shell.batches.is_empty() {
        return Ok(0);
    }
    shell.save();
    for word in name::words(rest) {
        match word.to_ascii_lowercase().as_str() {
            "enabledelayedexpansion" => shell.delayed = true,
            "disabledelayedexpansion" => shell.delayed = false,
            "enableextensions" => shell.extended = true,
            "disableextensions" => shell.extended = false,
            _ => return Ok(fail(shell, "The syntax of the command is incorrect.")),
        }
        shell.level = 0;
    }
    Ok(0)
}

/// `endlocal`.
pub fn end_local(shell: &mut Shell, _rest: &str) -> Outcome {
    shell.restore();
    Ok(0)
}

/// `start`: a program that goes on by itself; with `/b` and without, as every console is this one's.
pub fn start(shell: &mut Shell, rest: &str) -> Outcome {
    let (mut text, mut title, mut folder, mut wait) = (rest.trim_start(), None, None, false);
    loop {
        let (word, behind) = name::split(text);
        if word.starts_with('"') && title.is_none() && folder.is_none() && !wait {
            title = Some(name::unquoted(word));
        } else if same(word, "/wait") || same(word, "/w") {
            wait = true;
        } else if let Some(path) = strip(word, "/d") {
            let (named, further) = if path.is_empty() { name::split(behind) } else { (path, behind) };
            folder = Some(name::unquoted(named));
            text = further.trim_start();
            continue;
        } else if !["/b", "/i", "/min", "/max", "/normal", "/low", "/high", "/abovenormal", "/belownormal", "/realtime"]
            .iter()
            .any(|known| same(word, known))
        {
            break;
        }
        text = behind.trim_start();
    }
    let interpreter = environment::get("ComSpec").unwrap_or_default();
    let (word, _) = name::split(text);
    let program = if find(text).is_some() { None } else { search(&name::unquoted(word)) };
    let (path, line) = match program {
        Some(path) if !crate::shell::is_batch(&path) => (path, String::from(text)),
        // A batch file's console stays, as it would be looked at; without one of its own it ends.
        _ => (interpreter.clone(), format!("\"{interpreter}\" /c {text}")),
    };
    let how =
        How { program: Some(&path), folder: folder.as_deref(), streams: Some(shell.streams.three()), title: title.as_deref(), ..How::default() };
    match Process::start(&line, &how) {
        Ok(process) if wait => {
            shell.level = process.wait();
            Ok(shell.level)
        }
        Ok(_) => Ok(0),
        Err(error) => Ok(fail_with(shell, error)),
    }
}
