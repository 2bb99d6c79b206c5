//! The sizes of a conversion: `h`, `ll`, `I64` and so on.

use super::Options;
use crate::Unit;

/// How large an argument is, or how wide its characters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    bits: u8,
    /// `h`
    pub narrow: bool,
    /// `l` or `w`
    pub wide: bool,
    /// `T`: as the function itself
    pub natural: bool,
}

impl Size {
    /// 8, 16, 32 or 64.
    pub(super) fn bits(self) -> usize {
        if self.bits == 0 { 32 } else { self.bits.into() }
    }

    /// Takes the sizes at the start of `rest`; false where `I`, `z` or `t` stands before something that they do not apply to.
    pub(super) fn take<C: Unit>(&mut self, rest: &mut &[C], options: &Options) -> bool {
        const POINTER: u8 = usize::BITS as u8;
        let repeat = options.legacy_names();
        let msvcrt = options.msvcrt();
        loop {
            let at = |index: usize| rest.get(index).map_or(0, |unit| unit.ascii());
            let integer = matches!(at(1), b'd' | b'i' | b'o' | b'u' | b'x' | b'X');
            let length = match (at(0), at(1)) {
                (b'h', b'h') if !msvcrt => {
                    self.bits = 8;
                    self.narrow = true;
                    2
                }
                (b'h', _) => {
                    self.bits = if self.bits == 64 { 64 } else { 16 };
                    self.narrow = true;
                    1
                }
                (b'l', b'l') => {
                    self.bits = 64;
                    2
                }
                (b'l' | b'w', _) => {
                    self.wide = true;
                    1
                }
                (b'j', _) => {
                    self.bits = 64;
                    1
                }
                (b'I', b'6') if at(2) == b'4' => {
                    self.bits = 64;
                    3
                }
                (b'I', b'3') if at(2) == b'2' => {
                    self.bits = 32;
                    3
                }
                (b'I', _) | (b'z' | b't', _) if integer => {
                    self.bits = POINTER;
                    1
                }
                (b'I', _) => return false,
                (b'z' | b't', _) if msvcrt => return false,
                (b'L' | b'z' | b't', _) => 1,
                (b'F' | b'N', _) if repeat => 1,
                (b'T', _) if !msvcrt => {
                    self.natural = true;
                    1
                }
                _ => return true,
            };
            *rest = &rest[length..];
            if !repeat {
                return true;
            }
        }
    }
}
