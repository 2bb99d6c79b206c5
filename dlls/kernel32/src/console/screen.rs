//! Where the cursor is, by what was written, and how to get elsewhere.

use super::colour::{self, DEFAULT};
use super::device::Output;
use crate::lock::Lock;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::System::Console::COORD;

/// What this process knows of its screen.
pub static SCREEN: Lock<Screen> = Lock::new(Screen::NEW);

const ESCAPE: char = '\x1b';
/// What a console shows for an escape character that it does not obey.
const ESCAPE_SHOWN: char = '\u{2190}';

/// Where in a control sequence the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Text,
    Escape,
    /// Inside of a sequence that ends with a letter.
    Control,
    /// Inside of a command that ends with a bell or a backslash.
    Command,
}

/// Cells that were filled with blanks, and not written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blank {
    start: u32,
    count: u32,
}

/// The screen's state.
pub struct Screen {
    /// What characters are written with.
    pub attribute: u16,
    /// Column and row.
    pub cursor: (i16, i16),
    /// Whether the row is the terminal's, and not counted from where the process began.
    certain: bool,
    place: Place,
    blank: Option<Blank>,
    /// The first half of a character whose second half has not come yet.
    half: Option<u16>,
    /// How much of a cell the cursor fills, in percent, and whether it is shown.
    pub cursor_form: (u32, bool),
    /// The title, once it was set.
    pub title: Option<Vec<u16>>,
}

/// Columns of a character: East Asian ones take two (Unicode's "East Asian Width", wide and full-width ranges).
fn width(character: char) -> i16 {
    let wide = matches!(u32::from(character),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6 | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD);
    1 + i16::from(wide)
}

impl Screen {
    const NEW: Self = Self {
        attribute: DEFAULT,
        cursor: (0, 0),
        certain: false,
        place: Place::Text,
        blank: None,
        half: None,
        cursor_form: (25, true),
        title: None,
    };

    fn down(&mut self, output: &Output) {
        self.cursor.0 = 0;
        if self.cursor.1 + 1 < output.rows {
            self.cursor.1 += 1;
        } else {
            // Counted from wherever it began, the screen has scrolled by now.
            self.certain = true;
        }
    }

    fn advance(&mut self, output: &Output, character: char) {
        let (column, _) = self.cursor;
        match (self.place, character) {
            (Place::Text, ESCAPE) => self.place = Place::Escape,
            (Place::Text, '\r') => self.cursor.0 = 0,
            (Place::Text, '\n') => self.down(output),
            (Place::Text, '\x08') => self.cursor.0 = (column - 1).max(0),
            (Place::Text, '\t') => self.cursor.0 = (column / 8 * 8 + 8).min(output.columns - 1),
            (Place::Text, _) if character.is_control() => {}
            (Place::Text, _) => {
                self.cursor.0 += width(character);
                if self.cursor.0 >= output.columns {
                    self.down(output);
                }
            }
            (Place::Escape, '[') => self.place = Place::Control,
            (Place::Escape, ']') => self.place = Place::Command,
            (Place::Escape, _) => self.place = Place::Text,
            (Place::Control, '@'..='~') | (Place::Command, '\x07' | '\\') => self.place = Place::Text,
            (Place::Control | Place::Command, _) => {}
        }
    }

    /// Follows a text that appeared on the screen.
    pub fn follow(&mut self, output: &Output, text: &str) {
        self.blank = None;
        text.chars().for_each(|character| self.advance(output, character));
    }

    /// A text of the program's as a string: what is only the first half of a character waits for the second.
    pub fn take(&mut self, units: &[u16]) -> String {
        let mut whole: Vec<u16> = self.half.take().into_iter().collect();
        whole.extend_from_slice(units);
        self.half = whole.last().copied().filter(|unit| (0xD800..0xDC00).contains(unit));
        if self.half.is_some() {
            whole.pop();
        }
        String::from_utf16_lossy(&whole)
    }

    /// The sequence that brings the cursor to a place.
    fn way(&self, to: (i16, i16)) -> String {
        if self.certain || to == (0, 0) {
            return format!("\x1b[{};{}H", to.1 + 1, to.0 + 1);
        }
        let mut way = String::from("\r");
        let rows = to.1 - self.cursor.1;
        if rows != 0 {
            way += &format!("\x1b[{}{}", rows.abs(), if rows < 0 { 'A' } else { 'B' });
        }
        if to.0 > 0 {
            way += &format!("\x1b[{}C", to.0);
        }
        way
    }

