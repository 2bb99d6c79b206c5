//! Copying keys with all that is below them.

use super::enumerate::{subkey_name, value_at};
use super::open::open;
use super::root::{MAXIMUM_ALLOWED, handle};
use super::set::set;
use super::{Key, Owned, wide_of};
use crate::nt;
use alloc::vec::Vec;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_NO_MORE_ITEMS, HANDLE};

const KEY_READ: u32 = 0x2_0019;

/// Calls with each number until there is nothing more.
fn each(mut work: impl FnMut(u32) -> Result<(), Win32Error>) -> Result<(), Win32Error> {
    for index in 0.. {
        match work(index) {
            Err(Win32Error(ERROR_NO_MORE_ITEMS)) => break,
            done => done?,
        }
    }
    Ok(())
}

fn values(from: HANDLE, to: HANDLE) -> Result<(), Win32Error> {
    each(|index| {
        let (kind, name, data) = value_at(from, index)?;
        set(to, &name, kind, &data).map(|_| ())
    })
}

fn copy(source: Key, path: &[u16], target: Key) -> Result<LStatus, Win32Error> {
    let target = handle(target)?;
    let opened;
    let source = if path.is_empty() {
        handle(source)?
    } else {
        opened = Owned(open(source, path, KEY_READ, 0)?);
        opened.0
    };
    values(source, target)?;
    let mut left: Vec<(Owned, Owned)> = Vec::new();
    let below = |from: HANDLE, to: HANDLE, left: &mut Vec<(Owned, Owned)>| {
        each(|index| {
            let name = subkey_name(from, index)?;
            let from = Owned(nt::open_key(from, &name, KEY_READ, 0)?);
            let to = Owned(nt::create_key(to, &name, &crate::nt::New { access: MAXIMUM_ALLOWED, ..crate::nt::New::default() })?.0);
            left.push((from, to));
            Ok(())
        })
    };
    below(source, target, &mut left)?;
    while let Some((from, to)) = left.pop() {
        values(from.0, to.0)?;
        below(from.0, to.0, &mut left)?;
    }
    Ok(LStatus)
}

/// Copies values and keys to another key.
#[shim(ix = 134, mapping = "NtCreateKey and NtSetValueKey for each", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RegCopyTreeW(source: Key, path: *const u16, target: Key) -> Result<LStatus, Win32Error> {
    copy(source, unsafe { text::wide(path) }, target)
}

/// Copies values and keys to another key.
#[shim(ix = 135, mapping = "NtCreateKey and NtSetValueKey for each", risk = Wrong("a key that is missed"))]
pub unsafe extern "system" fn RegCopyTreeA(source: Key, path: *const u8, target: Key) -> Result<LStatus, Win32Error> {
    copy(source, &unsafe { wide_of(path) }.unwrap_or_default(), target)
}
