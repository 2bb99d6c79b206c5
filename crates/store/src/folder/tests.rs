//! What a folder of the host shows, and what it never reaches.

use super::*;
use crate::metadata::attribute;
use crate::short::short_name;
use crate::testing::{id, link, rename};
use crate::volume::{Create, Outcome};
use rustix::fs::open;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path as HostPath;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{STATUS_DIRECTORY_NOT_EMPTY, STATUS_OBJECT_NAME_COLLISION, STATUS_REPARSE_POINT_NOT_RESOLVED};

/// A folder of its own for each test: `inside` is the volume, `outside` lies beside it.
struct Place {
    root: PathBuf,
    volume: Folder,
}

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("store-folder-{}-{number}", std::process::id()));
        std::fs::create_dir_all(root.join("inside/sub")).unwrap();
        std::fs::create_dir_all(root.join("outside")).unwrap();
        std::fs::write(root.join("outside/secret.txt"), "secret").unwrap();
        std::fs::write(root.join("inside/File.txt"), "bytes").unwrap();
        let volume = open(root.join("inside"), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        Self { root, volume: Folder::new(volume) }
    }

    fn host(&self, name: &str) -> PathBuf {
        self.root.join("inside").join(name)
    }

    fn link(&self, name: &str, says: impl AsRef<HostPath>) {
        symlink(says, self.host(name)).unwrap();
    }

    fn names(&self, folder: &str, pattern: &str) -> Vec<String> {
        let entries = self.volume.list(&path(folder), &Pattern::new(&wide(pattern))).unwrap();
        entries.iter().map(|entry| String::from_utf16_lossy(&entry.name)).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn path(text: &str) -> Path {
    text.split('/').filter(|name| !name.is_empty()).map(wide).collect()
}

const READ: How =
    How { read: true, write: false, append: false, through: false, create: Create::Open, folder: None, link: false, attributes: attribute::NORMAL };
const LINK: Look = Look { link: true, attributes: true };
const ALL: Look = Look { link: false, attributes: true };

#[test]
fn names_are_found_whatever_their_case_and_keep_their_spelling() {
    let place = Place::new();
    let opened = place.volume.open(&path("FILE.TXT"), &READ).unwrap();
    assert_eq!(opened.path, Some(path("File.txt")));
    assert!(place.volume.open(&path("SUB"), &READ).unwrap().metadata.folder);
    let made = place.volume.open(&path("file.TXT"), &How { write: true, create: Create::TruncateOrNew, ..READ }).unwrap();
    assert_eq!((made.outcome, made.path), (Outcome::Overwritten, Some(path("File.txt"))));
    assert_eq!(place.volume.open(&path("FILE.txt"), &How { create: Create::New, ..READ }).err(), Some(STATUS_OBJECT_NAME_COLLISION));
}

#[test]
fn nothing_outside_is_reached() {
    let place = Place::new();
    place.link("up", "../outside");
    place.link("absolute", place.root.join("outside"));
    place.link("root", "/");
    place.link("self", "/proc/self/root");
    for (name, expected) in [
        ("up/secret.txt", OUTSIDE),
        ("absolute/secret.txt", OUTSIDE),
        ("UP/secret.txt", OUTSIDE),
        ("root/etc/passwd", OUTSIDE),
        ("self/etc/passwd", OUTSIDE),
        ("../outside/secret.txt", STATUS_OBJECT_NAME_INVALID),
        ("sub/../../outside/secret.txt", STATUS_OBJECT_NAME_INVALID),
    ] {
        assert_eq!(place.volume.open(&path(name), &READ).err(), Some(expected), "{name}");
        assert_eq!(place.volume.metadata(&path(name), ALL).err(), Some(expected), "{name}");
    }
    let make = How { write: true, create: Create::OpenOrNew, ..READ };
    assert_eq!(place.volume.open(&path("up/new"), &make).err(), Some(OUTSIDE));
    assert!(rename(&place.volume, &path("File.txt"), &path("up/File.txt"), false).is_err());
    assert!(link(&place.volume, &path("File.txt"), &path("up/File.txt"), false).is_err());
    assert_eq!(std::fs::read_dir(place.root.join("outside")).unwrap().count(), 1);
}

#[test]
fn links_are_links_and_lead_on() {
    let place = Place::new();
    place.link("to-file", "File.txt");
    place.link("to-folder", "sub");
    place.link("sub/to-parent", "..");
    place.link("nowhere", "missing");
    place.link("out", "../outside");
    place.link("loop", "loop");
    let attributes = |name: &str| place.volume.metadata(&path(name), LINK).map(|metadata| metadata.attributes);
    assert_eq!(attributes("to-file"), Ok(attribute::REPARSE_POINT));
    assert_eq!(attributes("to-folder"), Ok(attribute::REPARSE_POINT | attribute::DIRECTORY));
    assert_eq!(attributes("sub/to-parent"), Ok(attribute::REPARSE_POINT | attribute::DIRECTORY));
    // What lies outside is not told of, not even whether it is a folder.
    assert_eq!(attributes("out"), Ok(attribute::REPARSE_POINT));
    assert_eq!(attributes("NOWHERE"), Ok(attribute::REPARSE_POINT));
    assert_eq!(place.volume.metadata(&path("to-file"), ALL).unwrap().size, 5);
    assert_eq!(place.volume.metadata(&path("nowhere"), ALL).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(place.volume.metadata(&path("loop"), ALL).err(), Some(STATUS_REPARSE_POINT_NOT_RESOLVED));
    assert_eq!(place.names("", ""), ["File.txt", "loop", "nowhere", "out", "sub", "to-file", "to-folder"]);
    let opened = place.volume.open(&path("to-folder/TO-PARENT/file.txt"), &READ).unwrap();
    assert_eq!(place.volume.resolved(opened.path.as_ref().unwrap(), opened.file.as_fd()).unwrap(), path("File.txt"));
    let link = place.volume.open(&path("out"), &How { read: false, link: true, ..READ }).unwrap();
    assert_eq!(place.volume.target(link.file.as_fd()).unwrap(), HostPath::new("../outside"));
}

/// A name that is there as it is spelt is that entry, also where another one differs by case alone.
#[test]
fn the_callers_spelling_comes_first() {
    let place = Place::new();
    std::fs::write(place.host("LINK"), "other").unwrap();
    place.link("link", "missing");
    std::fs::write(place.host("sub/B"), "upper").unwrap();
    std::fs::write(place.host("sub/b"), "lower case").unwrap();
    assert_eq!(place.volume.metadata(&path("link"), ALL).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(place.volume.open(&path("link"), &READ).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(place.volume.metadata(&path("Link"), ALL).unwrap().size, 5);
    for (name, size) in [("sub/b", 10), ("SUB/b", 10), ("SUB/B", 5)] {
        assert_eq!(place.volume.metadata(&path(name), ALL).unwrap().size, size, "{name}");
    }
    assert_eq!(place.volume.metadata(&path("SUB/c"), ALL).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(place.volume.metadata(&path("none/c"), ALL).err(), Some(STATUS_OBJECT_PATH_NOT_FOUND));
    assert_eq!(place.volume.metadata(&path("File.txt/c"), ALL).err(), Some(STATUS_OBJECT_PATH_NOT_FOUND));
}

/// What has effects of its own when it is opened is known before, by whichever name.
#[test]
fn what_is_special_is_told() {
    use rustix::fs::{CWD, FileType, mknodat};
    let place = Place::new();
    for name in ["pipe", "sub/pipe"] {
        mknodat(CWD, place.host(name), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }
    place.link("to-pipe", "pipe");
    let is_special = |name| place.volume.metadata(&path(name), Look::default()).unwrap().is_special();
    assert_eq!(["pipe", "PIPE", "sub/pipe", "SUB/Pipe", "to-pipe"].map(is_special), [true; 5]);
    assert_eq!(["File.txt", "sub"].map(is_special), [false; 2]);
    assert_eq!(place.names("", ""), ["File.txt", "sub", "to-pipe"]);
}

#[test]
fn a_link_that_leads_outside_tells_where() {
    let place = Place::new();
    place.link("up", "../outside");
    place.link("absolute", place.root.join("outside"));
    place.link("first", "up");
    let outside = std::fs::canonicalize(place.root.join("outside")).unwrap();
    let inside = std::fs::canonicalize(place.root.join("inside")).unwrap();
    assert_eq!(place.volume.leads(&path("up/secret.txt")), Some((outside, 1)));
    assert_eq!(place.volume.leads(&path("ABSOLUTE")), Some((place.root.join("outside"), 0)));
    assert_eq!(place.volume.leads(&path("first/a/b")), Some((inside.join("up"), 2)));
    assert_eq!(place.volume.leads(&path("sub")), None);
}

#[test]
fn a_link_is_deleted_itself() {
    let place = Place::new();
    place.link("to-folder", "sub");
    std::fs::write(place.host("sub/kept.txt"), "").unwrap();
    let link = place.volume.metadata(&path("to-folder"), LINK).unwrap();
    place.volume.remove(&path("to-folder"), true, (link.device, link.id)).unwrap();
    assert_eq!(place.names("sub", ""), ["kept.txt"]);
    assert!(place.host("to-folder").symlink_metadata().is_err());
}

#[test]
fn a_folder_goes_only_when_it_is_empty_and_still_the_same() {
    let place = Place::new();
    let sub = place.volume.metadata(&path("sub"), ALL).unwrap();
    assert!(place.volume.is_empty(&path("sub")).unwrap());
    // A name that Windows cannot say counts all the same.
    std::fs::write(place.host("sub/a:b"), "").unwrap();
    assert!(!place.volume.is_empty(&path("sub")).unwrap());
    assert_eq!(place.volume.remove(&path("sub"), true, (sub.device, sub.id)).err(), Some(STATUS_DIRECTORY_NOT_EMPTY));
    std::fs::remove_file(place.host("sub/a:b")).unwrap();
    assert_eq!(place.volume.remove(&path("sub"), true, (sub.device, sub.id + 1)).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(place.volume.remove(&path("SUB"), true, (sub.device, sub.id)), Ok(()));
}

#[test]
fn attributes_and_times_are_kept() {
    let place = Place::new();
    let file = place.volume.open(&path("File.txt"), &How { read: false, ..READ }).unwrap().file;
    let facts = || place.volume.facts(&path("File.txt"), 0, file.as_fd()).unwrap();
    assert_eq!(facts().attributes, attribute::ARCHIVE);
    let times = [130_000_000_000_000_000, 130_000_000_010_000_000, 130_000_000_020_000_000];
    let attributes = attribute::HIDDEN | attribute::READ_ONLY;
    let change = Change { times: times.map(Some), attributes: Some(attributes) };
    place.volume.set(&path("File.txt"), 0, file.as_fd(), &change).unwrap();
    assert_eq!((facts().attributes, &facts().times[..3]), (attributes, times.as_slice()));
    assert_eq!(place.volume.list(&Path::default(), &Pattern::new(&wide("file.TXT"))).unwrap()[0].metadata.attributes, attributes);
    place.volume.set(&path("File.txt"), 0, file.as_fd(), &Change { attributes: Some(attribute::NORMAL), ..Change::default() }).unwrap();
    assert_eq!((facts().attributes, facts().times[0]), (attribute::NORMAL, times[0]));
    let folder = place.volume.open(&path("sub"), &How { read: false, ..READ }).unwrap();
    let change = Change { attributes: Some(attribute::READ_ONLY | attribute::SYSTEM), ..Change::default() };
    place.volume.set(&path("sub"), 0, folder.file.as_fd(), &change).unwrap();
    let facts = place.volume.metadata(&path("sub"), ALL).unwrap();
    assert_eq!(facts.attributes, attribute::DIRECTORY | attribute::READ_ONLY | attribute::SYSTEM);
}

/// What a native program of this user could write is not read-only, whatever the modes say: they do not bind root. What a program
/// of Windows set is, until a native one takes it back.
#[test]
fn a_file_is_read_only_where_its_user_may_not_write_it() {
    let place = Place::new();
    let host = place.host("File.txt");
    let modes = |mode| std::fs::set_permissions(&host, std::fs::Permissions::from_mode(mode)).unwrap();
    let is_read_only = || {
        let listed = place.volume.list(&Path::default(), &Pattern::new(&wide("File.txt"))).unwrap()[0].metadata;
        let looks = [Look { link: false, attributes: false }, ALL].map(|look| place.volume.metadata(&path("File.txt"), look).unwrap());
        assert!(looks.iter().all(|look| look.is_read_only() == listed.is_read_only()));
        listed.is_read_only()
    };
    modes(0o444);
    assert_eq!(is_read_only(), std::fs::OpenOptions::new().write(true).open(&host).is_err());
    modes(0o644);
    assert!(!is_read_only());
    let file = place.volume.open(&path("File.txt"), &How { read: false, ..READ }).unwrap().file;
    let set = |attributes| place.volume.set(&path("File.txt"), 0, file.as_fd(), &Change { attributes: Some(attributes), ..Change::default() });
    set(attribute::READ_ONLY).unwrap();
    assert!(is_read_only());
    assert_eq!(std::fs::metadata(&host).unwrap().permissions().mode() & 0o222, 0);
    modes(0o644);
    assert!(!is_read_only());
    set(attribute::READ_ONLY).unwrap();
    set(attribute::NORMAL).unwrap();
    assert!(!is_read_only());
    let how = How { write: true, create: Create::TruncateOrNew, attributes: attribute::READ_ONLY, ..READ };
    for name in ["File.txt", "new"] {
        assert!(place.volume.open(&path(name), &how).unwrap().metadata.is_read_only(), "{name}");
        assert!(place.volume.metadata(&path(name), ALL).unwrap().is_read_only(), "{name}");
    }
}

#[test]
fn a_new_file_has_the_attributes_that_it_was_given() {
    let place = Place::new();
    let how = How { write: true, create: Create::TruncateOrNew, attributes: attribute::HIDDEN, ..READ };
    place.volume.open(&path("new"), &how).unwrap();
    assert_eq!(place.volume.metadata(&path("new"), ALL).unwrap().attributes, attribute::HIDDEN | attribute::ARCHIVE);
    place.volume.open(&path("new"), &How { attributes: attribute::NORMAL, ..how }).unwrap();
    assert_eq!(place.volume.metadata(&path("new"), ALL).unwrap().attributes, attribute::ARCHIVE);
}

#[test]
fn renaming_replaces_only_where_it_may() {
    let place = Place::new();
    std::fs::write(place.host("other"), "").unwrap();
    assert_eq!(rename(&place.volume, &path("File.txt"), &path("OTHER"), false).err(), Some(STATUS_OBJECT_NAME_COLLISION));
    assert_eq!(rename(&place.volume, &path("File.txt"), &path("FILE.TXT"), false), Ok(path("FILE.TXT")));
    assert_eq!(rename(&place.volume, &path("File.txt"), &path("OTHER"), true), Ok(path("other")));
    assert_eq!(place.names("", ""), ["other", "sub"]);
    link(&place.volume, &path("other"), &path("second"), false).unwrap();
    assert_eq!(rename(&place.volume, &path("other"), &path("second"), false).err(), Some(STATUS_OBJECT_NAME_COLLISION));
    assert_eq!(rename(&place.volume, &path("other"), &path("second"), true), Ok(path("second")));
    assert_eq!(place.names("", ""), ["second", "sub"]);
}

#[test]
fn what_is_filtered_is_not_there() {
    let mut place = Place::new();
    place.volume.filter = Some(Box::new(|name| name == "File.txt"));
    std::fs::write(place.host("hidden"), "").unwrap();
    assert_eq!(place.names("", ""), ["File.txt"]);
    assert_eq!(place.names("", "hidden"), [""; 0]);
    assert_eq!(place.volume.open(&path("FILE.txt"), &READ).map(|opened| opened.path), Ok(Some(path("File.txt"))));
    assert_eq!(place.volume.open(&path("hidden"), &READ).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(place.volume.open(&path("sub/x"), &READ).err(), Some(STATUS_OBJECT_PATH_NOT_FOUND));
}

/// Once a folder is confined, its caller hears of every link, wherever it leads.
#[test]
fn a_confined_folder_follows_no_link() {
    let place = Place::new();
    std::fs::write(place.host("sub/b.txt"), "bytes").unwrap();
    place.link("link", "sub");
    place.link("name.txt", "File.txt");
    assert!(place.volume.open(&path("link/b.txt"), &READ).is_ok());
    place.volume.confine();
    for name in ["link/b.txt", "LINK/B.TXT", "name.txt", "link"] {
        assert_eq!(place.volume.open(&path(name), &READ).err(), Some(OUTSIDE), "{name}");
    }
    assert_eq!(place.volume.leads(&path("link/b.txt")), Some((place.host("sub"), 1)));
    assert!(place.volume.open(&path("sub/b.txt"), &READ).is_ok());
}

/// Not even a look is cheap for what could be asked for ten thousand times.
#[test]
fn a_path_longer_than_the_host_takes_is_refused_at_once() {
    let place = Place::new();
    place.link("out", "/");
    let long = path(&format!("out/{}", "a/".repeat(16_000)));
    assert_eq!(place.volume.open(&long, &READ).err(), Some(STATUS_NAME_TOO_LONG));
    assert_eq!(place.volume.leads(&long), None);
}

#[test]
fn names_that_windows_cannot_say_are_said_in_another_way() {
    let place = Place::new();
    for name in ["a: b?.txt", "ends."] {
        std::fs::write(place.host(name), name).unwrap();
    }
    std::fs::create_dir(place.host("in\\side")).unwrap();
    std::fs::write(place.host("in\\side/x"), "x").unwrap();
    // A name that looks like an escaped one is found as well.
    std::fs::write(place.host("own\u{f03a}"), "own").unwrap();
    assert_eq!(place.names("", "*"), ["a\u{f03a} b\u{f03f}.txt", "ends\u{f02e}", "File.txt", "in\u{f05c}side", "own\u{f03a}", "sub"]);
    for (name, size) in [("a\u{f03a} B\u{f03f}.txt", 9), ("ends\u{f02e}", 5), ("in\u{f05c}side\\x", 1), ("own\u{f03a}", 3)] {
        assert_eq!(place.volume.metadata(&path(name), Look::default()).map(|metadata| metadata.size), Ok(size), "{name}");
    }
    rename(&place.volume, &path("ends\u{f02e}"), &path("begins\u{f02e}"), false).unwrap();
    assert!(place.host("begins.").exists());
}

/// What an open finds is emptied when it has its permit, and not before.
#[test]
fn a_refused_open_changes_nothing() {
    let place = Place::new();
    for how in [How { create: Create::Truncate, ..READ }, How { write: true, create: Create::TruncateOrNew, ..READ }] {
        let mut seen = None;
        let refused = place.volume.open_if(&path("FILE.txt"), &how, &mut |found, outcome| {
            seen = Some((found.size, outcome));
            Err(windows_sys::Win32::Foundation::STATUS_SHARING_VIOLATION)
        });
        assert_eq!(refused.err(), Some(windows_sys::Win32::Foundation::STATUS_SHARING_VIOLATION));
        assert_eq!((seen, std::fs::read(place.host("File.txt")).unwrap()), (Some((5, Outcome::Overwritten)), b"bytes".to_vec()));
    }
    let emptied = place.volume.open(&path("FILE.txt"), &How { create: Create::Truncate, ..READ }).unwrap();
    assert_eq!((emptied.metadata.size, std::fs::read(place.host("File.txt")).unwrap()), (0, vec![]));
}

/// A name counts only as long as it is the file's that is meant, and what a link replaces stays where the link fails.
#[test]
fn names_are_changed_for_the_file_that_is_meant() {
    let place = Place::new();
    let before = id(&place.volume, &path("File.txt")).unwrap();
    std::fs::write(place.host("target"), "kept").unwrap();
    std::fs::rename(place.host("File.txt"), place.host("moved")).unwrap();
    std::fs::write(place.host("File.txt"), "another").unwrap();
    let other = (before.0 + 1, id(&place.volume, &path("File.txt")).unwrap().1);
    for id in [before, other] {
        assert_eq!(place.volume.rename(&path("File.txt"), id, &path("x"), true).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(place.volume.link(&path("File.txt"), id, &path("target"), true).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(place.volume.remove(&path("File.txt"), false, id).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    }
    assert!(link(&place.volume, &path("File.txt"), &path("sub"), true).is_err(), "no file takes a folder's place");
    assert!(place.host("sub").is_dir());
    assert_eq!(link(&place.volume, &path("File.txt"), &path("target"), true), Ok(()));
    assert_eq!(link(&place.volume, &path("File.txt"), &path("target"), true), Ok(()));
    assert_eq!(std::fs::read(place.host("target")).unwrap(), b"another");
    assert_eq!(place.names("", ""), ["File.txt", "moved", "sub", "target"]);
}

/// Our own changes of a folder are known without reading it again, and those of others are seen all the same.
#[test]
fn names_are_known_through_changes() {
    let place = Place::new();
    let make = How { write: true, create: Create::New, ..READ };
    let spelt = |name: &str| place.volume.open(&path(name), &READ).map(|opened| opened.path);
    for number in 0..50 {
        place.volume.open(&path(&format!("sub/New{number}")), &make).unwrap();
        assert_eq!(place.volume.open(&path(&format!("sub/NEW{number}")), &make).err(), Some(STATUS_OBJECT_NAME_COLLISION));
        assert_eq!(spelt(&format!("sub/new{number}")), Ok(Some(path(&format!("sub/New{number}")))));
    }
    rename(&place.volume, &path("sub/NEW7"), &path("sub/Other7"), false).unwrap();
    rename(&place.volume, &path("sub/NEW8"), &path("Up8"), false).unwrap();
    let gone = id(&place.volume, &path("sub/New9")).unwrap();
    place.volume.remove(&path("sub/NEW9"), false, gone).unwrap();
    place.volume.open(&path("sub/Folder"), &How { folder: Some(true), read: false, create: Create::New, ..READ }).unwrap();
    assert_eq!([spelt("sub/other7"), spelt("UP8")], [Ok(Some(path("sub/Other7"))), Ok(Some(path("Up8")))]);
    for gone in ["sub/new7", "sub/new8", "sub/new9"] {
        assert_eq!(spelt(gone), Err(STATUS_OBJECT_NAME_NOT_FOUND), "{gone}");
    }
    assert_eq!(spelt("sub/FOLDER"), Ok(Some(path("sub/Folder"))));
    std::fs::write(place.host("sub/Foreign"), "").unwrap();
    std::fs::remove_file(place.host("sub/New3")).unwrap();
    let rest = std::time::Instant::now();
    while spelt("sub/FOREIGN").is_err() || spelt("sub/new3").is_ok() {
        assert!(rest.elapsed().as_secs() < 5, "what others have done is never seen");
    }
}

#[test]
fn short_names_lead_to_long_ones() {
    let place = Place::new();
    let (long, short) = ("A long name.text", String::from_utf16(&short_name(&wide("A long name.text")).unwrap()).unwrap());
    std::fs::write(place.host(long), "").unwrap();
    assert_eq!(place.names("", &short), [long]);
    assert_eq!(place.names("", &short.to_lowercase()), [long]);
    assert_eq!(place.names("", &short.replace(".TEX", ".*")), [long]);
    assert!(place.names("", "OTHER1~1.TEX").is_empty());
    // What has the name itself comes first.
    std::fs::write(place.host(&short), "").unwrap();
    assert_eq!(place.names("", &short), [short.as_str()]);
}

#[test]
fn a_short_name_of_two_leads_to_neither() {
    let place = Place::new();
    let mut seen = std::collections::HashMap::new();
    let (one, other, short) = (0..)
        .find_map(|number: u32| {
            let name = format!("a long name {number}.text");
            let short = short_name(&wide(&name)).unwrap();
            seen.insert(short.clone(), name.clone()).map(|before| (before, name, String::from_utf16(&short).unwrap()))
        })
        .unwrap();
    std::fs::write(place.host(&one), "").unwrap();
    assert_eq!(place.names("", &short), [one.as_str()]);
    std::fs::write(place.host(&other), "").unwrap();
    assert!(place.names("", &short).is_empty());
}

#[test]
fn files_are_found_by_their_numbers() {
    let place = Place::new();
    place.link("link", "sub");
    std::fs::write(place.host("sub/deep.txt"), "").unwrap();
    let facts = place.volume.metadata(&path("sub/deep.txt"), Look::default()).unwrap();
    let id = (facts.device, facts.id);
    assert_eq!(place.volume.paths(id, 9).unwrap(), [path("sub/deep.txt")]);
    std::fs::hard_link(place.host("sub/deep.txt"), place.host("second.txt")).unwrap();
    // A name outside is nobody's business.
    std::fs::hard_link(place.host("sub/deep.txt"), place.root.join("outside/third.txt")).unwrap();
    assert_eq!(place.volume.paths(id, 9).unwrap(), [path("second.txt"), path("sub/deep.txt")]);
    assert_eq!(place.volume.paths(id, 1).unwrap(), [path("second.txt")]);
    assert_eq!(place.volume.paths((id.0, id.1 ^ 1 << 40), 9).unwrap(), []);
}
