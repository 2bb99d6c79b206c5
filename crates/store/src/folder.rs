//! A folder of the host as a volume: nothing is ever resolved outside of it.

use crate::error::status;
use crate::index::Index;
use crate::listing;
use crate::metadata::Metadata;
use crate::name::{Pattern, to_host};
use crate::volume::{Create, Entry, How, Open, Outcome, Path, Space, Volume, to_host as host_time};
use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, ResolveFlags, Timestamps, fchmod, fstatvfs, futimens, linkat, mkdirat, openat2, renameat_with, unlinkat,
};
use rustix::io::{Errno, Result as HostResult};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_FILE_IS_A_DIRECTORY, STATUS_NOT_A_DIRECTORY, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
};

/// Which entries of the folder are there, by their names.
pub type Filter = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A folder of the host.
pub struct Folder {
    root: OwnedFd,
    index: Index,
    filter: Option<Filter>,
}

const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);

impl Folder {
    /// Takes an open folder.
    pub fn new(root: OwnedFd) -> Self {
        Self { root, index: Index::default(), filter: None }
    }

    /// Takes an open folder of which only some entries are there, and no folder in it.
    pub fn filtered(root: OwnedFd, filter: Filter) -> Self {
        Self { root, index: Index::default(), filter: Some(filter) }
    }

    /// The caller's spelling of a path, as the host would write it.
    fn names(path: &Path) -> Result<Vec<String>, NTSTATUS> {
        path.iter().map(|name| to_host(name).ok_or(STATUS_OBJECT_NAME_INVALID)).collect()
    }

