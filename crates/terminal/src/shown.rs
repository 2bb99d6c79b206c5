//! Text from a program in a message of ours.

use std::borrow::Cow;

/// Text that came from a program or its files, as it may stand in a message: what would steer a terminal, or show the
/// text in another order than it has, is made visible.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(steers) {
        Cow::Owned(text.chars().map(|character| if steers(character) { char::REPLACEMENT_CHARACTER } else { character }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON whose texts steer no terminal either, and stay what they are: JSON escapes the control characters of ASCII alone. Line feeds
/// between its parts stay.
pub fn escaped(json: &str) -> Cow<'_, str> {
    let hides = |character: char| character != '\n' && steers(character);
    if !json.chars().any(hides) {
        return Cow::Borrowed(json);
    }
    // Of what steers, nothing lies beyond the first 65,536 characters.
    let escape = |character: char| if hides(character) { format!("\\u{:04x}", u32::from(character)) } else { character.into() };
    Cow::Owned(json.chars().map(escape).collect())
}

/// Control characters, line and paragraph separators, and marks of the direction of writing (Unicode's annex 9).
fn steers(character: char) -> bool {
    character.is_control() || matches!(character, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, shown};

    #[test]
    fn nothing_steers_a_terminal() {
        for (text, seen) in [
            ("plain \u{e4}", "plain \u{e4}"),
            ("\u{1b}[2J", "\u{fffd}[2J"),
            ("\u{9b}2J", "\u{fffd}2J"),
            ("a\nb", "a\u{fffd}b"),
            ("txt.\u{202e}exe", "txt.\u{fffd}exe"),
        ] {
            assert_eq!(shown(text), seen);
        }
    }

    #[test]
    fn json_steers_no_terminal() {
        for (json, seen) in [
            ("{\n  \"plain\": \"\u{e4}\"\n}", "{\n  \"plain\": \"\u{e4}\"\n}"),
            ("\"\u{9b}2J\u{7f}\"", "\"\\u009b2J\\u007f\""),
            ("\"txt.\u{202e}exe\u{2028}\u{2066}\u{61c}\"", "\"txt.\\u202eexe\\u2028\\u2066\\u061c\""),
        ] {
            assert_eq!(escaped(json), seen);
        }
    }
}
