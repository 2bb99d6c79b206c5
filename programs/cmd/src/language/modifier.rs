//! `%~fdpnxsatz1` and `%~dp$PATH:a`: what stands between the tilde and the variable.

use alloc::string::String;

/// Modifiers of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modified {
    /// The letters, in lower case.
    pub modifiers: String,
    /// The variable along whose folders the file is looked for.
    pub along: Option<String>,
    /// The variable.
    pub variable: char,
    /// How many characters said it, the tilde included.
    pub length: usize,
}

const LETTERS: &str = "fdpnxsatz";

/// Reads modifiers from their tilde on, up to a character that is a variable: as many letters as possible are modifiers.
pub fn parse(text: &[char], is_variable: impl Fn(char) -> bool) -> Option<Modified> {
    if text.first() != Some(&'~') {
        return None;
    }
    let letters = text[1..].iter().take_while(|letter| LETTERS.contains(letter.to_ascii_lowercase())).count();
    let modifiers = |count: usize| text[1..=count].iter().map(char::to_ascii_lowercase).collect();
    if text.get(letters + 1) == Some(&'$')
        && let Some(colon) = text[letters + 2..].iter().position(|character| *character == ':').map(|at| letters + 2 + at)
        && let Some(variable) = text.get(colon + 1).filter(|character| is_variable(**character))
    {
        let along = Some(text[letters + 2..colon].iter().collect());
        return Some(Modified { modifiers: modifiers(letters), along, variable: *variable, length: colon + 2 });
    }
    (0..=letters).rev().find_map(|count| {
        let variable = *text.get(count + 1).filter(|character| is_variable(**character))?;
        Some(Modified { modifiers: modifiers(count), along: None, variable, length: count + 2 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_letter_may_be_the_variable() {
        let parse = |text: &str| {
            let characters: alloc::vec::Vec<char> = text.chars().collect();
            parse(&characters, |character| "a1".contains(character)).map(|found| (found.modifiers, found.along, found.variable, found.length))
        };
        assert_eq!(parse("~dp1x"), Some(("dp".into(), None, '1', 4)));
        assert_eq!(parse("~nxa"), Some(("nx".into(), None, 'a', 4)));
        assert_eq!(parse("~a b"), Some((String::new(), None, 'a', 2)));
        assert_eq!(parse("~f$PATH:1"), Some(("f".into(), Some("PATH".into()), '1', 9)));
        assert_eq!(parse("~q"), None);
    }
}
