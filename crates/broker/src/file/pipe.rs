//! Pipes without a name: a server's end, and a client's that is opened relative to it.

use super::open::{FILE_OPENED, mode};
use super::{Answer, PIPE, lock, specific};
use crate::object::{Client, FileObject};
use crate::process::Process;
use crate::reply::Reply;
use crate::sandbox::leaves_room;
use gate::file::Device;
use protocol::message::{CreatePipe, OpenFile, Opened};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER, STATUS_PIPE_NOT_AVAILABLE, STATUS_TOO_MANY_OPENED_FILES,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA, SYNCHRONIZE,
};

/// The ends of a pipe of the host, which never block: what is read from, and what is written to.
fn stream() -> Result<(OwnedFd, OwnedFd), NTSTATUS> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(store::status)?;
    if leaves_room(write.as_fd()) { Ok((read, write)) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}

/// Two ends that both read and write.
fn duplex() -> Result<(OwnedFd, OwnedFd), NTSTATUS> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (one, two) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(store::status)?;
    if leaves_room(two.as_fd()) { Ok((one, two)) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}

/// The rights on bytes of the server's and of the client's end, by what the client may do.
fn rights(share: u32) -> Result<[u32; 2], NTSTATUS> {
    match share & (FILE_SHARE_READ | FILE_SHARE_WRITE) {
        FILE_SHARE_WRITE => Ok([FILE_READ_DATA, FILE_WRITE_DATA]),
        FILE_SHARE_READ => Ok([FILE_WRITE_DATA, FILE_READ_DATA]),
        0 => Err(STATUS_INVALID_PARAMETER),
        _ => Ok([FILE_READ_DATA | FILE_WRITE_DATA; 2]),
    }
}

/// Refuses what an end does not give.
fn check(access: u32, rights: u32) -> Result<(), NTSTATUS> {
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
        let (ours, theirs) = match server {
            FILE_READ_DATA => stream()?,
            FILE_WRITE_DATA => stream().map(|(read, write)| (write, read))?,
            _ => duplex()?,
        };
        let ours = Arc::new(ours);
        let mut object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Pipe, Some(Arc::clone(&ours))) };
        object.client = Some(Client { descriptor: theirs, access: client }).into();
        self.give(object, access, request.object_flags, FILE_OPENED, Some(ours))
    }

    /// The server's end of a pipe that a handle stands for.
    pub(super) fn pipe_server(&self, root: u32) -> Option<Arc<FileObject>> {
        let object = lock(&self.handles).get(root, 0).ok()?.file().ok()?.clone();
        (object.device == Device::Pipe).then_some(object)
    }

    /// Opens the client's end of a pipe, once.
    pub(super) fn open_pipe_client(&self, request: &OpenFile, server: &FileObject) -> Answer {
        let access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        let mut client = lock(&server.client);
        check(access, client.as_ref().ok_or(STATUS_PIPE_NOT_AVAILABLE)?.access)?;
        let descriptor = Arc::new(client.take().ok_or(STATUS_PIPE_NOT_AVAILABLE)?.descriptor);
        drop(client);
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Pipe, Some(Arc::clone(&descriptor))) };
        self.give(object, access, request.object_flags, FILE_OPENED, Some(descriptor))
    }
}
