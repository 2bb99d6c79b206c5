//! Between wide text and the multibyte text of a locale's code page.

/// The bytes of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    bytes: [u8; 4],
    count: u8,
}

impl Bytes {
    /// At most four bytes; more are dropped.
    pub fn new(bytes: &[u8]) -> Self {
        let mut all = [0; 4];
        let count = bytes.len().min(4);
        all[..count].copy_from_slice(&bytes[..count]);
        Self { bytes: all, count: count as u8 }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.count)]
    }
}

/// The UTF-16 units of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide {
    units: [u16; 2],
    count: u8,
}

impl Wide {
    /// A character of the Basic Multilingual Plane.
    pub const fn one(unit: u16) -> Self {
        Self { units: [unit, 0], count: 1 }
    }

    /// Any character.
    pub fn new(character: char) -> Self {
        let mut units = [0; 2];
        let count = character.encode_utf16(&mut units).len() as u8;
        Self { units, count }
    }

    /// The units.
    pub fn as_slice(&self) -> &[u16] {
        &self.units[..usize::from(self.count)]
    }
}

/// A code page. Both conversions look at the first character only.
pub trait Codec {
    /// The longest character in bytes (`MB_CUR_MAX`), at most 4.
    fn longest(&self) -> usize;
    /// The first character of `bytes`, and how many bytes it takes; nothing where it is invalid or incomplete.
    fn decode(&self, bytes: &[u8]) -> Option<(Wide, usize)>;
    /// The first character of `units`, and how many units it takes; nothing where the code page lacks it.
    fn encode(&self, units: &[u16]) -> Option<(Bytes, usize)>;
}

/// The "C" locale: the bytes are the first 256 characters of Unicode.
#[derive(Clone, Copy, Debug, Default)]
pub struct CLocale;

impl Codec for CLocale {
    fn longest(&self) -> usize {
        1
    }

    fn decode(&self, bytes: &[u8]) -> Option<(Wide, usize)> {
        bytes.first().map(|&byte| (Wide::one(byte.into()), 1))
    }

    fn encode(&self, units: &[u16]) -> Option<(Bytes, usize)> {
        let byte = u8::try_from(*units.first()?).ok()?;
        Some((Bytes::new(&[byte]), 1))
    }
}

/// The locale `.utf8`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8;

impl Codec for Utf8 {
    fn longest(&self) -> usize {
        4
    }

    fn decode(&self, bytes: &[u8]) -> Option<(Wide, usize)> {
        let length = match *bytes.first()? {
            0..=0x7F => 1,
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return None,
        };
        let character = core::str::from_utf8(bytes.get(..length)?).ok()?.chars().next()?;
        Some((Wide::new(character), length))
    }

    fn encode(&self, units: &[u16]) -> Option<(Bytes, usize)> {
        let character = char::decode_utf16(units.iter().copied()).next()?.ok()?;
        Some((Bytes::new(character.encode_utf8(&mut [0; 4]).as_bytes()), character.len_utf16()))
    }
}
