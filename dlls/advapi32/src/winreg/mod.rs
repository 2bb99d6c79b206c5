//! winreg.h: the registry, on ntdll's functions for keys.

mod copy;
mod delete;
mod enumerate;
mod get;
mod info;
mod notify;
mod open;
mod query;
mod refused;
mod root;
mod set;

use crate::nt::NtClose;
use alloc::vec::Vec;
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::text;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};

/// A key of a program's, or one of the roots.
pub type Key = HANDLE;

/// A handle that is closed with its scope.
struct Owned(HANDLE);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's alone.
        unsafe { NtClose(self.0) };
    }
}

impl Owned {
    /// The handle, which somebody else closes.
    fn keep(self) -> HANDLE {
        let handle = self.0;
        core::mem::forget(self);
        handle
    }
}

/// A text of the ANSI code page as UTF-16.
unsafe fn wide_of(text: *const u8) -> Option<Vec<u16>> {
    (!text.is_null()).then(|| nls::to_wide(ANSI, unsafe { text::narrow(text) }, false).unwrap_or_default())
}

/// UTF-16 in the ANSI code page.
fn narrow_of(units: &[u16]) -> Vec<u8> {
    nls::from_wide(ANSI, units, b'?').unwrap_or_default().0
}

/// Whether a value's data are text (`REG_SZ`, `REG_EXPAND_SZ`, `REG_MULTI_SZ`).
const fn is_text(kind: u32) -> bool {
    matches!(kind, 1 | 2 | 7)
}

fn units_of(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
}

fn bytes_of(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// A reference where a pointer is demanded.
unsafe fn demanded<'a, T>(pointer: *mut T) -> Result<&'a mut T, Win32Error> {
    unsafe { pointer.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))
}
