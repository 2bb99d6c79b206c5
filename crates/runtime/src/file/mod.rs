//! Files as the runtime sees them: a descriptor that the broker granted, and bytes that move over it.

mod service;

use crate::broker;
use crate::io::host::status;
use crate::io::{FileObject, block, close};
use crate::serve::Answer;
use gate::file::{Device, Record};
use gate::map::STATE;
use gate::service::ConsoleKind;
use protocol::message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::futex;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use windows_sys::Win32::Foundation::{
    HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER,
};

/// An open file.
#[derive(Debug)]
pub struct File {
    /// The broker's number for it.
    pub handle: u32,
    /// The access that it was granted.
    pub access: u32,
    /// What lies behind it.
    pub device: Device,
    /// What its duplicates share.
    pub object: Arc<FileObject>,
    mode: u32,
    folder: bool,
    stream: bool,
    close_now: bool,
    flags: AtomicU32,
    record: Option<u32>,
}

/// A shared file record, as atomics.
#[repr(C)]
pub struct Shared {
    /// The position.
    pub offset: AtomicU64,
    append: AtomicU32,
    generation: AtomicU32,
    locks: AtomicU32,
    busy: AtomicU32,
    spare: [AtomicU64; 5],
}

const _: () = assert!(size_of::<Shared>() == size_of::<Record>());

impl File {
    /// Whether two files are one object: duplicates share descriptor and record.
    pub fn is_same(&self, other: &Self) -> bool {
        self.handle == other.handle || Arc::ptr_eq(&self.object, &other.object)
    }

    /// A file that the broker opened, with the descriptor that came along.
    pub fn new(opened: &message::Opened, descriptor: Option<OwnedFd>) -> Self {
        let record = u64::from(opened.record) * size_of::<Record>() as u64;
        let device = Device::from_number(opened.device);
        let object = FileObject::new(device, opened.mode, descriptor);
        object.enter(opened.handle);
        Self {
            handle: opened.handle,
            access: opened.access,
            device,
            object,
            mode: opened.mode,
            folder: opened.folder != 0,
            stream: opened.stream != 0,
            close_now: opened.close_now != 0,
            flags: AtomicU32::new(opened.flags),
            record: (record < gate::map::FILE_RECORDS_SIZE).then_some(opened.record),
        }
    }

    /// One of the standard streams, whose descriptor keeps its own position.
    pub fn standard(handle: u32, device: Device, access: u32, descriptor: OwnedFd) -> Self {
        // As a shell opens them: their calls return when they are complete.
        let mode = windows_sys::Wdk::Storage::FileSystem::FILE_SYNCHRONOUS_IO_NONALERT;
        let (close_now, flags) = ((device == Device::Pipe).into(), HANDLE_FLAG_INHERIT);
        let opened = message::Opened { handle, record: u32::MAX, device: device as u32, access, mode, close_now, flags, ..Default::default() };
        Self::new(&opened, Some(descriptor))
    }

    /// `HANDLE_FLAG_*`.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Takes over the `HANDLE_FLAG_*` that were asked for at its opening.
    pub fn set_inherit(&self, flags: u32) {
        self.flags.store(flags, Ordering::Relaxed);
    }

    /// Sets `HANDLE_FLAG_*`, here and in the broker, which hands handles to children.
    pub fn set_flags(&self, flags: u32) -> Answer {
        broker::ask(&message::SetHandle { handle: self.handle, flags }, &[])?;
        self.flags.store(flags, Ordering::Relaxed);
        Ok(())
    }

    /// Whether closing it has an effect that must not wait.
    pub fn close_now(&self) -> bool {
        self.close_now
    }

    /// The descriptor; a folder has none.
    pub fn descriptor(&self) -> Result<BorrowedFd<'_>, NTSTATUS> {
        self.object.descriptor()
    }

    /// Its shared record, where it has one.
    pub fn shared(&self) -> Option<&'static Shared> {
        let index = self.record?;
        // SAFETY: the records are mapped as long as the process runs, the index was checked, and they are atomics only.
        Some(unsafe { &*((STATE + u64::from(index) * size_of::<Record>() as u64) as *const Shared) })
    }

    /// Waits until there is something to read, on a descriptor that blocks. What the user types is asked for and not just
    /// read, because it belongs to whoever reads next at the terminal: often another program.
    pub fn await_input(&self, address: u64) -> Answer {
        match self.device {
            Device::Disk | Device::Null => return Ok(()),
            Device::ConsoleOutput => return Err(STATUS_INVALID_HANDLE),
            _ => {}
        }
        let descriptor = self.descriptor()?;
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)], Some(&none)) != Ok(0) {
            return Ok(());
        }
        if self.device == Device::ConsoleInput {
            broker::ask(&message::Console { handle: self.handle, kind: ConsoleKind::Input as u32, mode: 0 }, &[])?;
        }
        block::until_ready(&self.object, address, descriptor, PollFlags::IN)
    }

    /// Refuses what the handle does not grant.
    pub fn needs(&self, access: u32) -> Answer {
        if self.folder {
            Err(STATUS_INVALID_DEVICE_REQUEST)
        } else if self.access & access == 0 {
            Err(STATUS_ACCESS_DENIED)
        } else {
            Ok(())
        }
    }

    /// A second one of the same file object.
    pub fn duplicate(&self, access: u32, options: u32, flags: u32) -> Result<Self, NTSTATUS> {
        let request = message::DuplicateHandle { handle: self.handle, access, options, flags };
        let (reply, _) = broker::ask(&request, &[])?;
        self.object.enter(reply.handle);
        Ok(Self {
            handle: reply.handle,
            access: reply.access,
            device: self.device,
            object: Arc::clone(&self.object),
            mode: self.mode,
            folder: self.folder,
            stream: self.stream,
            close_now: self.close_now,
            flags: AtomicU32::new(flags),
            record: self.record,
        })
    }

    /// The options that it was opened with, as they are told.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// Whether it is a stream, which has no descriptor.
    pub fn is_stream(&self) -> bool {
        self.stream
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.folder
    }
}

impl Drop for File {
    fn drop(&mut self) {
        close::let_go(&self.object, self.handle);
    }
}

/// Holds a record's position while bytes move, as a synchronous file object of Windows does.
pub struct Turn<'a>(&'a Shared);

impl<'a> Turn<'a> {
    /// Takes the turn.
    pub fn take(shared: &'a Shared) -> Self {
        let busy = &shared.busy;
        if busy.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            while busy.swap(2, Ordering::Acquire) != 0 {
                let _ = futex::wait(busy, futex::Flags::empty(), 2, None);
            }
        }
        Self(shared)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.0.busy.swap(0, Ordering::Release) == 2 {
            let _ = futex::wake(&self.0.busy, futex::Flags::empty(), 1);
        }
    }
}

/// A position as the host wants it.
pub fn position(offset: i64) -> Result<u64, NTSTATUS> {
    u64::try_from(offset).map_err(|_| STATUS_INVALID_PARAMETER)
}

/// Where a file ends.
pub fn end_of(file: &File) -> Result<u64, NTSTATUS> {
    rustix::fs::fstat(file.descriptor()?).map(|facts| facts.st_size as u64).map_err(|error| status(error, file.folder))
}
