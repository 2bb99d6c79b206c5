//! The colours of a console's characters as control sequences.

use alloc::format;
use alloc::string::String;

/// Light grey on black: what a new console has, and what stands for the terminal's own colours.
pub const DEFAULT: u16 = 7;

const INTENSE: u16 = 8;
const REVERSE: u16 = 0x4000;
const UNDERSCORE: u16 = 0x8000;
/// Colours and the `COMMON_LVB_*` bits.
const VALID: u16 = 0xDFFF;

/// Whether all bits of an attribute mean something.
pub const fn is_valid(attribute: u16) -> bool {
    attribute & !VALID == 0
}

/// The terminal's number of a console's colour: red and blue change places.
const fn number(colour: u16) -> u16 {
    colour & 2 | (colour & 1) << 2 | (colour & 4) >> 2
}

/// The sequence that sets an attribute.
pub fn sequence(attribute: u16) -> String {
    if attribute == DEFAULT {
        return "\x1b[m".into();
    }
    let mut text = String::from("\x1b[0");
    for (bit, code) in [(UNDERSCORE, 4), (REVERSE, 7)] {
        if attribute & bit != 0 {
            text += &format!(";{code}");
        }
    }
    let base = |colour: u16, normal: u16, intense: u16| if colour & INTENSE == 0 { normal } else { intense };
    let (front, back) = (attribute & 0xF, attribute >> 4 & 0xF);
    text += &format!(";{}", base(front, 30, 90) + number(front));
    // Black behind the text is the terminal's own ground.
    if back != 0 {
        text += &format!(";{}", base(back, 40, 100) + number(back));
    }
    text.push('m');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_a_terminal() {
        for (attribute, expected) in [(7, "\x1b[m"), (4, "\x1b[0;31m"), (0x1F, "\x1b[0;97;44m"), (0x9, "\x1b[0;94m"), (0x8007, "\x1b[0;4;37m")] {
            assert_eq!(sequence(attribute), expected, "{attribute:#x}");
        }
        assert!(is_valid(0xFF) && !is_valid(0x2000));
    }
}
