//! `del` and `rd`.

use super::{arguments, fail, fail_with};
use crate::shell::{Outcome, Shell};
use alloc::format;
use alloc::string::String;
use program::text::wide;
use program::{Error, Result, error, file, input, wildcard};
use windows_sys::Win32::Foundation::ERROR_FILE_NOT_FOUND;
use windows_sys::Win32::Storage::FileSystem::{DeleteFileW, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_READONLY, RemoveDirectoryW};

/// `del`: that a file cannot be deleted is said, and is no failure, as on Windows.
pub fn files(shell: &mut Shell, rest: &str) -> Outcome {
    let (switches, names) = arguments(rest);
    let has = |name: &str| switches.iter().any(|switch| switch == name);
    if names.is_empty() {
        return Ok(fail(shell, "The syntax of the command is incorrect."));
    }
    for name in names {
        let pattern = if file::is_folder(&name) { file::join(&name, "*") } else { name.clone() };
        let everything = matches!(file::name_of(&pattern), "*" | "*.*");
        if everything && !has("q") && !confirmed(shell, &format!("{}, Are you sure (Y/N)? ", file::full(&pattern).unwrap_or(pattern.clone()))) {
            continue;
        }
        let found = erase(shell, file::folder_of(&pattern), file::name_of(&pattern), has("s"), has("f"));
        if found == 0 && !wildcard::is(&pattern) {
            shell.complain(&format!("Could Not Find {}", file::full(&name).unwrap_or(name)));
        }
    }
    Ok(0)
}

fn confirmed(shell: &Shell, question: &str) -> bool {
    shell.say(question);
    let answer = input::one_line(shell.streams.get(0)).ok().flatten().unwrap_or_default();
    answer.trim_start().starts_with(['y', 'Y'])
}

/// Deletes what fits; answers how many files did.
fn erase(shell: &Shell, folder: &str, pattern: &str, below: bool, force: bool) -> u32 {
    let mut found = 0;
    for entry in file::list(folder, pattern).unwrap_or_default() {
        let hidden = entry.attributes & FILE_ATTRIBUTE_HIDDEN != 0 && wildcard::is(pattern);
        if entry.is_folder() || hidden {
            continue;
        }
        found += 1;
        let path = [folder, &entry.name].concat();
        if force && entry.attributes & FILE_ATTRIBUTE_READONLY != 0 {
            let _ = file::set_attributes(&path, entry.attributes & !FILE_ATTRIBUTE_READONLY);
        }
        if let Err(error) = delete(&path) {
            shell.complain(&format!("{path}\r\n{}", error.text()));
        }
    }
    if below {
        for entry in file::list(folder, "*").unwrap_or_default().into_iter().filter(|entry| entry.is_folder() && !entry.is_link()) {
            found += erase(shell, &format!("{folder}{}\\", entry.name), pattern, true, force);
        }
    }
    found
}

fn delete(path: &str) -> Result<()> {
    let path = wide(path);
    // SAFETY: ends in a NUL.
    error::check(unsafe { DeleteFileW(path.as_ptr()) })
}

fn remove(path: &str) -> Result<()> {
    let path = wide(path);
    // SAFETY: ends in a NUL.
    error::check(unsafe { RemoveDirectoryW(path.as_ptr()) })
}

/// `rd`.
pub fn folders(shell: &mut Shell, rest: &str) -> Outcome {
    let (switches, names) = arguments(rest);
    let has = |name: &str| switches.iter().any(|switch| switch == name);
    if names.is_empty() {
        return Ok(fail(shell, "The syntax of the command is incorrect."));
    }
    let mut code = 0;
    for name in names {
        if has("s") && !has("q") && !confirmed(shell, &format!("{name}, Are you sure (Y/N)? ")) {
            continue;
        }
        let done = if has("s") && file::is_folder(&name) { empty(&name).and_then(|()| remove(&name)) } else { remove(&name) };
        if let Err(error) = done {
            code = if error == Error(ERROR_FILE_NOT_FOUND) { 2 } else { error.0 };
            fail_with(shell, error);
        }
    }
    Ok(code)
}

/// Deletes everything in a folder; a link goes, and what it leads to stays.
fn empty(folder: &str) -> Result<()> {
    for entry in file::list(folder, "*")? {
        let path: String = file::join(folder, &entry.name);
        if entry.attributes & FILE_ATTRIBUTE_READONLY != 0 {
            let _ = file::set_attributes(&path, entry.attributes & !FILE_ATTRIBUTE_READONLY);
        }
        if !entry.is_folder() {
            delete(&path)?;
            continue;
        }
        if !entry.is_link() {
            empty(&path)?;
        }
        remove(&path)?;
    }
    Ok(())
}
