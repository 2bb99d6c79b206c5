//! A stream's buffer: filling it, writing it out, and what belongs to each.

use super::super::errno::{self, EBADF};
use super::super::fault::Fault;
use super::super::heap;
use super::super::io::{self, Encoding};
use super::super::kernel32::DeleteFileW;
use super::super::lock::IOB_ENTRIES;
use super::super::variables::variables;
use core::ptr::null_mut;

pub const READ: i32 = 1;
pub const WRITE: i32 = 2;
pub const UNBUFFERED: i32 = 4;
/// The buffer is the runtime's.
pub const OWN_BUFFER: i32 = 8;
pub const AT_END: i32 = 0x10;
pub const ERROR: i32 = 0x20;
/// Opened for both.
pub const BOTH: i32 = 0x80;
/// The buffer is the program's.
pub const GIVEN_BUFFER: i32 = 0x100;
/// `fflush` reaches the device.
pub const COMMIT: i32 = 0x4000;
/// Being opened.
pub const RESERVED: i32 = 0x8000;
pub const IN_USE: i32 = READ | WRITE | BOTH;

/// Bytes of a buffer.
const BUFFER: i32 = 4096;

/// `FILE`, as programs of the old runtime look into it.
#[repr(C)]
pub struct File {
    pub at: *mut u8,
    /// What is left to read, or room to write.
    pub left: i32,
    pub base: *mut u8,
    pub flags: i32,
    pub number: i32,
    /// The buffer of a stream that has none.
    pub one: i32,
    pub size: i32,
    /// A file that is removed when the stream closes.
    pub temporary: *mut u8,
}

variables! {
    // The first three are standard input, output and error.
    "the streams that programs reach by number": _iob: [File; IOB_ENTRIES] = [File::CLOSED; IOB_ENTRIES];
}

/// The place in `_iob`, for a stream that lies there.
pub fn place(file: *const File) -> Option<usize> {
    let distance = (file as usize).wrapping_sub(&raw const _iob as usize);
    (distance < IOB_ENTRIES * size_of::<File>()).then_some(distance / size_of::<File>())
}

impl File {
    pub const CLOSED: Self = Self { at: null_mut(), left: 0, base: null_mut(), flags: 0, number: -1, one: 0, size: 0, temporary: null_mut() };

    pub fn has_buffer(&self) -> bool {
        self.flags & (OWN_BUFFER | GIVEN_BUFFER) != 0
    }

    /// Whether wide characters are bytes of the locale's page in it.
    pub fn converts(&self) -> bool {
        io::get(self.number).is_ok_and(|descriptor| descriptor.is_text() && descriptor.encoding == Encoding::Ansi)
    }

    fn fail(&mut self, fault: Fault) {
        self.flags |= ERROR;
        fault.tell();
    }

    /// Gives the stream a buffer, if it wants one.
    fn make_buffer(&mut self) {
        if !self.base.is_null() {
            return;
        }
        let memory = if self.flags & UNBUFFERED != 0 { null_mut() } else { heap::allocate(BUFFER as usize, 0) };
        if memory.is_null() {
            self.flags |= UNBUFFERED;
            self.base = (&raw mut self.one).cast();
            self.size = 2;
        } else {
            self.flags |= OWN_BUFFER;
            self.base = memory.cast();
            self.size = BUFFER;
        }
        self.at = self.base;
        self.left = 0;
    }

    /// Gives the buffer back.
    pub fn drop_buffer(&mut self) {
        if self.flags & OWN_BUFFER != 0 {
            // SAFETY: `make_buffer` made it.
            unsafe { heap::release(self.base.cast()) };
        }
        self.flags &= !(OWN_BUFFER | GIVEN_BUFFER | UNBUFFERED);
        (self.base, self.at, self.left, self.size) = (null_mut(), null_mut(), 0, 0);
    }

    /// Sets a buffer: NULL and a size for one of the runtime's, nothing for none.
    pub fn set_buffer(&mut self, buffer: Option<(*mut u8, i32)>) -> bool {
        self.flush();
        self.drop_buffer();
        match buffer {
            None => {
                self.flags |= UNBUFFERED;
                self.base = (&raw mut self.one).cast();
                self.size = 2;
            }
            Some((given, size)) => {
                let base = if given.is_null() { heap::allocate(size as usize, 0).cast() } else { given };
                if base.is_null() {
                    return false;
                }
                self.flags |= if given.is_null() { OWN_BUFFER } else { GIVEN_BUFFER };
                self.base = base;
                self.size = size;
            }
        }
        self.at = self.base;
        self.left = 0;
        true
    }

