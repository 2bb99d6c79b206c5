//! What files of a named sandbox cost, until everything is sealed and its broker has gone.

use super::median;
use crate::command::target;
use anyhow::{Result, ensure};
use runs::Family;
use runs::home::guest;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// How many files are made.
const FILES: u32 = 5000;
/// Bytes of a large file, and how often it is opened.
const LARGE: u64 = 500_000_000;
const OPENS: u32 = 1000;
const TRIES: usize = 5;

/// Runs `disk` in a sandbox; milliseconds up to the program's end, and up to the broker's.
fn run(state: &Path, words: &str) -> Result<(f64, f64)> {
    let start = Instant::now();
    let status = Command::new(target().join("release/win-compat"))
        .args(["run", "--yes", "--sandbox", "bench", "--"])
        .arg(guest("disk"))
        .args(words.split(' '))
        .env("WIN_COMPAT_HOME", state)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "{words}: {status}");
    let program = start.elapsed();
    Family::of(state).goes();
    Ok((program.as_secs_f64() * 1000.0, start.elapsed().as_secs_f64() * 1000.0))
}

/// Measures.
pub fn rows(folder: &Path, page: &mut String) -> Result<()> {
    let state = folder.join("store");
    let mut small = Vec::new();
    let mut large = Vec::new();
    for _ in 0..TRIES {
        let _ = std::fs::remove_dir_all(&state);
        small.push(run(&state, &format!("make C:\\x , files C:\\x {FILES} 100"))?);
        run(&state, &format!("fill C:\\large {LARGE}"))?;
        large.push(run(&state, &format!("reopen C:\\large {OPENS}"))?);
    }
    std::fs::remove_dir_all(&state)?;
    let each = |times: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| median(times.iter().map(of).collect());
    let made = each(&small, |(program, _)| *program) * 1000.0 / f64::from(FILES);
    let sealed = each(&small, |(program, all)| all - program) * 1000.0 / f64::from(FILES);
    let _ = writeln!(page, "## Files on C: of a named sandbox\n\n| | time |\n|---|---|");
    let _ = writeln!(page, "| a file of 100 bytes is made, us | {made:.1} |");
    let _ = writeln!(page, "| it is sealed at the sandbox's end, us | {sealed:.1} |");
    let (program, all) = (each(&large, |(program, _)| *program), each(&large, |(_, all)| *all));
    let _ = writeln!(page, "| a file of 500 MB is opened, one page changed, closed, {OPENS} times, ms | {program:.0} |");
    let _ = writeln!(page, "| the same with the sandbox's end, ms (aim: 2000) | {all:.0} |\n");
    Ok(())
}
