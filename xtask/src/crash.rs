//! Runs that are killed at any point: whatever the program was told is done must be there afterwards, whole, and nothing half done.

mod archive;
mod registry;

use crate::command::target;
use crate::guests;
use anyhow::{Context, Result, bail, ensure};
use runs::Family;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use store::{Path as StorePath, Principal, View};

/// How many rounds the tests run.
const SHORT: u32 = 12;
/// Steps of a program that nobody ends.
const STEPS: u64 = 4000;
const SANDBOX: &str = "storm";

/// A file's content: its key and length, as the program makes it.
type Content = (u64, u64);

/// As a step of the tests.
pub fn check() -> Result<()> {
    run(SHORT, 1, &target())
}

/// Runs so many rounds, with the state in a folder of a folder. Where that is small, the disk will be full.
pub fn run(rounds: u32, seed: u64, folder: &Path) -> Result<()> {
    guests::build_programs()?;
    let home = folder.join(format!("crash-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&home);
    let done = all(&home, rounds, seed);
    match &done {
        Ok(()) => std::fs::remove_dir_all(&home)?,
        Err(_) => println!("the store stays in {}", home.display()),
    }
    done
}

fn all(home: &Path, rounds: u32, seed: u64) -> Result<()> {
    let (mut model, mut keys) = (Model::default(), registry::Model::default());
    let mut random = seed;
    let mut next = move |most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % most
    };
    let mut confirmed = 0;
    for round in 0..rounds {
        let victim = [Victim::Broker, Victim::Program, Victim::Both, Victim::Nobody][next(8).min(3) as usize];
        // A short program is ended while its broker publishes and folds, a long one while it works.
        let steps = if next(3) == 0 { next(60) } else { STEPS };
        let wait = Duration::from_micros(next(400_000));
        if round % 8 == 3 {
            model.import(home, round)?;
        }
        if round % 8 == 5 {
            let times = [0; 2].map(|_| Duration::from_micros(next(60_000)));
            archive::round(home, times).with_context(|| format!("round {round}, export and import after {times:?}"))?;
        }
        if round % 8 == 7 {
            keys.import(home, seed << 20 | u64::from(round), wait / 20).with_context(|| format!("round {round}, killed after {:?}", wait / 20))?;
        }
        if next(2) == 0 {
            let done = keys.round(home, seed << 20 | u64::from(round), steps, victim, wait);
            confirmed += done.with_context(|| format!("round {round}, {victim:?} after {wait:?}"))?;
            continue;
        }
        let said = one(home, "storm", seed << 20 | u64::from(round), steps, victim, wait)?;
        confirmed += said.matches("\nend ").count();
        model.follow(&said);
        model.compare(home).with_context(|| format!("round {round}, {victim:?} after {wait:?}"))?;
    }
    println!("{rounds} rounds, {confirmed} confirmed steps, {} files, {} keys and values: all whole", model.names.len(), keys.count());
    Ok(())
}

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Broker,
    Program,
    Both,
    Nobody,
}

/// One run of a program; what it said.
fn one(home: &Path, program: &str, seed: u64, steps: u64, victim: Victim, wait: Duration) -> Result<String> {
    let program = target().join(guests::WINDOWS[0]).join(format!("guest/{program}.exe"));
    let mut child = Command::new(target().join("release/win-compat"))
        .args(["run", "--yes", "--sandbox", SANDBOX, "--"])
        .arg(program)
        .args([seed.to_string(), if victim == Victim::Nobody { steps.min(400) } else { steps }.to_string()])
        .env("WIN_COMPAT_HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("win-compat is built by `cargo xtask build`")?;
    let mut out = child.stdout.take().context("it is piped")?;
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        out.read_to_end(&mut said).map(|_| said)
    });
    if victim != Victim::Nobody {
        std::thread::sleep(wait);
        for (number, name) in Family::of(home).members() {
            let is_broker = name.starts_with("win-compat: san");
            let is_program = name.starts_with("runtime");
            if is_broker && victim != Victim::Program || is_program && victim != Victim::Broker {
                kill(number);
            }
        }
    }
    child.wait()?;
    Family::of(home).goes();
    let said = reader.join().ok().context("the reader")??;
    Ok(format!("\n{}", String::from_utf8_lossy(&said)))
}

