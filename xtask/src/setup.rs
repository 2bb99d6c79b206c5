//! What the project needs of the machine: Rust targets and Debian packages. What is missing is installed where that is possible,
//! and named in one line where it is not.

use crate::command::run;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// A program, the Debian package that holds it, and whether the tests can do without.
const TOOLS: [(&str, &str, bool); 6] = [
    ("strip", "binutils", false),
    ("git", "git", false),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", true),
    ("x86_64-w64-mingw32-g++", "g++-mingw-w64-x86-64", true),
    ("wine", "wine", true),
    ("objdump", "binutils", false),
];

/// Whether a program can be found.
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cargo = std::env::home_dir().unwrap_or_default().join(".cargo/bin");
    std::env::split_paths(&path).chain([cargo]).any(|folder| folder.join(program).is_file())
}

/// What a build needs.
pub fn building(targets: &[&str]) -> Result<()> {
    add_targets(targets)?;
    packages(TOOLS.iter().filter(|(program, ..)| *program == "strip"))
}

/// What the tests need.
pub fn everything(targets: &[&str]) -> Result<()> {
    add_targets(targets)?;
    packages(TOOLS.iter())
}

/// Adds the Rust targets that are missing.
fn add_targets(targets: &[&str]) -> Result<()> {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output().context("rustup is needed")?;
    let installed = String::from_utf8_lossy(&installed.stdout).into_owned();
    let missing: Vec<&str> = targets.iter().copied().filter(|target| !installed.lines().any(|line| line == *target)).collect();
    if missing.is_empty() { Ok(()) } else { run("rustup", &[&["target", "add"], missing.as_slice()].concat(), &[]) }
}

fn packages<'a>(tools: impl Iterator<Item = &'a (&'a str, &'a str, bool)>) -> Result<()> {
    let missing: Vec<_> = tools.filter(|(program, ..)| !has(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = missing.iter().map(|(_, package, _)| *package).collect();
    names.dedup();
    let command = format!("apt-get install --yes --no-install-recommends {}", names.join(" "));
    let installs = is_root() && Path::new("/usr/bin/apt-get").exists();
    if installs {
        println!("installing {}", names.join(", "));
        let quiet = |shell: &str| Command::new("sh").args(["-c", shell]).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()).status();
        let _ = quiet("apt-get update --quiet");
        if quiet(&command).is_ok_and(|status| status.success()) {
            return Ok(());
        }
    }
    if let Some((program, package, _)) = missing.iter().find(|(.., optional)| !optional) {
        bail!("{program} is missing: `sudo apt-get install {package}`");
    }
    println!("missing, and what needs it is skipped and counted as skipped: `sudo {command}`");
    Ok(())
}

/// Whether this process may install packages.
fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
