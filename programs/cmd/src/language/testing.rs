//! A scope of fixed variables, for tests.

use super::percent::Scope;
use alloc::string::String;
use alloc::vec::Vec;

/// Variables, and arguments where it is a batch file's.
pub struct Fixed {
    variables: Vec<(String, String)>,
    arguments: Option<Vec<String>>,
}

impl Fixed {
    /// A command line's.
    pub fn line(variables: &[(&str, &str)]) -> Self {
        Self { variables: variables.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect(), arguments: None }
    }

    /// A batch file's.
    pub fn batch(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self { arguments: Some(arguments.iter().map(|text| (*text).into()).collect()), ..Self::line(variables) }
    }
}

impl Scope for Fixed {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.iter().find(|(known, text)| known.eq_ignore_ascii_case(name) && !text.is_empty()).map(|(_, text)| text.clone())
    }

    fn argument(&self, number: u32) -> Option<String> {
        let arguments = self.arguments.as_ref()?;
        Some(arguments.get(number as usize).cloned().unwrap_or_default())
    }

    fn arguments(&self) -> String {
        self.arguments.as_deref().and_then(|arguments| arguments.get(1..)).unwrap_or_default().join(" ")
    }

    fn modified(&self, _modifiers: &str, _along: Option<&str>, text: &str, _argument: Option<u32>) -> String {
        text.trim_matches('"').into()
    }
}
