//! Memory of another process of the sandbox. Both are of one authority, and the host does the copying: nothing of what is copied is
//! looked at here.

use super::Process;
use crate::reply::Reply;
use protocol::PAYLOAD;
use protocol::message::{Done, Word};
use protocol::sight::{ReadMemory, WriteMemory};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED, STATUS_PROCESS_IS_TERMINATING};

type Answer = Result<Reply, NTSTATUS>;

impl Process {
    /// Reads memory of another process.
    pub fn read_memory(&self, request: &ReadMemory) -> Answer {
        let mut bytes = vec![0; (request.size as usize).min(PAYLOAD)];
        let read = self.with_host(request.number, |host| jail::read_memory(host, request.at, &mut bytes))?;
        bytes.truncate(read);
        Ok(Reply::value(&Done {}).with_payload(bytes))
    }

    /// Writes memory of another process.
    pub fn write_memory(&self, request: &WriteMemory, payload: &[u8]) -> Answer {
        let written = self.with_host(request.number, |host| jail::write_memory(host, request.at, payload))?;
        Ok(Reply::value(&Word { value: written as u32 }))
    }

    /// Copies from or to a process that this one has open, by the host's number for it.
    fn with_host(&self, number: u32, copy: impl FnOnce(i32) -> std::io::Result<usize>) -> Result<usize, NTSTATUS> {
        let life = self.sandbox.dispatcher.life(self.id, number)?;
        // A host may keep processes from each other's memory, those from it too who have started them.
        life.with_host(copy).ok_or(STATUS_PROCESS_IS_TERMINATING)?.map_err(|_| STATUS_ACCESS_DENIED)
    }
}
