//! Names of programs that mean no good: as long and as deep as they may be, and of letters that files cannot say.

use super::super::name::{DEEPEST, LONGEST_KEY, LONGEST_PATH};
use super::super::text::{Format, Statement, export, parse};
use super::{Home, PLAIN, find, make, memory, name_of, whole};
use crate::registry::{Importer, New, ROOT, Registry, name::wide};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER, STATUS_NAME_TOO_LONG};

fn create(registry: &mut Registry, at: u32, name: &[u16]) -> Result<u32, NTSTATUS> {
    registry.create(at, name, PLAIN, &New::default()).map(|(id, _)| id)
}

#[test]
fn names_paths_and_depths_end_somewhere() {
    let mut registry = memory();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    assert_eq!(create(&mut registry, top, &vec![0x78; LONGEST_KEY + 1]), Err(STATUS_INVALID_PARAMETER));
    let (mut at, mut length, mut made) = (top, "\\MACHINE\\SOFTWARE\\T".len(), 0);
    let long = vec![0x78; LONGEST_KEY];
    while length + 1 + LONGEST_KEY <= LONGEST_PATH {
        at = create(&mut registry, at, &long).unwrap();
        length += 1 + LONGEST_KEY;
        made += 1;
    }
    assert!(made > 100);
    assert_eq!(create(&mut registry, at, &long), Err(STATUS_NAME_TOO_LONG));
    let mut at = make(&mut registry, "MACHINE\\SOFTWARE\\D");
    for _ in 3..DEEPEST {
        at = create(&mut registry, at, &[0x78]).unwrap();
    }
    assert_eq!(create(&mut registry, at, &[0x78]), Err(STATUS_INVALID_PARAMETER));
    // A new name may make what is below it too long for a path.
    let mut chain = vec![find(&mut registry, "MACHINE\\SOFTWARE\\D", PLAIN).unwrap()];
    while let Some(below) = registry.subkeys(chain[chain.len() - 1], 0).unwrap().next().map(|(_, id)| id) {
        chain.push(below);
    }
    let renamed: Vec<Result<(), NTSTATUS>> = chain.iter().skip(1).rev().map(|id| registry.rename(*id, &long)).collect();
    assert!(renamed.contains(&Ok(())) && renamed.contains(&Err(STATUS_NAME_TOO_LONG)), "{renamed:?}");
    assert!(registry.path(at).unwrap().len() <= LONGEST_PATH + "\\REGISTRY".len());
    // A shorter one is always possible.
    assert_eq!(registry.rename(chain[1], &[0x79]), Ok(()));
}

#[test]
fn letters_that_no_file_can_say_stay_where_they_are() {
    let home = Home::new("letters");
    let mut registry = home.open();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let evil = wide("x\"=\"y\"\r\n[HKEY_LOCAL_MACHINE\u{5c}SOFTWARE\u{5c}Elsewhere]\r\n\"z");
    registry.set(top, &evil, 3, &[1]).unwrap();
    for name in [&[0x61, 0, 0x62][..], &[0x61, 0x0A, 0x5D], &[0xD800], &[0x5D, 0x5B]] {
        let key = create(&mut registry, top, name).unwrap();
        registry.set(key, name, 1, b"q\0\0\0").unwrap();
    }
    registry.publish().unwrap();
    let before = whole(&mut registry);
    drop(registry);
    let mut registry = home.open();
    assert_eq!(whole(&mut registry), before, "the disk keeps every letter");
    for (format, keys) in [(Format::Five, 1), (Format::Four, 1), (Format::Wine, 4)] {
        let top = find(&mut registry, "MACHINE\\SOFTWARE", PLAIN).unwrap();
        let exported = export(&mut registry, top, format, true).unwrap();
        let bytes = exported.bytes;
        assert_eq!(exported.left_out.len(), if format == Format::Wine { 0 } else { 4 }, "{:?}", exported.left_out);
        let (mut other, mut importer) = (memory(), Importer::default());
        parse(&bytes, &mut |_, statement| importer.apply(&mut other, &statement)).unwrap();
        assert!(find(&mut other, "MACHINE\\SOFTWARE\\Elsewhere", PLAIN).is_err(), "{format:?}");
        let top = find(&mut other, "MACHINE\\SOFTWARE\\T", PLAIN).unwrap();
        let facts = other.facts(top).unwrap();
        assert_eq!((facts.subkeys, facts.values), (keys, u32::from(format == Format::Wine)), "{format:?}");
    }
}

#[test]
fn what_lies_below_a_name_that_no_file_can_say_is_not_said_as_another() {
    let mut registry = memory();
    let evil = wide("x]\r\n[HKEY_LOCAL_MACHINE\u{5c}SOFTWARE\u{5c}Elsewhere");
    let evil: Vec<u16> = evil.into_iter().map(|unit| if unit == super::super::name::PARTS { 0x2F } else { unit }).collect();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let key = create(&mut registry, top, &evil).unwrap();
    registry.set(key, &wide("v"), 1, b"q\0\0\0").unwrap();
    // As an index may tell, that somebody has written.
    registry.node_mut(top).hidden.get_or_insert_default().keys.insert(evil.into());
    for format in [Format::Five, Format::Four] {
        for at in [top, key] {
            let exported = export(&mut registry, at, format, true).unwrap();
            let [left_out] = &exported.left_out[..] else { panic!("{:?}", exported.left_out) };
            assert!(left_out.starts_with("HKEY_LOCAL_MACHINE\\SOFTWARE\\T\\x]"), "{left_out:?}");
            parse(&exported.bytes, &mut |_, statement| match statement {
                Statement::Key { path, .. } if path == wide("MACHINE\\SOFTWARE\\T") => Ok(()),
                other => Err(format!("{other:?}")),
            })
            .unwrap();
        }
    }
}

#[test]
fn keys_of_the_accounts_are_nobodys() {
    let mut registry = memory();
    for path in ["MACHINE\\SECURITY", "machine\\security\\Policy", "MACHINE\\SAM\\SAM", "MACHINE\\SAM\\SAM\\Domains"] {
        assert_eq!(find(&mut registry, path, PLAIN), Err(STATUS_ACCESS_DENIED), "{path}");
        assert_eq!(create(&mut registry, ROOT, &wide(path)), Err(STATUS_ACCESS_DENIED), "{path}");
    }
    let sam = find(&mut registry, "MACHINE\\SAM", PLAIN).unwrap();
    assert_eq!(name_of(&registry, sam), "\\REGISTRY\\MACHINE\\SAM");
}
