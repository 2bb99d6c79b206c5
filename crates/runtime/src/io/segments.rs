//! Reads into pages, and writes out of pages, that lie anywhere: for files that are opened for that, without a cache
//! between and without a position of their own.

use super::host::{self, read, write};
use super::lock;
use super::service::notice;
use crate::file::{self, File};
use crate::serve::{Answer, Serve};
use crate::{handle, user};
use gate::file::Device;
use gate::map::PAGE;
use gate::service::TransferSegments;
use std::os::fd::AsRawFd;
use windows_sys::Wdk::Storage::FileSystem::FILE_NO_INTERMEDIATE_BUFFERING;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_END_OF_FILE, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_DATA, FILE_WRITE_DATA};

/// Bytes of a sector, as volumes tell it.
const SECTOR: u64 = 512;

impl Serve for TransferSegments {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(if self.write != 0 { FILE_WRITE_DATA } else { FILE_READ_DATA })?;
        let fits = file.device == Device::Disk && !file.object.is_synchronous() && file.mode() & FILE_NO_INTERMEDIATE_BUFFERING != 0;
        // `ntdll` asks for no more than 32 bits hold.
        if !fits || !self.length.is_multiple_of(SECTOR) || self.length > u64::from(u32::MAX) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let offset = file::position(self.offset)?;
        if !offset.is_multiple_of(SECTOR) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let notice = notice(&file.object, self.event, self.routine, self.context, self.block)?;
        notice.begin(&file.object.completion)?;
        self.told = 1;
        let outcome = lock::check(&file.object, offset, self.length, self.write != 0).and_then(|()| self.move_all(&file, offset));
        notice.tell_at_once(&file.object.completion, outcome, self.done)
    }
}

/// How the pages are moved, one after the other.
trait MoveAll {
    fn move_all(&mut self, file: &File, offset: u64) -> Answer;
    fn segment(&self, index: u64) -> Result<u64, NTSTATUS>;
}

impl MoveAll for TransferSegments {
    fn move_all(&mut self, file: &File, offset: u64) -> Answer {
        let descriptor = file.descriptor()?.as_raw_fd();
        let mut at = 0;
        while at < self.length {
            let (page, length) = (self.segment(at / PAGE)?, (self.length - at).min(PAGE));
            let place = Some(offset + at);
            let moved = if self.write != 0 { write(descriptor, page, length, place) } else { read(descriptor, page, length, place) };
            let moved = moved.map_err(|error| host::status(error, false))?;
            self.done += moved;
            at += length;
            if moved < length {
                break;
            }
        }
        if self.write == 0 && self.done == 0 && self.length > 0 { Err(STATUS_END_OF_FILE) } else { Ok(()) }
    }

    /// A page's address, which is aligned.
    fn segment(&self, index: u64) -> Result<u64, NTSTATUS> {
        let page: u64 = user::read(self.segments.wrapping_add(8 * index))?;
        if page.is_multiple_of(PAGE) { Ok(page) } else { Err(STATUS_INVALID_PARAMETER) }
    }
}
