//! DOS paths: what kind a path is, its full form, and the NT path that stands for it.
//!
//! The rules are those of Microsoft's "File path formats on Windows systems" (path normalisation).

use alloc::vec::Vec;
use guest::nls::upcase;

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const COLON: u16 = b':' as u16;
const DOT: u16 = b'.' as u16;
const SPACE: u16 = b' ' as u16;
const QUESTION: u16 = b'?' as u16;

/// `RTL_PATH_TYPE`.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Empty.
    Unknown = 0,
    /// `\\server\share`.
    UncAbsolute = 1,
    /// `C:\x`.
    DriveAbsolute = 2,
    /// `C:x`.
    DriveRelative = 3,
    /// `\x`.
    Rooted = 4,
    /// `x`.
    Relative = 5,
    /// `\\.\x` and `\\?\x`.
    LocalDevice = 6,
    /// `\\.` and `\\?`.
    RootLocalDevice = 7,
}

const fn is_separator(unit: u16) -> bool {
    unit == BACKSLASH || unit == SLASH
}

/// What kind of path it is.
pub fn kind(path: &[u16]) -> Kind {
    match path {
        [] => Kind::Unknown,
        [one, two, rest @ ..] if is_separator(*one) && is_separator(*two) => match rest {
            [DOT | QUESTION, next, ..] if is_separator(*next) => Kind::LocalDevice,
            [DOT | QUESTION] => Kind::RootLocalDevice,
            _ => Kind::UncAbsolute,
        },
        [one, ..] if is_separator(*one) => Kind::Rooted,
        [_, COLON, next, ..] if is_separator(*next) => Kind::DriveAbsolute,
        [_, COLON, ..] => Kind::DriveRelative,
        _ => Kind::Relative,
    }
}

/// The DOS device that a path names (`C:\x\nul.txt` names NUL), as the range of its units.
pub fn dos_device(path: &[u16]) -> Option<core::ops::Range<usize>> {
    if matches!(kind(path), Kind::UncAbsolute | Kind::LocalDevice | Kind::RootLocalDevice | Kind::Unknown) {
        return None;
    }
    let mut end = path.len();
    // A colon behind the name belongs to it (`NUL:`).
    if end > 2 && path[end - 1] == COLON {
        end -= 1;
    }
    let start = path[..end].iter().rposition(|unit| is_separator(*unit)).map_or(0, |at| at + 1);
    let start = if start == 0 && path.get(1) == Some(&COLON) { 2.min(end) } else { start };
    let name = &path[start..end];
    let length = name.iter().position(|unit| *unit == DOT || *unit == COLON).unwrap_or(name.len());
    let length = name[..length].iter().rposition(|unit| *unit != SPACE).map_or(0, |last| last + 1);
    is_device_name(&name[..length]).then_some(start..start + length)
}

fn is_device_name(name: &[u16]) -> bool {
    let is = |text: &str| name.len() == text.len() && name.iter().zip(text.bytes()).all(|(unit, byte)| upcase(*unit) == u16::from(byte));
    match name {
        [_, _, _] => ["NUL", "CON", "PRN", "AUX"].into_iter().any(is),
        // 1 to 9, and the superscripts 1, 2 and 3.
        [head @ .., 0x31..=0x39 | 0xB9 | 0xB2 | 0xB3] if head.len() == 3 => {
            ["COM", "LPT"].into_iter().any(|text| head.iter().zip(text.bytes()).all(|(unit, byte)| upcase(*unit) == u16::from(byte)))
        }
        _ => is("CONIN$") || is("CONOUT$"),
    }
}

/// Where relative paths start.
pub trait Folders {
    /// The current folder, `C:\x` or `C:\x\`.
    fn current(&self) -> Vec<u16>;
    /// The current folder of a drive (an upper-case letter).
    fn on_drive(&self, drive: u16) -> Vec<u16>;
}

