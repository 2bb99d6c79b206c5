//! The gate's services for pipes.

use super::named::Link;
use super::{Named, Pipe, peek};
use crate::file::File;
use crate::io::host;
use crate::serve::{Answer, Serve};
use crate::{access, broker, handle, user};
use gate::file::Device;
use gate::pipe::{NO_WAIT, READS_MESSAGES, State};
use gate::service::{CreateNamedPipe, CreatePipe, PeekPipe, QueryNamedPipe, QueryPipe};
use protocol::message;
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_PIPE_BROKEN};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE};

/// `FILE_PIPE_INBOUND`, `_OUTBOUND`, `_FULL_DUPLEX` (ntifs.h).
const INBOUND: u32 = 0;
const OUTBOUND: u32 = 1;
const FULL_DUPLEX: u32 = 2;

/// The longest path of Windows, in bytes of UTF-16.
const PATH_BYTES: usize = 2 * 32_767;

/// `FILE_PIPE_INBOUND` and the like, by what clients may do.
const fn configuration(share: u32) -> u32 {
    match share & (FILE_SHARE_READ | FILE_SHARE_WRITE) {
        FILE_SHARE_WRITE => INBOUND,
        FILE_SHARE_READ => OUTBOUND,
        _ => FULL_DUPLEX,
    }
}

impl Serve for CreatePipe {
    fn serve(&mut self) -> Answer {
        let Self { access, share, options, object_flags, .. } = *self;
        let request = message::CreatePipe { access, share, options, object_flags, bare: 0 };
        let (opened, [descriptor, _]) = broker::pipe(&request)?;
        let file = File::new(&opened, descriptor);
        let (configuration, no_wait) = (configuration(share), AtomicBool::new(false));
        let _ = file.object.pipe.set(Pipe { server: true, configuration, quotas: self.quotas, no_wait, named: None });
        file.set_inherit(access::inherit(object_flags));
        self.handle = u64::from(opened.handle);
        handle::insert_file(Arc::new(file));
        Ok(())
    }
}

/// The pipe behind a handle, the shell's included.
fn pipe(number: u64) -> Result<Arc<File>, NTSTATUS> {
    let file = handle::file(number)?;
    if file.device == Device::Pipe { Ok(file) } else { Err(STATUS_INVALID_DEVICE_REQUEST) }
}

impl Serve for CreateNamedPipe {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let root = if self.root == 0 { 0 } else { handle::file(self.root)?.handle };
        let Self { patience, access, share, disposition, options, object_flags, told, instances, quotas, .. } = *self;
        let request = protocol::pipe::CreateNamedPipe { patience, root, access, share, disposition, options, object_flags, told, instances, quotas };
        let (opened, _) = broker::ask(&request, &name)?;
        let file = File::new(&opened, None);
        file.set_inherit(access::inherit(object_flags));
        self.handle = u64::from(opened.handle);
        self.information = opened.information;
        handle::insert_file(Arc::new(file));
        Ok(())
    }
}

/// Takes over how an end is used.
fn change(request: &QueryPipe, file: &File) -> Answer {
    let (no_wait, by_message) = (request.no_wait != 0, request.by_message != 0);
    let Some(pipe) = file.object.pipe() else {
        // The shell's pipe is not ours to change: it waits, and is told so again.
        return if no_wait {
            Err(STATUS_INVALID_DEVICE_REQUEST)
        } else if by_message {
            Err(STATUS_INVALID_PARAMETER)
        } else {
            Ok(())
        };
    };
    match &pipe.named {
        None if by_message => return Err(STATUS_INVALID_PARAMETER),
        None => {}
        Some(named) => {
            let told = if by_message { READS_MESSAGES } else { 0 } | if no_wait { NO_WAIT } else { 0 };
            broker::ask(&protocol::pipe::SetPipe { handle: file.handle, told }, &[])?;
            named.by_message.store(by_message, Ordering::Relaxed);
        }
    }
    pipe.no_wait.store(no_wait, Ordering::Relaxed);
    Ok(())
}

