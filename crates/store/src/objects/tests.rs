//! What a store promises: names and contents survive, published bytes never change, damage is named and contained.

mod bounds;
mod crash;
mod format;
mod model;

use super::*;
use crate::testing::{folder, link, rename};
use crate::volume::{Change, Create, How, Look, Open, Outcome, Volume};
use crate::{Path, Pattern, User, attribute};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use windows_sys::Win32::Foundation::{
    STATUS_FILE_CORRUPT_ERROR, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
};

/// Leases as this process alone can tell them: by its own descriptors. Mappings are not seen.
struct Own;

fn holders(file: BorrowedFd<'_>, only_writers: bool) -> usize {
    let wanted = rustix::fs::fstat(file).unwrap();
    let entries = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    let holds = |path: &PathBuf| {
        let flags = || {
            let info = std::fs::read_to_string(PathBuf::from("/proc/self/fdinfo").join(path.file_name()?)).ok()?;
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
            i64::from_str_radix(flags.trim(), 8).ok()
        };
        let facts = std::fs::metadata(path).ok();
        facts.is_some_and(|facts| (facts.dev(), facts.ino()) == (wanted.st_dev, wanted.st_ino))
            && (!only_writers || flags().is_some_and(|flags| flags & 3 != 0))
    };
    entries.map(|entry| entry.path()).filter(holds).count()
}

impl Leases for Own {
    fn is_unwritten(&self, file: BorrowedFd<'_>) -> bool {
        holders(file, true) == 0
    }

    fn is_unheld(&self, file: BorrowedFd<'_>) -> bool {
        holders(file, false) == 1
    }
}

/// A store in a folder, and the user.
struct Home {
    folder: PathBuf,
}

impl Home {
    fn new(name: &str) -> Self {
        Self { folder: folder(name) }
    }

    fn user(&self) -> User {
        User::open_or_make(&self.folder.join("user")).unwrap()
    }

    fn principal(&self) -> Principal {
        let path = self.folder.join("principal");
        Principal::open(&path).unwrap().unwrap_or_else(|| {
            self.user().principal("test", 1).unwrap().write(&path).unwrap();
            Principal::open(&path).unwrap().unwrap()
        })
    }

    fn place(&self) -> PathBuf {
        self.folder.join("objects")
    }

    fn open(&self) -> Objects {
        self.with(Limits::default()).unwrap()
    }

    fn with(&self, limits: Limits) -> Result<Objects, OpenError> {
        Objects::open(&self.place(), self.principal(), Box::new(Own), limits)
    }

    fn report(&self) -> Report {
        View::open(&self.place()).unwrap().verify(&self.principal())
    }

    /// The file of a blob.
    fn blob(&self, content: &[u8]) -> PathBuf {
        let hex = Hash(*blake3::hash(content).as_bytes()).hex();
        self.place().join("pool").join(&hex[..2]).join(&hex[2..])
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn path(text: &str) -> Path {
    text.split('\\').filter(|name| !name.is_empty()).map(|name| name.encode_utf16().collect::<Vec<_>>()).collect()
}

const READ: How = How { read: true, write: false, append: false, through: false, create: Create::Open, folder: None, link: false, attributes: 0 };
const WRITE: How = How { write: true, ..READ };
const FOLDER: How = How { read: false, create: Create::New, folder: Some(true), ..READ };

fn make(create: Create) -> How {
    How { create, folder: Some(false), ..WRITE }
}

fn write_at(file: &OwnedFd, bytes: &[u8], at: u64) {
    assert_eq!(rustix::io::pwrite(file, bytes, at), Ok(bytes.len()));
}

fn content(file: &OwnedFd) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::pread(file, &mut buffer, bytes.len() as u64).unwrap() {
            0 => return bytes,
            got => bytes.extend_from_slice(&buffer[..got]),
        }
    }
}

