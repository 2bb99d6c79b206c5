//! `cargo xtask bench`: start-up and single calls, ours beside Wine, wibo (where `$WIBO` names one) and native code. Every process of
//! a run is pinned to one processor, alike for all; figures are medians.

mod sandbox;

use crate::command::{root, target};
use crate::{build, guests};
use anyhow::{Context, Result, ensure};
use runs::Family;
use runs::home::guest;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// How often a program is started.
const STARTS: usize = 101;
/// How often a program is started under Wine, which takes a hundred times as long.
const WINE_STARTS: usize = 11;

/// How many keys of the registry are made, and how often.
const KEYS: [&str; 2] = ["1000", "11"];

/// What runs a Windows program.
struct Runner {
    name: &'static str,
    command: fn(&Setting) -> Command,
    starts: usize,
    /// It runs our programs as 32-bit code.
    narrow: bool,
}

impl Runner {
    /// One of our programs, in the bitness that it runs.
    fn program(&self, name: &str) -> PathBuf {
        if self.narrow { guest(&format!("32/{name}")) } else { guest(name) }
    }
}

/// Where a benchmark works.
struct Setting {
    folder: PathBuf,
    wibo: Option<PathBuf>,
}

fn ours(setting: &Setting) -> Command {
    let mut command = Command::new(target().join("release/win-compat"));
    command.args(["run", "--yes", "--ro"]).arg(&setting.folder).arg("--").env("WIN_COMPAT_HOME", setting.folder.join("state"));
    command
}

fn wine(setting: &Setting) -> Command {
    let mut command = Command::new("wine");
    command.env("WINEDEBUG", "-all").env("WINEPREFIX", setting.folder.join("wine")).env("DISPLAY", "");
    command
}

fn wibo(setting: &Setting) -> Command {
    Command::new(setting.wibo.as_deref().unwrap_or(Path::new("wibo")))
}

/// Measures, and writes `docs/generated/bench.md`.
pub fn bench() -> Result<()> {
    build::build()?;
    guests::build_programs()?;
    let folder = target().join("bench");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("file.bin"), vec![7; 64 * 1024])?;
    let setting = Setting { folder: folder.canonicalize()?, wibo: std::env::var_os("WIBO").map(PathBuf::from) };
    pin()?;
    let mut runners = vec![
        Runner { name: "win-compat", command: ours, starts: STARTS, narrow: false },
        Runner { name: "win-compat, 32-bit", command: ours, starts: STARTS, narrow: true },
    ];
    if Command::new("wine").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        runners.push(Runner { name: "Wine", command: wine, starts: WINE_STARTS, narrow: false });
    }
    if setting.wibo.is_some() {
        // It runs nothing else.
        runners.push(Runner { name: "wibo, 32-bit", command: wibo, starts: STARTS, narrow: true });
    }
    let mut page = String::from(HEAD);
    let _ = writeln!(page, "Machine: {}, Linux {}.\n", processor(), kernel());
    starts(&setting, &runners, &mut page)?;
    calls(&setting, &runners, &mut page)?;
    sandbox::rows(&setting.folder, &mut page)?;
    memory(&setting, &mut page)?;
    print!("{page}");
    fs::write(root().join("docs/generated/bench.md"), page)?;
    Ok(())
}

const HEAD: &str = "\
# Benchmarks

Made by `cargo xtask bench`; do not edit. Medians, with every process of a run pinned to one processor. Machines are noisy: the ratios
say more than the times.

";

