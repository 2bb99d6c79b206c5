//! What an archive promises: what was exported comes out as it went in, with its authors, and nothing else comes out at all.

mod registry;

use super::*;
use crate::objects::{Limits, Objects, View};
use crate::testing::Quiet;
use crate::volume::{Create, How, Volume};
use crate::{Path as StorePath, Principal};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A user with sandboxes.
struct Home {
    folder: PathBuf,
}

impl Home {
    fn new() -> Self {
        Self { folder: crate::testing::folder("archive") }
    }

    fn user(&self) -> User {
        User::open_or_make(&self.folder.join("user")).unwrap()
    }

    fn principal(&self, name: &str) -> Principal {
        let place = self.folder.join(name).join("principal");
        if let Some(principal) = Principal::open(&place).unwrap() {
            return principal;
        }
        let principal = self.user().principal(name, 5).unwrap();
        principal.write(&place).unwrap();
        principal
    }

    fn open(&self, name: &str) -> Objects {
        Objects::open(&self.folder.join(name).join("objects"), self.principal(name), Box::new(Quiet), Limits::default()).unwrap()
    }

    fn put(&self, name: &str, file: &str, content: &[u8]) {
        let volume = self.open(name);
        let folder = path("Folder");
        let how = |create, folder: bool| How {
            read: true,
            write: !folder,
            append: false,
            through: false,
            create,
            folder: Some(folder),
            link: false,
            attributes: crate::attribute::HIDDEN,
        };
        volume.open(&folder, &how(Create::OpenOrNew, true)).unwrap();
        let opened = volume.open(&path(file), &how(Create::TruncateOrNew, false)).unwrap();
        std::fs::File::from(opened.file).write_all_at(content, 0).unwrap();
        volume.released(opened.metadata.id);
        volume.finish();
    }

    fn export(&self, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        export(&self.folder.join(name), &self.principal(name), &self.user(), &mut bytes, &mut |_| {}).unwrap();
        bytes
    }

    fn import(&self, bytes: &[u8], name: &str, trusted: &[crate::Public]) -> Result<(Head, Amount), Error> {
        let folder = self.folder.join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        import(&mut &*bytes, &folder, (&self.user(), name), trusted, &mut |_| {})
    }

