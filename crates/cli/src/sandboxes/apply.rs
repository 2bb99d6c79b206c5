//! What a sandbox has changed in folders of the host for itself alone: shown, and written to them as their user wants.

use super::{WRONG, existing};
use crate::home;
use crate::sandbox::quiet;
use broker::{OverlayPlace, path_of, plain};
use rustix::fs::{Mode, OFlags, open};
use serde_json::json;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use store::{Difference, Kind, Refusal, View};
use terminal::shown;

fn root(place: &OverlayPlace) -> Result<OwnedFd, String> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(&place.origin, flags, Mode::empty()).map_err(|error| format!("{}: {}", place.origin.display(), plain(&error.into())))
}

fn view(place: &OverlayPlace) -> Result<View, String> {
    View::open(&place.objects()).map_err(|error| format!("{}: {error}", place.origin.display()))
}

/// A path of the host.
fn host_path(place: &OverlayPlace, path: &store::Path) -> String {
    let names: PathBuf = path.names().map(store::unescaped).collect();
    place.origin.join(names).display().to_string()
}

fn name(kind: Kind) -> (char, &'static str) {
    match kind {
        Kind::Added => ('A', "added"),
        Kind::Changed => ('M', "changed"),
        Kind::Deleted => ('D', "deleted"),
    }
}

fn line(place: &OverlayPlace, change: &Difference, refusal: Option<&str>, json: bool) -> Result<String, String> {
    let (letter, kind) = name(change.kind);
    let path = host_path(place, &change.path);
    if json {
        let mut row = json!({ "change": kind, "path": path, "folder": change.folder, "size": change.size });
        if let Some(refusal) = refusal {
            row["refused"] = refusal.into();
        }
        return crate::json::line(&row);
    }
    let size = if change.folder { String::from("folder") } else { change.size.to_string() };
    let written = if change.written == 0 { String::new() } else { home::time(change.written) };
    Ok(format!("{letter} {written:23} {size:>12} {}{}", shown(&path), refusal.map(|refusal| format!(": {refusal}")).unwrap_or_default()))
}

/// Shows what differs from the host's folders.
pub fn show(kept: &broker::Kept, out: &mut dyn Write, json: bool) -> Result<(), String> {
    for place in OverlayPlace::all(kept) {
        let changes = root(&place).and_then(|root| {
            store::changes(&view(&place)?, root.as_fd())
                .map_err(|status| format!("{}: it cannot be compared ({status:#010x})", place.origin.display()))
        });
        match changes {
            Ok(changes) => {
                for change in changes {
                    if writeln!(out, "{}", line(&place, &change, None, json)?).is_err() {
                        return Ok(());
                    }
                }
            }
            // The others are shown all the same.
            Err(sentence) => eprintln!("win-compat: {}", shown(&sentence)),
        }
    }
    Ok(())
}

/// Writes changes to the host's folders: all, or those at and below some paths.
pub fn apply(name: &str, paths: &[PathBuf], force: bool, json: bool) -> Result<u8, String> {
    existing(name)?;
    let held = quiet(name)?;
    let kept = existing(name)?;
    let wanted: Vec<PathBuf> = paths.iter().map(|path| real(path)).collect::<Result<_, _>>()?;
    let places = OverlayPlace::all(&kept);
    if let Some(stray) = wanted.iter().find(|path| !places.iter().any(|place| path.starts_with(&place.origin))) {
        return Err(format!("{}: the sandbox `{name}` has no changes of its own there", stray.display()));
    }
    let mut all_done = true;
    for place in places {
        let here: Vec<&PathBuf> = wanted.iter().filter(|path| path.starts_with(&place.origin)).collect();
        if !wanted.is_empty() && here.is_empty() {
            continue;
        }
        let below = |path: &&PathBuf| path_of(path.strip_prefix(&place.origin).unwrap_or(path));
        let chosen: Vec<store::Path> = here.iter().filter_map(below).collect();
        let store = place.open(&kept, kept.limits).map_err(|error| format!("{}: {error}", place.origin.display()))?;
        store.finish();
        let applied = store::apply(&store, &view(&place)?, root(&place)?, &chosen, force)
            .map_err(|status| format!("{}: the changes cannot be written ({status:#010x})", place.origin.display()))?;
        store.leave();
        for change in &applied.done {
            println!("{}", line(&place, change, None, json)?);
        }
        for (change, refusal) in &applied.refused {
            all_done = false;
            let text = line(&place, change, Some(&why(*refusal)), json)?;
            if json { println!("{text}") } else { eprintln!("win-compat: not applied: {text}") }
        }
    }
    drop(held);
    Ok(if all_done { 0 } else { WRONG })
}

fn why(refusal: Refusal) -> String {
    match refusal {
        Refusal::Changed => "the folder's own has changed since; --force writes over it".into(),
        Refusal::Exists => "the folder has one of that name by now; --force writes over it".into(),
        Refusal::NotEmpty => "it holds what the sandbox has never seen; --force deletes that too".into(),
        Refusal::Failed(store::OUTSIDE) => "a link is in the way".into(),
        Refusal::Failed(status) => format!("it failed ({status:#010x})"),
    }
}

/// A path whose last name need not be there, with the links before it followed.
fn real(path: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("{}: {}", path.display(), plain(&error));
    let path = std::path::absolute(path).map_err(failed)?;
    let mut missing = Vec::new();
    let mut at = path.as_path();
    loop {
        match at.canonicalize() {
            Ok(found) => return Ok(missing.into_iter().rev().fold(found, |path: PathBuf, name| path.join(name))),
            Err(error) => {
                let (Some(above), Some(name)) = (at.parent(), at.file_name()) else { return Err(failed(error)) };
                missing.push(name.to_owned());
                at = above;
            }
        }
    }
}
