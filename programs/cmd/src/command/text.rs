//! What shows or asks for text: `echo`, `type`, `pause`, `ver`, `date`, `time`, `title`, `cls`, `verify`.

use super::{arguments, fail, fail_with};
use crate::shell::{Outcome, Shell};
use alloc::format;
use program::text::{self as words, same, wide};
use program::{file, input, time as clock, wildcard};

/// `echo`.
pub fn echo(shell: &mut Shell, rest: &str) -> Outcome {
    let plain = rest.trim_matches([' ', '\t']);
    match rest.chars().next() {
        Some(' ' | '\t') | None if same(plain, "on") => shell.echo = true,
        Some(' ' | '\t') | None if same(plain, "off") => shell.echo = false,
        Some(' ' | '\t') | None if plain.is_empty() => shell.say(if shell.echo { "ECHO is on.\r\n" } else { "ECHO is off.\r\n" }),
        // The character that ends the name is not shown.
        _ => {
            let skip = rest.chars().next().map_or(0, char::len_utf8);
            if let Err(error) = shell.write(&format!("{}\r\n", &rest[skip..])) {
                return Ok(fail_with(shell, error));
            }
        }
    }
    Ok(0)
}

/// `type`.
pub fn show(shell: &mut Shell, rest: &str) -> Outcome {
    let (_, names) = arguments(rest);
    if names.is_empty() {
        return Ok(fail(shell, "The syntax of the command is incorrect."));
    }
    for name in names {
        let found = if wildcard::is(&name) { file::find(&name) } else { Ok(alloc::vec::Vec::new()) };
        let paths = match found {
            Ok(entries) if wildcard::is(&name) => {
                entries.into_iter().filter(|entry| !entry.is_folder()).map(|entry| [file::folder_of(&name), &entry.name].concat()).collect()
            }
            Ok(_) => alloc::vec![name.clone()],
            Err(error) => return Ok(fail_with(shell, error)),
        };
        for path in paths {
            let done = file::read(&path).and_then(|bytes| {
                let output = shell.output(1);
                // UTF-16 becomes what everybody else writes; other bytes stay as they are.
                if output.is_console() || bytes.starts_with(&[0xFF, 0xFE]) {
                    output.write(&words::decode(&bytes))
                } else {
                    output.write_bytes(&bytes)
                }
            });
            if let Err(error) = done {
                return Ok(fail_with(shell, error));
            }
        }
    }
    Ok(0)
}

/// `pause`.
pub fn pause(shell: &mut Shell, _rest: &str) -> Outcome {
    shell.say("Press any key to continue . . . ");
    let mut byte = [0];
    let _ = input::read(shell.streams.get(0), &mut byte);
    shell.say("\r\n");
    Ok(0)
}

/// `ver`.
pub fn version(shell: &mut Shell, _rest: &str) -> Outcome {
    shell.say(&format!("\r\n{}\r\n", program::version::name()));
    Ok(0)
}

/// `date /t`; the date itself is the host's.
pub fn date(shell: &mut Shell, rest: &str) -> Outcome {
    if !arguments(rest).0.iter().any(|switch| switch == "t") {
        return Ok(fail(shell, "The date is the host's, and is shown by date /t alone."));
    }
    shell.say(&format!("{} \r\n", words::weekday_date(&clock::now())));
    Ok(0)
}

/// `time /t`; the time itself is the host's.
pub fn time(shell: &mut Shell, rest: &str) -> Outcome {
    if !arguments(rest).0.iter().any(|switch| switch == "t") {
        return Ok(fail(shell, "The time is the host's, and is shown by time /t alone."));
    }
    shell.say(&format!("{}\r\n", words::clock(&clock::now())));
    Ok(0)
}

/// `title`.
pub fn title(_shell: &mut Shell, rest: &str) -> Outcome {
    let title = wide(rest.trim_start());
    // SAFETY: ends in a NUL. Without a console there is no title, as on Windows.
    unsafe { windows_sys::Win32::System::Console::SetConsoleTitleW(title.as_ptr()) };
    Ok(0)
}

/// `cls`.
pub fn clear(shell: &mut Shell, _rest: &str) -> Outcome {
    let console = shell.output(1).is_console();
    shell.say(if console { "\u{1B}[2J\u{1B}[H" } else { "\u{c}" });
    Ok(0)
}

/// `verify`: what is written is never read back, and the switch is only kept.
pub fn verify(shell: &mut Shell, rest: &str) -> Outcome {
    match rest.trim() {
        "" => shell.say(if shell.verify { "VERIFY is on.\r\n" } else { "VERIFY is off.\r\n" }),
        on if same(on, "on") => shell.verify = true,
        off if same(off, "off") => shell.verify = false,
        _ => return Ok(fail(shell, "VERIFY is on or off.")),
    }
    Ok(0)
}
