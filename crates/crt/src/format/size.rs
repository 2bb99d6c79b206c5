//! The sizes of a conversion: `h`, `ll`, `I64` and so on.

use super::spec::Parser;
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
}

impl<C: Unit> Parser<'_, C> {
    /// Takes the sizes; false where `I`, `z` or `t` stands before something that they do not apply to.
    pub(super) fn sizes(&mut self) -> bool {
        let mut size = self.spec.size;
        let fit = self.sizes_into(&mut size);
        self.spec.size = size;
        fit
    }

    fn sizes_into(&mut self, size: &mut Size) -> bool {
        const POINTER: u8 = usize::BITS as u8;
        let repeat = self.options.legacy_names();
        let msvcrt = self.options.msvcrt();
        loop {
            let integer = matches!(self.after(1), b'd' | b'i' | b'o' | b'u' | b'x' | b'X');
            let length = match (self.peek(), self.after(1)) {
                (b'h', b'h') if !msvcrt => {
                    size.bits = 8;
                    size.narrow = true;
                    2
                }
                (b'h', _) => {
                    size.bits = if size.bits == 64 { 64 } else { 16 };
                    size.narrow = true;
                    1
                }
                (b'l', b'l') => {
                    size.bits = 64;
                    2
                }
                (b'l' | b'w', _) => {
                    size.wide = true;
                    1
                }
                (b'j', _) => {
                    size.bits = 64;
                    1
                }
                (b'I', b'6') if self.after(2) == b'4' => {
                    size.bits = 64;
                    3
                }
                (b'I', b'3') if self.after(2) == b'2' => {
                    size.bits = 32;
                    3
                }
                (b'I', _) | (b'z' | b't', _) if integer => {
                    size.bits = POINTER;
                    1
                }
                (b'I', _) => return false,
                (b'z' | b't', _) if msvcrt => return false,
                (b'L' | b'z' | b't', _) => 1,
                (b'F' | b'N', _) if repeat => 1,
                (b'T', _) if !msvcrt => {
                    size.natural = true;
                    1
                }
                _ => return true,
            };
            self.rest = &self.rest[length..];
            if !repeat {
                return true;
            }
        }
    }
}
