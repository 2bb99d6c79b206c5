//! The registry in archives: keys, values and what the base has lost come out as they went in, and no index that was made to harm does.

use super::{Home, export};
use crate::archive::error::Error;
use crate::archive::stream::Out;
use crate::journal::bytes::Writer;
use crate::journal::header::Header;
use crate::journal::log::{Head, Log};
use crate::objects::{Finding, Hash, now};
use crate::registry::record::{Part, Record};
use crate::registry::text::{Format, export as to_text};
use crate::registry::{How, Limits, New, ROOT, Registry, verify};
use std::path::Path;

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

impl Home {
    fn registry(&self, name: &str) -> Registry {
        Registry::open(&self.folder.join(name).join("registry"), self.principal(name), &[], Limits::default()).unwrap()
    }

    fn text(&self, name: &str) -> String {
        let mut registry = Registry::look(&self.folder.join(name).join("registry"), &[]).unwrap();
        String::from_utf8(to_text(&mut registry, ROOT, Format::Wine, false).unwrap().bytes).unwrap()
    }

    /// Fills a registry with what archives must carry.
    fn fill(&self, name: &str, count: i32) {
        let registry = &mut self.registry(name);
        let top = registry.make_path(&wide("\\Machine\\Software\\Archived"), &wide("a class"), false).unwrap();
        registry.set(top, &wide("Name"), 1, b"t\0e\0x\0t\0\0\0").unwrap();
        registry.set(top, &[], 3, &[1, 2, 3]).unwrap();
        // So many that they are parts of their own.
        for number in 0..count {
            let key = registry.make_path(&wide(&format!("\\Machine\\Software\\Archived\\{}\\{number}", number % 7)), &[], false).unwrap();
            registry.set(key, &wide("Number"), 4, &i32::to_le_bytes(number)).unwrap();
        }
        let link = registry.make_path(&wide("\\Machine\\Software\\Link"), &[], true).unwrap();
        let target: Vec<u8> = wide("\\Registry\\Machine\\Software\\Archived").into_iter().flat_map(u16::to_le_bytes).collect();
        registry.set(link, &wide("SymbolicLinkValue"), 6, &target).unwrap();
        let pages = registry.find(ROOT, &wide("Machine\\System\\CurrentControlSet\\Control\\Nls\\CodePage"), How::default()).unwrap();
        registry.unset(pages, &wide("ACP")).unwrap();
        let gone = registry.find(ROOT, &wide("Machine\\Software\\Classes\\.htm"), How::default()).unwrap();
        registry.delete_all(gone).unwrap();
        let volatile = New { volatile: true, ..New::default() };
        registry.create(top, &wide("Volatile"), How::default(), &volatile).unwrap();
        registry.publish().unwrap();
    }
}

#[test]
fn keys_and_values_come_out_with_their_proof() {
    let home = Home::new();
    home.fill("one", 2000);
    let bytes = home.export("one");
    let (_, amount) = home.import(&bytes, "two", &[]).unwrap();
    assert_eq!(amount.objects, 2000 + 7 + 1 + 1, "keys, without the volatile one");
    assert_eq!(home.text("two"), home.text("one"));
    let check = |name: &str| verify(&home.folder.join(name).join("registry"), &home.principal(name)).unwrap();
    assert_eq!((check("two").findings, check("two").seals), (vec![], 1), "the seal of the one that was exported");
    // It goes on from there, under its own key, and out again.
    let key = home.registry("two").make_path(&wide("\\Machine\\Software\\Archived\\3\\3\\deeper"), &[], false);
    assert!(key.is_ok());
    let registry = &mut home.registry("two");
    registry.publish().unwrap();
    assert_eq!((check("two").findings, check("two").keys), (vec![], 2010));
    home.import(&home.export("two"), "three", &[]).unwrap();
    assert_eq!(home.text("three"), home.text("two"));
    assert_eq!(check("three").findings, vec![]);
    // Without what it has accepted the seal is foreign.
    std::fs::remove_file(home.folder.join("three/authors")).unwrap();
    assert_eq!(check("three").findings.len(), 1);
}

#[test]
fn what_is_not_sealed_does_not_go_out() {
    let home = Home::new();
    home.fill("one", 2000);
    home.registry("one").make_path(&wide("\\Machine\\Software\\Later"), &[], false).unwrap();
    let failed = export(&home.folder.join("one"), &home.principal("one"), &home.user(), &mut Vec::new(), &mut |_| {});
    let Err(Error::Wrong(findings)) = failed else { panic!("{failed:?}") };
    assert_eq!(findings[0].to_string(), "registry/journal.1: what a seal covers: it could not be sealed");
}

