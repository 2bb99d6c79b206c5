//! `set`, `set /a`, `set /p`, `path`, `prompt`.

use super::{fail, fail_with};
use crate::language::arithmetic::{self, Memory};
use crate::shell::{Outcome, Shell};
use alloc::format;
use alloc::string::String;
use program::{environment, input};

struct Variables;

impl Memory for Variables {
    fn get(&self, name: &str) -> Option<String> {
        environment::get(name)
    }

    fn set(&mut self, name: &str, value: i32) {
        let _ = environment::set(name, Some(&format!("{value}")));
    }
}

/// `set`.
pub fn set(shell: &mut Shell, rest: &str) -> Outcome {
    let text = rest.trim_start_matches([' ', '\t', ',', ';', '=']);
    if let Some(expression) = program::text::strip(text, "/a") {
        return Ok(match arithmetic::evaluate(expression, &mut Variables) {
            Ok(value) => {
                if shell.batches.is_empty() {
                    shell.say(&format!("{value}"));
                }
                0
            }
            Err(wrong) => {
                shell.complain(wrong.text());
                shell.level = wrong.code();
                wrong.code()
            }
        });
    }
    let (text, asks) = match program::text::strip(text, "/p") {
        Some(text) => (text.trim_start(), true),
        None => (text, false),
    };
    let text = unwrapped(text);
    if text.is_empty() {
        let variables = environment::all().into_iter().filter(|(name, _)| !name.starts_with('='));
        variables.for_each(|(name, value)| shell.say(&format!("{name}={value}\r\n")));
        return Ok(0);
    }
    let Some((name, value)) = text.split_once('=') else { return Ok(show(shell, text)) };
    if !asks {
        return assign(shell, name, value);
    }
    shell.say(value.trim_matches('"'));
    match input::one_line(shell.streams.get(0)) {
        // Nothing typed leaves the variable as it was.
        Ok(Some(line)) if !line.is_empty() => assign(shell, name, &line),
        _ => {
            shell.level = 1;
            Ok(1)
        }
    }
}

/// `"name=value"` and what follows the last quote: quotes are none of it.
fn unwrapped(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(inner) => inner.rfind('"').map_or(inner, |end| &inner[..end]),
        None => text,
    }
}

fn assign(shell: &mut Shell, name: &str, value: &str) -> Outcome {
    let value = Some(value).filter(|value| !value.is_empty());
    if value.is_none() && environment::get(name).is_none() {
        shell.level = 1;
        return Ok(1);
    }
    Ok(environment::set(name, value).map_or_else(|error| fail_with(shell, error), |()| 0))
}

/// The variables that begin with a text.
fn show(shell: &mut Shell, text: &str) -> u32 {
    let wanted = text.trim_end();
    let mut found = false;
    for (name, value) in environment::all() {
        if name.to_lowercase().starts_with(&wanted.to_lowercase()) {
            found = true;
            shell.say(&format!("{name}={value}\r\n"));
        }
    }
    if found { 0 } else { fail(shell, &format!("Environment variable {wanted} not defined")) }
}

/// `path`.
pub fn path(shell: &mut Shell, rest: &str) -> Outcome {
    let text = rest.trim_start_matches([' ', '\t', '=']);
    match text {
        "" => shell.say(&environment::get("PATH").map_or_else(|| "No Path\r\n".into(), |path| format!("PATH={path}\r\n"))),
        ";" => drop(environment::set("PATH", None)),
        _ => drop(environment::set("PATH", Some(text))),
    }
    Ok(0)
}

/// `prompt`.
pub fn prompt(_shell: &mut Shell, rest: &str) -> Outcome {
    let text = rest.trim_start();
    let _ = environment::set("PROMPT", Some(if text.is_empty() { "$P$G" } else { text }));
    Ok(0)
}
