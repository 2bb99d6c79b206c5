//! How texts are answered, wide or ANSI.

use crate::ansi::{self, copy_or_fail};
use alloc::borrow::Cow;
use guest::call::Count;
use guest::error::Win32Error;
use guest::nls::ANSI;
use windows_sys::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;

/// What a caller's text is made of.
pub trait Text: Copy + Default + 'static {
    /// A text of these.
    fn of(units: &[u16]) -> Cow<'_, [Self]>;

    /// Copies a text with its NUL; one that is too long is cut, and the buffer full.
    ///
    /// # Safety
    /// The buffer has that room.
    unsafe fn put_cut(units: &[u16], buffer: *mut Self, room: u32) -> Result<Count<u32>, Win32Error> {
        let text = Self::of(units);
        let Some(most) = (room as usize).checked_sub(1) else { return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER)) };
        let fits = text.len().min(most);
        // SAFETY: there is room for so much, and a NUL.
        let copied = unsafe { copy_or_fail(&text[..fits], buffer, room) }?;
        Ok(Count(if fits < text.len() { room } else { copied }))
    }

    /// Copies a text with its NUL, or says that it does not fit.
    ///
    /// # Safety
    /// The buffer has that room.
    unsafe fn put_whole(units: &[u16], buffer: *mut Self, room: u32) -> Result<Count<u32>, Win32Error> {
        // SAFETY: as the caller promises.
        unsafe { copy_or_fail(&Self::of(units), buffer, room) }.map(Count)
    }
}

impl Text for u16 {
    fn of(units: &[u16]) -> Cow<'_, [Self]> {
        Cow::Borrowed(units)
    }
}

impl Text for u8 {
    fn of(units: &[u16]) -> Cow<'_, [Self]> {
        Cow::Owned(ansi::from_wide(ANSI, units))
    }
}
