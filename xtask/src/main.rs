//! `cargo xtask`: builds and checks the project.

mod build;
mod command;
mod ledger;
mod stubs;
mod system;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  build [--release]   everything: system DLLs of both bitnesses, runtime, target/release/win-compat
  ledger              numbers for new functions (`ix = _` in a shim attribute)
";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["build", ..] => build::build(),
        ["ledger"] => ledger::update().map(|_| ()),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [unknown, ..] => bail!("unknown command `{unknown}`\n\n{HELP}"),
    }
}
