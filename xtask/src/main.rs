//! `cargo xtask`: builds and checks the project.

mod build;
mod catalog;
mod command;
mod conformance;
mod ledger;
mod metadata;
mod rows;
mod stubs;
mod system;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  build [--release]   everything: system DLLs of both bitnesses, runtime, target/release/win-compat
  ledger              numbers for new functions (`ix = _` in a shim attribute)
  conformance [NAME] [--no-wine]
                      the conformance programs (those whose name holds NAME) under ours and under Wine
";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["build", ..] => build::build(),
        ["conformance", rest @ ..] => {
            let filter = rest.iter().find(|argument| !argument.starts_with("--")).copied();
            conformance::run(filter, !rest.contains(&"--no-wine"))
        }
        ["ledger"] => ledger::update().map(|_| ()),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [unknown, ..] => bail!("unknown command `{unknown}`\n\n{HELP}"),
    }
}
