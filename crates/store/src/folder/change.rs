//! Changing what is there: names, times, attributes.

use super::open::path_of;
use super::{Folder, refused};
use crate::error::status;
use crate::kept::{Kept, place};
use crate::metadata::{Metadata, attribute};
use crate::name::to_host;
use crate::path::Path;
use crate::volume::{Change, FileId, to_host as host_time};
use rustix::fs::{AtFlags, CWD, Mode, RenameFlags, Timespec, Timestamps, UTIME_OMIT, chmodat, linkat, renameat, renameat_with, unlinkat, utimensat};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_FILE_IS_A_DIRECTORY, STATUS_NOT_SUPPORTED, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND,
};

impl Folder {
    pub(super) fn remove_entry(&self, path: &Path, folder: bool, id: FileId) -> Result<(), NTSTATUS> {
        let names = self.spell(path)?;
        let (parent, name) = self.parent(&names)?;
        let found = meant(parent.as_fd(), name, id)?;
        // A link to a folder is no folder to the host.
        let changing = self.index.changing(parent.as_fd());
        unlinkat(&parent, name, if folder && !found.link { AtFlags::REMOVEDIR } else { AtFlags::empty() }).map_err(refused)?;
        self.index.changed(parent.as_fd(), changing, (Some(name), None));
        Ok(())
    }

