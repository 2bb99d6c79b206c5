//! From characters to commands: the second phase of a line. Carets are taken away here; quotes stay.

use super::reader::{Reader, Source, is_operator, is_separator};
use super::syntax::{Action, Command, DEEPEST, Join, Redirection, Target, Wrong};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

type Parsed<T> = Result<T, Wrong>;

/// Understands a line, and as many more as belong to it; `None` where it says nothing.
pub fn parse(line: &str, source: &mut dyn Source) -> Parsed<Option<Command>> {
    let mut parser = Parser { reader: Reader::new(line, source), depth: 0, inside: 0 };
    parser.reader.skip_separators();
    // What closes nothing is passed over, and what follows with it.
    if matches!(parser.reader.peek(), None | Some('\n' | ':' | ')')) {
        return Ok(None);
    }
    let command = parser.joined(Join::Then)?;
    parser.reader.skip_separators();
    match parser.reader.peek() {
        None | Some('\n') => Ok(Some(command)),
        Some(_) => Err(parser.unexpected()),
    }
}

/// What reads commands.
pub(super) struct Parser<'a> {
    pub(super) reader: Reader<'a>,
    /// Open parentheses.
    pub(super) inside: u32,
    /// Open commands.
    pub(super) depth: u32,
}

impl Parser<'_> {
    /// Why what stands here is wrong.
    pub(super) fn unexpected(&mut self) -> Wrong {
        let mut word = String::new();
        while let Some(character) = self.reader.peek().filter(|character| *character != '\n' && !(is_separator(*character) && !word.is_empty())) {
            word.push(character);
            self.reader.take();
            if matches!(character, '(' | ')' | '<' | '>') || is_operator(character) && self.reader.peek() != Some(character) {
                break;
            }
        }
        if word.is_empty() { Wrong::Ends } else { Wrong::Unexpected(word) }
    }

    /// Commands that hang together by this or what binds closer.
    pub(super) fn joined(&mut self, join: Join) -> Parsed<Command> {
        let next = |parser: &mut Self| match join {
            Join::Then => parser.joined(Join::Or),
            Join::Or => parser.joined(Join::And),
            Join::And => parser.joined(Join::Pipe),
            Join::Pipe => parser.command(),
        };
        let mut first = next(self)?;
        let mut count = 0;
        while self.take_operator(join) {
            self.reader.skip_separators();
            // A single `&` may stand at the end.
            if join == Join::Then && self.is_end() {
                break;
            }
            count += 1;
            if count > DEEPEST * 8 {
                return Err(Wrong::Deep);
            }
            let second = next(self)?;
            first = Command::plain(Action::Both(Box::new(first), join, Box::new(second)));
        }
        Ok(first)
    }

    fn is_end(&self) -> bool {
        matches!(self.reader.peek(), None | Some('\n')) || self.inside > 0 && self.reader.peek() == Some(')')
    }

    fn take_operator(&mut self, join: Join) -> bool {
        self.reader.skip_separators();
        let (sign, twice) = match join {
            Join::Then => ('&', false),
            Join::And => ('&', true),
            Join::Pipe => ('|', false),
            Join::Or => ('|', true),
        };
        if self.reader.peek() != Some(sign) || (self.reader.ahead(1) == Some(sign)) != twice {
            return false;
        }
        (0..=u32::from(twice)).for_each(|_| {
            self.reader.take();
        });
        true
    }

    /// One command.
    pub(super) fn command(&mut self) -> Parsed<Command> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong::Deep);
        }
        let command = self.command_inside();
        self.depth -= 1;
        command
    }

    fn command_inside(&mut self) -> Parsed<Command> {
        let mut quiet = false;
        loop {
            self.reader.skip_separators();
            if !self.reader.take_if('@') {
                break;
            }
            quiet = true;
        }
        let mut redirections = Vec::new();
        while let Some(redirection) = self.redirection(true)? {
            redirections.push(redirection);
            self.reader.skip_separators();
        }
        let action = match self.reader.peek() {
            Some('(') => {
                self.reader.take();
                self.block()?
            }
            Some(':') => {
                self.reader.rest_of_line();
                Action::Run(String::new())
            }
            _ if self.reader.take_word("if") => self.condition()?,
            _ if self.reader.take_word("for") => self.repetition()?,
            _ if self.reader.is_word("rem") => Action::Run(self.reader.rest_of_line()),
            _ if self.is_end() || self.reader.peek().is_some_and(is_operator) => {
                if redirections.is_empty() {
                    return Err(self.unexpected());
                }
                Action::Run(String::new())
            }
            _ => Action::Run(self.text(&mut redirections)?),
        };
        if matches!(action, Action::Block(_)) {
            self.reader.skip_separators();
            while let Some(redirection) = self.redirection(true)? {
                redirections.push(redirection);
                self.reader.skip_separators();
            }
        }
        Ok(Command { action, redirections, quiet })
    }

    /// What stands in parentheses, after the opening one.
    fn block(&mut self) -> Parsed<Action> {
        self.inside += 1;
        let mut commands = Vec::new();
        loop {
            self.reader.skip_blank_lines()?;
            if self.reader.take_if(')') {
                break;
            }
            // A label in a block is passed over.
            if self.reader.peek() == Some(':') {
                self.reader.rest_of_line();
                continue;
            }
            commands.push(self.joined(Join::Then)?);
            self.reader.skip_separators();
            if !matches!(self.reader.peek(), None | Some('\n' | ')')) {
                return Err(self.unexpected());
            }
        }
        self.inside -= 1;
        Ok(Action::Block(commands))
    }

    /// A redirection, where one stands here. A digit in front of it is the stream's number at a word's start alone.
    fn redirection(&mut self, start: bool) -> Parsed<Option<Redirection>> {
        let digit =
            self.reader.peek().and_then(|character| character.to_digit(10)).filter(|_| start && matches!(self.reader.ahead(1), Some('<' | '>')));
        let sign = self.reader.ahead(usize::from(digit.is_some()));
        let Some(sign @ ('<' | '>')) = sign else { return Ok(None) };
        if digit.is_some() {
            self.reader.take();
        }
        self.reader.take();
        let stream = digit.map_or(u8::from(sign == '>'), |digit| digit as u8);
        let appends = sign == '>' && self.reader.take_if('>');
        if self.reader.take_if('&') {
            self.reader.skip_separators();
            let Some(other) = self.reader.peek().and_then(|character| character.to_digit(10)) else { return Err(self.unexpected()) };
            self.reader.take();
            return Ok(Some(Redirection { stream, target: Target::Stream(other as u8) }));
        }
        self.reader.skip_separators();
        let file = self.word()?;
        if file.is_empty() {
            return Err(self.unexpected());
        }
        let target = match (sign, appends) {
            ('<', _) => Target::Read(file),
            (_, false) => Target::Write(file),
            (_, true) => Target::Append(file),
        };
        Ok(Some(Redirection { stream, target }))
    }

    /// A word up to a separator, with its quotes and without its carets.
    pub(super) fn word(&mut self) -> Parsed<String> {
        let (mut word, mut quoted) = (String::new(), false);
        while let Some(character) = self.reader.peek() {
            let closes = character == ')' && self.inside > 0;
            if character == '\n' || !quoted && (is_separator(character) || is_operator(character) || closes) {
                break;
            }
            self.reader.take();
            match character {
                '"' => {
                    quoted = !quoted;
                    word.push('"');
                }
                '^' if !quoted => word.extend(self.reader.escaped()),
                other => word.push(other),
            }
        }
        Ok(word)
    }

    /// A command's text, up to what ends it.
    fn text(&mut self, redirections: &mut Vec<Redirection>) -> Parsed<String> {
        let (mut text, mut quoted) = (String::new(), false);
        // Whether a word may begin here, and a stream's number with it.
        let mut start = true;
        while let Some(character) = self.reader.peek() {
            if character == '\n' {
                break;
            }
            if quoted {
                quoted = character != '"';
                text.push(character);
                self.reader.take();
                continue;
            }
            if matches!(character, '&' | '|') || character == ')' && self.inside > 0 {
                break;
            }
            if let Some(redirection) = self.redirection(start)? {
                redirections.push(redirection);
                continue;
            }
            self.reader.take();
            match character {
                '^' => text.extend(self.reader.escaped()),
                '"' => {
                    quoted = true;
                    text.push('"');
                }
                other => text.push(other),
            }
            start = is_separator(character);
            // What `rem` says is no command, wherever its word ends.
        }
        Ok(text)
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