#[test]
fn an_altered_registry_is_refused() {
    let home = Home::new();
    let registry = &mut home.registry("one");
    let key = registry.make_path(&wide("\\Machine\\Software\\Key"), &[], false).unwrap();
    registry.set(key, &wide("Value"), 3, &[7; 40]).unwrap();
    registry.publish().unwrap();
    let bytes = home.export("one");
    for at in (64..bytes.len()).step_by(7) {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(home.import(&altered, "two", &[]).is_err(), "byte {at} of {}", bytes.len());
    }
}

/// An archive with an index that the sandbox's own key has signed, of records that nobody should write.
fn crafted(home: &Home, records: impl FnOnce(&mut Vec<Record>, &mut dyn FnMut(&Record) -> Part)) -> Result<(), Error> {
    sealed(home, false, records)
}

/// The same, with a seal of something else if so.
fn sealed(home: &Home, wrong: bool, records: impl FnOnce(&mut Vec<Record>, &mut dyn FnMut(&Record) -> Part)) -> Result<(), Error> {
    let folder = home.folder.join("crafted");
    std::fs::create_dir_all(&folder).unwrap();
    let principal = home.principal("one");
    let root = std::fs::File::open(&folder).unwrap();
    let mut log: Log<Record> = Log::make(std::os::fd::AsFd::as_fd(&root), "index", Head { generation: 1, device: 0 }).unwrap();
    let mut bytes = Writer::default();
    let mut last = Vec::new();
    records(&mut last, &mut |record| {
        let place = log.place(&bytes);
        log.gather(record, &mut bytes).unwrap();
        Part { place, length: log.place(&bytes).offset - place.offset }
    });
    for record in &last {
        log.gather(record, &mut bytes).unwrap();
    }
    log.finish(&mut bytes).unwrap();
    let whole = std::fs::read(folder.join("index")).unwrap();
    let hash = if wrong { Hash::default() } else { Hash::of(&whole) };
    let seal = Header::sign(&principal, hash, whole.len() as u64, Hash::default(), now());
    log.append(&[Record::Seal(Box::new(seal))]).unwrap();
    let whole = std::fs::read(folder.join("index")).unwrap();
    let mut archive = Vec::new();
    let ignored = &mut |_| {};
    let mut out = Out::new(&mut archive, ignored);
    out.raw(crate::archive::MAGIC)?;
    out.raw(&crate::archive::error::VERSION.to_le_bytes())?;
    let certificate = principal.certificate().encode();
    out.raw(&1_u32.to_le_bytes())?;
    out.raw(&(certificate.len() as u32).to_le_bytes())?;
    out.raw(&certificate)?;
    out.begin("registry")?;
    assert!(out.content(&Hash::of(&whole), whole.len() as u64, std::fs::File::open(folder.join("index")).unwrap())?);
    out.end()?;
    out.begin("")?;
    let signature = home.user().sign_archive(&out.digest());
    out.raw(&signature)?;
    home.import(&archive, "two", &[]).map(|_| ())
}

fn key(depth: u16, name: &str, flags: u8, part: Option<Part>) -> Record {
    Record::Key { depth, name: wide(name).into(), class: Box::default(), time: 0, flags, part }
}

/// What `\Registry\Machine\Software\x` takes as the sandbox's own.
const ONE: u64 = 256 + 2;

fn end(last: &mut Vec<Record>, root: Part, keys: u64, bytes: u64) {
    last.extend([Record::End { root, keys, bytes }, Record::End { root, keys, bytes }]);
}

fn tree(put: &mut dyn FnMut(&Record) -> Part, last: &[Record]) -> Part {
    let start = put(&key(1, "MACHINE", 0, None));
    let mut length = start.length + put(&key(2, "SOFTWARE", 0, None)).length;
    for record in last {
        length += put(record).length;
    }
    Part { length, ..start }
}

