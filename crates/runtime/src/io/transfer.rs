//! Reading and writing: at once where that is possible, else in the thread that asked, or when the descriptor is ready.

use super::{FileObject, Notice, Pending, lock, poll};
use crate::file::{self, File, Turn};
use crate::gate::{Answer, Serve};
use crate::handle;
use gate::file::Device;
use gate::service::{AT_END, HERE, ReadFile, WriteFile};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_END_OF_FILE, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_PENDING, STATUS_PIPE_BROKEN, STATUS_PIPE_EMPTY,
    STATUS_SUCCESS,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_READ_DATA, FILE_WRITE_DATA};

/// A read or write of a pipe that is under way.
#[derive(Debug)]
pub struct Transfer {
    /// Whom its end is told to.
    pub notice: Notice,
    /// The bytes that were moved.
    pub moved: u64,
    bytes: Bytes,
}

/// What is to be moved, and where to or from.
#[derive(Clone, Copy, Debug)]
struct Bytes {
    write: bool,
    buffer: u64,
    length: u64,
}

/// How far a transfer came.
enum Step {
    Done(NTSTATUS),
    /// Nothing more can be moved now.
    Blocked,
}

impl Bytes {
    /// Moves what a pipe's descriptor can take or give at once.
    fn step(self, object: &FileObject, moved: &mut u64) -> Step {
        let outcome = if self.write { self.write_some(object, moved) } else { self.read_some(object, moved) };
        match outcome {
            Ok(status) => Step::Done(status),
            Err(Errno::AGAIN) => Step::Blocked,
            Err(error) => Step::Done(file::status(error, false)),
        }
    }

    fn read_some(self, object: &FileObject, moved: &mut u64) -> Result<NTSTATUS, Errno> {
        let descriptor = object.descriptor().map_err(|_| Errno::BADF)?;
        if self.length == 0 {
            // A read of nothing tells when there is something.
            let mut poll = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
            rustix::event::poll(&mut poll, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
            let ready = poll[0].revents();
            return match ready {
                _ if ready.contains(PollFlags::IN) => Ok(STATUS_SUCCESS),
                _ if ready.is_empty() => Err(Errno::AGAIN),
                _ => Ok(STATUS_PIPE_BROKEN),
            };
        }
        *moved = read(descriptor.as_raw_fd(), self.buffer, self.length, None)?;
        Ok(if *moved == 0 { STATUS_PIPE_BROKEN } else { STATUS_SUCCESS })
    }

    fn write_some(self, object: &FileObject, moved: &mut u64) -> Result<NTSTATUS, Errno> {
        let descriptor = object.descriptor().map_err(|_| Errno::BADF)?.as_raw_fd();
        while *moved < self.length {
            *moved += write(descriptor, self.buffer + *moved, self.length - *moved, None)?;
        }
        Ok(STATUS_SUCCESS)
    }

    /// Moves all of it on a pipe of the broker's, or waits in the calling thread until that is possible.
    fn move_synchronously(self, object: &FileObject, block: u64, moved: &mut u64) -> Answer {
        let _turn = self.write.then(|| object.writing.lock().unwrap_or_else(PoisonError::into_inner));
        loop {
            match self.step(object, moved) {
                Step::Done(STATUS_SUCCESS) => return Ok(()),
                Step::Done(status) => return Err(status),
                Step::Blocked if object.answers_at_once() => return self.nothing(),
                Step::Blocked => object.until_ready(block, if self.write { PollFlags::OUT } else { PollFlags::IN })?,
            }
        }
    }

    /// The answer of a pipe whose calls do not wait, where nothing could be moved.
    fn nothing(self) -> Answer {
        if self.write { Ok(()) } else { Err(STATUS_PIPE_EMPTY) }
    }
}

impl Pending {
    /// What the poll thread waits for.
    pub fn wanted(&self) -> PollFlags {
        let read = if self.reads.is_empty() { PollFlags::empty() } else { PollFlags::IN };
        if self.writes.is_empty() { read } else { read | PollFlags::OUT }
    }
}

impl FileObject {
    /// What the poll thread waits for.
    pub fn wanted(&self) -> PollFlags {
        self.pending().wanted()
    }

    /// Goes on with what pends, as far as it goes.
    pub fn progress(&self) {
        let mut pending = self.pending();
        let mut complete = Vec::new();
        let Pending { reads, writes } = &mut *pending;
        for queue in [reads, writes] {
            while let Some(transfer) = queue.front_mut() {
                let Step::Done(status) = transfer.bytes.step(self, &mut transfer.moved) else { break };
                complete.extend(queue.pop_front().map(|transfer| (transfer, status)));
            }
        }
        drop(pending);
        for (transfer, status) in complete {
            transfer.notice.tell(self, status, transfer.moved);
        }
    }

