//! Images whose tables refer to the same bytes again and again: without its bound, each of these walks takes the product of two
//! large numbers of steps, or never ends.

use crate::{
    builder::*,
    complete::{branch, node},
};
use pe::*;

/// How much a walk may look at above the image's length.
const SLACK: usize = 0x10000;

/// The number of items until the error, and the error.
fn run<T>(items: impl Iterator<Item = Result<T, Malformed>>) -> (usize, Option<Malformed>) {
    let mut count = 0;
    for item in items {
        match item {
            Ok(_) => count += 1,
            Err(error) => return (count, Some(error)),
        }
    }
    (count, None)
}

#[test]
fn many_dlls_share_one_list_of_functions() {
    for delayed in [false, true] {
        let mut builder = Builder::new(Kind::Pe32);
        let name = builder.text("a.dll");
        let ordinal = builder.ordinal(1);
        let lookup = builder.pointers(&[&[ordinal; 10_000][..], &[0]].concat());
        let (row, index) = if delayed { (vec![1, name, 0, lookup, lookup, 0, 0, 0], DELAY) } else { (vec![lookup, 0, 0, name, lookup], IMPORT) };
        builder.table(index, &[row.repeat(5_000), vec![0; 8]].concat());
        let file = builder.file();
        let image = Image::parse(&file, Layout::File).unwrap();

        let (imports, delay_imports) = (image.imports().unwrap(), image.delay_imports().unwrap());
        let mut seen = 0;
        let mut error = None;
        let mut symbols = |items: &mut dyn Iterator<Item = Result<Import<'_>, Malformed>>| {
            let (count, failed) = run(items);
            seen += count;
            error = error.or(failed);
        };
        imports.dlls().map_while(Result::ok).for_each(|dll| symbols(&mut dll.symbols()));
        delay_imports.dlls().map_while(Result::ok).for_each(|dll| symbols(&mut dll.symbols()));
        assert!(seen <= (file.len() + SLACK) / 4, "{seen} of 50,000,000");
        assert_eq!(error, Some(Malformed::Excessive(if delayed { "delay-import table" } else { "import table" })));
    }
}

#[test]
fn many_functions_share_one_long_name() {
    let mut builder = Builder::new(Kind::Pe64);
    let dll = builder.text("a.dll");
    let name = builder.hint(0, &"n".repeat(50_000));
    let lookup = builder.pointers(&[&[name; 50_000][..], &[0]].concat());
    builder.table(IMPORT, &[lookup, 0, 0, dll, lookup, 0, 0, 0, 0, 0]);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    let imports = image.imports().unwrap();
    let dll = imports.dlls().next().unwrap().unwrap();
    let (count, error) = run(dll.symbols());
    assert!(count <= (file.len() + SLACK) / 50_000, "{count} of 50,000");
    assert_eq!(error, Some(Malformed::Excessive("import table")));
}

#[test]
fn many_dlls_share_one_long_name() {
    let mut builder = Builder::new(Kind::Pe32);
    let name = builder.text(&"n".repeat(50_000));
    builder.table(IMPORT, &[name, 0, 0, name, name].repeat(20_000));
    let file = builder.file();
    let (count, error) = run(Image::parse(&file, Layout::File).unwrap().imports().unwrap().dlls());
    assert!(count <= (file.len() + SLACK) / 50_000, "{count} of 20,000");
    assert_eq!(error, Some(Malformed::Excessive("import table")));
}

#[test]
fn lists_without_an_end_stop_with_the_image() {
    let mut builder = Builder::new(Kind::Pe32);
    let start = builder.put(&[0x11; 0x1000 - 8]);
    builder.words(&[0x1111_1111; 2]);
    builder.directory(IMPORT, start, 0);
    builder.directory(DELAY, start, 0);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    assert_eq!(run(image.imports().unwrap().dlls()), (0, Some(Malformed::Outside("imported DLL's name"))));
    let callbacks = Tls { data: Span { rva: 0, size: 0 }, zero_fill: 0, alignment: None, index_slot: None, callbacks: Some(start) };
    assert_eq!(run(image.tls_callbacks(&callbacks)), (0x400, Some(Malformed::Outside("TLS callback table"))));
    assert_eq!(image.text(start), None, "no NUL");
}