    pub(super) fn rename_entry(&self, from: &Path, id: FileId, to: &Path, replace: bool) -> Result<Path, NTSTATUS> {
        let (from_names, to_names) = (self.spell(from)?, self.spell(to)?);
        let (from_parent, from_name) = self.parent(&from_names)?;
        meant(from_parent.as_fd(), from_name, id)?;
        let (to_parent, _) = self.parent(&to_names)?;
        // A new spelling of the same name is what the caller wants to see.
        let wanted = to.last().and_then(to_host).ok_or(STATUS_OBJECT_NAME_INVALID)?;
        let same_file = self.is_same(&from_names, &to_names);
        if same_file && from_names != to_names {
            if !replace {
                return Err(STATUS_OBJECT_NAME_COLLISION);
            }
            // Of two names of one file, the host would leave both.
            unlinkat(&from_parent, from_name, AtFlags::empty()).map_err(refused)?;
            return Ok(path_of(to_names.iter().map(String::as_str)));
        }
        let exists = self.entry(&to_names).is_ok() && !same_file;
        if exists && !replace {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        let target = if exists { to_names.last().map_or(wanted.as_str(), String::as_str) } else { wanted.as_str() };
        let flags = if replace || same_file { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        let (left, entered) = (self.index.changing(from_parent.as_fd()), self.index.changing(to_parent.as_fd()));
        renameat_with(&from_parent, from_name, &to_parent, target, flags).map_err(status)?;
        // One folder has one new version, by which both names are told.
        if from_names[..from_names.len() - 1] == to_names[..to_names.len() - 1] {
            self.index.changed(from_parent.as_fd(), left, (Some(from_name), Some(target)));
        } else {
            self.index.changed(from_parent.as_fd(), left, (Some(from_name), None));
            self.index.changed(to_parent.as_fd(), entered, (None, Some(target)));
        }
        let folders = to_names.iter().take(to_names.len() - 1).map(String::as_str);
        Ok(path_of(folders.chain([target])))
    }

    pub(super) fn link_entry(&self, from: &Path, id: FileId, to: &Path, replace: bool) -> Result<(), NTSTATUS> {
        let (from_names, to_names) = (self.spell(from)?, self.spell(to)?);
        let (from_parent, from_name) = self.parent(&from_names)?;
        meant(from_parent.as_fd(), from_name, id)?;
        let (to_parent, to_name) = self.parent(&to_names)?;
        if self.entry(&from_names).and_then(Metadata::of_host).is_ok_and(|metadata| metadata.folder) {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        let link = |name: &str| linkat(&from_parent, from_name, &to_parent, name, AtFlags::empty());
        match link(to_name) {
            Err(Errno::EXIST) if replace && self.is_same(&from_names, &to_names) => Ok(()),
            // What is replaced goes when the link is there, and not before.
            Err(Errno::EXIST) if replace => {
                let fresh = unused_name().map_err(status)?;
                link(&fresh).map_err(status)?;
                renameat(&to_parent, &fresh, &to_parent, to_name).map_err(status).inspect_err(|_| {
                    let _ = unlinkat(&to_parent, &fresh, AtFlags::empty());
                })
            }
            done => done.map_err(status),
        }
    }
}

/// A name that nobody has taken: what bears it does so for a moment only.
fn unused_name() -> rustix::io::Result<String> {
    let mut bytes = [0; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(format!(".win-compat-{:016x}", u64::from_le_bytes(bytes)))
}

/// What a name stands for, if that is the file that is meant. Between this look and the change, somebody outside of the sandbox may
/// give the name to another file: the host has no call that changes a name by its file.
fn meant(folder: BorrowedFd<'_>, name: &str, id: FileId) -> Result<Metadata, NTSTATUS> {
    let found = Metadata::of_host_entry(folder, name).map_err(refused)?;
    if (found.device, found.id) == id { Ok(found) } else { Err(STATUS_OBJECT_NAME_NOT_FOUND) }
}

/// Changes the facts of an open file, folder or link.
pub fn set(file: BorrowedFd<'_>, change: &Change) -> Result<(), NTSTATUS> {
    let [created, access, write] = change.times;
    let now = Metadata::of_host(file).map_err(status)?;
    let before = if now.link { Kept::default() } else { Kept::of(file) };
    let own = attribute::kept(now.folder);
    let first = if now.folder { 0 } else { attribute::ARCHIVE };
    let kept = change.attributes.map(|wanted| wanted & own);
    let after = Kept { attributes: kept.map_or(before.attributes, |kept| (kept != first).then_some(kept)), created: created.or(before.created) };
    if now.link && (after != before || change.attributes.is_some()) {
        return Err(STATUS_NOT_SUPPORTED);
    }
    if after != before {
        put(file, &now, &after)?;
    }
    if let Some(wanted) = change.attributes.filter(|_| !now.folder) {
        set_read_only(file, wanted & attribute::READ_ONLY != 0)?;
    }
    if access.is_some() || write.is_some() {
        const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let timestamps = Timestamps { last_access: access.map_or(OMIT, host_time), last_modification: write.map_or(OMIT, host_time) };
        utimensat(file, "", &timestamps, AtFlags::EMPTY_PATH).map_err(status)?;
    }
    Ok(())
}

/// Keeps attributes; the host wants a file to be writable for that.
fn put(file: BorrowedFd<'_>, now: &Metadata, kept: &Kept) -> Result<(), NTSTATUS> {
    let done = match kept.put(file) {
        Err(Errno::ACCESS) if now.is_read_only() => {
            set_read_only(file, false)?;
            let done = kept.put(file);
            set_read_only(file, true)?;
            done
        }
        done => done,
    };
    let matters = kept.created.is_some() || kept.attributes.is_some_and(|attributes| attributes & !attribute::TEMPORARY & !attribute::ARCHIVE != 0);
    match done {
        // That a file was archived already, or is to be kept in memory, are hints, which a host may forget.
        Err(Errno::OPNOTSUPP) if !matters => Ok(()),
        Err(Errno::OPNOTSUPP) => Err(STATUS_NOT_SUPPORTED),
        done => done.map_err(status),
    }
}

/// Takes away the right to write from everybody, or gives it to the owner.
fn set_read_only(file: BorrowedFd<'_>, read_only: bool) -> Result<(), NTSTATUS> {
    let now = rustix::fs::fstat(file).map_err(status)?.st_mode & 0o7777;
    let wanted = match read_only {
        true => now & !0o222,
        false if now & 0o222 == 0 => now | 0o200,
        false => now,
    };
    if wanted == now { Ok(()) } else { chmodat(CWD, place(file), Mode::from_raw_mode(wanted), AtFlags::empty()).map_err(status) }
}
