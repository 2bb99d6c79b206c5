//! The interface of a volume: what the broker asks for once it has decided.

use crate::metadata::Metadata;
use crate::path::Path;
use crate::pattern::Pattern;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_OBJECT_NAME_INVALID, STATUS_STOPPED_ON_SYMLINK};

/// What a volume answers where a link leads out of it: [`Volume::leads`] tells where to.
pub const OUTSIDE: NTSTATUS = STATUS_STOPPED_ON_SYMLINK;

/// What an open does with what exists, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Opens what exists.
    Open,
    /// Makes what does not exist.
    New,
    /// Opens what exists, makes what does not.
    OpenOrNew,
    /// Empties what exists.
    Truncate,
    /// Empties what exists, makes what does not.
    TruncateOrNew,
}

/// How something is opened.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Bytes are read.
    pub read: bool,
    /// Bytes are written.
    pub write: bool,
    /// Writes go to the end alone.
    pub append: bool,
    /// Every write reaches the disk before it returns.
    pub through: bool,
    /// What exists, or not.
    pub create: Create,
    /// A folder is wanted (`Some(true)`), or anything but one (`Some(false)`).
    pub folder: Option<bool>,
    /// A link is opened itself, not what it leads to.
    pub link: bool,
    /// `FILE_ATTRIBUTE_*` of what is made or emptied.
    pub attributes: u32,
}

/// How something is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// A link is looked at itself, not what it leads to.
    pub link: bool,
    /// All attributes are wanted, not only those that cost nothing.
    pub attributes: bool,
}

/// What an open did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there.
    Opened,
    /// It was made.
    Created,
    /// It was there, and was emptied.
    Overwritten,
}

/// Something that was opened.
#[derive(Debug)]
pub struct Open {
    /// Its descriptor. A folder's is for the broker alone.
    pub file: OwnedFd,
    /// Its facts.
    pub metadata: Metadata,
    /// What the open did.
    pub outcome: Outcome,
    /// Its path as the volume spells it; `None` where that is the caller's spelling.
    pub path: Option<Path>,
}

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Vec<u16>,
    /// Its facts.
    pub metadata: Metadata,
}

/// A volume's room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Bytes in all.
    pub total: u64,
    /// Bytes that the user may still write.
    pub free: u64,
    /// Bytes of one cluster.
    pub cluster: u32,
    /// The host's number of the device.
    pub device: u64,
}

/// What is changed of a file's facts; `None` leaves one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Creation, access and write time in 100 ns since 1601.
    pub times: [Option<i64>; 3],
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: Option<u32>,
}

/// A file, by device and number.
pub type FileId = (u64, u64);

/// Who decides whether what an open has found may be opened: it is told what that is before anything is done to it.
pub type Permit<'a> = &'a mut dyn FnMut(&Metadata, Outcome) -> Result<(), NTSTATUS>;

/// A place that files lie in.
pub trait Volume: Send + Sync {
    /// Opens or makes a file or folder. What is there is asked for its permit, with all attributes where it is to be emptied, and emptied
    /// afterwards; what is made has its permit before anybody else can open it, as far as that is the volume's to say. Each open that
    /// has come about ends with [`Volume::released`].
    fn open_if(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS>;
    /// The same, whatever it is.
    fn open(&self, path: &Path, how: &How) -> Result<Open, NTSTATUS> {
        self.open_if(path, how, &mut |_, _| Ok(()))
    }
    /// Facts of a path, also of what is special ([`Metadata::is_special`]).
    fn metadata(&self, path: &Path, look: Look) -> Result<Metadata, NTSTATUS>;
    /// Facts of what is open at a path, with the number that identifies it.
    fn facts(&self, path: &Path, id: u64, file: BorrowedFd<'_>) -> Result<Metadata, NTSTATUS>;
    /// The entries of a folder that fit a pattern, `.` and `..` not among them, in a fixed order.
    fn list(&self, path: &Path, pattern: &Pattern) -> Result<Vec<Entry>, NTSTATUS>;
    /// Whether a folder has no entries, seen or unseen.
    fn is_empty(&self, path: &Path) -> Result<bool, NTSTATUS>;
    /// Deletes a file, a link or an empty folder, if it is still the one that is meant.
    fn remove(&self, path: &Path, folder: bool, id: FileId) -> Result<(), NTSTATUS>;
    /// Renames what is still the file that is meant; an existing target is replaced or refused.
    fn rename(&self, from: &Path, id: FileId, to: &Path, replace: bool) -> Result<Path, NTSTATUS>;
    /// Gives what is still the file that is meant a second name; an existing target is replaced or refused.
    fn link(&self, from: &Path, id: FileId, to: &Path, replace: bool) -> Result<(), NTSTATUS>;
    /// Changes the facts of what is open at a path, with the number that identifies it.
    fn set(&self, path: &Path, id: u64, file: BorrowedFd<'_>, change: &Change) -> Result<(), NTSTATUS>;
    /// The path of what is open, without the links that led to it.
    fn resolved(&self, path: &Path, file: BorrowedFd<'_>) -> Result<Path, NTSTATUS>;
    /// What a symbolic link says, as the host says it.
    fn target(&self, file: BorrowedFd<'_>) -> Result<PathBuf, NTSTATUS>;
    /// Where a link on the way of a path leads out of the volume: the place on the host, and how many names are
    /// behind the link.
    fn leads(&self, path: &Path) -> Option<(PathBuf, usize)>;
    /// A folder of the host that changes as the open folder does, for who wants to hear of it. A volume that has none is one
    /// whose changes all go through its caller.
    fn watched(&self, _path: &Path, _folder: BorrowedFd<'_>) -> Result<OwnedFd, NTSTATUS> {
        Err(STATUS_NOT_SUPPORTED)
    }
    /// The content of an open file's stream `Zone.Identifier`; `None` where it has none. Not every volume keeps it.
    fn zone(&self, _path: &Path, _file: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, NTSTATUS> {
        Err(STATUS_OBJECT_NAME_INVALID)
    }
    /// Keeps an open file's stream `Zone.Identifier`, or takes it away.
    fn set_zone(&self, _path: &Path, _file: BorrowedFd<'_>, _content: Option<&[u8]>) -> Result<(), NTSTATUS> {
        Err(STATUS_OBJECT_NAME_INVALID)
    }
    /// An open of a file has gone.
    fn released(&self, _id: u64) {}
    /// Sees that a file's name is on the disk; its bytes were synchronised through its descriptor.
    fn flush(&self, _id: u64) -> Result<(), NTSTATUS> {
        Ok(())
    }
    /// Whether what is locked in its files may be locked on the host: not where those are files that are only read.
    fn locks_on_host(&self) -> bool {
        true
    }
    /// The paths of the file with this number, at most so many; of a file whose names nobody keeps together, the folders are searched.
    fn paths(&self, id: FileId, most: usize) -> Result<Vec<Path>, NTSTATUS>;
    /// Its room.
    fn space(&self) -> Result<Space, NTSTATUS>;
}

/// Turns a time into the host's.
pub(crate) fn to_host(time: i64) -> rustix::fs::Timespec {
    const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
    let since = time.saturating_sub(UNIX_EPOCH);
    rustix::fs::Timespec { tv_sec: since.div_euclid(10_000_000), tv_nsec: since.rem_euclid(10_000_000) * 100 }
}
