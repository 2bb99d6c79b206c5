//! Opening and making files and folders.

use super::{Folder, refused};
use crate::error::status;
use crate::kept::{Kept, place};
use crate::metadata::{Metadata, attribute};
use crate::name::from_host;
use crate::path::Path;
use crate::volume::{Create, How, Open, Outcome, Permit};
use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_FILE_IS_A_DIRECTORY, STATUS_NOT_A_DIRECTORY, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND,
};

impl Folder {
    pub(super) fn open_path(&self, path: &Path, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
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
            match self.open_spelt(&Self::names(path)?, &How { create, ..*how }, permit) {
                Err(STATUS_OBJECT_NAME_NOT_FOUND) => {}
                done => return done,
            }
        }
        let names = self.spell(path)?;
        Ok(Open { path: Some(path_of(names.iter().map(String::as_str))), ..self.open_spelt(&names, how, permit)? })
    }

    /// Opens under one spelling.
    fn open_spelt(&self, names: &[String], how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
        if how.link
            && let Some(link) = self.open_link(names, how)?
        {
            permit(&link.metadata, link.outcome)?;
            return Ok(link);
        }
        if how.folder == Some(true) {
            let (file, outcome) = self.open_folder(names, how)?;
            return finish(file, outcome, how, permit);
        }
        let touches_bytes = how.read || how.write || how.append || how.create != Create::Open;
        let opened =
            if touches_bytes { self.open_file(names, how) } else { self.path_only(names).map(|file| (file, Outcome::Opened)).map_err(refused) };
        match opened {
            Ok((file, outcome)) => {
                let metadata = Metadata::of_host(&file).map_err(status)?;
                if !metadata.folder {
                    return checked(file, metadata, outcome, how, permit);
                }
                if how.folder == Some(false) {
                    return Err(STATUS_FILE_IS_A_DIRECTORY);
                }
                finish(self.folder(names).map_err(refused)?, Outcome::Opened, how, permit)
            }
            // Writing to a folder is refused by the host; Windows opens it, and refuses the write.
            Err(STATUS_FILE_IS_A_DIRECTORY) if how.folder.is_none() && matches!(how.create, Create::Open | Create::OpenOrNew) => {
                finish(self.folder(names).map_err(refused)?, Outcome::Opened, how, permit)
            }
            Err(STATUS_FILE_IS_A_DIRECTORY) if matches!(how.create, Create::Truncate | Create::TruncateOrNew) => Err(STATUS_ACCESS_DENIED),
            Err(error) => Err(error),
        }
    }

    /// Opens a link itself; `None` where there is none.
    fn open_link(&self, names: &[String], how: &How) -> Result<Option<Open>, NTSTATUS> {
        let place = match self.entry(names) {
            Ok(place) => place,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        let metadata = Metadata::of_host(&place).map_err(status)?;
        if !metadata.link {
            return Ok(None);
        }
        let metadata = self.link_facts(names, metadata);
        let is_folder = metadata.attributes & attribute::DIRECTORY != 0;
        match (how.create, how.folder) {
            (Create::New, _) => Err(STATUS_OBJECT_NAME_COLLISION),
            (Create::Truncate | Create::TruncateOrNew, _) => Err(STATUS_ACCESS_DENIED),
            (_, Some(true)) if !is_folder => Err(STATUS_NOT_A_DIRECTORY),
            (_, Some(false)) if is_folder => Err(STATUS_FILE_IS_A_DIRECTORY),
            _ => Ok(Some(Open { file: place, metadata, outcome: Outcome::Opened, path: None })),
        }
    }

    fn make_folder(&self, names: &[String]) -> Result<OwnedFd, NTSTATUS> {
        let (parent, name) = self.parent(names)?;
        let changing = self.index.changing(parent.as_fd());
        mkdirat(&parent, name, Mode::from_raw_mode(0o777)).map_err(refused)?;
        self.index.changed(parent.as_fd(), changing, (None, Some(name)));
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
        let mode = Mode::from_raw_mode(if how.attributes & attribute::READ_ONLY != 0 { 0o444 } else { 0o666 });
        let open = |flags| self.open_host(names, access | flags, Mode::empty());
        let make = || {
            let (last, folders) = names.split_last().ok_or(Errno::EXIST)?;
            let parent = self.holder(folders)?;
            let changing = self.index.changing(parent.as_fd());
            let file = self.open_host(names, access | OFlags::CREATE | OFlags::EXCL, mode)?;
            self.index.changed(parent.as_fd(), changing, (None, Some(last)));
            Ok(file)
        };
        match how.create {
            Create::Open => open(OFlags::empty()).map(|file| (file, Outcome::Opened)),
            Create::New => make().map(|file| (file, Outcome::Created)),
            // It is emptied when it has its permit.
            Create::Truncate => open(OFlags::empty()).map(|file| (file, Outcome::Overwritten)),
            Create::OpenOrNew | Create::TruncateOrNew => {
                let outcome = if how.create == Create::OpenOrNew { Outcome::Opened } else { Outcome::Overwritten };
                match open(OFlags::empty()) {
                    Err(Errno::NOENT) => make().map(|file| (file, Outcome::Created)),
                    done => done.map(|file| (file, outcome)),
                }
            }
        }
        .map_err(refused)
    }
}

