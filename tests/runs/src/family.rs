//! The processes that one state folder's runs consist of, as the host's process list shows them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the host may take over what waits for its disk.
const BUSY_DISK: Duration = Duration::from_secs(180);

/// Processes, each with the time it started, so that a number that is used again is another process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    members: BTreeMap<u32, (u64, String)>,
}

/// A process: its parent, its start, its name, and whether it is a zombie.
struct Entry {
    parent: u32,
    start: u64,
    name: String,
    zombie: bool,
}

fn entry(number: u32) -> Option<Entry> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let (head, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let name = head.split_once('(')?.1.to_owned();
    Some(Entry { parent: fields.get(1)?.parse().ok()?, start: fields.get(19)?.parse().ok()?, name, zombie: fields.first() == Some(&"Z") })
}

fn processes() -> BTreeMap<u32, Entry> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|found| found.file_name().to_str()?.parse().ok());
    numbers.filter_map(|number| Some((number, entry(number)?))).collect()
}

impl Family {
    /// The processes whose environment names a state folder, and their descendants.
    pub fn of(state: &Path) -> Self {
        let all = processes();
        let wanted = format!("WIN_COMPAT_HOME={}", state.display());
        let names = |number: &u32| {
            let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
        };
        let mut numbers: BTreeSet<u32> = all.keys().copied().filter(names).collect();
        loop {
            let children: Vec<u32> = all
                .iter()
                .filter(|(number, entry)| numbers.contains(&entry.parent) && !numbers.contains(number))
                .map(|(number, _)| *number)
                .collect();
            if children.is_empty() {
                break;
            }
            numbers.extend(children);
        }
        let living = all.into_iter().filter(|(number, entry)| numbers.contains(number) && !entry.zombie);
        Self { members: living.map(|(number, entry)| (number, (entry.start, entry.name))).collect() }
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members that are still there.
    pub fn living(&self) -> Vec<&str> {
        let same = |number: u32, start: u64| entry(number).is_some_and(|entry| entry.start == start && !entry.zombie);
        self.members.iter().filter(|(number, (start, _))| same(**number, *start)).map(|(_, (_, name))| name.as_str()).collect()
    }

    /// Waits until all have gone; panics with those that stay. Nothing ends, not even by force, while it waits for the host's disk,
    /// which other work may keep busy for long.
    pub fn goes(&self) {
        let start = Instant::now();
        while !self.living().is_empty() {
            let patience = if self.waits_for_disk() { BUSY_DISK } else { crate::PATIENCE };
            assert!(start.elapsed() < patience, "still there: {}", self.states());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn waits_for_disk(&self) -> bool {
        let threads = self.members.keys().flat_map(|number| fs::read_dir(format!("/proc/{number}/task")).into_iter().flatten().flatten());
        let mut states = threads.map(|thread| fs::read_to_string(thread.path().join("stat")).unwrap_or_default());
        states.any(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('D')))
    }

    /// What the members that are still there are waiting for, thread by thread, as the host tells it.
    pub fn states(&self) -> String {
        let mut text = String::new();
        for (number, (start, name)) in &self.members {
            if entry(*number).is_none_or(|entry| entry.start != *start || entry.zombie) {
                continue;
            }
            text.push_str(&format!("{name} ({number}):"));
            for thread in fs::read_dir(format!("/proc/{number}/task")).into_iter().flatten().flatten() {
                let read = |file: &str| fs::read_to_string(thread.path().join(file)).unwrap_or_default().trim().to_owned();
                let state = read("stat").rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next()).unwrap_or('?');
                text.push_str(&format!(" [{} {state} {} {}]", read("comm"), read("wchan"), read("syscall")));
            }
        }
        text
    }

    /// The members: numbers and names.
    pub fn members(&self) -> impl Iterator<Item = (u32, &str)> {
        self.members.iter().map(|(number, (_, name))| (*number, name.as_str()))
    }

    /// The number of the member of this name.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.members.iter().find(|(_, (_, found))| found.contains(name)).map(|(number, _)| *number)
    }
}