/// The full form of a path.
pub fn full(path: &[u16], folders: &dyn Folders) -> Vec<u16> {
    if let Some(device) = dos_device(path) {
        return prefixed("\\\\.\\", &path[device]);
    }
    match kind(path) {
        Kind::Unknown => Vec::new(),
        Kind::UncAbsolute => {
            // Server and share are the root: `..` does not leave them.
            let root = root_end(path, 2, 2);
            normalise(&path[..root], &path[root..])
        }
        Kind::DriveAbsolute => normalise(&path[..3], &path[3..]),
        Kind::DriveRelative => {
            let drive = upcase(path[0]);
            let folder = folders.on_drive(drive);
            normalise(&root_of(&folder), &[&folder[root_of(&folder).len().min(folder.len())..], &[BACKSLASH], &path[2..]].concat())
        }
        Kind::Rooted => normalise(&root_of(&folders.current()), &path[1..]),
        Kind::Relative => {
            let folder = folders.current();
            let root = root_of(&folder);
            normalise(&root, &[&folder[root.len().min(folder.len())..], &[BACKSLASH], path].concat())
        }
        Kind::LocalDevice => normalise(&path[..4], &path[4..]),
        Kind::RootLocalDevice => {
            let mut device = slashes(&path[..3]);
            device.push(BACKSLASH);
            device
        }
    }
}

/// The root of an absolute path: `C:\`, or `\\server\share\`.
fn root_of(path: &[u16]) -> Vec<u16> {
    match kind(path) {
        Kind::UncAbsolute => {
            let mut root = slashes(&path[..root_end(path, 2, 2)]);
            if root.last() != Some(&BACKSLASH) {
                root.push(BACKSLASH);
            }
            root
        }
        _ => slashes(&path[..path.len().min(3)]),
    }
}

/// Behind `count` components from `start`, with the separator that follows them.
fn root_end(path: &[u16], start: usize, count: usize) -> usize {
    let mut at = start;
    for _ in 0..count {
        at += path[at..].iter().position(|unit| is_separator(*unit)).map_or(path.len() - at, |length| length + 1);
    }
    at
}

fn slashes(path: &[u16]) -> Vec<u16> {
    path.iter().map(|unit| if *unit == SLASH { BACKSLASH } else { *unit }).collect()
}

/// A path with something in front; there is room for a NUL behind.
fn prefixed(prefix: &str, path: &[u16]) -> Vec<u16> {
    let mut prefixed = Vec::with_capacity(prefix.len() + path.len() + 1);
    prefixed.extend(prefix.encode_utf16());
    prefixed.extend_from_slice(path);
    prefixed
}

/// Appends components to a root: `.` and `..` are worked out, single trailing dots dropped, and dots and spaces at the
/// path's end.
fn normalise(root: &[u16], rest: &[u16]) -> Vec<u16> {
    let mut path = Vec::with_capacity(root.len() + rest.len() + 1);
    path.extend(root.iter().map(|unit| if *unit == SLASH { BACKSLASH } else { *unit }));
    let ends_open = rest.last().is_some_and(|unit| is_separator(*unit));
    let mut components = rest.split(|unit| is_separator(*unit)).filter(|component| !component.is_empty()).peekable();
    while let Some(component) = components.next() {
        let is_last = components.peek().is_none();
        match component {
            [DOT] => {}
            [DOT, DOT] => {
                let start = path.iter().rposition(|unit| *unit == BACKSLASH).unwrap_or(0);
                path.truncate(start.max(root.len()));
            }
            _ => {
                let trimmed = if is_last && !ends_open {
                    &component[..component.iter().rposition(|unit| *unit != DOT && *unit != SPACE).map_or(0, |last| last + 1)]
                } else {
                    match component {
                        [head @ .., last, DOT] if *last != DOT => &component[..head.len() + 1],
                        _ => component,
                    }
                };
                if trimmed.is_empty() {
                    continue;
                }
                if path.last().is_some_and(|unit| *unit != BACKSLASH) {
                    path.push(BACKSLASH);
                }
                path.extend_from_slice(trimmed);
            }
        }
    }
    if ends_open && path.last() != Some(&BACKSLASH) {
        path.push(BACKSLASH);
    }
    path
}

