//! Runs the conformance programs under ours and under Wine, and writes down what they show.

use crate::command::{root, target};
use crate::guests::{self, WINDOWS};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One case, as one system ran it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Case {
    functions: String,
    kind: String,
    what: String,
    /// Why Wine differs, where it does.
    wine: String,
    outcome: String,
}

/// Where the results lie.
pub fn path() -> PathBuf {
    root().join("docs/generated/conformance.tsv")
}

/// Runs every program whose name holds `filter`, as 64-bit and as 32-bit code; with no filter, writes the results down.
pub fn run(filter: Option<&str>, with_wine: bool) -> Result<()> {
    let names = names(filter)?;
    guests::build_some(&names)?;
    let wine = with_wine && Command::new("wine").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let (mut rows, mut narrow) = (Vec::new(), 0);
    let (mut failed, mut surprises, mut skipped) = (0, 0, 0);
    for target in WINDOWS {
        let is_narrow = target == WINDOWS[1];
        let wine = wine && (!is_narrow || has_narrow_wine());
        for program in &programs(target, &names)? {
            let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned() + if is_narrow { " (32-bit)" } else { "" };
            let ours = cases(&mut ours(program)?, &name)?;
            let theirs = if wine { Some(cases(&mut wine_command(program)?, &name)?) } else { None };
            skipped += usize::from(theirs.is_none()) * ours.len();
            for case in ours {
                if case.outcome != "ok" {
                    failed += 1;
                    println!("FAIL {name}: {} ({}): {}: {}", case.functions, case.kind, case.what, case.outcome);
                }
                let mut others = theirs.iter().flatten();
                let other = others.find(|other| other.what == case.what && other.functions == case.functions);
                let agreement = match other {
                    None => "not run".to_owned(),
                    Some(other) => agreement(&case, other, &mut surprises, &name),
                };
                // The list says once what both show.
                if is_narrow { narrow += 1 } else { rows.push((case, agreement)) }
            }
        }
    }
    println!("{} cases, and {narrow} as 32-bit code, {failed} failed; Wine: {surprises} unexplained differences, {skipped} not run", rows.len());
    if filter.is_none() && wine && failed == 0 {
        write(&rows)?;
    }
    if failed > 0 || surprises > 0 { bail!("conformance") } else { Ok(()) }
}

/// Whether Wine runs 32-bit programs here.
pub fn has_narrow_wine() -> bool {
    ["/usr/lib/i386-linux-gnu/wine", "/usr/lib/wine/wine", "/opt/wine-stable/lib/wine/i386-windows"].iter().any(|place| Path::new(place).exists())
}

fn agreement(case: &Case, other: &Case, surprises: &mut usize, name: &str) -> String {
    match (other.outcome == "ok", case.wine.is_empty()) {
        // What Wine does at times depends on the moment: either outcome is explained.
        (true, false) if case.wine.starts_with("at times ") => format!("differs: {}", case.wine),
        (true, true) => "agrees".into(),
        (false, false) => format!("differs: {}", case.wine),
        (true, false) => {
            *surprises += 1;
            println!("WINE {name}: {}: {}: agrees by now, though the case says: {}", case.functions, case.what, case.wine);
            "agrees".into()
        }
        (false, true) => {
            *surprises += 1;
            println!("WINE {name}: {}: {}: {}", case.functions, case.what, other.outcome);
            "differs".into()
        }
    }
}

/// The programs of a target that are wanted.
fn programs(windows: &str, names: &[String]) -> Result<Vec<PathBuf>> {
    let built = target().join(windows).join("guest");
    // Beside the programs lie no system DLLs of ours: a program finds those first, under Wine too.
    let folder = target().join("conformance/programs").join(windows);
    fs::create_dir_all(&folder)?;
    // A program finds its own DLLs beside itself.
    for entry in fs::read_dir(built.join("examples"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "dll") {
            fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let mut found = Vec::new();
    for name in names {
        let program = folder.join(name).with_extension("exe");
        fs::copy(built.join(name).with_extension("exe"), &program)?;
        found.push(program);
    }
    Ok(found)
}

/// The names of the programs that are wanted.
fn names(filter: Option<&str>) -> Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(root().join("tests/guests/src/bin"))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| name.starts_with("conformance_") && filter.is_none_or(|filter| name.contains(filter)))
        .collect();
    names.sort();
    if names.is_empty() { bail!("no conformance program is called so") } else { Ok(names) }
}

/// A fresh working folder for one run.
fn working_folder(kind: &str) -> Result<PathBuf> {
    let folder = target().join("conformance").join(kind);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    Ok(folder)
}

