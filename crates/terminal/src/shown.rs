//! Text from a program in a message of ours.

use std::borrow::Cow;

/// Text that came from a program or its files, as it may stand in a message: control characters are made visible.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect())
    } else {
        Cow::Borrowed(text)
    }
}
