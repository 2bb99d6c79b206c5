//! What names mean: variables of the environment and those that are worked out, arguments, parts of paths.

use super::Shell;
use crate::language::percent::Scope;
use crate::language::{delayed, loops};
use alloc::format;
use alloc::string::String;
use program::{environment, text, time};

impl Shell {
    /// A text of a command as it runs: variables of loops, then delayed expansion.
    pub fn expanded(&self, text: &str) -> String {
        let text = loops::expand(text, &self.variables, self);
        if self.delayed { delayed::expand(&text, self) } else { text }
    }
}

impl Scope for Shell {
    fn variable(&self, name: &str) -> Option<String> {
        if name.is_empty() {
            return None;
        }
        if let Some(text) = environment::get(name) {
            return Some(text);
        }
        if !self.extended {
            return None;
        }
        Some(match name.to_ascii_lowercase().as_str() {
            "cd" => environment::folder(),
            "date" => text::weekday_date(&time::now()),
            "time" => text::exact_time(&time::now()),
            "random" => format!("{}", self.random()),
            "errorlevel" => format!("{}", self.level.cast_signed()),
            "cmdextversion" => "2".into(),
            "cmdcmdline" => program::arguments::line(),
            "highestnumanodenumber" => "0".into(),
            _ => return None,
        })
    }

    fn argument(&self, number: u32) -> Option<String> {
        let batch = self.batch()?;
        Some(batch.arguments.get(number as usize).cloned().unwrap_or_default())
    }

    fn arguments(&self) -> String {
        self.batch().map(|batch| batch.line.clone()).unwrap_or_default()
    }

    fn modified(&self, modifiers: &str, along: Option<&str>, text: &str, argument: Option<u32>) -> String {
        let own = self.batch().filter(|batch| argument == Some(0) && !batch.moved && !modifiers.is_empty());
        super::path::modified(modifiers, along, own.map_or(text, |batch| &batch.path))
    }

    fn extended(&self) -> bool {
        self.extended
    }
}
