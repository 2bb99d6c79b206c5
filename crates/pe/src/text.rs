//! UTF-16 text in an image.

use core::{char, fmt};

/// UTF-16LE text over borrowed bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Utf16<'a> {
    units: &'a [[u8; 2]],
}

impl<'a> Utf16<'a> {
    /// The text in little-endian bytes; an odd byte at the end is left out.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { units: bytes.as_chunks().0 }
    }

    /// The text before the first NUL.
    pub(crate) fn until_nul(self) -> Self {
        let end = self.units.iter().position(|unit| *unit == [0, 0]);
        Self { units: end.and_then(|end| self.units.get(..end)).unwrap_or(self.units) }
    }

    /// Its length in 16-bit units.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The 16-bit units.
    pub fn units(&self) -> impl ExactSizeIterator<Item = u16> + Clone + use<'a> {
        self.units.iter().map(|unit| u16::from_le_bytes(*unit))
    }

    /// The characters; unpaired surrogates become U+FFFD.
    pub fn chars(&self) -> impl Iterator<Item = char> + Clone + use<'a> {
        char::decode_utf16(self.units()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Whether it is the same name to Windows' resource functions: ASCII letters in either case, all else exactly.
    pub fn is_name(&self, name: impl IntoIterator<Item = u16>) -> bool {
        self.units().map(upper).eq(name.into_iter().map(upper))
    }
}

fn upper(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) => byte.to_ascii_uppercase().into(),
        Err(_) => unit,
    }
}

#[cfg(target_endian = "little")]
impl<'a> From<&'a [u16]> for Utf16<'a> {
    fn from(units: &'a [u16]) -> Self {
        Self::from_bytes(object::pod::bytes_of_slice(units))
    }
}

impl fmt::Display for Utf16<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|character| fmt::Write::write_char(f, character))
    }
}

impl fmt::Debug for Utf16<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
