//! Damage: files cut off and bits flipped, power lost at any point, disks that are full.

use super::*;

/// Many names: those of one folder cost each as little as those of another, and all are there again.
#[test]
fn many_names() {
    let home = Home::new("many");
    let volume = home.open();
    let core = &volume.core;
    let name = |number: u64| format!("{number:x} of many").encode_utf16().collect::<Box<[u16]>>();
    for first in (0..200_000_u64).step_by(10_000) {
        let make = |number| Record::Make {
            id: 1000 + number,
            parent: tree::ROOT,
            name: name(number),
            attributes: attribute::DIRECTORY,
            times: [1; 4],
            staged: None,
        };
        core.commit(&mut core.state(), (first..first + 10_000).map(make).collect()).unwrap();
    }
    volume.open(&path("one more"), &FOLDER).unwrap();
    drop(volume);
    let volume = home.open();
    assert_eq!(volume.core.state().tree.usage.objects, 200_001);
    for number in [0, 1, 77_777, 199_999] {
        let at = path(&String::from_utf16_lossy(&name(number)).to_uppercase());
        assert_eq!(volume.metadata(&at, Look::default()).unwrap().id, 1000 + number);
    }
    assert_eq!(volume.list(&path(""), &Pattern::new(&[])).unwrap().len(), 200_001);
}

/// A store with some files of each kind.
fn filled(home: &Home) -> Vec<(String, Vec<u8>)> {
    let volume = home.open();
    volume.open(&path("folder"), &FOLDER).unwrap();
    let files: Vec<_> = (0..20_u8).map(|number| (format!("folder\\file{number}"), vec![number; 100 + usize::from(number)])).collect();
    for (name, bytes) in &files[..10] {
        put(&volume, name, bytes);
    }
    volume.finish();
    volume.core.fold(&mut volume.core.state()).unwrap();
    files
}

/// The same with the second half of the files in the journal alone.
fn filled_with_journal(home: &Home) -> Vec<(String, Vec<u8>)> {
    let files = filled(home);
    let volume = home.open();
    for (name, bytes) in &files[10..] {
        put(&volume, name, bytes);
    }
    volume.core.publish_all();
    files
}

fn newest(home: &Home, kind: &str) -> PathBuf {
    let files = std::fs::read_dir(home.place()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(kind)).max().unwrap()
}

/// How many of the files are there whole; none may be there otherwise.
fn readable(home: &Home, files: &[(String, Vec<u8>)]) -> usize {
    let volume = home.open();
    let mut count = 0;
    for (name, bytes) in files {
        match get(&volume, name) {
            Ok(found) => {
                assert_eq!(&found, bytes, "{name}");
                count += 1;
            }
            Err(STATUS_FILE_CORRUPT_ERROR | STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND) => {}
            Err(other) => panic!("{name}: {other:#x}"),
        }
    }
    count
}

#[test]
fn a_flipped_bit_costs_one_record() {
    for kind in ["journal", "index"] {
        let home = Home::new("bits");
        let files = filled_with_journal(&home);
        let path = newest(&home, kind);
        let whole = std::fs::read(&path).unwrap();
        let steps = (whole.len() - 40) / 23;
        for step in 0..23 {
            let at = 36 + step * steps;
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (step % 8);
            std::fs::write(&path, &bytes).unwrap();
            let findings = View::open(&home.place()).unwrap().damage;
            assert!(!findings.is_empty(), "{kind}: a flipped bit at {at} is named");
            assert!(findings.iter().any(|finding| finding.to_string().contains(kind)), "{kind} at {at}: {findings:?}");
            let volume = home.open();
            let found = files.iter().filter(|(name, bytes)| get(&volume, name).as_ref() == Ok(bytes)).count();
            let moved = names(&volume, "").iter().any(|name| name.starts_with("FOUND."));
            assert!(found >= files.len() - 1 || moved, "{kind}: {found} of {} with byte {at} flipped", files.len());
        }
    }
}

#[test]
fn what_damaged_records_told_of_is_kept() {
    let home = Home::new("kept");
    filled_with_journal(&home);
    let path = newest(&home, "journal");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let volume = home.open();
    let before = (volume.core.disk.blobs().unwrap().len(), volume.core.disk.staged_numbers().unwrap().len());
    volume.core.fold(&mut volume.core.state()).unwrap();
    volume.finish();
    assert_eq!((volume.core.disk.blobs().unwrap().len(), volume.core.disk.staged_numbers().unwrap().len()), before);
    drop(volume);
    assert!(View::open(&home.place()).unwrap().damage.iter().any(|finding| !finding.is_harmless()));
}

