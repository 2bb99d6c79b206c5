//! `win-compat files`: the objects of a sandbox that has a name. Looking reads what stands on the disk, also while programs run
//! there; only putting needs the store for itself.

use crate::arguments::{FilesArguments, FilesCommand};
use crate::home;
use crate::sandbox::in_use;
use crate::settings::Settings;
use broker::{Kept, Kernel, OverlayPlace, plain};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path as HostPath;
use store::{Finding, Hash, Header, Listed, Objects, OpenError, Path, Principal, Report, User, View, attribute};
use terminal::shown;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_DISK_FULL, STATUS_FILE_CORRUPT_ERROR, STATUS_FILE_IS_A_DIRECTORY, STATUS_NOT_A_DIRECTORY, STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_OBJECT_PATH_NOT_FOUND,
};

/// Something is damaged.
const DAMAGED: u8 = 1;

/// Does what is asked; answers the exit code, or one sentence.
pub fn files(arguments: &FilesArguments) -> Result<u8, String> {
    let name = arguments.sandbox.as_deref().ok_or("--sandbox NAME says whose files")?;
    crate::sandbox::check_name(name)?;
    let kept = kept(&home::folder()?, name)?;
    if !kept.objects().exists() && !matches!(arguments.command, FilesCommand::Verify { .. } if kept.overlays().exists()) {
        return Err(format!("there is no sandbox `{name}`, or no program has used its C: yet"));
    }
    match &arguments.command {
        FilesCommand::Ls { path, all, json } => list(&view(&kept)?, path.as_deref().unwrap_or_default(), *all, *json),
        FilesCommand::Get { path, file, version } => get(&view(&kept)?, path, file.as_deref(), version.as_deref()),
        FilesCommand::Put { file, path } => put(&kept, file, path),
        FilesCommand::History { path, json } => history(&view(&kept)?, path, *json),
        FilesCommand::Verify { json } => verify(&kept, *json),
    }
}

/// Where a sandbox's state lies, with the quota that it has.
pub fn kept(home: &HostPath, name: &str) -> Result<Kept, String> {
    let settings = Settings::read(&home::sandbox(home, name))?;
    Ok(home::kept(home, name, settings.quota.limits()))
}

pub fn view(kept: &Kept) -> Result<View, String> {
    View::open(&kept.objects()).map_err(|error| error.to_string())
}

/// A path in `C:`, with or without the drive, with either slash.
fn path(text: &str) -> Result<Path, String> {
    let below = text.strip_prefix("C:").or_else(|| text.strip_prefix("c:")).unwrap_or(text);
    let units: Vec<u16> = below.replace('/', "\\").trim_matches('\\').encode_utf16().collect();
    Path::parse(&units).ok_or_else(|| format!("`{}` is no path of C:", shown(text)))
}

/// A path for people.
pub fn text(path: &Path) -> String {
    format!("C:\\{}", String::from_utf16_lossy(path.units()))
}

fn sentence(path: &str, status: NTSTATUS) -> String {
    let why = match status {
        STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND => "it does not exist",
        STATUS_FILE_IS_A_DIRECTORY => "it is a folder",
        STATUS_NOT_A_DIRECTORY => "it is no folder",
        STATUS_FILE_CORRUPT_ERROR => "it is damaged, and refused; `win-compat files verify` tells more",
        STATUS_DISK_FULL => "the disk is full",
        _ => return format!("{}: it failed ({status:#010x})", shown(path)),
    };
    format!("{}: {why}", shown(path))
}

/// A principal in hexadecimal digits.
pub fn hex(public: &[u8; 32]) -> String {
    Hash(*public).hex()
}

/// A header for JSON.
pub fn header(header: &Header) -> Value {
    json!({
        "hash": header.hash.hex(),
        "size": header.size,
        "author": hex(&header.author),
        "owner": hex(&header.owner),
        "rights": header.rights,
        "lineage": if header.lineage == Hash::default() { Value::Null } else { header.lineage.hex().into() },
        "created": home::time(header.created),
    })
}

fn list(view: &View, folder: &str, all: bool, json: bool) -> Result<u8, String> {
    let out = &mut std::io::stdout().lock();
    tell_each(view, &path(folder)?, all, out, &|entry| line(entry, json).map(Some))?.map_err(|status| sentence(folder, status))?;
    tell_damage(view);
    Ok(0)
}

