//! Share modes and pending deletions, by file.

use std::collections::HashMap;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_DELETE_PENDING, STATUS_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA,
};

/// A file, by device and number.
pub type FileId = (u64, u64);

/// One open: what it does, and what it lets others do, in bits of `FILE_SHARE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    number: u64,
    does: u32,
    lets: u32,
}

#[derive(Debug, Default)]
struct Shared {
    opens: Vec<Open>,
    deleting: bool,
}

/// The opens of all files of a sandbox.
#[derive(Debug, Default)]
pub struct Sharing {
    files: HashMap<FileId, Shared>,
    next: u64,
}

/// What an access does, in bits of `FILE_SHARE_*`.
pub const fn does(access: u32) -> u32 {
    let mut does = 0;
    if access & (FILE_READ_DATA | FILE_EXECUTE) != 0 {
        does |= FILE_SHARE_READ;
    }
    if access & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0 {
        does |= FILE_SHARE_WRITE;
    }
    if access & DELETE != 0 {
        does |= FILE_SHARE_DELETE;
    }
    does
}

impl Sharing {
    /// Whether an open goes together with those there are.
    pub fn check(&self, file: FileId, access: u32, share: u32) -> Result<(), NTSTATUS> {
        let Some(shared) = self.files.get(&file) else { return Ok(()) };
        if shared.deleting {
            return Err(STATUS_DELETE_PENDING);
        }
        let wanted = does(access);
        // An open that touches no bytes (attributes alone) asks nobody.
        let together = |open: &Open| wanted == 0 || open.does == 0 || wanted & !open.lets == 0 && open.does & !share == 0;
        if shared.opens.iter().all(together) { Ok(()) } else { Err(STATUS_SHARING_VIOLATION) }
    }

    /// Enters an open that was checked; answers its number.
    pub fn enter(&mut self, file: FileId, access: u32, share: u32) -> u64 {
        self.next += 1;
        self.files.entry(file).or_default().opens.push(Open { number: self.next, does: does(access), lets: share });
        self.next
    }

    /// Marks a file for deletion at its last close, or unmarks it.
    pub fn set_deleting(&mut self, file: FileId, deleting: bool) {
        if let Some(shared) = self.files.get_mut(&file) {
            shared.deleting = deleting;
        }
    }

    /// Whether a file is marked for deletion.
    pub fn is_deleting(&self, file: FileId) -> bool {
        self.files.get(&file).is_some_and(|shared| shared.deleting)
    }

    /// Takes an open out. True when it was the last one and the file is to be deleted.
    pub fn leave(&mut self, file: FileId, number: u64) -> bool {
        let Some(shared) = self.files.get_mut(&file) else { return false };
        shared.opens.retain(|open| open.number != number);
        if !shared.opens.is_empty() {
            return false;
        }
        self.files.remove(&file).is_some_and(|shared| shared.deleting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = (1, 2);

    #[test]
    fn opens_go_together_as_their_share_modes_say() {
        for (first, first_share, second, second_share, together) in [
            (FILE_READ_DATA, FILE_SHARE_READ, FILE_READ_DATA, FILE_SHARE_READ, true),
            (FILE_READ_DATA, 0, FILE_READ_DATA, FILE_SHARE_READ, false),
            (FILE_WRITE_DATA, FILE_SHARE_READ, FILE_READ_DATA, FILE_SHARE_READ, false),
            (FILE_WRITE_DATA, FILE_SHARE_READ, FILE_READ_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, true),
            (FILE_READ_DATA, FILE_SHARE_READ, DELETE, 7, false),
            (FILE_READ_DATA, FILE_SHARE_READ | FILE_SHARE_DELETE, DELETE, 7, true),
            (0, 0, FILE_WRITE_DATA, 0, true),
        ] {
            let mut sharing = Sharing::default();
            sharing.enter(FILE, first, first_share);
            assert_eq!(sharing.check(FILE, second, second_share).is_ok(), together, "{first:#x} {first_share:#x} {second:#x} {second_share:#x}");
        }
    }

    #[test]
    fn a_file_marked_for_deletion_goes_with_its_last_open() {
        let mut sharing = Sharing::default();
        let (one, two) = (sharing.enter(FILE, DELETE, 7), sharing.enter(FILE, FILE_READ_DATA, 7));
        sharing.set_deleting(FILE, true);
        assert_eq!(sharing.check(FILE, FILE_READ_DATA, 7), Err(STATUS_DELETE_PENDING));
        assert!(!sharing.leave(FILE, one));
        assert!(sharing.leave(FILE, two));
        assert_eq!(sharing.check(FILE, FILE_READ_DATA, 7), Ok(()));
    }
}
