//! Facts of a file.

use crate::kept::Kept;
use rustix::fs::{AtFlags, FileType, Statx, StatxAttributes, StatxFlags, StatxTimestamp, statx};
use rustix::io::Result;
use rustix::thread::{CapabilitySet, capabilities};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;

/// 100 ns units between 1601 and 1970.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

/// `FILE_ATTRIBUTE_*` (winnt.h).
pub mod attribute {
    #![allow(missing_docs, reason = "the names are Windows' own")]
    pub const READ_ONLY: u32 = 0x1;
    pub const HIDDEN: u32 = 0x2;
    pub const SYSTEM: u32 = 0x4;
    pub const DIRECTORY: u32 = 0x10;
    pub const ARCHIVE: u32 = 0x20;
    pub const NORMAL: u32 = 0x80;
    pub const TEMPORARY: u32 = 0x100;
    pub const SPARSE: u32 = 0x200;
    pub const REPARSE_POINT: u32 = 0x400;
    pub const OFFLINE: u32 = 0x1000;
    pub const NOT_CONTENT_INDEXED: u32 = 0x2000;
    /// Those that are kept beside the file, and [`READ_ONLY`] where the host does not keep that one.
    pub const KEPT: u32 = HIDDEN | SYSTEM | ARCHIVE | TEMPORARY | SPARSE | OFFLINE | NOT_CONTENT_INDEXED;

    /// Those that are kept beside a file or folder of the host. That nobody may write a file is the host's to keep, unless its modes
    /// do not bind the user.
    pub fn kept(folder: bool) -> u32 {
        if folder || super::is_above_modes() { KEPT | READ_ONLY } else { KEPT }
    }
}

/// Whether the modes of files do not bind the user, who is root: such a one writes what nobody may write. A file is read-only to a
/// program where the host would refuse the user, so that for this one it takes a program that said so.
fn is_above_modes() -> bool {
    static IS: OnceLock<bool> = OnceLock::new();
    *IS.get_or_init(|| capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::DAC_OVERRIDE)))
}

/// Creation, access, write and change time in 100 ns since 1601 (UTC).
pub type Times = [i64; 4];

/// Facts of a file, a folder or a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its times.
    pub times: Times,
    /// Bytes up to its end.
    pub size: u64,
    /// Bytes that it takes on its volume.
    pub allocated: u64,
    /// Hard links.
    pub links: u32,
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: u32,
    /// The number that identifies it on its volume.
    pub id: u64,
    /// The host's number of the device that it lies on.
    pub device: u64,
    /// It is a folder.
    pub folder: bool,
    /// It is a regular file.
    pub regular: bool,
    /// It is a symbolic link.
    pub link: bool,
}

impl Metadata {
    /// Facts of an open file.
    pub fn of(file: impl AsFd) -> Result<Self> {
        let host = Self::of_host(file.as_fd())?;
        Ok(if host.link { host } else { host.with(Kept::of(file.as_fd())) })
    }

    /// Facts of what a descriptor stands for that is open as a place alone.
    pub fn of_place(file: impl AsFd) -> Result<Self> {
        let host = Self::of_host(file.as_fd())?;
        Ok(if host.link { host } else { host.with(Kept::of_place(file.as_fd())) })
    }

    /// Facts of an open file, as far as the host itself tells them: its attributes may have others beside them.
    pub fn of_host(file: impl AsFd) -> Result<Self> {
        let file = file.as_fd();
        let facts = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::BTIME)?;
        Ok(Self::from_host(&facts, || Kept::of(file)))
    }

    /// Facts of an entry of a folder; a link's are its own.
    pub fn of_entry(folder: BorrowedFd<'_>, name: &str) -> Result<Self> {
        let host = Self::of_host_entry(folder, name)?;
        Ok(if host.link { host } else { host.with(Kept::of_entry(folder, name)) })
    }

    /// The same, as far as the host itself tells them.
    pub fn of_host_entry(folder: BorrowedFd<'_>, name: &str) -> Result<Self> {
        let flags = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let facts = statx(folder, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, flags)?;
        Ok(Self::from_host(&facts, || Kept::of_entry(folder, name)))
    }

    fn from_host(facts: &Statx, kept: impl FnOnce() -> Kept) -> Self {
        let time = |time: StatxTimestamp| time.tv_sec * 10_000_000 + i64::from(time.tv_nsec) / 100 + UNIX_EPOCH;
        let kind = FileType::from_raw_mode(facts.stx_mode.into());
        let born = StatxFlags::from_bits_retain(facts.stx_mask).contains(StatxFlags::BTIME);
        let write = time(facts.stx_mtime);
        let (folder, link) = (kind == FileType::Directory, kind == FileType::Symlink);
        let immutable = facts.stx_attributes.contains(StatxAttributes::IMMUTABLE);
        let is_set = || kept().attributes.is_some_and(|attributes| attributes & attribute::READ_ONLY != 0);
        let attributes = match kind {
            FileType::Directory => attribute::DIRECTORY,
            FileType::Symlink => attribute::REPARSE_POINT,
            _ if immutable => attribute::ARCHIVE | attribute::READ_ONLY,
            _ if facts.stx_mode & 0o222 == 0 && (!is_above_modes() || is_set()) => attribute::ARCHIVE | attribute::READ_ONLY,
            _ => attribute::ARCHIVE,
        };
        Self {
            times: [if born { time(facts.stx_btime).min(write) } else { write }, time(facts.stx_atime), write, time(facts.stx_ctime)],
            size: if folder || link { 0 } else { facts.stx_size },
            allocated: if folder || link { 0 } else { facts.stx_blocks * 512 },
            links: if folder { 1 } else { facts.stx_nlink },
            attributes,
            id: facts.stx_ino,
            device: u64::from(facts.stx_dev_major) << 32 | u64::from(facts.stx_dev_minor),
            folder,
            regular: kind == FileType::RegularFile,
            link,
        }
    }

    /// With what is kept beside it.
    fn with(mut self, kept: Kept) -> Self {
        if let Some(attributes) = kept.attributes {
            let own = if self.folder { attribute::KEPT | attribute::READ_ONLY } else { attribute::KEPT };
            self.attributes = self.attributes & !own | attributes & own;
        }
        if self.attributes == 0 {
            self.attributes = attribute::NORMAL;
        }
        if let Some(created) = kept.created {
            self.times[0] = created;
        }
        self
    }

    /// Whether it is neither file nor folder nor link: to open a pipe or a device has effects of its own.
    pub fn is_special(&self) -> bool {
        !self.folder && !self.regular && !self.link
    }

    /// Whether nobody may write it.
    pub fn is_read_only(&self) -> bool {
        !self.folder && self.attributes & attribute::READ_ONLY != 0
    }

    /// As the link that leads to a folder has it.
    pub(crate) fn leading_to_folder(self) -> Self {
        Self { attributes: self.attributes | attribute::DIRECTORY, ..self }
    }
}

/// A volume's serial number, from the host's number of the device.
pub fn volume_serial(device: u64) -> u32 {
    (device.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32 | 1
}