/// Writes a file whole, as a program does that creates it anew.
fn put(volume: &Objects, name: &str, bytes: &[u8]) -> u64 {
    let Open { file, metadata, .. } = volume.open(&path(name), &make(Create::TruncateOrNew)).unwrap();
    write_at(&file, bytes, 0);
    drop(file);
    volume.released(metadata.id);
    metadata.id
}

fn get(volume: &Objects, name: &str) -> Result<Vec<u8>, NTSTATUS> {
    let opened = volume.open(&path(name), &READ)?;
    let bytes = content(&opened.file);
    drop(opened.file);
    volume.released(opened.metadata.id);
    Ok(bytes)
}

fn names(volume: &Objects, folder: &str) -> Vec<String> {
    let entries = volume.list(&path(folder), &Pattern::new(&[])).unwrap();
    entries.iter().map(|entry| String::from_utf16_lossy(&entry.name)).collect()
}

fn delete(volume: &Objects, name: &str) {
    let metadata = volume.metadata(&path(name), Look::default()).unwrap();
    volume.remove(&path(name), metadata.folder, (metadata.device, metadata.id)).unwrap();
}

#[test]
fn a_file_is_found_by_its_number_and_its_short_name() {
    let home = Home::new("names");
    let volume = home.open();
    volume.open(&path("Folder"), &FOLDER).unwrap();
    let id = put(&volume, "Folder\\A long name.text", b"one");
    let id = (volume.space().unwrap().device, id);
    assert_eq!(volume.paths(id, 9).unwrap(), [path("Folder\\A long name.text")]);
    link(&volume, &path("folder\\a long name.text"), &path("second"), false).unwrap();
    // The folder that it knows as its own has it no more.
    delete(&volume, "folder\\a long name.text");
    assert_eq!(volume.paths(id, 9).unwrap(), [path("second")]);
    assert_eq!(volume.paths((id.0, 999), 9).unwrap(), []);
    put(&volume, "Folder\\Another long name.text", b"two");
    let short = crate::short_name(&"another LONG name.text".encode_utf16().collect::<Vec<_>>()).unwrap();
    let found = volume.list(&path("folder"), &Pattern::new(&short)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(String::from_utf16_lossy(&found[0].name), "Another long name.text");
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let home = Home::new("again");
    let volume = home.open();
    volume.open(&path("Folder"), &FOLDER).unwrap();
    put(&volume, "Folder\\Big.txt", b"one");
    put(&volume, "small", b"two");
    assert_eq!(rename(&volume, &path("SMALL"), &path("folder\\Renamed"), false), Ok(path("Folder\\Renamed")));
    link(&volume, &path("folder\\renamed"), &path("second"), false).unwrap();
    let device = volume.space().unwrap().device;
    // Killed: nothing is finished.
    drop(volume);
    for round in 0..3 {
        let volume = home.open();
        assert_eq!(volume.space().unwrap().device, device);
        assert_eq!(names(&volume, "FOLDER"), ["Big.txt", "Renamed"]);
        assert_eq!(get(&volume, "folder\\big.TXT"), Ok(b"one".to_vec()), "round {round}");
        assert_eq!(get(&volume, "second"), Ok(b"two".to_vec()));
        assert_eq!(volume.metadata(&path("second"), Look::default()).unwrap().links, 2);
        volume.finish();
        drop(volume);
        assert_eq!(home.report().findings, []);
    }
    assert_eq!(home.report().unsealed, 0);
}

#[test]
fn opens_answer_as_windows_does() {
    let home = Home::new("opens");
    let volume = home.open();
    let opened = |name: &str, how: &How| volume.open(&path(name), how).map(|opened| opened.outcome);
    assert_eq!(opened("a", &READ), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(opened("a\\b", &READ), Err(STATUS_OBJECT_PATH_NOT_FOUND));
    assert_eq!(opened("a", &make(Create::Truncate)), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(opened("a", &make(Create::OpenOrNew)), Ok(Outcome::Created));
    assert_eq!(opened("A", &make(Create::OpenOrNew)), Ok(Outcome::Opened));
    assert_eq!(opened("A", &make(Create::New)), Err(STATUS_OBJECT_NAME_COLLISION));
    assert_eq!(opened("A", &make(Create::TruncateOrNew)), Ok(Outcome::Overwritten));
    assert_eq!(opened("a\\b", &make(Create::New)), Err(STATUS_OBJECT_PATH_NOT_FOUND));
    assert_eq!(opened("f", &FOLDER), Ok(Outcome::Created));
    assert_eq!(opened("f", &make(Create::OpenOrNew)), Err(windows_sys::Win32::Foundation::STATUS_FILE_IS_A_DIRECTORY));
    assert_eq!(opened("a", &How { create: Create::Open, ..FOLDER }), Err(windows_sys::Win32::Foundation::STATUS_NOT_A_DIRECTORY));
    assert_eq!(volume.open(&path("A"), &READ).unwrap().path, Some(path("a")), "the first spelling stays");
    put(&volume, "f\\x", b"");
    let folder = volume.metadata(&path("f"), Look::default()).unwrap();
    assert_eq!(volume.remove(&path("f"), true, (folder.device, folder.id)), Err(windows_sys::Win32::Foundation::STATUS_DIRECTORY_NOT_EMPTY));
    assert_eq!(rename(&volume, &path("f"), &path("f\\g"), false), Err(windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER));
    assert_eq!(rename(&volume, &path("a"), &path("f\\x"), false), Err(STATUS_OBJECT_NAME_COLLISION));
    assert_eq!(rename(&volume, &path("a"), &path("f\\X"), true), Ok(path("f\\X")));
    assert_eq!(names(&volume, ""), ["f"]);
}

#[test]
fn facts_are_kept_whether_staged_or_published() {
    let home = Home::new("facts");
    let volume = home.open();
    let id = put(&volume, "a", b"123");
    let place = volume.open(&path("a"), &How { read: false, ..READ }).unwrap().file;
    let times = [Some(130_000_000_000_000_000), Some(130_000_000_010_000_000), Some(130_000_000_020_000_000)];
    let change = Change { times, attributes: Some(attribute::HIDDEN | attribute::READ_ONLY) };
    volume.set(&path("a"), id, place.as_fd(), &change).unwrap();
    let facts = |volume: &Objects| {
        let metadata = volume.metadata(&path("a"), Look::default()).unwrap();
        ([metadata.times[0], metadata.times[1], metadata.times[2]].map(Some), metadata.attributes, metadata.size)
    };
    let wanted = (times, attribute::HIDDEN | attribute::READ_ONLY, 3);
    assert_eq!(facts(&volume), wanted);
    drop(place);
    volume.finish();
    assert_eq!(facts(&volume), wanted, "published");
    drop(volume);
    let volume = home.open();
    assert_eq!(facts(&volume), wanted, "read again");
    // What is written anew starts from what was there.
    let opened = volume.open(&path("a"), &WRITE).unwrap();
    assert_eq!(facts(&volume), wanted, "staged again");
    drop(opened);
}

#[test]
fn folders_bear_the_time_of_their_last_change() {
    let home = Home::new("times");
    let volume = home.open();
    volume.open(&path("f"), &FOLDER).unwrap();
    let written = |volume: &Objects| volume.metadata(&path("f"), Look::default()).unwrap().times[2];
    let mut before = written(&volume);
    for step in 0..3 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        match step {
            0 => drop(put(&volume, "f\\a", b"")),
            1 => drop(rename(&volume, &path("f\\a"), &path("f\\b"), false).unwrap()),
            _ => delete(&volume, "f\\b"),
        }
        assert!(written(&volume) > before, "step {step}");
        before = written(&volume);
    }
    volume.core.fold(&mut volume.core.state()).unwrap();
    drop(volume);
    assert_eq!(written(&home.open()), before);
}

#[test]
fn published_bytes_never_change() {
    let home = Home::new("sealed");
    let volume = home.open();
    put(&volume, "a", b"first");
    put(&volume, "b", b"first");
    volume.finish();
    let blob = home.blob(b"first");
    assert_eq!(std::fs::metadata(&blob).unwrap().mode() & 0o777, 0o400);
    let reader = volume.open(&path("b"), &READ).unwrap().file;
    let writer = volume.open(&path("a"), &WRITE).unwrap();
    write_at(&writer.file, b"F", 0);
    assert_eq!(content(&reader), b"first", "another name with the same content");
    assert_eq!(std::fs::read(&blob).unwrap(), b"first");
    // A writer that keeps its descriptor after its close keeps the file from being published, and loses nothing.
    volume.released(writer.metadata.id);
    let (kept, core) = (writer.file, &volume.core);
    core.publish(writer.metadata.id, false).unwrap();
    write_at(&kept, b"X", 1);
    assert_eq!(get(&volume, "a"), Ok(b"FXrst".to_vec()));
    // Where everything ends, a copy is published.
    core.publish(writer.metadata.id, true).unwrap();
    write_at(&kept, b"YYYYY", 0);
    assert_eq!(get(&volume, "a"), Ok(b"FXrst".to_vec()));
    assert_eq!(home.report().findings, []);
}

#[test]
fn a_reader_that_came_first_sees_what_is_written() {
    let home = Home::new("readers");
    let volume = home.open();
    put(&volume, "a", b"before");
    volume.finish();
    let reader = volume.open(&path("a"), &READ).unwrap();
    let writer = volume.open(&path("a"), &WRITE).unwrap();
    write_at(&writer.file, b"BEHIND", 0);
    assert_eq!(content(&reader.file), b"BEHIND");
    assert_eq!(std::fs::read(home.blob(b"before")).unwrap(), b"before", "the former version stays");
    // Emptied by a third one, all see that.
    volume.open(&path("a"), &make(Create::Truncate)).unwrap();
    assert_eq!((content(&reader.file), content(&writer.file)), (Vec::new(), Vec::new()));
    drop((reader, writer));
    volume.finish();
    assert_eq!(home.report().findings, []);
    assert_eq!(View::open(&home.place()).unwrap().history(&path("a")).unwrap().len(), 2);
}

#[test]
fn two_names_of_one_content_are_read_apart() {
    let home = Home::new("apart");
    let volume = home.open();
    put(&volume, "a", b"same");
    put(&volume, "b", b"same");
    volume.finish();
    let (a, b) = (volume.open(&path("a"), &READ).unwrap().file, volume.open(&path("b"), &READ).unwrap().file);
    let writer = volume.open(&path("b"), &WRITE).unwrap().file;
    write_at(&writer, b"B", 0);
    assert_eq!((content(&a), content(&b)), (b"same".to_vec(), b"Bame".to_vec()));
    let other = volume.open(&path("a"), &WRITE).unwrap().file;
    write_at(&other, b"A", 0);
    assert_eq!((content(&a), content(&b)), (b"Aame".to_vec(), b"Bame".to_vec()));
}

#[test]
fn versions_are_kept_as_the_rule_says() {
    let home = Home::new("versions");
    let volume = home.open();
    for version in 0..12_u8 {
        put(&volume, "a", &[version; 10]);
        volume.finish();
    }
    // The same content again is no new version.
    put(&volume, "a", &[11; 10]);
    volume.finish();
    drop(volume);
    let view = View::open(&home.place()).unwrap();
    let versions = view.history(&path("A")).unwrap();
    assert_eq!(versions.len(), 1 + tree::KEPT_VERSIONS);
    let headers: Vec<_> = versions.iter().map(|version| version.header.clone().unwrap()).collect();
    for pair in headers.windows(2) {
        assert_eq!(pair[0].lineage, pair[1].hash, "each tells what it followed");
    }
    let third = view.content(&path("a"), Some(&headers[2].hash)).unwrap();
    assert_eq!(content(&third), [9; 10]);
    assert_eq!(home.report().findings, []);
}

#[test]
fn one_content_is_stored_once() {
    let home = Home::new("once");
    let volume = home.open();
    for number in 0..10 {
        put(&volume, &format!("file{number}"), &[7; 100_000]);
    }
    volume.finish();
    assert_eq!(volume.core.disk.blobs().unwrap().len(), 1);
    assert_eq!(volume.core.state().tree.usage, tree::Usage { bytes: 100_000, objects: 10 });
    for number in 0..10 {
        delete(&volume, &format!("file{number}"));
    }
    let state = &mut *volume.core.state();
    volume.core.fold(state).unwrap();
    assert_eq!((volume.core.disk.blobs().unwrap().len(), volume.core.disk.staged_numbers().unwrap().len()), (0, 0));
    assert_eq!(state.tree.usage, tree::Usage::default());
}

#[test]
fn quotas_are_refused_as_documented() {
    let home = Home::new("quota");
    let volume = home.with(Limits { bytes: 1000, objects: 3 }).unwrap();
    put(&volume, "a", &[1; 600]);
    put(&volume, "b", &[2; 600]);
    let refused = |name: &str| volume.open(&path(name), &make(Create::New)).err();
    assert_eq!(refused("c"), Some(STATUS_DISK_FULL));
    delete(&volume, "a");
    assert_eq!(refused("c"), None);
    assert_eq!(refused("d"), None);
    assert_eq!(refused("e"), Some(STATUS_QUOTA_EXCEEDED));
    assert_eq!(volume.space().unwrap().free, 400);
}

#[test]
fn what_is_deleted_while_it_is_open_stays_readable() {
    let home = Home::new("deleted");
    let volume = home.open();
    put(&volume, "a", b"bytes");
    volume.finish();
    let reader = volume.open(&path("a"), &READ).unwrap();
    delete(&volume, "a");
    put(&volume, "a", b"other");
    assert_eq!(content(&reader.file), b"bytes");
    assert_eq!(volume.facts(&path("a"), reader.metadata.id, reader.file.as_fd()).unwrap().links, 0);
    volume.released(reader.metadata.id);
    assert_eq!(volume.facts(&path("a"), reader.metadata.id, reader.file.as_fd()), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(get(&volume, "a"), Ok(b"other".to_vec()));
}

#[test]
fn an_altered_or_foreign_object_is_refused() {
    let home = Home::new("altered");
    let volume = home.open();
    put(&volume, "a", b"original");
    put(&volume, "touched", b"touched");
    volume.finish();
    let alter = |blob: PathBuf, bytes: &[u8]| {
        std::fs::remove_file(&blob).unwrap();
        std::fs::write(&blob, bytes).unwrap();
    };
    alter(home.blob(b"original"), b"0riginal");
    alter(home.blob(b"touched"), b"touched");
    assert_eq!(get(&volume, "a"), Err(STATUS_FILE_CORRUPT_ERROR));
    assert_eq!(get(&volume, "touched"), Ok(b"touched".to_vec()), "other times, the same bytes");
    let wrong = |report: Report| report.findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(wrong(home.report()), ["C:\\a: its content was altered"]);
    // Another sandbox's key: everything in the store is foreign to it.
    drop(volume);
    std::fs::remove_file(home.folder.join("principal")).unwrap();
    let volume = home.open();
    assert_eq!(get(&volume, "touched"), Err(STATUS_FILE_CORRUPT_ERROR));
    assert_eq!(wrong(home.report()).len(), 2);
    put(&volume, "touched", b"new");
    volume.finish();
    assert_eq!(get(&volume, "touched"), Ok(b"new".to_vec()));
}