    /// What `files verify` says, and what a file holds.
    fn look(&self, name: &str, file: &str) -> (usize, Vec<u8>) {
        let view = View::open(&self.folder.join(name).join("objects")).unwrap();
        let findings = view.verify(&self.principal(name)).findings;
        let mut bytes = Vec::new();
        std::fs::File::from(view.content(&path(file), None).unwrap()).read_to_end(&mut bytes).unwrap();
        (findings.len(), bytes)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn path(text: &str) -> StorePath {
    StorePath::parse(&text.encode_utf16().collect::<Vec<_>>()).unwrap()
}

fn listed(home: &Home, name: &str) -> Vec<(StorePath, u32, u64, Option<crate::Header>)> {
    let view = View::open(&home.folder.join(name).join("objects")).unwrap();
    view.list(&path(""), true).unwrap().into_iter().map(|entry| (entry.path, entry.attributes, entry.size, entry.header)).collect()
}

#[test]
fn what_was_changed_above_folders_of_the_host_comes_along() {
    let home = Home::new();
    home.put("one", "own", b"on C:");
    for (origin, file) in [("/home/a", "files\\changed"), ("/srv", "files\\other")] {
        let place = format!("one/overlays/{}", crate::overlays::name_of(origin.as_bytes()));
        // A store above a folder is one as any other, with the sandbox's key.
        let volume = Objects::open(&home.folder.join(&place).join("objects"), home.principal("one"), Box::new(Quiet), Limits::default()).unwrap();
        let folder =
            How { read: true, write: false, append: false, through: false, create: Create::New, folder: Some(true), link: false, attributes: 0 };
        volume.open(&path("files"), &folder).unwrap();
        let opened = volume.open(&path(file), &How { write: true, folder: Some(false), ..folder }).unwrap();
        std::fs::File::from(opened.file).write_all_at(origin.as_bytes(), 0).unwrap();
        volume.released(opened.metadata.id);
        volume.finish();
        std::fs::write(home.folder.join(&place).join(crate::overlays::ORIGIN), origin).unwrap();
    }
    let bytes = home.export("one");
    let (_, amount) = home.import(&bytes, "two", &[]).unwrap();
    assert_eq!((amount.objects, amount.bytes), (3, 5 + 7 + 4));
    for (origin, file) in [("/home/a", "files\\changed"), ("/srv", "files\\other")] {
        let place = home.folder.join("two/overlays").join(crate::overlays::name_of(origin.as_bytes()));
        assert_eq!(std::fs::read(place.join(crate::overlays::ORIGIN)).unwrap(), origin.as_bytes());
        let view = View::open(&place.join("objects")).unwrap();
        let mut found = Vec::new();
        std::fs::File::from(view.content(&path(file), None).unwrap()).read_to_end(&mut found).unwrap();
        assert_eq!(found, origin.as_bytes());
        assert_eq!(view.verify(&home.principal("two")).findings, []);
    }
}

#[test]
fn what_goes_in_comes_out() {
    let home = Home::new();
    home.put("one", "Folder\\File", b"first");
    home.put("one", "Folder\\File", b"second, and longer");
    home.put("one", "same", b"second, and longer");
    home.put("one", "empty", b"");
    let bytes = home.export("one");
    let (head, amount) = home.import(&bytes, "two", &[]).unwrap();
    assert_eq!(head.authors, [home.principal("one").certificate()]);
    assert_eq!((amount.objects, amount.bytes), (4, 5 + 18), "two versions, and one content for two files");
    assert_eq!(listed(&home, "two"), listed(&home, "one"), "authors, signatures and all");
    assert_eq!(home.look("two", "folder\\file"), (0, b"second, and longer".to_vec()));
    // It goes on from there, and goes out again with what both have made.
    home.put("two", "Folder\\own", b"of the second");
    assert_eq!(home.look("two", "Folder\\own"), (0, b"of the second".to_vec()));
    let again = home.export("two");
    let (head, _) = home.import(&again, "three", &[]).unwrap();
    assert_eq!(head.authors.iter().map(|author| author.label.as_str()).collect::<Vec<_>>(), ["two", "one"]);
    assert_eq!(listed(&home, "three"), listed(&home, "two"));
    assert_eq!(home.look("three", "same"), (0, b"second, and longer".to_vec()));
    let view = View::open(&home.folder.join("three/objects")).unwrap();
    assert_eq!(view.history(&path("Folder\\File")).unwrap().len(), 2);
}

/// A sandbox whose programs never looked at C: is one too.
#[test]
fn a_sandbox_may_be_empty() {
    let home = Home::new();
    home.principal("one");
    let bytes = home.export("one");
    assert_eq!(home.import(&bytes, "two", &[]).unwrap().1, Amount::default());
    home.put("two", "a", b"a");
    assert_eq!(home.look("two", "a"), (0, b"a".to_vec()));
}

#[test]
fn another_users_archive_is_taken_only_with_trust() {
    let (home, other) = (Home::new(), Home::new());
    home.put("one", "a", b"a");
    let bytes = home.export("one");
    let user = home.user().public();
    assert!(matches!(other.import(&bytes, "x", &[]), Err(Error::Foreign(key)) if key == user));
    assert!(matches!(other.import(&bytes, "x", &[other.user().public()]), Err(Error::Foreign(_))));
    assert!(other.import(&bytes, "x", &[user]).is_ok());
    assert_eq!(other.look("x", "a"), (0, b"a".to_vec()));
    // What it has accepted is its own sandbox's affair: without that file the objects are foreign.
    std::fs::remove_file(other.folder.join("x/authors")).unwrap();
    assert_eq!(other.look("x", "a").0, 1);
    // Another sandbox's acceptance is none.
    assert!(other.import(&bytes, "y", &[user]).is_ok());
    std::fs::copy(other.folder.join("y/authors"), other.folder.join("x/authors")).unwrap();
    assert!(Principal::open(&other.folder.join("x/principal")).is_err());
}

/// Whatever byte is another one: the archive is refused, or at the least nothing of it becomes something else.
#[test]
fn an_altered_archive_is_refused() {
    let home = Home::new();
    home.put("one", "Folder\\File", b"some content that is long enough to be found");
    home.put("one", "b", b"another");
    let bytes = home.export("one");
    for at in (0..64).chain((64..bytes.len()).step_by(13)) {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(home.import(&altered, "two", &[]).is_err(), "byte {at} of {}", bytes.len());
    }
    for end in (0..bytes.len()).step_by(31) {
        assert!(home.import(&bytes[..end], "two", &[]).is_err(), "cut off at {end}");
    }
}

/// What is wrong is named: a content that was altered, one that is foreign.
#[test]
fn what_is_wrong_is_named() {
    let home = Home::new();
    home.put("one", "Folder\\File", b"some content that is long enough to be found");
    let bytes = home.export("one");
    let at = bytes.windows(12).position(|window| window == b"some content").unwrap();
    let mut altered = bytes.clone();
    altered[at] = b'S';
    let Err(Error::Wrong(findings)) = home.import(&altered, "two", &[]) else { panic!("it is refused") };
    assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), ["C:\\Folder\\File: its content was altered"]);
    // A newer program's, and no archive at all.
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(matches!(home.import(&newer, "two", &[]), Err(Error::Newer(2))));
    assert!(matches!(home.import(b"PK", "two", &[]), Err(Error::NotOne)));
    // A blob that is damaged does not go out.
    let view = View::open(&home.folder.join("one/objects")).unwrap();
    let hash = view.history(&path("Folder\\File")).unwrap()[0].header.clone().unwrap().hash.hex();
    let blob = home.folder.join("one/objects/pool").join(&hash[..2]).join(&hash[2..]);
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&blob, b"some CONTENT that is long enough to be found").unwrap();
    let failed = export(&home.folder.join("one"), &home.principal("one"), &home.user(), &mut Vec::new(), &mut |_| {});
    assert!(matches!(failed, Err(Error::Wrong(_))));
}

/// The first version of the format is read by every later one.
#[test]
fn the_first_format_is_read() {
    let home = Home::new();
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1.archive")).unwrap();
    let Err(Error::Foreign(user)) = home.import(&bytes, "one", &[]) else { panic!("another user has made it") };
    let (head, amount) = home.import(&bytes, "one", &[user]).unwrap();
    assert_eq!((head.authors[0].label.as_str(), amount), ("first", Amount { objects: 3, bytes: 15 }));
    assert_eq!(home.look("one", "folder\\versions.txt"), (0, b"the second".to_vec()));
    assert_eq!(
        listed(&home, "one").iter().map(|entry| entry.0.clone()).collect::<Vec<_>>(),
        [path("Folder"), path("Folder\\Versions.txt"), path("top")]
    );
}

/// Writes the fixture of the first format, once: `WRITE_FIXTURE=1`.
#[test]
fn fixtures_are_not_written_by_accident() {
    if std::env::var_os("WRITE_FIXTURE").is_none() {
        return;
    }
    let home = Home::new();
    home.put("first", "Folder\\Versions.txt", b"first");
    home.put("first", "Folder\\Versions.txt", b"the second");
    home.put("first", "top", b"");
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1.archive"), home.export("first")).unwrap();
}
