//! Files that have lost their names, and how much there may be of names and of what is written down.

use super::*;

/// Changes of a file that has lost its name, and of one that loses it while it is hashed, are nobody's: the store is whole after them.
#[test]
fn what_happens_to_a_nameless_file_is_not_told() {
    let home = Home::new("nameless");
    let volume = home.open();
    put(&volume, "kept", b"kept");
    put(&volume, "a", b"bytes");
    volume.finish();
    let opened = volume.open(&path("a"), &WRITE).unwrap();
    delete(&volume, "a");
    let change = Change { attributes: Some(attribute::HIDDEN), times: [Some(1), Some(2), Some(3)] };
    volume.set(&path("a"), opened.metadata.id, opened.file.as_fd(), &change).unwrap();
    assert_eq!(volume.facts(&path("a"), opened.metadata.id, opened.file.as_fd()).unwrap().times[0], 1);
    volume.core.publish_all();
    drop(volume);
    let volume = home.open();
    assert_eq!(volume.damage(), []);
    assert_eq!(home.report().findings, []);
    assert_eq!(names(&volume, ""), ["kept"]);
}

/// Journals that were written before told of such files: they are no damage. What nobody ever told of is.
#[test]
fn a_journal_that_tells_of_former_files_is_whole() {
    let home = Home::new("former");
    let volume = home.open();
    let (before, after) = (put(&volume, "before", b"1"), put(&volume, "after", b"2"));
    delete(&volume, "before");
    volume.core.fold(&mut volume.core.state()).unwrap();
    delete(&volume, "after");
    let tell = |id: u64| {
        let facts = Record::Facts { id, attributes: attribute::ARCHIVE, times: [1; 4] };
        volume.core.state().journal.as_mut().unwrap().append(&[facts]).unwrap();
    };
    tell(before);
    tell(after);
    assert_eq!(load(&Disk::open(rustix::fs::open(home.place(), OFlags::RDONLY, Mode::empty()).unwrap(), false).unwrap()).unwrap().damage, []);
    tell(1000);
    drop(volume);
    assert_eq!(home.open().damage().len(), 1);
}

#[test]
fn names_take_as_much_as_files_and_a_file_has_only_so_many() {
    let home = Home::new("names");
    let volume = home.with(Limits { objects: 4, ..Limits::default() }).unwrap();
    let id = put(&volume, "a", b"1");
    let again = |name: &str| link(&volume, &path("a"), &path(name), false);
    assert_eq!([again("b"), again("c"), again("d")], [Ok(()); 3]);
    assert_eq!(again("e"), Err(STATUS_QUOTA_EXCEEDED));
    delete(&volume, "d");
    assert_eq!(again("e"), Ok(()));
    ["a", "b", "c", "e"].iter().for_each(|name| delete(&volume, name));
    volume.released(id);
    assert_eq!(volume.core.state().tree.usage.objects, 0);
    let volume = Objects::temporary(&home.folder.join("temporary"), Box::new(Own), Limits::default()).unwrap();
    put(&volume, "a", b"1");
    let made = (1..=tree::MOST_LINKS).map(|number| link(&volume, &path("a"), &path(&number.to_string()), false));
    let refused: Vec<_> = made.filter_map(Result::err).collect();
    assert_eq!(refused, [windows_sys::Win32::Foundation::STATUS_TOO_MANY_LINKS]);
}

/// Renaming to and fro is written down each time; the journal that it makes has a bound all the same.
#[test]
fn a_journal_is_folded_while_it_grows() {
    let home = Home::new("fro");
    let volume = home.open();
    put(&volume, "a", b"1");
    for _ in 0..6000 {
        rename(&volume, &path("a"), &path("b"), false).unwrap();
        rename(&volume, &path("b"), &path("a"), false).unwrap();
    }
    let state = volume.core.state();
    assert!(state.generation > 0 && state.journal.as_ref().unwrap().length < 512 << 10, "{}", state.journal.as_ref().unwrap().length);
}

/// A file of half a tebibyte is made in no time; closing it, ending the sandbox and opening it again take none either.
#[test]
fn a_file_of_holes_is_left_as_it_is() {
    let home = Home::new("holes");
    let volume = home.open();
    let opened = volume.open(&path("large"), &make(Create::New)).unwrap();
    rustix::fs::ftruncate(&opened.file, 1 << 39).unwrap();
    rustix::io::pwrite(&opened.file, b"end", (1 << 39) - 3).unwrap();
    drop(opened.file);
    volume.released(opened.metadata.id);
    put(&volume, "small", b"small");
    volume.finish();
    assert_eq!(volume.metadata(&path("large"), Look::default()).unwrap().size, 1 << 39);
    drop(volume);
    let report = home.report();
    assert_eq!((report.findings, report.objects, report.unsealed), (vec![], 1, 1));
    let file = home.open().open(&path("large"), &READ).unwrap().file;
    let mut end = [0; 3];
    rustix::io::pread(&file, &mut end, (1 << 39) - 3).unwrap();
    assert_eq!(&end, b"end");
}

