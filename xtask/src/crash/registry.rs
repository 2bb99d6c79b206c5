//! Keys of the registry, whose program or broker is killed at any point, and files of the registry whose reading is: what was confirmed
//! is there, and of a step that was not, a beginning.

use super::{SANDBOX, cut_off, one};
use crate::command::target;
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use store::Principal;
use store::registry::text::USER_SID;
use store::registry::{How, ROOT, Registry, verify};

/// What is below the key of the storm: values by the paths of their keys.
type Tree = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// What must be there.
#[derive(Default)]
pub struct Model {
    tree: Tree,
    /// A step that was begun and not confirmed.
    open: Option<Step>,
    /// Keys of steps that failed: they may have been made.
    loose: BTreeSet<String>,
}

#[derive(Clone)]
struct Step {
    verb: String,
    one: String,
    other: String,
    value: String,
    data: Vec<u8>,
}

/// The keys of a path, from the first one down.
fn above(path: &str) -> impl Iterator<Item = String> {
    let ends = path.match_indices('\\').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| path[..end].to_owned())
}

impl Step {
    /// What there may be when it was cut off, and at last when it was not.
    fn states(&self, before: &Tree) -> Vec<Tree> {
        let mut states = vec![before.clone()];
        let mut next = before.clone();
        match self.verb.as_str() {
            "set" => {
                for path in above(&self.one) {
                    next.entry(path).or_default();
                    states.push(next.clone());
                }
                next.entry(self.one.clone()).or_default().insert(self.value.clone(), self.data.clone());
            }
            "unset" => {
                next.entry(self.one.clone()).or_default().remove(&self.value);
            }
            "delete" => {
                next.remove(&self.one);
            }
            "rename" => {
                let moved = next.extract_if(.., |path, _| *path == self.one || path.starts_with(&format!("{}\\", self.one))).collect::<Vec<_>>();
                next.extend(moved.into_iter().map(|(path, values)| (format!("{}{}", self.renamed(), &path[self.one.len()..]), values)));
            }
            _ => {}
        }
        states.push(next);
        states
    }

    fn renamed(&self) -> String {
        let name = self.other.rsplit('\\').next().unwrap_or(&self.other);
        self.one.rsplit_once('\\').map_or_else(|| name.to_owned(), |(above, _)| format!("{above}\\{name}"))
    }
}

/// The bytes that a program or a file writes.
fn bytes_of(key: u64, length: u64) -> Vec<u8> {
    super::bytes_of((key, length))
}

impl Model {
    /// Runs the program, and compares.
    pub fn round(&mut self, home: &Path, seed: u64, steps: u64, victim: super::Victim, wait: Duration) -> Result<usize> {
        let said = one(home, "storm_keys", seed, steps, victim, wait)?;
        self.follow(&said, seed);
        self.compare(home)?;
        Ok(said.matches("\nend ").count())
    }