/// Runs a command, and kills it after a while; whether it came to its end.
fn cut_off(mut command: Command, wait: Duration) -> Result<bool> {
    let mut child = command.spawn()?;
    std::thread::sleep(wait);
    kill(child.id());
    Ok(child.wait()?.success())
}

fn kill(number: u32) {
    let number = i32::try_from(number).ok().and_then(rustix::process::Pid::from_raw);
    let _ = number.map(|number| rustix::process::kill_process(number, rustix::process::Signal::KILL));
}

/// What must be there.
#[derive(Default)]
struct Model {
    names: BTreeMap<String, Content>,
    /// A step that was begun and not confirmed.
    open: Option<Step>,
    /// Files that could not be written, for the disk was full: their content is anybody's guess.
    unknown: BTreeSet<String>,
    /// Files that a folder of the host brought.
    imported: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Step {
    verb: String,
    one: String,
    other: String,
    content: Content,
}

impl Model {
    /// Puts a folder where `C:` was before there were objects.
    fn import(&mut self, home: &Path, round: u32) -> Result<()> {
        let before = home.join("scratch").join(SANDBOX);
        let folder = before.join("old");
        let names: Vec<String> = (0..20).map(|number| format!("file-{round}-{number}")).collect();
        let written = std::fs::create_dir_all(&folder).and_then(|()| names.iter().try_for_each(|name| std::fs::write(folder.join(name), name)));
        match written {
            Ok(()) => self.imported.extend(names.into_iter().map(|name| (format!("old\\{name}"), name))),
            // There is nothing to take over where there was no room for it.
            Err(_) if before.exists() => std::fs::remove_dir_all(before)?,
            Err(_) => {}
        }
        Ok(())
    }

    /// Follows what a program said.
    fn follow(&mut self, said: &str) {
        for line in said.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["begin", _, verb, one, other, key, length] => {
                    let (Ok(key), Ok(length)) = (key.parse(), length.parse()) else { continue };
                    let text = |word: &str| word.to_owned();
                    self.open = Some(Step { verb: text(verb), one: text(one), other: text(other), content: (key, length) });
                }
                ["end", _] => {
                    if let Some(step) = self.open.take() {
                        self.does(&step);
                    }
                }
                ["error", _, error] => {
                    // A file that is not there to be changed stays so; others may be half written.
                    let step = self.open.take().filter(|step| *error != "2" && step.verb != "move" && step.verb != "delete");
                    self.unknown.extend(step.map(|step| step.one));
                }
                _ => {}
            }
        }
    }

    fn does(&mut self, step: &Step) {
        match step.verb.as_str() {
            "write" | "flush" | "change" => {
                self.names.insert(step.one.clone(), step.content);
                self.unknown.remove(&step.one);
            }
            "delete" => {
                self.names.remove(&step.one);
                self.unknown.remove(&step.one);
            }
            _ => {
                let is_unknown = self.unknown.remove(&step.one);
                self.unknown.remove(&step.other);
                self.unknown.extend(is_unknown.then(|| step.other.clone()));
                if let Some(content) = self.names.remove(&step.one) {
                    self.names.insert(step.other.clone(), content);
                }
            }
        }
    }

    /// Compares with what is there, and takes over what an unconfirmed step did.
    fn compare(&mut self, home: &Path) -> Result<()> {
        let folder = home.join("sandboxes").join(SANDBOX);
        if !folder.join("objects").exists() || !folder.join("principal").exists() {
            ensure!(self.names.is_empty(), "the store is gone");
            return Ok(());
        }
        let principal = Principal::open(&folder.join("principal"))?.context("the key is gone")?;
        let view = View::open(&folder.join("objects")).map_err(|error| anyhow::anyhow!("{error}"))?;
        let report = view.verify(&principal);
        let wrong: Vec<String> = report.findings.iter().filter(|finding| !finding.is_harmless()).map(ToString::to_string).collect();
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        let found = Found::read(&view)?;
        // A folder that is still there is taken over at the next opening.
        if !home.join("scratch").join(SANDBOX).exists() {
            for (name, content) in &self.imported {
                ensure!(found.old.get(name).is_some_and(|bytes| bytes == content.as_bytes()), "{name} was not taken over whole");
            }
        }
        let before = self.names.clone();
        let step = self.open.take();
        if let Some(step) = &step {
            self.does(step);
        }
        let after = std::mem::replace(&mut self.names, before);
        let touched = |name: &str| {
            self.unknown.contains(name) || step.as_ref().is_some_and(|step| step.one == name || step.verb == "move" && step.other == name)
        };
        for (name, content) in &self.names {
            ensure!(touched(name) || found.is(name, Some(*content)), "{name} is not what was confirmed");
        }
        for name in found.files.keys() {
            ensure!(touched(name) || self.names.contains_key(name), "{name} is there, and nobody made it");
        }
        let Some(step) = step else { return Ok(()) };
        let all = |model: &BTreeMap<String, Content>| [&step.one, &step.other].iter().all(|name| found.is(name, model.get(*name).copied()));
        let is_unknown = [&step.one, &step.other].iter().any(|name| self.unknown.contains(*name));
        if is_unknown {
            self.unknown.extend([step.one, step.other]);
        } else if all(&after) {
            self.names = after;
        } else if !all(&self.names) {
            ensure!(step.verb != "move" && step.verb != "delete", "{} of {} to {} is half done", step.verb, step.one, step.other);
            // Bytes may be half written: each is the old one, or the new one.
            let bytes = found.files.get(&step.one).with_context(|| format!("{} is gone, in the middle of being written", step.one))?;
            let (old, new) = (self.names.get(&step.one).map_or(Vec::new(), |content| bytes_of(*content)), bytes_of(step.content));
            for (index, byte) in bytes.iter().enumerate() {
                ensure!(old.get(index) == Some(byte) || new.get(index) == Some(byte), "{} holds what nobody wrote at {index}", step.one);
            }
            // Nobody knows what it holds: it is begun anew.
            self.forget(home, &step.one)?;
        }
        Ok(())
    }

    /// Writes a file anew whose content is half one and half another.
    fn forget(&mut self, home: &Path, name: &str) -> Result<()> {
        let file = std::env::temp_dir().join(format!("crash-content-{}", std::process::id()));
        std::fs::write(&file, bytes_of((7, 100)))?;
        let path = format!("C:\\storm\\{name}");
        let status = Command::new(target().join("release/win-compat"))
            .args(["files", "--sandbox", SANDBOX, "put"])
            .arg(&file)
            .arg(path)
            .env("WIN_COMPAT_HOME", home)
            .stderr(Stdio::null())
            .status()?;
        std::fs::remove_file(file)?;
        // On a disk that is full it stays what it is.
        if status.success() {
            self.names.insert(name.to_owned(), (7, 100));
        } else {
            self.unknown.insert(name.to_owned());
        }
        Ok(())
    }
}

