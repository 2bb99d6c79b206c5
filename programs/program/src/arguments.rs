//! The words of a command line, as C programs take them out of it ("Parsing C command-line arguments", learn.microsoft.com).

use alloc::string::String;
use alloc::vec::Vec;

/// The words of a line whose first one is the program's name, in which backslashes are nothing special.
pub fn split(line: &str) -> Vec<String> {
    let mut characters = line.chars().peekable();
    let (mut word, mut quoted) = (String::new(), false);
    while let Some(character) = characters.next_if(|character| quoted || !is_blank(*character)) {
        if character == '"' { quoted = !quoted } else { word.push(character) }
    }
    let mut words = alloc::vec![word];
    loop {
        while characters.next_if(|character| is_blank(*character)).is_some() {}
        if characters.peek().is_none() {
            return words;
        }
        let (mut word, mut quoted) = (String::new(), false);
        while let Some(character) = characters.next_if(|character| quoted || !is_blank(*character)) {
            match character {
                '\\' => {
                    let mut count = 1;
                    while characters.next_if_eq(&'\\').is_some() {
                        count += 1;
                    }
                    // Before a quote they stand for half as many, and an odd one makes the quote a character.
                    let before_quote = characters.peek() == Some(&'"');
                    word.extend(core::iter::repeat_n('\\', if before_quote { count / 2 } else { count }));
                    if before_quote && count % 2 == 1 {
                        characters.next();
                        word.push('"');
                    }
                }
                '"' if quoted && characters.next_if_eq(&'"').is_some() => word.push('"'),
                '"' => quoted = !quoted,
                other => word.push(other),
            }
        }
        words.push(word);
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// A word as it must stand in a command line to be taken out of it again.
pub fn quoted(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t', '"']) {
        return word.into();
    }
    let (mut line, mut backslashes) = (String::from("\""), 0);
    for character in word.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                line.extend(core::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(character);
    }
    line.extend(core::iter::repeat_n('\\', backslashes));
    line.push('"');
    line
}

/// This process's command line as it was given.
#[cfg(target_os = "windows")]
pub fn line() -> String {
    // SAFETY: the command line is the process's own, ends in a NUL and stays.
    unsafe { crate::text::from_pointer(windows_sys::Win32::System::Environment::GetCommandLineW()) }
}

/// The words behind the program's name.
#[cfg(target_os = "windows")]
pub fn given() -> Vec<String> {
    split(&line()).split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_taken_out_as_documented() {
        for (line, words) in [
            (r#"p "a b c" d e"#, vec!["p", "a b c", "d", "e"]),
            (r#"p "ab\"c" "\\" d"#, vec!["p", "ab\"c", "\\", "d"]),
            (r#"p a\\\b d"e f"g h"#, vec!["p", r"a\\\b", "de fg", "h"]),
            (r#"p a\\\"b c d"#, vec!["p", r#"a\"b"#, "c", "d"]),
            (r#"p a\\\\"b c" d e"#, vec!["p", r"a\\b c", "d", "e"]),
            (r#"p a"b"" c d"#, vec!["p", r#"ab" c d"#]),
            (r#""C:\a b\p.exe" "" x"#, vec![r"C:\a b\p.exe", "", "x"]),
            ("p", vec!["p"]),
        ] {
            assert_eq!(split(line), words, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_found_again(words in prop::collection::vec("[a \\\\\"\t]{0,8}", 0..4)) {
            let line = words.iter().fold(String::from("p"), |line, word| line + " " + &quoted(word));
            prop_assert_eq!(&split(&line)[1..], &words[..]);
        }
    }
}