#[test]
fn a_journal_may_be_cut_off_anywhere() {
    let home = Home::new("cut");
    let files = filled_with_journal(&home);
    let path = newest(&home, "journal");
    let whole = std::fs::read(&path).unwrap();
    let mut last = files.len();
    for length in (36..whole.len()).rev().step_by(41) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let count = readable(&home, &files);
        assert!(count <= last && count >= 10, "{count} files with {length} bytes of the journal");
        last = count;
        // What goes on behind the cut is read again.
        put(&home.open(), "new", b"new");
        assert_eq!(get(&home.open(), "new"), Ok(b"new".to_vec()));
    }
}

#[test]
fn a_blob_that_is_damaged_is_named_and_the_rest_is_readable() {
    for cut in [false, true] {
        let home = Home::new("blob");
        let files = filled_with_journal(&home);
        let blob = home.blob(&files[3].1);
        let mut bytes = std::fs::read(&blob).unwrap();
        if cut {
            bytes.truncate(50);
        } else {
            bytes[50] ^= 4;
        }
        std::fs::remove_file(&blob).unwrap();
        std::fs::write(&blob, bytes).unwrap();
        assert_eq!(readable(&home, &files), files.len() - 1);
        let findings: Vec<_> = home.report().findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings, ["C:\\folder\\file3: its content was altered"]);
    }
}

/// What a host may make of a store when its power is lost: of everything that was not synchronised, any part may be missing.
fn lose_power(home: &Home, synced: &std::collections::HashMap<PathBuf, Vec<u8>>, random: &mut u64) {
    let mut next = |most: usize| {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*random >> 33) as usize % most.max(1)
    };
    let journal = newest(home, "journal");
    let bytes = std::fs::read(&journal).unwrap();
    let kept = synced.get(&journal).map_or(36, Vec::len);
    let length = kept + next(bytes.len() - kept + 1);
    std::fs::write(&journal, &bytes[..length]).unwrap();
    for entry in std::fs::read_dir(home.place().join("staging")).unwrap().map(|entry| entry.unwrap().path()) {
        if let Some(bytes) = synced.get(&entry) {
            assert!(std::fs::read(&entry).unwrap().starts_with(bytes), "{}", entry.display());
        } else if next(2) == 0 {
            let bytes = std::fs::read(&entry).unwrap();
            let length = next(bytes.len() + 1);
            let _ = std::fs::remove_file(&entry);
            std::fs::write(&entry, &bytes[..length]).unwrap();
        } else {
            std::fs::remove_file(&entry).unwrap();
        }
    }
    for folder in std::fs::read_dir(home.place().join("pool")).unwrap().map(|entry| entry.unwrap().path()) {
        for blob in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if next(2) == 0 && !synced.contains_key(&blob) {
                std::fs::remove_file(&blob).unwrap();
            }
        }
    }
}

/// Notes all that a host has on its disk once names and journal were synchronised.
fn keep(home: &Home, synced: &mut std::collections::HashMap<PathBuf, Vec<u8>>) {
    let mut folders = vec![home.place().join("staging"), home.place().join("pool")];
    let journal = newest(home, "journal");
    synced.insert(journal.clone(), std::fs::read(journal).unwrap());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                synced.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
}

