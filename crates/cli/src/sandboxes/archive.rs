//! A sandbox in one file: out, and in again. Whatever happens meanwhile, a file or a sandbox is there whole or not at all.

use super::{WRONG, existing};
use crate::files::hex;
use crate::home;
use crate::progress::{Progress, size};
use crate::sandbox::{check_name, in_use, quiet};
use broker::{Kernel, OverlayPlace, plain};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use store::archive::error::Error;
use store::registry::Registry;
use store::{Objects, OpenError, User, View};
use terminal::shown;

/// Writes a sandbox to a file.
pub fn export(name: &str, to: &Path) -> Result<u8, String> {
    existing(name)?;
    let held = quiet(name)?;
    let kept = existing(name)?;
    let key = |error: std::io::Error| format!("the key: {error}");
    let (principal, user) = (kept.keys().map_err(key)?, User::open_or_make(&kept.user).map_err(key)?);
    let mut total = 0;
    let overlays = OverlayPlace::all(&kept);
    for place in [kept.objects()].into_iter().chain(overlays.iter().map(OverlayPlace::objects)).filter(|place| place.exists()) {
        // What is not sealed yet is sealed first: an archive carries nothing without a proof.
        let objects = Objects::open(&place, kept.keys().map_err(key)?, Box::new(Kernel), kept.limits).map_err(|error| match error {
            OpenError::InUse => in_use(name),
            other => other.to_string(),
        })?;
        objects.finish();
        drop(objects);
        total += View::open(&place).map_err(|error| error.to_string())?.amount().bytes;
    }
    if kept.registry().exists() {
        let opened = Registry::open(&kept.registry(), kept.keys().map_err(key)?, &[], store::registry::Limits::default());
        opened.and_then(|mut registry| registry.publish()).map_err(|error| format!("the registry: {error}"))?;
    }
    let failed = |error: std::io::Error| format!("{}: {}", to.display(), plain(&error));
    if to.exists() {
        return Err(format!("{}: it is there already", to.display()));
    }
    let fresh = to.with_file_name(format!(".{}.{}", to.file_name().unwrap_or_default().to_string_lossy(), std::process::id()));
    let mut progress = Progress::new("export", total);
    let mut write = || {
        let mut out = BufWriter::with_capacity(1 << 20, File::create_new(&fresh)?);
        store::archive::export(&kept.folder, &principal, &user, &mut out, &mut |bytes| progress.add(bytes))?;
        out.flush()?;
        out.get_ref().sync_all()?;
        renameat_with(CWD, &fresh, CWD, to, RenameFlags::NOREPLACE)?;
        Ok(())
    };
    let written: Result<(), Error> = write();
    drop(progress);
    drop(held);
    match written {
        Ok(()) => {
            for place in overlays {
                let above = place.origin.display().to_string();
                eprintln!("win-compat: what the sandbox has changed above {} goes along, and shows above a folder of that path", shown(&above));
            }
            Ok(0)
        }
        Err(error) => {
            let _ = std::fs::remove_file(&fresh);
            match error {
                Error::Host(error) => Err(failed(error)),
                Error::Wrong(findings) => {
                    findings.iter().for_each(|finding| eprintln!("win-compat: {}", shown(&finding.to_string())));
                    Err(format!("the sandbox `{name}` was not exported: {} of its objects cannot be vouched for", findings.len()))
                }
                other => Err(shown(&other.to_string()).into_owned()),
            }
        }
    }
}

/// Makes a sandbox from a file.
pub fn import(from: &Path, name: Option<&str>, trusted: &[store::Public], json: bool) -> Result<u8, String> {
    let failed = |error: std::io::Error| format!("{}: {}", from.display(), plain(&error));
    let file = File::open(from).map_err(failed)?;
    let facts = file.metadata().map_err(failed)?;
    if !facts.is_file() {
        return Err(format!("{}: it is no file", from.display()));
    }
    let stem = from.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.unwrap_or(&stem);
    check_name(name)?;
    let held = quiet(name)?;
    let home = home::folder()?;
    let place = home::sandbox(&home, name);
    if place.exists() {
        return Err(format!("there is a sandbox `{name}` already; --name gives the new one another name"));
    }
    let user = User::open_or_make(&crate::files::kept(&home, name)?.user).map_err(|error| format!("the key: {error}"))?;
    // Runs delete what one of them left here that was killed.
    let fresh = home.join("scratch").join(format!("run-import-{}", std::process::id()));
    let made = |error: std::io::Error| format!("{}: {}", fresh.display(), plain(&error));
    std::fs::create_dir_all(&fresh).map_err(made)?;
    let mut progress = Progress::new("import", facts.len());
    let mut source = BufReader::with_capacity(1 << 20, file);
    let done = store::archive::import(&mut source, &fresh, (&user, name), trusted, &mut |bytes| progress.add(bytes));
    drop(progress);
    let done = done.and_then(|done| {
        std::fs::create_dir_all(place.parent().unwrap_or(&home))?;
        renameat_with(CWD, &fresh, CWD, &place, RenameFlags::NOREPLACE)?;
        Ok(done)
    });
    drop(held);
    let (head, amount) = match done {
        Ok(done) => done,
        Err(error) => {
            let _ = std::fs::remove_dir_all(&fresh);
            return refused(from, error, json);
        }
    };
    let author = head.sandbox().ok_or("it is no archive of a sandbox")?;
    if json {
        let row = json!({
            "name": name,
            "from": { "name": author.label, "key": hex(&author.sandbox), "user": hex(&author.user) },
            "objects": amount.objects,
            "bytes": amount.bytes,
            "wrong": [],
        });
        println!("{}", crate::json::line(&row)?);
    } else {
        let whose = if author.user == user.public() { "you".into() } else { format!("the user {}", hex(&author.user)) };
        println!("`{name}`: {} objects of {} of the sandbox `{}`, exported by {whose}", amount.objects, size(amount.bytes), shown(&author.label));
    }
    Ok(0)
}

/// Says what is wrong with an archive.
fn refused(from: &Path, error: Error, json: bool) -> Result<u8, String> {
    let sentence = match error {
        Error::Host(error) => format!("{}: {}", from.display(), plain(&error)),
        Error::Foreign(user) => format!(
            "{}: another user has signed what it carries. Where you know that this is their key, --trust {} accepts it",
            from.display(),
            hex(&user)
        ),
        Error::Wrong(findings) => {
            let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
            if json {
                println!("{}", crate::json::line(&json!({ "name": null, "wrong": text }))?);
            } else {
                text.iter().for_each(|finding| println!("{}", shown(finding)));
            }
            eprintln!("win-compat: {}: it was altered, or is not what it says; nothing was imported", shown(&from.to_string_lossy()));
            return Ok(WRONG);
        }
        other => format!("{}: {}", from.display(), shown(&other.to_string())),
    };
    Err(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Before anything of an archive is known to be signed, its words stand in messages.
    #[test]
    fn an_archive_steers_no_terminal() {
        let evil = "\u{1b}]0;title\u{7}\u{202e}\nwin-compat: all is well";
        for error in [Error::UnknownSection(evil.into()), Error::Damaged(evil.into())] {
            let sentence = refused(Path::new("a.archive"), error, false).unwrap_err();
            assert!(sentence.chars().all(|character| !character.is_control() && character != '\u{202e}'), "{sentence:?}");
        }
    }
}
