//! Imports and delay imports, sound and damaged.

use crate::{builder::*, complete};
use pe::*;

/// DLL, lookup table given, and its functions as (slot, text).
fn listed(image: &Image<'_>) -> Vec<(String, Vec<(u32, String)>)> {
    let imports = image.imports().unwrap();
    imports.dlls().map(|dll| dll.unwrap()).map(|dll| (text(dll.name), symbols(dll.symbols()))).collect()
}

fn symbols<'a>(symbols: impl Iterator<Item = Result<Import<'a>, Malformed>>) -> Vec<(u32, String)> {
    let show = |symbol| match symbol {
        Symbol::Ordinal(ordinal) => format!("#{ordinal}"),
        Symbol::Name { hint, name } => format!("{hint}:{}", text(name)),
    };
    symbols.map(|import| import.unwrap()).map(|import| (import.slot, show(import.symbol))).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn both(builder: &Builder, check: impl Fn(Image<'_>)) {
    let (file, mapped) = (builder.file(), builder.mapped());
    check(Image::parse(&file, Layout::File).unwrap());
    check(Image::parse(&mapped, Layout::Mapped).unwrap());
}

#[test]
fn lists_imports() {
    for kind in KINDS {
        let mut builder = Builder::new(kind);
        complete::imports(&mut builder);
        let width = builder.width() as u32;
        both(&builder, |image| {
            let imports = image.imports().unwrap();
            let dlls: Vec<_> = imports.dlls().map(|dll| dll.unwrap()).collect();
            assert_eq!(dlls.iter().map(|dll| dll.bound).collect::<Vec<_>>(), [0, u32::MAX]);
            assert_eq!(dlls[1].lookup_table, dlls[1].address_table, "a missing lookup table");
            let (first, second) = (dlls[0].address_table, dlls[1].address_table);
            let expected = [
                ("KERNEL32.dll".to_owned(), vec![(first, "3:Beep".to_owned()), (first + width, "#7".to_owned())]),
                ("user32.dll".to_owned(), vec![(second, "0:Draw".to_owned())]),
            ];
            assert_eq!(listed(&image), expected);
        });
    }
}

#[test]
fn no_table_means_no_imports() {
    both(&Builder::new(Kind::Pe32), |image| {
        assert_eq!(listed(&image), []);
        assert_eq!(image.delay_imports().unwrap().dlls().count(), 0);
    });
}

#[test]
fn ends_where_name_or_address_table_is_missing() {
    for kind in KINDS {
        for end in [[1, 2, 3, 0, 5], [1, 2, 3, 4, 0]] {
            let mut builder = Builder::new(kind);
            let name = builder.text("a.dll");
            let lookup = builder.pointers(&[0]);
            builder.table(IMPORT, &[[lookup, 0, 0, name, lookup], end].concat());
            both(&builder, |image| assert_eq!(listed(&image), [("a.dll".to_owned(), vec![])]));
        }
    }
}

#[test]
fn the_last_descriptor_may_lie_in_zeros() {
    let mut builder = Builder::new(Kind::Pe32);
    builder.zeros = 0x20;
    let name = builder.text("a.dll");
    let lookup = builder.pointers(&[0]);
    builder.data.resize(0x200 - 20, 0);
    let rva = builder.here();
    builder.data.extend(bytes(&[lookup, 0, 0, name, lookup]));
    builder.directory(IMPORT, rva, 20);
    both(&builder, |image| assert_eq!(listed(&image), [("a.dll".to_owned(), vec![])]));
}

#[test]
fn names_what_points_outside() {
    let outside = |kind, lookup: u64, dll: u32, slots: u32| {
        let mut builder = Builder::new(kind);
        let (name, table) = (builder.text("a.dll"), builder.pointers(&[lookup, 0]));
        builder.table(IMPORT, &[table, 0, 0, if dll == 0 { name } else { dll }, if slots == 0 { table } else { slots }, 0, 0, 0, 0, 0]);
        let file = builder.file();
        let image = Image::parse(&file, Layout::File).unwrap();
        let imports = image.imports().unwrap();
        let error = imports.dlls().find_map(|dll| match dll {
            Ok(dll) => dll.symbols().find_map(Result::err),
            Err(error) => Some(error),
        });
        error.unwrap()
    };
    assert_eq!(outside(Kind::Pe32, 0x3000, 0, 0), Malformed::Outside("imported function's name"));
    assert_eq!(outside(Kind::Pe32, 0x7fff_ffff, 0, 0), Malformed::Outside("imported function's name"));
    assert_eq!(outside(Kind::Pe64, 0x1_0000_1000, 0, 0), Malformed::Outside("imported function's name"));
    assert_eq!(outside(Kind::Pe32, 0x1000, 0x7000, 0), Malformed::Outside("imported DLL's name"));
    assert_eq!(outside(Kind::Pe32, 0x1000, 0, 0x2ffd), Malformed::Outside("import address table"));
    assert_eq!(outside(Kind::Pe64, 0x1000, 0, u32::MAX), Malformed::Outside("import address table"));
    let mut builder = Builder::new(Kind::Pe32);
    builder.directory(IMPORT, 0x3000, 20);
    let file = builder.file();
    assert_eq!(Image::parse(&file, Layout::File).unwrap().imports().err(), Some(Malformed::Outside("import table")));
}

#[test]
fn lists_delay_imports_of_both_kinds() {
    for kind in KINDS {
        let mut builder = Builder::new(kind);
        complete::delay_imports(&mut builder);
        both(&builder, |image| {
            let imports = image.delay_imports().unwrap();
            let [new, old] = imports.dlls().map(|dll| dll.unwrap()).collect::<Vec<_>>().try_into().unwrap();
            let slots = new.address_table;
            assert_eq!((new.name, new.attributes, new.module_handle, new.bound), (&b"late.dll"[..], 1, slots, 0));
            assert_eq!(symbols(new.symbols()), [(slots, "1:Late".to_owned())]);
            assert_eq!((old.name, old.attributes, old.module_handle, old.bound), (&b"old.dll"[..], 0, slots, 5));
            let width = builder.width() as u32;
            assert_eq!(symbols(old.symbols()), [(slots + 8, "#9".to_owned()), (slots + 8 + width, "2:Older".to_owned())]);
            // The old kind's addresses are absolute: elsewhere they are wrong.
            let moved = image.based_at(0x7000_0000);
            let moved = moved.delay_imports().unwrap();
            assert_eq!(moved.dlls().nth(1).unwrap().err(), Some(Malformed::Outside("delay-import table")));
        });
    }
}
