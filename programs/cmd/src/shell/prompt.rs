//! The prompt: `PROMPT` with its codes.

use super::Shell;
use alloc::string::String;
use program::{environment, text, time};

impl Shell {
    /// The prompt as it is shown.
    pub(super) fn prompt(&self) -> String {
        let pattern = environment::get("PROMPT").unwrap_or_else(|| "$P$G".into());
        let mut shown = String::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            if character != '$' {
                shown.push(character);
                continue;
            }
            match characters.next().map(|code| code.to_ascii_lowercase()) {
                Some('p') => shown.push_str(&environment::folder()),
                Some('n') => shown.extend(environment::folder().chars().next()),
                Some('g') => shown.push('>'),
                Some('l') => shown.push('<'),
                Some('b') => shown.push('|'),
                Some('a') => shown.push('&'),
                Some('q') => shown.push('='),
                Some('c') => shown.push('('),
                Some('f') => shown.push(')'),
                Some('s') => shown.push(' '),
                Some('e') => shown.push('\u{1B}'),
                Some('h') => {
                    shown.pop();
                }
                Some('_') => shown.push_str("\r\n"),
                Some('$') => shown.push('$'),
                Some('d') => shown.push_str(&text::weekday_date(&time::now())),
                Some('t') => shown.push_str(&text::exact_time(&time::now())),
                Some('v') => shown.push_str(&program::version::name()),
                Some('+') => shown.extend(self.folders.iter().map(|_| '+')),
                _ => {}
            }
        }
        shown
    }
}
