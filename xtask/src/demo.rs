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
    let (program, example) = (target().join("release/win-compat"), root().join("examples/tour/tour.exe"));
    println!("\n$ cd {}\n$ {} run --yes --ro . -- {} letter.txt\n", folder.display(), program.display(), example.display());
    let status = Command::new(&program).args(["run", "--yes", "--ro", ".", "--"]).arg(&example).arg("letter.txt").current_dir(&folder).status()?;
    if !status.success() {
        bail!("the example ended with {status}");
    }
    let shown = program.strip_prefix(root()).unwrap_or(&program).display();
    println!("\nAny other program: {shown} run [--ro DIR] [--rw DIR] -- PROGRAM.exe [ARGUMENT..]");
    println!("What it may run:   {shown} inspect PROGRAM.exe");
    println!("Everything else:   {shown} --help");
    Ok(())
}
