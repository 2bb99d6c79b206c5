//! Renaming, linking and deleting.

use super::{Answer, lock, units};
use crate::namespace::{DrivePath, Inside, Name, Place, parse};
use crate::object::{FileObject, Where};
use crate::process::Process;
use crate::reply::Reply;
use protocol::message::{Done, FlushFile, RenameFile, SetDisposition};
use std::os::fd::AsFd;
use std::sync::Arc;
use store::{FileId, Happened, Look};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_CANNOT_DELETE, STATUS_DIRECTORY_NOT_EMPTY, STATUS_FILE_DELETED, STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_NOT_SAME_DEVICE, STATUS_OBJECT_NAME_COLLISION,
};
use windows_sys::Win32::Storage::FileSystem::DELETE;

/// `FILE_RENAME_*` and `FILE_LINK_*` (ntifs.h).
const REPLACE: u32 = 1;
const POSIX: u32 = 2;
const IGNORE_READ_ONLY: u32 = 0x40;

impl Process {
    /// Marks a file for deletion, or unmarks it.
    pub fn set_disposition(&self, request: &SetDisposition) -> Answer {
        const FILE_DISPOSITION_DELETE: u32 = 1;
        const FILE_DISPOSITION_POSIX: u32 = 2;
        const FILE_DISPOSITION_IGNORE_READ_ONLY: u32 = 0x10;
        let object = self.object(request.handle, DELETE)?;
        if object.file.as_ref().is_some_and(|file| file.stream) {
            // It goes at once, so that a failure is told, and the file stays.
            if request.flags & FILE_DISPOSITION_DELETE != 0 {
                let (inside, file) = object.inside().zip(object.descriptor.as_ref()).ok_or(STATUS_CANNOT_DELETE)?;
                inside.volume.set_zone(&inside.path, file.as_fd(), None)?;
            }
            return Ok(Reply::value(&Done {}));
        }
        let (id, inside) = (object.id().ok_or(STATUS_CANNOT_DELETE)?, object.inside().ok_or(STATUS_CANNOT_DELETE)?);
        let delete = request.flags & FILE_DISPOSITION_DELETE != 0;
        if delete {
            let now = self.metadata_of(&object)?.ok_or(STATUS_CANNOT_DELETE)?;
            if now.is_read_only() && request.flags & FILE_DISPOSITION_IGNORE_READ_ONLY == 0 || inside.path.is_empty() {
                return Err(STATUS_CANNOT_DELETE);
            }
            self.settle();
            if self.is_program(id) {
                return Err(STATUS_CANNOT_DELETE);
            }
            if now.folder && !inside.volume.is_empty(&inside.path)? {
                return Err(STATUS_DIRECTORY_NOT_EMPTY);
            }
        }
        lock(&object.closing).posix = delete && request.flags & FILE_DISPOSITION_POSIX != 0;
        lock(&self.sandbox.sharing).set_deleting(id, object.share(), delete, object.is_folder());
        if delete && object.is_folder() {
            self.sandbox.watches.deleted(id);
        }
        Ok(Reply::value(&Done {}))
    }

    /// Sees that a file's name is on the disk.
    pub fn flush_file(&self, request: &FlushFile) -> Answer {
        let object = self.object(request.handle, 0)?;
        if let (Some(id), Some(inside)) = (object.id(), object.inside()) {
            inside.volume.flush(id.1)?;
        }
        Ok(Reply::value(&Done {}))
    }

    /// Renames a file, or gives it a second name.
    pub fn rename_file(&self, request: &RenameFile, payload: &[u8]) -> Answer {
        let object = self.object(request.handle, if request.link != 0 { 0 } else { DELETE })?;
        if object.file.as_ref().is_some_and(|file| file.stream) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let Name::Drive(target) = self.target_name(&object, request, payload)? else { return Err(STATUS_ACCESS_DENIED) };
        let done = self.through(&target, |at| self.rename_to(&object, request, &target, at));
        self.note_change(&target, done.as_ref().err().copied());
        done.map(|()| Reply::value(&Done {}))
    }

