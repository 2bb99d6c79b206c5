//! Exports and imports that are killed at any point: a file or a sandbox is there whole, or not at all.

use super::{Found, SANDBOX, cut_off, registry};
use crate::command::target;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use store::{Principal, View};

fn sandbox(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(target().join("release/win-compat"));
    command.arg("sandbox").args(arguments).env("WIN_COMPAT_HOME", home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Exports the sandbox of the storm and imports it under another name, each killed after a while. The next times: which microseconds.
pub fn round(home: &Path, times: [Duration; 2]) -> Result<()> {
    if !home.join("sandboxes").join(SANDBOX).join("objects").exists() {
        return Ok(());
    }
    let file = home.join("storm.archive");
    let _ = std::fs::remove_file(&file);
    let path = file.display().to_string();
    let is_whole = cut_off(sandbox(home, &["export", SANDBOX, &path]), times[0])?;
    ensure!(file.exists() || !is_whole, "an export said that it was done");
    if !file.exists() {
        // On a disk that is full there is none.
        let _ = sandbox(home, &["export", SANDBOX, &path]).status()?;
    }
    if !file.exists() {
        return Ok(());
    }
    let name = "imported";
    let place = home.join("sandboxes").join(name);
    let is_whole = cut_off(sandbox(home, &["import", &path, "--name", name]), times[1])?;
    ensure!(place.exists() || !is_whole, "an import said that it was done");
    if place.exists() {
        check(home, &place).context("the imported sandbox")?;
        ensure!(sandbox(home, &["remove", name, "--yes"]).status()?.success(), "it cannot be removed");
    }
    std::fs::remove_file(file)?;
    // What was cut off left a folder that later runs delete.
    for left in std::fs::read_dir(home.join("scratch")).into_iter().flatten().flatten() {
        if left.file_name().to_string_lossy().starts_with("run-") {
            std::fs::remove_dir_all(left.path())?;
        }
    }
    Ok(())
}

fn check(home: &Path, place: &Path) -> Result<()> {
    let principal = Principal::open(&place.join("principal"))?.context("it has no key")?;
    let view = |place: &Path| View::open(&place.join("objects")).map_err(|error| anyhow::anyhow!("{error}"));
    let (view, before) = (view(place)?, view(&home.join("sandboxes").join(SANDBOX))?);
    let wrong: Vec<String> = view.verify(&principal).findings.iter().map(ToString::to_string).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    ensure!(Found::read(&view)?.files == Found::read(&before)?.files, "it holds other files than what was exported");
    let keys = |place: &Path, principal: &Principal| {
        let folder = place.join("registry");
        if folder.exists() { registry::whole(&folder, principal) } else { Ok(Default::default()) }
    };
    let origin = home.join("sandboxes").join(SANDBOX);
    let before = keys(&origin, &Principal::open(&origin.join("principal"))?.context("it has no key")?)?;
    ensure!(keys(place, &principal)? == before, "it holds other keys than what was exported");
    Ok(())
}