/// Writes a line for each entry that has one, until whoever reads has seen enough (`false`).
pub fn tell_each(
    view: &View,
    path: &Path,
    all: bool,
    out: &mut impl Write,
    line: &dyn Fn(&Listed) -> Result<Option<String>, String>,
) -> Result<Result<bool, NTSTATUS>, String> {
    let (mut failed, mut reads) = (None, true);
    let walked = view.walk(path, all, &mut |entry| {
        match line(&entry) {
            Ok(line) => reads = line.is_none_or(|line| writeln!(out, "{line}").is_ok()),
            Err(error) => failed = Some(error),
        }
        reads && failed.is_none()
    });
    failed.map_or(Ok(walked.map(|()| reads)), Err)
}

/// What is said of an entry.
fn line(entry: &Listed, json: bool) -> Result<String, String> {
    let object = entry.header.as_ref();
    if json {
        let row = json!({
            "path": text(&entry.path),
            "folder": entry.is_folder(),
            "size": entry.size,
            "attributes": entry.attributes,
            "written": home::time(entry.written),
            "object": object.map(header),
        });
        return crate::json::line(&row);
    }
    let kind = if entry.is_folder() {
        "folder".into()
    } else {
        object.map_or_else(|| String::from("unsealed"), |header| header.hash.hex()[..12].to_owned())
    };
    let letters = [(attribute::READ_ONLY, 'r'), (attribute::HIDDEN, 'h'), (attribute::SYSTEM, 's'), (attribute::ARCHIVE, 'a')];
    let letters: String = letters.iter().map(|(bit, letter)| if entry.attributes & bit != 0 { *letter } else { '-' }).collect();
    Ok(format!("{} {letters} {:>12} {kind:12} {}", home::time(entry.written), entry.size, shown(&text(&entry.path))))
}

/// What is damaged in index and journal is told by every look, for names may be missing.
fn tell_damage(view: &View) {
    for finding in view.damage().iter().filter(|finding| !finding.is_harmless()) {
        eprintln!("win-compat: {}", shown(&finding.to_string()));
    }
}

fn get(view: &View, from: &str, to: Option<&HostPath>, version: Option<&str>) -> Result<u8, String> {
    let wanted = version.map(|version| find_version(view, from, version)).transpose()?;
    let content: OwnedFd = view.content(&path(from)?, wanted.as_ref()).map_err(|status| sentence(from, status))?;
    let done = match to {
        Some(to) => File::create(to).and_then(|file| Ok(store::copy_content(content.as_fd(), file.as_fd(), u64::MAX)?)),
        None => std::io::copy(&mut File::from(content), &mut std::io::stdout().lock()).map(|_| ()),
    };
    done.map(|_| 0).map_err(|error| format!("{}: {}", to.unwrap_or(HostPath::new("the output")).display(), plain(&error)))
}

/// The version whose hash starts so.
fn find_version(view: &View, from: &str, start: &str) -> Result<Hash, String> {
    let versions = view.history(&path(from)?).map_err(|status| sentence(from, status))?;
    let mut fitting =
        versions.iter().filter_map(|version| version.header.as_ref()).map(|header| header.hash).filter(|hash| hash.hex().starts_with(start));
    let found = fitting.next().ok_or_else(|| format!("{}: it has no version `{}`", shown(from), shown(start)))?;
    if fitting.any(|other| other != found) { Err(format!("{}: several versions start with `{}`", shown(from), shown(start))) } else { Ok(found) }
}

fn put(kept: &Kept, from: &HostPath, to: &str) -> Result<u8, String> {
    let failed = |error: std::io::Error| format!("{}: {}", from.display(), plain(&error));
    let content = File::open(from).map_err(failed)?;
    if !content.metadata().map_err(failed)?.is_file() {
        return Err(format!("{}: it is no file", from.display()));
    }
    let key = |error: std::io::Error| format!("the key: {error}");
    let (principal, user) = (kept.keys().map_err(key)?, User::open_or_make(&kept.user).map_err(key)?);
    let objects = Objects::open(&kept.objects(), principal, Box::new(Kernel), kept.limits).map_err(|error| match error {
        OpenError::InUse => in_use(&kept.label),
        other => other.to_string(),
    })?;
    objects.put(&path(to)?, content.as_fd(), &user).map_err(|status| sentence(to, status))?;
    objects.leave();
    Ok(0)
}