#[test]
fn an_index_that_is_made_to_harm_is_refused() {
    let home = Home::new();
    let good = crafted(&home, |last, put| {
        let root = tree(put, &[key(3, "x", 1, None)]);
        end(last, root, 1, ONE);
    });
    assert!(good.is_ok(), "{good:?}");
    let refused = |what: &str, done: Result<(), Error>| assert!(matches!(done, Err(Error::Damaged(_) | Error::Wrong(_))), "{what}: {done:?}");
    refused(
        "a part that holds itself",
        crafted(&home, |last, put| {
            let own = Part { place: crate::journal::log::Place { offset: crate::journal::log::HEAD as u64, sequence: 0 }, length: 60 };
            let root = put(&key(1, "MACHINE", 0, Some(own)));
            end(last, root, 0, 0);
        }),
    );
    refused(
        "a part that belongs to two",
        crafted(&home, |last, put| {
            let part = put(&Record::NoValue { name: wide("x").into() });
            let one = put(&key(1, "MACHINE", 0, Some(part)));
            let two = put(&key(1, "USER", 0, Some(part)));
            end(last, Part { length: one.length + two.length, ..one }, 0, 0);
        }),
    );
    refused(
        "a part of nobody",
        crafted(&home, |last, put| {
            put(&Record::NoValue { name: wide("x").into() });
            let root = tree(put, &[key(3, "x", 1, None)]);
            end(last, root, 1, ONE);
        }),
    );
    for (what, record) in [
        ("a backslash", key(3, "x\\y", 1, None)),
        ("no name", key(3, "", 1, None)),
        ("a long name", key(3, &"n".repeat(256), 1, None)),
        ("a key without one above it", key(5, "x", 1, None)),
        ("a key where the system's own lie", key(2, "x", 1, None)),
        ("a journal's record", Record::Delete { path: wide("\\MACHINE").into(), time: 0 }),
    ] {
        let done = crafted(&home, |last, put| {
            let root = tree(put, &[record]);
            end(last, root, 1, ONE);
        });
        refused(what, done);
    }
    for (what, keys, bytes) in [("more keys", 2, ONE), ("fewer bytes", 1, 1)] {
        let done = crafted(&home, |last, put| {
            let root = tree(put, &[key(3, "x", 1, None)]);
            end(last, root, keys, bytes);
        });
        refused(what, done);
    }
    refused(
        "two ends that are not the same",
        crafted(&home, |last, put| {
            let root = tree(put, &[key(3, "x", 1, None)]);
            let own = Part { length: 1 << 20, ..root };
            last.extend([Record::End { root, keys: 1, bytes: ONE }, Record::End { root: own, keys: 1, bytes: ONE }]);
        }),
    );
    let filled = crafted(&home, |last, put| {
        let names: Vec<Record> = (0..70_000).map(|number| key(3, &number.to_string(), 0, None)).collect();
        let root = tree(put, &names);
        end(last, root, 0, 0);
    });
    assert!(matches!(&filled, Err(Error::Damaged(what)) if what.contains("too many")), "{filled:?}");
    refused(
        "a key twice",
        crafted(&home, |last, put| {
            let root = tree(put, &[key(3, "x", 1, None), key(3, "X", 1, None)]);
            end(last, root, 2, 2 * ONE);
        }),
    );
    // Of an index whose seal is wrong nothing else is looked at.
    let done = sealed(&home, true, |last, put| {
        let root = tree(put, &[key(3, "x\\y", 1, None)]);
        end(last, root, 7, 7);
    });
    assert!(matches!(&done, Err(Error::Wrong(findings)) if matches!(findings[..], [Finding::Seal { .. }])), "{done:?}");
    refused(
        "no end",
        crafted(&home, |_, put| {
            tree(put, &[key(3, "x", 1, None)]);
        }),
    );
}

/// The first version of the format with a registry is read by every later one.
#[test]
fn the_first_format_is_read() {
    let home = Home::new();
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/registry.archive")).unwrap();
    let Err(Error::Foreign(user)) = home.import(&bytes, "one", &[]) else { panic!("another user has made it") };
    let (_, amount) = home.import(&bytes, "one", &[user]).unwrap();
    assert_eq!(amount.objects, 359);
    let registry = &mut home.registry("one");
    let id = registry.find(ROOT, &wide("Machine\\Software\\Link\\6\\307"), How::default()).unwrap();
    assert_eq!(registry.value(id, &wide("number")).unwrap().data[..], 307_i32.to_le_bytes());
}

/// Writes the fixture, once: `WRITE_FIXTURE=1`.
#[test]
fn fixtures_are_not_written_by_accident() {
    if std::env::var_os("WRITE_FIXTURE").is_none() {
        return;
    }
    let home = Home::new();
    home.fill("first", 350);
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/registry.archive"), home.export("first")).unwrap();
}
