//! Handles of files: second ones, flags, closing.

use super::{Answer, lock, specific};
use crate::handle::{Handle, Object};
use crate::namespace::Inside;
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::Device;
use protocol::message::{Done, DuplicateHandle, HandleReply, Opened, SetHandle};
use store::FileId;
use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE, STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER,
};
use windows_sys::Win32::Storage::FileSystem::DELETE;

impl Process {
    /// Makes a second handle.
    pub fn duplicate_handle(&self, request: &DuplicateHandle) -> Answer {
        let mut handles = lock(&self.handles);
        let source = handles.get(request.handle, 0)?.clone();
        let wanted = match &source.object {
            Object::File(_) => specific(request.access),
            Object::Key(_) => crate::key::specific(request.access)?,
        };
        let access = if request.options & DUPLICATE_SAME_ACCESS != 0 { source.access } else { wanted };
        if access & !source.access != 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let flags = request.flags & HANDLE_FLAG_INHERIT;
        let handle = handles.insert(Handle { object: source.object, access, flags })?;
        Ok(Reply::value(&HandleReply { handle, access }))
    }

    /// Sets a handle's flags.
    pub fn set_handle(&self, request: &SetHandle) -> Answer {
        if request.flags & !(HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        lock(&self.handles).get_mut(request.handle)?.flags = request.flags;
        Ok(Reply::value(&Done {}))
    }

    /// Closes a handle.
    pub fn close_handle(&self, number: u32) -> Answer {
        let handle = lock(&self.handles).remove(number)?;
        if let Object::Key(key) = &handle.object {
            self.end_key_waits(number, key);
        }
        self.sandbox.let_go(&handle);
        Ok(Reply::value(&Done {}))
    }
}

impl FileObject {
    /// What a process is told of a handle to it, but for what an open did.
    pub fn told(&self, handle: u32, access: u32, flags: u32) -> Opened {
        // The other end of a pipe must see at once that this one is closed.
        let close_now = lock(&self.closing).delete || access & DELETE != 0 || self.device == Device::Pipe;
        Opened {
            handle,
            record: self.record,
            information: 0,
            device: self.device as u32,
            access,
            mode: self.mode,
            folder: self.is_folder().into(),
            close_now: close_now.into(),
            stream: self.file.as_ref().is_some_and(|file| file.stream).into(),
            flags,
        }
    }

    /// The file's identity on the host; a stream has none of its own.
    pub fn id(&self) -> Option<FileId> {
        self.file.as_ref().filter(|file| !file.stream && lock(&file.place).inside.is_some()).map(|file| (file.metadata.device, file.metadata.id))
    }

    /// Its number among the opens of the file.
    pub fn share(&self) -> u64 {
        self.file.as_ref().map_or(0, |file| file.share)
    }

    /// Where it is in its volume, as of now.
    pub fn inside(&self) -> Option<Inside> {
        lock(&self.file.as_ref()?.place).inside.clone()
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.metadata.folder)
    }
}