/// What the broker knows of a named pipe.
fn ask(request: &mut QueryPipe, file: &File, named: &Named) -> Answer {
    let (facts, _) = broker::ask(&protocol::pipe::QueryNamedPipe { handle: file.handle }, &[])?;
    (request.state, request.quotas, request.instances) = (facts.state, facts.quotas, facts.instances);
    request.configuration = configuration(facts.share);
    (request.messages, request.by_message) = (named.messages.into(), named.by_message.load(Ordering::Relaxed).into());
    request.named = 1;
    if file.access & FILE_READ_DATA != 0
        && let Ok(link) = named.link()
    {
        let waiting = match named.messages {
            true => peek::messages(&link, 0, true).map(|waiting| waiting.available),
            false => peek::available(link.descriptor.as_fd()),
        };
        request.available = waiting.unwrap_or(0).try_into().unwrap_or(u32::MAX);
    }
    Ok(())
}

impl Serve for QueryPipe {
    fn serve(&mut self) -> Answer {
        let file = pipe(self.file)?;
        if self.set != 0 {
            change(self, &file)?;
        }
        let pipe = file.object.pipe();
        self.no_wait = file.object.answers_at_once().into();
        self.server = pipe.is_some_and(|pipe| pipe.server).into();
        if let Some(named) = file.object.named() {
            return ask(self, &file, named);
        }
        let descriptor = file.descriptor()?;
        let reads = file.access & FILE_READ_DATA != 0;
        // Whoever gave a standard stream is its server; what comes in there is what this end writes.
        self.configuration = pipe.map_or(if reads { OUTBOUND } else { INBOUND }, |pipe| pipe.configuration);
        self.quotas = pipe.map_or([0; 2], |pipe| pipe.quotas);
        self.available = if reads { peek::available(descriptor).unwrap_or(0).try_into().unwrap_or(u32::MAX) } else { 0 };
        self.instances = [1; 2];
        self.state = if peek::is_closed(descriptor) { State::Closing } else { State::Connected } as u32;
        Ok(())
    }
}

impl Serve for QueryNamedPipe {
    fn serve(&mut self) -> Answer {
        let file = pipe(self.file)?;
        file.object.named().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let (facts, _) = broker::ask(&protocol::pipe::QueryNamedPipe { handle: file.handle }, &[])?;
        self.processes = facts.processes;
        Ok(())
    }
}

/// Looks at bytes.
fn look_at_bytes(request: &mut PeekPipe, descriptor: BorrowedFd<'_>) -> Answer {
    request.available = peek::available(descriptor).map_err(|error| host::status(error, false))?;
    if request.available == 0 {
        let is_over = peek::is_closed(descriptor) && peek::available(descriptor) == Ok(0);
        return if is_over { Err(STATUS_PIPE_BROKEN) } else { Ok(()) };
    }
    let length = request.length.min(request.available);
    if length > 0 {
        request.done = match peek::bytes(descriptor, request.buffer, length) {
            Err(Errno::AGAIN) => 0,
            peeked => peeked.map_err(|error| host::status(error, false))?,
        };
    }
    Ok(())
}

/// Looks at messages.
fn look_at_messages(request: &mut PeekPipe, link: &Link, by_message: bool) -> Answer {
    let most = usize::try_from(request.length).unwrap_or(usize::MAX);
    let waiting = peek::messages(link, most, by_message).map_err(|error| host::status(error, false))?;
    (request.available, request.message) = (waiting.available, waiting.message);
    if waiting.message[1] == 0 {
        let descriptor = link.descriptor.as_fd();
        let is_over = peek::is_closed(descriptor) && peek::available(descriptor) == Ok(0);
        return if is_over { Err(STATUS_PIPE_BROKEN) } else { Ok(()) };
    }
    user::write_bytes(request.buffer, &waiting.bytes)?;
    request.done = waiting.bytes.len() as u64;
    Ok(())
}

impl Serve for PeekPipe {
    fn serve(&mut self) -> Answer {
        let file = pipe(self.file)?;
        file.needs(FILE_READ_DATA)?;
        let Some(named) = file.object.named() else { return look_at_bytes(self, file.descriptor()?) };
        let link = named.link()?;
        let outcome = match named.messages {
            true => look_at_messages(self, &link, named.by_message.load(Ordering::Relaxed)),
            false => look_at_bytes(self, link.descriptor.as_fd()),
        };
        match outcome {
            // How it ended, the broker knows.
            Err(STATUS_PIPE_BROKEN) => named.look(Some(&link)).and(Err(STATUS_PIPE_BROKEN)),
            outcome => outcome,
        }
    }
}
