//! Reading and writing registries as text.

use super::super::name::wide;
use super::super::{How, Limits, ROOT, Registry};
use super::*;
use proptest::prelude::*;

fn read(text: &[u8]) -> Result<Vec<(u32, Statement)>, Wrong> {
    let mut found = Vec::new();
    parse(text, &mut |line, statement| {
        found.push((line, statement));
        Ok(())
    })?;
    Ok(found)
}

fn value(name: &str, kind: u32, data: &[u8]) -> Statement {
    Statement::Value { name: wide(name), kind, data: data.to_vec() }
}

fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn version_five_is_read() {
    let source = "Windows Registry Editor Version 5.00\r\n\r\n; a comment\r\n[HKEY_LOCAL_MACHINE\\Software\\T]\r\n@=\"x\\\\y \\\"z\\\"\"\r\n\"d\"=dword:0000002a\r\n\"h\"=hex:01,02,\\\r\n  03\r\n\"e\"=hex(2):41,00,00,00\r\n\"gone\"=-\r\n[-HKCU\\Software\\Old]\r\n";
    let expected = [
        (4, Statement::Key { path: wide("MACHINE\\Software\\T"), class: vec![], link: false }),
        (5, value("", 1, &text("x\\y \"z\""))),
        (6, value("d", 4, &[42, 0, 0, 0])),
        (7, value("h", 3, &[1, 2, 3])),
        (9, value("e", 2, &text("A"))),
        (10, Statement::RemoveValue { name: wide("gone") }),
        (11, Statement::RemoveKey { path: wide(&format!("USER\\{USER_SID}\\Software\\Old")) }),
    ];
    assert_eq!(read(source.as_bytes()).unwrap(), expected);
    let units: Vec<u8> = [0xFEFF].into_iter().chain(source.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&units).unwrap(), expected, "as Windows writes it");
}

#[test]
fn a_list_of_many_lines_is_read_once() {
    let head = "Windows Registry Editor Version 5.00\n[HKCU\\T]\n\"v\"=hex:00,\\\n";
    let of = |count: usize| format!("{head}{}ff\n", "  0a,\\\n".repeat(count));
    let start = std::time::Instant::now();
    let found = read(of(super::super::LARGEST_VALUE - 2).as_bytes()).unwrap();
    assert!(matches!(&found[1].1, Statement::Value { data, .. } if data.len() == super::super::LARGEST_VALUE));
    // Looking at all that was read for each line more takes hours.
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    let wrong = read(of(3 * super::super::LARGEST_VALUE).as_bytes()).unwrap_err();
    assert_eq!((wrong.line, wrong.what.as_str()), (3, "the value is larger than 1 MiB"));
    assert!(wrong.text.len() < 1000, "the line is not told as a whole");
    // What is no list any more is not carried on.
    assert!(read(format!("{head}\"w\"=\"x\\\n").as_bytes()).is_err());
}

