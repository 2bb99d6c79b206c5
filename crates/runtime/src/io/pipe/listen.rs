//! Waiting for a client, which the broker connects, and letting go of one.

use super::Named;
use crate::broker::{self, Arrived};
use crate::file::File;
use crate::io::service::notice;
use crate::io::{FileObject, Listening, block, close, poll};
use crate::serve::{Answer, Serve};
use crate::{handle, user};
use gate::file::Device;
use gate::pipe::State;
use gate::service::{DisconnectPipe, ListenPipe, WaitPipe};
use protocol::pipe as message;
use rustix::event::PollFlags;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ILLEGAL_FUNCTION, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_PENDING, STATUS_PIPE_CONNECTED,
    STATUS_PIPE_DISCONNECTED, STATUS_PIPE_LISTENING, STATUS_SUCCESS,
};

/// The longest name, in bytes.
const LONGEST: usize = 2 * 1024;

/// The server's end behind a handle; one without a name has its client, or will never hear of it.
fn server(file: &File) -> Result<&Named, NTSTATUS> {
    let pipe = file.object.pipe().ok_or(if file.device == Device::Pipe { STATUS_ILLEGAL_FUNCTION } else { STATUS_INVALID_DEVICE_REQUEST })?;
    if !pipe.server {
        return Err(STATUS_ILLEGAL_FUNCTION);
    }
    pipe.named.as_ref().ok_or(STATUS_PIPE_CONNECTED)
}

impl Named {
    /// Lets the instance listen. Answers what is ready once a client is there, and whether the instance did not listen before.
    fn listen(&self, handle: u32) -> Result<(Arc<OwnedFd>, bool), NTSTATUS> {
        let known = self.client.get();
        let request = message::ListenPipe { handle, known: known.is_some().into() };
        let Arrived { reply, descriptor, .. } = broker::open(&request, &[])?;
        // Whoever was there before is not the one who comes.
        self.forget();
        let event = match (known, descriptor) {
            (Some(event), _) => Arc::clone(event),
            (None, Some(event)) => Arc::clone(self.client.get_or_init(|| Arc::new(event))),
            (None, None) => return Err(STATUS_INSUFFICIENT_RESOURCES),
        };
        Ok((event, reply.value != 0))
    }

    /// Whether a client has come; `None` while there is none.
    fn has_client(&self) -> Option<Answer> {
        match self.state() {
            Ok(State::Connected | State::Closing) => Some(Ok(())),
            Ok(State::Listening) => None,
            Ok(State::Disconnected) => Some(Err(STATUS_PIPE_DISCONNECTED)),
            Err(status) => Some(Err(status)),
        }
    }
}

impl FileObject {
    /// Answers those who wait for a client, if one is there.
    pub fn tell_clients(&self) {
        if self.pending().listens.is_empty() {
            return;
        }
        let Some(outcome) = self.named().and_then(Named::has_client) else { return };
        let listens = std::mem::take(&mut self.pending().listens);
        for Listening { notice } in listens {
            notice.tell(&self.completion, outcome.err().unwrap_or(STATUS_SUCCESS), 0);
        }
    }

    fn await_client(&self, named: &Named, event: &OwnedFd, address: u64) -> Answer {
        loop {
            block::until_ready(self, address, event.as_fd(), PollFlags::IN)?;
            if let Some(outcome) = named.has_client() {
                return outcome;
            }
        }
    }
}

impl Serve for ListenPipe {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let (object, named) = (&file.object, server(&file)?);
        let notice = notice(object, self.event, self.routine, self.context, self.block)?;
        if !object.is_synchronous() {
            poll::start()?;
        }
        let (event, anew) = named.listen(file.handle)?;
        if object.answers_at_once() {
            return if anew { Ok(()) } else { Err(STATUS_PIPE_LISTENING) };
        }
        notice.begin(&object.completion)?;
        self.told = 1;
        if object.is_synchronous() {
            let outcome = object.await_client(named, &event, self.block);
            return notice.tell_at_once(&object.completion, outcome, 0);
        }
        object.pending().listens.push_back(Listening { notice });
        poll::watch(object);
        Err(STATUS_PENDING)
    }
}

impl Serve for DisconnectPipe {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let named = server(&file).map_err(|status| if status == STATUS_PIPE_CONNECTED { STATUS_INVALID_DEVICE_REQUEST } else { status })?;
        broker::ask(&message::DisconnectPipe { handle: file.handle }, &[])?;
        named.forget();
        close::end(&file.object, [STATUS_PIPE_DISCONNECTED; 2], |_| true);
        block::look_again(&file.object);
        Ok(())
    }
}

impl Serve for WaitPipe {
    fn serve(&mut self) -> Answer {
        let directory = handle::file(self.directory)?;
        let name = user::read_vec(self.name, self.name_size, LONGEST)?;
        // The calling thread waits, on a channel of its own: others go on asking.
        broker::wait_with(&message::WaitPipe { limit: self.limit, handle: directory.handle, pad: 0 }, &name).map(|_| ())
    }
}
