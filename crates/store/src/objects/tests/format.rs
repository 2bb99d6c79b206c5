//! What comes into a store from outside, who may open it, and its first format.

use super::*;

#[test]
fn what_its_user_puts_is_its_users() {
    let home = Home::new("put");
    let volume = home.open();
    let file = home.folder.join("content");
    std::fs::write(&file, "from outside").unwrap();
    volume.put(&path("a"), std::fs::File::open(&file).unwrap().as_fd(), &home.user()).unwrap();
    drop(volume);
    let listed = View::open(&home.place()).unwrap().list(&path(""), true).unwrap();
    let header = listed[0].header.clone().unwrap();
    assert_eq!((header.author, header.owner), (home.user().public(), home.user().public()));
    assert_eq!(home.report().findings, []);
    assert_eq!(get(&home.open(), "a"), Ok(b"from outside".to_vec()));
}

#[test]
fn a_folder_of_the_host_is_taken_over_however_often() {
    let home = Home::new("import");
    let before = home.folder.join("before");
    std::fs::create_dir_all(before.join("Sub/Deep")).unwrap();
    std::fs::write(before.join("Sub/Deep/file.txt"), "old").unwrap();
    std::fs::write(before.join("top"), "top").unwrap();
    for _ in 0..2 {
        let volume = home.open();
        let folder = host_open(&before, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        volume.import(folder.as_fd()).unwrap();
        assert_eq!((get(&volume, "sub\\deep\\FILE.txt"), get(&volume, "top")), (Ok(b"old".to_vec()), Ok(b"top".to_vec())));
        assert_eq!(volume.core.state().tree.usage.objects, 4);
    }
    std::fs::remove_dir_all(before).unwrap();
    home.open().finish();
    assert_eq!((home.report().findings, home.report().unsealed), (vec![], 0));
}

#[test]
fn a_store_is_opened_once_and_never_by_an_older_program() {
    let home = Home::new("versions");
    let volume = home.open();
    assert!(matches!(home.with(Limits::default()), Err(OpenError::InUse)));
    drop(volume);
    let journal = home.place().join("journal.0");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes[8] = 2;
    let check = blake3::hash(&bytes[..28]);
    bytes[28..36].copy_from_slice(&check.as_bytes()[..8]);
    std::fs::write(&journal, &bytes).unwrap();
    let refused = home.with(Limits::default()).err().unwrap();
    assert_eq!(refused.to_string(), "the object store is of a newer version (2, not 1)");
    assert_eq!(std::fs::read(&journal).unwrap(), bytes, "nothing is changed");
}

/// What the first version of the format looked like is read by every later one. The fixture was written by that version: a folder that
/// is hidden, a file with two versions, one with two names, one that is not sealed; an index, and a journal behind it.
#[test]
fn the_first_format_is_read() {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() { copy(&entry.path(), &to) } else { assert!(std::fs::copy(entry.path(), to).is_ok()) }
        }
    }
    let home = Home::new("fixture");
    copy(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1"), &home.folder);
    assert_eq!(home.report().findings, []);
    for unsealed in [1, 0] {
        assert_eq!(home.report().unsealed, unsealed);
        let volume = home.open();
        assert_eq!(
            (names(&volume, ""), names(&volume, "folder")),
            (vec!["Folder".into(), "Äpfel".into()], vec!["second name".into(), "Staged".into(), "Versions.txt".into()])
        );
        for (name, content) in [("folder\\staged", "not sealed"), ("folder\\SECOND NAME", "apples"), ("folder\\versions.txt", "the second version")] {
            assert_eq!(get(&volume, name), Ok(content.as_bytes().to_vec()), "{name}");
        }
        assert_eq!(volume.metadata(&path("folder"), Look::default()).unwrap().attributes, attribute::DIRECTORY | attribute::HIDDEN);
        assert_eq!(volume.metadata(&path("\u{e4}PFEL"), Look::default()).unwrap().links, 2);
        volume.finish();
    }
    assert_eq!(View::open(&home.place()).unwrap().history(&path("folder\\versions.txt")).unwrap().len(), 2);
}

#[test]
fn a_temporary_volume_writes_nothing_down() {
    let place = folder("temporary");
    let volume = Objects::temporary(&place, Box::new(Own), Limits::default()).unwrap();
    put(&volume, "a", b"one");
    assert_eq!(get(&volume, "a"), Ok(b"one".to_vec()));
    delete(&volume, "a");
    volume.finish();
    assert_eq!(volume.core.disk.files().unwrap(), ["staging"]);
    assert!(volume.core.disk.staged_numbers().unwrap().is_empty());
    std::fs::remove_dir_all(place).unwrap();
}
