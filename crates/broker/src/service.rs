//! Serving a channel: one thread per channel takes requests, copied out of shared memory, and answers each.

use crate::descriptor::leaves_room;
use crate::process::Process;
use crate::reply::Reply;
use crate::sandbox::Member;
use channel::{Alarm, Received, Server};
use protocol::Frame;
use protocol::key::KeyRequest;
use protocol::message::{Done, Request, Word};
use protocol::pipe::PipeRequest;
use protocol::sight::SightRequest;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_SYSTEM_SERVICE, STATUS_TOO_MANY_OPENED_FILES};
use zerocopy::IntoBytes;

/// How long a channel waits for more closes after a request, before it sleeps for good. Longer than the host's own tick: a sooner
/// time would be the host's next timer at every single request, and setting that one leaves a virtual machine, twice.
const AFTERGLOW: Duration = Duration::from_millis(20);

/// Serves a channel in a thread of its own, which does something else first.
pub fn start(process: &Arc<Process>, server: Server, first: impl FnOnce() + Send + 'static) {
    process.add_channel(server.closer());
    // Should there be no thread, the channel is closed, and the client learns of it.
    let closer = server.closer();
    let process = Arc::clone(process);
    let started = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || {
        first();
        serve(&process, server);
    });
    if started.is_err() {
        closer.close();
    }
}

/// A channel for one more thread of a process.
fn new_channel(process: &Arc<Process>) -> Result<Reply, NTSTATUS> {
    const MOST: usize = 4096;
    if process.channels() >= MOST {
        return Err(STATUS_TOO_MANY_OPENED_FILES);
    }
    let (server, memory, socket) = channel::pair().map_err(store::status)?;
    if !leaves_room(socket.as_fd()) {
        return Err(STATUS_TOO_MANY_OPENED_FILES);
    }
    let memory = memory.as_fd().try_clone_to_owned().map_err(|_| STATUS_TOO_MANY_OPENED_FILES)?;
    start(process, server, || ());
    Ok(Reply::value(&Done {}).with_descriptors(memory, socket))
}

/// Serves a channel of a process until either ends.
fn serve(process: &Arc<Process>, mut server: Server) {
    let mut payload = Vec::new();
    let mut limit = None;
    server.rest();
    loop {
        match server.receive(limit) {
            Received::Closed => return,
            Received::Nothing => {
                server.rest();
                process.drain();
                limit = None;
            }
            Received::Request(frame) => {
                process.drain_one(&server.closer());
                server.payload(&frame, &mut payload);
                let Some(reply) = answer(process, &frame, &payload, || server.closer().alarm()) else { return };
                let descriptors: Vec<BorrowedFd<'_>> = reply.descriptors.iter().flatten().map(AsFd::as_fd).collect();
                server.reply(Frame { number: frame.number, ..reply.frame }, &reply.payload, &descriptors);
                limit = Some(AFTERGLOW);
            }
        }
    }
}

