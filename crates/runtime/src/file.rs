//! Files as the runtime sees them: a descriptor that the broker granted, and bytes that move over it.

use crate::gate::{Answer, Serve};
use crate::io::FileObject;
use crate::{broker, handle, user};
use gate::file::{Device, Facts, Record};
use gate::map::STATE;
use gate::service::{
    Console, ConsoleKind, FlushFile, ListFolder, OpenFile, Position, QueryDrives, QueryFile, QueryLink, QueryName, QueryPath, QueryVolume,
    RenameFile, SetDisposition, SetEnd, SetFacts,
};
use protocol::message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::thread::futex;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_OVERFLOW, STATUS_DISK_FULL, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_IO_DEVICE_ERROR, STATUS_PIPE_CLOSING,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_WRITE_DATA};

/// The longest path of Windows, in bytes of UTF-16.
const PATH_BYTES: usize = 2 * 32_767;

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
    /// What it was opened for: `FILE_*` options.
    pub mode: u32,
    folder: bool,
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
        object.enter();
        Self {
            handle: opened.handle,
            access: opened.access,
            device,
            object,
            mode: opened.mode,
            folder: opened.folder != 0,
            close_now: opened.close_now != 0,
            flags: AtomicU32::new(0),
            record: (record < gate::map::FILE_RECORDS_SIZE).then_some(opened.record),
        }
    }

    /// One of the standard streams, whose descriptor keeps its own position.
    pub fn standard(handle: u32, device: Device, access: u32, descriptor: OwnedFd) -> Self {
        // As a shell opens them: their calls return when they are complete.
        let mode = windows_sys::Wdk::Storage::FileSystem::FILE_SYNCHRONOUS_IO_NONALERT;
        let opened = message::Opened { handle, record: u32::MAX, device: device as u32, access, mode, ..Default::default() };
        Self::new(&opened, Some(descriptor))
    }

    /// `HANDLE_FLAG_*`.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Takes over whether children inherit it, as it was asked for at its opening.
    pub fn set_inherit(&self, object_flags: u32) {
        self.flags.store(handle::inherit(object_flags), Ordering::Relaxed);
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
    pub fn await_input(&self, block: u64) -> Answer {
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
        self.object.until_ready(block, PollFlags::IN)
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

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.folder
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.object.let_go();
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

/// The guest's buffer as the kernel fills it; the kernel answers EFAULT where it is not writable.
pub fn guest_buffer(address: u64, length: u64) -> (*mut u8, usize) {
    // One system call moves no more than this (`MAX_RW_COUNT`).
    (address as *mut u8, length.min(0x7FFF_F000) as usize)
}

/// A position as the host wants it.
pub fn position(offset: i64) -> Result<u64, NTSTATUS> {
    u64::try_from(offset).map_err(|_| STATUS_INVALID_PARAMETER)
}

/// Where a file ends.
pub fn end_of(file: &File) -> Result<u64, NTSTATUS> {
    rustix::fs::fstat(file.descriptor()?).map(|facts| facts.st_size as u64).map_err(|error| status(error, file.folder))
}

/// Repeats a system call that was interrupted, or that met a page which a touch makes usable (a stack's guard page).
pub fn retry(buffer: *mut u8, length: usize, call: impl Fn() -> libc::ssize_t) -> Result<u64, Errno> {
    let mut touched = false;
    loop {
        let done = call();
        if done >= 0 {
            return Ok(done as u64);
        }
        match Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)) {
            Errno::INTR => {}
            Errno::FAULT if !touched && user::touch(buffer as u64, length as u64) => touched = true,
            error => return Err(error),
        }
    }
}

/// What a host error means on a file.
pub fn status(error: Errno, folder: bool) -> NTSTATUS {
    match error {
        Errno::FAULT => STATUS_ACCESS_VIOLATION,
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => STATUS_DISK_FULL,
        Errno::PIPE => STATUS_PIPE_CLOSING,
        Errno::BADF | Errno::ACCESS | Errno::PERM | Errno::ROFS => STATUS_ACCESS_DENIED,
        Errno::INVAL if folder => STATUS_INVALID_DEVICE_REQUEST,
        Errno::INVAL => STATUS_INVALID_PARAMETER,
        _ => STATUS_IO_DEVICE_ERROR,
    }
}

impl Serve for OpenFile {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let request = message::OpenFile {
            root: folder(self.root)?,
            access: self.access,
            share: self.share,
            disposition: self.disposition,
            options: self.options,
            attributes: self.attributes,
            object_flags: self.object_flags,
        };
        let (opened, descriptor) = broker::open(&request, &name)?;
        self.handle = u64::from(opened.handle);
        self.information = u64::from(opened.information);
        let file = File::new(&opened, descriptor);
        if file.device == Device::Pipe && self.root != 0 {
            file.object.set_client_of(&handle::file(self.root)?.object);
        }
        file.set_inherit(self.object_flags);
        handle::insert_file(Arc::new(file));
        Ok(())
    }
}

/// The broker's number of a folder handle, or 0 for none.
fn folder(handle: u64) -> Result<u32, NTSTATUS> {
    if handle == 0 { Ok(0) } else { handle::file(handle).map(|file| file.handle) }
}

