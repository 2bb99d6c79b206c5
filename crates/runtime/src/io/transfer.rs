//! Reading and writing: at once where that is possible, else in the thread that asked, or when the descriptor is ready.

use super::bytes::{Bytes, Step};
use super::completion::Notice;
use super::host::{self, read, write};
use super::service::notice;
use super::{FileObject, Transfer, block, lock, poll, stream};
use crate::file::{self, File, Turn};
use crate::handle;
use crate::serve::{Answer, Serve};
use gate::file::Device;
use gate::service::{AT_END, HERE, ReadFile, WriteFile};
use rustix::event::PollFlags;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use windows_sys::Win32::Foundation::{
    STATUS_END_OF_FILE, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_PENDING, STATUS_PIPE_BROKEN, STATUS_SUCCESS,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_READ_DATA, FILE_WRITE_DATA};

impl FileObject {
    /// Moves all of it on a pipe of the broker's, or waits in the calling thread until that is possible.
    fn move_synchronously(self: &Arc<Self>, bytes: Bytes, address: u64, moved: &mut u64) -> Answer {
        // Who reads a message reads all of it, and so does who writes one.
        let by_messages = self.named().is_some_and(|named| named.messages);
        let turn = if bytes.write { Some(&self.writing) } else { by_messages.then_some(&self.reading) };
        let _turn = turn.map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let events = if bytes.write { PollFlags::OUT } else { PollFlags::IN };
        loop {
            match self.step(bytes, moved) {
                Step::Done(STATUS_SUCCESS) => return Ok(()),
                Step::Done(status) => return Err(status),
                Step::Blocked if self.answers_at_once() => {
                    let outcome = self.moved_so_far(bytes, moved);
                    self.finish_later();
                    return outcome;
                }
                Step::Blocked => {
                    let descriptor = self.moves_over()?;
                    block::until_ready(self, address, descriptor.as_fd(), events).map_err(|status| self.broken_off(bytes, moved, status))?;
                }
            }
        }
    }

    /// Moves bytes of an asynchronous pipe: at once, or later.
    fn move_or_pend(self: &Arc<Self>, bytes: Bytes, notice: Notice, done: &mut u64) -> Answer {
        let mut pending = self.pending();
        let mut transfer = Transfer { notice, moved: 0, bytes };
        let queue = if bytes.write { &mut pending.writes } else { &mut pending.reads };
        let step = if queue.is_empty() { self.step(bytes, &mut transfer.moved) } else { Step::Blocked };
        let outcome = match step {
            Step::Done(STATUS_SUCCESS) => Ok(()),
            Step::Done(status) => Err(status),
            Step::Blocked if self.answers_at_once() && queue.is_empty() => self.moved_so_far(bytes, &mut transfer.moved),
            Step::Blocked => {
                poll::start()?;
                queue.push_back(transfer);
                drop(pending);
                poll::watch(self);
                return Err(STATUS_PENDING);
            }
        };
        drop(pending);
        if self.answers_at_once() {
            self.finish_later();
        }
        *done = transfer.moved;
        transfer.notice.tell_at_once(&self.completion, outcome, transfer.moved)
    }
}

/// A position of the caller's own, which every request to an asynchronous file brings.
fn own_position(file: &File, offset: i64) -> Answer {
    if !file.object.is_synchronous() && file.device == Device::Disk && offset == HERE { Err(STATUS_INVALID_PARAMETER) } else { Ok(()) }
}

/// Lets a request that brings an event, or a routine, or that may pend, be told of as well as answered.
macro_rules! tell {
    ($request:expr, $file:expr, $write:literal) => {{
        let (request, file) = ($request, $file);
        own_position(&file, request.offset)?;
        let notice = notice(&file.object, request.event, request.routine, request.context, request.block)?;
        notice.begin(&file.object.completion)?;
        request.told = 1;
        if !file.object.is_synchronous() && file.device == Device::Pipe {
            let bytes = Bytes { write: $write, buffer: request.buffer, length: request.length };
            return file.object.move_or_pend(bytes, notice, &mut request.done);
        }
        let outcome = request.move_now(&file);
        notice.tell_at_once(&file.object.completion, outcome, request.done)
    }};
}