/// The answer to a request that came on the channel of an alarm; `None` when the process has ended.
pub fn answer(process: &Arc<Process>, frame: &Frame, payload: &[u8], alarm: impl FnOnce() -> Alarm) -> Option<Reply> {
    let done = || Ok(Reply::value(&Done {}));
    if let Some(request) = KeyRequest::decode(frame) {
        return Some(answer_key(process, request, payload).unwrap_or_else(Reply::status));
    }
    if let Some(request) = PipeRequest::decode(frame) {
        return Some(answer_pipe(process, request, payload).unwrap_or_else(Reply::status));
    }
    if let Some(request) = SightRequest::decode(frame) {
        return Some(answer_sight(process, request, payload).unwrap_or_else(Reply::status));
    }
    let Some(request) = Request::decode(frame) else {
        process.note_malformed(frame.number);
        return Some(Reply::status(STATUS_INVALID_SYSTEM_SERVICE));
    };
    let answer = match request {
        Request::OpenFile(request) => process.open_file(&request, payload),
        Request::CreatePipe(request) => process.create_pipe(&request),
        Request::QueryPath(request) => process.query_path(&request, payload),
        Request::QueryFile(request) => process.query_file(&request),
        Request::SetFacts(request) => process.set_facts(&request),
        Request::SetDisposition(request) => process.set_disposition(&request),
        Request::CutFile(request) => process.cut_file(&request),
        Request::MapFile(request) => process.map_file(&request),
        Request::LockFile(request) => process.lock_file(&request),
        Request::FlushFile(request) => process.flush_file(&request),
        Request::RenameFile(request) => process.rename_file(&request, payload),
        Request::ListFolder(request) => process.list_folder(&request, payload),
        Request::Stream(request) => process.stream(&request, payload),
        Request::SetSparse(request) => process.set_sparse(&request),
        Request::WatchFolder(request) => process.watch_folder(&request),
        Request::TakeChanges(request) => process.take_changes(&request),
        Request::QueryVolume(request) => process.query_volume(&request),
        Request::QueryName(request) => process.query_name(&request),
        Request::QueryLink(request) => process.query_link(&request),
        Request::QueryDrives(_) => Ok(Reply::value(&Word { value: process.terms.namespace.drives() })),
        Request::DuplicateHandle(request) => process.duplicate_handle(&request),
        Request::CloseHandle(request) => process.close_handle(request.handle),
        Request::SetHandle(request) => process.set_handle(&request),
        Request::NewChannel(_) => new_channel(process),
        Request::Console(request) => process.console(&request),
        Request::NameObject(request) => process.name_object(&request, payload),
        Request::ReleaseObject(request) => process.release_object(&request),
        Request::SignalObject(request) => process.signal_object(&request),
        Request::QueryObject(request) => process.query_object(&request),
        Request::EndThread(request) => process.end_thread(&request),
        Request::SetObjectTimer(request) => process.set_object_timer(&request),
        Request::WaitObjects(request) => process.wait_objects(&request, payload, alarm()),
        Request::QueryTimeZone(request) => Ok(Reply::value(&Done {}).with_payload(process.sandbox.zones.of_year(request.year).as_bytes().to_vec())),
        Request::QueryMachine(_) => Ok(Reply::value(&crate::machine::facts())),
        Request::WaitControl(request) => process.control.wait(request.ignore).map(|value| Reply::value(&Word { value })),
        Request::Report(request) => {
            if process.report(&request, payload) {
                return None;
            }
            done()
        }
        Request::CreateProcess(request) => process.create_process(&request, payload),
        Request::AdoptHandle(request) => process.adopt_handle(&request),
        Request::AdoptObject(request) => process.adopt_object(&request),
        Request::OpenProcess(request) => process.open_process(&request),
        Request::QueryProcess(request) => process.query_process(&request),
        Request::EndProcess(request) => process.end_process(&request),
        Request::ResumeProcess(request) => process.resume_process(&request),
        Request::AwaitResume(_) => process.await_resume(),
        Request::AssignProcess(request) => process.assign_process(&request),
        Request::EndJob(request) => process.end_job(&request),
        Request::QueryJob(request) => process.query_job(&request),
        Request::LimitJob(request) => process.limit_job(&request),
        Request::WatchJob(request) => process.watch_job(&request),
        Request::InJob(request) => process.is_in_job(&request),
        Request::Exit(request) => {
            process.exit(&request, payload);
            return None;
        }
    };
    Some(answer.unwrap_or_else(Reply::status))
}

/// The answer to a request about a key.
fn answer_key(process: &Process, request: KeyRequest, payload: &[u8]) -> Result<Reply, NTSTATUS> {
    match request {
        KeyRequest::OpenKey(request) => process.open_key(&request, payload),
        KeyRequest::QueryKey(request) => process.query_key(&request),
        KeyRequest::QueryValue(request) => process.query_value(&request, payload),
        KeyRequest::NumberedValue(request) => process.numbered_value(&request),
        KeyRequest::ListValues(request) => process.list_values(&request),
        KeyRequest::ListSubkeys(request) => process.list_subkeys(&request),
        KeyRequest::SetValue(request) => process.set_value(&request, payload),
        KeyRequest::ContinueValue(request) => process.continue_value(&request, payload),
        KeyRequest::DeleteValue(request) => process.delete_value(&request, payload),
        KeyRequest::DeleteKey(request) => process.delete_key(&request, payload),
        KeyRequest::RenameKey(request) => process.rename_key(&request, payload),
        KeyRequest::FlushKey(request) => process.flush_key(&request),
        KeyRequest::WatchKey(request) => process.watch_key(&request),
        KeyRequest::WaitKeys(_) => process.wait_keys(),
    }
}

/// The answer to a request about other processes.
fn answer_sight(process: &Process, request: SightRequest, payload: &[u8]) -> Result<Reply, NTSTATUS> {
    match request {
        SightRequest::ListProcesses(request) => process.list_processes(&request),
        SightRequest::ReadMemory(request) => process.read_memory(&request),
        SightRequest::WriteMemory(request) => process.write_memory(&request, payload),
    }
}

/// The answer to a request about a named pipe.
fn answer_pipe(process: &Process, request: PipeRequest, payload: &[u8]) -> Result<Reply, NTSTATUS> {
    match request {
        PipeRequest::CreateNamedPipe(request) => process.create_named_pipe(&request, payload),
        PipeRequest::ListenPipe(request) => process.listen_pipe(&request),
        PipeRequest::TakePipe(request) => process.take_pipe(&request),
        PipeRequest::DisconnectPipe(request) => process.disconnect_pipe(&request),
        PipeRequest::QueryNamedPipe(request) => process.query_named_pipe(&request),
        PipeRequest::SetPipe(request) => process.set_pipe(&request),
        PipeRequest::WaitPipe(request) => process.wait_pipe(&request, payload),
    }
}
