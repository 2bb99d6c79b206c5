//! How the start-up code of a C program cuts the command line into `argv` (the rules since Visual C++ 2008).
//!
//! In a narrow command line the second byte of a character may look like a backslash or a quote: `is_lead` says which bytes have a second one.

use crate::Unit;
use crate::class::to_lower;
use alloc::vec::Vec;

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument<C> {
    /// Its text, without NUL.
    pub text: Vec<C>,
    /// Whether it started with a quote: then `*` and `?` are no wildcards.
    pub quoted: bool,
}

/// Cuts a command line (without its NUL). The first argument is the program's name, and there is always one.
pub fn parse<C: Unit>(line: &[C], is_lead: impl Fn(C) -> bool) -> Vec<Argument<C>> {
    let mut reader = Reader { rest: line, is_lead };
    let mut arguments = Vec::new();
    arguments.push(reader.program());
    while let Some(argument) = reader.argument() {
        arguments.push(argument);
    }
    arguments
}

/// Replaces arguments with wildcards by the file names that match, in alphabetical order; one that matches nothing stays as it is. `list` answers
/// the names, without directory, that match a pattern.
pub fn expand<C: Unit>(arguments: Vec<Argument<C>>, mut list: impl FnMut(&[C]) -> Vec<Vec<C>>) -> Vec<Vec<C>> {
    let mut all = Vec::new();
    for (index, Argument { text, quoted }) in arguments.into_iter().enumerate() {
        if index == 0 || quoted || !text.iter().any(|unit| matches!(unit.ascii(), b'*' | b'?')) {
            all.push(text);
            continue;
        }
        let directory = text.iter().rposition(|unit| matches!(unit.ascii(), b'\\' | b'/' | b':')).map_or(0, |at| at + 1);
        let dots: [&[u8]; 2] = [b".", b".."];
        let mut names = list(&text);
        names.retain(|name| !dots.iter().any(|dots| name.iter().map(|unit| unit.ascii()).eq(dots.iter().copied())));
        if names.is_empty() {
            all.push(text);
            continue;
        }
        names.sort_by(|one, other| one.iter().map(|&unit| to_lower(unit)).cmp(other.iter().map(|&unit| to_lower(unit))));
        all.extend(names.into_iter().map(|name| [&text[..directory], &name].concat()));
    }
    all
}

struct Reader<'a, C, F> {
    rest: &'a [C],
    is_lead: F,
}

impl<C: Unit, F: Fn(C) -> bool> Reader<'_, C, F> {
    /// The program's name: quotes group, and a backslash is nothing special.
    fn program(&mut self) -> Argument<C> {
        let quoted = self.peek() == b'"';
        let (mut text, mut inside) = (Vec::new(), false);
        while !self.at_end(inside) {
            if self.peek() == b'"' {
                inside = !inside;
                self.skip(1);
            } else {
                self.take(&mut text);
            }
        }
        Argument { text, quoted }
    }

    fn argument(&mut self) -> Option<Argument<C>> {
        while matches!(self.peek(), b' ' | b'\t') {
            self.skip(1);
        }
        if self.rest.is_empty() {
            return None;
        }
        let quoted = self.peek() == b'"';
        let (mut text, mut inside) = (Vec::new(), false);
        while !self.at_end(inside) {
            let backslashes = self.rest.iter().take_while(|unit| unit.ascii() == b'\\').count();
            let quote = self.rest.get(backslashes).is_some_and(|unit| unit.ascii() == b'"');
            self.skip(backslashes);
            let kept = if quote { backslashes / 2 } else { backslashes };
            text.resize(text.len() + kept, C::from_ascii(b'\\'));
            match (quote, backslashes % 2 == 1) {
                (true, true) => self.take(&mut text),
                // Two quotes inside of quotes are one that stands for itself.
                (true, false) if inside && self.rest.get(1).is_some_and(|unit| unit.ascii() == b'"') => {
                    self.skip(1);
                    self.take(&mut text);
                }
                (true, false) => {
                    inside = !inside;
                    self.skip(1);
                }
                (false, _) if !self.at_end(inside) => self.take(&mut text),
                (false, _) => {}
            }
        }
        Some(Argument { text, quoted })
    }

    /// Whether the argument ends here.
    fn at_end(&self, inside: bool) -> bool {
        self.rest.is_empty() || !inside && matches!(self.peek(), b' ' | b'\t')
    }

    /// Takes a character as it is.
    fn take(&mut self, text: &mut Vec<C>) {
        let Some(&unit) = self.rest.first() else { return };
        let length = if (self.is_lead)(unit) { self.rest.len().min(2) } else { 1 };
        text.extend_from_slice(&self.rest[..length]);
        self.skip(length);
    }

    fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }

    fn peek(&self) -> u8 {
        self.rest.first().map_or(0, |unit| unit.ascii())
    }
}