#[test]
fn version_four_is_of_the_ansi_code_page() {
    let source = b"REGEDIT4\r\n[HKEY_CURRENT_USER\\Software]\r\n\"\x80\"=\"\xe9\"\r\n\"m\"=hex(7):41,00,42,00,00\r\n";
    let found = read(source).unwrap();
    assert_eq!(found[1].1, value("\u{20ac}", 1, &text("\u{e9}")));
    assert_eq!(found[2].1, value("m", 7, &"A\0B\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()));
}

#[test]
fn wines_own_files_are_read() {
    let source = "WINE REGISTRY Version 2\n;; All keys relative to \\\\User\\\\S-1-5-21-0-0-0-1000\n\n#arch=win64\n\n[Software\\\\T] 1600000000\n#time=1d6\n#class=\"c\"\n\"p\"=str(2):\"%X%\\\\\\x00e9\"\n@=\"a\\nb\"\n";
    let found = read(source.as_bytes()).unwrap();
    assert_eq!(found[0].1, Statement::Key { path: wide(&format!("USER\\{USER_SID}\\Software\\T")), class: wide("c"), link: false });
    assert_eq!(found[1].1, value("p", 2, &text("%X%\\\u{e9}")));
    assert_eq!(found[2].1, value("", 1, &text("a\nb")));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let head = "Windows Registry Editor Version 5.00\n";
    let rows = [
        ("", 1, "empty"),
        ("hello", 1, "no registry file"),
        (&format!("{head}\"a\"=\"b\"")[..], 2, "below a key"),
        (&format!("{head}[HKEY_NOWHERE\\x]"), 2, "starts with"),
        (&format!("{head}[HKLM\\x"), 2, "`]`"),
        (&format!("{head}[HKLM\\x]\n\n\"a\"=dword:xyz"), 4, "hexadecimal"),
        (&format!("{head}[HKLM\\x]\n\"a\"=hex:01,0g"), 3, "0g"),
        (&format!("{head}[HKLM\\x]\n\"a=b"), 3, "quote"),
        (&format!("{head}[HKLM\\x]\nnonsense"), 3, "no key, value or comment"),
        ("WINE REGISTRY Version 2\n[x]", 2, "where its keys lie"),
    ];
    for (source, line, what) in rows {
        let wrong = read(source.as_bytes()).unwrap_err();
        assert_eq!(wrong.line, line, "{source}: {wrong}");
        assert!(wrong.to_string().contains(what), "{source}: {wrong}");
    }
}

/// Does what a file says.
fn import(registry: &mut Registry, bytes: &[u8]) {
    let mut importer = super::super::Importer::default();
    parse(bytes, &mut |_, statement| importer.apply(registry, &statement)).unwrap();
}

fn top(registry: &mut Registry) -> u32 {
    registry.find(ROOT, &wide(&format!("USER\\{USER_SID}\\Software")), How::default()).unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        values in proptest::collection::vec((any::<String>(), 0..12_u32, proptest::collection::vec(any::<u8>(), 0..60)), 0..20),
        texts in proptest::collection::vec((any::<String>(), any::<String>()), 0..10),
    ) {
        for format in [Format::Five, Format::Wine] {
            let mut first = Registry::temporary(&[], Limits::default());
            let at = top(&mut first);
            let key = first.create(at, &wide("T [x] \u{e9}"), How::default(), &Default::default()).unwrap().0;
            let plain = |name: &str| name.chars().filter(|letter| !"\r\n".contains(*letter)).collect::<String>();
            for (name, kind, data) in &values {
                first.set(key, &wide(&plain(name)), *kind, data).unwrap();
            }
            for (name, data) in &texts {
                first.set(key, &wide(&plain(name)), 1, &text(data)).unwrap();
            }
            let at = top(&mut first);
            let bytes = export(&mut first, at, format, true).unwrap().bytes;
            let mut second = Registry::temporary(&[], Limits::default());
            import(&mut second, &bytes);
            let at = top(&mut second);
            prop_assert_eq!(bytes, export(&mut second, at, format, true).unwrap().bytes, "{:?}", format);
        }
    }

    #[test]
    fn no_file_ends_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400), head in 0..3_usize) {
        let heads = ["Windows Registry Editor Version 5.00\n[HKLM\\x]\n", "REGEDIT4\n[HKLM\\x]\n", "WINE REGISTRY Version 2\n;; All keys relative to \\\\Machine\n[x]\n"];
        let _ = read(&[heads[head].as_bytes(), &bytes].concat());
        let _ = read(&bytes);
    }

    #[test]
    fn no_line_ends_the_reader(lines in "(\\[|\\]|\"|\\\\|=|hex|dword|str|:|\\(|\\)|;|#|@|-|,|0|7|a|\n| ){0,60}", head in 0..3_usize) {
        let heads = ["Windows Registry Editor Version 5.00\n[HKLM\\x]\n", "REGEDIT4\n[HKLM\\x]\n", "WINE REGISTRY Version 2\n;; All keys relative to \\\\Machine\n[x]\n"];
        let _ = read(format!("{}{lines}", heads[head]).as_bytes());
    }
}
