//! Relocations, TLS, delay imports, exceptions: each directory, sound and damaged.

use crate::{builder::*, complete};
use pe::*;

/// An image with one thing in it, looked at in both layouts.
fn both(kind: Kind, make: impl Fn(&mut Builder), check: impl Fn(Image<'_>)) {
    let mut builder = Builder::new(kind);
    make(&mut builder);
    let (file, mapped) = (builder.file(), builder.mapped());
    check(Image::parse(&file, Layout::File).unwrap());
    check(Image::parse(&mapped, Layout::Mapped).unwrap());
}

#[test]
fn nothing_there_is_no_error() {
    for kind in KINDS {
        let nothing = |image: Image<'_>| {
            assert_eq!(image.relocations().unwrap().count(), 0);
            assert_eq!(image.functions().unwrap().iter().len(), 0);
            assert_eq!((image.tls(), image.code_view()), (Ok(None), Ok(None)));
            assert!(image.load_config().unwrap().is_none() && image.resources().unwrap().is_none() && image.version().unwrap().is_none());
        };
        both(kind, |_| (), nothing);
    }
}

#[test]
fn lists_relocations() {
    for kind in KINDS {
        let wide = if kind == Kind::Pe64 { RelocationKind::Dir64 } else { RelocationKind::HighLow };
        let expected = [
            (0x1010, wide),
            (0x1000, RelocationKind::Absolute),
            (0x1020, RelocationKind::High),
            (0x1022, RelocationKind::Low),
            (0x1024, RelocationKind::HighAdj(0x8765)),
        ];
        both(kind, complete::relocations, |image| {
            let listed: Vec<_> = image.relocations().unwrap().map(|one| one.unwrap()).map(|one| (one.rva, one.kind)).collect();
            assert_eq!(listed, expected);
        });
    }
}

/// What a relocation table of 32-bit words makes.
fn relocations(words: &[u32]) -> Vec<Result<u32, Malformed>> {
    let mut builder = Builder::new(Kind::Pe32);
    builder.table(RELOCATION, words);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    image.relocations().unwrap().map(|one| one.map(|one| one.rva)).collect()
}

#[test]
fn refuses_bad_relocations() {
    let (bad, outside) = (Err(Malformed::BadField("relocation table")), Err(Malformed::Outside("relocation table")));
    assert_eq!(relocations(&[DATA, 12, 0x3004_3000, DATA, 8]), [Ok(DATA), Ok(DATA + 4)], "an empty block");
    assert_eq!(relocations(&[DATA, 0, DATA, 12, 0x3004_3000]), [], "zeros end the table");
    assert_eq!(relocations(&[DATA, 7, 0]), [bad], "shorter than its own header");
    assert_eq!(relocations(&[DATA, 16, 0x3000]), [bad], "longer than the table");
    assert_eq!(relocations(&[DATA, 12, 0x5000]), [bad], "a kind of another processor");
    assert_eq!(relocations(&[DATA, 12, 0x4000_3000]), [Ok(DATA), bad], "half a pair");
    assert_eq!(relocations(&[0x2000, 12, 0x3ffd_3ffc]), [Ok(0x2ffc), outside], "across the image's end");
    assert_eq!(relocations(&[u32::MAX, 12, 0x3fff]), [outside]);
    assert_eq!(relocations(&[u32::MAX, 12, 0x0fff]), [Ok(u32::MAX), Ok(u32::MAX)], "padding goes nowhere");
    let mut builder = Builder::new(Kind::Pe32);
    builder.directory(RELOCATION, DATA, 0x201);
    let file = builder.file();
    assert_eq!(Image::parse(&file, Layout::File).unwrap().relocations().err(), Some(Malformed::Outside("relocation table")));
}

#[test]
fn reads_tls() {
    for kind in KINDS {
        both(kind, complete::tls, |image| {
            let tls = image.tls().unwrap().unwrap();
            assert_eq!(image.at(tls.data.rva, tls.data.size), Some(&[1, 2, 3, 4, 5, 6, 7, 8][..]));
            assert_eq!((tls.zero_fill, tls.alignment, tls.index_slot), (16, Some(16), Some(tls.data.rva + 8)));
            let callbacks: Vec<_> = image.tls_callbacks(&tls).map(|address| address.unwrap()).collect();
            assert_eq!(callbacks, [BASE + 0x1100, BASE + 0x1200]);
            assert_eq!(image.based_at(BASE + 0x10000).tls(), Err(Malformed::Outside("TLS directory")));
        });
    }
}

/// A TLS directory of given addresses in a 32-bit image.
fn tls(words: &[u32]) -> Result<Option<Tls>, Malformed> {
    let mut builder = Builder::new(Kind::Pe32);
    builder.table(TLS, words);
    Image::parse(&builder.file(), Layout::File).unwrap().tls()
}