#[test]
fn lost_power_loses_nothing_that_was_flushed() {
    let mut random = 7;
    for round in 0..60_u64 {
        let home = Home::new("power");
        let volume = home.open();
        let mut flushed = Vec::new();
        let mut synced = std::collections::HashMap::new();
        let mut older = Vec::new();
        for number in 0..8_u64 {
            let (name, bytes) = (format!("file{number}"), vec![(round + number) as u8; 50 + number as usize]);
            let opened = volume.open(&path(&name), &make(Create::TruncateOrNew)).unwrap();
            write_at(&opened.file, &bytes, 0);
            if (round + number) % 3 == 0 {
                volume.flush(opened.metadata.id).unwrap();
                // What a host has on its disk now: the journal, and the bytes of this file.
                let journal = newest(&home, "journal");
                synced.insert(journal.clone(), std::fs::read(journal).unwrap());
                let staged = home.place().join("staging");
                let number = match &volume.core.state().tree.nodes[&opened.metadata.id].content {
                    tree::Content::Staged { number, .. } => *number,
                    _ => panic!("an open file is staged"),
                };
                synced.insert(staged.join(number.to_string()), bytes.clone());
                flushed.push((name.clone(), bytes));
            }
            drop(opened.file);
            volume.released(opened.metadata.id);
            older.push(name);
            if (round + number) % 4 == 1 {
                volume.core.publish_all();
            }
            if number == 4 && round % 5 == 2 {
                // What a folder of the host holds is on its disk already; the next flush says that it is the store's.
                let source = home.folder.join("source");
                std::fs::create_dir(&source).unwrap();
                std::fs::write(source.join("imported"), [round as u8; 9]).unwrap();
                let folder = rustix::fs::open(&source, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
                volume.import(folder.as_fd()).unwrap();
                let id = volume.metadata(&path("imported"), Look::default()).unwrap().id;
                volume.flush(id).unwrap();
                keep(&home, &mut synced);
                flushed.push(("imported".into(), vec![round as u8; 9]));
            }
            if number == 5 && round % 3 == 1 {
                volume.core.fold(&mut volume.core.state()).unwrap();
                keep(&home, &mut synced);
            }
            // A rename over a flushed file, and its end, may or may not be there after all.
            if number == 6 && round % 2 == 0 {
                let _ = rename(&volume, &path("file5"), &path("file6"), true);
                flushed.retain(|(name, _)| !["file5", "file6"].contains(&name.as_str()));
            }
        }
        drop(volume);
        lose_power(&home, &synced, &mut random);
        let volume = home.open();
        for (name, bytes) in &flushed {
            assert_eq!(get(&volume, name).as_ref(), Ok(bytes), "{name} in round {round}");
        }
    }
}

#[test]
fn a_full_disk_leaves_what_was_confirmed() {
    // A limit on the size of files stands in for a full disk at the journal: the write is cut off in the middle of a record.
    let home = Home::new("full");
    let files = filled(&home);
    let volume = home.open();
    {
        let state = &mut *volume.core.state();
        let journal = state.journal.as_mut().unwrap();
        journal.fill_disk_after(40);
    }
    assert_eq!(volume.open(&path("new"), &make(Create::New)).err(), Some(STATUS_DISK_FULL));
    assert_eq!(get(&volume, "new"), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(rename(&volume, &path("folder\\file1"), &path("folder\\other"), false), Err(STATUS_DISK_FULL));
    assert_eq!(readable_in(&volume, &files), 10);
    drop(volume);
    assert_eq!((home.report().findings, readable(&home, &files)), (vec![], 10));
    // What makes room finds room that was set aside, where the host does so.
    let volume = home.open();
    delete(&volume, "folder\\file1");
    volume.core.state().journal.as_mut().unwrap().fill_disk_after(0);
    assert_eq!(volume.open(&path("new"), &make(Create::New)).err(), Some(STATUS_DISK_FULL));
    drop(volume);
    put(&home.open(), "new", b"room again");
    assert_eq!(get(&home.open(), "new"), Ok(b"room again".to_vec()));
}

/// Whatever is being written when the disk is full, at whichever byte: what was confirmed is there, and what was not is as it was.
#[test]
fn a_disk_that_is_full_at_any_byte_costs_the_change_alone() {
    type Step = fn(&Objects) -> bool;
    let steps: [(&str, Step); 9] = [
        ("make", |volume| volume.open(&path("new"), &make(Create::New)).is_ok()),
        ("make a folder", |volume| volume.open(&path("new"), &FOLDER).is_ok()),
        ("rename", |volume| rename(volume, &path("folder\\file1"), &path("moved"), false).is_ok()),
        ("replace", |volume| rename(volume, &path("folder\\file1"), &path("folder\\file2"), true).is_ok()),
        ("link", |volume| link(volume, &path("folder\\file1"), &path("second"), false).is_ok()),
        ("write", |volume| volume.open(&path("folder\\file1"), &WRITE).is_ok()),
        ("facts", |volume| {
            let opened = volume.open(&path("folder"), &How { folder: Some(true), ..READ }).unwrap();
            let change = Change { attributes: Some(attribute::HIDDEN), ..Change::default() };
            volume.set(&path("folder"), opened.metadata.id, opened.file.as_fd(), &change).is_ok()
        }),
        ("publish", |volume| {
            volume.core.publish_all();
            true
        }),
        ("fold", |volume| volume.core.fold(&mut volume.core.state()).is_ok()),
    ];
    for (what, step) in steps {
        for bytes in (0..400).step_by(61) {
            let home = Home::new("every");
            let files = filled(&home);
            let volume = home.open();
            put(&volume, "staged", b"staged");
            volume.core.state().journal.as_mut().unwrap().fill_disk_after(bytes);
            let before = names(&volume, "");
            let done = step(&volume);
            let after = names(&volume, "");
            assert!(done || before == after, "{what}, {bytes} bytes: refused, and yet done");
            drop(volume);
            assert_eq!(home.report().findings, [], "{what}, {bytes} bytes");
            let volume = home.open();
            assert_eq!(names(&volume, ""), after, "{what}, {bytes} bytes");
            let moved = if done && matches!(what, "rename" | "replace") { 2 } else { 0 };
            assert!(readable_in(&volume, &files) + moved >= 10, "{what}, {bytes} bytes");
            assert_eq!(get(&volume, "staged"), Ok(b"staged".to_vec()), "{what}, {bytes} bytes");
        }
    }
}

fn readable_in(volume: &Objects, files: &[(String, Vec<u8>)]) -> usize {
    files.iter().filter(|(name, bytes)| get(volume, name).as_ref() == Ok(bytes)).count()
}