fn history(view: &View, of: &str, json: bool) -> Result<u8, String> {
    let versions = view.history(&path(of)?).map_err(|status| sentence(of, status))?;
    for version in versions {
        let object = version.header.as_ref();
        if json {
            let row = json!({ "time": home::time(version.time), "size": version.size, "object": object.map(header) });
            println!("{}", crate::json::line(&row)?);
        } else {
            let hash = object.map_or_else(|| String::from("unsealed"), |header| header.hash.hex());
            let author = object.map(|header| if header.author == header.owner { " by the user" } else { " by the sandbox" });
            println!("{} {:>12} {hash}{}", home::time(version.time), version.size, author.unwrap_or_default());
        }
    }
    Ok(0)
}

/// What verifying a sandbox's stores found: whether it is harmless, and in words.
#[derive(Default)]
struct Verified {
    findings: Vec<(bool, String)>,
    objects: u64,
    bytes: u64,
    unsealed: u64,
}

impl Verified {
    fn add(&mut self, report: Report, text: impl Fn(&Finding) -> String) {
        self.findings.extend(report.findings.iter().map(|finding| (finding.is_harmless(), text(finding))));
        self.objects += report.objects;
        self.bytes += report.bytes;
        self.unsealed += report.unsealed;
    }
}

fn verify(kept: &Kept, json: bool) -> Result<u8, String> {
    let principal = Principal::open(&kept.principal()).map_err(|error| error.to_string())?.ok_or("the sandbox's key is not there")?;
    let verify = || {
        let mut all = Verified::default();
        if kept.objects().exists() {
            all.add(view(kept)?.verify(&principal), Finding::to_string);
        }
        // What it has changed in folders of the host is the sandbox's too.
        for place in OverlayPlace::all(kept).iter().filter(|place| place.objects().exists()) {
            let view = View::open(&place.objects()).map_err(|error| format!("{}: {error}", place.origin.display()))?;
            all.add(view.verify(&principal), |finding| match finding {
                Finding::Object { path, wrong } => format!("{}: {}", place.host_path(path).display(), wrong.text()),
                finding => format!("{}: {finding}", place.origin.display()),
            });
        }
        Ok::<_, String>(all)
    };
    let is_clean = |found: &Verified| found.findings.iter().all(|(harmless, _)| *harmless);
    let mut report = verify()?;
    // A broker at work may have moved what was looked for; damage stays.
    for _ in 0..3 {
        if !is_clean(&report) {
            report = verify()?;
        }
    }
    let is_clean = is_clean(&report);
    if json {
        let findings: Vec<_> = report.findings.iter().map(|(harmless, text)| json!({ "harmless": harmless, "text": text })).collect();
        let row = json!({
            "clean": is_clean,
            "objects": report.objects,
            "bytes": report.bytes,
            "unsealed": report.unsealed,
            "sandbox": hex(&principal.public()),
            "user": hex(&principal.parent),
            "findings": findings,
        });
        println!("{}", crate::json::line(&row)?);
    } else {
        for (harmless, text) in &report.findings {
            println!("{}{}", if *harmless { "note: " } else { "" }, shown(text));
        }
        let unsealed = if report.unsealed == 0 { String::new() } else { format!(", {} not sealed yet", report.unsealed) };
        println!("{} objects of {} bytes are {}{unsealed}", report.objects, report.bytes, if is_clean { "whole" } else { "verified; see above" });
    }
    Ok(if is_clean { 0 } else { DAMAGED })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_people_write_them() {
        for written in ["C:\\Users\\user", "c:/Users/user", "Users\\user\\", "/Users/user"] {
            assert_eq!(text(&path(written).unwrap()), "C:\\Users\\user", "{written}");
        }
        assert_eq!(text(&path("").unwrap()), "C:\\");
        assert!(path("C:\\a\\..\\b").is_err() && path("Z:\\a").is_err());
    }
}
