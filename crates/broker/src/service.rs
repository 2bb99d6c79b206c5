//! Serving a channel: one thread per channel takes requests, copied out of shared memory, and answers each.

use crate::process::Process;
use channel::{Received, Server};
use protocol::Frame;
use protocol::message::{Done, Request, Word};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_SYSTEM_SERVICE, STATUS_SUCCESS};
use zerocopy::{Immutable, IntoBytes};

/// How long a channel waits for more closes after a request, before it sleeps for good. Longer than the host's own tick: a sooner
/// time would be the host's next timer at every single request, and setting that one leaves a virtual machine, twice.
const AFTERGLOW: Duration = Duration::from_millis(20);

/// An answer: a value, and what travels with it.
#[derive(Debug)]
pub struct Reply {
    frame: Frame,
    payload: Vec<u8>,
    descriptors: [Option<Arc<OwnedFd>>; 2],
}

impl Reply {
    /// A value alone.
    pub fn value<T: IntoBytes + Immutable>(value: &T) -> Self {
        Self { frame: Frame::reply(0, STATUS_SUCCESS, value, 0), payload: Vec::new(), descriptors: [None, None] }
    }

    /// With a payload.
    pub fn with_payload(self, payload: Vec<u8>) -> Self {
        Self { payload, ..self }
    }

    /// With a descriptor, if there is one: the broker's own, of which the kernel makes the receiver's copy.
    pub fn with_descriptor(self, descriptor: Option<Arc<OwnedFd>>) -> Self {
        Self { descriptors: [descriptor, None], ..self }
    }

    /// With two descriptors.
    pub fn with_descriptors(self, one: OwnedFd, two: OwnedFd) -> Self {
        Self { descriptors: [Some(Arc::new(one)), Some(Arc::new(two))], ..self }
    }

    fn status(status: NTSTATUS) -> Self {
        Self { frame: Frame::reply(0, status, &Done {}, 0), payload: Vec::new(), descriptors: [None, None] }
    }
}

/// Serves a channel of a process until either ends.
pub fn serve(process: &Arc<Process>, mut server: Server) {
    let mut payload = Vec::new();
    let mut limit = None;
    loop {
        match server.receive(limit) {
            Received::Closed => return,
            Received::Nothing => {
                process.drain();
                limit = None;
            }
            Received::Request(frame) => {
                process.drain_one(&server.closer());
                server.payload(&frame, &mut payload);
                let Some(reply) = answer(process, &frame, &payload) else { return };
                let descriptors: Vec<BorrowedFd<'_>> = reply.descriptors.iter().flatten().map(AsFd::as_fd).collect();
                server.reply(Frame { number: frame.number, ..reply.frame }, &reply.payload, &descriptors);
                limit = Some(AFTERGLOW);
            }
        }
    }
}

/// The answer to a request; `None` when the process has ended.
pub fn answer(process: &Arc<Process>, frame: &Frame, payload: &[u8]) -> Option<Reply> {
    let done = || Ok(Reply::value(&Done {}));
    let Some(request) = Request::decode(frame) else {
        process.note_malformed(frame.number);
        return Some(Reply::status(STATUS_INVALID_SYSTEM_SERVICE));
    };
    let answer = match request {
        Request::OpenFile(request) => process.open_file(&request, payload),
        Request::QueryPath(request) => process.query_path(&request, payload),
        Request::QueryFile(request) => process.query_file(&request),
        Request::SetFacts(request) => process.set_facts(&request),
        Request::SetDisposition(request) => process.set_disposition(&request),
        Request::RenameFile(request) => process.rename_file(&request, payload),
        Request::ListFolder(request) => process.list_folder(&request, payload),
        Request::QueryVolume(request) => process.query_volume(&request),
        Request::QueryName(request) => process.query_name(&request),
        Request::QueryLink(request) => process.query_link(&request),
        Request::QueryDrives(_) => Ok(Reply::value(&Word { value: process.namespace.drives() })),
        Request::DuplicateHandle(request) => process.duplicate_handle(&request),
        Request::CloseHandle(request) => process.close_handle(request.handle),
        Request::SetHandle(request) => process.set_handle(&request),
        Request::NewChannel(_) => process.new_channel(),
        Request::Console(request) => process.console(&request),
        Request::NameObject(request) => process.name_object(&request, payload),
        Request::ForgetName(request) => process.forget_name(&request),
        Request::QueryTimeZone(request) => Ok(Reply::value(&Done {}).with_payload(process.sandbox.zones.of_year(request.year).as_bytes().to_vec())),
        Request::QueryMachine(_) => Ok(Reply::value(&crate::machine::facts())),
        Request::WaitControl(request) => process.wait_control(request.ignore).map(|value| Reply::value(&Word { value })),
        Request::Report(request) => {
            if process.report(&request, payload) {
                return None;
            }
            done()
        }
        Request::Exit(request) => {
            process.exit(&request, payload);
            return None;
        }
    };
    Some(answer.unwrap_or_else(Reply::status))
}
