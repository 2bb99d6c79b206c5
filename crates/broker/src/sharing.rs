//! Share modes by file, and pending deletions by name: of several names of a file each goes for itself.

use crate::namespace::{DrivePath, Inside};
use crate::object::Where;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use store::FileId;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_DELETE_PENDING, STATUS_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA,
};

/// One open: what it does, and what it lets others do, in bits of `FILE_SHARE_*`; and where the file is, as its process sees it.
struct Open {
    number: u64,
    does: u32,
    lets: u32,
    place: Arc<Mutex<Where>>,
    /// The name that it was opened by has gone already.
    gone: bool,
}

/// A name that is to be deleted, as the process sees it that said so.
struct Mark {
    place: Arc<Mutex<Where>>,
    folder: bool,
}

#[derive(Default)]
struct Shared {
    opens: Vec<Open>,
    marks: Vec<Mark>,
}

/// A name that is to be deleted now.
pub struct Removal {
    /// Its path, as the process sees it that said so.
    pub path: DrivePath,
    /// Where it is.
    pub inside: Option<Inside>,
    /// It is a folder's.
    pub folder: bool,
}

/// How an open ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaving {
    /// The name is to be deleted.
    pub delete: bool,
    /// A name that is marked goes at once, whoever has it open.
    pub posix: bool,
    /// It was a folder that was open.
    pub folder: bool,
}

/// The opens of all files of a sandbox.
#[derive(Default)]
pub struct Sharing {
    files: HashMap<FileId, Shared>,
    next: u64,
    /// How many names are marked for deletion.
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

/// Whether something has a name, whoever sees it.
fn is_named(place: &Mutex<Where>, name: Option<&Inside>) -> bool {
    match (&lock(place).inside, name) {
        (Some(inside), Some(name)) => inside.is_same_name(name),
        (None, None) => true,
        _ => false,
    }
}

impl Shared {
    fn open(&self, number: u64) -> Option<&Open> {
        self.opens.iter().find(|open| open.number == number)
    }

    fn mark_of(&self, name: Option<&Inside>) -> Option<usize> {
        self.marks.iter().position(|mark| is_named(&mark.place, name))
    }
}

impl Sharing {
    /// Whether an open goes together with those there are.
    pub fn check(&self, file: FileId, name: &Inside, access: u32, share: u32) -> Result<(), NTSTATUS> {
        let Some(shared) = self.files.get(&file) else { return Ok(()) };
        if shared.mark_of(Some(name)).is_some() {
            return Err(STATUS_DELETE_PENDING);
        }
        let wanted = does(access);
        // An open that touches no bytes (attributes alone) asks nobody.
        let together = |open: &Open| wanted == 0 || open.does == 0 || wanted & !open.lets == 0 && open.does & !share == 0;
        if shared.opens.iter().all(together) { Ok(()) } else { Err(STATUS_SHARING_VIOLATION) }
    }

    /// Enters an open that still goes together with those there are; answers its number. An open that empties the file asks for more
    /// access than it keeps.
    pub fn enter(&mut self, file: FileId, (access, asks): (u32, u32), share: u32, place: &Arc<Mutex<Where>>) -> Result<u64, NTSTATUS> {
        if let Some(name) = &lock(place).inside {
            self.check(file, name, asks, share)?;
        }
        self.next += 1;
        let open = Open { number: self.next, does: does(access), lets: share, place: Arc::clone(place), gone: false };
        self.files.entry(file).or_default().opens.push(open);
        Ok(self.next)
    }

    /// Whether a file is open.
    pub fn is_open(&self, file: FileId) -> bool {
        self.files.contains_key(&file)
    }

    /// Whether something below a folder is open, whoever sees it.
    pub fn any_below(&self, folder: &Inside) -> bool {
        let is_below = |open: &Open| lock(&open.place).inside.as_ref().is_some_and(|inside| inside.is_below(folder));
        self.files.values().flat_map(|shared| &shared.opens).any(is_below)
    }

