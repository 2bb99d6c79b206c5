//! The unit of text: a byte of a narrow string, or 16 bits of a wide one.

use core::marker::PhantomData;

/// A unit of text; implemented for `u8` and `u16`.
pub trait Unit: Copy + Default + Ord + core::hash::Hash + core::fmt::Debug + private::Sealed + 'static {
    /// Whether this is the unit of the wide functions.
    const WIDE: bool;
    /// The unit that ends a string.
    const NUL: Self;
    /// The unit for an ASCII character.
    fn from_ascii(byte: u8) -> Self;
    /// The unit's number.
    fn code(self) -> u32;
    /// The unit with this number, its high bits dropped.
    fn from_code(code: u32) -> Self;
    /// The ASCII character, or 0xFF for everything else.
    fn ascii(self) -> u8 {
        if self.code() < 0x80 { self.code() as u8 } else { 0xFF }
    }
}

impl Unit for u8 {
    const WIDE: bool = false;
    const NUL: Self = 0;
    fn from_ascii(byte: u8) -> Self {
        byte
    }
    fn code(self) -> u32 {
        self.into()
    }
    fn from_code(code: u32) -> Self {
        code as u8
    }
}

impl Unit for u16 {
    const WIDE: bool = true;
    const NUL: Self = 0;
    fn from_ascii(byte: u8) -> Self {
        byte.into()
    }
    fn code(self) -> u32 {
        self.into()
    }
    fn from_code(code: u32) -> Self {
        code as u16
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
}

/// The units of a NUL-terminated string up to its NUL, read one by one: a caller that stops early never looks further.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a, C> {
    at: *const C,
    text: PhantomData<&'a [C]>,
}

impl<C: Unit> Units<'_, C> {
    /// # Safety
    /// `at` points to a NUL-terminated string that stays readable and unchanged for the lifetime; it need not be aligned.
    pub unsafe fn new(at: *const C) -> Self {
        Self { at, text: PhantomData }
    }
}

impl<C: Unit> Iterator for Units<'_, C> {
    type Item = C;

    fn next(&mut self) -> Option<C> {
        // SAFETY: `at` never passes the NUL, as `new` demands one.
        let unit = unsafe { self.at.read_unaligned() };
        if unit == C::NUL {
            return None;
        }
        self.at = self.at.wrapping_add(1);
        Some(unit)
    }
}