    /// The buffer.
    fn room(&mut self) -> &mut [u8] {
        // SAFETY: the buffer is as long as said.
        unsafe { core::slice::from_raw_parts_mut(self.base, self.size.max(0) as usize) }
    }

    /// Reads into the buffer and answers the first byte; nothing at the end.
    pub fn fill(&mut self) -> Option<u8> {
        if self.flags & IN_USE == 0 {
            return None;
        }
        if self.flags & WRITE != 0 {
            self.fail(Fault::Errno(EBADF));
            return None;
        }
        self.flags |= READ;
        self.make_buffer();
        self.at = self.base;
        self.left = 0;
        let number = self.number;
        match io::read(number, self.room()) {
            Ok(0) => {
                self.flags |= AT_END;
                // What was opened for both may be written to at its end.
                if self.flags & BOTH != 0 {
                    self.flags &= !READ;
                }
                None
            }
            Ok(count) => {
                self.left = count as i32 - 1;
                self.at = self.base.wrapping_add(1);
                // SAFETY: there is at least one byte.
                Some(unsafe { *self.base })
            }
            Err(fault) => {
                self.fail(fault);
                None
            }
        }
    }

    /// The next byte.
    #[inline]
    pub fn get(&mut self) -> Option<u8> {
        if self.left > 0 && self.flags & WRITE == 0 {
            self.left -= 1;
            // SAFETY: there is a byte left.
            let byte = unsafe { *self.at };
            self.at = self.at.wrapping_add(1);
            return Some(byte);
        }
        self.fill()
    }

    /// Takes a byte back.
    pub fn unget(&mut self, byte: u8) -> bool {
        if self.flags & READ == 0 && !(self.flags & BOTH != 0 && self.flags & WRITE == 0) {
            return false;
        }
        self.make_buffer();
        if self.at == self.base {
            if self.left > 0 {
                return false;
            }
            self.at = self.at.wrapping_add(1);
        }
        self.at = self.at.wrapping_sub(1);
        // SAFETY: it lies in the buffer.
        unsafe { *self.at = byte };
        self.left = self.left.max(0) + 1;
        self.flags = self.flags & !AT_END | READ;
        true
    }

    /// Reads bytes; answers how many.
    pub fn read(&mut self, room: &mut [u8]) -> usize {
        let mut done = 0;
        while done < room.len() {
            let rest = &mut room[done..];
            if self.left > 0 && self.flags & WRITE == 0 {
                let count = rest.len().min(self.left as usize);
                // SAFETY: the buffer holds that many.
                rest[..count].copy_from_slice(unsafe { core::slice::from_raw_parts(self.at, count) });
                self.at = self.at.wrapping_add(count);
                self.left -= count as i32;
                done += count;
                continue;
            }
            let size = if self.size > 2 { self.size as usize } else { BUFFER as usize };
            if self.flags & READ != 0 && rest.len() >= size {
                let whole = (rest.len() - rest.len() % size).min(i32::MAX as usize & !0xFFFF);
                self.at = self.base;
                match io::read(self.number, &mut rest[..whole]) {
                    Ok(0) => {
                        self.flags |= AT_END;
                        break;
                    }
                    Ok(count) => done += count,
                    Err(fault) => {
                        self.fail(fault);
                        break;
                    }
                }
                continue;
            }
            match self.fill() {
                Some(byte) => {
                    rest[0] = byte;
                    done += 1;
                }
                None => break,
            }
        }
        done
    }

    /// Turns the stream to writing.
    fn begin_write(&mut self) -> bool {
        if self.flags & (WRITE | BOTH) == 0 {
            self.fail(Fault::Errno(EBADF));
            return false;
        }
        if self.flags & READ != 0 {
            if self.flags & AT_END == 0 {
                self.flags |= ERROR;
                self.left = 0;
                return false;
            }
            self.at = self.base;
            self.left = 0;
            self.flags &= !READ;
        }
        if self.flags & WRITE == 0 {
            self.at = self.base;
            self.left = 0;
        }
        self.flags = self.flags & !AT_END | WRITE;
        // What goes to a terminal goes there at once.
        if self.base.is_null() && !(matches!(place(self), Some(1 | 2)) && io::is_device(self.number)) {
            self.make_buffer();
        }
        true
    }

