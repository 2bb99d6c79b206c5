//! Files that are damaged, and indexes that cannot be written.

use super::{Home, PLAIN, find, make, top_of, wide};
use crate::objects::Finding;
use crate::registry::{Limits, New, Registry};
use std::path::Path;
use windows_sys::Win32::Foundation::STATUS_REGISTRY_CORRUPT;

#[test]
fn damage_is_named_and_nothing_else_is_lost() {
    let home = Home::new("damage");
    let mut registry = home.open();
    for number in 0..50 {
        let key = make(&mut registry, &format!("MACHINE\\SOFTWARE\\T\\{number}"));
        registry.set(key, &wide("v"), 3, &[number; 40]).unwrap();
    }
    registry.finish();
    drop(registry);
    let path = home.place().join("journal.0");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let found = home.verify().findings;
    assert!(found.iter().any(|finding| matches!(finding, Finding::Damaged { .. })), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::Seal { .. })), "{found:?}");
    let mut registry = home.open();
    let top = find(&mut registry, "Machine\\Software\\T", PLAIN).unwrap();
    assert!(registry.facts(top).unwrap().subkeys >= 49);
    registry.fold().unwrap();
    assert!(Path::new(&path).exists(), "what is damaged is kept");
}

#[test]
fn a_damaged_registry_does_not_grow_for_ever() {
    let home = Home::new("damage-grows");
    let mut registry = home.open();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    for number in 0..50 {
        registry.set(top, &wide("v"), 3, &[number; 40]).unwrap();
    }
    drop(registry);
    let path = home.place().join("journal.0");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let small = Limits { unfolded: 20_000, ..Limits::default() };
    let open = || Registry::open(&home.place(), home.principal(), &[], small).unwrap();
    let mut registry = open();
    let top = top_of(&mut registry);
    let done = (0..1000).map_while(|number: u32| registry.set(top, &wide("v"), 4, &number.to_le_bytes()).ok()).count();
    assert!((10..1000).contains(&done), "{done} changes");
    let below = registry.create(top, &wide("x"), PLAIN, &New::default()).map(|_| ());
    let refused = Err(STATUS_REGISTRY_CORRUPT);
    assert_eq!((below, registry.rename(top, &wide("U")), registry.unset(top, &wide("v"))), (refused, refused, refused));
    assert_eq!((registry.set(top, &wide("v"), 4, &[]), registry.delete(top)), (refused, refused));
    assert_eq!(registry.value(top, &wide("v")).unwrap().data[..], (done as u32 - 1).to_le_bytes(), "what failed did nothing");
    registry.create(top, &wide("x"), PLAIN, &New { volatile: true, ..New::default() }).unwrap();
    registry.finish();
    drop(registry);
    assert!(std::fs::metadata(&path).unwrap().len() < 21_000);
    // What is whole may grow, for it is folded.
    std::fs::remove_file(&path).unwrap();
    let mut registry = open();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    assert!((0..1000).all(|number: u32| registry.set(top, &wide("v"), 4, &number.to_le_bytes()).is_ok()));
}

#[test]
fn an_index_that_cannot_be_written_is_not_tried_with_each_request() {
    let home = Home::new("registry-tidy");
    let mut registry = home.open();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    // Nothing can be written under this name.
    let fresh = home.place().join("index.new");
    std::fs::create_dir(&fresh).unwrap();
    registry.tidy_at = 1;
    registry.tidy();
    std::fs::remove_dir(&fresh).unwrap();
    let generation = |registry: &Registry| registry.disk.as_ref().unwrap().generation;
    registry.set(top, &wide("v"), 4, &[0; 4]).unwrap();
    registry.tidy();
    assert_eq!(generation(&registry), 0, "it waits until much more is told");
    registry.tidy_at = 1;
    registry.tidy();
    assert_eq!(generation(&registry), 1);
    registry.tidy();
    assert_eq!(generation(&registry), 1, "nothing is told since");
}
