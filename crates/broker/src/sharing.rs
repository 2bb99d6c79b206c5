//! Share modes and pending deletions, by file.

use crate::namespace::DrivePath;
use crate::object::Where;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_DELETE_PENDING, STATUS_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA,
};

/// A file, by device and number.
pub type FileId = (u64, u64);

/// One open: what it does, and what it lets others do, in bits of `FILE_SHARE_*`; and where the file is.
struct Open {
    number: u64,
    does: u32,
    lets: u32,
    place: Arc<Mutex<Where>>,
}

#[derive(Default)]
struct Shared {
    opens: Vec<Open>,
    deleting: bool,
    /// Its name has gone already.
    gone: bool,
}

/// What it means that an open was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// It was the file's last one.
    pub was_last: bool,
    /// The file is to be deleted now.
    pub deletes: bool,
}

/// The opens of all files of a sandbox.
#[derive(Default)]
pub struct Sharing {
    files: HashMap<FileId, Shared>,
    next: u64,
    /// How many of them are marked for deletion.
    deleting: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Enters an open that still goes together with those there are; answers its number.
    pub fn enter(&mut self, file: FileId, access: u32, share: u32, place: &Arc<Mutex<Where>>) -> Result<u64, NTSTATUS> {
        self.check(file, access, share)?;
        self.next += 1;
        let open = Open { number: self.next, does: does(access), lets: share, place: Arc::clone(place) };
        self.files.entry(file).or_default().opens.push(open);
        Ok(self.next)
    }

    /// Whether a file is open.
    pub fn is_open(&self, file: FileId) -> bool {
        self.files.contains_key(&file)
    }

    /// Whether something below a folder is open.
    pub fn any_below(&self, folder: &DrivePath) -> bool {
        self.files.values().flat_map(|shared| &shared.opens).any(|open| lock(&open.place).path.is_below(folder))
    }

    /// A file has another name: whoever opened it by the old one hears of that.
    pub fn renamed(&mut self, file: FileId, before: &DrivePath, after: &Where) {
        for open in self.files.get(&file).into_iter().flat_map(|shared| &shared.opens) {
            let mut place = lock(&open.place);
            if place.path == *before {
                place.clone_from(after);
            }
        }
    }

    /// Marks a file for deletion at its last close, or unmarks it.
    pub fn set_deleting(&mut self, file: FileId, deleting: bool) {
        if let Some(shared) = self.files.get_mut(&file) {
            self.deleting = self.deleting - usize::from(shared.deleting) + usize::from(deleting);
            shared.deleting = deleting;
        }
    }

    /// Whether some file is marked for deletion: a close that was posted may be what it waits for.
    pub fn any_deleting(&self) -> bool {
        self.deleting > 0
    }

    /// Whether a file is marked for deletion.
    pub fn is_deleting(&self, file: FileId) -> bool {
        self.files.get(&file).is_some_and(|shared| shared.deleting)
    }

    /// A file's name has gone, with the file still open.
    pub fn set_gone(&mut self, file: FileId) {
        if let Some(shared) = self.files.get_mut(&file) {
            shared.gone = true;
        }
    }

    /// Takes an open out.
    pub fn leave(&mut self, file: FileId, number: u64) -> Left {
        let Some(shared) = self.files.get_mut(&file) else { return Left::default() };
        shared.opens.retain(|open| open.number != number);
        if !shared.opens.is_empty() {
            return Left::default();
        }
        let Some(shared) = self.files.remove(&file) else { return Left::default() };
        self.deleting -= usize::from(shared.deleting);
        Left { was_last: true, deletes: shared.deleting && !shared.gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = (1, 2);

    fn path(text: &str) -> DrivePath {
        let path = text.split('\\').map(|name| name.encode_utf16().collect::<Vec<_>>()).collect();
        DrivePath { letter: b'Z', path, folder: false }
    }

    fn place(text: &str) -> Arc<Mutex<Where>> {
        Arc::new(Mutex::new(Where { path: path(text), inside: None }))
    }

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
            sharing.enter(FILE, first, first_share, &place("a")).unwrap();
            assert_eq!(sharing.check(FILE, second, second_share).is_ok(), together, "{first:#x} {first_share:#x} {second:#x} {second_share:#x}");
            assert_eq!(sharing.enter(FILE, second, second_share, &place("a")).is_ok(), together, "what was checked is checked again");
        }
    }

    #[test]
    fn a_file_marked_for_deletion_goes_with_its_last_open() {
        let mut sharing = Sharing::default();
        let mut enter = |access| sharing.enter(FILE, access, 7, &place("a")).unwrap();
        let (one, two) = (enter(DELETE), enter(FILE_READ_DATA));
        sharing.set_deleting(FILE, true);
        assert_eq!(sharing.check(FILE, FILE_READ_DATA, 7), Err(STATUS_DELETE_PENDING));
        assert_eq!(sharing.leave(FILE, one), Left::default());
        assert!(sharing.any_deleting());
        assert_eq!(sharing.leave(FILE, two), Left { was_last: true, deletes: true });
        assert!(!sharing.any_deleting());
        assert_eq!(sharing.check(FILE, FILE_READ_DATA, 7), Ok(()));
    }

    #[test]
    fn a_name_that_went_early_does_not_go_again() {
        let mut sharing = Sharing::default();
        let mut enter = |access| sharing.enter(FILE, access, 7, &place("a")).unwrap();
        let (one, two) = (enter(DELETE), enter(FILE_READ_DATA));
        sharing.set_deleting(FILE, true);
        sharing.set_gone(FILE);
        assert_eq!(sharing.leave(FILE, one), Left::default());
        assert_eq!(sharing.leave(FILE, two), Left { was_last: true, deletes: false });
        assert!(!sharing.is_open(FILE));
    }

    #[test]
    fn those_who_opened_by_a_name_hear_of_the_new_one() {
        let mut sharing = Sharing::default();
        let (one, two, other) = (place("F\\a"), place("f\\A"), place("f\\second"));
        for place in [&one, &two, &other] {
            sharing.enter(FILE, FILE_READ_DATA, 7, place).unwrap();
        }
        sharing.renamed(FILE, &path("f\\A"), &Where { path: path("f\\b"), inside: None });
        let name = |place: &Arc<Mutex<Where>>| lock(place).path.display();
        assert_eq!([name(&one), name(&two), name(&other)], ["Z:\\F\\a", "Z:\\f\\b", "Z:\\f\\second"]);
        assert!(sharing.any_below(&path("f")) && sharing.any_below(&path("F")));
        assert!(!sharing.any_below(&path("f\\b")) && !sharing.any_below(&path("g")));
    }
}
