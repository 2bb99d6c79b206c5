//! What a registry of a million values costs: those who make them, and those who do not ask for them.

use super::median;
use crate::command::target;
use anyhow::{Context, Result, ensure};
use runs::Family;
use runs::home::guest;
use std::fmt::Write;
use std::fs::read_to_string;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const VALUES: u32 = 1_000_000;
const STARTS: usize = 21;

fn command(state: &Path, program: &str, words: &str) -> Command {
    let mut command = Command::new(target().join("release/win-compat"));
    command.args(["run", "--yes", "--sandbox", "many", "--"]).arg(guest(program)).args(words.split_whitespace());
    command.env("WIN_COMPAT_HOME", state).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Milliseconds up to a program's end, and up to the broker's.
fn run(state: &Path, program: &str, words: &str) -> Result<(f64, f64)> {
    let start = Instant::now();
    let status = command(state, program, words).status()?;
    ensure!(status.success(), "{program} {words}: {status}");
    let ended = start.elapsed();
    Family::of(state).goes();
    Ok((ended.as_secs_f64() * 1000.0, start.elapsed().as_secs_f64() * 1000.0))
}

/// MiB of the broker's own memory while a program that did something waits.
fn memory(state: &Path, words: &str) -> Result<f64> {
    let mut child = command(state, "keys", &format!("{words} wait")).stdout(Stdio::piped()).spawn()?;
    let out = BufReader::new(child.stdout.take().context("it is piped")?);
    ensure!(out.lines().map_while(Result::ok).any(|line| line == "waiting"), "keys {words} did not wait");
    let family = Family::of(state);
    let (number, _) = family.members().find(|(_, name)| name.starts_with("win-compat: san")).context("a broker")?;
    let text = read_to_string(format!("/proc/{number}/smaps_rollup"))?;
    let own = text.lines().filter(|line| line.starts_with("Private_")).filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    let size = own.sum::<f64>() / 1024.0;
    child.kill()?;
    child.wait()?;
    Family::of(state).goes();
    Ok(size)
}

/// Measures.
pub fn rows(folder: &Path, page: &mut String) -> Result<()> {
    let state = folder.join("many");
    let _ = std::fs::remove_dir_all(&state);
    let starts = |program: &str, words: &str| -> Result<f64> {
        let times: Vec<f64> = (0..STARTS).map(|_| run(&state, program, words).map(|(program, _)| program)).collect::<Result<_>>()?;
        Ok(median(times))
    };
    let _ = writeln!(page, "## A registry of {VALUES} values in a named sandbox\n\n| | |\n|---|---|");
    run(&state, "hello", "")?;
    let empty = starts("hello", "")?;
    let (made, all) = run(&state, "keys", &format!("fill Software\\Many {VALUES}"))?;
    let _ = writeln!(page, "| a value is set, us | {:.1} |", made * 1000.0 / f64::from(VALUES));
    let _ = writeln!(page, "| the index of all is written and signed at the sandbox's end, ms | {:.0} |", all - made);
    let size =
        std::fs::read_dir(state.join("sandboxes/many/registry"))?.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum::<u64>();
    let _ = writeln!(page, "| bytes on the disk for each value | {:.0} |", size as f64 / f64::from(VALUES));
    let _ = writeln!(page, "| start to exit of a program that asks for no key, ms (without the values: {empty:.2}) | {:.2} |", starts("hello", "")?);
    let one = starts("keys", "get Software\\Many\\500 value500123")?;
    let _ = writeln!(page, "| start to exit of a program that asks for one of the values, ms | {one:.2} |");
    let none = memory(&state, "get Software\\Microsoft none ,")?;
    let looked = memory(&state, "get Software\\Many\\500 value500123 ,")?;
    let _ = writeln!(page, "| MiB of the broker's own while a program waits that asked for another key | {none:.2} |");
    let _ = writeln!(page, "| the same where it asked for one of the values | {looked:.2} |\n");
    std::fs::remove_dir_all(&state)?;
    Ok(())
}
