//! Exports, by name and by ordinal, and forwarders.

use crate::{builder::*, complete};
use pe::*;

fn complete(kind: Kind) -> Builder {
    let mut builder = Builder::new(kind);
    builder.put(&[0; 16]);
    complete::exports(&mut builder);
    builder
}

fn forward<'a>(dll: &'a str, symbol: Symbol<'a>) -> Target<'a> {
    Target::Forward(Forward { dll: dll.as_bytes(), symbol })
}

#[test]
fn finds_exports() {
    for kind in KINDS {
        let builder = complete(kind);
        for (bytes, layout) in [(builder.file(), Layout::File), (builder.mapped(), Layout::Mapped)] {
            let image = Image::parse(&bytes, layout).unwrap();
            let exports = image.exports().unwrap().unwrap();
            assert_eq!((exports.name(), exports.ordinal_base(), exports.timestamp()), (Some(&b"self.dll"[..]), 5, 0x77));
            let run = forward("other.v2", Symbol::Name { hint: 0, name: b"Run" });
            let twelve = forward("other", Symbol::Ordinal(12));
            for (ordinal, target) in [
                (4, None),
                (5, Some(Target::Address(DATA))),
                (6, Some(Target::Address(DATA + 4))),
                (7, None),
                (8, Some(Target::Address(DATA + 8))),
                (9, Some(run)),
                (10, Some(twelve)),
                (11, None),
                (u32::MAX, None),
            ] {
                assert_eq!(exports.by_ordinal(ordinal), Ok(target), "{ordinal}");
            }
            for (name, target) in [
                ("Alpha", Some(Target::Address(DATA))),
                ("Beta", Some(Target::Address(DATA + 4))),
                ("Gamma", Some(Target::Address(DATA + 4))),
                ("Go", Some(run)),
                ("Alph", None),
                ("Alphaa", None),
                ("", None),
                ("zzz", None),
            ] {
                assert_eq!(exports.by_name(name.as_bytes()), Ok(target), "{name}");
                for hint in [0, 1, 3, 4, 0xffff] {
                    assert_eq!(exports.by_symbol(Symbol::Name { hint, name: name.as_bytes() }), Ok(target), "{hint} {name}");
                }
            }
            assert_eq!(exports.by_symbol(Symbol::Ordinal(10)), Ok(Some(twelve)));
        }
    }
}

#[test]
fn lists_exports_named_ones_first() {
    let file = complete(Kind::Pe64).file();
    let image = Image::parse(&file, Layout::File).unwrap();
    let exports = image.exports().unwrap().unwrap();
    let listed: Vec<_> = exports.iter().map(|export| export.unwrap()).map(|export| (export.ordinal, export.name)).collect();
    let expected: [(u32, Option<&[u8]>); 6] = [(5, Some(b"Alpha")), (6, Some(b"Beta")), (6, Some(b"Gamma")), (9, Some(b"Go")), (8, None), (10, None)];
    assert_eq!(listed, expected);
}

#[test]
fn no_table_means_no_exports() {
    let file = Builder::new(Kind::Pe32).file();
    assert!(Image::parse(&file, Layout::File).unwrap().exports().unwrap().is_none());
}

/// An image that exports these names in this order, as numbers from 1 on.
fn exporting(names: &[String]) -> Builder {
    let mut builder = Builder::new(Kind::Pe32);
    let functions: Vec<u32> = (1..=names.len() as u32).collect();
    let ordinals: Vec<u16> = (0..names.len() as u16).collect();
    let rvas: Vec<u32> = names.iter().map(|name| builder.text(name)).collect();
    let count = names.len() as u32;
    let functions = builder.words(&functions);
    let rvas = builder.words(&rvas);
    let ordinals = builder.put(&halves(&ordinals));
    builder.table(EXPORT, &[0, 0, 0, 0, 1, count, count, functions, rvas, ordinals]);
    builder
}

#[test]
fn finds_names_in_any_order() {
    let mut names: Vec<String> = (0..500).map(|number| format!("Name{}", number * 7919 % 500)).collect();
    for sorted in [false, true] {
        if sorted {
            names.sort();
        }
        let file = exporting(&names).file();
        let image = Image::parse(&file, Layout::File).unwrap();
        let exports = image.exports().unwrap().unwrap();
        for (index, name) in names.iter().enumerate() {
            assert_eq!(exports.by_name(name.as_bytes()), Ok(Some(Target::Address(index as u32 + 1))), "{name}");
            assert_eq!(exports.by_name(format!("{name}x").as_bytes()), Ok(None));
        }
    }
}

#[test]
fn refuses_bad_forwards() {
    for text in ["nodot", "dll.#", "dll.#x", "dll.#+1", "dll.#65536"] {
        let mut builder = Builder::new(Kind::Pe32);
        let start = builder.words(&[0; 10]);
        let text = builder.text(text);
        let functions = builder.words(&[text]);
        set(&mut builder.data, 0, &bytes(&[0, 0, 0, 0, 1, 1, 0, functions, 0, 0]));
        builder.directory(EXPORT, start, 0x100);
        let file = builder.file();
        let image = Image::parse(&file, Layout::File).unwrap();
        assert_eq!(image.exports().unwrap().unwrap().by_ordinal(1), Err(Malformed::BadField("forwarded export")), "{text}");
    }
}

#[test]
fn refuses_tables_that_are_not_there() {
    for (words, error) in [
        ([0, 0, 0, 0, 1, 0x10001, 0, DATA, 0, 0], Malformed::BadField("number of exports")),
        ([0, 0, 0, 0, 1, 0x1000, 0, DATA, 0, 0], Malformed::Outside("export table")),
        ([0, 0, 0, 0, 1, 1, u32::MAX, DATA, DATA, DATA], Malformed::Outside("export table")),
        ([0, 0, 0, 0, 1, 1, 1, DATA, 0x3000, DATA], Malformed::Outside("export table")),
        ([0, 0, 0, 0, 1, 1, 1, DATA, DATA, 0x3000], Malformed::Outside("export table")),
    ] {
        let mut builder = Builder::new(Kind::Pe32);
        builder.table(EXPORT, &words);
        let file = builder.file();
        assert_eq!(Image::parse(&file, Layout::File).unwrap().exports().err(), Some(error), "{words:x?}");
    }
}
