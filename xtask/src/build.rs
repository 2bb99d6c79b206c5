//! The build: system DLLs, then the system files, the runtime, and the program that carries them.

use crate::command::{cargo, run, target};
use crate::guests::{self, WINDOWS};
use crate::{catalog, ledger, metadata, setup, stubs, symbols, system};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The target of the runtime and the program.
pub const LINUX: &str = "x86_64-unknown-linux-musl";
/// Every target that is built for.
pub const TARGETS: [&str; 3] = [WINDOWS[0], WINDOWS[1], LINUX];

/// Builds everything.
pub fn build() -> Result<()> {
    setup::building(&TARGETS)?;
    ledger::update()?;
    let payload = payload_folder();
    fs::create_dir_all(&payload)?;
    let functions = metadata::read()?;
    let stubs = stubs::table(&functions)?;
    for target in WINDOWS {
        guests::build_system(target)?;
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
fn payload_folder() -> PathBuf {
    target().join("payload")
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