/// One with few holes is published, and neither that nor writing it again fills them.
#[test]
fn a_published_file_keeps_its_holes() {
    let home = Home::new("few-holes");
    let volume = home.open();
    let id = put(&volume, "some", b"start");
    let write = || {
        let opened = volume.open(&path("some"), &WRITE).unwrap();
        rustix::fs::ftruncate(&opened.file, 64 << 20).unwrap();
        volume.released(id);
        opened.metadata.allocated
    };
    write();
    volume.core.publish_all();
    assert!(write() < 1 << 20);
    let facts = rustix::fs::fstat(volume.open(&path("some"), &READ).unwrap().file).unwrap();
    assert!(facts.st_size == 64 << 20 && facts.st_blocks < 1000, "{} blocks", facts.st_blocks);
    assert_eq!(home.report().findings, []);
}

/// Folders in folders, deeper than any path that a program can say: each look takes no more than the deepest path does.
#[test]
fn a_very_deep_tree_is_walked_and_verified() {
    const DEPTH: usize = 10_000;
    let home = Home::new("deep");
    let volume = home.open();
    let name: Box<[u16]> = vec![u16::from(b'x'); 250].into();
    {
        let state = &mut *volume.core.state();
        let mut parent = tree::ROOT;
        for _ in 0..DEPTH {
            let id = state.tree.next_id;
            let make = Record::Make { id, parent, name: name.clone(), attributes: attribute::DIRECTORY, times: [1; 4], staged: None };
            volume.core.commit(state, vec![make]).unwrap();
            parent = id;
        }
        let id = state.tree.next_id;
        let mut number = state.tree.next_staged;
        volume.core.disk.make_staged(&mut number, OFlags::RDWR).unwrap();
        let make = Record::Make { id, parent, name: name.clone(), attributes: 0, times: [1; 4], staged: Some(number) };
        volume.core.commit(state, vec![make]).unwrap();
        volume.core.disk.remove_staged(number);
    }
    volume.core.fold(&mut volume.core.state()).unwrap();
    drop(volume);
    let (mut count, mut longest) = (0, 0);
    View::open(&home.place())
        .unwrap()
        .walk(&Path::default(), true, &mut |entry| {
            count += 1;
            longest = longest.max(entry.path.units().len());
            true
        })
        .unwrap();
    assert_eq!((count, longest), (DEPTH + 1, (DEPTH + 1) * 251 - 1));
    let findings = home.report().findings;
    assert!(matches!(&findings[..], [Finding::Object { path, wrong: Wrong::Missing }] if path.count() == DEPTH + 1), "{}", findings.len());
}

/// What is brought from the host may be as large as it likes: nobody else waits for it, and nothing takes it away meanwhile.
#[test]
fn the_store_is_free_while_a_file_is_brought() {
    let home = Home::new("bring");
    let store = home.open();
    std::fs::write(home.folder.join("host"), "of the host").unwrap();
    let host = OwnedFd::from(std::fs::File::open(home.folder.join("host")).unwrap());
    let facts = crate::metadata::Metadata::of_host(&host).unwrap();
    let is_same = |name: &'static str| {
        let (sender, done) = std::sync::mpsc::channel();
        let store = &store;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let opened = store.open(&path(name), &make(Create::New)).unwrap();
                write_at(&opened.file, name.as_bytes(), 0);
                store.core.collect(&mut store.core.state()).unwrap();
                let _ = sender.send(());
            });
            done.recv_timeout(std::time::Duration::from_secs(20)).is_ok()
        })
    };
    assert!(store.bring(&path("brought"), Some(Some(host.as_fd())), &facts, &|| is_same("other")).is_ok());
    assert_eq!(content(&store.open(&path("brought"), &READ).unwrap().file), b"of the host");
    // Who was quicker keeps the name.
    let late = store.bring(&path("late"), Some(Some(host.as_fd())), &facts, &|| is_same("late"));
    assert_eq!(late, Err(STATUS_OBJECT_NAME_COLLISION));
    assert_eq!(content(&store.open(&path("late"), &READ).unwrap().file), b"late");
}

/// No path becomes longer than one can be said, however folders are moved; else a few thousand of them take gigabytes to tell of.
#[test]
fn no_path_is_longer_than_can_be_said() {
    use windows_sys::Win32::Foundation::STATUS_NAME_TOO_LONG;
    let home = Home::new("deep");
    let store = home.open();
    let mut at = Path::default();
    for _ in 0..200 {
        at.push(&[u16::from(b'a')]);
        store.open(&at, &FOLDER).unwrap();
    }
    let long = vec![u16::from(b'b'); 250];
    let mut renamed = Vec::new();
    while !at.is_empty() {
        let mut to = at.clone();
        to.pop();
        to.push(&long);
        renamed.push(rename(&store, &at, &to, false).map(|_| ()));
        at.pop();
    }
    let ok = renamed.iter().filter(|done| done.is_ok()).count();
    assert_eq!((ok, renamed.len()), (129, 200), "each makes the longest path longer by 249 units");
    assert!(renamed.contains(&Err(STATUS_NAME_TOO_LONG)));
    let mut beyond = Path::default();
    let made = loop {
        beyond.push(&[u16::from(b'c'); 250]);
        if let Err(wrong) = store.open(&beyond, &FOLDER) {
            break (wrong, beyond.count());
        }
    };
    assert_eq!(made, (STATUS_NAME_TOO_LONG, 131));
}