    /// The host's spelling of a path. Components that do not exist keep the caller's spelling.
    fn spell(&self, path: &Path) -> Result<Vec<String>, NTSTATUS> {
        let names = Self::names(path)?;
        if let Some(filter) = &self.filter {
            return match names.as_slice() {
                [] => Ok(names),
                [name] => {
                    let spelt = if filter(name) { Some(name.clone()) } else { None };
                    let found = spelt.filter(|name| self.path_only(std::slice::from_ref(name)).is_ok());
                    let found = found.or_else(|| self.index.find(self.root.as_fd(), &path[0]).filter(|name| filter(name)));
                    found.map(|name| vec![name]).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)
                }
                _ => Err(STATUS_OBJECT_PATH_NOT_FOUND),
            };
        }
        if names.is_empty() || self.path_only(&names).is_ok() {
            return Ok(names);
        }
        self.spell_slowly(path, names)
    }

    /// Component by component, each by its index where the exact name is not there.
    fn spell_slowly(&self, path: &Path, mut names: Vec<String>) -> Result<Vec<String>, NTSTATUS> {
        for count in 1..=names.len() {
            match self.path_only(&names[..count]) {
                Ok(_) => continue,
                Err(Errno::NOENT) => {}
                Err(error) => return Err(refused(error)),
            }
            let parent = self.folder(&names[..count - 1]).map_err(parent_status)?;
            match self.index.find(parent.as_fd(), &path[count - 1]) {
                Some(name) => names[count - 1] = name,
                None if count < names.len() => return Err(STATUS_OBJECT_PATH_NOT_FOUND),
                None => {}
            }
        }
        Ok(names)
    }

    fn open_host(&self, names: &[String], flags: OFlags, mode: Mode) -> HostResult<OwnedFd> {
        let path = if names.is_empty() { ".".into() } else { names.join("/") };
        openat2(&self.root, path, flags | OFlags::CLOEXEC | OFlags::NOCTTY, mode, BENEATH)
    }

    fn path_only(&self, names: &[String]) -> HostResult<OwnedFd> {
        self.open_host(names, OFlags::PATH, Mode::empty())
    }

    fn folder(&self, names: &[String]) -> HostResult<OwnedFd> {
        self.open_host(names, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
    }

    /// The folder that holds a path, and the last name.
    fn parent<'a>(&self, names: &'a [String]) -> Result<(OwnedFd, &'a str), NTSTATUS> {
        let Some((last, folders)) = names.split_last() else { return Err(STATUS_ACCESS_DENIED) };
        let parent = self.open_host(folders, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map_err(parent_status)?;
        Ok((parent, last))
    }

    fn make_folder(&self, names: &[String]) -> Result<OwnedFd, NTSTATUS> {
        let (parent, name) = self.parent(names)?;
        mkdirat(&parent, name, Mode::from_raw_mode(0o777)).map_err(refused)?;
        self.folder(names).map_err(refused)
    }

    fn open_folder(&self, names: &[String], how: &How) -> Result<(OwnedFd, Outcome), NTSTATUS> {
        let open = || self.folder(names).map(|folder| (folder, Outcome::Opened));
        match how.create {
            Create::Open | Create::Truncate => open().map_err(|error| if error == Errno::NOTDIR { STATUS_NOT_A_DIRECTORY } else { refused(error) }),
            Create::New => self.make_folder(names).map(|folder| (folder, Outcome::Created)),
            Create::OpenOrNew | Create::TruncateOrNew => match open() {
                Err(Errno::NOENT) => self.make_folder(names).map(|folder| (folder, Outcome::Created)),
                Err(Errno::NOTDIR) => Err(STATUS_NOT_A_DIRECTORY),
                done => done.map_err(refused),
            },
        }
    }

    fn open_file(&self, names: &[String], how: &How) -> Result<(OwnedFd, Outcome), NTSTATUS> {
        let access = match (how.read, how.write || how.append) {
            (_, false) => OFlags::RDONLY,
            (false, true) => OFlags::WRONLY,
            (true, true) => OFlags::RDWR,
        };
        let access = if how.append && !how.write { access | OFlags::APPEND } else { access };
        let access = if how.through { access | OFlags::DSYNC } else { access };
        // Not blocking: what is no regular file is found out before anybody waits for it.
        let access = access | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(if how.read_only { 0o444 } else { 0o666 });
        let open = |flags| self.open_host(names, access | flags, Mode::empty());
        let make = || self.open_host(names, access | OFlags::CREATE | OFlags::EXCL, mode);
        match how.create {
            Create::Open => open(OFlags::empty()).map(|file| (file, Outcome::Opened)),
            Create::New => make().map(|file| (file, Outcome::Created)),
            Create::Truncate => open(OFlags::TRUNC).map(|file| (file, Outcome::Overwritten)),
            Create::OpenOrNew | Create::TruncateOrNew => {
                let (flags, outcome) =
                    if how.create == Create::OpenOrNew { (OFlags::empty(), Outcome::Opened) } else { (OFlags::TRUNC, Outcome::Overwritten) };
                match open(flags) {
                    Err(Errno::NOENT) => make().map(|file| (file, Outcome::Created)),
                    done => done.map(|file| (file, outcome)),
                }
            }
        }
        .map_err(refused)
    }

    /// Opens under one spelling.
    fn open_spelt(&self, names: &[String], how: &How) -> Result<Open, NTSTATUS> {
        let finish = |file: OwnedFd, outcome| {
            let metadata = Metadata::of(&file).map_err(status)?;
            if !metadata.folder && !metadata.regular {
                return Err(STATUS_ACCESS_DENIED);
            }
            Ok(Open { file, metadata, outcome, path: names.iter().map(|name| name.encode_utf16().collect()).collect() })
        };
        if how.folder == Some(true) {
            let (file, outcome) = self.open_folder(names, how)?;
            return finish(file, outcome);
        }
        let touches_bytes = how.read || how.write || how.append || how.create != Create::Open;
        let opened =
            if touches_bytes { self.open_file(names, how) } else { self.path_only(names).map(|file| (file, Outcome::Opened)).map_err(refused) };
        let is_folder = |file: &OwnedFd| Metadata::of(file).is_ok_and(|metadata| metadata.folder);
        match opened {
            Ok((file, _)) if is_folder(&file) => {
                if how.folder == Some(false) {
                    return Err(STATUS_FILE_IS_A_DIRECTORY);
                }
                let folder = self.folder(names).map_err(refused)?;
                finish(folder, Outcome::Opened)
            }
            Ok((file, outcome)) => finish(file, outcome),
            // Writing to a folder is refused by the host; Windows opens it, and refuses the write.
            Err(STATUS_FILE_IS_A_DIRECTORY) if how.folder.is_none() && matches!(how.create, Create::Open | Create::OpenOrNew) => {
                finish(self.folder(names).map_err(refused)?, Outcome::Opened)
            }
            Err(STATUS_FILE_IS_A_DIRECTORY) if matches!(how.create, Create::Truncate | Create::TruncateOrNew) => Err(STATUS_ACCESS_DENIED),
            Err(error) => Err(error),
        }
    }
}

