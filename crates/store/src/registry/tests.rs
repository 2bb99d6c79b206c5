//! The registry over its life on the disk, against one that lives in memory alone; views, links, merged classes, damage.

mod classes;
mod damage;
mod names;
mod power;
mod system;

use super::name::wide;
use super::text::{Format, export};
use super::*;
use crate::journal::principal::User;
use crate::testing::folder;
use proptest::prelude::*;
use std::path::PathBuf;
use windows_sys::Win32::Foundation::{
    STATUS_CANNOT_DELETE, STATUS_CHILD_MUST_BE_VOLATILE, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION, STATUS_QUOTA_EXCEEDED,
};

const PLAIN: How = How { view32: false, link: false };
/// What lists answer behind their end.
const NO_MORE: Result<(), NTSTATUS> = Err(STATUS_NO_MORE_ENTRIES);
const NARROW: How = How { view32: true, link: false };

struct Home {
    folder: PathBuf,
}

impl Home {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let user = User::open_or_make(&folder.join("keys")).unwrap();
        user.principal("box", 1).unwrap().write(&folder.join("principal")).unwrap();
        Self { folder }
    }

    fn principal(&self) -> Principal {
        Principal::open(&self.folder.join("principal")).unwrap().unwrap()
    }

    fn place(&self) -> PathBuf {
        self.folder.join("registry")
    }

    fn open(&self) -> Registry {
        Registry::open(&self.place(), self.principal(), &[], Limits::default()).unwrap()
    }

    fn verify(&self) -> Checked {
        verify(&self.place(), &self.principal()).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn memory() -> Registry {
    Registry::temporary(&[], Limits::default())
}

fn find(registry: &mut Registry, path: &str, how: How) -> Result<u32, NTSTATUS> {
    registry.find(ROOT, &wide(path), how)
}

/// Makes a key with those above it.
fn make(registry: &mut Registry, path: &str) -> u32 {
    let mut at = ROOT;
    for name in path.split('\\') {
        at = registry.create(at, &wide(name), PLAIN, &New::default()).unwrap().0;
    }
    at
}

fn name_of(registry: &Registry, id: u32) -> String {
    String::from_utf16(&registry.path(id).unwrap()).unwrap()
}

fn whole(registry: &mut Registry) -> String {
    let bytes = export(registry, ROOT, Format::Wine, false).unwrap().bytes;
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_base_is_read_and_its_links_lead_somewhere() {
    let mut registry = memory();
    let page = find(&mut registry, "Machine\\System\\CurrentControlSet\\Control\\Nls\\CodePage", PLAIN).unwrap();
    assert_eq!(registry.value(page, &wide("acp")).unwrap().data[..2], *b"1\0");
    let classes = find(&mut registry, &format!("User\\{}\\Software\\Classes\\clsid", text::USER_SID), PLAIN).unwrap();
    assert_eq!(name_of(&registry, classes), format!("\\REGISTRY\\USER\\{}_Classes\\CLSID", text::USER_SID));
    let link = find(&mut registry, "Machine\\System\\CurrentControlSet", How { link: true, ..PLAIN }).unwrap();
    assert!(registry.facts(link).unwrap().link);
    let zones = find(&mut registry, "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones", PLAIN).unwrap();
    assert!(registry.facts(zones).unwrap().subkeys > 100);
    let mut left = vec![ROOT];
    while let Some(id) = left.pop() {
        let below: Vec<u32> = registry.subkeys(id, 0).unwrap().map(|(_, id)| id).collect();
        for id in &below {
            if registry.node(*id).link {
                let path = String::from_utf16(&registry.path(*id).unwrap()[10..]).unwrap();
                assert!(find(&mut registry, &path, PLAIN).is_ok(), "{path} leads nowhere");
            }
        }
        left.extend(below);
    }
}

#[test]
fn keys_are_made_and_deleted_as_documented() {
    let mut registry = memory();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let (below, made) = registry.create(top, &wide("Sub"), PLAIN, &New { class: &wide("c"), volatile: true, link: false }).unwrap();
    assert!(made);
    assert!(!registry.create(top, &wide("sUB"), PLAIN, &New::default()).unwrap().1, "names have no case");
    assert_eq!(registry.create(below, &wide("x"), PLAIN, &New::default()).err(), Some(STATUS_CHILD_MUST_BE_VOLATILE));
    assert_eq!(registry.delete(top).err(), Some(STATUS_CANNOT_DELETE));
    assert_eq!(registry.create(top, &wide("a\\b"), PLAIN, &New::default()).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(registry.create(ROOT, &wide("MACHINE\\New"), PLAIN, &New::default()).err(), Some(STATUS_INVALID_PARAMETER));
    assert_eq!(registry.create(top, &[b'x'.into(); 256], PLAIN, &New::default()).err(), Some(STATUS_INVALID_PARAMETER));
    registry.enter(below);
    registry.delete(below).unwrap();
    assert_eq!(registry.facts(below).err(), Some(STATUS_KEY_DELETED));
    registry.leave(below);
    assert_eq!(registry.facts(top).unwrap().subkeys, 0);
    make(&mut registry, "MACHINE\\SOFTWARE\\U");
    assert_eq!(registry.rename(top, &wide("u")).err(), Some(STATUS_OBJECT_NAME_COLLISION));
    registry.rename(top, &wide("V")).unwrap();
    assert_eq!(name_of(&registry, top), "\\REGISTRY\\MACHINE\\SOFTWARE\\V");
}

#[test]
fn a_hostile_program_gets_no_more_than_its_share() {
    let mut registry = Registry::temporary(&[], Limits { keys: 10, bytes: 8000, ..Limits::default() });
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let refused = (0..20).find_map(|number| registry.create(top, &wide(&number.to_string()), PLAIN, &New::default()).err());
    assert_eq!(refused, Some(STATUS_QUOTA_EXCEEDED));
    assert_eq!(registry.set(top, &[], 3, &[0; 8000]).err(), Some(STATUS_QUOTA_EXCEEDED));
    registry.set(top, &[], 3, &[0; 3000]).unwrap();
    registry.set(top, &[], 3, &[1; 3000]).unwrap();
    registry.unset(top, &[]).unwrap();
    registry.set(top, &wide("x"), 3, &[1; 3000]).unwrap();
    // As deep as it goes, and no deeper.
    let mut registry = memory();
    let mut at = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let depth = (0..1000).take_while(|_| registry.create(at, &wide("x"), PLAIN, &New::default()).map(|(id, _)| at = id).is_ok()).count();
    assert_eq!(depth, 512 - 3);
}

#[test]
fn links_that_lead_in_a_circle_end() {
    let mut registry = memory();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let link = registry.create(top, &wide("L"), PLAIN, &New { link: true, ..New::default() }).unwrap().0;
    let target: Vec<u8> = "\\Registry\\Machine\\Software\\T\\L\\x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(registry.find(top, &wide("L"), PLAIN).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND), "it leads nowhere yet");
    registry.set(link, &wide("SymbolicLinkValue"), 6, &target).unwrap();
    assert_eq!(registry.find(top, &wide("L"), PLAIN).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(registry.find(top, &wide("L"), How { link: true, ..PLAIN }), Ok(link));
}

#[test]
fn links_to_places_that_cannot_be_cost_nothing() {
    let mut registry = memory();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    let link = registry.create(top, &wide("L"), PLAIN, &New { link: true, ..New::default() }).unwrap().0;
    let to = |path: String| path.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    // Each of them would be looked at 32 times, and become longer with each.
    for rest in ["\\x".repeat(240_000), "\\x".repeat(400)] {
        for (view, place) in [(PLAIN, "T\\L"), (NARROW, "T\\L"), (PLAIN, "Microsoft"), (NARROW, "Microsoft")] {
            registry.set(link, &wide("SymbolicLinkValue"), 6, &to(format!("\\Registry\\Machine\\Software\\{place}{rest}"))).unwrap();
            let start = std::time::Instant::now();
            assert_eq!(registry.find(top, &wide("L"), view), Err(STATUS_OBJECT_NAME_NOT_FOUND));
            assert!(start.elapsed() < std::time::Duration::from_secs(1), "{place}: {:?}", start.elapsed());
        }
    }
    // Several backslashes are as good as one here too.
    registry.set(link, &wide("SymbolicLinkValue"), 6, &to("\\Registry\\\\Machine\\\\Software\\T\\".into())).unwrap();
    assert_eq!(registry.find(top, &wide("L"), PLAIN), Ok(top));
}

#[test]
fn thirty_two_bit_programs_have_keys_of_their_own_and_share_others() {
    let mut registry = memory();
    let own = find(&mut registry, "Machine\\Software\\Microsoft\\Windows\\CurrentVersion", NARROW).unwrap();
    assert_eq!(name_of(&registry, own), "\\REGISTRY\\MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion");
    let shared = find(&mut registry, "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Fonts", NARROW).unwrap();
    assert_eq!(name_of(&registry, shared), "\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Fonts");
    let above = find(&mut registry, "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion", NARROW).unwrap();
    assert_eq!(registry.find(above, &wide("Fonts"), NARROW), Ok(shared), "from a key of the view too");
    let software = find(&mut registry, "Machine\\Software", NARROW).unwrap();
    assert_eq!(name_of(&registry, software), "\\REGISTRY\\MACHINE\\SOFTWARE");
    let made = registry.create(software, &wide("App"), NARROW, &New::default()).unwrap().0;
    assert_eq!(name_of(&registry, made), "\\REGISTRY\\MACHINE\\SOFTWARE\\Wow6432Node\\App");
    let class = find(&mut registry, "Machine\\Software\\Classes\\CLSID", NARROW).unwrap();
    assert_eq!(name_of(&registry, class), "\\REGISTRY\\MACHINE\\SOFTWARE\\Classes\\Wow6432Node\\CLSID");
    assert_eq!(find(&mut registry, "Machine\\Software\\Wow6432Node\\Classes\\CLSID", PLAIN), Ok(class));
    let user = find(&mut registry, &format!("User\\{}\\Software\\Microsoft", text::USER_SID), NARROW).unwrap();
    assert!(!name_of(&registry, user).contains("Wow"), "a user's keys are shared");
}

#[test]
fn the_users_classes_lie_over_the_machines() {
    let mut registry = memory();
    let root = registry.classes().unwrap();
    let (machine, made) = registry.create_key(root, &wide(".abc"), PLAIN, &New::default()).unwrap();
    assert!(made && name_of(&registry, machine.id).starts_with("\\REGISTRY\\MACHINE"), "new classes are the machine's");
    registry.set(machine.id, &[], 1, &[b'm', 0]).unwrap();
    registry.set(machine.id, &wide("only"), 1, &[b'o', 0]).unwrap();
    let user = registry.create(root.id, &wide(".abc"), PLAIN, &New::default()).unwrap().0;
    registry.set(user, &[], 1, &[b'u', 0]).unwrap();
    let merged = registry.find_key(root, &wide(".ABC"), PLAIN).unwrap();
    assert_eq!((merged.id, merged.under), (user, Some(machine.id)));
    assert_eq!(registry.value_of(merged, &[]).unwrap().data[0], b'u');
    assert_eq!(registry.value_of(merged, &wide("only")).unwrap().data[0], b'o');
    assert_eq!(registry.facts_of(merged).unwrap().values, 2);
    let mut names = Vec::new();
    registry
        .each_subkey(root, 0, |name, _, _| {
            names.push(String::from_utf16_lossy(name));
            true
        })
        .unwrap();
    assert_eq!(names.iter().filter(|name| *name == ".abc").count(), 1);
}

#[test]
fn what_was_written_is_there_again_sealed_and_folded() {
    let home = Home::new("registry");
    let mut registry = home.open();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T\\Deep");
    registry.set(top, &wide("Value"), 1, &[b'x', 0, 0, 0]).unwrap();
    let base = find(&mut registry, "Machine\\System\\Select", PLAIN).unwrap();
    registry.unset(base, &wide("Failed")).unwrap();
    registry.set(base, &wide("Current"), 4, &[9, 0, 0, 0]).unwrap();
    let gone = find(&mut registry, "Machine\\Hardware\\DeviceMap", PLAIN).unwrap();
    registry.delete(gone).unwrap();
    let before = whole(&mut registry);
    // Killed: nothing was finished.
    drop(registry);
    let mut registry = home.open();
    assert_eq!(whole(&mut registry), before, "by the journal");
    assert!(home_unsealed(&home));
    registry.finish();
    drop(registry);
    let checked = home.verify();
    assert_eq!((checked.findings, checked.seals, checked.unsealed), (vec![], 1, 0));
    let mut registry = home.open();
    registry.fold().unwrap();
    assert_eq!(whole(&mut registry), before, "by the index");
    let more = make(&mut registry, "MACHINE\\SOFTWARE\\T\\More");
    registry.set(more, &[], 4, &[0; 4]).unwrap();
    let after = whole(&mut registry);
    registry.finish();
    drop(registry);
    let mut registry = home.open();
    assert_eq!(whole(&mut registry), after, "by both");
    drop(registry);
    let checked = home.verify();
    assert_eq!((checked.findings, checked.seals), (vec![], 2));
}

fn home_unsealed(home: &Home) -> bool {
    home.verify().unsealed > 0
}

#[test]
fn a_large_registry_is_read_as_far_as_somebody_looks() {
    let home = Home::new("lazy");
    let mut registry = home.open();
    let top = make(&mut registry, "MACHINE\\SOFTWARE\\T");
    for app in 0..200 {
        let key = registry.create(top, &wide(&format!("app {app:03}")), PLAIN, &New::default()).unwrap().0;
        for value in 0..400 {
            registry.set(key, &wide(&format!("value {value}")), 4, &[1; 4]).unwrap();
        }
    }
    registry.fold().unwrap();
    drop(registry);
    let mut registry = home.open();
    let keys = registry.nodes.len();
    let loaded = |registry: &Registry| registry.nodes.iter().flatten().map(|node| node.values.len()).sum::<usize>();
    let base = loaded(&registry);
    let one = find(&mut registry, "Machine\\Software\\T\\APP 077", PLAIN).unwrap();
    assert_eq!(registry.value(one, &wide("VALUE 399")).unwrap().data[..], [1; 4]);
    let after = loaded(&registry);
    assert!(after - base <= 400, "{keys} keys, {base} then {after} values");
    let top = top_of(&mut registry);
    assert_eq!((registry.keys, registry.facts(top).unwrap().subkeys), (201, 200));
    // What nobody has read is copied.
    let before = whole(&mut home.open_again());
    drop(registry);
    let mut registry = home.open();
    let key = find(&mut registry, "Machine\\Software\\T\\app 001", PLAIN).unwrap();
    registry.unset(key, &wide("value 7")).unwrap();
    registry.fold().unwrap();
    drop(registry);
    let mut registry = home.open();
    let after = whole(&mut registry);
    assert_eq!(before.lines().count() - 1, after.lines().count());
}

fn top_of(registry: &mut Registry) -> u32 {
    find(registry, "Machine\\Software\\T", PLAIN).unwrap()
}

impl Home {
    /// As one looks at it while somebody else has it.
    fn open_again(&self) -> Registry {
        Registry::look(&self.place(), &[]).unwrap()
    }
}

/// What is done to both registries.
#[derive(Clone, Debug)]
enum Step {
    Make(usize, u8, bool),
    Set(usize, u8, u32, Vec<u8>),
    Unset(usize, u8),
    Delete(usize),
    Rename(usize, u8),
    Again,
    Fold,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..12_usize;
    prop_oneof![
        4 => (key.clone(), 0..6_u8, proptest::bool::weighted(0.1)).prop_map(|(key, name, volatile)| Step::Make(key, name, volatile)),
        4 => (key.clone(), 0..6_u8, 0..12_u32, proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(key, name, kind, data)| Step::Set(key, name, kind, data)),
        2 => (key.clone(), 0..6_u8).prop_map(|(key, name)| Step::Unset(key, name)),
        2 => key.clone().prop_map(Step::Delete),
        1 => (key, 0..6_u8).prop_map(|(key, name)| Step::Rename(key, name)),
        1 => Just(Step::Again),
        1 => Just(Step::Fold),
    ]
}

/// A key by its number in the whole tree below a place with a base.
fn numbered(registry: &mut Registry, number: usize) -> u32 {
    let top = find(registry, "Machine\\SAM", PLAIN).unwrap();
    let other = find(registry, "Machine\\Hardware", PLAIN).unwrap();
    let mut found = vec![top, other];
    let mut at = 0;
    while at < found.len() && found.len() < 200 {
        let below: Vec<u32> = registry.subkeys(found[at], 0).unwrap().map(|(_, id)| id).collect();
        found.extend(below);
        at += 1;
    }
    found[number % found.len()]
}

const NAMES: [&str; 6] = ["", "a", "B", "System", "Failed", "\u{e9}"];

fn apply(registry: &mut Registry, step: &Step) -> Result<(), NTSTATUS> {
    match step {
        Step::Make(key, name, volatile) => {
            let at = numbered(registry, *key);
            registry.create(at, &wide(NAMES[1.max(usize::from(*name))]), PLAIN, &New { volatile: *volatile, ..New::default() }).map(|_| ())
        }
        Step::Set(key, name, kind, data) => {
            let at = numbered(registry, *key);
            registry.set(at, &wide(NAMES[usize::from(*name)]), *kind, data)
        }
        Step::Unset(key, name) => {
            let at = numbered(registry, *key);
            registry.unset(at, &wide(NAMES[usize::from(*name)]))
        }
        Step::Delete(key) => {
            let at = numbered(registry, *key);
            registry.delete(at)
        }
        Step::Rename(key, name) => {
            let at = numbered(registry, *key);
            registry.rename(at, &wide(NAMES[1.max(usize::from(*name))]))
        }
        Step::Again | Step::Fold => Ok(()),
    }
}

/// Takes volatile keys away, as the end of a sandbox does.
fn end(registry: &mut Registry) {
    let mut left = vec![ROOT];
    let mut found = Vec::new();
    while let Some(id) = left.pop() {
        found.push(id);
        left.extend(registry.subkeys(id, 0).unwrap().map(|(_, id)| id));
    }
    for id in found.into_iter().rev() {
        if registry.facts(id).is_ok_and(|facts| facts.volatile) {
            registry.delete(id).unwrap();
        }
    }
}

/// Values without their order, which is that of their making: an index tells the sandbox's own after the base's.
fn sorted(registry: &mut Registry) -> Vec<String> {
    let mut text = String::new();
    for place in ["Machine\\SAM", "Machine\\Hardware"] {
        let at = find(registry, place, PLAIN).unwrap();
        text += &String::from_utf8(export(registry, at, Format::Wine, false).unwrap().bytes).unwrap();
    }
    let (mut key, mut lines) = (String::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with('[') {
            key = line.to_owned();
        }
        lines.push(format!("{key} {line}"));
    }
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_disk_and_the_memory_come_to_the_same(steps in proptest::collection::vec(step(), 1..60)) {
        let home = Home::new("model");
        let (mut kept, mut model) = (home.open(), memory());
        for step in &steps {
            if let Step::Again = step {
                kept.finish();
                drop(kept);
                kept = home.open();
                end(&mut model);
            } else if let Step::Fold = step {
                kept.fold().unwrap();
            } else {
                prop_assert_eq!(apply(&mut kept, step), apply(&mut model, step), "{:?}", step);
            }
        }
        prop_assert_eq!(sorted(&mut kept), sorted(&mut model));
        drop(kept);
        let mut kept = home.open();
        end(&mut model);
        prop_assert_eq!(sorted(&mut kept), sorted(&mut model));
        prop_assert_eq!((kept.keys, kept.bytes), (model.keys, model.bytes));
        prop_assert_eq!(home.verify().findings, vec![]);
    }
}
