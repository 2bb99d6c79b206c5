//! Keys that the system itself stands on stay what they are, whatever a program, a journal or an index says.

use super::super::disk::journal_name;
use super::super::record::Record;
use super::{Home, NARROW, PLAIN, find, make, memory, name_of, whole};
use crate::objects::Finding;
use crate::registry::{New, ROOT, Registry, name::wide};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED};

const WOW: &str = "MACHINE\\SOFTWARE\\Wow6432Node";
const KEPT: [&str; 6] = ["MACHINE", "MACHINE\\SOFTWARE", WOW, "MACHINE\\SAM", "MACHINE\\SAM\\SAM", "MACHINE\\SECURITY"];

/// Where a 32-bit program's own keys lie.
fn narrow(registry: &mut Registry) -> Result<String, NTSTATUS> {
    let id = registry.create(ROOT, &wide("MACHINE\\SOFTWARE\\Narrow"), NARROW, &New::default())?.0;
    Ok(name_of(registry, id))
}

const PLACE: &str = "\\REGISTRY\\MACHINE\\SOFTWARE\\Wow6432Node\\Narrow";

#[test]
fn nobody_deletes_or_renames_what_the_system_stands_on() {
    let mut registry = memory();
    for path in KEPT {
        let id = registry.path_to(path);
        registry.load(id);
        let below: Vec<u32> = registry.node(id).subkeys.iter().map(|(_, below)| *below).collect();
        for below in below {
            let _ = registry.delete_all(below);
        }
        assert_eq!(registry.rename(id, &wide("Other")), Err(STATUS_ACCESS_DENIED), "{path}");
        assert!(registry.delete(id).is_err(), "{path}");
    }
    // What is made now gets numbers that became free.
    for number in 0..2000 {
        make(&mut registry, &format!("MACHINE\\SOFTWARE\\T\\{number}"));
    }
    assert_eq!(narrow(&mut registry).as_deref(), Ok(PLACE));
}

#[test]
fn a_journal_that_ends_what_the_system_stands_on_is_damaged_and_nothing_else() {
    let home = Home::new("registry-system");
    let mut registry = home.open();
    let disk = registry.disk.as_mut().unwrap();
    let below = |path: &str| wide(&format!("\\{path}")).into();
    for path in KEPT {
        disk.append(Record::Delete { path: below(path), time: 0 }).unwrap();
        disk.append(Record::Rename { path: below(path), name: wide("Other").into(), time: 0 }).unwrap();
    }
    disk.append(Record::Make { path: below("MACHINE\\SOFTWARE\\Mine"), class: Box::default(), time: 0, link: false }).unwrap();
    disk.append(Record::Rename { path: below("MACHINE\\SOFTWARE\\Mine"), name: wide("wow6432node").into(), time: 0 }).unwrap();
    disk.append(Record::Make { path: Box::default(), class: Box::default(), time: 0, link: false }).unwrap();
    drop(registry);
    let mut registry = home.open();
    let strange = registry.damage().iter().filter(|finding| matches!(finding, Finding::Strange(_))).count();
    assert_eq!(strange, 2 * KEPT.len() + 2, "{:?}", registry.damage());
    assert_eq!(narrow(&mut registry).as_deref(), Ok(PLACE));
    assert!(find(&mut registry, "MACHINE\\SOFTWARE\\Mine", PLAIN).is_ok());
    assert!(home.place().join(journal_name(0)).exists());
}

#[test]
fn an_index_that_ends_what_the_system_stands_on_is_damaged_and_nothing_else() {
    let home = Home::new("registry-system-index");
    let mut registry = home.open();
    // As an index would tell, that somebody has written.
    for (path, name) in [("MACHINE\\SOFTWARE", "WOW6432NODE"), ("MACHINE", "SOFTWARE"), ("MACHINE\\SAM", "SAM"), ("MACHINE", "SECURITY")] {
        let id = registry.path_to(path);
        registry.node_mut(id).hidden.get_or_insert_default().keys.insert(wide(name).into());
        registry.touch(id);
    }
    make(&mut registry, "MACHINE\\SOFTWARE\\T");
    registry.fold().unwrap();
    drop(registry);
    let mut registry = home.open();
    registry.load_all();
    assert_eq!(registry.damage().len(), 4, "{:?}", registry.damage());
    assert_eq!(narrow(&mut registry).as_deref(), Ok(PLACE));
    assert!(find(&mut registry, "MACHINE\\SOFTWARE\\T", PLAIN).is_ok());
}

#[test]
fn thirty_two_bit_programs_find_what_lies_in_a_part_of_the_index() {
    let home = Home::new("registry-narrow-part");
    let mut registry = home.open();
    assert_eq!(narrow(&mut registry).as_deref(), Ok(PLACE));
    for number in 0..500 {
        let key = make(&mut registry, &format!("MACHINE\\SOFTWARE\\App {number}"));
        registry.set(key, &wide("v"), 3, &[7; 100]).unwrap();
    }
    registry.fold().unwrap();
    drop(registry);
    let mut registry = home.open();
    assert!(find(&mut registry, "MACHINE\\SOFTWARE\\Narrow", NARROW).is_ok(), "it was made in this view");
    drop(registry);
    let mut registry = home.open();
    registry.create(ROOT, &wide("MACHINE\\SOFTWARE\\Second"), NARROW, &New::default()).unwrap();
    let before = whole(&mut registry);
    registry.fold().unwrap();
    drop(registry);
    let mut registry = home.open();
    assert!(find(&mut registry, "MACHINE\\SOFTWARE\\Second", NARROW).is_ok(), "it was there when the index was written");
    assert_eq!(whole(&mut registry), before);
}

impl Registry {
    /// A key by its path, also where nobody may open it.
    fn path_to(&mut self, path: &str) -> u32 {
        path.split('\\').fold(ROOT, |at, name| self.child(at, &crate::case::fold(&wide(name))).unwrap())
    }
}
