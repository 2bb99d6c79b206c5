//! `for /f`: its options, and the parts of a line that it hands out.

use alloc::string::String;
use alloc::vec::Vec;

/// What the options say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What a line begins with that is passed over.
    pub comment: Option<char>,
    /// Lines that are passed over at the start.
    pub skip: usize,
    /// What separates parts.
    pub separators: Vec<char>,
    /// The parts that are handed out, from 1, in ascending order.
    pub parts: Vec<usize>,
    /// The rest of the line is handed out behind them.
    pub rest: bool,
    /// Quotes mean files, back quotes commands, single quotes text.
    pub back_quotes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { comment: Some(';'), skip: 0, separators: Vec::from([' ', '\t']), parts: Vec::from([1]), rest: false, back_quotes: false }
    }
}

/// The highest part that can be asked for.
const MOST: usize = 31;

/// Reads options; the error is what was not understood.
pub fn options(text: &str) -> Result<Options, String> {
    let mut options = Options::default();
    let quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let mut rest = if quoted { &text[1..text.len() - 1] } else { text.trim_matches('"') };
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return Ok(options);
        }
        let lower = rest.to_ascii_lowercase();
        if lower.starts_with("usebackq") {
            options.back_quotes = true;
            rest = &rest["usebackq".len()..];
        } else if lower.starts_with("eol=") {
            let behind = &rest["eol=".len()..];
            options.comment = behind.chars().next();
            rest = &behind[options.comment.map_or(0, char::len_utf8)..];
        } else if lower.starts_with("skip=") {
            let (word, behind) = split_word(&rest[5..]);
            options.skip = super::compare::number(word).and_then(|number| usize::try_from(number).ok()).filter(|skip| *skip > 0).ok_or(rest)?;
            rest = behind;
        } else if lower.starts_with("delims=") {
            // The last option may have a blank among its separators.
            let (word, behind) = match next_option(&lower[7..]) {
                Some(at) => rest[7..].split_at(at),
                None => (&rest[7..], ""),
            };
            options.separators = word.chars().collect();
            rest = behind;
        } else if lower.starts_with("tokens=") {
            let (word, behind) = split_word(&rest[7..]);
            (options.parts, options.rest) = parts(word).ok_or(rest)?;
            rest = behind;
        } else {
            return Err(rest.into());
        }
    }
}

fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find([' ', '\t']).unwrap_or(text.len()))
}

/// Where another option begins behind a blank.
fn next_option(text: &str) -> Option<usize> {
    let begins =
        |at: &usize| ["eol=", "skip=", "delims=", "tokens=", "usebackq"].iter().any(|name| text[at + 1..].trim_start_matches(' ').starts_with(name));
    text.char_indices().filter(|(_, character)| *character == ' ').map(|(at, _)| at).find(begins)
}

/// `1,3-5*`.
fn parts(text: &str) -> Option<(Vec<usize>, bool)> {
    let (list, rest) = match text.strip_suffix('*') {
        Some(list) => (list.trim_end_matches(','), true),
        None => (text, false),
    };
    let mut parts = Vec::new();
    for piece in list.split(',').filter(|piece| !piece.is_empty()) {
        let number =
            |text: &str| super::compare::number(text).and_then(|number| usize::try_from(number).ok()).filter(|number| (1..=MOST).contains(number));
        match piece.split_once('-') {
            Some((first, last)) => parts.extend(number(first)?..=number(last)?),
            None => parts.push(number(piece)?),
        }
    }
    parts.sort_unstable();
    parts.dedup();
    (rest || !parts.is_empty()).then_some((parts, rest))
}

impl Options {
    /// How many variables a line sets.
    pub fn count(&self) -> usize {
        self.parts.len() + usize::from(self.rest)
    }

    /// The parts of a line, one for each variable; `None` where the line is passed over.
    pub fn split(&self, line: &str) -> Option<Vec<String>> {
        let is_separator = |character: char| self.separators.contains(&character);
        if line.is_empty() || line.chars().next() == self.comment && self.comment.is_some() {
            return None;
        }
        let mut found = Vec::new();
        let (mut left, mut number) = (line, 0);
        let last = self.parts.last().copied().unwrap_or(0);
        while number < last {
            left = left.trim_start_matches(is_separator);
            if left.is_empty() {
                break;
            }
            number += 1;
            let (part, behind) = left.split_at(left.find(is_separator).unwrap_or(left.len()));
            if self.parts.contains(&number) {
                found.push(String::from(part));
            }
            left = behind;
        }
        if self.rest {
            let rest = left.trim_start_matches(is_separator);
            if self.parts.is_empty() || found.len() == self.parts.len() {
                found.push(rest.into());
            }
        }
        if found.first().is_none_or(String::is_empty) {
            return None;
        }
        found.resize(self.count(), String::new());
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_split() {
        for (text, line, parts) in [
            ("", "one two", Some(vec!["one"])),
            ("\"tokens=2\"", "one two", Some(vec!["two"])),
            ("\"tokens=1,2*\"", "a b c d", Some(vec!["a", "b", "c d"])),
            ("\"tokens=*\"", "  a b ", Some(vec!["a b "])),
            ("\"tokens=1-3 delims=,;\"", "a,,b;c", Some(vec!["a", "b", "c"])),
            ("\"delims=\"", " a b", Some(vec![" a b"])),
            ("\"tokens=2 delims== \"", "x = 1", Some(vec!["1"])),
            ("\"eol=# tokens=1\"", "# a", None),
            ("", "; a", None),
            ("", "", None),
            ("\"tokens=3\"", "a b", None),
            ("\"delims=: tokens=1,2\"", "C:\\x", Some(vec!["C", "\\x"])),
            ("\"usebackq tokens=1 delims= \"", "a b", Some(vec!["a"])),
        ] {
            let found = options(text).unwrap().split(line);
            assert_eq!(found, parts.map(|parts| parts.into_iter().map(String::from).collect()), "{text} {line}");
        }
        assert_eq!(options("\"skip=2 eol=\"").unwrap().skip, 2);
        assert!(options("\"tokens=x\"").is_err() && options("\"token=1\"").is_err());
    }

    proptest! {
        #[test]
        fn any_options_and_line(text in "[a-z=,0-9* \"-]{0,40}", options_text in "(tokens|delims|eol|skip)=[0-9,*\\- ]{0,8}") {
            let _ = options(&text);
            if let Ok(options) = options(&options_text) {
                let _ = options.split(&text);
            }
        }
    }
}
