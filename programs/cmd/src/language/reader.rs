//! A line's characters, and the lines that follow while a block is open or a line goes on.

use super::syntax::Wrong;
use alloc::collections::VecDeque;
use alloc::string::String;

/// Where further lines come from, with their percent signs expanded.
pub trait Source {
    /// The next line; `None` where there is none.
    fn next_line(&mut self) -> Option<String>;
}

/// The characters of a command as it is read.
pub struct Reader<'a> {
    characters: VecDeque<char>,
    source: &'a mut dyn Source,
}

/// Whether a character separates words.
pub fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '\t' | ',' | ';' | '=' | '\u{b}' | '\u{c}' | '\u{a0}')
}

/// Whether a character ends a word by itself.
pub fn is_operator(character: char) -> bool {
    matches!(character, '&' | '|' | '<' | '>' | '\n')
}

impl<'a> Reader<'a> {
    /// One of a first line.
    pub fn new(line: &str, source: &'a mut dyn Source) -> Self {
        Self { characters: line.chars().chain(['\n']).collect(), source }
    }

    /// The next character; each line ends in `\n`.
    pub fn peek(&self) -> Option<char> {
        self.characters.front().copied()
    }

    /// The one so many characters ahead, in the lines that were read.
    pub fn ahead(&self, count: usize) -> Option<char> {
        self.characters.get(count).copied()
    }

    /// Takes the next character.
    pub fn take(&mut self) -> Option<char> {
        self.characters.pop_front()
    }

    /// Takes the next character if it is this one.
    pub fn take_if(&mut self, wanted: char) -> bool {
        let is_it = self.peek() == Some(wanted);
        if is_it {
            self.take();
        }
        is_it
    }

    /// Takes separators, but for the line's end.
    pub fn skip_separators(&mut self) {
        while self.peek().is_some_and(is_separator) {
            self.take();
        }
    }

    /// Takes what is left of the line, without its end.
    pub fn rest_of_line(&mut self) -> String {
        let mut rest = String::new();
        while let Some(character) = self.peek().filter(|character| *character != '\n') {
            rest.push(character);
            self.take();
        }
        rest
    }

    /// Reads another line behind what is left.
    pub fn more(&mut self) -> Result<(), Wrong> {
        let line = self.source.next_line().ok_or(Wrong::Ends)?;
        self.characters.extend(line.chars().chain(['\n']));
        Ok(())
    }

    /// Takes separators and lines' ends, reading on as long as it must.
    pub fn skip_blank_lines(&mut self) -> Result<(), Wrong> {
        loop {
            self.skip_separators();
            match self.peek() {
                Some('\n') => {
                    self.take();
                }
                Some(_) => return Ok(()),
                None => self.more()?,
            }
        }
    }

    /// What a caret was in front of: the next character, or the first one of the next line, where the line goes on.
    pub fn escaped(&mut self) -> Option<char> {
        if self.peek() != Some('\n') {
            return self.take();
        }
        self.take();
        if self.peek().is_none() {
            self.more().ok()?;
        }
        // A line's end that is kept is no end.
        let next = self.take()?;
        if next == '\n' && self.peek().is_none() {
            self.more().ok()?;
        }
        Some(next)
    }

    /// Whether a word stands here in whatever case, with nothing behind it that would make it another one.
    pub fn is_word(&self, word: &str) -> bool {
        let length = word.chars().count();
        let same = word.chars().enumerate().all(|(at, wanted)| self.ahead(at).is_some_and(|found| found.eq_ignore_ascii_case(&wanted)));
        let ends = |next: char| is_separator(next) || is_operator(next) || matches!(next, '(' | ')' | '/' | '"');
        same && self.ahead(length).is_none_or(ends)
    }

    /// Takes a word that stands here.
    pub fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.characters.drain(..word.chars().count());
        }
        found
    }
}
