//! The variables of loops: `%a` and `%~nxa` in what a loop runs.

use super::modifier;
use super::percent::Scope;
use alloc::string::String;
use alloc::vec::Vec;

/// Variables of loops, the innermost last.
pub type Variables = Vec<(char, String)>;

/// A variable's text.
pub fn find(variables: &Variables, wanted: char) -> Option<&str> {
    variables.iter().rev().find(|(name, _)| *name == wanted).map(|(_, text)| text.as_str())
}

/// Expands one text.
pub fn expand(text: &str, variables: &Variables, scope: &dyn Scope) -> String {
    if variables.is_empty() || !text.contains('%') {
        return text.into();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut expanded = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        at += 1;
        if character != '%' {
            expanded.push(character);
            continue;
        }
        let rest = &characters[at..];
        if let Some(wanted) = modifier::parse(rest, |name| find(variables, name).is_some()) {
            let text = find(variables, wanted.variable).unwrap_or_default();
            expanded.push_str(&scope.modified(&wanted.modifiers, wanted.along.as_deref(), text, None));
            at += wanted.length;
        } else if let Some(text) = rest.first().and_then(|name| find(variables, *name)) {
            expanded.push_str(text);
            at += 1;
        } else {
            expanded.push('%');
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::testing::Fixed;

    #[test]
    fn variables_of_loops() {
        let variables = Vec::from([('a', String::from("\"x y\"")), ('B', String::from("2"))]);
        let scope = Fixed::line(&[]);
        for (text, expanded) in [("%a.%B.%b", "\"x y\".2.%b"), ("%~a %%", "x y %%"), ("%~nxa", "x y")] {
            assert_eq!(expand(text, &variables, &scope), expanded, "{text}");
        }
    }
}