    /// Writes what is in the buffer.
    fn drain(&mut self) -> bool {
        let count = (self.at as usize).saturating_sub(self.base as usize);
        self.at = self.base;
        self.left = 0;
        if count == 0 {
            return true;
        }
        // SAFETY: the buffer holds that many.
        let bytes = unsafe { core::slice::from_raw_parts(self.base, count) };
        match io::write(self.number, bytes) {
            Ok(written) if written == count => true,
            result => {
                self.flags |= ERROR;
                if let Err(fault) = result {
                    fault.tell();
                }
                false
            }
        }
    }

    /// Writes bytes; answers how many.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if !self.begin_write() {
            return 0;
        }
        let mut done = 0;
        while done < bytes.len() {
            let rest = &bytes[done..];
            if self.has_buffer() && self.left > 0 {
                let count = rest.len().min(self.left as usize);
                // SAFETY: the buffer has that much room.
                unsafe { self.at.copy_from_nonoverlapping(rest.as_ptr(), count) };
                self.at = self.at.wrapping_add(count);
                self.left -= count as i32;
                done += count;
                continue;
            }
            let mut now = rest.len();
            if self.has_buffer() {
                if !self.drain() {
                    break;
                }
                if rest.len() < self.size as usize {
                    self.left = self.size;
                    continue;
                }
                now -= rest.len() % self.size as usize;
            }
            match io::write(self.number, &rest[..now]) {
                Ok(written) => {
                    done += written;
                    if written < now {
                        self.flags |= ERROR;
                        break;
                    }
                }
                Err(fault) => {
                    self.fail(fault);
                    break;
                }
            }
        }
        done
    }

    /// Writes the buffer out; true where there was nothing to write.
    pub fn flush(&mut self) -> bool {
        if self.flags & (READ | WRITE) != WRITE || !self.has_buffer() {
            return true;
        }
        let written = self.drain();
        if written && self.flags & BOTH != 0 {
            self.flags &= !WRITE;
        }
        written
    }

    /// The position that the program sees.
    pub fn tell(&mut self) -> Result<i64, Fault> {
        let position = io::seek_quietly(self.number)?;
        if self.flags & (READ | WRITE) == 0 || self.base.is_null() {
            return Ok(position);
        }
        let descriptor = io::get(self.number)?;
        let lines = |bytes: &[u8]| if descriptor.is_text() { bytes.iter().filter(|byte| **byte == b'\n').count() } else { 0 };
        if self.flags & WRITE != 0 {
            let count = if self.has_buffer() { (self.at as usize).saturating_sub(self.base as usize) } else { 0 };
            // SAFETY: the buffer holds that many.
            let bytes = unsafe { core::slice::from_raw_parts(self.base, count) };
            return Ok(position + (count + lines(bytes)) as i64);
        }
        let count = self.left.max(0) as usize;
        // SAFETY: the buffer holds that many.
        let bytes = unsafe { core::slice::from_raw_parts(self.at, count) };
        let returns = if descriptor.flags & io::TRANSLATED != 0 { lines(bytes) } else { 0 };
        Ok(position - (count + returns) as i64)
    }

    /// Moves the position.
    pub fn seek(&mut self, offset: i64, origin: i32) -> Result<(), Fault> {
        const CURRENT: i32 = 1;
        const START: i32 = 0;
        self.flags &= !AT_END;
        let (offset, origin) = if origin == CURRENT { (self.tell()?.saturating_add(offset), START) } else { (offset, origin) };
        self.flush();
        if self.flags & BOTH != 0 {
            self.flags &= !(READ | WRITE);
        }
        self.at = self.base;
        self.left = 0;
        io::seek(self.number, offset, origin).map(|_| ())
    }

    /// Closes the stream; true where all was written.
    pub fn close(&mut self) -> bool {
        let written = self.flush();
        self.drop_buffer();
        let closed = match io::close(self.number) {
            Ok(()) => true,
            Err(fault) => {
                fault.tell();
                false
            }
        };
        let before = errno::get();
        remove_file(self.temporary);
        errno::set(before);
        *self = Self::CLOSED;
        written && closed
    }
}

/// Removes a stream's temporary file.
fn remove_file(path: *mut u8) {
    if path.is_null() {
        return;
    }
    // SAFETY: only a wide path from the heap is kept there.
    unsafe {
        DeleteFileW(path.cast());
        heap::release(path.cast());
    }
}
