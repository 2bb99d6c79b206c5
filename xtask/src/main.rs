//! `cargo xtask`: builds and checks the project.

mod bench;
mod build;
mod catalog;
mod check;
mod command;
mod conformance;
mod crash;
mod demo;
mod guests;
mod inspect;
mod ledger;
mod metadata;
mod rows;
mod scenarios;
mod setup;
mod stubs;
mod symbols;
mod system;

use anyhow::{Result, bail};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  demo                builds everything and runs the example program
  test [STEP..]       all tests, or some of their steps (--list names them)
  build [--release]   everything: system DLLs of both bitnesses, runtime, target/release/win-compat
  inspect FOLDER      `win-compat inspect` beside an independent reader, for every program and DLL below a folder
  ledger              numbers for new functions (`ix = _` in a shim attribute)
  bench               start-up and single calls beside Wine and native code, into docs/generated/bench.md
  conformance [NAME] [--no-wine]
                      the conformance programs (those whose name holds NAME) under ours and under Wine
  crash [--rounds N [--seed N [--home DIR]]]
                      runs that are killed at any point, and what must be there afterwards; in a small DIR
                      the disk is full as well
  scenarios SEED COUNT
                      random exceptions through random frames, under ours and under Wine
";

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [_, rest @ ..] if rest.iter().any(|argument| matches!(*argument, "--help" | "-h")) => {
            print!("{HELP}");
            Ok(())
        }
        ["build"] | ["build", "--release"] => build::build(),
        ["crash"] => crash::run(100, 1, &command::target()),
        ["crash", "--rounds", rounds] => crash::run(rounds.parse()?, 1, &command::target()),
        ["crash", "--rounds", rounds, "--seed", seed] => crash::run(rounds.parse()?, seed.parse()?, &command::target()),
        ["crash", "--rounds", rounds, "--seed", seed, "--home", home] => crash::run(rounds.parse()?, seed.parse()?, home.as_ref()),
        ["conformance"] => conformance::run(None, true),
        ["conformance", "--no-wine"] => conformance::run(None, false),
        ["conformance", name] => conformance::run(Some(name), true),
        ["conformance", name, "--no-wine"] | ["conformance", "--no-wine", name] => conformance::run(Some(name), false),
        ["scenarios", seed, count] => scenarios::run(seed, count),
        ["bench"] => bench::bench(),
        ["demo"] => demo::demo(),
        ["test", steps @ ..] => check::test(steps),
        ["inspect", folder] => inspect::compare(folder.as_ref()),
        ["ledger"] => ledger::update().map(|_| ()),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("unknown command `{}`\n\n{HELP}", unknown.join(" ")),
    }
}