    /// A file has another name: whoever opened it by the old one hears of that, and keeps its own grants and drives.
    pub fn renamed(&mut self, file: FileId, before: &Inside, after: &Inside) {
        let Some(shared) = self.files.get(&file) else { return };
        let opens = shared.opens.iter().filter(|open| !open.gone).map(|open| &open.place);
        for place in opens.chain(shared.marks.iter().map(|mark| &mark.place)) {
            let mut place = lock(place);
            let Some(inside) = place.inside.as_ref().filter(|inside| inside.is_same_name(before)) else { continue };
            if let Some(inside) = inside.moved_to(after) {
                let path = inside.drive_path(&inside.path);
                place.set(path, Some(inside));
            }
        }
    }

    /// A file has lost a name to another file.
    pub fn replaced(&mut self, file: FileId, name: &Inside) {
        let opens = self.files.get_mut(&file).into_iter().flat_map(|shared| &mut shared.opens);
        for open in opens.filter(|open| is_named(&open.place, Some(name))) {
            open.gone = true;
        }
    }

    /// Marks the name that a file was opened by for deletion at its last close, or unmarks it.
    pub fn set_deleting(&mut self, file: FileId, number: u64, deleting: bool, folder: bool) {
        let Some(shared) = self.files.get_mut(&file) else { return };
        let Some(place) = shared.open(number).filter(|open| !open.gone).map(|open| Arc::clone(&open.place)) else { return };
        let name = lock(&place).inside.clone();
        match (shared.mark_of(name.as_ref()), deleting) {
            (None, true) => {
                shared.marks.push(Mark { place, folder });
                self.deleting += 1;
            }
            (Some(mark), false) => {
                shared.marks.remove(mark);
                self.deleting -= 1;
            }
            _ => {}
        }
    }

    /// Whether some name is marked for deletion: a close that was posted may be what it waits for.
    pub fn any_deleting(&self) -> bool {
        self.deleting > 0
    }

    /// Whether the name that a file was opened by is marked for deletion, or has gone.
    pub fn is_deleting(&self, file: FileId, number: u64) -> bool {
        let Some(shared) = self.files.get(&file) else { return false };
        let Some(open) = shared.open(number) else { return false };
        let name = lock(&open.place).inside.clone();
        open.gone || shared.mark_of(name.as_ref()).is_some()
    }

    /// Whether the name that a file was opened by has gone.
    pub fn is_gone(&self, file: FileId, number: u64) -> bool {
        self.files.get(&file).and_then(|shared| shared.open(number)).is_some_and(|open| open.gone)
    }

    /// Takes an open out; answers the names that are to be deleted now. A name goes with the last open that came by it, or with the
    /// one that says so.
    pub fn leave(&mut self, file: FileId, number: u64, how: Leaving) -> Vec<Removal> {
        if how.delete {
            self.set_deleting(file, number, true, how.folder);
        }
        let Some(shared) = self.files.get_mut(&file) else { return Vec::new() };
        let Some(at) = shared.opens.iter().position(|open| open.number == number) else { return Vec::new() };
        let open = shared.opens.swap_remove(at);
        let name = lock(&open.place).inside.clone();
        let mut going = Vec::new();
        if !open.gone
            && let Some(mark) = shared.mark_of(name.as_ref())
        {
            let mut others: Vec<_> = shared.opens.iter_mut().filter(|open| !open.gone && is_named(&open.place, name.as_ref())).collect();
            if how.posix || others.is_empty() {
                others.iter_mut().for_each(|open| open.gone = true);
                going.push(shared.marks.remove(mark));
            }
        }
        if shared.opens.is_empty()
            && let Some(shared) = self.files.remove(&file)
        {
            going.extend(shared.marks);
        }
        self.deleting -= going.len();
        let removal = |mark: Mark| {
            let place = lock(&mark.place);
            Removal { path: place.path.clone(), inside: place.inside.clone(), folder: mark.folder }
        };
        going.into_iter().map(removal).collect()
    }
}

/// Who opens a file of the host and who makes one take turns: between the making of a file and its share mode nobody else opens it. One
/// lock for each of some names, for what is slow to open is not to hold up everything else.
pub struct Turns([RwLock<()>; 64]);

/// A turn.
pub enum Turn<'a> {
    /// Others open files meanwhile.
    Among { _guard: RwLockReadGuard<'a, ()> },
    /// Nobody does.
    Alone { _guard: RwLockWriteGuard<'a, ()> },
}

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| RwLock::new(())))
    }
}

