//! What every source file keeps to: a head that says what it is, one subject, no disabled test; and the documents' links.

use crate::command::root;
use anyhow::Result;
use regex::Regex;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Above this many lines there is a second subject in a file.
const MOST_LINES: usize = 500;

/// The crates in which unsafe code is forbidden.
const SAFE: [&str; 8] = ["broker", "catalog", "cli", "gate", "pe", "protocol", "store", "terminal"];

/// What is wrong, one sentence each.
pub fn check() -> Result<Vec<String>> {
    let listed = Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root()).output()?;
    let mut wrong = Vec::new();
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        let path = root().join(name);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if name.ends_with(".rs") {
            source(name, &text, &mut wrong);
        } else if name.ends_with(".md") {
            links(name, &path, &text, &mut wrong);
        }
    }
    for name in SAFE {
        let folder = root().join("crates").join(name).join("src");
        let head = ["lib.rs", "main.rs"].iter().find_map(|file| fs::read_to_string(folder.join(file)).ok()).unwrap_or_default();
        if !head.contains("#![forbid(unsafe_code)]") {
            wrong.push(format!("crates/{name}: unsafe code is forbidden there, and its root must say so"));
        }
    }
    Ok(wrong)
}

fn source(name: &str, text: &str, wrong: &mut Vec<String>) {
    let generated = name.contains("generated");
    // A table that is included opens with an ordinary comment.
    let is_table = text.starts_with("// ") && (text.contains("\n[\n") || text.contains("\n&[\n"));
    if !is_table && !text.starts_with("//!") {
        wrong.push(format!("{name}: opens without `//!` lines that say what it is"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !generated {
        wrong.push(format!("{name}: {lines} lines; above {MOST_LINES} there is a second subject in it"));
    }
    // Written in two halves, so that this file does not find itself.
    for (word, reason) in [
        (concat!("#[", "ignore"), "a test that does not run"),
        (concat!("TO", "DO"), "unfinished work belongs into an issue"),
        (concat!("FIX", "ME"), "unfinished work belongs into an issue"),
        (concat!("todo", "!("), "a path that panics"),
        (concat!("unimplemented", "!("), "a path that panics"),
    ] {
        if let Some(line) = text.lines().position(|line| line.contains(word)) {
            wrong.push(format!("{name}:{}: `{word}`: {reason}", line + 1));
        }
    }
}

fn links(name: &str, path: &Path, text: &str, wrong: &mut Vec<String>) {
    let link = Regex::new(r"\]\(([^)#:]+)(#[^)]*)?\)").expect("the expression is well-formed");
    for found in link.captures_iter(text) {
        let target = path.parent().unwrap_or(path).join(&found[1]);
        if !target.exists() {
            wrong.push(format!("{name}: the link to {} leads nowhere", &found[1]));
        }
    }
}