    fn follow(&mut self, said: &str, seed: u64) {
        for line in said.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["begin", step, verb, one, other, value, length] => {
                    let (Ok(step), Ok(length)) = (step.parse::<u64>(), length.parse()) else { continue };
                    let [verb, one, other] = [verb, one, other].map(|word| (*word).to_owned());
                    self.open = Some(Step { verb, one, other, value: format!("v{value}"), data: bytes_of(seed << 32 | step, length) });
                }
                ["end", _] => {
                    if let Some(step) = self.open.take() {
                        if step.verb == "rename" && self.loose.remove(&step.one) {
                            self.loose.insert(step.renamed());
                        }
                        if step.verb == "delete" {
                            self.loose.remove(&step.one);
                        }
                        self.tree = step.states(&self.tree).pop().unwrap_or_default();
                    }
                }
                ["error", ..] => {
                    let failed = self.open.take().filter(|step| step.verb == "set");
                    self.loose.extend(failed.iter().flat_map(|step| above(&step.one)));
                }
                _ => {}
            }
        }
    }

    /// Compares with what is there, and takes over what an unconfirmed step did.
    fn compare(&mut self, home: &Path) -> Result<()> {
        let step = self.open.take();
        let states = step.as_ref().map_or_else(|| vec![self.tree.clone()], |step| step.states(&self.tree));
        let verb = step.map_or("none", |step| match step.verb.as_str() {
            "set" => "set",
            "unset" => "unset",
            "delete" => "delete",
            "rename" => "rename",
            _ => "flush",
        });
        self.is_one_of(home, &states).with_context(|| format!("registry, step {verb}"))
    }

    fn is_one_of(&mut self, home: &Path, states: &[Tree]) -> Result<()> {
        let loose = std::mem::take(&mut self.loose);
        let found = read(home)?;
        let fits = |state: &Tree| {
            let is_more = |path: &String, values: &BTreeMap<_, _>| values.is_empty() && loose.contains(path);
            state.keys().all(|path| found.contains_key(path))
                && found.iter().all(|(path, values)| state.get(path).map_or_else(|| is_more(path, values), |expected| expected == values))
        };
        if !states.iter().any(fits) {
            let expected = states.last().context("a state")?;
            let missing: Vec<_> = expected.iter().filter(|(path, values)| found.get(*path) != Some(values)).map(|(path, _)| path).collect();
            let strange: Vec<_> = found.keys().filter(|path| !expected.contains_key(*path)).collect();
            bail!("not what was confirmed: missing or different {missing:?}, more than that {strange:?}");
        }
        self.tree = found;
        Ok(())
    }

    /// Reads a file of the registry, and kills who reads after a while: statements are done one after the other.
    pub fn import(&mut self, home: &Path, seed: u64, wait: Duration) -> Result<()> {
        if !home.join("sandboxes").join(SANDBOX).join("principal").exists() {
            return Ok(());
        }
        let mut text = "Windows Registry Editor Version 5.00\n".to_owned();
        let mut states = vec![self.tree.clone()];
        for number in 0..400 {
            let (one, value, data) = (format!("k{}", (seed + number) % 7), format!("v{}", number % 5), bytes_of(seed + number, 20));
            let hex: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = write!(text, "\n[HKEY_CURRENT_USER\\Software\\Storm\\{one}]\n\"{value}\"=hex:{}\n", hex.join(","));
            let step = Step { verb: "set".into(), one, other: String::new(), value, data };
            let last = states.last().cloned().unwrap_or_default();
            states.extend(step.states(&last).split_off(1));
        }
        let file = std::env::temp_dir().join(format!("crash-{}.reg", std::process::id()));
        std::fs::write(&file, text)?;
        let mut command = Command::new(target().join("release/win-compat"));
        command.args(["registry", "--sandbox", SANDBOX, "import"]).arg(&file).env("WIN_COMPAT_HOME", home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let done = cut_off(command, wait)?;
        std::fs::remove_file(file)?;
        if done {
            states.drain(..states.len() - 1);
        }
        self.is_one_of(home, &states).context("a file of the registry")
    }

    /// Keys and values that are there.
    pub fn count(&self) -> usize {
        self.tree.len() + self.tree.values().map(BTreeMap::len).sum::<usize>()
    }
}

/// What is there, whose records and seals are whole.
fn read(home: &Path) -> Result<Tree> {
    let folder = home.join("sandboxes").join(SANDBOX);
    if !folder.join("registry").exists() || !folder.join("principal").exists() {
        return Ok(Tree::new());
    }
    let principal = Principal::open(&folder.join("principal"))?.context("the key is gone")?;
    whole(&folder.join("registry"), &principal)
}

/// What a registry holds below the key of the storm.
pub fn whole(folder: &Path, principal: &Principal) -> Result<Tree> {
    let failed = |status| anyhow::anyhow!("it failed with {status:#x}");
    let checked = verify(folder, principal).map_err(|error| anyhow::anyhow!("{error}"))?;
    let wrong: Vec<String> = checked.findings.iter().filter(|finding| !finding.is_harmless()).map(ToString::to_string).collect();
    ensure!(wrong.is_empty(), "the registry: {}", wrong.join("; "));
    let mut registry = Registry::look(folder, &[]).map_err(|error| anyhow::anyhow!("{error}"))?;
    let path: Vec<u16> = format!("USER\\{USER_SID}\\Software\\Storm").encode_utf16().collect();
    let Ok(top) = registry.find(ROOT, &path, How::default()) else { return Ok(Tree::new()) };
    let (mut tree, mut left) = (Tree::new(), vec![(top, String::new())]);
    while let Some((id, path)) = left.pop() {
        let below: Vec<u32> = registry.subkeys(id, 0).map_err(failed)?.map(|(_, id)| id).collect();
        for below in below {
            let name = String::from_utf16_lossy(registry.brief(below).0);
            left.push((below, if path.is_empty() { name } else { format!("{path}\\{name}") }));
        }
        if !path.is_empty() {
            let values = registry.values(id, 0).map_err(failed)?;
            tree.insert(path, values.map(|value| (String::from_utf16_lossy(&value.name), value.data.to_vec())).collect());
        }
    }
    Ok(tree)
}
