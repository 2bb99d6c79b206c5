//! Ways to change a variable's text: `~start,length` cuts, `old=new` replaces.

use alloc::string::String;
use alloc::vec::Vec;

/// The changed text; `None` where the way makes no sense.
pub fn changed(text: &str, how: &str) -> Option<String> {
    match how.strip_prefix('~') {
        Some(range) => cut(text, range),
        None => replaced(text, how),
    }
}

/// `start`, `start,length`: from the end where a number is negative.
fn cut(text: &str, range: &str) -> Option<String> {
    let (start, length) = match range.split_once(',') {
        Some((start, length)) => (start, Some(length)),
        None => (range, None),
    };
    let characters: Vec<char> = text.chars().collect();
    let place = |number: i64, from: usize| if number < 0 { characters.len() as i64 + number } else { from as i64 + number };
    let start = place(number(start)?, 0).clamp(0, characters.len() as i64) as usize;
    let end = match length {
        None => characters.len(),
        Some(length) => place(number(length)?, start).clamp(start as i64, characters.len() as i64) as usize,
    };
    Some(characters[start..end].iter().collect())
}

/// A decimal number, or one as C writes it; nothing is 0.
fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let digits: String = digits.chars().take_while(|digit| digit.is_digit(radix)).collect();
    let number = i64::from_str_radix(&digits, radix).unwrap_or(if digits.is_empty() { 0 } else { i64::from(i32::MAX) });
    Some(if negative { -number } else { number })
}

/// `old=new`, in whatever case; `*old=new` replaces from the start on, once.
fn replaced(text: &str, how: &str) -> Option<String> {
    let (start, how) = match how.strip_prefix('*') {
        Some(how) => (true, how),
        None => (false, how),
    };
    // The first character is of the text that is looked for, be it an equals sign.
    let first = how.chars().next()?.len_utf8();
    let split = first + how[first..].find('=')?;
    let (old, new) = (&how[..split], &how[split + 1..]);
    let characters: Vec<char> = text.chars().collect();
    let wanted: Vec<char> = old.chars().collect();
    let is_at =
        |at: usize| characters.get(at..at + wanted.len()).is_some_and(|here| here.iter().zip(&wanted).all(|(one, other)| is_same(*one, *other)));
    if start {
        let at = (0..characters.len()).find(|at| is_at(*at));
        return Some(at.map_or_else(|| text.into(), |at| new.chars().chain(characters[at + wanted.len()..].iter().copied()).collect()));
    }
    let (mut changed, mut at) = (String::new(), 0);
    while at < characters.len() {
        if is_at(at) {
            changed.push_str(new);
            at += wanted.len();
        } else {
            changed.push(characters[at]);
            at += 1;
        }
    }
    Some(changed)
}

fn is_same(one: char, other: char) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_changed() {
        for (text, how, expected) in [
            ("abcdef", "~2", Some("cdef")),
            ("abcdef", "~2,2", Some("cd")),
            ("abcdef", "~-3", Some("def")),
            ("abcdef", "~-3,2", Some("de")),
            ("abcdef", "~1,-1", Some("bcde")),
            ("abcdef", "~9", Some("")),
            ("abcdef", "~,3", Some("abc")),
            ("aXbxc", "x=-", Some("a-b-c")),
            ("aXbxc", "*x=-", Some("-bxc")),
            ("abc", "q=-", Some("abc")),
            ("abc", "b=", Some("ac")),
            ("abc", "b", None),
            ("abc", "", None),
        ] {
            assert_eq!(changed(text, how).as_deref(), expected, "{text} {how}");
        }
    }
}
