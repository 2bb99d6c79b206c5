//! Sections of files, and what they stand in the way of: cutting a file, and changing a program that runs.

use super::{Answer, lock};
use crate::handle::{Handle, Object};
use crate::mapping::{Mapping, MappingObject};
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::Device;
use protocol::message::{CutFile, Done, HandleReply, MapFile};
use std::sync::Arc;
use store::{FileId, Metadata};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_FILE_FOR_SECTION};
use windows_sys::Win32::Storage::FileSystem::{FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA};

impl Process {
    /// Cuts a file, unless it is mapped. It is done here, for between the look and the deed nobody may map it.
    pub fn cut_file(&self, request: &CutFile) -> Answer {
        let object = self.object(request.handle, FILE_WRITE_DATA)?;
        let id = identity(&object).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let file = object.descriptor.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        if self.sandbox.mappings.turn(id).check_cut(request.size).is_err() {
            // The section may be closed already.
            self.sandbox.drain_all();
        }
        let turn = self.sandbox.mappings.turn(id);
        let now = rustix::fs::fstat(file).map_err(store::status)?.st_size as u64;
        if request.size < now {
            turn.check_cut(request.size)?;
            rustix::fs::ftruncate(file, request.size).map_err(store::status)?;
        }
        Ok(Reply::value(&Done {}))
    }

    /// Enters a section that the runtime has made, or one that it has opened.
    pub fn map_file(&self, request: &MapFile) -> Answer {
        let mapping = if request.handle == 0 {
            self.sandbox.dispatcher.mapping(self.id, request.object)?
        } else {
            let object = {
                let handles = lock(&self.handles);
                let handle = handles.get(request.handle, 0)?;
                if handle.access & (FILE_READ_DATA | FILE_EXECUTE) == 0 {
                    return Err(STATUS_ACCESS_DENIED);
                }
                handle.file()?.clone()
            };
            self.mapping_of(&object, request.size, request.image != 0)?
        };
        let handle = Handle { object: Object::Mapping(Arc::new(MappingObject::new(mapping))), access: 0, flags: 0 };
        let handle = lock(&self.handles).insert(handle)?;
        Ok(Reply::value(&HandleReply { handle, access: 0 }))
    }

    /// Enters a section of an open file.
    pub fn mapping_of(&self, object: &FileObject, size: u64, image: bool) -> Result<Mapping, NTSTATUS> {
        let id = identity(object).ok_or(STATUS_INVALID_FILE_FOR_SECTION)?;
        Ok(self.sandbox.mappings.add(id, size, image))
    }

    /// Whether a file is mapped as a program; sections that are closed already do not count.
    pub(super) fn is_program(&self, id: FileId) -> bool {
        if !self.sandbox.mappings.turn(id).is_program() {
            return false;
        }
        self.sandbox.drain_all();
        self.sandbox.mappings.turn(id).is_program()
    }
}

/// Which file an object's bytes are of. A standard stream that is a file has its number on the host.
fn identity(object: &FileObject) -> Option<FileId> {
    let file = object.descriptor.as_ref().filter(|_| object.device == Device::Disk && !object.is_folder())?;
    match &object.file {
        Some(_) => object.id(),
        None => Metadata::of(file).ok().filter(|metadata| metadata.regular).map(|metadata| (metadata.device, metadata.id)),
    }
}
