//! Files as the runtime sees them: a descriptor that the broker granted, and bytes that move over it.

pub mod service;

use crate::broker;
use crate::serve::Answer;
use gate::file::{Device, Record};
use gate::map::STATE;
use gate::service::ConsoleKind;
use protocol::message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::futex;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_HANDLE};

/// An open file.
#[derive(Debug)]
pub struct File {
    /// The broker's number for it.
    pub handle: u32,
    /// The access that it was granted.
    pub access: u32,
    /// What lies behind it.
    pub device: Device,
    mode: u32,
    folder: bool,
    close_now: bool,
    flags: AtomicU32,
    record: Option<u32>,
    /// What bytes move over; a folder has none.
    descriptor: Option<Arc<OwnedFd>>,
}

/// A shared file record, as atomics.
#[repr(C)]
struct Shared {
    offset: AtomicU64,
    append: AtomicU32,
    generation: AtomicU32,
    locks: AtomicU32,
    busy: AtomicU32,
    spare: [AtomicU64; 5],
}

const _: () = assert!(size_of::<Shared>() == size_of::<Record>());

impl File {
    /// A file that the broker opened, with the descriptor that came along.
    pub fn new(opened: &message::Opened, descriptor: Option<OwnedFd>) -> Self {
        let record = u64::from(opened.record) * size_of::<Record>() as u64;
        Self {
            handle: opened.handle,
            access: opened.access,
            device: Device::from_number(opened.device),
            mode: opened.mode,
            folder: opened.folder != 0,
            close_now: opened.close_now != 0,
            flags: AtomicU32::new(0),
            record: (record < gate::map::FILE_RECORDS_SIZE).then_some(opened.record),
            descriptor: descriptor.map(Arc::new),
        }
    }

    /// One of the standard streams, whose descriptor keeps its own position.
    pub fn standard(handle: u32, device: Device, access: u32, descriptor: OwnedFd) -> Self {
        let opened = message::Opened { handle, record: u32::MAX, device: device as u32, access, ..Default::default() };
        Self::new(&opened, Some(descriptor))
    }

    /// `HANDLE_FLAG_*`.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
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
        self.descriptor.as_ref().map(|descriptor| descriptor.as_fd()).ok_or(STATUS_INVALID_DEVICE_REQUEST)
    }

    fn shared(&self) -> Option<&'static Shared> {
        let index = self.record?;
        // SAFETY: the records are mapped as long as the process runs, the index was checked, and they are atomics only.
        Some(unsafe { &*((STATE + u64::from(index) * size_of::<Record>() as u64) as *const Shared) })
    }

    /// Asks for what the user types, where nothing of it has come yet. It is asked for and not just read, because what is typed belongs
    /// to whoever reads next at the terminal: often another program.
    fn want_input(&self) -> Answer {
        match self.device {
            Device::ConsoleOutput => Err(STATUS_INVALID_HANDLE),
            Device::ConsoleInput => {
                let descriptor = self.descriptor()?;
                let none = Timespec { tv_sec: 0, tv_nsec: 0 };
                if poll(&mut [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)], Some(&none)) == Ok(0) {
                    broker::ask(&message::Console { handle: self.handle, kind: ConsoleKind::Input as u32, mode: 0 }, &[])?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn needs(&self, access: u32) -> Answer {
        if self.folder {
            Err(STATUS_INVALID_DEVICE_REQUEST)
        } else if self.access & access == 0 {
            Err(STATUS_ACCESS_DENIED)
        } else {
            Ok(())
        }
    }
}

/// Holds a record's position while bytes move, as a synchronous file object of Windows does.
struct Turn<'a>(&'a Shared);

impl<'a> Turn<'a> {
    fn take(shared: &'a Shared) -> Self {
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
