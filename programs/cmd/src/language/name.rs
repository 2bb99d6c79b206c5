//! A command's name, and what stands behind it.

use super::reader::is_separator;

/// Splits a text into its first word, quotes and all, and what follows it.
pub fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(is_separator);
    let mut quoted = false;
    let end = text.char_indices().find(|(_, character)| {
        quoted ^= *character == '"';
        !quoted && is_separator(*character)
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

/// The command of the interpreter's own that a text begins with, and what follows: its name may end at other characters than a
/// blank (`echo.`, `cd..`, `dir/b`). Names that a file may have too (`echo.exe`) are told apart by their caller.
pub fn own<'a, 'b>(text: &'a str, names: &[&'b str]) -> Option<(&'b str, &'a str)> {
    let text = text.trim_start_matches(is_separator);
    let length = text.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(length);
    let name = names.iter().find(|name| name.eq_ignore_ascii_case(word))?;
    let ends = rest
        .chars()
        .next()
        .is_none_or(|next| is_separator(next) || matches!(next, '.' | ':' | '/' | '\\' | '+' | '(' | ')' | '[' | ']' | '"' | '<' | '>' | '|' | '&'));
    ends.then_some((*name, rest))
}

/// Words of a command's arguments, with their quotes.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        let (word, behind) = split(rest);
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// A word without its quotes.
pub fn unquoted(word: &str) -> alloc::string::String {
    word.chars().filter(|character| *character != '"').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_many_ways() {
        let names = ["echo", "cd", "dir"];
        for (text, expected) in [
            ("echo hi", Some(("echo", " hi"))),
            ("ECHO.hi", Some(("echo", ".hi"))),
            ("cd..", Some(("cd", ".."))),
            ("dir/b", Some(("dir", "/b"))),
            ("echo(", Some(("echo", "("))),
            ("echoes", None),
            ("cd2", None),
        ] {
            assert_eq!(own(text, &names), expected, "{text}");
        }
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split("\"a b\"c d"), ("\"a b\"c", " d"));
        assert_eq!(words(" a,\"b c\" ;d").collect::<alloc::vec::Vec<_>>(), ["a", "\"b c\"", "d"]);
        assert_eq!(unquoted("\"a\"b"), "ab");
    }
}
