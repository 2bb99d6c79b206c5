//! The folders that are looked through, and what is found there.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use program::file::{self, Entry};
use program::output::{complain, line, say};
use program::text::{grouped, same};
use program::{arguments, environment, search, switch, text, time};

const FOUND: u32 = 0;
const NOTHING: u32 = 1;
const WRONG: u32 = 2;

const USAGE: &str = "where [/r folder] [/q] [/f] [/t] [$variable:|folders:]pattern ..\r\n";

/// What is asked.
#[derive(Default)]
struct Request {
    below: Option<String>,
    quiet: bool,
    quoted: bool,
    facts: bool,
    patterns: Vec<String>,
}

/// Runs the program.
pub fn run() -> u32 {
    let given = arguments::given();
    if given.iter().any(|word| switch::is(word, "?")) {
        say(USAGE);
        return FOUND;
    }
    let request = match request(&given) {
        Ok(request) => request,
        Err(what) => {
            complain(&alloc::format!("ERROR: {what}\r\n{USAGE}"));
            return WRONG;
        }
    };
    let mut worst = FOUND;
    for pattern in &request.patterns {
        match find(&request, pattern) {
            Ok(found) if found.is_empty() => {
                if !request.quiet {
                    complain(&alloc::format!("INFO: no file fits the pattern \"{pattern}\".\r\n"));
                }
                worst = worst.max(NOTHING);
            }
            Ok(found) => {
                if !request.quiet {
                    found.iter().for_each(|(path, entry)| say(&line(&shown(&request, path, entry))));
                }
            }
            Err(what) => {
                complain(&alloc::format!("ERROR: {what}\r\n"));
                return WRONG;
            }
        }
    }
    worst
}

fn request(words: &[String]) -> Result<Request, String> {
    let mut request = Request::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix(['/', '-']).map(str::to_ascii_lowercase).as_deref() {
            Some("r") => request.below = Some(words.next().ok_or("/r wants a folder.")?.clone()),
            Some("q") => request.quiet = true,
            Some("f") => request.quoted = true,
            Some("t") => request.facts = true,
            Some(_) => return Err(alloc::format!("{word} is no switch.")),
            None => request.patterns.push(word.clone()),
        }
    }
    if request.patterns.is_empty() { Err("Which pattern?".into()) } else { Ok(request) }
}

/// The files that fit a pattern, each once.
fn find(request: &Request, pattern: &str) -> Result<Vec<(String, Entry)>, String> {
    if let Some(below) = &request.below {
        if !file::is_folder(below) {
            return Err(alloc::format!("{below} is no folder."));
        }
        let mut found = Vec::new();
        let below = file::full(below).unwrap_or_else(|_| below.clone());
        descend(&below, pattern, &mut found);
        return Ok(found);
    }
    // A drive's letter is no list of folders: names of variables and lists are longer.
    let (list, pattern) = match pattern.rsplit_once(':') {
        Some((list, pattern)) => (Some(list), pattern),
        None => (None, pattern),
    };
    if pattern.contains(['\\', '/']) {
        return Err("A pattern with a folder wants it in front of a colon.".into());
    }
    let folders = match list {
        None => search::path(),
        Some(list) => match list.strip_prefix('$') {
            Some(name) => search::folders(&environment::get(name).ok_or_else(|| alloc::format!("There is no variable {name}."))?),
            None => search::folders(list),
        },
    };
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for folder in folders {
        for (path, entry) in in_folder(&folder, pattern) {
            let path = file::full(&path).unwrap_or(path);
            if seen.insert(path.to_lowercase()) {
                found.push((path, entry));
            }
        }
    }
    Ok(found)
}

/// What fits in one folder: the pattern as it is, then with the extensions of programs where it has none.
fn in_folder(folder: &str, pattern: &str) -> Vec<(String, Entry)> {
    let extensions = if file::extension_of(pattern).is_empty() { search::extensions() } else { Vec::new() };
    let patterns = [String::from(pattern)].into_iter().chain(extensions.iter().map(|extension| [pattern, extension].concat()));
    let mut found: Vec<(String, Entry)> = Vec::new();
    for pattern in patterns {
        for entry in file::list(folder, &pattern).unwrap_or_default() {
            let is_new = !found.iter().any(|(_, other)| same(&other.name, &entry.name));
            if !entry.is_folder() && is_new {
                found.push((file::join(folder, &entry.name), entry));
            }
        }
    }
    found
}

fn descend(folder: &str, pattern: &str, found: &mut Vec<(String, Entry)>) {
    found.extend(in_folder(folder, pattern));
    for entry in file::list(folder, "*").unwrap_or_default() {
        // A link may lead back to where it lies.
        if entry.is_folder() && !entry.is_link() {
            descend(&file::join(folder, &entry.name), pattern, found);
        }
    }
}

/// A file as it is shown.
fn shown(request: &Request, path: &str, entry: &Entry) -> String {
    let path = if request.quoted { alloc::format!("\"{path}\"") } else { path.into() };
    if !request.facts {
        return path;
    }
    let written = time::local(entry.times[2]);
    let date = text::date(&written);
    alloc::format!("{:>10}   {date}  {}  {path}", grouped(entry.size), text::clock(&written))
}
