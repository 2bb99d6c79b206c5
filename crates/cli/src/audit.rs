//! `win-compat audit`: what programs asked for, what was granted, what was refused.

use crate::arguments::AuditArguments;
use crate::home;
use broker::audit::{Entry, Kind, Outcome, Trust, entries};
use broker::plain;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal::shown;

/// One event, for JSON.
#[derive(Serialize)]
struct Row {
    time: String,
    kind: &'static str,
    trust: &'static str,
    outcome: &'static str,
    process: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    code: u32,
    count: u64,
    duration_us: u16,
}

/// Lists an audit; answers the exit code, or one sentence.
pub fn list(arguments: &AuditArguments) -> Result<u8, String> {
    let path = choose(arguments)?;
    let mut shown = 0;
    loop {
        let found = read(&path)?;
        if arguments.missing {
            missing(&found, arguments.json)?;
        } else {
            for entry in &found[shown.min(found.len())..] {
                show(entry, arguments.json)?;
            }
        }
        shown = found.len();
        if !arguments.follow {
            return Ok(0);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The audit of the sandbox that was named, or of the last run.
fn choose(arguments: &AuditArguments) -> Result<PathBuf, String> {
    let folder = home::folder()?.join("audit");
    if let Some(name) = &arguments.sandbox {
        return Ok(folder.join(format!("{name}.audit")));
    }
    // A run's broker may write a last word when the next run has begun: its beginning counts. A sandbox with a name has one audit for all
    // of its runs, of which the last one is told by the last word.
    let time = |entry: &std::fs::DirEntry| {
        let facts = entry.metadata().ok()?;
        let is_of_one_run = entry.file_name().to_string_lossy().starts_with("run-");
        if is_of_one_run { facts.created().or_else(|_| facts.modified()) } else { facts.modified() }.ok()
    };
    let newest = std::fs::read_dir(&folder)
        .map_err(|_| "there is no audit yet: nothing has run")?
        .filter_map(Result::ok)
        .filter_map(|entry| Some((time(&entry)?, entry.path())))
        .max();
    newest.map(|(_, path)| path).ok_or_else(|| "there is no audit yet: nothing has run".into())
}

fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {}", path.display(), plain(&error)))?;
    entries(&bytes).ok_or_else(|| format!("{} is no audit that this version can read", path.display()))
}

/// What a function is called in the ledger.
fn function(entry: &Entry) -> Option<String> {
    let named = catalog::by_numbers(entry.event.dll_ix, entry.event.function_ix);
    named.filter(|_| Kind::from_number(entry.event.kind) == Some(Kind::WinShimCall)).map(|function| format!("{}!{}", function.dll, function.name))
}

fn row(entry: &Entry) -> Row {
    let event = &entry.event;
    Row {
        time: home::time(event.time),
        kind: Kind::from_number(event.kind).map_or("?", Kind::name),
        trust: Trust::from_number(event.trust).map_or("?", Trust::name),
        outcome: Outcome::from_number(event.outcome).map_or("?", Outcome::name),
        process: event.process,
        function: function(entry),
        text: entry.text.clone(),
        code: event.code,
        count: event.count,
        duration_us: event.duration_us,
    }
}

fn show(entry: &Entry, json: bool) -> Result<(), String> {
    let row = row(entry);
    let mut out = std::io::stdout().lock();
    let done = if json {
        writeln!(out, "{}", crate::json::line(&row)?)
    } else {
        let what = row.function.unwrap_or_default();
        let code = if row.code == 0 { String::new() } else { format!(" {:#x}", row.code) };
        let count = if row.count > 1 { format!(" x{}", row.count) } else { String::new() };
        writeln!(out, "{} {:9} {:14} {:11} {what}{}{code}{count}", row.time, row.trust, row.kind, row.outcome, shown(&row.text))
    };
    // Whoever reads has seen enough.
    if done.is_err() { std::process::exit(0) } else { Ok(()) }
}

/// Functions that were called or looked for and are not in the catalog, most wanted first.
fn missing(found: &[Entry], json: bool) -> Result<(), String> {
    let mut wanted: BTreeMap<(&str, &'static str), u64> = BTreeMap::new();
    for entry in found {
        let why = match (Kind::from_number(entry.event.kind), Outcome::from_number(entry.event.outcome)) {
            (Some(Kind::WinShimCall), Some(Outcome::Unsupported)) => "called",
            (Some(Kind::WinShimCall), Some(Outcome::NoMatch)) => "no row",
            (Some(Kind::Probe), _) => "looked for",
            _ => continue,
        };
        *wanted.entry((entry.text.as_str(), why)).or_default() += entry.event.count.max(1);
    }
    let mut rows: Vec<_> = wanted.into_iter().collect();
    rows.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    if json {
        let rows: Vec<_> = rows.iter().map(|((name, why), count)| serde_json::json!({ "name": name, "why": why, "count": count })).collect();
        println!("{}", crate::json::pretty(&rows)?);
        return Ok(());
    }
    if rows.is_empty() {
        println!("nothing was missing");
    }
    for ((name, why), count) in rows {
        println!("{count:8} {why:10} {}", shown(name));
    }
    Ok(())
}