#[test]
fn checks_tls() {
    let (base, outside) = (BASE as u32, Err(Malformed::Outside("TLS directory")));
    let empty = Tls { data: Span { rva: 0, size: 0 }, zero_fill: 0, alignment: None, index_slot: None, callbacks: None };
    assert_eq!(tls(&[0; 6]), Ok(Some(empty)));
    assert_eq!(tls(&[0, 0, 0, 0, 0, 0x00f0_0000]), Ok(Some(empty)), "an alignment that does not exist");
    assert_eq!(tls(&[base + 8, base, 0, 0, 0, 0]), Err(Malformed::BadField("TLS directory")));
    assert_eq!(tls(&[base, base + 0x3001, 0, 0, 0, 0]), outside);
    assert_eq!(tls(&[1, 2, 0, 0, 0, 0]), outside);
    assert_eq!(tls(&[0, 0, 1, 0, 0, 0]), outside);
    assert_eq!(tls(&[0, 0, base + 0x2ffd, 0, 0, 0]), outside, "the index would be written across the image's end");
    assert_eq!(tls(&[0, 0, 0, base + 0x3000, 0, 0]), outside);
}

#[test]
fn finds_functions() {
    both(Kind::Pe64, complete::functions, |image| {
        let functions = image.functions().unwrap();
        let rows: Vec<_> = functions.iter().collect();
        assert_eq!(rows[1], Function { row: DATA + 12, begin: 0x1020, end: 0x1040, unwind_data: 0x1110 });
        for (rva, index) in [(0xfff, None), (0x1000, Some(0)), (0x100f, Some(0)), (0x1010, None), (0x103f, Some(1)), (0x1040, None)] {
            assert_eq!(functions.at(rva), index.map(|index: usize| rows[index]), "{rva:#x}");
        }
    });
    both(Kind::Pe32, complete::functions, |image| assert_eq!(image.functions().unwrap().iter().len(), 0));
    let mut builder = Builder::new(Kind::Pe64);
    builder.directory(EXCEPTION, DATA, 0x201);
    assert_eq!(Image::parse(&builder.file(), Layout::File).unwrap().functions().err(), Some(Malformed::Outside("exception directory")));
}

#[test]
fn finds_the_program_database() {
    let expected = CodeView { guid: *b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", age: 3, path: b"a\\b.pdb" };
    both(Kind::Pe32, complete::code_view, |image| assert_eq!(image.code_view(), Ok(Some(expected))));
    assert_eq!(expected.id(), 0x03020100_0504_0706_0809_0a0b0c0d0e0f);

    // Records that are not mapped are found in the file alone; entries of other kinds, and bad ones, are passed over.
    let mut builder = Builder::new(Kind::Pe32);
    let rva = builder.put(&[b"RSDS".as_slice(), &[0; 20]].concat());
    let offset = Builder::offset(rva) as u32;
    builder.table(DEBUG, &[0, 0, 0, 4, 24, 0, offset, 0, 0, 0, 2, 24, 0, u32::MAX, 0, 0, 0, 2, 24, 0, offset]);
    let (file, mapped) = (builder.file(), builder.mapped());
    assert_eq!(Image::parse(&file, Layout::File).unwrap().code_view(), Ok(Some(CodeView { guid: [0; 16], age: 0, path: b"" })));
    assert_eq!(Image::parse(&mapped, Layout::Mapped).unwrap().code_view(), Ok(None));
}

#[test]
fn reads_the_load_configuration() {
    for kind in KINDS {
        both(kind, complete::config, |image| {
            let config = image.load_config().unwrap().unwrap();
            assert_eq!(config.security_cookie(), Some(DATA));
            assert_eq!(config.guard_flags(), 0x1000_0500);
            assert_eq!((config.guard_check_pointer(), config.guard_dispatch_pointer()), (Some(DATA + 4), Some(DATA + 8)));
            assert_eq!(config.guard_functions(), Some(Span { rva: DATA + 12, size: 15 }));
            let handlers = config.safe_handlers().map(|span| image.at(span.rva, span.size).unwrap().to_vec());
            assert_eq!(handlers, if kind == Kind::Pe32 { Some(bytes(&[DATA, DATA + 0x10])) } else { None });
        });
    }
}

#[test]
fn a_cookie_must_fit_into_the_image() {
    for (cookie, found) in [(0x2ffc, Some(0x2ffc)), (0x2ffd, None), (0x3000, None)] {
        let mut builder = Builder::new(Kind::Pe32);
        let mut table = [0; 16];
        (table[0], table[15]) = (64, BASE as u32 + cookie);
        builder.table(CONFIG, &table);
        let file = builder.file();
        assert_eq!(Image::parse(&file, Layout::File).unwrap().load_config().unwrap().unwrap().security_cookie(), found);
    }
}

#[test]
fn a_short_load_configuration_lacks_fields() {
    for (size, cookie, handlers) in [(92, true, true), (72, true, true), (71, true, false), (64, true, false), (63, false, false), (0, false, false)]
    {
        let mut builder = Builder::new(Kind::Pe32);
        complete::config(&mut builder);
        let (rva, _) = builder.directories[CONFIG];
        let mut file = builder.file();
        set(&mut file, Builder::offset(rva), &u32::to_le_bytes(size));
        let image = Image::parse(&file, Layout::File).unwrap();
        let config = image.load_config().unwrap().unwrap();
        assert_eq!((config.security_cookie().is_some(), config.safe_handlers().is_some()), (cookie, handlers), "{size}");
        assert_eq!(config.guard_flags() != 0, size == 92);
    }
}