fn pin() -> Result<()> {
    let mut set = CpuSet::new();
    // The last one, which interrupts visit least.
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    set.set(count - 1);
    sched_setaffinity(None, &set).context("this process could not be pinned")
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.and_then(|line| line.split_once(": ")).map_or_else(|| "an unknown processor".into(), |(_, name)| name.to_owned())
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Start to exit, in milliseconds.
fn time(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

/// Start-up: the smallest program, start to exit.
fn starts(setting: &Setting, runners: &[Runner], page: &mut String) -> Result<()> {
    let _ = writeln!(page, "## Start to exit of hello world, in ms\n\n| | median | least | ratio to win-compat |\n|---|---|---|---|");
    let mut first = None;
    for runner in runners {
        let run = || time((runner.command)(setting).arg(runner.program("hello")));
        run()?;
        let times: Vec<f64> = (0..runner.starts).map(|_| run()).collect::<Result<_>>()?;
        row(page, runner.name, times, &mut first);
    }
    let times: Vec<f64> = (0..STARTS).map(|_| time(&mut Command::new("/bin/true"))).collect::<Result<_>>()?;
    row(page, "native (`/bin/true`)", times, &mut first);
    page.push('\n');
    Ok(())
}

fn row(page: &mut String, name: &str, times: Vec<f64>, first: &mut Option<f64>) {
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let median = median(times);
    let ratio = median / *first.get_or_insert(median);
    let _ = writeln!(page, "| {name} | {median:.2} | {least:.2} | {ratio:.2} |");
}

/// Single calls, as a program sees them, in nanoseconds.
fn calls(setting: &Setting, runners: &[Runner], page: &mut String) -> Result<()> {
    let file = setting.folder.join("file.bin");
    let seen = format!("Z:{}", file.display().to_string().replace('/', "\\"));
    let mut columns: Vec<(&str, BTreeMap<String, f64>)> = Vec::new();
    let mut names = Vec::new();
    let compiled: Vec<PathBuf> = crate::scenarios::compile()?.into_iter().filter(|program| program.ends_with("throws.exe")).collect();
    for runner in runners {
        let mut programs = vec![(runner.program("bench"), vec![seen.clone()])];
        programs.push((runner.program("bench_registry"), KEYS.map(str::to_owned).to_vec()));
        // Those of foreign compilers are 64-bit programs.
        programs.extend(compiled.iter().filter(|_| !runner.narrow).map(|program| (program.clone(), vec!["bench".to_owned()])));
        let mut rows: Vec<(String, f64)> = Vec::new();
        for (program, arguments) in programs {
            let output = (runner.command)(setting).arg(program).args(arguments).stdin(Stdio::null()).output()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            // Other runners may not have all that is timed.
            ensure!(output.status.success() || !columns.is_empty(), "{}: {text}", runner.name);
            let cells = text.lines().filter_map(|line| line.split_once('\t'));
            rows.extend(cells.filter_map(|(name, time)| Some((name.to_owned(), time.trim().parse().ok()?))));
        }
        if names.is_empty() {
            names = rows.iter().map(|(name, _)| name.clone()).collect();
        }
        columns.push((runner.name, rows.into_iter().collect()));
    }
    columns.push(("native", native(&file)?));
    let _ = writeln!(
        page,
        "## Single calls, in ns\n\n| |{}|",
        columns.iter().map(|(name, _)| format!(" {name} |")).collect::<String>().trim_end_matches('|')
    );
    let _ = writeln!(page, "|---|{}", "---|".repeat(columns.len()));
    for name in names {
        let cells: String = columns.iter().map(|(_, rows)| rows.get(&name).map_or_else(|| " |".into(), |time| format!(" {time:.1} |"))).collect();
        let _ = writeln!(page, "| {name} |{cells}");
    }
    page.push('\n');
    page.push_str(REASONS);
    Ok(())
}

/// What is slower than it should be, and why.
const REASONS: &str = "\
What falls short of its aim, and why:

- A critical section is two locked instructions, one to enter and one to leave, which the native column shows alone; the aim of 10 ns is
  below that on this machine.
- A pipe is a write and a read of the host's, which the native column shows alone. Ours pay besides twice the way through the gate, two
  looks into the table of handles, and the filter of system calls.
- Opening a file changes between two processes twice (2.4 us) and asks the host seven things (2.3 us): ADR 19.

";

/// The same work, done by a native program.
fn native(path: &Path) -> Result<BTreeMap<String, f64>> {
    use rustix::fs::{Mode, OFlags, fstat, open, stat};
    let batch = |calls: u32, work: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..51 {
            let start = Instant::now();
            for _ in 0..calls {
                work()?;
            }
            times.push(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
        Ok(median(times))
    };
    let file = open(path, OFlags::RDONLY, Mode::empty())?;
    let mut buffer = [0; 4096];
    let read = batch(1000, &mut || {
        ensure!(rustix::io::pread(&file, &mut buffer, 0)? == 4096, "the file is too short");
        Ok(())
    })?;
    let opened = batch(200, &mut || {
        let file = open(path, OFlags::RDONLY, Mode::empty())?;
        fstat(&file)?;
        Ok(())
    })?;
    let facts = batch(200, &mut || stat(path).map(|_| ()).map_err(Into::into))?;
    let clock = batch(10_000, &mut || {
        std::hint::black_box(Instant::now());
        Ok(())
    })?;
    let missing = path.with_extension("missing");
    let absent = batch(200, &mut || {
        ensure!(open(&missing, OFlags::RDONLY, Mode::empty()).is_err(), "it is not there");
        Ok(())
    })?;
    // The least that a lock costs that several threads may want: one locked instruction to take it, one to give it back.
    let word = AtomicU64::new(0);
    let lock = batch(10_000, &mut || {
        word.fetch_add(1, Ordering::SeqCst);
        word.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    })?;
    let (reader, writer) = rustix::pipe::pipe()?;
    let pipe = batch(1000, &mut || {
        rustix::io::write(&writer, &buffer[..64])?;
        ensure!(rustix::io::read(&reader, &mut buffer[..64])? == 64, "the pipe has what was written");
        Ok(())
    })?;
    let thread = batch(50, &mut || std::thread::spawn(|| ()).join().map_err(|_| anyhow::anyhow!("a thread that does nothing")))?;
    let rows = [
        ("ReadFile of 4 KiB", read),
        ("CreateFile, CloseHandle", opened),
        ("CreateFile of a missing file", absent),
        ("GetFileAttributes", facts),
        ("QueryPerformanceCounter", clock),
        ("EnterCriticalSection, LeaveCriticalSection", lock),
        ("WriteFile, ReadFile of 64 bytes through a pipe", pipe),
        ("CreateThread, its end, CloseHandle", thread),
    ];
    Ok(rows.into_iter().map(|(name, time)| (name.to_owned(), time)).collect())
}

/// What a small program that waits takes of the machine, with its whole process tree.
fn memory(setting: &Setting, page: &mut String) -> Result<()> {
    let mut child = ours(setting).arg(guest("act")).arg("wait").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
    let family = Family::of(&setting.folder.join("state"));
    let mut rows = Vec::new();
    for (number, name) in family.members() {
        let mut text = String::new();
        fs::File::open(format!("/proc/{number}/smaps_rollup"))?.read_to_string(&mut text)?;
        let pss = text.lines().find_map(|line| line.strip_prefix("Pss:")).and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        rows.push((name.to_owned(), pss.unwrap_or(f64::NAN) / 1024.0));
    }
    child.kill()?;
    child.wait()?;
    let _ = writeln!(page, "## Memory of a small program that waits (proportional set size, MiB)\n\n| process | MiB |\n|---|---|");
    for (name, size) in &rows {
        let _ = writeln!(page, "| {name} | {size:.2} |");
    }
    let _ = writeln!(page, "| all | {:.2} |", rows.iter().map(|(_, size)| size).sum::<f64>());
    Ok(())
}
