//! The `win-compat` command: it reads what the user wants and wires the parts together.
#![forbid(unsafe_code)]

mod arguments;
mod home;
mod run;
mod signals;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

/// Something of ours is broken, or refused.
const BROKEN: u8 = 125;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { BROKEN } else { 0 });
        }
    };
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(sentence) => {
            eprintln!("win-compat: {sentence}");
            ExitCode::from(BROKEN)
        }
    }
}
