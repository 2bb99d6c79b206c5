//! Delayed expansion: `!name!` with its ways to cut and replace, when a command runs. Where a text has a `!`, a caret keeps the next character
//! as it is, in quotes too.

use super::percent::{Found, Scope, variable};
use alloc::string::String;
use alloc::vec::Vec;

/// Expands one text.
pub fn expand(text: &str, scope: &dyn Scope) -> String {
    if !text.contains('!') {
        return text.into();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut expanded = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        at += 1;
        match character {
            '^' => {
                expanded.extend(characters.get(at));
                at += 1;
            }
            '!' => match variable(&characters[at..], '!', scope) {
                Found::Value(text, length) => {
                    expanded.push_str(&text);
                    at += length;
                }
                Found::Undefined(length) => at += length,
                Found::Open => {}
            },
            other => expanded.push(other),
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::testing::Fixed;
    use proptest::prelude::*;

    #[test]
    fn names_between_exclamation_marks() {
        let scope = Fixed::line(&[("a", "x & y"), ("n", "12345")]);
        for (text, expanded) in [
            ("[!a!]", "[x & y]"),
            ("!n:~1,2! !n:3=-!", "23 12-45"),
            ("no ^caret", "no ^caret"),
            ("hello^! \"^!\"", "hello! \"!\""),
            ("!b!.", "."),
            ("one!", "one"),
        ] {
            assert_eq!(expand(text, &scope), expanded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_expanded(text in "[!a:~,*=0-9 \\-^]{0,60}") {
            expand(&text, &Fixed::line(&[("a", "some text")]));
        }
    }
}
