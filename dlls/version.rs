//! What a DLL or a program says of itself: a version resource.
#![allow(dead_code, reason = "a build script makes files of one kind")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What a file is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A program.
    Program = 1,
    /// A DLL.
    Library = 2,
}

/// Writes the resource for the linker, and answers where it is. The numbers are those of the Windows that programs are told of by default.
pub fn write(name: &str, file: &str, kind: Kind) -> PathBuf {
    const NUMBERS: [u16; 4] = [10, 0, 19045, 1];
    const ENGLISH: u16 = 0x409;
    const UNICODE: u16 = 1200;
    let text = NUMBERS.map(|number| number.to_string()).join(".");
    let rows = [
        ("CompanyName", "win-compat"),
        ("FileDescription", &env::var("CARGO_PKG_DESCRIPTION").unwrap_or_default()),
        ("FileVersion", &text),
        ("InternalName", name),
        ("OriginalFilename", file),
        ("ProductName", "win-compat"),
        ("ProductVersion", &text),
    ];
    let strings: Vec<_> = rows.iter().map(|(key, value)| node(key, 1, &wide(value), wide(value).len() / 2, &[])).collect();
    let table = node(&format!("{ENGLISH:04x}{UNICODE:04x}"), 1, &[], 0, &strings);
    let translation: Vec<u8> = [ENGLISH, UNICODE].iter().flat_map(|half| half.to_le_bytes()).collect();
    let children = [
        node("StringFileInfo", 1, &[], 0, &[table]),
        node("VarFileInfo", 1, &[], 0, &[node("Translation", 0, &translation, translation.len(), &[])]),
    ];
    let [major, minor, build, revision] = NUMBERS.map(u32::from);
    let version = [major << 16 | minor, build << 16 | revision];
    // VS_FIXEDFILEINFO: signature, version of the structure, file and product version, mask and flags, Windows NT, what the file is.
    let fixed = [0xFEEF_04BD, 0x1_0000, version[0], version[1], version[0], version[1], 0x3F, 0, 0x4_0004, kind as u32, 0, 0, 0];
    let fixed: Vec<u8> = fixed.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    let data = node("VS_VERSION_INFO", 0, &fixed, fixed.len(), &children);
    // A resource file: an empty resource that says what it is, and the one of type 16 (RT_VERSION) with number 1.
    let head = |length: usize, kind: u16, number: u16, language: u16| {
        let mut head: Vec<u8> = [length as u32, 32].iter().flat_map(|word| word.to_le_bytes()).collect();
        head.extend([0xFFFF, kind, 0xFFFF, number, 0, 0, 0x30, language, 0, 0, 0, 0].iter().flat_map(|half: &u16| half.to_le_bytes()));
        head
    };
    let path = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("version.res");
    fs::write(&path, [head(0, 0, 0, 0), head(data.len(), 16, 1, ENGLISH), data].concat())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// UTF-16 with its NUL.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A node of a version resource: its length, the value's length, whether that is text, a key, the value, children.
fn node(key: &str, text: u16, value: &[u8], value_length: usize, children: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes: Vec<u8> = [0, value_length as u16, text].iter().flat_map(|half| half.to_le_bytes()).collect();
    bytes.extend(wide(key));
    for part in std::iter::once(value).chain(children.iter().map(Vec::as_slice)) {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(part);
    }
    let length = bytes.len() as u16;
    bytes[..2].copy_from_slice(&length.to_le_bytes());
    bytes
}
