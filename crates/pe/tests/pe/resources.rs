//! Resources and version information.

use crate::{
    builder::*,
    complete::{self, branch, node, utf16},
};
use pe::*;

const DIRECTORY: u32 = 1 << 31;

fn complete(check: impl Fn(Image<'_>)) {
    let mut builder = Builder::new(Kind::Pe32);
    complete::resources(&mut builder);
    let (file, mapped) = (builder.file(), builder.mapped());
    check(Image::parse(&file, Layout::File).unwrap());
    check(Image::parse(&mapped, Layout::Mapped).unwrap());
}

#[test]
fn finds_resources() {
    let units: Vec<u16> = "mEnU".encode_utf16().collect();
    let menu = Id::Name(Utf16::from(&units[..]));
    let number = Id::Number;
    complete(|image| {
        let resources = image.resources().unwrap().unwrap();
        let size = |kind, name, language| resources.find(kind, name, language).unwrap().map(|data| data.size);
        assert_eq!(size(menu, number(2), Some(9)), Some(4));
        assert_eq!(size(menu, number(2), Some(1033)), Some(10));
        assert_eq!(size(menu, number(2), None), Some(4));
        assert_eq!(size(menu, number(2), Some(7)), None);
        assert_eq!(size(menu, number(3), None), None);
        assert_eq!(size(number(4), number(2), None), None);
        let data = resources.find(menu, number(2), Some(1033)).unwrap().unwrap();
        assert_eq!((image.at(data.rva, data.size), data.code_page), (Some(&b"menu bytes"[..]), 0));

        let types: Vec<_> = resources.types().unwrap().map(|id| format!("{:?}", id.unwrap())).collect();
        assert_eq!(types, [r#"Name("MENU")"#, "Number(16)"]);
        assert_eq!(resources.names(menu).unwrap().collect::<Vec<_>>(), [Ok(number(2))]);
        assert_eq!(resources.names(number(9)).unwrap().count(), 0);
        assert_eq!(resources.languages(menu, number(2)).unwrap().collect::<Vec<_>>(), [9, 1033]);
        let all: Vec<_> = resources.iter().map(|one| one.unwrap()).map(|one| (one.name, one.language, one.data.size)).collect();
        assert_eq!(all[..2], [(number(2), 9, 4), (number(2), 1033, 10)]);
        assert_eq!((all.len(), all[2].0, all[2].1), (3, number(1), 0));
    });
}

/// What a walk over a resource tree ends with.
fn error(tree: &[u8]) -> Option<Malformed> {
    let mut builder = Builder::new(Kind::Pe32);
    let rva = builder.put(tree);
    builder.directory(RESOURCE, rva, 0);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    image.resources().unwrap().unwrap().iter().find_map(Result::err)
}

#[test]
fn refuses_bad_trees() {
    let bad = Some(Malformed::BadField("resource tree"));
    let outside = Some(Malformed::Outside("resource tree"));
    assert_eq!(error(&branch(0, &[])), None);
    assert_eq!(error(&branch(0, &[(1, 24)])), bad, "data instead of a type's directory");
    assert_eq!(error(&branch(0, &[(1, DIRECTORY)])), bad, "a fourth level");
    assert_eq!(error(&branch(0, &[(1, DIRECTORY | 0x200)])), outside);
    assert_eq!(error(&branch(0, &[(1, u32::MAX)])), outside);
    assert_eq!(error(&branch(1, &[(DIRECTORY | 0x200, DIRECTORY)])), Some(Malformed::Outside("resource name")));
    assert_eq!(error(&branch(1, &[(DIRECTORY | 0x1ff, DIRECTORY)])), Some(Malformed::Outside("resource name")));
    let mut many = branch(0, &[]);
    set(&mut many, 12, &[0xff; 4]);
    assert_eq!(error(&many), outside, "more entries than bytes");
}

#[test]
fn reads_the_version() {
    complete(|image| {
        let version = image.version().unwrap().unwrap();
        let fixed = version.fixed().unwrap();
        assert_eq!((fixed.file, fixed.product, fixed.flags), ([1, 2, 3, 4], [5, 6, 7, 8], 0x01));
        assert_eq!((fixed.os, fixed.kind, fixed.subkind, fixed.date), (0x4_0004, 1, 0, 9));
        let [table] = version.string_tables().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((table.language(), table.key().to_string()), (Some((0x409, 1200)), "040904B0".to_owned()));
        let texts: Vec<_> = table.strings().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(texts, ["ProductName=Probe \u{1f50d}", "Comments="]);
        assert_eq!(version.string("productname").map(|text| text.to_string()).as_deref(), Some("Probe \u{1f50d}"));
        assert_eq!(version.string("Nothing"), None);
        assert_eq!(version.translations().collect::<Vec<_>>(), [(0x409, 1200)]);
    });
}

#[test]
fn reads_versions_that_are_not_quite_right() {
    let texts = |string: Vec<u8>| {
        let table = node(true, "xyz", 0, &[], &[string]);
        let version = node(false, "VS_VERSION_INFO", 0, &[], &[node(true, "StringFileInfo", 0, &[], &[table])]);
        let version = VersionInfo::parse(&version).unwrap();
        assert_eq!((version.fixed(), version.translations().count()), (None, 0));
        version
            .string_tables()
            .flat_map(|table| {
                assert_eq!(table.language(), None);
                table.strings().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    // The value's length in bytes instead of characters, with and without a NUL.
    assert_eq!(texts(node(true, "Key", 10, &utf16(&["abcd\0"]), &[])), ["Key=abcd"]);
    assert_eq!(texts(node(true, "Key", 8, &utf16(&["abcd"]), &[])), ["Key=abcd"]);
    // A node longer than the one around it.
    let mut long = node(true, "Key", 3, &utf16(&["ab\0"]), &[]);
    set(&mut long, 0, &[0xff, 0xff]);
    assert_eq!(texts(long), ["Key=ab"]);
    // One that is shorter than its header.
    assert_eq!(texts(halves(&[5, 0, 1])), [""; 0]);

    assert_eq!(VersionInfo::parse(b"").err(), Some(Malformed::BadField("version resource")));
    assert_eq!(VersionInfo::parse(&node(false, "OTHER", 0, &[], &[])).err(), Some(Malformed::BadField("version resource")));
}

#[test]
fn shows_utf16() {
    let text = Utf16::from(&[0x61, 0xd800, 0x62, 0xd83d, 0xdd0d][..]);
    assert_eq!((text.to_string().as_str(), text.len(), text.is_empty()), ("a\u{fffd}b\u{1f50d}", 5, false));
    assert!(Utf16::default().is_empty());
    assert!(text.is_name([0x41, 0xd800, 0x42, 0xd83d, 0xdd0d]));
    assert!(!text.is_name([0x41, 0xd800, 0x42, 0xd83d]));
    // Only ASCII letters have a case.
    assert!(!Utf16::from(&[0xe4][..]).is_name([0xc4]));
}
