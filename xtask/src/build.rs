//! The build: system DLLs, then the system files, the runtime, and the program that carries them.

use crate::command::{cargo, root, run, target};
use crate::{catalog, ledger, metadata, setup, stubs, symbols, system};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The targets of system DLLs.
pub const WINDOWS: [&str; 2] = ["x86_64-pc-windows-msvc", "i686-pc-windows-msvc"];
/// The target of the runtime and the program.
pub const LINUX: &str = "x86_64-unknown-linux-musl";

/// The system DLLs, in the order of their base addresses: append, never reorder.
pub fn dlls() -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/dlls.tsv")).context("docs/dlls.tsv lists the system DLLs")?;
    Ok(text.lines().skip(1).map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}

/// Builds everything.
pub fn build() -> Result<()> {
    setup::building()?;
    ledger::update()?;
    let payload = payload_folder();
    fs::create_dir_all(&payload)?;
    let functions = metadata::read()?;
    let stubs = stubs::table(&functions)?;
    for target in WINDOWS {
        guests(target)?;
        system::write(target, &stubs, &payload.join(system::file_name(target)))?;
    }
    symbols::write(WINDOWS[0], &payload.join(system::file_name(WINDOWS[0])), &symbols_folder())?;
    catalog::write(&functions)?;
    cargo(&["build", "--release", "--target", LINUX, "--package", "runtime"], &[])?;
    let runtime = target().join(LINUX).join("release/runtime");
    keep_symbols(&runtime)?;
    strip(&runtime, &payload.join("runtime"))?;
    cargo(&["build", "--release", "--target", LINUX, "--package", "cli"], &[("WIN_COMPAT_PAYLOAD", &payload.to_string_lossy())])?;
    let program = target().join(LINUX).join("release/win-compat");
    keep_symbols(&program)?;
    let finished = target().join("release/win-compat");
    fs::create_dir_all(finished.parent().expect("it has a folder"))?;
    let fresh = finished.with_extension("new");
    strip(&program, &fresh)?;
    fs::rename(fresh, finished)?;
    Ok(())
}

/// Where the parts lie that the program carries.
pub fn payload_folder() -> PathBuf {
    target().join("payload")
}

/// Builds the system DLLs for one target.
pub fn guests(target: &str) -> Result<()> {
    let dlls = dlls()?;
    let mut arguments = vec!["build", "--profile", "guest", "--target", target];
    for dll in &dlls {
        arguments.extend(["--package", dll]);
    }
    cargo(&arguments, &[])
}

/// Builds our own Windows programs.
pub fn programs() -> Result<()> {
    cargo(&["build", "--quiet", "--profile", "guest", "--target", WINDOWS[0], "--package", "guests", "--bins", "--examples"], &[])
}

/// Adds the Rust targets that are missing.
pub fn add_targets() -> Result<()> {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output().context("rustup is needed")?;
    let installed = String::from_utf8_lossy(&installed.stdout).into_owned();
    let missing: Vec<&str> = WINDOWS.into_iter().chain([LINUX]).filter(|target| !installed.lines().any(|line| line == *target)).collect();
    if missing.is_empty() { Ok(()) } else { run("rustup", &[&["target", "add"], missing.as_slice()].concat(), &[]) }
}

/// Where symbols lie, for gdb and perf.
fn symbols_folder() -> PathBuf {
    target().join("symbols")
}

/// Keeps a program's symbols beside the build, for gdb and perf.
fn keep_symbols(program: &Path) -> Result<()> {
    let folder = symbols_folder();
    fs::create_dir_all(&folder)?;
    let name = program.file_name().expect("a program has a name");
    fs::copy(program, folder.join(name).with_extension("debug")).with_context(|| format!("{} was not built", program.display()))?;
    Ok(())
}

/// Copies a program without its symbols.
fn strip(program: &Path, to: &Path) -> Result<()> {
    run("strip", &["--strip-all", "-o", &to.to_string_lossy(), &program.to_string_lossy()], &[])
}
