//! `cargo xtask demo`: the project at a glance. Builds everything, and runs the example program in a sandbox.

use crate::build;
use crate::command::{root, target};
use anyhow::{Result, bail};
use std::fs;
use std::process::Command;

/// The example, and what a user types to run it or any other program.
pub fn demo() -> Result<()> {
    build::build()?;
    let folder = target().join("demo");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("letter.txt"), "A file that lies on the host, in a folder that was granted.\n")?;
    let program = target().join("release/win-compat");
    let example = root().join("examples/tour/tour.exe");
    let shown = |path: &std::path::Path| path.strip_prefix(root()).unwrap_or(path).display().to_string();
    println!("\n$ {} run --yes --ro {} -- {} {}/letter.txt\n", shown(&program), shown(&folder), shown(&example), shown(&folder));
    let status = Command::new(&program)
        .args(["run", "--yes", "--ro"])
        .arg(&folder)
        .arg("--")
        .arg(&example)
        .arg(folder.join("letter.txt"))
        .current_dir(root())
        .status()?;
    if !status.success() {
        bail!("the example ended with {status}");
    }
    println!("\nAny other program: {} run [--ro DIR] [--rw DIR] -- PROGRAM.exe [ARGUMENT..]", shown(&program));
    println!("What it may run:   {} inspect PROGRAM.exe", shown(&program));
    println!("Everything else:   {} --help", shown(&program));
    Ok(())
}
