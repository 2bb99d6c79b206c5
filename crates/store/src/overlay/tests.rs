//! What an overlay promises: the host's folder stays as it is, and the sandbox sees what it has done to it.

use super::*;
use crate::objects::{Limits, View};
use crate::testing::Quiet;
use crate::{Principal, User};
use rustix::fs::{Mode, OFlags, open};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path as HostPath;
use windows_sys::Win32::Foundation::STATUS_NOT_SUPPORTED;

struct Home {
    folder: PathBuf,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: crate::testing::folder("overlay") };
        for folder in ["host/Sub/deep", "host/empty"] {
            std::fs::create_dir_all(home.folder.join(folder)).unwrap();
        }
        for (name, content) in [("a.txt", "host a"), ("b.txt", "host b"), ("Sub/c.txt", "host c"), ("Sub/deep/d.txt", "host d")] {
            std::fs::write(home.host(name), content).unwrap();
        }
        home
    }

    fn host(&self, name: &str) -> PathBuf {
        self.folder.join("host").join(name)
    }

    fn root(&self) -> OwnedFd {
        open(self.folder.join("host"), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    }

    fn store(&self) -> Objects {
        let place = self.folder.join("principal");
        if Principal::open(&place).unwrap().is_none() {
            User::open_or_make(&self.folder.join("user")).unwrap().principal("x", 1).unwrap().write(&place).unwrap();
        }
        let principal = Principal::open(&place).unwrap().unwrap();
        Objects::open(&self.folder.join("objects"), principal, Box::new(Quiet), Limits::default()).unwrap()
    }

    fn open(&self) -> Overlay {
        Overlay::new(self.root(), self.store()).unwrap()
    }

    fn view(&self) -> View {
        View::open(&self.folder.join("objects")).unwrap()
    }

    /// What differs, as `A name`, `M name`, `D name`.
    fn diff(&self) -> Vec<String> {
        let root = self.root();
        let letter = |kind| match kind {
            Kind::Added => 'A',
            Kind::Changed => 'M',
            Kind::Deleted => 'D',
        };
        changes(&self.view(), root.as_fd()).unwrap().iter().map(|change| format!("{} {}", letter(change.kind), text(&change.path))).collect()
    }

    fn apply(&self, wanted: &[&str], force: bool) -> (usize, Vec<(String, Refusal)>) {
        let store = self.store();
        store.finish();
        let wanted: Vec<Path> = wanted.iter().map(|name| path(name)).collect();
        let applied = super::apply(&store, &self.view(), self.root(), &wanted, force).unwrap();
        (applied.done.len(), applied.refused.iter().map(|(change, refusal)| (text(&change.path), *refusal)).collect())
    }

    /// All of the host's folder: names, and contents of files.
    fn all(&self) -> Vec<(String, String)> {
        fn walk(folder: &HostPath, root: &HostPath, found: &mut Vec<(String, String)>) {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let name = entry.path().strip_prefix(root).unwrap().display().to_string();
                if entry.path().is_dir() {
                    found.push((name, "/".into()));
                    walk(&entry.path(), root, found);
                } else {
                    found.push((name, std::fs::read_to_string(entry.path()).unwrap()));
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.folder.join("host"), &self.folder.join("host"), &mut found);
        found.sort();
        found
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn path(text: &str) -> Path {
    Path::parse(&text.replace('/', "\\").encode_utf16().collect::<Vec<_>>()).unwrap()
}

fn text(path: &Path) -> String {
    String::from_utf16_lossy(path.units()).replace('\\', "/")
}

const READ: How =
    How { read: true, write: false, append: false, through: false, create: Create::Open, folder: Some(false), link: false, attributes: 0 };

fn put(volume: &Overlay, name: &str, content: &str) -> Result<(), NTSTATUS> {
    let opened = volume.open(&path(name), &How { write: true, create: Create::TruncateOrNew, ..READ })?;
    std::fs::File::from(opened.file).write_all_at(content.as_bytes(), 0).unwrap();
    volume.released(opened.metadata.id);
    Ok(())
}

fn get(volume: &Overlay, name: &str) -> Result<String, NTSTATUS> {
    let opened = volume.open(&path(name), &READ)?;
    let mut content = String::new();
    std::fs::File::from(opened.file).read_to_string(&mut content).unwrap();
    volume.released(opened.metadata.id);
    Ok(content)
}

fn make(volume: &Overlay, name: &str) -> Result<(), NTSTATUS> {
    let opened = volume.open(&path(name), &How { read: false, folder: Some(true), create: Create::New, ..READ })?;
    volume.released(opened.metadata.id);
    Ok(())
}

fn id(volume: &dyn Volume, path: &Path) -> Result<FileId, NTSTATUS> {
    volume.metadata(path, Look { link: true, attributes: false }).map(|metadata| (metadata.device, metadata.id))
}

fn rename(volume: &dyn Volume, from: &Path, to: &Path, replace: bool) -> Result<Path, NTSTATUS> {
    volume.rename(from, id(volume, from)?, to, replace)
}

fn link(volume: &dyn Volume, from: &Path, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
    volume.link(from, id(volume, from)?, to, replace)
}

fn delete(volume: &Overlay, name: &str) -> Result<(), NTSTATUS> {
    let known = volume.metadata(&path(name), Look { link: true, attributes: false })?;
    volume.remove(&path(name), known.folder, (known.device, known.id))
}

fn names(volume: &Overlay, folder: &str) -> Vec<String> {
    volume.list(&path(folder), &Pattern::default()).unwrap().iter().map(|entry| String::from_utf16_lossy(&entry.name)).collect()
}

#[test]
fn the_host_stays_as_it_is_and_the_sandbox_sees_its_changes() {
    let home = Home::new();
    let before = home.all();
    for round in 0..2 {
        let volume = home.open();
        if round == 0 {
            assert_eq!(names(&volume, ""), ["a.txt", "b.txt", "empty", "Sub"]);
            assert_eq!(get(&volume, "SUB/c.TXT"), Ok("host c".into()));
            put(&volume, "A.txt", "mine").unwrap();
            put(&volume, "sub/new.txt", "new").unwrap();
            make(&volume, "made").unwrap();
            put(&volume, "made/x", "x").unwrap();
            delete(&volume, "b.txt").unwrap();
            assert_eq!(delete(&volume, "sub"), Err(STATUS_DIRECTORY_NOT_EMPTY));
        }
        // The same again when it is opened another time.
        assert_eq!(names(&volume, ""), ["a.txt", "empty", "made", "Sub"]);
        assert_eq!(names(&volume, "SUB"), ["c.txt", "deep", "new.txt"]);
        assert_eq!(get(&volume, "a.txt"), Ok("mine".into()));
        assert_eq!(get(&volume, "b.txt"), Err(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(get(&volume, "b.txt/x"), Err(STATUS_OBJECT_PATH_NOT_FOUND));
        assert_eq!(get(&volume, "Sub/none"), Err(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(get(&volume, "none/none"), Err(STATUS_OBJECT_PATH_NOT_FOUND));
        assert_eq!(get(&volume, "made/none"), Err(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(get(&volume, "sub/DEEP/d.txt"), Ok("host d".into()));
        assert_eq!(home.all(), before);
        volume.finish();
    }
    assert_eq!(home.diff(), ["M a.txt", "D b.txt", "A made", "A made/x", "A Sub/new.txt"]);
}

#[test]
fn what_was_deleted_and_made_again_is_the_sandboxs() {
    let home = Home::new();
    let volume = home.open();
    delete(&volume, "Sub/deep/d.txt").unwrap();
    delete(&volume, "Sub/deep").unwrap();
    assert_eq!(get(&volume, "Sub/deep/d.txt"), Err(STATUS_OBJECT_PATH_NOT_FOUND));
    make(&volume, "sub/DEEP").unwrap();
    assert_eq!(names(&volume, "Sub/deep"), [""; 0], "the host's entries do not come back");
    put(&volume, "Sub/deep/own", "own").unwrap();
    assert_eq!(names(&volume, "Sub/deep"), ["own"]);
    // A folder takes a file's place, and a file a folder's.
    delete(&volume, "a.txt").unwrap();
    make(&volume, "a.txt").unwrap();
    put(&volume, "a.txt/inside", "1").unwrap();
    delete(&volume, "empty").unwrap();
    put(&volume, "empty", "a file").unwrap();
    assert_eq!((get(&volume, "a.txt/inside"), get(&volume, "empty")), (Ok("1".into()), Ok("a file".into())));
    volume.finish();
    drop(volume);
    let applied = home.apply(&[], false);
    assert_eq!(applied.1, []);
    let expected = [
        ("Sub", "/"),
        ("Sub/c.txt", "host c"),
        ("Sub/deep", "/"),
        ("Sub/deep/own", "own"),
        ("a.txt", "/"),
        ("a.txt/inside", "1"),
        ("b.txt", "host b"),
        ("empty", "a file"),
    ];
    let found: Vec<(String, String)> = home.all().into_iter().map(|(name, content)| (name.replace("Sub/DEEP", "Sub/deep"), content)).collect();
    assert_eq!(found, expected.map(|(name, content)| (name.to_owned(), content.to_owned())));
    assert_eq!(home.diff(), [""; 0]);
}

#[test]
fn names_move_and_the_hosts_stay() {
    let home = Home::new();
    let before = home.all();
    let volume = home.open();
    assert_eq!(rename(&volume, &path("a.txt"), &path("B.txt"), false), Err(STATUS_OBJECT_NAME_COLLISION));
    assert_eq!(rename(&volume, &path("a.txt"), &path("B.txt"), true), Ok(path("B.txt")));
    assert_eq!(get(&volume, "b.txt"), Ok("host a".into()));
    assert_eq!(rename(&volume, &path("Sub"), &path("empty/Moved"), false), Ok(path("empty\\Moved")));
    assert_eq!(get(&volume, "empty/moved/DEEP/d.txt"), Ok("host d".into()));
    assert_eq!(get(&volume, "Sub/c.txt"), Err(STATUS_OBJECT_PATH_NOT_FOUND));
    assert_eq!(rename(&volume, &path("empty"), &path("empty/Moved/in"), false), Err(STATUS_INVALID_PARAMETER));
    link(&volume, &path("b.txt"), &path("second"), false).unwrap();
    put(&volume, "second", "both").unwrap();
    assert_eq!(get(&volume, "b.txt"), Ok("both".into()));
    assert_eq!(names(&volume, ""), ["B.txt", "empty", "second"]);
    assert_eq!(rename(&volume, &path("b.txt"), &path("b.TXT"), false), Ok(path("b.TXT")));
    assert_eq!(home.all(), before);
    volume.finish();
    drop(volume);
    assert_eq!(home.apply(&[], false).1, []);
    let found = home.all();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["b.txt", "empty", "empty/Moved", "empty/Moved/c.txt", "empty/Moved/deep", "empty/Moved/deep/d.txt", "second"]);
    assert_eq!(found.iter().find(|(name, _)| name == "b.txt").unwrap().1, "both");
}

/// What is known by a number stays known by it, also when it is copied.
#[test]
fn numbers_stay() {
    let home = Home::new();
    std::fs::hard_link(home.host("a.txt"), home.host("other name")).unwrap();
    let volume = home.open();
    for name in ["b.txt", "a.txt", "Sub"] {
        let before = volume.metadata(&path(name), Look::default()).unwrap();
        let held = volume.open(&path(name), &How { read: false, folder: None, ..READ }).unwrap();
        assert_eq!((held.metadata.id, held.metadata.device), (before.id, before.device), "{name}");
        let change = volume::Change { attributes: Some(attribute::HIDDEN), ..volume::Change::default() };
        volume.set(&path(name), before.id, held.file.as_fd(), &change).unwrap();
        let after = volume.facts(&path(name), before.id, held.file.as_fd()).unwrap();
        assert_eq!((after.id, after.attributes & attribute::HIDDEN), (before.id, attribute::HIDDEN), "{name}");
        assert_eq!(volume.metadata(&path(name), Look::default()).unwrap().id, before.id, "{name}");
    }
    // Another name of the same file is another file here.
    assert_ne!(volume.metadata(&path("a.txt"), Look::default()).unwrap().id, volume.metadata(&path("other name"), Look::default()).unwrap().id);
    assert_eq!(get(&volume, "b.txt"), Ok("host b".into()));
    let root = volume.metadata(&path(""), Look::default()).unwrap();
    assert!(root.folder && root.device == volume.device);
}

/// Who reads the host's bytes must not miss what is written: until it has gone, nobody writes.
#[test]
fn nobody_writes_what_somebody_reads_below() {
    let home = Home::new();
    let volume = home.open();
    let reader = volume.open(&path("a.txt"), &READ).unwrap();
    let write = How { write: true, ..READ };
    assert_eq!(volume.open(&path("a.txt"), &write).err(), Some(STATUS_SHARING_VIOLATION));
    assert_eq!(put(&volume, "a.txt", "x"), Err(STATUS_SHARING_VIOLATION));
    // Its name is another matter, and so are its attributes.
    rename(&volume, &path("a.txt"), &path("moved"), false).unwrap();
    assert_eq!(volume.open(&path("moved"), &write).err(), Some(STATUS_SHARING_VIOLATION));
    volume.released(reader.metadata.id);
    put(&volume, "moved", "x").unwrap();
    assert_eq!(get(&volume, "moved"), Ok("x".into()));
}

#[test]
fn links_are_the_hosts() {
    let home = Home::new();
    std::os::unix::fs::symlink("a.txt", home.host("link")).unwrap();
    std::os::unix::fs::symlink("../", home.host("out")).unwrap();
    let volume = home.open();
    assert_eq!(volume.open(&path("link"), &READ).err(), Some(crate::OUTSIDE));
    assert_eq!(volume.metadata(&path("out/x"), Look::default()).err(), Some(crate::OUTSIDE));
    assert!(volume.leads(&path("link")).is_some());
    assert_eq!(rename(&volume, &path("link"), &path("other"), false), Err(STATUS_NOT_SUPPORTED));
    delete(&volume, "link").unwrap();
    assert_eq!(get(&volume, "link"), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    assert!(home.host("link").symlink_metadata().is_ok());
}

#[test]
fn changes_are_applied_unless_the_host_has_changed() {
    let home = Home::new();
    let volume = home.open();
    put(&volume, "a.txt", "mine").unwrap();
    put(&volume, "Sub/c.txt", "mine too").unwrap();
    put(&volume, "new", "new").unwrap();
    delete(&volume, "b.txt").unwrap();
    delete(&volume, "Sub/deep/d.txt").unwrap();
    delete(&volume, "Sub/deep").unwrap();
    volume.finish();
    drop(volume);
    // One path alone.
    assert_eq!(home.apply(&["sub/C.txt"], false), (1, vec![]));
    assert_eq!(std::fs::read_to_string(home.host("Sub/c.txt")).unwrap(), "mine too");
    assert_eq!(home.diff(), ["M a.txt", "D b.txt", "A new", "D Sub/deep", "D Sub/deep/d.txt"]);
    // The host goes on meanwhile.
    std::fs::write(home.host("a.txt"), "the host's").unwrap();
    std::fs::write(home.host("b.txt"), "the host's").unwrap();
    std::fs::write(home.host("new"), "the host's").unwrap();
    std::fs::write(home.host("Sub/deep/e.txt"), "the host's").unwrap();
    let refused = |name: &str, refusal| (name.to_owned(), refusal);
    let expected = vec![
        refused("a.txt", Refusal::Changed),
        refused("new", Refusal::Exists),
        refused("Sub/deep", Refusal::NotEmpty),
        refused("b.txt", Refusal::Changed),
    ];
    assert_eq!(home.apply(&[], false), (1, expected));
    assert_eq!(std::fs::read_to_string(home.host("a.txt")).unwrap(), "the host's");
    assert_eq!(home.apply(&[], true), (4, vec![]));
    let found = home.all();
    let names: Vec<(&str, &str)> = found.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    assert_eq!(names, [("Sub", "/"), ("Sub/c.txt", "mine too"), ("a.txt", "mine"), ("empty", "/"), ("new", "new")]);
    assert_eq!(home.diff(), [""; 0]);
    // From now on the host's is what the sandbox sees.
    std::fs::write(home.host("a.txt"), "later").unwrap();
    assert_eq!(get(&home.open(), "a.txt"), Ok("later".into()));
}

/// A link of the host's in the way of a change is not followed.
#[test]
fn applying_follows_no_link() {
    let home = Home::new();
    std::fs::create_dir(home.folder.join("outside")).unwrap();
    let volume = home.open();
    put(&volume, "Sub/deep/own", "own").unwrap();
    volume.finish();
    drop(volume);
    std::fs::remove_dir_all(home.host("Sub/deep")).unwrap();
    std::os::unix::fs::symlink(home.folder.join("outside"), home.host("Sub/deep")).unwrap();
    for force in [false, true] {
        let (done, refused) = home.apply(&[], force);
        assert_eq!((done, refused.len()), (0, 1), "{refused:?}");
    }
    assert_eq!(std::fs::read_dir(home.folder.join("outside")).unwrap().count(), 0);
}

/// What the user keeps beside a file that is written, under whatever name, is neither emptied nor followed.
#[test]
fn applying_destroys_nothing_beside() {
    let home = Home::new();
    let fresh = format!("~win-compat-{}.tmp", std::process::id());
    std::fs::write(home.host(&fresh), "the user's").unwrap();
    std::os::unix::fs::symlink("c.txt", home.host(&format!("Sub/{fresh}"))).unwrap();
    let volume = home.open();
    put(&volume, "a.txt", "mine").unwrap();
    put(&volume, "Sub/new", "new").unwrap();
    volume.finish();
    drop(volume);
    assert_eq!(home.apply(&[], false), (2, vec![]));
    let read = |name: &str| std::fs::read_to_string(home.host(name)).unwrap();
    assert_eq!([read("a.txt"), read("Sub/new"), read(&fresh), read("Sub/c.txt")], ["mine", "new", "the user's", "host c"]);
    assert_eq!(std::fs::read_dir(home.host("")).unwrap().count(), 5, "nothing else is left");
}

/// What a program sees of the whole folder.
fn seen(volume: &Overlay) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in volume.list(&path(&folder), &Pattern::default()).unwrap() {
            let name = String::from_utf16_lossy(&entry.name);
            let at = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.metadata.folder {
                found.push((at.clone(), "/".into()));
                folders.push(at);
            } else {
                let content = get(volume, &at).unwrap();
                found.push((at, content));
            }
        }
    }
    found.sort();
    found
}

/// Where the records of a journal end.
fn ends(journal: &HostPath) -> Vec<u64> {
    let bytes = std::fs::read(journal).unwrap();
    let (mut at, mut ends) = (36, vec![36]);
    while let Some(length) = bytes.get(at..at + 4) {
        at += 16 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        ends.push(at as u64);
    }
    ends
}

/// Copies a folder over another.
fn copy(from: &HostPath, to: &HostPath) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            let _ = std::fs::remove_file(&to);
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Wherever a change is cut off, between which of its records: what is there afterwards is what was before it, or after it.
#[test]
fn a_change_that_is_cut_off_is_done_or_not() {
    type Step = fn(&Overlay) -> Result<(), NTSTATUS>;
    let steps: [Step; 12] = [
        |volume| put(volume, "Sub/deep/new", "new"),
        |volume| delete(volume, "b.txt"),
        |volume| delete(volume, "Sub/deep/new"),
        |volume| rename(volume, &path("Sub"), &path("Moved"), false).map(|_| ()),
        |volume| rename(volume, &path("a.txt"), &path("Moved/c.txt"), true).map(|_| ()),
        |volume| make(volume, "Sub"),
        |volume| put(volume, "Sub/c.txt", "other"),
        |volume| delete(volume, "Moved/deep/d.txt"),
        |volume| delete(volume, "Moved/deep"),
        |volume| delete(volume, "empty"),
        |volume| rename(volume, &path("Moved"), &path("empty"), false).map(|_| ()),
        |volume| link(volume, &path("empty/c.txt"), &path("second"), false),
    ];
    let home = Home::new();
    let (store, kept, cut) = (home.folder.join("objects"), home.folder.join("kept"), home.folder.join("cut"));
    let journal = store.join("journal.0");
    let volume = home.open();
    let mut cuts = 0;
    for (number, step) in steps.iter().enumerate() {
        let before = seen(&volume);
        let start = std::fs::metadata(&journal).unwrap().len();
        copy(&store, &kept);
        step(&volume).unwrap_or_else(|status| panic!("step {number}: {status:#x}"));
        let after = seen(&volume);
        assert_ne!(before, after, "step {number}");
        for end in ends(&journal).into_iter().filter(|end| *end > start) {
            let _ = std::fs::remove_dir_all(&cut);
            // Files that were staged before may be gone by now, and those of the step are new.
            copy(&kept, &cut);
            copy(&store, &cut);
            std::fs::OpenOptions::new().write(true).open(cut.join("journal.0")).unwrap().set_len(end).unwrap();
            let principal = Principal::open(&home.folder.join("principal")).unwrap().unwrap();
            let objects = Objects::open(&cut, principal, Box::new(Quiet), Limits::default()).unwrap();
            let found = seen(&Overlay::new(home.root(), objects).unwrap());
            // A file's bytes come after its name: until they do, it is empty.
            let emptied = |(name, content): &(String, String)| {
                (name.clone(), if content == "new" || content == "other" { String::new() } else { content.clone() })
            };
            let plain: Vec<_> = found.iter().map(emptied).collect();
            let is = |state: &[(String, String)]| plain == state.iter().map(emptied).collect::<Vec<_>>();
            assert!(is(&before) || is(&after), "step {number}, cut at {end}: {found:?}\nbefore {before:?}\nafter {after:?}");
            cuts += 1;
        }
    }
    assert!(cuts > 25, "{cuts}");
}
