//! `_splitpath` and `_makepath`, narrow and wide.
//!
//! In a narrow path the second byte of a character may look like a backslash: `is_lead` says which bytes have a second one.

use crate::text::{Room, TRUNCATE, copy_bounded_s};
use crate::{Errno, Unit};

/// `_MAX_DRIVE`: units of a drive with its colon and NUL.
pub const MAX_DRIVE: usize = 3;
/// `_MAX_DIR`: units of a directory with its NUL.
pub const MAX_DIR: usize = 256;
/// `_MAX_FNAME`: units of a name with its NUL.
pub const MAX_NAME: usize = 256;
/// `_MAX_EXT`: units of an extension with its NUL.
pub const MAX_EXTENSION: usize = 256;
/// `_MAX_PATH`: units of a path with its NUL.
pub const MAX_PATH: usize = 260;

/// What a path is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a, C> {
    /// The letter and the colon, or nothing.
    pub drive: &'a [C],
    /// The directory with its last slash, or nothing.
    pub directory: &'a [C],
    /// The name without extension.
    pub name: &'a [C],
    /// The extension with its dot, or nothing.
    pub extension: &'a [C],
}

/// Takes a path apart.
pub fn split<C: Unit>(path: &[C], is_lead: impl Fn(C) -> bool) -> Parts<'_, C> {
    let (drive, rest) = path.split_at(if path.get(1).is_some_and(|unit| unit.ascii() == b':') { 2 } else { 0 });
    let (mut slash, mut dot) = (0, None);
    let mut at = 0;
    while at < rest.len() {
        match rest[at].ascii() {
            b'/' | b'\\' => (slash, dot) = (at + 1, None),
            b'.' => dot = Some(at),
            _ if is_lead(rest[at]) => at += 1,
            _ => {}
        }
        at += 1;
    }
    let (stem, extension) = rest.split_at(dot.unwrap_or(rest.len()));
    let (directory, name) = stem.split_at(slash);
    Parts { drive, directory, name, extension }
}

/// `_splitpath_s`: each part into its room, if there is one.
///
/// # Errors
/// [`Errno::Invalid`] without path, [`Errno::Range`] where a part does not fit; all rooms hold the empty string then.
pub fn split_s<C: Unit>(path: Option<&[C]>, rooms: [Option<Room<C>>; 4], is_lead: impl Fn(C) -> bool) -> Result<(), Errno> {
    let parts = path.map(|path| split(path, is_lead)).ok_or(Errno::Invalid);
    let mut rooms = rooms;
    let result = parts.and_then(|parts| {
        let parts = [parts.drive, parts.directory, parts.name, parts.extension];
        rooms.iter_mut().zip(parts).try_for_each(|(room, part)| match room {
            Some(room) => copy_bounded_s(room, Some(part.iter().copied()), part.len()),
            None => Ok(()),
        })
    });
    result.inspect_err(|_| {
        rooms.iter_mut().flatten().for_each(|room| room.set(0, C::NUL));
    })
}

/// `_splitpath`: as [`split_s`], but a part that is longer than its documented size is cut off.
pub fn split_cut<C: Unit>(path: &[C], rooms: [Option<Room<C>>; 4], is_lead: impl Fn(C) -> bool) {
    let Parts { drive, directory, name, extension } = split(path, is_lead);
    for (room, part) in rooms.into_iter().zip([drive, directory, name, extension]) {
        // Cut off is what it may be.
        let _ = room.map(|mut room| copy_bounded_s(&mut room, Some(part.iter().copied()), TRUNCATE));
    }
}

/// `_makepath_s`: puts a path together; adds the colon behind the drive, the backslash behind the directory and the dot before the
/// extension, where they are missing. Each part may be missing or empty.
///
/// # Errors
/// [`Errno::Range`] where it does not fit; the room holds the empty string then.
pub fn make_s<C: Unit>(room: &mut Room<C>, parts: [Option<&[C]>; 4], is_lead: impl Fn(C) -> bool) -> Result<(), Errno> {
    let [drive, directory, name, extension] = parts.map(Option::unwrap_or_default);
    let colon = [drive.first().copied().unwrap_or_default(), C::from_ascii(b':')];
    let drive = if drive.is_empty() { &[][..] } else { &colon };
    let backslash: &[C] = if directory.is_empty() || ends_with_slash(directory, is_lead) { &[] } else { &[C::from_ascii(b'\\')] };
    let dot: &[C] = if extension.first().is_none_or(|unit| unit.ascii() == b'.') { &[] } else { &[C::from_ascii(b'.')] };
    let units = [drive, directory, backslash, name, dot, extension].into_iter().flatten().copied();
    crate::text::copy_s(room, Some(units))
}

fn ends_with_slash<C: Unit>(directory: &[C], is_lead: impl Fn(C) -> bool) -> bool {
    let parts = split(directory, is_lead);
    parts.drive.len() + parts.directory.len() == directory.len() && !parts.directory.is_empty()
}
