//! The root of a path: what stands in front of its first segment.

const BACKSLASH: u16 = b'\\' as u16;

fn starts(path: &[u16], start: &str) -> bool {
    let start: alloc::vec::Vec<u16> = start.encode_utf16().collect();
    path.get(..start.len()).is_some_and(|found| guest::text::same_ascii(found, &start))
}

/// Where the next backslash is, or the end.
fn next(path: &[u16], from: usize) -> usize {
    path.get(from..).and_then(|rest| rest.iter().position(|unit| *unit == BACKSLASH)).map_or(path.len(), |at| from + at)
}

/// Whether a path starts with a letter and a colon.
pub fn has_drive(path: &[u16]) -> bool {
    let [letter, colon, ..] = path else { return false };
    u8::try_from(*letter).is_ok_and(|letter| letter.is_ascii_alphabetic()) && *colon == u16::from(b':')
}

/// `\\?\UNC\`.
pub fn is_extended_unc(path: &[u16]) -> bool {
    starts(path, "\\\\?\\UNC\\")
}

/// `\\?\` in front of a drive.
pub fn is_extended_drive(path: &[u16]) -> bool {
    starts(path, "\\\\?\\") && path.get(4..).is_some_and(has_drive)
}

/// `\\?\Volume{..}`.
pub fn is_volume(path: &[u16]) -> bool {
    const LENGTH: usize = 48;
    let is = |at: usize, byte: u8| path.get(at) == Some(&u16::from(byte));
    starts(path, "\\\\?\\Volume{") && is(LENGTH - 1, b'}') && [19, 24, 29, 34].iter().all(|at| is(*at, b'-'))
}

/// How long the root is: with the backslash behind a drive or a share, where there is one. Nothing for a relative path.
pub fn length(path: &[u16]) -> Option<usize> {
    let with_backslash = |end: usize| if path.get(end) == Some(&BACKSLASH) { end + 1 } else { end };
    let share = |start: usize| {
        let server = next(path, start);
        if server == path.len() { server } else { with_backslash(next(path, server + 1)) }
    };
    if is_extended_unc(path) {
        Some(share(8))
    } else if is_volume(path) {
        Some(with_backslash(48))
    } else if is_extended_drive(path) {
        Some(with_backslash(6))
    } else if starts(path, "\\\\?\\") {
        None
    } else if starts(path, "\\\\") {
        Some(share(2))
    } else if has_drive(path) {
        Some(with_backslash(2))
    } else if starts(path, "\\") {
        Some(1)
    } else {
        None
    }
}

/// Whether a path is a root and nothing else. A share's root has no backslash behind it.
pub fn is(path: &[u16]) -> bool {
    let unc = starts(path, "\\\\") && !starts(path, "\\\\?\\") || is_extended_unc(path);
    match length(path) {
        Some(length) if unc => {
            length == path.len() && (path.last() != Some(&BACKSLASH) || path.len() == 2 || is_extended_unc(path) && path.len() == 8)
        }
        Some(length) => length == path.len() && path.last() == Some(&BACKSLASH),
        None => false,
    }
}
