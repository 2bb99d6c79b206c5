//! Reads the rows of `data/*.tsv`: fields between tabs, with escapes; lines that start with `#` are comments.
#![allow(dead_code)]

pub mod arguments;

use crt::Flavor;

/// Both runtimes, in the order of the columns.
pub const FLAVORS: [Flavor; 2] = [Flavor::Msvcrt, Flavor::Ucrt];

/// The rows of a file: line number and fields.
pub fn rows(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.starts_with('#') && !line.is_empty()).map(|(number, line)| (number, line.split('\t').collect()))
}

/// The expectation for each runtime: the second column from `first` may say `=`, or be missing, for the same.
pub fn expected<'a>(row: &[&'a str], first: usize) -> [&'a str; 2] {
    let msvcrt = row.get(first).copied().unwrap_or("");
    let ucrt = row.get(first + 1).copied().unwrap_or("=");
    [msvcrt, if ucrt == "=" { msvcrt } else { ucrt }]
}

/// Resolves `\n \t \r \s \0 \xHH \uHHHH \\`.
pub fn unescape(text: &str) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character != '\\' {
            units.push(character as u16);
            continue;
        }
        let (letter, digits) = (
            rest.as_bytes()[0],
            match rest.as_bytes()[0] {
                b'x' => 2,
                b'u' => 4,
                _ => 0,
            },
        );
        units.push(match letter {
            b'x' | b'u' => u16::from_str_radix(&rest[1..1 + digits], 16).unwrap(),
            b'n' => 10,
            b't' => 9,
            b'r' => 13,
            b's' => 32,
            b'0' => 0,
            other => other.into(),
        });
        rest = &rest[1 + digits..];
    }
    units
}

/// The low bytes of units.
pub fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().map(|&unit| unit as u8).collect()
}

/// Writes units so that `unescape` reads them; `\s` for blanks if `blanks`.
pub fn escape(units: impl IntoIterator<Item = u16>, blanks: bool) -> String {
    let mut text = String::new();
    for unit in units {
        match unit {
            0x5C => text.push_str("\\\\"),
            10 => text.push_str("\\n"),
            9 => text.push_str("\\t"),
            13 => text.push_str("\\r"),
            0 if blanks => text.push_str("\\0"),
            32 if blanks => text.push_str("\\s"),
            32..127 => text.push(unit as u8 as char),
            0..256 => text.push_str(&format!("\\x{unit:02x}")),
            _ => text.push_str(&format!("\\u{unit:04x}")),
        }
    }
    text
}

/// Collects what differs, so that one run shows all of it.
#[derive(Default)]
pub struct Differences(Vec<String>);

impl Differences {
    pub fn check(&mut self, what: impl Fn() -> String, got: &str, wanted: &str) {
        if got != wanted {
            self.0.push(format!("{}\n     got {got}\n  wanted {wanted}", what()));
        }
    }

    pub fn finish(self) {
        assert!(self.0.is_empty(), "{} differences:\n{}", self.0.len(), self.0.join("\n"));
    }
}