impl Turns {
    /// Waits for a turn at a name.
    pub fn take(&self, name: &[u16], makes: bool) -> Turn<'_> {
        let mut hasher = DefaultHasher::new();
        name.iter().for_each(|unit| store::upcase(*unit).hash(&mut hasher));
        let lock = &self.0[hasher.finish() as usize % self.0.len()];
        if makes {
            Turn::Alone { _guard: lock.write().unwrap_or_else(PoisonError::into_inner) }
        } else {
            Turn::Among { _guard: lock.read().unwrap_or_else(PoisonError::into_inner) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags, open};
    use store::{Folder, Path};

    const FILE: FileId = (1, 2);
    const DELETES: Leaving = Leaving { delete: true, posix: false, folder: false };

    fn path(text: &str) -> Path {
        text.split('\\').filter(|name| !name.is_empty()).map(|name| name.encode_utf16().collect::<Vec<_>>()).collect()
    }

    /// A path in a volume that is mounted at `mount` on a drive, and lies at `base` of the host.
    fn seen(letter: u8, mount: &str, base: &str, text: &str) -> Arc<Mutex<Where>> {
        let volume = Arc::new(Folder::new(open("/", OFlags::PATH, Mode::empty()).unwrap()));
        let (mount, base) = (Arc::new(path(mount)), Arc::new(path(base)));
        let inside = Inside { volume, path: path(text), mount, write: true, letter, base };
        Arc::new(Mutex::new(Where::new(inside.drive_path(&inside.path), Some(inside))))
    }

    fn place(text: &str) -> Arc<Mutex<Where>> {
        seen(b'Z', "", "", text)
    }

    fn inside(text: &str) -> Inside {
        lock(&place(text)).inside.clone().unwrap()
    }

    fn shown(place: &Mutex<Where>) -> String {
        lock(place).path.display()
    }

    fn enter(sharing: &mut Sharing, access: u32, place: &Arc<Mutex<Where>>) -> u64 {
        sharing.enter(FILE, (access, access), 7, place).unwrap()
    }

    /// The names that go.
    fn going(removals: Vec<Removal>) -> Vec<String> {
        removals.iter().map(|removal| removal.path.display()).collect()
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
            sharing.enter(FILE, (first, first), first_share, &place("a")).unwrap();
            let what = format!("{first:#x} {first_share:#x} {second:#x} {second_share:#x}");
            assert_eq!(sharing.check(FILE, &inside("a"), second, second_share).is_ok(), together, "{what}");
            let entered = sharing.enter(FILE, (second, second), second_share, &place("a"));
            assert_eq!(entered.is_ok(), together, "what was checked is checked again: {what}");
        }
        let mut sharing = Sharing::default();
        enter(&mut sharing, FILE_READ_DATA, &place("a"));
        let empties = sharing.enter(FILE, (FILE_READ_DATA, FILE_READ_DATA | FILE_WRITE_DATA), FILE_SHARE_READ, &place("a"));
        assert!(empties.is_ok(), "who lets others write lets others empty");
        let empties = sharing.enter(FILE, (FILE_READ_DATA, FILE_READ_DATA | FILE_WRITE_DATA), FILE_SHARE_READ, &place("a"));
        assert_eq!(empties, Err(STATUS_SHARING_VIOLATION));
    }