#[test]
fn texts_end_after_64_kib() {
    let mut builder = Builder::new(Kind::Pe32);
    let short = builder.text(&"s".repeat(0xffff));
    let long = builder.text(&"l".repeat(0x10000));
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    assert_eq!(image.text(short).map(<[u8]>::len), Some(0xffff));
    assert_eq!(image.text(long), None);
}

#[test]
fn many_exports_share_one_long_name() {
    const COUNT: u32 = 50_000;
    let mut builder = Builder::new(Kind::Pe32);
    let name = builder.text(&"n".repeat(50_000));
    let names = builder.words(&[name; COUNT as usize]);
    builder.table(EXPORT, &[0, 0, 0, 0, 1, COUNT, COUNT, names, names, names]);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    let exports = image.exports().unwrap().unwrap();
    let (count, error) = run(exports.iter());
    assert!(count <= (file.len() + SLACK) / 50_000, "{count} of {COUNT}");
    assert_eq!(error, Some(Malformed::Excessive("export table")));
}

#[test]
fn finding_out_whether_names_are_in_order_is_bounded() {
    const COUNT: u32 = 4_000_000;
    let mut builder = Builder::new(Kind::Pe32);
    let name = builder.text(&"n".repeat(0xffff));
    let names = builder.put(&name.to_le_bytes().repeat(COUNT as usize));
    builder.table(EXPORT, &[0, 0, 0, 0, 1, 1, COUNT, names, names, names]);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    // Comparing each name with the one before would take 512 GB.
    assert_eq!(image.exports().unwrap().unwrap().by_name(b"m"), Ok(None));
}

#[test]
fn many_exports_forward_to_one_long_name() {
    const COUNT: u32 = 50_000;
    let mut builder = Builder::new(Kind::Pe32);
    let start = builder.words(&[0; 10]);
    let name = builder.text(&format!("dll.{}", "n".repeat(50_000)));
    let functions = builder.words(&[name; COUNT as usize]);
    set(&mut builder.data, 0, &bytes(&[0, 0, 0, 0, 1, COUNT, 0, functions, 0, 0]));
    builder.directory(EXPORT, start, 0x10_0000);
    let file = builder.file();
    let (count, error) = run(Image::parse(&file, Layout::File).unwrap().exports().unwrap().unwrap().iter());
    assert!(count <= (file.len() + SLACK) / 50_000, "{count} of {COUNT}");
    assert_eq!(error, Some(Malformed::Excessive("export table")));
}

#[test]
fn resource_directories_share_one_directory() {
    const DIRECTORY: u32 = 1 << 31;
    const COUNT: u32 = 1_000;
    // Each of a thousand types has the same thousand names, and each of those the same thousand languages.
    let next = |level: u32| level * (16 + 8 * COUNT);
    let entries = |offset| (0..COUNT).map(|id| (id, offset)).collect::<Vec<_>>();
    let levels = [DIRECTORY | next(1), DIRECTORY | next(2), next(3)];
    let mut tree: Vec<u8> = levels.iter().flat_map(|offset| branch(0, &entries(*offset))).collect();
    tree.extend([0; 16]);
    let mut builder = Builder::new(Kind::Pe32);
    let rva = builder.put(&tree);
    builder.directory(RESOURCE, rva, tree.len());
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    let (count, error) = run(image.resources().unwrap().unwrap().iter());
    assert!(count <= (file.len() + SLACK) / 8, "{count} of 1,000,000,000");
    assert_eq!(error, Some(Malformed::Excessive("resource tree")));
}

#[test]
fn version_nodes_of_no_length_end_the_list() {
    let children = vec![vec![0; 64]; 4];
    let version = node(false, "VS_VERSION_INFO", 0, &[], &[node(true, "StringFileInfo", 0, &[], &children)]);
    assert_eq!(VersionInfo::parse(&version).unwrap().string_tables().count(), 0);
}

#[test]
fn sections_are_limited_to_96() {
    for (count, error) in
        [(96, None), (97, Some(Malformed::BadField("number of sections"))), (0xffff, Some(Malformed::BadField("number of sections")))]
    {
        let mut builder = Builder::new(Kind::Pe32);
        builder.put(&[0; 0x2000]);
        let mut file = builder.file();
        set(&mut file, SIGNATURE + 6, &u16::to_le_bytes(count));
        assert_eq!(Image::parse(&file, Layout::File).err(), error);
    }
}
