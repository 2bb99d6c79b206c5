//! What a program may write to its user's terminal.
//!
//! The stream is parsed as a terminal would (ECMA-48, xterm's control sequences, Windows' "Console Virtual Terminal Sequences") and
//! written anew: what is not understood does not arrive. What makes a terminal answer is dropped, for the answer would be typed into
//! whatever reads next, the user's shell in the end; so is what reaches beyond the screen: the clipboard, files, the printer, notices.

use std::collections::BTreeMap;
use std::io::Write;
use vte::{Params, Parser, Perform};

/// The longest title, in characters.
const LONGEST_TITLE: usize = 256;

/// What stands for bytes that are no character, U+FFFD.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// A filter that remembers where in a sequence it is, and what it must undo.
#[derive(Default)]
pub struct Filter {
    parser: Parser,
    state: State,
    /// The beginning of a character whose rest has not come yet.
    begun: Vec<u8>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Filter").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Filter {
    /// What of these bytes may reach the terminal.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut begun = std::mem::take(&mut self.begun);
        begun.extend(bytes);
        let mut rest = begun.as_slice();
        // The parser sees whole characters only: how it joins halves depends on where they were cut.
        while let Err(error) = std::str::from_utf8(rest) {
            let (valid, invalid) = rest.split_at(error.valid_up_to());
            self.parser.advance(&mut self.state, valid);
            let Some(length) = error.error_len() else {
                self.begun = invalid.to_vec();
                return std::mem::take(&mut self.state.out);
            };
            self.parser.advance(&mut self.state, REPLACEMENT);
            rest = &invalid[length..];
        }
        self.parser.advance(&mut self.state, rest);
        std::mem::take(&mut self.state.out)
    }

    /// What sets the terminal back once the program has ended: modes that it set, colours, the character set.
    pub fn undo(&mut self) -> Vec<u8> {
        let mut undo = Vec::new();
        for (mode, set) in std::mem::take(&mut self.state.modes) {
            let (prefix, number) = match mode {
                Switch::Private(number) => ("?", number),
                Switch::Standard(number) => ("", number),
            };
            if set != mode.is_set_at_first() {
                let _ = write!(undo, "\x1b[{prefix}{number}{}", if set { 'l' } else { 'h' });
            }
        }
        let touched = std::mem::take(&mut self.state.touched);
        let steps = [
            (touched.colours, "\x1b[m"),
            (touched.cursor, "\x1b[0 q"),
            (touched.charset, "\x1b(B\x1b)B\x0f"),
            (touched.keypad, "\x1b>"),
            (touched.margins, "\x1b7\x1b[r\x1b8"),
            (touched.palette, "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\"),
        ];
        for (_, sequence) in steps.iter().filter(|(touched, _)| *touched) {
            undo.extend(sequence.as_bytes());
        }
        undo
    }

    /// Whether a mode is set in which the terminal itself types: reports of the mouse, of the focus.
    pub fn makes_terminal_type(&self) -> bool {
        const REPORTS: [u16; 8] = [9, 1000, 1002, 1003, 1004, 1006, 1015, 2004];
        self.state.modes.iter().any(|(mode, set)| *set && matches!(mode, Switch::Private(number) if REPORTS.contains(number)))
    }
}

/// A mode that can be set and reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Switch {
    /// With a question mark: the terminal's own.
    Private(u16),
    /// ECMA-48's.
    Standard(u16),
}

impl Switch {
    /// The modes that a program may change: keys, wrapping, the cursor, the second screen, the mouse, focus, paste, synchronised
    /// output; inserting.
    fn is_allowed(self) -> bool {
        match self {
            Self::Private(number) => {
                matches!(number, 1 | 5..=7 | 9 | 12 | 25 | 47 | 1000 | 1002..=1004 | 1006 | 1015 | 1047..=1049 | 2004 | 2026)
            }
            Self::Standard(number) => number == 4,
        }
    }

    /// Whether it is set in a terminal that nobody has touched: wrapping, and the cursor.
    fn is_set_at_first(self) -> bool {
        matches!(self, Self::Private(7 | 25))
    }
}

/// What is to be set back at the end, apart from modes.
#[derive(Debug, Default)]
struct Touched {
    colours: bool,
    cursor: bool,
    charset: bool,
    keypad: bool,
    margins: bool,
    palette: bool,
}

#[derive(Debug, Default)]
struct State {
    out: Vec<u8>,
    modes: BTreeMap<Switch, bool>,
    touched: Touched,
}