/// A second handle to the same file object.
pub fn duplicate(file: &Arc<File>, access: u32, options: u32, flags: u32) -> Result<u64, NTSTATUS> {
    let request = message::DuplicateHandle { handle: file.handle, access, options, flags };
    let (reply, _) = broker::ask(&request, &[])?;
    file.object.enter();
    let copy = File {
        handle: reply.handle,
        access: reply.access,
        device: file.device,
        object: Arc::clone(&file.object),
        mode: file.mode,
        folder: file.folder,
        close_now: file.close_now,
        flags: AtomicU32::new(flags),
        record: file.record,
    };
    handle::insert_file(Arc::new(copy));
    Ok(u64::from(reply.handle))
}

impl Serve for QueryPath {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let (facts, _) = broker::ask(&message::QueryPath { root: folder(self.root)? }, &name)?;
        Ok(user::write(self.facts, &facts)?)
    }
}

impl Serve for QueryFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let facts = match file.device {
            Device::Disk => {
                let (facts, _) = broker::ask(&message::QueryFile { handle: file.handle }, &[])?;
                facts
            }
            _ => Facts::default(),
        };
        let facts = Facts { device: file.device as u32, access: file.access, mode: file.mode, ..facts };
        Ok(user::write(self.facts, &facts)?)
    }
}

impl Serve for Position {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        match file.shared() {
            Some(shared) if self.set != 0 => shared.offset.store(position(self.position)?, Ordering::Relaxed),
            Some(shared) => self.position = shared.offset.load(Ordering::Relaxed) as i64,
            None if file.device == Device::Disk => {
                use rustix::fs::{SeekFrom, seek};
                let to = if self.set != 0 { SeekFrom::Start(position(self.position)?) } else { SeekFrom::Current(0) };
                self.position = seek(file.descriptor()?, to).map_err(|error| status(error, file.folder))? as i64;
            }
            None => return Err(STATUS_INVALID_DEVICE_REQUEST),
        }
        Ok(())
    }
}

impl Serve for SetEnd {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        if file.device != Device::Disk {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        file.needs(FILE_WRITE_DATA)?;
        rustix::fs::ftruncate(file.descriptor()?, self.size).map_err(|error| status(error, file.folder))
    }
}

impl Serve for SetFacts {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        broker::ask(&message::SetFacts { handle, times: self.times, attributes: self.attributes }, &[]).map(|_| ())
    }
}

impl Serve for SetDisposition {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        broker::ask(&message::SetDisposition { handle, flags: self.flags }, &[]).map(|_| ())
    }
}

impl Serve for RenameFile {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let handle = handle::file(self.file)?.handle;
        let request = message::RenameFile { handle, root: folder(self.root)?, replace: self.replace, link: self.link };
        broker::ask(&request, &name).map(|_| ())
    }
}

impl Serve for ListFolder {
    fn serve(&mut self) -> Answer {
        let pattern = user::read_vec(self.pattern, self.pattern_size, PATH_BYTES)?;
        let handle = handle::file(self.file)?.handle;
        let bytes = self.buffer_size.min(protocol::PAYLOAD as u64) as u32;
        let request = message::ListFolder { handle, restart: self.restart, most: self.most, bytes };
        let (_, records) = broker::ask(&request, &pattern)?;
        user::write_bytes(self.buffer, &records[..records.len().min(bytes as usize)])?;
        self.written = records.len() as u64;
        Ok(())
    }
}

impl Serve for QueryVolume {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        if file.device != Device::Disk {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        let (volume, _) = broker::ask(&message::QueryVolume { handle: file.handle }, &[])?;
        Ok(user::write(self.volume, &volume)?)
    }
}

impl Serve for QueryName {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        let (_, name) = broker::ask(&message::QueryName { handle, resolved: self.resolved }, &[])?;
        self.size = name.len() as u64;
        let fits = name.len().min(self.buffer_size as usize) & !1;
        user::write_bytes(self.buffer, &name[..fits])?;
        if fits < name.len() { Err(STATUS_BUFFER_OVERFLOW) } else { Ok(()) }
    }
}

impl Serve for QueryLink {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        let (relative, path) = broker::ask(&message::QueryLink { handle }, &[])?;
        self.relative = relative.value;
        self.size = path.len() as u64;
        let fits = path.len().min(self.buffer_size as usize) & !1;
        user::write_bytes(self.buffer, &path[..fits])?;
        if fits < path.len() { Err(STATUS_BUFFER_OVERFLOW) } else { Ok(()) }
    }
}

impl Serve for QueryDrives {
    fn serve(&mut self) -> Answer {
        let (drives, _) = broker::ask(&message::QueryDrives {}, &[])?;
        self.drives = drives.value;
        Ok(())
    }
}

impl Serve for FlushFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_WRITE_DATA | FILE_APPEND_DATA)?;
        match file.device {
            Device::Disk => rustix::fs::fsync(file.descriptor()?).map_err(|error| status(error, file.folder)),
            // Nothing of it is buffered, and FlushFileBuffers is documented to say so with this error.
            Device::ConsoleInput | Device::ConsoleOutput => Err(STATUS_INVALID_HANDLE),
            _ => Ok(()),
        }
    }
}

impl Serve for Console {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.handle)?;
        if !file.device.is_console() {
            return Err(STATUS_INVALID_HANDLE);
        }
        let (state, _) = broker::ask(&message::Console { handle: file.handle, kind: self.kind, mode: self.mode }, &[])?;
        self.mode = state.mode;
        self.size = [state.columns, state.rows];
        Ok(())
    }
}