/// What is there.
struct Found {
    files: BTreeMap<String, Vec<u8>>,
    old: BTreeMap<String, Vec<u8>>,
}

impl Found {
    fn read(view: &View) -> Result<Self> {
        Ok(Self { files: Self::below(view, "storm", true)?, old: Self::below(view, "old", false)? })
    }

    fn below(view: &View, folder: &str, strip: bool) -> Result<BTreeMap<String, Vec<u8>>> {
        let units: Vec<u16> = folder.encode_utf16().collect();
        let Some(path) = StorePath::parse(&units) else { bail!("no path") };
        // It may not have been made yet.
        let Ok(listed) = view.list(&path, true) else { return Ok(BTreeMap::new()) };
        let mut found = BTreeMap::new();
        for entry in listed.iter().filter(|entry| !entry.is_folder()) {
            let name = String::from_utf16_lossy(entry.path.units());
            let content = view.content(&entry.path, None).map_err(|status| anyhow::anyhow!("{name}: {status:#x}"))?;
            let mut bytes = Vec::new();
            std::fs::File::from(content).read_to_end(&mut bytes)?;
            let below = name.split_once('\\').map_or(name.as_str(), |(_, below)| below).to_owned();
            found.insert(if strip { below } else { name }, bytes);
        }
        Ok(found)
    }

    fn is(&self, name: &str, content: Option<Content>) -> bool {
        match (self.files.get(name), content) {
            (Some(bytes), Some(content)) => *bytes == bytes_of(content),
            (found, content) => found.is_none() == content.is_none(),
        }
    }
}

/// The bytes that the program writes.
fn bytes_of((key, length): Content) -> Vec<u8> {
    (0..length.div_ceil(8)).flat_map(|word| (key ^ word << 17).to_le_bytes()).take(length as usize).collect()
}
