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

/// Builds the system DLLs for one target.
pub fn build_dlls(target: &str) -> Result<()> {
    let dlls = dlls()?;
    let mut arguments = vec!["build", "--profile", "guest", "--target", target];
    for dll in &dlls {
        arguments.extend(["--package", dll]);
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