fn ours(program: &Path) -> Result<Command> {
    let folder = working_folder("ours")?;
    let mut command = Command::new(target().join("release/win-compat"));
    command.arg("run").arg("--rw").arg(&folder).arg(program).current_dir(&folder).env("WIN_COMPAT_HOME", target().join("conformance/home"));
    Ok(command)
}

fn wine_command(program: &Path) -> Result<Command> {
    let folder = working_folder("wine")?;
    let mut command = Command::new("wine");
    command.arg(program).current_dir(folder).env("WINEDEBUG", "-all").env("WINEPREFIX", prefix());
    Ok(command)
}

/// Ends what a program has left behind under Wine: the next one starts afresh.
fn end_wine() {
    let mut server = Command::new("wineserver");
    server.arg("-k").env("WINEPREFIX", prefix()).stdout(Stdio::null()).stderr(Stdio::null());
    // Where there is none, nothing is left.
    let _ = server.status();
}

fn prefix() -> PathBuf {
    target().join("conformance/prefix")
}

/// Runs a program and reads its cases. What a crash cut off is a failed case.
fn cases(command: &mut Command, name: &str) -> Result<Vec<Case>> {
    const LIMIT: Duration = Duration::from_secs(120);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().with_context(|| format!("{command:?}"))?;
    let streams = (Heard::begin(child.stdout.take().context("piped")?), Heard::begin(child.stderr.take().context("piped")?));
    let deadline = Instant::now() + LIMIT;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let status = child.wait()?;
    let (Some(text), Some(errors)) = (streams.0.end(), streams.1.end()) else {
        end_wine();
        bail!("{name} has left programs behind that keep its streams open");
    };
    let cases: Vec<Case> = text.lines().filter(|line| line.starts_with("case\t")).map(|line| parse(line, &errors)).collect();
    // What is about 64-bit code alone says so.
    if cases.is_empty() && !text.starts_with("skipped\t") {
        bail!("{name} ran no case ({status}): {text}{errors}");
    }
    Ok(cases)
}

/// What a stream says. A program may leave others behind that keep its streams open: they are not waited for.
struct Heard {
    reader: JoinHandle<Vec<u8>>,
}

impl Heard {
    fn begin(mut stream: impl Read + Send + 'static) -> Self {
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stream.read_to_end(&mut text);
            text
        });
        Self { reader }
    }

    fn end(self) -> Option<String> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let deadline = Instant::now() + PATIENCE;
        while !self.reader.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        let text = self.reader.is_finished().then(|| self.reader.join().expect("it does not panic"));
        text.map(|text| String::from_utf8_lossy(&text).into_owned())
    }
}

fn parse(line: &str, errors: &str) -> Case {
    let mut cells = line.split('\t').skip(1).map(str::to_owned);
    let mut cell = || cells.next().unwrap_or_default();
    let (functions, kind, what, wine, outcome) = (cell(), cell(), cell(), cell(), cell());
    let outcome = if outcome.is_empty() { format!("the program ended here: {}", errors.lines().last().unwrap_or_default()) } else { outcome };
    Case { functions, kind, what, wine, outcome }
}

/// What is known of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub success: u32,
    pub failure: u32,
    pub total: u32,
    pub differs: u32,
}

impl Known {
    /// Whether its documented successes and failures are tested.
    pub fn is_supported(&self) -> bool {
        self.total > 0 || self.success > 0 && self.failure > 0
    }
}

fn write(rows: &[(Case, String)]) -> Result<()> {
    let mut text = String::from("function\tkind\tcase\twine\n");
    let mut lines: Vec<String> = rows
        .iter()
        .flat_map(|(case, agreement)| {
            case.functions.split(' ').map(move |function| format!("{function}\t{}\t{}\t{agreement}\n", case.kind, case.what))
        })
        .collect();
    lines.sort();
    lines.dedup();
    text.extend(lines);
    fs::create_dir_all(path().parent().expect("it has a folder"))?;
    fs::write(path(), text)?;
    Ok(())
}

/// What is known of every function.
pub fn read() -> Result<BTreeMap<String, Known>> {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let Ok(text) = fs::read_to_string(path()) else { return Ok(known) };
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [function, kind, _, wine] = cells[..] else { bail!("{line:?} has not four cells") };
        let row = known.entry(function.to_owned()).or_default();
        match kind {
            "success" => row.success += 1,
            "failure" => row.failure += 1,
            _ => row.total += 1,
        }
        row.differs += u32::from(wine.starts_with("differs"));
    }
    Ok(known)
}
