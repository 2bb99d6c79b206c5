//! Making instances of named pipes, and connecting clients with them.

use super::end::End;
use super::link::rights;
use super::unnamed::check;
use super::{Connected, Made, Shape};
use crate::file::open::{FILE_CREATED, FILE_OPENED, mode};
use crate::file::{Answer, shown, specific};
use crate::namespace::Name;
use crate::object::FileObject;
use crate::process::Process;
use gate::file::Device;
use gate::pipe::{MESSAGES, NAMED, NO_WAIT, READS_MESSAGES, SERVER};
use protocol::message::OpenFile;
use protocol::pipe::CreateNamedPipe;
use std::sync::Arc;
use std::time::Duration;
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_IF};
use windows_sys::Win32::Foundation::{STATUS_INVALID_PARAMETER, STATUS_NOT_A_DIRECTORY, STATUS_OBJECT_NAME_INVALID};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE};

/// So many units of 100 ns.
pub const fn duration(units: u64) -> Duration {
    Duration::from_nanos(units.saturating_mul(100))
}

impl Process {
    /// Makes an instance of a named pipe, and tells the audit.
    pub fn create_named_pipe(&self, request: &CreateNamedPipe, payload: &[u8]) -> Answer {
        let answer = self.name(request.root, payload).and_then(|name| match name {
            Name::Pipe(name) => self.create_instance(request, &name),
            _ => Err(STATUS_OBJECT_NAME_INVALID),
        });
        self.note_open(&shown(payload), request.access, answer.as_ref().err().copied());
        answer
    }

    fn create_instance(&self, request: &CreateNamedPipe, name: &[u16]) -> Answer {
        let CreateNamedPipe { told, quotas, disposition, .. } = *request;
        let known = told & !(MESSAGES | READS_MESSAGES | NO_WAIT) == 0 && matches!(disposition, FILE_CREATE | FILE_OPEN | FILE_OPEN_IF);
        let bytes_by_messages = told & READS_MESSAGES != 0 && told & MESSAGES == 0;
        if !known || bytes_by_messages || request.instances == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let share = request.share & (FILE_SHARE_READ | FILE_SHARE_WRITE);
        let [server, _] = rights(share)?;
        let access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        check(access, server)?;
        let shape = Shape { messages: told & MESSAGES != 0, share, most: request.instances, patience: duration(request.patience) };
        let Made { instance, name, first } = self.sandbox.pipes.create(name, disposition, shape, quotas, self.id)?;
        let end = End { instance, connection: None, name, told: (told | NAMED | SERVER).into() };
        let object = FileObject { mode: mode(request.options), pipe: Some(end), ..FileObject::plain(Device::Pipe, None) };
        self.give(object, access, request.object_flags, if first { FILE_CREATED } else { FILE_OPENED }, None)
    }

    /// Connects with an instance of a pipe.
    pub fn open_pipe(&self, request: &OpenFile, name: &[u16]) -> Answer {
        if request.options & FILE_DIRECTORY_FILE != 0 {
            return Err(STATUS_NOT_A_DIRECTORY);
        }
        let pipes = &self.sandbox.pipes;
        let shape = pipes.shape(name)?;
        let [_, client] = rights(shape.share)?;
        let access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        check(access, client)?;
        let Connected { instance, name, connection, descriptor } = pipes.connect(name, self.id)?;
        let told = NAMED | if connection.shape.messages { MESSAGES } else { 0 };
        let end = End { instance, connection: Some(connection), name, told: told.into() };
        let object = FileObject { mode: mode(request.options), pipe: Some(end), ..FileObject::plain(Device::Pipe, Some(Arc::clone(&descriptor))) };
        self.give(object, access, request.object_flags, FILE_OPENED, Some(descriptor))
    }

    /// The directory of the pipes' names: it can be listed, and names looked up from there.
    pub fn open_pipes(&self, request: &OpenFile) -> Answer {
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Pipes, None) };
        self.give(object, specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES, request.object_flags, FILE_OPENED, None)
    }
}
