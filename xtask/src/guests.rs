//! What runs inside of the sandbox: the system DLLs and our own Windows programs, and their targets.

use crate::command::{cargo, root};
use anyhow::{Context, Result};
use std::fs;

/// The targets of system DLLs.
pub const WINDOWS: [&str; 2] = ["x86_64-pc-windows-msvc", "i686-pc-windows-msvc"];

/// The system DLLs, in the order of their base addresses: append, never reorder.
pub fn dlls() -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/dlls.tsv")).context("docs/dlls.tsv lists the system DLLs")?;
    Ok(text.lines().skip(1).map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}

/// The system's programs: each is a package called `program-` and its name, in a folder of `programs`.
pub fn programs() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("programs")).context("the system's programs")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("src/main.rs").is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The package of one of the system's programs.
pub fn program_package(name: &str) -> String {
    format!("program-{name}")
}

/// Builds the system DLLs and programs for one target.
pub fn build_system(target: &str) -> Result<()> {
    let packages: Vec<String> = dlls()?.into_iter().chain(programs()?.iter().map(|name| program_package(name))).collect();
    let mut arguments = vec!["build", "--profile", "guest", "--target", target];
    for package in &packages {
        arguments.extend(["--package", package]);
    }
    cargo(&arguments, &[])
}

/// Builds our own Windows programs, for both bitnesses.
pub fn build_programs() -> Result<()> {
    build(&["--bins"])
}

/// Builds some of them.
pub fn build_some(names: &[String]) -> Result<()> {
    let wanted: Vec<&str> = names.iter().flat_map(|name| ["--bin", name]).collect();
    build(&wanted)
}

fn build(wanted: &[&str]) -> Result<()> {
    for target in WINDOWS {
        let common = ["build", "--quiet", "--profile", "guest", "--target", target, "--package", "guests", "--examples"];
        cargo(&[common.as_slice(), wanted].concat(), &[])?;
    }
    Ok(())
}
