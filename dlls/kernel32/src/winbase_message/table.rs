//! Definitions of messages: the system's own, in our words, and those of modules.

use crate::nt::LdrGetDllHandle;
use crate::processenv::unicode_string;
use crate::resource;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guest::error::Win32Error;
use guest::nls;
use windows_sys::Win32::Foundation::{ERROR_MR_MID_NOT_FOUND, ERROR_RESOURCE_LANG_NOT_FOUND};

/// Source (`win32`, `status`), number in hexadecimal digits, text.
static MESSAGES: &str = include_str!("messages.tsv");

const MISSING: Win32Error = Win32Error(ERROR_MR_MID_NOT_FOUND);
const RT_MESSAGETABLE: u16 = 11;
/// The bits of a language that say which, without its country.
const PRIMARY: u32 = 0x3FF;
const LANG_NEUTRAL: u32 = 0;
const LANG_ENGLISH: u32 = 9;
/// `HRESULT_FROM_WIN32`: the high half of an HRESULT that holds a Win32 error.
const FROM_WIN32: u32 = 0x8007;

/// A text of ours, with the end of line that every message has.
fn own(source: &str, id: u32) -> Option<Vec<u16>> {
    let row = |line: &'static str| {
        let (kind, rest) = line.split_once('\t')?;
        let (number, text) = rest.split_once('\t')?;
        (kind == source && u32::from_str_radix(number, 16) == Ok(id)).then_some(text)
    };
    let text = MESSAGES.lines().find_map(row)?;
    Some(text.encode_utf16().chain([u16::from(b'\r'), u16::from(b'\n')]).collect())
}

/// The system's message for a Win32 error or an HRESULT, in its only language.
pub fn of_system(id: u32, language: u32) -> Result<Vec<u16>, Win32Error> {
    if ![LANG_NEUTRAL, LANG_ENGLISH].contains(&(language & PRIMARY)) {
        return Err(Win32Error(ERROR_RESOURCE_LANG_NOT_FOUND));
    }
    let win32 = if id >> 16 == FROM_WIN32 { id & 0xFFFF } else { id };
    own("win32", win32).ok_or(MISSING)
}

/// Whether a module is `ntdll`, which has the texts of NTSTATUS codes.
fn is_ntdll(module: *const u8) -> bool {
    let units: Vec<u16> = "ntdll.dll".encode_utf16().collect();
    let Ok(name) = unicode_string(&units) else { return false };
    let mut found = null_mut();
    // SAFETY: reads the name, writes the handle.
    let status = unsafe { LdrGetDllHandle(null(), null_mut(), &raw const name, &raw mut found) };
    status >= 0 && core::ptr::eq(found.cast(), module)
}

/// A module's message; NULL is the program.
pub fn of_module(module: *const u8, id: u32, language: u32) -> Result<Vec<u16>, Win32Error> {
    if is_ntdll(module) {
        return own("status", id).ok_or(MISSING);
    }
    // SAFETY: the program is mapped as long as its process runs.
    let program = unsafe { (*guest::teb::peb()).image_base_address as *const u8 };
    let base = if module.is_null() { program } else { module };
    // SAFETY: the caller gives a module's handle.
    let table = unsafe { resource::find(base, RT_MESSAGETABLE, 1, language as u16) }?;
    find(table, id).ok_or(MISSING)
}

/// A message in a table as the message compiler makes it: blocks of numbers, and entries that tell their length.
fn find(table: &[u8], id: u32) -> Option<Vec<u16>> {
    const UNICODE: u16 = 1;
    let word = |at: usize| Some(u32::from_le_bytes(table.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let half = |at: usize| Some(u16::from_le_bytes(table.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let block = (0..word(0)? as usize)
        .map(|index| 4 + 12 * index)
        .find(|at| word(*at).is_some_and(|low| low <= id) && word(*at + 4).is_some_and(|high| id <= high))?;
    let mut at = word(block + 8)? as usize;
    for _ in word(block)?..id {
        at += usize::from(half(at)?).max(1);
    }
    let bytes = table.get(at + 4..at + usize::from(half(at)?))?;
    let units: Vec<u16> = if half(at + 2)? & UNICODE != 0 {
        bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
    } else {
        nls::to_wide(nls::ANSI, bytes, false).ok()?
    };
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    Some(units[..end].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use guest::text;

    #[test]
    fn the_table_is_sorted_and_whole() {
        let rows: Vec<(&str, u32)> = MESSAGES
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split('\t').collect();
                assert!(cells.len() == 3 && cells[2].ends_with('.') && !cells[2].contains('%'), "{line}");
                (cells[0], u32::from_str_radix(cells[1], 16).expect("digits"))
            })
            .collect();
        // Win32 errors come first, then NTSTATUS codes; each kind is sorted.
        assert!(rows.is_sorted_by(|one, next| (one.0 != "win32", one.1) < (next.0 != "win32", next.1)));
        assert!(rows.iter().all(|row| ["win32", "status"].contains(&row.0)));
    }

    #[test]
    fn results_of_com_lead_to_errors() {
        assert_eq!(of_system(0x8007_0005, 0), of_system(5, 0x409));
        assert_eq!((of_system(5, 0x407), of_system(0xFFFF, 0)), (Err(Win32Error(ERROR_RESOURCE_LANG_NOT_FOUND)), Err(MISSING)));
        assert!(text::lossy(&own("status", 0xC000_0005).unwrap()).ends_with("\r\n"));
    }

    #[test]
    fn tables_of_modules_are_read() {
        let mut table = Vec::new();
        for word in [1_u32, 5, 6, 16] {
            table.extend(word.to_le_bytes());
        }
        for text in ["one\r\n", "two\r\n"] {
            let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            table.extend((bytes.len() as u16 + 4).to_le_bytes());
            table.extend(1_u16.to_le_bytes());
            table.extend(bytes);
        }
        assert_eq!(find(&table, 6).map(|units| text::lossy(&units)), Some("two\r\n".into()));
        assert_eq!((find(&table, 4), find(&table, 7), find(&table[..20], 6)), (None, None, None));
    }
}
