//! Sparse files: which bytes have a place on the disk, and taking it away.

use super::{host, lock};
use crate::serve::{Answer, Serve};
use crate::{broker, handle, user};
use gate::file::Device;
use gate::service::{AllocatedRanges, SetSparse, ZeroData};
use protocol::message;
use std::os::fd::AsRawFd;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_READ_DATA, FILE_WRITE_DATA};

impl Serve for SetSparse {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        broker::ask(&message::SetSparse { handle, on: self.on }, &[]).map(|_| ())
    }
}

fn last_error() -> rustix::io::Errno {
    rustix::io::Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))
}

impl Serve for ZeroData {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        if file.device != Device::Disk {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        file.needs(FILE_WRITE_DATA | FILE_APPEND_DATA)?;
        let (start, end) = match (i64::try_from(self.start), i64::try_from(self.end)) {
            (Ok(start), Ok(end)) if start <= end => (start, end),
            _ => return Err(STATUS_INVALID_PARAMETER),
        };
        if start == end {
            return Ok(());
        }
        lock::check(&file.object, self.start, self.end - self.start, true)?;
        let flags = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: takes numbers alone.
        let done = unsafe { libc::fallocate(file.descriptor()?.as_raw_fd(), flags, start, end - start) };
        match done {
            0 => Ok(()),
            _ => Err(match last_error() {
                rustix::io::Errno::OPNOTSUPP => STATUS_INVALID_DEVICE_REQUEST,
                error => host::status(error, false),
            }),
        }
    }
}

/// The next byte from a position on that has a place on the disk, or that has none; `None` behind the last.
fn seek(descriptor: i32, from: i64, what: i32) -> Result<Option<i64>, NTSTATUS> {
    // SAFETY: takes numbers alone. The descriptor's own position counts for nobody: every read names its place.
    let found = unsafe { libc::lseek(descriptor, from, what) };
    if found >= 0 {
        return Ok(Some(found));
    }
    match last_error() {
        rustix::io::Errno::NXIO => Ok(None),
        error => Err(host::status(error, false)),
    }
}

impl Serve for AllocatedRanges {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_READ_DATA)?;
        let descriptor = file.descriptor()?;
        // The shell's descriptors keep their positions.
        if file.device != Device::Disk || file.shared().is_none() {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        let end = i64::try_from(self.start.saturating_add(self.length)).map_err(|_| STATUS_INVALID_PARAMETER)?;
        let mut at = i64::try_from(self.start).map_err(|_| STATUS_INVALID_PARAMETER)?;
        self.written = 0;
        while at < end {
            let Some(data) = seek(descriptor.as_raw_fd(), at, libc::SEEK_DATA)?.filter(|data| *data < end) else { break };
            let hole = seek(descriptor.as_raw_fd(), data, libc::SEEK_HOLE)?.unwrap_or(end).min(end);
            if self.written == self.room {
                return Err(STATUS_BUFFER_OVERFLOW);
            }
            user::write(self.buffer + 16 * u64::from(self.written), &[data, hole - data])?;
            self.written += 1;
            at = hole;
        }
        Ok(())
    }
}
