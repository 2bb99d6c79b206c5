//! Requests about the ends of named pipes.

use super::Standing;
use super::end::{Bond, End};
use super::open::duration;
use crate::file::{Answer, lock, units};
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::Device;
use gate::pipe::{MESSAGES, NO_WAIT, READS_MESSAGES, State};
use protocol::message::{Done, PipeFacts, PipeStanding, Word};
use protocol::pipe::{DisconnectPipe, ListenPipe, QueryNamedPipe, SetPipe, TakePipe, WaitPipe};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ILLEGAL_FUNCTION, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER};

/// The end that a file object is.
fn end(object: &FileObject) -> Result<&End, NTSTATUS> {
    object.pipe.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)
}

/// The instance, for its server alone.
fn served(object: &FileObject) -> Result<u64, NTSTATUS> {
    let end = end(object)?;
    if end.is_server() { Ok(end.instance) } else { Err(STATUS_ILLEGAL_FUNCTION) }
}

/// How a connection stands, as its client sees it.
const fn seen(bond: Bond) -> State {
    match bond {
        Bond::Whole => State::Connected,
        Bond::Broken => State::Closing,
        Bond::Severed => State::Disconnected,
    }
}

impl Process {
    fn end_of(&self, handle: u32) -> Result<Arc<FileObject>, NTSTATUS> {
        self.object(handle, 0)
    }

    /// Lets an instance listen.
    pub fn listen_pipe(&self, request: &ListenPipe) -> Answer {
        let object = self.end_of(request.handle)?;
        let (event, anew) = self.sandbox.pipes.listen(served(&object)?)?;
        Ok(Reply::value(&Word { value: anew.into() }).with_descriptor(Some(event).filter(|_| request.known == 0)))
    }

    /// Answers how an end stands, and gives a server what its bytes move over.
    pub fn take_pipe(&self, request: &TakePipe) -> Answer {
        let object = self.end_of(request.handle)?;
        let end = end(&object)?;
        if let Some(connection) = &end.connection {
            return Ok(Reply::value(&PipeStanding { generation: 1, state: seen(connection.bond()) as u32, pad: 0 }));
        }
        let Standing { state, generation, link, .. } = self.sandbox.pipes.standing(end.instance)?;
        let link = link.filter(|_| request.known != u64::MAX && generation != request.known);
        Ok(Reply::value(&PipeStanding { generation, state: state as u32, pad: 0 }).with_descriptor(link))
    }

    /// Breaks an instance's connection off.
    pub fn disconnect_pipe(&self, request: &DisconnectPipe) -> Answer {
        let object = self.end_of(request.handle)?;
        self.sandbox.pipes.disconnect(served(&object)?).map(|()| Reply::value(&Done {}))
    }

    /// Answers what is known of a pipe.
    pub fn query_named_pipe(&self, request: &QueryNamedPipe) -> Answer {
        let object = self.end_of(request.handle)?;
        let end = end(&object)?;
        let instances = self.sandbox.pipes.instances(&end.name);
        let facts = match &end.connection {
            Some(connection) => PipeFacts {
                state: seen(connection.bond()) as u32,
                share: connection.shape.share,
                quotas: connection.quotas,
                // Where the last server is gone, its name is too.
                instances: instances.unwrap_or([0, connection.shape.most]),
                processes: connection.processes,
            },
            None => {
                let Standing { state, connection, quotas, server, .. } = self.sandbox.pipes.standing(end.instance)?;
                PipeFacts {
                    state: state as u32,
                    share: self.sandbox.pipes.shape(&end.name)?.share,
                    quotas,
                    instances: instances.unwrap_or_default(),
                    processes: [server, connection.map_or(0, |connection| connection.processes[1])],
                }
            }
        };
        Ok(Reply::value(&facts))
    }

    /// Notes how an end is used.
    pub fn set_pipe(&self, request: &SetPipe) -> Answer {
        const CHANGEABLE: u32 = READS_MESSAGES | NO_WAIT;
        let object = self.end_of(request.handle)?;
        let told = &end(&object)?.told;
        if request.told & !CHANGEABLE != 0 || request.told & READS_MESSAGES != 0 && told.load(Ordering::Relaxed) & MESSAGES == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let _ = told.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |told| Some(told & !CHANGEABLE | request.told));
        Ok(Reply::value(&Done {}))
    }

    /// Waits until somebody listens.
    pub fn wait_pipe(&self, request: &WaitPipe, payload: &[u8]) -> Answer {
        let directory = lock(&self.handles).get(request.handle, 0)?.file()?.clone();
        if directory.device != Device::Pipes {
            return Err(STATUS_ILLEGAL_FUNCTION);
        }
        let limit = (request.limit != u64::MAX).then(|| duration(request.limit));
        self.sandbox.pipes.wait(&units(payload)?, limit, || self.is_closed()).map(|()| Reply::value(&Done {}))
    }
}
