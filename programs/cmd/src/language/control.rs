//! `if` and `for`, whose words are read before anything is expanded in them.

use super::parse::Parser;
use super::reader::{is_operator, is_separator};
use super::syntax::{Action, Comparison, Condition, Join, Kind, Loop, Test, Wrong};
use alloc::boxed::Box;
use alloc::string::String;

type Parsed<T> = Result<T, Wrong>;

const COMPARISONS: [(&str, Comparison); 6] = [
    ("equ", Comparison::Equal),
    ("neq", Comparison::NotEqual),
    ("lss", Comparison::Less),
    ("leq", Comparison::LessOrEqual),
    ("gtr", Comparison::Greater),
    ("geq", Comparison::GreaterOrEqual),
];

impl Parser<'_> {
    /// What follows `if`.
    pub(super) fn condition(&mut self) -> Parsed<Action> {
        let (mut folded, mut negated) = (false, false);
        loop {
            self.reader.skip_separators();
            if self.reader.peek() == Some('/') && self.reader.ahead(1).is_some_and(|letter| letter.eq_ignore_ascii_case(&'i')) {
                self.reader.take();
                self.reader.take();
                folded = true;
            } else if self.reader.take_word("not") {
                negated = !negated;
            } else {
                break;
            }
        }
        let test = if self.reader.take_word("errorlevel") {
            Test::ErrorLevel(self.operand()?)
        } else if self.reader.take_word("cmdextversion") {
            Test::Extensions(self.operand()?)
        } else if self.reader.take_word("exist") {
            Test::Exist(self.operand()?)
        } else if self.reader.take_word("defined") {
            Test::Defined(self.operand()?)
        } else {
            self.comparison()?
        };
        let condition = Box::new(Condition { folded, negated, test });
        self.reader.skip_separators();
        let then = self.body()?;
        self.reader.skip_separators();
        let mut otherwise = None;
        if self.reader.take_word("else") {
            self.reader.skip_separators();
            otherwise = Some(Box::new(self.body()?));
        }
        Ok(Action::If(condition, Box::new(then), otherwise))
    }

    /// The command of a condition or a loop: everything up to the line's end, or an `else`.
    fn body(&mut self) -> Parsed<super::syntax::Command> {
        self.depth += 1;
        if self.depth > super::syntax::DEEPEST {
            return Err(Wrong::Deep);
        }
        let body = self.joined(Join::Then);
        self.depth -= 1;
        body
    }

    fn comparison(&mut self) -> Parsed<Test> {
        let left = self.operand()?;
        self.spaces();
        if self.reader.peek() == Some('=') && self.reader.ahead(1) == Some('=') {
            self.reader.take();
            self.reader.take();
            return Ok(Test::Compare(left, Comparison::Same, self.operand()?));
        }
        self.reader.skip_separators();
        let Some((word, comparison)) = COMPARISONS.iter().find(|(word, _)| self.reader.is_word(word)) else { return Err(self.unexpected()) };
        self.reader.take_word(word);
        Ok(Test::Compare(left, *comparison, self.operand()?))
    }

    fn spaces(&mut self) {
        while self.reader.peek().is_some_and(|character| is_separator(character) && character != '=') {
            self.reader.take();
        }
    }

    /// A word that is compared: parentheses belong to it where they are balanced.
    fn operand(&mut self) -> Parsed<String> {
        self.reader.skip_separators();
        let (mut word, mut quoted, mut open) = (String::new(), false, 0_u32);
        while let Some(character) = self.reader.peek() {
            if character == '\n' || !quoted && (is_separator(character) || is_operator(character)) {
                break;
            }
            if !quoted && character == ')' && self.inside > 0 && open == 0 {
                break;
            }
            self.reader.take();
            match character {
                '"' => {
                    quoted = !quoted;
                    word.push('"');
                    continue;
                }
                '^' if !quoted => {
                    word.extend(self.reader.escaped());
                    continue;
                }
                '(' if !quoted => open += 1,
                ')' if !quoted => open = open.saturating_sub(1),
                _ => {}
            }
            word.push(character);
        }
        if word.is_empty() { Err(self.unexpected()) } else { Ok(word) }
    }

    /// What follows `for`.
    pub(super) fn repetition(&mut self) -> Parsed<Action> {
        let mut kind = Kind::Words;
        loop {
            self.reader.skip_separators();
            if self.reader.peek() != Some('/') {
                break;
            }
            self.reader.take();
            let Some(letter) = self.reader.take() else { return Err(Wrong::Ends) };
            kind = match (letter.to_ascii_lowercase(), kind) {
                ('d', Kind::Below(folder)) => Kind::Below(folder),
                ('d', _) => Kind::Folders,
                ('l', _) => Kind::Numbers,
                ('r', _) => Kind::Below(self.option()?),
                ('f', _) => Kind::Lines(self.option()?),
                _ => return Err(Wrong::Unexpected(alloc::format!("/{letter}"))),
            };
        }
        let (Some('%'), Some(variable)) = (self.reader.peek(), self.reader.ahead(1).filter(|variable| !is_separator(*variable) && *variable != '\n'))
        else {
            return Err(self.unexpected());
        };
        self.reader.take();
        self.reader.take();
        self.reader.skip_separators();
        if !self.reader.take_word("in") {
            return Err(self.unexpected());
        }
        self.reader.skip_separators();
        if !self.reader.take_if('(') {
            return Err(self.unexpected());
        }
        let set = self.set()?;
        self.reader.skip_separators();
        if !self.reader.take_word("do") {
            return Err(self.unexpected());
        }
        self.reader.skip_separators();
        let body = self.body()?;
        Ok(Action::For(Box::new(Loop { kind, variable, set }), Box::new(body)))
    }

    /// What may stand between a loop's switch and its variable.
    fn option(&mut self) -> Parsed<String> {
        self.reader.skip_separators();
        if matches!(self.reader.peek(), Some('%' | '/')) { Ok(String::new()) } else { self.word() }
    }

    /// What stands in a loop's parentheses, over lines too.
    fn set(&mut self) -> Parsed<String> {
        let (mut set, mut quoted) = (String::new(), false);
        loop {
            match self.reader.take() {
                None => self.reader.more()?,
                Some('\n') => {
                    quoted = false;
                    set.push(' ');
                }
                Some(')') if !quoted => return Ok(set.trim_matches(is_separator).into()),
                Some('^') if !quoted => set.extend(self.reader.escaped()),
                Some(character) => {
                    quoted ^= character == '"';
                    set.push(character);
                }
            }
        }
    }
}