/// Names of the host as a path.
pub(super) fn path_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Path {
    names.into_iter().map(|name| from_host(name.as_bytes()).unwrap_or_else(|| name.encode_utf16().collect())).collect()
}

/// Checks what was opened, and keeps the attributes of what was made or emptied.
fn finish(file: OwnedFd, outcome: Outcome, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
    let metadata = Metadata::of_host(&file).map_err(status)?;
    checked(file, metadata, outcome, how, permit)
}

/// The same, with the facts of it.
fn checked(file: OwnedFd, mut metadata: Metadata, outcome: Outcome, how: &How, permit: Permit<'_>) -> Result<Open, NTSTATUS> {
    if !metadata.folder && !metadata.regular {
        return Err(STATUS_ACCESS_DENIED);
    }
    if outcome == Outcome::Overwritten && metadata.regular {
        permit(&Metadata::of(&file).map_err(status)?, outcome)?;
        // The descriptor may be one that only reads. The place that it leads to is this very file, whatever has its name by now.
        let emptied = openat(CWD, place(file.as_fd()), OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
        drop(emptied.map_err(refused)?);
        metadata = Metadata::of_host(&file).map_err(status)?;
    } else {
        permit(&metadata, outcome)?;
    }
    keep_attributes(&file, outcome, &metadata, how)?;
    if outcome != Outcome::Opened && metadata.regular {
        metadata.attributes |= how.attributes & attribute::READ_ONLY;
    }
    Ok(Open { file, metadata, outcome, path: None })
}

fn keep_attributes(file: &OwnedFd, outcome: Outcome, metadata: &Metadata, how: &How) -> Result<(), NTSTATUS> {
    if outcome == Outcome::Opened || metadata.folder && outcome != Outcome::Created {
        return Ok(());
    }
    // What is made or emptied is to be archived.
    let first = if metadata.folder { 0 } else { attribute::ARCHIVE };
    let wanted = how.attributes & attribute::kept(metadata.folder) | first;
    let before = if outcome == Outcome::Created { Kept::default() } else { Kept::of(file.as_fd()) };
    let after = Kept { attributes: (wanted != first).then_some(wanted), ..before };
    let done = if after == before { Ok(()) } else { after.put(file.as_fd()) };
    let done = match outcome {
        Outcome::Overwritten if how.attributes & attribute::READ_ONLY != 0 => {
            done.and_then(|()| rustix::fs::fchmod(file, Mode::from_raw_mode(0o444)))
        }
        _ => done,
    };
    match done {
        // A hint, or the attribute that everything has: nothing is lost where the host keeps none.
        Err(Errno::OPNOTSUPP) if wanted & (attribute::HIDDEN | attribute::SYSTEM | attribute::READ_ONLY) == 0 => Ok(()),
        Err(Errno::OPNOTSUPP) => Err(windows_sys::Win32::Foundation::STATUS_NOT_SUPPORTED),
        done => done.map_err(status),
    }
}