    /// Brings the cursor to a place.
    pub fn go(&mut self, output: &Output, to: COORD) -> Result<(), Win32Error> {
        cell(output, to)?;
        let to = (to.X, to.Y);
        output.put(self.way(to).as_bytes())?;
        self.certain |= to == (0, 0);
        self.cursor = to;
        Ok(())
    }

    /// Writes the same character into cells from a place on; answers how many. The cursor stays where it is.
    pub fn fill(&mut self, output: &Output, at: COORD, count: u32, character: char) -> Result<u32, Win32Error> {
        let start = cell(output, at)?;
        let cells = output.columns as u32 * output.rows as u32;
        let count = count.min(cells - start);
        if character == ' ' && start == 0 && count == cells {
            output.put(b"\x1b[2J")?;
        } else {
            let text: String = core::iter::repeat_n(character, count as usize).collect();
            output.put(format!("\x1b7{}{text}\x1b8", self.way((at.X, at.Y))).as_bytes())?;
        }
        self.blank = (character == ' ').then_some(Blank { start, count });
        Ok(count)
    }

    /// Colours cells from a place on, where they are known to be blank; answers how many, or none where they are not.
    pub fn colour(&mut self, output: &Output, at: COORD, count: u32, attribute: u16) -> Result<Option<u32>, Win32Error> {
        let start = cell(output, at)?;
        let count = count.min(output.columns as u32 * output.rows as u32 - start);
        let blank = self.blank.filter(|blank| blank.start <= start && start + count <= blank.start + blank.count);
        if blank.is_none() {
            return Ok(None);
        }
        let (there, back) = (colour::sequence(attribute), colour::sequence(self.attribute));
        let text: String = core::iter::repeat_n(' ', count as usize).collect();
        output.put(format!("\x1b7{}{there}{text}{back}\x1b8", self.way((at.X, at.Y))).as_bytes())?;
        Ok(Some(count))
    }

    /// Sets what characters are written with.
    pub fn set_attribute(&mut self, output: &Output, attribute: u16) -> Result<(), Win32Error> {
        output.put(colour::sequence(attribute).as_bytes())?;
        self.attribute = attribute;
        Ok(())
    }
}

/// A cell's number from the upper left corner on; a place outside of the screen is refused.
fn cell(output: &Output, at: COORD) -> Result<u32, Win32Error> {
    if at.X < 0 || at.Y < 0 || at.X >= output.columns || at.Y >= output.rows {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    Ok(at.Y as u32 * output.columns as u32 + at.X as u32)
}

/// Shows a text where control sequences are not obeyed: the escape character is a sign like others.
pub fn without_sequences(text: &str) -> String {
    text.chars().map(|character| if character == ESCAPE { ESCAPE_SHOWN } else { character }).collect()
}

/// Whether a text holds control sequences.
pub fn has_sequences(text: &str) -> bool {
    text.contains(ESCAPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: Output = Output::fake(10, 4);

    fn after(text: &str) -> Screen {
        let mut screen = Screen::NEW;
        screen.follow(&OUTPUT, text);
        screen
    }

    #[test]
    fn the_cursor_follows_what_is_written() {
        for (text, cursor) in [
            ("abc", (3, 0)),
            ("abc\r\n", (0, 1)),
            ("abc\x08\x08", (1, 0)),
            ("a\tb", (9, 0)),
            ("0123456789ab", (2, 1)),
            ("\x1b[31mred\x1b[m", (3, 0)),
            ("\x1b]0;title\x07x", (1, 0)),
            ("\u{4E2D}", (2, 0)),
            ("1\n2\n3\n4\n5\n", (0, 3)),
        ] {
            assert_eq!(after(text).cursor, cursor, "{text:?}");
        }
    }

    #[test]
    fn rows_are_differences_until_the_screen_has_scrolled() {
        assert_eq!(after("a\nb").way((2, 0)), "\r\x1b[1A\x1b[2C");
        assert_eq!(after("1\n2\n3\n4\n").way((2, 0)), "\x1b[1;3H");
        assert_eq!(after("a").way((0, 0)), "\x1b[1;1H");
    }

    #[test]
    fn halves_of_a_character_wait_for_each_other() {
        let mut screen = Screen::NEW;
        assert_eq!(screen.take(&[0x61, 0xD83D]), "a");
        assert_eq!(screen.take(&[0xDE00]), "\u{1F600}");
        assert_eq!(screen.take(&[0xDE00]), "\u{FFFD}");
    }
}