impl State {
    /// Writes a control sequence with all its parameters.
    fn control(&mut self, prefix: &[u8], params: &Params, end: &[u8]) {
        self.out.extend(b"\x1b[");
        self.out.extend(prefix);
        for (index, parameter) in params.iter().enumerate() {
            if index > 0 {
                self.out.push(b';');
            }
            for (index, part) in parameter.iter().enumerate() {
                if index > 0 {
                    self.out.push(b':');
                }
                if *part != 0 || parameter.len() > 1 || params.len() > 1 {
                    let _ = write!(self.out, "{part}");
                }
            }
        }
        self.out.extend(end);
    }

    /// Sets or resets those of the modes that are allowed.
    fn switch(&mut self, params: &Params, switch: fn(u16) -> Switch, set: bool) {
        for number in params.iter().filter_map(|parameter| parameter.first().copied()) {
            let mode = switch(number);
            if mode.is_allowed() {
                self.modes.insert(mode, set);
                let prefix = if matches!(mode, Switch::Private(_)) { "?" } else { "" };
                let _ = write!(self.out, "\x1b[{prefix}{number}{}", if set { 'h' } else { 'l' });
            }
        }
    }

    fn command(&mut self, text: &[&str]) {
        self.out.extend(b"\x1b]");
        self.out.extend(text.join(";").bytes());
        self.out.extend(b"\x1b\\");
    }
}

impl Perform for State {
    fn print(&mut self, character: char) {
        // Control characters of eight bits are sequences to some terminals.
        if !character.is_control() {
            self.out.extend(character.encode_utf8(&mut [0; 4]).bytes());
        }
    }

    fn execute(&mut self, byte: u8) {
        // Bell, backspace, tab, line feed, vertical tab, form feed, return; shifts of the character set.
        if matches!(byte, 0x07..=0x0F) {
            self.touched.charset |= byte == 0x0E;
            self.out.push(byte);
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if ignore {
            return;
        }
        let first = params.iter().next().and_then(|parameter| parameter.first().copied()).unwrap_or_default();
        match (intermediates, action) {
            (b"", 'h' | 'l') => self.switch(params, Switch::Standard, action == 'h'),
            (b"?", 'h' | 'l') => self.switch(params, Switch::Private, action == 'h'),
            (b"", '@' | 'A'..='M' | 'P' | 'S' | 'X' | 'Z' | '`' | 'a' | 'b' | 'd'..='g' | 'm' | 'r' | 's' | 'u') => {
                self.touched.colours |= action == 'm';
                self.touched.margins |= action == 'r';
                self.control(b"", params, &[action as u8]);
            }
            // With more than one parameter this asks for reports of the mouse.
            (b"", 'T') if params.len() <= 1 => self.control(b"", params, b"T"),
            // Of the window's operations only the stack of titles: others move the window, or make the terminal answer.
            (b"", 't') if matches!(first, 22 | 23) => self.control(b"", params, b"t"),
            (b"?", 'J' | 'K') => self.control(b"?", params, &[action as u8]),
            (b" ", 'q') => {
                self.touched.cursor = true;
                self.control(b"", params, b" q");
            }
            (b"!", 'p') => self.control(b"", params, b"!p"),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], ignore: bool, byte: u8) {
        let allowed = !ignore
            && match (intermediates, byte) {
                (b"", b'7' | b'8' | b'=' | b'>' | b'D' | b'E' | b'H' | b'M' | b'c') | (b"#", b'8') => true,
                (b"(" | b")" | b"*" | b"+", b'0' | b'A' | b'B') => {
                    self.touched.charset = true;
                    true
                }
                _ => false,
            };
        if allowed {
            self.touched.keypad |= byte == b'=';
            self.out.push(0x1B);
            self.out.extend(intermediates);
            self.out.push(byte);
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _bell: bool) {
        let texts: Vec<String> = params.iter().map(|text| String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect()).collect();
        match texts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [kind @ ("0" | "1" | "2"), title @ ..] => {
                let title: String = title.join(";").chars().take(LONGEST_TITLE).collect();
                self.command(&[kind, &title]);
            }
            ["4", pairs @ ..] if pairs.len() % 2 == 0 => {
                for pair in pairs.chunks_exact(2).filter(|pair| pair[0].bytes().all(|byte| byte.is_ascii_digit()) && is_colour(pair[1])) {
                    self.touched.palette = true;
                    self.command(&["4", pair[0], pair[1]]);
                }
            }
            [kind @ ("10" | "11" | "12"), colour] if is_colour(colour) => {
                self.touched.palette = true;
                self.command(&[kind, colour]);
            }
            [kind @ ("104" | "110" | "111" | "112")] => self.command(&[kind]),
            _ => {}
        }
    }
}

/// Whether a text names a colour; a question mark would ask for one.
fn is_colour(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"#:/,. ".contains(&byte))
}