    #[test]
    fn a_file_marked_for_deletion_goes_with_its_last_open() {
        let mut sharing = Sharing::default();
        let (one, two) = (enter(&mut sharing, DELETE, &place("a")), enter(&mut sharing, FILE_READ_DATA, &place("A")));
        sharing.set_deleting(FILE, one, true, false);
        assert_eq!(sharing.check(FILE, &inside("A"), FILE_READ_DATA, 7), Err(STATUS_DELETE_PENDING));
        assert!(going(sharing.leave(FILE, one, Leaving::default())).is_empty());
        assert!(sharing.any_deleting() && sharing.is_deleting(FILE, two));
        assert_eq!(going(sharing.leave(FILE, two, Leaving::default())), ["Z:\\a"]);
        assert!(!sharing.any_deleting() && !sharing.is_open(FILE));
        assert_eq!(sharing.check(FILE, &inside("a"), FILE_READ_DATA, 7), Ok(()));
    }

    #[test]
    fn a_name_that_went_early_does_not_go_again() {
        let mut sharing = Sharing::default();
        let (one, two) = (enter(&mut sharing, DELETE, &place("a")), enter(&mut sharing, FILE_READ_DATA, &place("a")));
        sharing.set_deleting(FILE, one, true, false);
        assert_eq!(going(sharing.leave(FILE, one, Leaving { posix: true, ..Leaving::default() })), ["Z:\\a"]);
        assert!(sharing.is_gone(FILE, two) && sharing.is_deleting(FILE, two) && !sharing.any_deleting());
        assert!(going(sharing.leave(FILE, two, DELETES)).is_empty());
        assert!(!sharing.is_open(FILE));
    }

    #[test]
    fn of_two_names_the_one_goes_that_was_marked() {
        for posix in [false, true] {
            let mut sharing = Sharing::default();
            let (one, other) = (enter(&mut sharing, DELETE, &place("a")), enter(&mut sharing, FILE_READ_DATA, &place("f\\b")));
            sharing.set_deleting(FILE, one, true, false);
            assert_eq!(sharing.check(FILE, &inside("f\\b"), FILE_READ_DATA, 7), Ok(()));
            assert!(!sharing.is_deleting(FILE, other));
            assert_eq!(going(sharing.leave(FILE, one, Leaving { posix, ..Leaving::default() })), ["Z:\\a"]);
            assert!(!sharing.is_gone(FILE, other));
            assert!(going(sharing.leave(FILE, other, Leaving::default())).is_empty());
        }
        let mut sharing = Sharing::default();
        let (one, other) = (enter(&mut sharing, DELETE, &place("a")), enter(&mut sharing, FILE_READ_DATA, &place("b")));
        assert!(going(sharing.leave(FILE, other, Leaving::default())).is_empty());
        assert_eq!(going(sharing.leave(FILE, one, DELETES)), ["Z:\\a"]);
    }

    #[test]
    fn those_who_opened_by_a_name_hear_of_the_new_one() {
        let mut sharing = Sharing::default();
        let places = [place("F\\a"), place("f\\A"), place("f\\second"), seen(b'Z', "F", "F", "a"), seen(b'X', "", "f", "a")];
        for place in &places {
            enter(&mut sharing, FILE_READ_DATA, place);
        }
        assert!(sharing.any_below(&inside("f")) && sharing.any_below(&inside("F")) && !sharing.any_below(&inside("f\\a")));
        sharing.renamed(FILE, &inside("f\\A"), &inside("f\\b"));
        let names: Vec<_> = places.iter().map(|place| shown(place)).collect();
        assert_eq!(names, ["Z:\\f\\b", "Z:\\f\\b", "Z:\\f\\second", "Z:\\F\\b", "X:\\b"]);
        sharing.renamed(FILE, &inside("f\\b"), &inside("elsewhere"));
        let names: Vec<_> = places.iter().map(|place| shown(place)).collect();
        assert_eq!(names, ["Z:\\elsewhere", "Z:\\elsewhere", "Z:\\f\\second", "Z:\\F\\b", "X:\\b"], "who does not see it keeps its own");
        assert!(!sharing.any_below(&inside("g")));
    }
}
