//! `copy`, `move`, `ren`.

use super::{arguments, fail, fail_with};
use crate::shell::{Outcome, Shell};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use program::text::wide;
use program::{Result, error, file, output::Output, wildcard};
use windows_sys::Win32::Storage::FileSystem::{CopyFileW, MOVEFILE_COPY_ALLOWED, MOVEFILE_REPLACE_EXISTING, MoveFileExW};

/// The files that a name means.
fn sources(name: &str, folders: bool) -> Result<Vec<String>> {
    if !wildcard::is(name) {
        if file::is_folder(name) && !folders {
            return Ok(file::list(name, "*")?.into_iter().filter(|entry| !entry.is_folder()).map(|entry| file::join(name, &entry.name)).collect());
        }
        return file::attributes(name).map(|_| Vec::from([String::from(name)]));
    }
    let entries = file::find(name)?.into_iter().filter(|entry| !entry.is_dots() && (folders || !entry.is_folder()));
    Ok(entries.map(|entry| [file::folder_of(name), &entry.name].concat()).collect())
}

/// Where a file goes: into a folder under its own name, else by the pattern of the target.
fn destination(source: &str, target: &str) -> String {
    if file::is_folder(target) || target.ends_with('\\') {
        return file::join(target, file::name_of(source));
    }
    [file::folder_of(target), &patterned(file::name_of(source), file::name_of(target))].concat()
}

/// A name by a pattern: `*` takes what is left of the name or its extension, `?` one character.
fn patterned(name: &str, pattern: &str) -> String {
    if !wildcard::is(pattern) {
        return pattern.into();
    }
    let halves = |text: &str| match text.rfind('.') {
        Some(dot) => (String::from(&text[..dot]), Some(String::from(&text[dot + 1..]))),
        None => (text.into(), None),
    };
    let fill = |from: &str, by: &str| {
        let mut rest = from.chars();
        let mut filled = String::new();
        for character in by.chars() {
            match character {
                '*' => filled.extend(rest.by_ref()),
                '?' => filled.extend(rest.next()),
                other => {
                    rest.next();
                    filled.push(other);
                }
            }
        }
        filled
    };
    let ((base, extension), (wanted, wanted_extension)) = (halves(name), halves(pattern));
    match wanted_extension {
        Some(wanted_extension) => {
            let extension = fill(&extension.unwrap_or_default(), &wanted_extension);
            let base = fill(&base, &wanted);
            if extension.is_empty() { base } else { format!("{base}.{extension}") }
        }
        None => fill(name, &wanted),
    }
}

fn copy_one(from: &str, to: &str) -> Result<()> {
    let (from, to) = (wide(from), wide(to));
    // SAFETY: both end in a NUL.
    error::check(unsafe { CopyFileW(from.as_ptr(), to.as_ptr(), 0) })
}

fn move_one(from: &str, to: &str, flags: u32) -> Result<()> {
    let (from, to) = (wide(from), wide(to));
    // SAFETY: both end in a NUL.
    error::check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) })
}

/// `copy`: `a+b` joins files.
pub fn copy(shell: &mut Shell, rest: &str) -> Outcome {
    let joined = rest.replace('+', " + ");
    let (_, names) = arguments(&joined);
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut joins = false;
    for name in names {
        if name == "+" {
            joins = true;
        } else if core::mem::take(&mut joins)
            && let Some(group) = groups.last_mut()
        {
            group.push(name);
        } else {
            groups.push(Vec::from([name]));
        }
    }
    let (from, to) = match &mut groups[..] {
        [from] => (core::mem::take(from), String::from(".")),
        [from, to] => (core::mem::take(from), to.join("+")),
        _ => return Ok(fail(shell, "The syntax of the command is incorrect.")),
    };
    let mut count = 0;
    let done = if from.len() > 1 { join(&from, &to).map(|()| count = 1) } else { each(shell, &from[0], &to, &mut count) };
    if let Err(error) = done {
        fail_with(shell, error);
    }
    shell.say(&format!("{count:>9} file(s) copied.\r\n"));
    Ok(u32::from(count == 0 || done.is_err()))
}

fn each(shell: &Shell, from: &str, to: &str, count: &mut u32) -> Result<()> {
    let all = sources(from, false)?;
    let several = all.len() > 1 || wildcard::is(from);
    for source in all {
        copy_one(&source, &destination(&source, to))?;
        if several {
            shell.say(&format!("{source}\r\n"));
        }
        *count += 1;
    }
    Ok(())
}

fn join(from: &[String], to: &str) -> Result<()> {
    let mut bytes = Vec::new();
    for name in from {
        for source in sources(name, false)? {
            bytes.extend(file::read(&source)?);
        }
    }
    let target = if to == "." { from[0].clone() } else { destination(&from[0], to) };
    Output::of(file::create(&target)?.0).write_bytes(&bytes)
}

/// `move`.
pub fn rename_into(shell: &mut Shell, rest: &str) -> Outcome {
    let (_, names) = arguments(rest);
    let (from, to) = match &names[..] {
        [from] => (from.as_str(), "."),
        [from, to] => (from.as_str(), to.as_str()),
        _ => return Ok(fail(shell, "The syntax of the command is incorrect.")),
    };
    let mut count = 0;
    let done = sources(from, true).and_then(|all| {
        all.iter().try_for_each(|source| {
            count += 1;
            move_one(source, &destination(source, to), MOVEFILE_COPY_ALLOWED | MOVEFILE_REPLACE_EXISTING)
        })
    });
    if let Err(error) = done {
        return Ok(fail_with(shell, error));
    }
    shell.say(&format!("{count:>9} file(s) moved.\r\n"));
    Ok(0)
}

/// `ren`.
pub fn rename(shell: &mut Shell, rest: &str) -> Outcome {
    let (_, names) = arguments(rest);
    let [from, to] = &names[..] else { return Ok(fail(shell, "The syntax of the command is incorrect.")) };
    if to.contains(['\\', ':']) {
        return Ok(fail(shell, "The syntax of the command is incorrect."));
    }
    let done = sources(from, true).and_then(|all| {
        all.iter().try_for_each(|source| move_one(source, &[file::folder_of(source), &patterned(file::name_of(source), to)].concat(), 0))
    });
    Ok(done.map_or_else(|error| fail_with(shell, error), |()| 0))
}
