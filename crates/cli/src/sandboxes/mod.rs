//! `win-compat sandbox`: the sandboxes that have a name, as their user sees and keeps them.

mod apply;
mod archive;
mod diff;
mod list;
mod remove;
mod stop;

use crate::arguments::{SandboxArguments, SandboxCommand};
use crate::home;
use crate::sandbox::check_name;
use broker::Kept;
use std::path::PathBuf;

/// Something is wrong with what was looked at.
const WRONG: u8 = 1;

/// Does what is asked; answers the exit code, or one sentence.
pub fn sandbox(arguments: &SandboxArguments) -> Result<u8, String> {
    match &arguments.command {
        SandboxCommand::List { json } => list::list(*json),
        SandboxCommand::Show { name, json } => list::show(name, *json),
        SandboxCommand::Diff { name, since, json } => diff::diff(name, since.as_deref(), *json),
        SandboxCommand::Apply { name, paths, force, json } => apply::apply(name, paths, *force, *json),
        SandboxCommand::Stop { name } => stop::stop(name),
        SandboxCommand::Remove { name, yes } => remove::remove(name, *yes),
        SandboxCommand::Export { name, file } => archive::export(name, file),
        SandboxCommand::Import { file, name, trust, json } => archive::import(file, name.as_deref(), trust, *json),
    }
}

/// Where the state of a sandbox lies that is there.
pub fn existing(name: &str) -> Result<Kept, String> {
    check_name(name)?;
    let kept = crate::files::kept(&home::folder()?, name)?;
    if kept.folder.exists() { Ok(kept) } else { Err(format!("there is no sandbox `{name}`")) }
}

/// The names of all sandboxes, sorted.
fn names() -> Result<Vec<String>, String> {
    let folder: PathBuf = home::folder()?.join("sandboxes");
    let found = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = found.filter(|name| check_name(name).is_ok()).collect();
    names.sort();
    Ok(names)
}