impl Serve for ReadFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_READ_DATA)?;
        if file.object.is_synchronous() && self.event | self.routine == 0 { self.move_now(&file) } else { tell!(self, file, false) }
    }
}

impl Serve for WriteFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_WRITE_DATA | FILE_APPEND_DATA)?;
        if file.object.is_synchronous() && self.event | self.routine == 0 { self.move_now(&file) } else { tell!(self, file, true) }
    }
}

/// A request whose bytes are moved before it returns.
trait MoveNow {
    fn move_now(&mut self, file: &File) -> Answer;
}

impl MoveNow for ReadFile {
    fn move_now(&mut self, file: &File) -> Answer {
        if file.object.is_pipe() {
            let bytes = Bytes { write: false, buffer: self.buffer, length: self.length };
            return file.object.move_synchronously(bytes, self.block, &mut self.done);
        }
        if file.is_stream() {
            self.done = stream::read(file, self.buffer, self.length, self.offset)?;
            return Ok(());
        }
        file.await_input(self.block)?;
        let descriptor = file.descriptor()?.as_raw_fd();
        let read = |offset| read(descriptor, self.buffer, self.length, offset).map_err(|error| host::status(error, file.is_folder()));
        self.done = match file.shared() {
            Some(_) if !file.object.is_synchronous() => {
                let offset = file::position(self.offset)?;
                lock::check(&file.object, offset, self.length, false)?;
                read(Some(offset))?
            }
            Some(shared) => {
                let _turn = Turn::take(shared);
                let own = self.offset != HERE && self.offset != AT_END;
                let offset = if own { file::position(self.offset)? } else { shared.offset.load(Ordering::Relaxed) };
                lock::check(&file.object, offset, self.length, false)?;
                let done = read(Some(offset))?;
                shared.offset.store(offset + done, Ordering::Relaxed);
                done
            }
            // A descriptor of the shell's keeps its position; a position of the caller's own counts on files alone.
            None if self.offset >= 0 && file.device == Device::Disk => read(Some(file::position(self.offset)?))?,
            None => read(None)?,
        };
        match file.device {
            Device::Disk | Device::Null if self.done == 0 && self.length > 0 => Err(STATUS_END_OF_FILE),
            Device::Pipe if self.done == 0 && self.length > 0 => Err(STATUS_PIPE_BROKEN),
            _ => Ok(()),
        }
    }
}

impl MoveNow for WriteFile {
    fn move_now(&mut self, file: &File) -> Answer {
        if file.device == Device::ConsoleInput {
            return Err(STATUS_INVALID_HANDLE);
        }
        if file.object.is_pipe() {
            let bytes = Bytes { write: true, buffer: self.buffer, length: self.length };
            return file.object.move_synchronously(bytes, self.block, &mut self.done);
        }
        if file.is_stream() {
            self.done = stream::write(file, self.buffer, self.length, self.offset)?;
            return Ok(());
        }
        let descriptor = file.descriptor()?.as_raw_fd();
        let append = file.access & FILE_WRITE_DATA == 0;
        let shared = file.shared().filter(|_| file.object.is_synchronous());
        let _turn = shared.map(Turn::take);
        let start = match shared {
            Some(shared) if self.offset == HERE && !append => Some(shared.offset.load(Ordering::Relaxed)),
            _ if self.offset == AT_END || append && file.device == Device::Disk => Some(file::end_of(file)?),
            Some(_) => Some(file::position(self.offset)?),
            None if self.offset >= 0 && file.device == Device::Disk => Some(file::position(self.offset)?),
            None => None,
        };
        if let Some(start) = start {
            lock::check(&file.object, start, self.length, true)?;
        }
        // A pipe or a full disk may take less than all of it: Windows' writers expect all, or an error.
        let mut moved = 0;
        while moved < self.length || self.length == 0 {
            let offset = start.map(|start| start + moved);
            let done = write(descriptor, self.buffer + moved, self.length - moved, offset).map_err(|error| host::status(error, file.is_folder()))?;
            moved += done;
            if done == 0 {
                break;
            }
        }
        if let (Some(shared), Some(start)) = (shared, start) {
            shared.offset.store(start + moved, Ordering::Relaxed);
        }
        self.done = moved;
        Ok(())
    }
}
