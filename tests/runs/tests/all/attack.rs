//! A program that means harm (`tests/guests/src/bin/hostile.rs`), and a host that must be as it was afterwards.

use runs::{Home, Outcome};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What no run may read or change.
pub const SECRET: &str = "the canary sings";

/// A home with a canary beside the folder that is granted.
pub struct Attack {
    /// Where it runs.
    pub home: Home,
    /// What no run may read or change.
    pub canary: PathBuf,
    seen: SystemTime,
}

impl Attack {
    pub fn new() -> Self {
        let home = Home::new();
        let canary = home.outside().join("canary.txt");
        fs::write(&canary, SECRET).expect("the folder can be written");
        home.write("file.txt", "granted");
        let seen = accessed(&canary);
        Self { home, canary, seen }
    }

    /// `--ro FOLDER` of the granted folder.
    pub fn grant<'a>(&self, flag: &'a str, folder: &'a str) -> [&'a str; 2] {
        [flag, folder]
    }

    pub fn granted(&self) -> String {
        self.home.granted().display().to_string()
    }

    /// A path in the granted folder, as the program sees it.
    pub fn inside(&self, name: &str) -> String {
        format!("{}\\{name}", self.home.seen(&self.home.granted()))
    }

    /// A path beside the granted folder, as the program sees it.
    pub fn beside(&self, name: &str) -> String {
        format!("{}\\{name}", self.home.seen(self.home.outside()))
    }

    /// Attacks; the host must be as it was, whatever came of it.
    pub fn run(&self, flags: &[&str], words: &[&str]) -> Outcome {
        let outcome = self.home.run(flags, "hostile", words);
        self.host_is_untouched(&outcome);
        outcome
    }

    pub fn host_is_untouched(&self, outcome: &Outcome) {
        assert!(!outcome.out.contains(SECRET), "the canary was read: {outcome:?}");
        assert_eq!(accessed(&self.canary), self.seen, "the canary was looked into: {outcome:?}");
        assert_eq!(fs::read_to_string(&self.canary).expect("the canary is there"), SECRET, "{outcome:?}");
        // This very look counts as one.
        let times = fs::FileTimes::new().set_accessed(self.seen);
        fs::File::options().write(true).open(&self.canary).and_then(|file| file.set_times(times)).expect("it is ours");
        let mut beside: Vec<_> = names(self.home.outside());
        beside.retain(|name| !["canary.txt", "granted", "state", "outside", "program"].contains(&name.as_str()));
        assert!(beside.is_empty(), "made outside of the grant: {beside:?}");
        self.home.ends();
    }

    /// Each of these is refused with its error.
    pub fn refused(&self, flags: &[&str], verb: &str, rows: &[(&str, u32)]) {
        let paths: Vec<&str> = rows.iter().map(|(path, _)| *path).collect();
        let outcome = self.run(flags, &[&[verb], paths.as_slice()].concat());
        let expected: Vec<String> = rows.iter().map(|(path, error)| format!("{path}: error {error}")).collect();
        assert_eq!(outcome.out.lines().collect::<Vec<_>>(), expected, "{outcome:?}");
        assert_eq!(outcome.code, 0, "a refusal ends nothing: {outcome:?}");
    }

    /// The audit's rows of a kind that the broker or the kernel vouch for.
    pub fn evidence(&self, kind: &str) -> Vec<Value> {
        self.home.audit().into_iter().filter(|row| row["kind"] == kind && row["trust"] == "evidence").collect()
    }

    /// The refused opens, by their names.
    pub fn refused_opens(&self) -> Vec<String> {
        let rows = self.evidence("open").into_iter().filter(|row| row["outcome"] == "error");
        rows.map(|row| row["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The numbers of the forbidden calls.
    pub fn forbidden(&self) -> Vec<u64> {
        self.evidence("forbidden-call").iter().filter_map(|row| row["code"].as_u64()).collect()
    }
}

pub fn accessed(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|facts| facts.accessed()).expect("it is there")
}

pub fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).expect("it is a folder").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
