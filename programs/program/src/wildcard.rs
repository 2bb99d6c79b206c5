//! Patterns with `*` and `?`, where no folder is asked.

use alloc::vec::Vec;

/// Whether a name fits a pattern, in whatever case: `*` stands for anything, `?` for one character. `*.*` fits every name.
pub fn fits(pattern: &str, name: &str) -> bool {
    if pattern == "*.*" {
        return true;
    }
    let fold = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (pattern, name) = (fold(pattern), fold(name));
    let (mut at, mut here) = (0, 0);
    // Where the last star stands, and what it stood for so far.
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[here] => {
                at += 1;
                here += 1;
            }
            _ => match &mut star {
                Some((back, taken)) => {
                    *taken += 1;
                    (at, here) = (*back + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Whether a word is a pattern.
pub fn is(word: &str) -> bool {
    word.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, fitting) in [
            ("*", "", true),
            ("*.*", "plain", true),
            ("a?c", "ABC", true),
            ("a?c", "ac", false),
            ("*.txt", "a.b.txt", true),
            ("*a*b", "xaxxab", true),
            ("*a*b", "xaxxabc", false),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, name), fitting, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn it_always_answers(pattern in "[ab*?]{0,40}", name in "[ab]{0,40}") {
            fits(&pattern, &name);
            let around = ["*", &name, "*"].concat();
            prop_assert!(fits(&around, &name));
        }
    }
}