/// The NT path of a DOS path. `\\?\` paths go through as they are.
pub fn nt(path: &[u16], folders: &dyn Folders) -> Vec<u16> {
    let is_verbatim =
        matches!(path, [BACKSLASH, BACKSLASH, QUESTION, BACKSLASH, ..]) || matches!(path, [BACKSLASH, QUESTION, QUESTION, BACKSLASH, ..]);
    if is_verbatim {
        return prefixed("\\??\\", &path[4..]);
    }
    let full = full(path, folders);
    match kind(&full) {
        Kind::UncAbsolute => prefixed("\\??\\UNC\\", &full[2..]),
        Kind::LocalDevice => prefixed("\\??\\", &full[4..]),
        _ => prefixed("\\??\\", &full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    impl Folders for Fixed {
        fn current(&self) -> Vec<u16> {
            wide("C:\\work\\sub")
        }
        fn on_drive(&self, drive: u16) -> Vec<u16> {
            if drive == u16::from(b'D') { wide("D:\\data") } else { wide("E:\\") }
        }
    }

    fn check(function: fn(&[u16], &dyn Folders) -> Vec<u16>, rows: &[(&str, &str)]) {
        for (path, expected) in rows {
            assert_eq!(alloc::string::String::from_utf16_lossy(&function(&wide(path), &Fixed)), *expected, "{path:?}");
        }
    }

    #[test]
    fn full_paths() {
        check(
            full,
            &[
                ("a", "C:\\work\\sub\\a"),
                (".", "C:\\work\\sub"),
                ("..", "C:\\work"),
                ("..\\..\\..\\x", "C:\\x"),
                ("\\a/b", "C:\\a\\b"),
                ("c:\\a\\\\b\\", "c:\\a\\b\\"),
                ("C:\\a\\.\\b\\..\\c", "C:\\a\\c"),
                ("D:x", "D:\\data\\x"),
                ("d:..\\x", "D:\\x"),
                ("E:x", "E:\\x"),
                ("C:\\a. ", "C:\\a"),
                ("C:\\a.\\b", "C:\\a\\b"),
                ("C:\\a...\\b", "C:\\a...\\b"),
                ("C:\\a \\b", "C:\\a \\b"),
                ("C:\\..", "C:\\"),
                ("\\\\server\\share\\..\\x", "\\\\server\\share\\x"),
                ("\\\\.\\C:\\a\\..\\b", "\\\\.\\C:\\b"),
                ("nul", "\\\\.\\nul"),
                ("C:\\x\\NUL.txt", "\\\\.\\NUL"),
                ("com1:", "\\\\.\\com1"),
                ("com10", "C:\\work\\sub\\com10"),
            ],
        );
    }

    #[test]
    fn nt_paths() {
        check(
            nt,
            &[
                ("C:\\a\\..\\b", "\\??\\C:\\b"),
                ("\\\\?\\C:\\a\\..\\b.", "\\??\\C:\\a\\..\\b."),
                ("\\\\server\\share\\f", "\\??\\UNC\\server\\share\\f"),
                ("\\\\.\\PhysicalDrive0", "\\??\\PhysicalDrive0"),
                ("CONOUT$", "\\??\\CONOUT$"),
            ],
        );
    }

    #[test]
    fn kinds() {
        for (path, expected) in [
            ("", Kind::Unknown),
            ("\\\\a", Kind::UncAbsolute),
            ("//./x", Kind::LocalDevice),
            ("\\\\.", Kind::RootLocalDevice),
            ("\\\\?\\x", Kind::LocalDevice),
            ("c:", Kind::DriveRelative),
            ("c:/", Kind::DriveAbsolute),
        ] {
            assert_eq!(kind(&wide(path)), expected, "{path:?}");
        }
    }
}
