//! `cargo xtask inspect FOLDER`: whether `win-compat inspect` finds in programs what an independent reader finds.

use crate::command::target;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is compared.
const FIELDS: [&str; 11] =
    ["machine", "subsystem", "dll", "entry_point", "image_base", "size_of_image", "sections", "imports", "exports", "tls_callbacks", "resources"];

/// Compares every program and DLL below a folder.
pub fn compare(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    gather(folder, &mut files)?;
    files.sort();
    ensure!(!files.is_empty(), "{} holds no .exe and no .dll", folder.display());
    let there = Command::new("python3").args(["-c", "import pefile"]).stderr(Stdio::null()).status();
    ensure!(there.is_ok_and(|status| status.success()), "the independent reader is missing: `sudo apt-get install python3-pefile`");
    let mut reader = Command::new("python3")
        .args(["-c", include_str!("dump.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("python3 could not be started")?;
    let mut asked = reader.stdin.take().context("it is piped")?;
    let mut told = BufReader::new(reader.stdout.take().context("it is piped")?).lines();
    let (mut differences, mut refused) = (0, 0);
    for file in &files {
        writeln!(asked, "{}", file.display())?;
        let theirs: Value = serde_json::from_str(&told.next().context("the independent reader has gone")??)?;
        let output = Command::new(target().join("release/win-compat")).args(["inspect", "--json"]).arg(file).output()?;
        let differing: Vec<String> = match (output.status.success(), theirs.get("unreadable")) {
            (false, Some(_)) => {
                refused += 1;
                Vec::new()
            }
            (false, None) => vec![format!("refused: {}", String::from_utf8_lossy(&output.stderr).trim())],
            (true, Some(why)) => vec![format!("read, though to the other it is {why}")],
            (true, None) => differing(&serde_json::from_slice(&output.stdout)?, &theirs),
        };
        differences += differing.len();
        differing.iter().for_each(|difference| println!("{}: {difference}", file.display()));
    }
    drop(asked);
    reader.wait()?;
    println!("{} files, {refused} of them unreadable to both, {differences} differences", files.len());
    if differences > 0 { bail!("`inspect` and pefile differ") } else { Ok(()) }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase()).unwrap_or_default();
        if path.is_dir() {
            gather(&path, files)?;
        } else if ["exe", "dll"].iter().any(|known| extension == *known) {
            files.push(path);
        }
    }
    Ok(())
}

/// The fields in which two descriptions differ.
fn differing(report: &Value, theirs: &Value) -> Vec<String> {
    let mut ours = report["description"].clone();
    // The other reader has its own idea of which export has a name; how many there are is the same to both.
    ours["exports"] = ours["exports"].as_array().map_or(0, Vec::len).into();
    for section in ours["sections"].as_array_mut().into_iter().flatten() {
        section.as_object_mut().map(|section| section.remove("protection"));
    }
    let mut found: Vec<String> = ours["damaged"].as_array().into_iter().flatten().map(|part| format!("damaged: {part}")).collect();
    found.extend(FIELDS.into_iter().filter(|field| ours[field] != theirs[field]).map(|field| {
        let (ours, theirs) = first_difference(&ours[field], &theirs[field]);
        format!("{field}: {ours}, the other {theirs}")
    }));
    found
}

/// The first place where two values differ.
fn first_difference<'a>(ours: &'a Value, theirs: &'a Value) -> (&'a Value, &'a Value) {
    let pair = match (ours, theirs) {
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left.iter().zip(right).find(|(left, right)| left != right),
        (Value::Object(left), Value::Object(right)) => {
            left.iter().find_map(|(key, value)| Some((value, right.get(key)?)).filter(|(left, right)| left != right))
        }
        _ => None,
    };
    pair.map_or((ours, theirs), |(left, right)| first_difference(left, right))
}