impl Volume for Folder {
    fn open(&self, path: &Path, how: &How) -> Result<Open, NTSTATUS> {
        // What exists is mostly asked for as it is spelt: one call of the host, and no look at the folder. What is to be
        // made must first be looked for under every spelling.
        let existing = match how.create {
            Create::Open | Create::OpenOrNew => Some(Create::Open),
            Create::Truncate | Create::TruncateOrNew => Some(Create::Truncate),
            Create::New => None,
        };
        if self.filter.is_none()
            && let Some(create) = existing
        {
            match self.open_spelt(&Self::names(path)?, &How { create, ..*how }) {
                Err(STATUS_OBJECT_NAME_NOT_FOUND) => {}
                done => return done,
            }
        }
        self.open_spelt(&self.spell(path)?, how)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, NTSTATUS> {
        let names = self.spell(path)?;
        let metadata = self.path_only(&names).and_then(Metadata::of).map_err(refused)?;
        if metadata.folder || metadata.regular { Ok(metadata) } else { Err(STATUS_OBJECT_NAME_NOT_FOUND) }
    }

    fn list(&self, path: &Path, pattern: &Pattern) -> Result<Vec<Entry>, NTSTATUS> {
        let folder = self.folder(&self.spell(path)?).map_err(refused)?;
        listing::read(folder.as_fd(), pattern, |name| self.filter.as_ref().is_none_or(|filter| filter(name))).map_err(refused)
    }

    fn remove(&self, path: &Path, folder: bool, id: u64) -> Result<(), NTSTATUS> {
        let names = self.spell(path)?;
        let (parent, name) = self.parent(&names)?;
        let found = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW).map_err(refused)?;
        // A link is deleted itself, whatever it leads to.
        let is_link = rustix::fs::FileType::from_raw_mode(found.st_mode) == rustix::fs::FileType::Symlink;
        if !is_link && found.st_ino != id {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        unlinkat(&parent, name, if folder && !is_link { AtFlags::REMOVEDIR } else { AtFlags::empty() }).map_err(refused)
    }

    fn rename(&self, from: &Path, to: &Path, replace: bool) -> Result<Vec<Vec<u16>>, NTSTATUS> {
        let (from_names, to_names) = (self.spell(from)?, self.spell(to)?);
        let (from_parent, from_name) = self.parent(&from_names)?;
        let (to_parent, _) = self.parent(&to_names)?;
        // A new spelling of the same name is what the caller wants to see.
        let wanted = to.last().and_then(|name| to_host(name)).ok_or(STATUS_OBJECT_NAME_INVALID)?;
        let same_file = self.is_same(&from_names, &to_names);
        let exists = self.path_only(&to_names).is_ok() && !same_file;
        if exists && !replace {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        let target = if exists { to_names.last().map_or(wanted.as_str(), String::as_str) } else { wanted.as_str() };
        let flags = if replace || same_file { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        renameat_with(&from_parent, from_name, &to_parent, target, flags).map_err(refused)?;
        let folders = to_names.iter().take(to_names.len() - 1).map(String::as_str);
        Ok(folders.chain([target]).map(|name| name.encode_utf16().collect()).collect())
    }

    fn link(&self, from: &Path, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
        let (from_names, to_names) = (self.spell(from)?, self.spell(to)?);
        let (from_parent, from_name) = self.parent(&from_names)?;
        let (to_parent, to_name) = self.parent(&to_names)?;
        if self.path_only(&from_names).and_then(Metadata::of).is_ok_and(|metadata| metadata.folder) {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        if replace && !self.is_same(&from_names, &to_names) {
            let _ = unlinkat(&to_parent, to_name, AtFlags::empty());
        }
        linkat(&from_parent, from_name, &to_parent, to_name, AtFlags::empty()).map_err(refused)
    }

    fn set(&self, path: &Path, times: [Option<i64>; 4], read_only: Option<bool>) -> Result<(), NTSTATUS> {
        let names = self.spell(path)?;
        let file = self.open_host(&names, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).map_err(refused)?;
        if let [_, access, write, _] = times
            && (access.is_some() || write.is_some())
        {
            const OMIT: rustix::fs::Timespec = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
            let timestamps = Timestamps { last_access: access.map_or(OMIT, host_time), last_modification: write.map_or(OMIT, host_time) };
            futimens(&file, &timestamps).map_err(refused)?;
        }
        if let Some(read_only) = read_only {
            set_read_only(file.as_fd(), read_only).map_err(refused)?;
        }
        Ok(())
    }

    fn space(&self) -> Result<Space, NTSTATUS> {
        let room = fstatvfs(&self.root).map_err(status)?;
        let device = Metadata::of(&self.root).map_err(status)?.device;
        // Clusters of more than 64 KiB are more than Windows programs expect; network file systems report such.
        let cluster = room.f_frsize.clamp(512, 0x1_0000) as u32;
        Ok(Space { total: room.f_blocks * room.f_frsize, free: room.f_bavail * room.f_frsize, cluster, device })
    }
}

impl Folder {
    fn is_same(&self, one: &[String], other: &[String]) -> bool {
        let id = |names| self.path_only(names).and_then(Metadata::of).map(|metadata| (metadata.device, metadata.id));
        matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
    }
}

/// Takes away the right to write from everybody, or gives it to the owner.
fn set_read_only(file: BorrowedFd<'_>, read_only: bool) -> HostResult<()> {
    let now = rustix::fs::fstat(file)?.st_mode & 0o7777;
    let wanted = if read_only {
        now & !0o222
    } else if now & 0o222 == 0 {
        now | 0o200
    } else {
        now
    };
    if wanted == now { Ok(()) } else { fchmod(file, Mode::from_raw_mode(wanted)) }
}

/// A refusal of the host: a path that would leave the folder is a path that is not granted.
fn refused(error: Errno) -> NTSTATUS {
    if error == Errno::XDEV || error == Errno::LOOP { STATUS_ACCESS_DENIED } else { status(error) }
}

/// The same for a folder on the way.
fn parent_status(error: Errno) -> NTSTATUS {
    if error == Errno::NOENT { STATUS_OBJECT_PATH_NOT_FOUND } else { refused(error) }
}
