//! `dir`.

use super::{arguments, fail};
use crate::shell::{Outcome, Shell};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use program::file::{self, Entry};
use program::text::{grouped, short_time};
use program::{time, wildcard};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_ATTRIBUTE_SYSTEM,
};

/// What is shown, and how.
struct Request {
    bare: bool,
    below: bool,
    /// Attributes that must be set, and those that must not.
    wanted: (u32, u32),
    order: String,
}

/// `dir`.
pub fn list(shell: &mut Shell, rest: &str) -> Outcome {
    let (switches, mut names) = arguments(rest);
    let mut request = Request { bare: false, below: false, wanted: (0, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM), order: "n".into() };
    for switch in switches {
        let value = switch[switch.chars().next().map_or(0, char::len_utf8)..].trim_start_matches(':');
        match switch.chars().next() {
            Some('b') => request.bare = true,
            Some('s') => request.below = true,
            Some('a') => request.wanted = attributes(value),
            Some('o') => request.order = if value.is_empty() { "gn".into() } else { value.into() },
            _ => {}
        }
    }
    if names.is_empty() {
        names.push(".".into());
    }
    let mut found = false;
    for name in names {
        let (folder, pattern) = if wildcard::is(&name) || !file::is_folder(&name) {
            (String::from(file::folder_of(&name)), String::from(file::name_of(&name)))
        } else {
            (name, "*".into())
        };
        let full = file::full(if folder.is_empty() { "." } else { &folder }).unwrap_or(folder);
        if !file::is_folder(&full) {
            return Ok(fail(shell, "The system cannot find the path specified."));
        }
        found |= show(shell, &request, &full, &pattern);
    }
    if found { Ok(0) } else { Ok(fail(shell, "File Not Found")) }
}

fn attributes(letters: &str) -> (u32, u32) {
    let (mut wanted, mut negated) = ((0, 0), false);
    for letter in letters.chars() {
        let bit = match letter {
            '-' => {
                negated = true;
                continue;
            }
            'd' => FILE_ATTRIBUTE_DIRECTORY,
            'h' => FILE_ATTRIBUTE_HIDDEN,
            's' => FILE_ATTRIBUTE_SYSTEM,
            'r' => FILE_ATTRIBUTE_READONLY,
            'a' => FILE_ATTRIBUTE_ARCHIVE,
            'l' => FILE_ATTRIBUTE_REPARSE_POINT,
            _ => 0,
        };
        if core::mem::take(&mut negated) { wanted.1 |= bit } else { wanted.0 |= bit }
    }
    wanted
}

/// Shows a folder, and those below where that is wanted; answers whether anything was shown.
fn show(shell: &Shell, request: &Request, folder: &str, pattern: &str) -> bool {
    let is_wanted = |entry: &Entry| entry.attributes & request.wanted.0 == request.wanted.0 && entry.attributes & request.wanted.1 == 0;
    let mut entries: Vec<Entry> = file::find(&file::join(folder, pattern)).unwrap_or_default().into_iter().filter(is_wanted).collect();
    if request.bare || request.below {
        entries.retain(|entry| !entry.is_dots());
    }
    sort(&mut entries, &request.order);
    let mut shown = !entries.is_empty();
    let mut text = String::new();
    if request.bare {
        let name = |entry: &Entry| if request.below { file::join(folder, &entry.name) } else { entry.name.clone() };
        entries.iter().for_each(|entry| text.push_str(&format!("{}\r\n", name(entry))));
    } else if shown {
        text.push_str(&format!("\r\n Directory of {folder}\r\n\r\n"));
        let (mut files, mut bytes, mut folders) = (0, 0, 0);
        for entry in &entries {
            let size = if entry.is_folder() {
                folders += 1;
                format!("{:<14}", "   <DIR>")
            } else {
                files += 1;
                bytes += entry.size;
                format!("{:>14}", grouped(entry.size))
            };
            text.push_str(&format!("{}    {size:>14} {}\r\n", short_time(&time::local(entry.times[2])).replacen(' ', "  ", 1), entry.name));
        }
        text.push_str(&format!("{files:>16} File(s) {:>14} bytes\r\n{folders:>16} Dir(s)\r\n", grouped(bytes)));
    }
    shell.say(&text);
    if request.below {
        let folders = file::list(folder, "*").unwrap_or_default().into_iter();
        for entry in folders.filter(|entry| entry.is_folder() && !entry.is_link()) {
            shown |= show(shell, request, &file::join(folder, &entry.name), pattern);
        }
    }
    shown
}

fn sort(entries: &mut [Entry], order: &str) {
    let mut keys = Vec::new();
    let mut negated = false;
    for letter in order.chars() {
        if letter == '-' {
            negated = true;
        } else {
            keys.push((letter, core::mem::take(&mut negated)));
        }
    }
    entries.sort_by(|one, other| {
        keys.iter().fold(core::cmp::Ordering::Equal, |found, (letter, negated)| {
            found.then_with(|| {
                let order = match letter {
                    'n' => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
                    'e' => file::extension_of(&one.name).to_lowercase().cmp(&file::extension_of(&other.name).to_lowercase()),
                    's' => one.size.cmp(&other.size),
                    'd' => one.times[2].cmp(&other.times[2]),
                    'g' => other.is_folder().cmp(&one.is_folder()),
                    _ => core::cmp::Ordering::Equal,
                };
                if *negated { order.reverse() } else { order }
            })
        })
    });
}
