//! The `win-compat` command: it reads what the user wants and wires the parts together.
#![forbid(unsafe_code)]

mod arguments;
mod audit;
mod catalog_list;
mod doctor;
mod files;
mod home;
mod image;
mod inspect;
mod jailed;
mod json;
mod progress;
mod registry;
mod run;
mod sandbox;
mod sandboxes;
mod settings;
mod signals;
mod terminals;

use arguments::{Arguments, Command};
use std::process::ExitCode;
use terminal::shown;

/// The C library's allocator maps each size's blocks apart: some fifty system calls for what a short run needs.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Something of ours is broken, or refused.
const BROKEN: u8 = 125;

fn main() -> ExitCode {
    if let Some(code) = jailed::work() {
        return ExitCode::from(code);
    }
    let arguments = match Arguments::given() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { BROKEN } else { 0 });
        }
    };
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Catalog(arguments) => catalog_list::list(&arguments),
        Command::Audit(arguments) => audit::list(&arguments),
        Command::Doctor(arguments) => doctor::look(&arguments),
        Command::Files(arguments) => files::files(&arguments),
        Command::Sandbox(arguments) => sandboxes::sandbox(&arguments),
        Command::Registry(arguments) => registry::registry(&arguments),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(sentence) => {
            // Whatever it tells of: a file, an archive, what a program has left.
            let lines: Vec<_> = sentence.lines().map(shown).collect();
            eprintln!("win-compat: {}", lines.join("\n"));
            ExitCode::from(BROKEN)
        }
    }
}
