//! The first phase of a line: `%name%` with its ways to cut and replace, and in batch files `%1`, `%*`, `%~dp0` and `%%`.

use super::{modifier, value};
use alloc::string::String;
use alloc::vec::Vec;

/// What texts are expanded from.
pub trait Scope {
    /// A variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// An argument of the batch file, by its number; `None` where there is no batch file.
    fn argument(&self, number: u32) -> Option<String>;
    /// All arguments, as they were given.
    fn arguments(&self) -> String;
    /// A path with modifiers such as `dpn`, looked for along a variable's folders where one is named. The batch file's own name (argument 0)
    /// means the file, wherever it lies.
    fn modified(&self, modifiers: &str, along: Option<&str>, text: &str, argument: Option<u32>) -> String;
    /// Whether the command extensions are on.
    fn extended(&self) -> bool {
        true
    }
}

/// Expands one line.
pub fn expand(line: &str, scope: &dyn Scope) -> String {
    let characters: Vec<char> = line.chars().collect();
    let batch = scope.argument(0).is_some();
    let mut expanded = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        if character != '%' {
            expanded.push(character);
            at += 1;
            continue;
        }
        let rest = &characters[at + 1..];
        if batch {
            if rest.first() == Some(&'%') {
                expanded.push('%');
                at += 2;
                continue;
            }
            if let Some((text, length)) = argument(rest, scope) {
                expanded.push_str(&text);
                at += 1 + length;
                continue;
            }
        }
        match variable(rest, '%', scope) {
            Found::Value(text, length) => {
                expanded.push_str(&text);
                at += 1 + length;
            }
            // In a batch file what is not defined is nothing; on a command line it stays.
            Found::Undefined(length) if batch => at += 1 + length,
            Found::Undefined(_) | Found::Open if !batch => {
                expanded.push('%');
                at += 1;
            }
            Found::Undefined(_) | Found::Open => at += 1,
        }
    }
    expanded
}

/// `%1`, `%*`, `%~x1`: the text, and how many characters behind the percent sign said it.
fn argument(rest: &[char], scope: &dyn Scope) -> Option<(String, usize)> {
    match rest.first()? {
        '*' if scope.extended() => Some((scope.arguments(), 1)),
        digit @ '0'..='9' => Some((scope.argument(digit.to_digit(10)?)?, 1)),
        '~' if scope.extended() => {
            let wanted = modifier::parse(rest, |character| character.is_ascii_digit())?;
            let number = wanted.variable.to_digit(10)?;
            let text = scope.argument(number)?;
            Some((scope.modified(&wanted.modifiers, wanted.along.as_deref(), &text, Some(number)), wanted.length))
        }
        _ => None,
    }
}

/// What a name between two signs came to. The length counts the characters behind the first sign.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Its text.
    Value(String, usize),
    /// There is no such variable.
    Undefined(usize),
    /// There is no second sign.
    Open,
}

/// `name%`, `name:~1,2%`, `name:a=b%`, up to the second sign.
pub fn variable(rest: &[char], sign: char, scope: &dyn Scope) -> Found {
    let colon = |at: &usize| scope.extended() && rest[*at] == ':';
    let Some(mut end) = (0..rest.len()).find(|at| rest[*at] == sign || colon(at)) else { return Found::Open };
    // A colon that is the name's last character belongs to it.
    if rest[end] == ':' && rest.get(end + 1) == Some(&sign) {
        end += 1;
    }
    let name: String = rest[..end].iter().collect();
    if rest[end] == sign {
        return match scope.variable(&name) {
            Some(text) if !name.is_empty() => Found::Value(text, end + 1),
            _ => Found::Undefined(end + 1),
        };
    }
    let Some(length) = rest[end + 1..].iter().position(|character| *character == sign) else {
        return if scope.variable(&name).is_some() { Found::Open } else { Found::Undefined(end + 1) };
    };
    let how: String = rest[end + 1..end + 1 + length].iter().collect();
    match scope.variable(&name) {
        Some(text) => match value::changed(&text, &how) {
            Some(changed) => Found::Value(changed, end + 2 + length),
            None => Found::Open,
        },
        None => Found::Undefined(end + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::testing::Fixed;
    use proptest::prelude::*;

    #[test]
    fn lines_of_batch_files() {
        let scope = Fixed::batch(&[("a", "x y"), ("path", "C:\\one;C:\\two"), ("empty", "")], &["b.bat", "1st", "\"2 nd\""]);
        for (line, expanded) in [
            ("echo %a%!", "echo x y!"),
            ("100%%", "100%"),
            ("%1 %2 %3.", "1st \"2 nd\" ."),
            ("%~2", "2 nd"),
            ("%*", "1st \"2 nd\""),
            ("[%nothing%]", "[]"),
            ("%nothing:a=b%", "a=b"),
            ("%path:C:\\=%", "one;two"),
            ("%path:one=%", "C:\\;C:\\two"),
            ("%path:*;=%", "C:\\two"),
            ("%a:~1%|%a:~-1%|%a:~0,1%|%a:~0,-1%|%a:~-2,1%", " y|y|x|x | "),
            ("a % b", "a  b"),
            ("%%a", "%a"),
            ("%~x", "~x"),
        ] {
            assert_eq!(expand(line, &scope), expanded, "{line}");
        }
    }

    #[test]
    fn command_lines_keep_what_is_not_defined() {
        let scope = Fixed::line(&[("a", "x")]);
        for (line, expanded) in
            [("%a%", "x"), ("%b%", "%b%"), ("%%a%", "%x"), ("50% %1", "50% %1"), ("for %i in (1) do @echo %i", "for %i in (1) do @echo %i")]
        {
            assert_eq!(expand(line, &scope), expanded, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_expanded(line in "[%a:~,*=0-9 \\-^!x]{0,60}", batch: bool) {
            let variables = [("a", "some text"), ("x", "%a%")];
            let scope = if batch { Fixed::batch(&variables, &["b", "one"]) } else { Fixed::line(&variables) };
            expand(&line, &scope);
        }
    }
}
