//! `%~dpnxsatz`: parts and facts of the file that a text names.

use alloc::string::String;
use program::file::{self, Entry};
use program::{environment, search, text, time};

/// A text with modifiers: without its quotes at least.
pub fn modified(modifiers: &str, along: Option<&str>, text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix('"').map_or(text, |rest| rest.strip_suffix('"').unwrap_or(rest));
    let found = match along {
        None => None,
        // What is found nowhere is nothing.
        Some(name) => match found_along(name, text) {
            Some(path) => Some(path),
            None => return String::new(),
        },
    };
    if modifiers.is_empty() && found.is_none() || text.is_empty() {
        return text.into();
    }
    let full = found.or_else(|| file::full(text).ok()).unwrap_or_else(|| text.into());
    let entry = file::find(&full).ok().filter(|entries| entries.len() == 1).and_then(|mut entries| entries.pop());
    let full = spelt(&full, entry.as_ref());
    let has = |letter: char| modifiers.contains(letter);
    let mut shown = String::new();
    let mut add = |piece: &str| {
        if !piece.is_empty() {
            shown.push_str(if shown.is_empty() { "" } else { " " });
            shown.push_str(piece);
        }
    };
    if has('a') {
        add(&entry.as_ref().map(|entry| letters(entry.attributes)).unwrap_or_default());
    }
    if has('t') {
        add(&entry.as_ref().map(|entry| text::short_time(&time::local(entry.times[2]))).unwrap_or_default());
    }
    if has('z') {
        add(&entry.as_ref().map(|entry| alloc::format!("{}", entry.size)).unwrap_or_default());
    }
    add(&parts(&if has('s') { file::short(&full) } else { full }, modifiers));
    shown
}

/// A full path with its last name as the folder has it.
fn spelt(full: &str, entry: Option<&Entry>) -> String {
    match entry.filter(|entry| !entry.is_dots()) {
        Some(entry) => [file::folder_of(full), &entry.name].concat(),
        None => full.into(),
    }
}

/// The parts of a path that letters ask for; all of them where none does.
fn parts(full: &str, letters: &str) -> String {
    let has = |letter: char| letters.contains(letter);
    let none = !['d', 'p', 'n', 'x'].into_iter().any(has);
    if has('f') || none && (has('s') || !['a', 't', 'z'].into_iter().any(has)) {
        return full.into();
    }
    let (folder, last, extension) = (file::folder_of(full), file::name_of(full), file::extension_of(full));
    let drive = if folder.as_bytes().get(1) == Some(&b':') { &folder[..2] } else { "" };
    let mut shown = String::new();
    for (letter, part) in [('d', drive), ('p', &folder[drive.len()..]), ('n', &last[..last.len() - extension.len()]), ('x', extension)] {
        if has(letter) {
            shown.push_str(part);
        }
    }
    shown
}

fn found_along(variable: &str, name: &str) -> Option<String> {
    let folders = search::folders(&environment::get(variable)?);
    let paths = [environment::folder()].into_iter().chain(folders).map(|folder| file::join(&folder, name));
    paths.into_iter().find(|path| file::exists(path)).and_then(|path| file::full(&path).ok())
}

/// Attributes as letters, a dash for each that is not set.
pub fn letters(attributes: u32) -> String {
    const LETTERS: [(char, u32); 11] = [
        ('d', 0x10),
        ('r', 0x1),
        ('a', 0x20),
        ('h', 0x2),
        ('s', 0x4),
        ('c', 0x800),
        ('o', 0x1000),
        ('t', 0x100),
        ('l', 0x400),
        ('v', 0x8000),
        ('x', 0x2_0000),
    ];
    LETTERS.iter().map(|(letter, bit)| if attributes & bit == 0 { '-' } else { *letter }).collect()
}
