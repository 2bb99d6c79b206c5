//! Where state lies: `$WIN_COMPAT_HOME`, by default the XDG data folder.

use broker::{Files, Kept, plain};
use gate::system::{STUBS, StubTable, Tables};
use rustix::fs::{Mode, OFlags, open};
use std::fs;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use store::Limits;
use zerocopy::{FromBytes, IntoBytes};

/// A part that the program carries.
struct Part {
    name: &'static str,
    bytes: &'static [u8],
}

/// Everything that the program carries.
struct Payload {
    hash: &'static str,
    parts: &'static [Part],
}

static PAYLOAD: Option<Payload> = include!(concat!(env!("OUT_DIR"), "/payload.rs"));

/// The state folder.
pub fn folder() -> Result<PathBuf, String> {
    if let Some(home) = std::env::var_os("WIN_COMPAT_HOME").filter(|home| !home.is_empty()) {
        return std::path::absolute(&home).map_err(|error| format!("$WIN_COMPAT_HOME: {}", plain(&error)));
    }
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("win-compat")).ok_or_else(|| "neither $HOME nor $WIN_COMPAT_HOME says where to keep state".into())
}

/// What processes start from: unpacked once per version.
pub fn files(home: &Path) -> Result<Files, String> {
    let payload = PAYLOAD.as_ref().ok_or("this program was built without its parts; build it with `cargo xtask build`")?;
    let folder = home.join("system").join(payload.hash);
    let part = |name: &str| {
        let part = payload.parts.iter().find(|part| part.name == name).ok_or("a part is missing")?;
        take(&folder, part)
    };
    Ok(Files { runtime: part("runtime")?, system64: part("system64")?, system32: part("system32")?, version: folder })
}

/// Whether Microsoft's metadata knows a DLL: a program that imports from it starts, though nobody has written it yet.
pub fn is_known_dll(name: &str) -> bool {
    let part = PAYLOAD.as_ref().and_then(|payload| payload.parts.iter().find(|part| part.name == "system64"));
    part.and_then(|part| known(part.bytes, name)).unwrap_or_default()
}

fn known(system: &[u8], name: &str) -> Option<bool> {
    // The tables are read in place, and the bytes that the program carries are aligned to nothing.
    let head = gate::system::Header::read_from_prefix(system).ok()?.0.head;
    let head = system.get(..head as usize)?;
    let mut aligned = vec![0_u64; head.len().div_ceil(8)];
    aligned.as_mut_bytes()[..head.len()].copy_from_slice(head);
    let tables = Tables::read(aligned.as_bytes())?;
    let segment = tables.segments(tables.find(STUBS)?).first()?;
    let table = system.get(segment.file as usize..)?.get(..segment.size as usize)?;
    Some(StubTable::read(table)?.knows_dll(name.as_bytes()))
}

/// Opens a part; writes it first where it is not there, or not whole.
fn take(folder: &Path, part: &Part) -> Result<OwnedFd, String> {
    let path = folder.join(part.name);
    let opened = || open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok().filter(|file| is_whole(file, part));
    if let Some(file) = opened() {
        return Ok(file);
    }
    let failed = |error: std::io::Error| format!("{} could not be written: {}", path.display(), plain(&error));
    fs::create_dir_all(folder).map_err(failed)?;
    let fresh = folder.join(format!("{}.{}", part.name, std::process::id()));
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&fresh)?;
        file.write_all(part.bytes)?;
        fs::rename(&fresh, &path)
    };
    write().map_err(failed)?;
    opened().ok_or_else(|| format!("{} is damaged, and writing it anew did not help", path.display()))
}

fn is_whole(file: &OwnedFd, part: &Part) -> bool {
    rustix::fs::fstat(file).is_ok_and(|facts| facts.st_size as usize == part.bytes.len())
}

/// Where the state of a named sandbox lies.
pub fn kept(home: &Path, name: &str, limits: Limits) -> Kept {
    Kept {
        label: name.to_owned(),
        folder: sandbox(home, name),
        user: home.join("keys").join("user"),
        before: home.join("scratch").join(name),
        limits,
    }
}

/// The folder of a named sandbox.
pub fn sandbox(home: &Path, name: &str) -> PathBuf {
    home.join("sandboxes").join(name)
}

/// How many audits of sandboxes without a name are kept.
const KEPT_AUDITS: usize = 200;

/// One run in so many looks for what others have left behind: the look costs more than the rest of a broker's end.
const TIDY_RUNS: u32 = 64;

/// Deletes what runs have left behind: the oldest audits of runs, and drives of brokers that were killed.
pub fn tidy(home: &Path) {
    if !std::process::id().is_multiple_of(TIDY_RUNS) {
        return;
    }
    let runs = |folder: &Path| -> Vec<PathBuf> {
        let is_run = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("run-"));
        let mut found: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).filter(is_run).collect();
        // Their names start with their time.
        found.sort();
        found
    };
    let audits = runs(&home.join("audit"));
    for old in audits.iter().take(audits.len().saturating_sub(KEPT_AUDITS)) {
        let _ = fs::remove_file(old);
    }
    for drive in runs(&home.join("scratch")) {
        let owner = drive.to_string_lossy().rsplit('-').next().and_then(|process| process.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            let _ = fs::remove_dir_all(&drive);
        }
    }
}

/// A time in 100 ns since 1601 as people read it, in UTC.
pub fn time(time: i64) -> String {
    const UNIX_EPOCH: i64 = 11_644_473_600;
    let (seconds, rest) = (time.div_euclid(10_000_000) - UNIX_EPOCH, time.rem_euclid(10_000_000));
    match jiff::Timestamp::new(seconds, rest as i32 * 100) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => format!("{time} (100 ns since 1601)"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(super::time(116_444_736_000_000_000), "1970-01-01 00:00:00.000");
        assert_eq!(super::time(133_485_408_005_000_000), "2024-01-01 00:00:00.500");
    }
}