    /// Renames to `target`, which leads to `at`.
    fn rename_to(&self, object: &FileObject, request: &RenameFile, target: &DrivePath, at: &DrivePath) -> Result<(), NTSTATUS> {
        let (from, id) = object.inside().zip(object.id()).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        // What has lost its name neither gets it back nor another one: who has the name now is somebody else.
        if lock(&self.sandbox.sharing).is_gone(id, object.share()) {
            return Err(STATUS_FILE_DELETED);
        }
        let to = match self.place(at)? {
            Place::Volume(inside) => inside,
            Place::Way(_) => return Err(STATUS_ACCESS_DENIED),
        };
        if !to.write || !from.write || to.path.is_empty() || from.path.is_empty() {
            return Err(STATUS_ACCESS_DENIED);
        }
        if !Arc::ptr_eq(&from.volume, &to.volume) {
            return Err(STATUS_NOT_SAME_DEVICE);
        }
        let replace = request.replace & REPLACE != 0;
        let replaced = self.check_replaced(&to, object, request.replace)?;
        let lose = || replaced.map(|replaced| lock(&self.sandbox.sharing).replaced(replaced, &to));
        if request.link != 0 {
            from.volume.link(&from.path, id, &to.path, replace)?;
            lose();
            self.sandbox.watches.own.happened(target, false, Happened::Made);
            return Ok(());
        }
        let file = object.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let before = lock(&file.place).path.clone();
        // A folder keeps its name while something below it is open.
        if object.is_folder() && self.is_open_below(&from) {
            return Err(STATUS_ACCESS_DENIED);
        }
        if !Where::has_room(target, &self.paths) {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        if self.terms.namespace.holds_grant(&from.drive_path(&from.path)) {
            return Err(STATUS_ACCESS_DENIED);
        }
        let path = from.volume.rename(&from.path, id, &to.path, replace)?;
        lose();
        let mut spelt = target.clone();
        spelt.folder = false;
        if target == at {
            spelt.path = spelt.path.first(to.mount.count()).join(&path);
        }
        self.sandbox.watches.own.moved(&before, &spelt, object.is_folder());
        let after = Inside { path, ..to };
        lock(&self.sandbox.sharing).renamed(id, &from, &after);
        // Its own process sees it as it has spelt it.
        lock(&file.place).set(spelt, Some(after));
        Ok(())
    }

    fn is_open_below(&self, path: &Inside) -> bool {
        if !lock(&self.sandbox.sharing).any_below(path) {
            return false;
        }
        self.sandbox.drain_all();
        lock(&self.sandbox.sharing).any_below(path)
    }

    /// A bare name is one in the file's own folder.
    fn target_name(&self, object: &FileObject, request: &RenameFile, payload: &[u8]) -> Result<Name, NTSTATUS> {
        let name = units(payload)?;
        if request.root == 0 && !name.contains(&u16::from(b'\\')) {
            let file = object.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
            let mut path = lock(&file.place).path.clone();
            path.path.pop();
            path.path.push(&name);
            return parse(&path.to_nt()).map(|name| self.lengthened(name));
        }
        self.name(request.root, payload)
    }

    /// What is to be replaced must not be in use, nor be a folder. Answers what it is.
    fn check_replaced(&self, to: &Inside, object: &FileObject, flags: u32) -> Result<Option<FileId>, NTSTATUS> {
        let known = match to.volume.metadata(&to.path, Look { link: true, attributes: false }) {
            Ok(known) if !known.is_special() => known,
            Err(store::OUTSIDE) => return Err(store::OUTSIDE),
            Ok(_) | Err(_) => return Ok(None),
        };
        let id = (known.device, known.id);
        if object.id() == Some(id) {
            return Ok(None);
        }
        if flags & REPLACE == 0 {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        // Neither takes a folder's place nor does a folder take a file's (MoveFileEx's documentation).
        if known.folder || object.is_folder() || known.is_read_only() && flags & IGNORE_READ_ONLY == 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        if self.is_program(id) {
            return Err(STATUS_ACCESS_DENIED);
        }
        if flags & POSIX != 0 {
            return self.check_sharing(&known, to, DELETE, 7).map(|()| Some(id)).map_err(|_| STATUS_ACCESS_DENIED);
        }
        if lock(&self.sandbox.sharing).is_open(id) {
            self.sandbox.drain_all();
            if lock(&self.sandbox.sharing).is_open(id) {
                return Err(STATUS_ACCESS_DENIED);
            }
        }
        Ok(Some(id))
    }
}
