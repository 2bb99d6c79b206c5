//! `_splitpath` and `_makepath`: Wine 8 answers the same in each row.

use crt::path::{self, MAX_DIR, MAX_DRIVE, MAX_EXTENSION, MAX_NAME, Parts};
use crt::text::Room;
use crt::{Errno, Unit};

fn no_lead<C: Unit>(_: C) -> bool {
    false
}

#[test]
fn split() {
    for (path, parts) in [
        (r"c:\dir\name.ext", ["c:", r"\dir\", "name", ".ext"]),
        ("c:name.ext", ["c:", "", "name", ".ext"]),
        ("c:", ["c:", "", "", ""]),
        (r"c:\", ["c:", r"\", "", ""]),
        (r"\dir\", ["", r"\dir\", "", ""]),
        (r"dir\name", ["", r"dir\", "name", ""]),
        ("name", ["", "", "name", ""]),
        (".ext", ["", "", "", ".ext"]),
        ("name.", ["", "", "name", "."]),
        ("a.b.c", ["", "", "a.b", ".c"]),
        ("c:/dir/name.ext", ["c:", "/dir/", "name", ".ext"]),
        (r"/a/b\c.d", ["", r"/a/b\", "c", ".d"]),
        ("..", ["", "", ".", "."]),
        (r"..\..", ["", r"..\", ".", "."]),
        (r"\\server\share\file.txt", ["", r"\\server\share\", "file", ".txt"]),
        (r"\\?\c:\dir\name.ext", ["", r"\\?\c:\dir\", "name", ".ext"]),
        (r"dir.with.dots\name", ["", r"dir.with.dots\", "name", ""]),
        (r"dir.d\", ["", r"dir.d\", "", ""]),
        ("", ["", "", "", ""]),
        ("ab:c", ["", "", "ab:c", ""]),
        ("1:x", ["1:", "", "x", ""]),
        (":x", ["", "", ":x", ""]),
        ("::", ["::", "", "", ""]),
        (r"c:\a b\c d.e f", ["c:", r"\a b\", "c d", ".e f"]),
        ("c:.", ["c:", "", "", "."]),
        (r"c:..\x.y.z", ["c:", r"..\", "x.y", ".z"]),
        (r"c:\dir\.hidden", ["c:", r"\dir\", "", ".hidden"]),
        (r"name.ext\", ["", r"name.ext\", "", ""]),
        (r"a:b:c\d", ["a:", r"b:c\", "d", ""]),
    ] {
        let [drive, directory, name, extension] = parts.map(str::as_bytes);
        assert_eq!(path::split(path.as_bytes(), no_lead), Parts { drive, directory, name, extension }, "{path}");
        let wide: Vec<u16> = path.encode_utf16().collect();
        assert_eq!(path::split(&wide, no_lead).name.len(), name.len());
    }
    // A backslash as second byte, as in Japanese.
    assert_eq!(path::split(b"\x83\\a.b", |byte| byte == 0x83).name, b"\x83\\a");
}

#[test]
fn split_into_rooms() {
    let run = |path: Option<&str>| {
        let (mut drive, mut directory, mut name, mut extension) = ([b'x'; MAX_DRIVE], [b'x'; MAX_DIR], [b'x'; MAX_NAME], [b'x'; MAX_EXTENSION]);
        let rooms = [Room::from_slice(&mut drive), Room::from_slice(&mut directory), Room::from_slice(&mut name), Room::from_slice(&mut extension)];
        let result = path::split_s(path.map(str::as_bytes), rooms.map(Result::ok), no_lead);
        (result, [drive[0], directory[0], name[0], extension[0]])
    };
    assert_eq!(run(Some(r"c:\d\n.e")), (Ok(()), *b"c\\n."));
    assert_eq!(run(Some(&"x".repeat(255))).0, Ok(()));
    assert_eq!(run(Some(&"x".repeat(256))), (Err(Errno::Range), [0; 4]));
    assert_eq!(run(Some(&format!("c:.{}", "e".repeat(255)))), (Err(Errno::Range), [0; 4]));
    assert_eq!(run(None), (Err(Errno::Invalid), [0; 4]));
    assert_eq!(path::split_s(Some(&[b'a'][..]), [None, None, None, None], no_lead), Ok(()));
    let mut name = [b'x'; 4];
    path::split_cut(b"abcdef", [None, None, Room::from_slice(&mut name).ok(), None], no_lead);
    assert_eq!(&name, b"abc\0");
}

#[test]
fn make() {
    for (size, parts, wanted) in [
        (260, ["c", r"\sample\crt\", "crt_makepath_s", "c"], Ok(r"c:\sample\crt\crt_makepath_s.c")),
        (260, ["c:", "dir", "name", ".ext"], Ok(r"c:dir\name.ext")),
        (260, ["", "dir", "name", "ext"], Ok(r"dir\name.ext")),
        (260, ["", "", "name", ""], Ok("name")),
        (260, ["c", "", "", ""], Ok("c:")),
        (260, ["c:", "dir/", "name", "ext"], Ok("c:dir/name.ext")),
        (260, ["", r"dir\", "", ""], Ok(r"dir\")),
        (260, ["", "", "", "ext"], Ok(".ext")),
        (260, ["", "", "", ".ext"], Ok(".ext")),
        (260, ["", "", "", ""], Ok("")),
        (260, ["cd", "dir", "n", "e"], Ok(r"c:dir\n.e")),
        (11, ["c:", r"\d\", "name", ".e"], Err(Errno::Range)),
        (12, ["c:", r"\d\", "name", ".e"], Ok(r"c:\d\name.e")),
        (2, ["c", "", "", ""], Err(Errno::Range)),
        (3, ["c", "", "", ""], Ok("c:")),
        (1, ["", "", "", ""], Ok("")),
        (5, ["", "abc", "", ""], Ok(r"abc\")),
        (4, ["", "abc", "", ""], Err(Errno::Range)),
        (6, ["", "", "name", "e"], Err(Errno::Range)),
        (7, ["", "", "name", "e"], Ok("name.e")),
        (260, ["", "c:", "n", ""], Ok(r"c:\n")),
        (260, ["", r"\", "n", ""], Ok(r"\n")),
    ] {
        let mut out = vec![b'x'; size];
        let result = path::make_s(&mut Room::from_slice(&mut out).unwrap(), parts.map(|part| Some(part.as_bytes())), no_lead);
        let text = String::from_utf8(out.split(|&byte| byte == 0).next().unwrap().to_vec()).unwrap();
        assert_eq!(result.map(|()| text.as_str()), wanted, "{parts:?}");
        assert!(result.is_ok() || text.is_empty());
    }
    let mut out = [b'x'; 9];
    path::make_s(&mut Room::from_slice(&mut out).unwrap(), [None, Some(b"\x83\\"), Some(b"n"), None], |byte| byte == 0x83).unwrap();
    assert_eq!(&out[..5], b"\x83\\\\n\0");
}
