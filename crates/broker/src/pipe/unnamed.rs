//! Pipes without a name: a server's end, and a client's that is opened relative to it.

use super::link::{pair, rights, stream};
use crate::file::open::{FILE_OPENED, mode};
use crate::file::{Answer, PIPE, lock, specific};
use crate::object::{Client, FileObject};
use crate::process::Process;
use crate::reply::Reply;
use gate::file::Device;
use protocol::message::{CreatePipe, OpenFile, Opened};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED, STATUS_PIPE_NOT_AVAILABLE};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_DATA, SYNCHRONIZE};

/// Refuses what an end does not give.
pub fn check(access: u32, rights: u32) -> Result<(), NTSTATUS> {
    if access & (FILE_READ_DATA | FILE_WRITE_DATA) & !rights == 0 { Ok(()) } else { Err(STATUS_ACCESS_DENIED) }
}

impl Process {
    /// Makes a pipe, and tells the audit.
    pub fn create_pipe(&self, request: &CreatePipe) -> Answer {
        if request.bare != 0 {
            let (read, write) = stream()?;
            return Ok(Reply::value(&Opened::default()).with_descriptors(read, write));
        }
        let answer = self.create_pipe_server(request);
        self.note_open(PIPE, request.access, answer.as_ref().err().copied());
        answer
    }

    fn create_pipe_server(&self, request: &CreatePipe) -> Answer {
        let [server, client] = rights(request.share)?;
        let access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        check(access, server)?;
        let (ours, theirs) = pair(request.share, false, [0; 2])?;
        let ours = Arc::new(ours);
        let mut object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Pipe, Some(Arc::clone(&ours))) };
        object.client = Some(Client { descriptor: theirs, access: client }).into();
        self.give(object, access, request.object_flags, FILE_OPENED, Some(ours))
    }

    /// The server's end of a pipe that a handle stands for.
    pub fn pipe_server(&self, root: u32) -> Option<Arc<FileObject>> {
        let object = lock(&self.handles).get(root, 0).ok()?.file().ok()?.clone();
        (object.device == Device::Pipe).then_some(object)
    }

    /// Opens the client's end of a pipe, once.
    pub fn open_pipe_client(&self, request: &OpenFile, server: &FileObject) -> Answer {
        let access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        let mut client = lock(&server.client);
        check(access, client.as_ref().ok_or(STATUS_PIPE_NOT_AVAILABLE)?.access)?;
        let descriptor = Arc::new(client.take().ok_or(STATUS_PIPE_NOT_AVAILABLE)?.descriptor);
        drop(client);
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Pipe, Some(Arc::clone(&descriptor))) };
        self.give(object, access, request.object_flags, FILE_OPENED, Some(descriptor))
    }
}
