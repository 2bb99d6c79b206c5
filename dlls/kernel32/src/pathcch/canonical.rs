//! The canonical form of a path, as text: no segment of one or two dots, one root. Nothing is looked up.

use super::root;
use alloc::vec::Vec;
use guest::error::{Failure, Win32Error};
use windows_sys::Win32::Foundation::{E_INVALIDARG, ERROR_FILENAME_EXCED_RANGE, ERROR_INSUFFICIENT_BUFFER};

const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;
const MAX_PATH: usize = 260;
/// Units of the longest path, with the NUL.
pub const MOST: usize = 0x8000;

/// `PATHCCH_ALLOW_LONG_PATHS`: paths of `MAX_PATH` and more.
pub const LONG: u32 = 1;
const FORCE_LONG_PROCESS: u32 = 2;
const FORCE_SHORT_PROCESS: u32 = 4;
const KEEP_SEGMENTS: u32 = 8;
const EXTENDED: u32 = 0x10;
const TRAILING: u32 = 0x20;
const SLASHES: u32 = 0x40;
const ALL: u32 = 0x7F;

/// A path that is too long for the buffer.
pub fn no_room() -> Failure {
    Win32Error(ERROR_INSUFFICIENT_BUFFER).into()
}

/// The flags that fit together.
pub fn checked(flags: u32) -> Result<u32, Failure> {
    let has = |flag: u32| flags & flag != 0;
    let wrong = has(FORCE_LONG_PROCESS) && has(FORCE_SHORT_PROCESS) || (has(FORCE_LONG_PROCESS) || has(FORCE_SHORT_PROCESS)) && !has(LONG);
    let wrong = wrong || has(LONG) && has(EXTENDED) || flags & !ALL != 0;
    if wrong { Err(Failure(E_INVALIDARG)) } else { Ok(flags) }
}

/// A segment without the dots at its end, but for those behind a star.
fn trimmed(segment: &[u16]) -> &[u16] {
    let end = segment.iter().rposition(|unit| *unit != DOT).map_or(0, |last| last + 1);
    if end < segment.len() && end > 0 && segment[end - 1] == u16::from(b'*') { &segment[..end + 1] } else { &segment[..end] }
}

/// A path without `\\?\` in front of a drive or a server.
pub fn plain(path: &[u16]) -> Vec<u16> {
    if root::is_extended_unc(path) {
        [&[BACKSLASH, BACKSLASH], &path[8..]].concat()
    } else if root::is_extended_drive(path) {
        path[4..].to_vec()
    } else {
        path.to_vec()
    }
}

/// A path with `\\?\` in front of its drive or server.
fn extended(path: &[u16]) -> Vec<u16> {
    let prefix = |text: &str, rest: &[u16]| text.encode_utf16().chain(rest.iter().copied()).collect();
    if root::has_drive(path) {
        prefix("\\\\?\\", path)
    } else if path.starts_with(&[BACKSLASH, BACKSLASH]) && path.get(2) != Some(&u16::from(b'?')) {
        prefix("\\\\?\\UNC\\", &path[2..])
    } else {
        path.to_vec()
    }
}

/// The canonical form.
pub fn of(path: &[u16], flags: u32) -> Result<Vec<u16>, Failure> {
    let flags = checked(flags)?;
    let has = |flag: u32| flags & flag != 0;
    if path.len() >= MOST || path.len() >= MAX_PATH && !has(LONG) && !has(EXTENDED) {
        return Err(Win32Error(ERROR_FILENAME_EXCED_RANGE).into());
    }
    let slash = |unit: &u16| if has(SLASHES) && *unit == u16::from(b'/') { BACKSLASH } else { *unit };
    let source: Vec<u16> = plain(&path.iter().map(slash).collect::<Vec<_>>());
    let start = root::length(&source).unwrap_or(0);
    // The root's backslash is written with the segments behind it.
    let (head, rest) = source.split_at(start);
    let mut segments: Vec<&[u16]> = Vec::new();
    let mut is_open = false;
    let count = rest.split(|unit| *unit == BACKSLASH).count();
    for (index, segment) in rest.split(|unit| *unit == BACKSLASH).enumerate() {
        let last = index + 1 == count;
        match segment {
            [DOT] | [] => is_open = last && segment.is_empty() && index > 0,
            [DOT, DOT] => {
                segments.pop();
                is_open = false;
            }
            _ => {
                let segment = if has(KEEP_SEGMENTS) { segment } else { trimmed(segment) };
                if !segment.is_empty() {
                    segments.push(segment);
                }
                is_open = false;
            }
        }
    }
    let mut result = head.to_vec();
    for segment in &segments {
        if result.last().is_some_and(|unit| *unit != BACKSLASH) {
            result.push(BACKSLASH);
        }
        result.extend_from_slice(segment);
    }
    if (is_open && !segments.is_empty() || has(TRAILING)) && result.last() != Some(&BACKSLASH) {
        result.push(BACKSLASH);
    }
    if result.is_empty() || root::has_drive(&result) && result.len() == 2 {
        result.push(BACKSLASH);
    }
    if has(EXTENDED) || has(LONG) && !has(FORCE_LONG_PROCESS) && result.len() >= MAX_PATH {
        result = extended(&result);
    }
    if result.len() >= MOST || !has(LONG) && !has(EXTENDED) && result.len() >= MAX_PATH {
        return Err(Win32Error(ERROR_FILENAME_EXCED_RANGE).into());
    }
    Ok(result)
}

/// Two paths behind each other, in the canonical form; the second alone where it has a root of its own.
pub fn combined(first: &[u16], second: &[u16], flags: u32) -> Result<Vec<u16>, Failure> {
    let is_unc = second.starts_with(&[BACKSLASH, BACKSLASH]);
    if second.is_empty() {
        return of(first, flags);
    }
    if first.is_empty() || is_unc || root::has_drive(second) {
        return of(second, flags);
    }
    let mut joined = first.to_vec();
    let mut rest = second;
    if second[0] == BACKSLASH {
        // From the root on.
        joined.truncate(root::length(first).unwrap_or(0));
        rest = &second[1..];
    }
    if joined.last() != Some(&BACKSLASH) {
        joined.push(BACKSLASH);
    }
    joined.extend_from_slice(rest);
    of(&joined, flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn text(path: &str, flags: u32) -> String {
        of(&path.encode_utf16().collect::<Vec<_>>(), flags)
            .map_or_else(|failure| alloc::format!("{:#x}", failure.0), |units| String::from_utf16_lossy(&units))
    }

    #[test]
    fn segments_of_dots_go() {
        for (path, wanted) in [
            ("C:\\a\\..\\b", "C:\\b"),
            ("C:\\a\\.\\b", "C:\\a\\b"),
            ("C:\\..\\..\\b", "C:\\b"),
            ("\\\\server\\share\\a\\..\\b", "\\\\server\\share\\b"),
            ("\\\\?\\C:\\a\\..", "C:\\"),
            ("C:", "C:\\"),
            ("", "\\"),
            ("C:\\a.\\b..", "C:\\a\\b"),
        ] {
            assert_eq!(text(path, 0), wanted, "{path}");
        }
        assert_eq!(text("C:/a/b", 0x40), "C:\\a\\b");
        assert_eq!(text("C:\\a", 0x20), "C:\\a\\");
        assert_eq!(text("C:\\a", 0x10), "\\\\?\\C:\\a");
        assert_eq!(text(&"a".repeat(300), 0), "0x800700ce");
    }
}