    /// Moves bytes of an asynchronous pipe: at once, or later.
    fn move_or_pend(self: &Arc<Self>, bytes: Bytes, notice: Notice, done: &mut u64) -> Answer {
        let mut pending = self.pending();
        let mut transfer = Transfer { notice, moved: 0, bytes };
        let queue = if bytes.write { &mut pending.writes } else { &mut pending.reads };
        let step = if queue.is_empty() { bytes.step(self, &mut transfer.moved) } else { Step::Blocked };
        let outcome = match step {
            Step::Done(STATUS_SUCCESS) => Ok(()),
            Step::Done(status) => Err(status),
            Step::Blocked if self.answers_at_once() => bytes.nothing(),
            Step::Blocked => {
                poll::start()?;
                queue.push_back(transfer);
                drop(pending);
                poll::watch(self);
                return Err(STATUS_PENDING);
            }
        };
        drop(pending);
        *done = transfer.moved;
        transfer.notice.tell_at_once(self, outcome.err().unwrap_or(STATUS_SUCCESS), transfer.moved);
        outcome
    }
}

/// One read of the host's into the guest's memory.
pub fn read(descriptor: i32, buffer: u64, length: u64, offset: Option<u64>) -> Result<u64, Errno> {
    let (buffer, length) = file::guest_buffer(buffer, length);
    // SAFETY: the kernel writes to the guest's memory, or answers EFAULT; the runtime's own lies elsewhere.
    file::retry(buffer, length, || unsafe {
        match offset {
            Some(offset) => libc::pread64(descriptor, buffer.cast(), length, offset as i64),
            None => libc::read(descriptor, buffer.cast(), length),
        }
    })
}

/// One write of the host's out of the guest's memory.
pub fn write(descriptor: i32, buffer: u64, length: u64, offset: Option<u64>) -> Result<u64, Errno> {
    let (buffer, length) = file::guest_buffer(buffer, length);
    // SAFETY: the kernel reads the guest's memory, or answers EFAULT.
    file::retry(buffer, length, || unsafe {
        match offset {
            Some(offset) => libc::pwrite64(descriptor, buffer.cast(), length, offset as i64),
            None => libc::write(descriptor, buffer.cast(), length),
        }
    })
}

/// A position of the caller's own, which every request to an asynchronous file brings.
fn own_position(file: &File, offset: i64) -> Answer {
    if !file.object.synchronous && file.device == Device::Disk && offset == HERE { Err(STATUS_INVALID_PARAMETER) } else { Ok(()) }
}

/// Lets a request that brings an event, or a routine, or that may pend, be told of as well as answered.
macro_rules! tell {
    ($request:expr, $file:expr, $write:literal) => {{
        let (request, file) = ($request, $file);
        own_position(&file, request.offset)?;
        let notice = Notice::new(&file.object, request.event, request.routine, request.context, request.block)?;
        notice.begin(&file.object)?;
        request.told = 1;
        if !file.object.synchronous && file.device == Device::Pipe {
            let bytes = Bytes { write: $write, buffer: request.buffer, length: request.length };
            return file.object.move_or_pend(bytes, notice, &mut request.done);
        }
        let outcome = request.move_now(&file);
        notice.tell_at_once(&file.object, outcome.err().unwrap_or(STATUS_SUCCESS), request.done);
        outcome
    }};
}

impl Serve for ReadFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_READ_DATA)?;
        if file.object.synchronous && self.event | self.routine == 0 { self.move_now(&file) } else { tell!(self, file, false) }
    }
}

impl Serve for WriteFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_WRITE_DATA | FILE_APPEND_DATA)?;
        if file.object.synchronous && self.event | self.routine == 0 { self.move_now(&file) } else { tell!(self, file, true) }
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
            return bytes.move_synchronously(&file.object, self.block, &mut self.done);
        }
        file.await_input(self.block)?;
        let descriptor = file.descriptor()?.as_raw_fd();
        let read = |offset| read(descriptor, self.buffer, self.length, offset).map_err(|error| file::status(error, file.is_folder()));
        self.done = match file.shared() {
            Some(_) if !file.object.synchronous => {
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
            return bytes.move_synchronously(&file.object, self.block, &mut self.done);
        }
        let descriptor = file.descriptor()?.as_raw_fd();
        let append = file.access & FILE_WRITE_DATA == 0;
        let shared = file.shared().filter(|_| file.object.synchronous);
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
            let done = write(descriptor, self.buffer + moved, self.length - moved, offset).map_err(|error| file::status(error, file.is_folder()))?;
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
