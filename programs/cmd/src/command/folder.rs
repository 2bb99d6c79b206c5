//! Folders: `cd`, `pushd`, `popd`, `md`.

use super::{fail, fail_with};
use crate::language::name;
use crate::shell::{Outcome, Shell};
use alloc::format;
use alloc::string::String;
use program::text::{strip, wide};
use program::{environment, error, file};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

/// Makes a folder the current one, and remembers it for its drive.
fn enter(folder: &str) -> program::Result<()> {
    environment::set_folder(folder)?;
    let now = environment::folder();
    if now.as_bytes().get(1) == Some(&b':') {
        let _ = environment::set(&format!("={}", now[..2].to_ascii_uppercase()), Some(&now));
    }
    Ok(())
}

/// `cd`: blanks are part of the name.
pub fn change(shell: &mut Shell, rest: &str) -> Outcome {
    let text = rest.trim_matches([' ', '\t', ',', ';', '=']);
    let (text, drives) = match strip(text, "/d") {
        Some(text) => (text.trim_start(), true),
        None => (text, false),
    };
    let target = name::unquoted(text);
    let current = environment::folder();
    let drive = target.get(..2).filter(|drive| drive.ends_with(':')).map(str::to_ascii_uppercase);
    if target.is_empty() {
        shell.say(&format!("{current}\r\n"));
        return Ok(0);
    }
    if let Some(drive) = &drive
        && (target.len() == 2 && !drives)
    {
        let folder = file::full(drive).unwrap_or_else(|_| drive.clone());
        shell.say(&format!("{folder}\r\n"));
        return Ok(0);
    }
    let elsewhere = drive.filter(|drive| !current.to_ascii_uppercase().starts_with(drive.as_str()));
    if let Some(drive) = elsewhere.filter(|_| !drives) {
        // The other drive's folder changes, and this drive stays the current one.
        let full = file::full(&target).unwrap_or(target);
        if !file::is_folder(&full) {
            return Ok(fail(shell, "The system cannot find the path specified."));
        }
        let _ = environment::set(&format!("={drive}"), Some(&full));
        return Ok(0);
    }
    match enter(&target) {
        Ok(()) => Ok(0),
        Err(_) => Ok(fail(shell, "The system cannot find the path specified.")),
    }
}

/// `pushd`.
pub fn push(shell: &mut Shell, rest: &str) -> Outcome {
    let target = name::unquoted(rest.trim_matches([' ', '\t', ',', ';', '=']));
    if target.is_empty() {
        let folders: String = shell.folders.iter().rev().map(|folder| format!("{folder}\r\n")).collect();
        shell.say(&folders);
        return Ok(0);
    }
    let current = environment::folder();
    match enter(&target) {
        Ok(()) => {
            shell.folders.push(current);
            Ok(0)
        }
        Err(_) => Ok(fail(shell, "The system cannot find the path specified.")),
    }
}

/// `popd`.
pub fn pop(shell: &mut Shell, _rest: &str) -> Outcome {
    let Some(folder) = shell.folders.pop() else { return Ok(1) };
    Ok(enter(&folder).map_or_else(|error| fail_with(shell, error), |()| 0))
}

/// `md`: the folders that lead there too.
pub fn make(shell: &mut Shell, rest: &str) -> Outcome {
    let mut made = false;
    for word in name::words(rest) {
        made = true;
        let path = name::unquoted(word);
        if file::exists(&path) {
            fail(shell, &format!("A subdirectory or file {path} already exists."));
            return Ok(1);
        }
        if let Err(error) = create(&path) {
            return Ok(fail_with(shell, error));
        }
    }
    if made { Ok(0) } else { Ok(fail(shell, "The syntax of the command is incorrect.")) }
}

fn create(path: &str) -> program::Result<()> {
    let full = file::full(path)?;
    let full = full.trim_end_matches('\\');
    let mut at = 3.min(full.len());
    loop {
        let end = full[at..].find('\\').map_or(full.len(), |length| at + length);
        let part = wide(&full[..end]);
        // SAFETY: ends in a NUL.
        let done = error::check(unsafe { CreateDirectoryW(part.as_ptr(), core::ptr::null()) });
        if end == full.len() {
            return done;
        }
        if done.is_err() && !file::is_folder(&full[..end]) {
            return done;
        }
        at = end + 1;
    }
}
