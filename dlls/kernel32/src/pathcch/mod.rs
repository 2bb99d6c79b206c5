//! pathcch.h: paths as text, of any length, in buffers whose length is told. No file is looked at.

mod canonical;
mod extension;
mod root;

use alloc::vec::Vec;
use canonical::{MOST, combined, no_room};
use guest::call::HResult;
use guest::error::Failure;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{E_INVALIDARG, E_OUTOFMEMORY};

const BACKSLASH: u16 = b'\\' as u16;

/// A buffer that holds a path, in units: its room, and the path in it.
pub struct Buffer {
    start: *mut u16,
    room: usize,
    length: usize,
}

impl Buffer {
    /// # Safety
    /// `start` has room for `room` units.
    pub unsafe fn given(start: *mut u16, room: usize) -> Result<Self, Failure> {
        if start.is_null() || room == 0 || room > MOST {
            return Err(Failure(E_INVALIDARG));
        }
        // SAFETY: that many units are the caller's.
        let units = unsafe { core::slice::from_raw_parts(start, room) };
        let length = units.iter().position(|unit| *unit == 0).ok_or(Failure(E_INVALIDARG))?;
        Ok(Self { start, room, length })
    }

    /// The path.
    pub fn path(&self) -> &[u16] {
        // SAFETY: they were counted.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }

    /// Ends the path earlier.
    pub fn truncate(&mut self, length: usize) {
        if length < self.length {
            // SAFETY: in front of the end.
            unsafe { *self.start.add(length) = 0 };
            self.length = length;
        }
    }

    /// Replaces the path from a place on.
    pub fn replace(&mut self, from: usize, rest: &[u16]) -> Result<(), Failure> {
        let from = from.min(self.length);
        if from + rest.len() >= self.room {
            return Err(no_room());
        }
        // SAFETY: it fits.
        unsafe { put(self.start.add(from), rest) };
        self.length = from + rest.len();
        Ok(())
    }

    /// Tells where the path ends, and how much room is left there.
    unsafe fn tell(&self, end: *mut *mut u16, left: *mut usize) {
        // SAFETY: both are the caller's, or NULL.
        unsafe {
            if let Some(end) = end.as_mut() {
                *end = self.start.add(self.length);
            }
            if let Some(left) = left.as_mut() {
                *left = self.room - self.length;
            }
        }
    }
}

unsafe fn put(target: *mut u16, units: &[u16]) {
    // SAFETY: the caller has looked that it fits.
    unsafe {
        target.copy_from(units.as_ptr(), units.len());
        *target.add(units.len()) = 0;
    }
}

/// Copies a result; the buffer is empty where there is none.
unsafe fn answer(target: *mut u16, room: usize, result: Result<Vec<u16>, Failure>) -> Result<HResult, Failure> {
    if target.is_null() || room == 0 || room > MOST {
        return Err(Failure(E_INVALIDARG));
    }
    unsafe { *target = 0 };
    let result = result?;
    if result.len() >= room {
        return Err(no_room());
    }
    unsafe { put(target, &result) };
    Ok(HResult::OK)
}

/// Copies a result into a block that LocalFree frees.
unsafe fn allocated(target: *mut *mut u16, result: Result<Vec<u16>, Failure>) -> Result<HResult, Failure> {
    let Some(target) = (unsafe { target.as_mut() }) else { return Err(Failure(E_INVALIDARG)) };
    *target = core::ptr::null_mut();
    let result = result?;
    let block = crate::heap::allocate(2 * (result.len() + 1)).ok_or(Failure(E_OUTOFMEMORY))?.cast::<u16>();
    // SAFETY: the block has room for the path and its NUL.
    unsafe { put(block, &result) };
    *target = block;
    Ok(HResult::OK)
}

unsafe fn given<'a>(path: *const u16) -> Result<&'a [u16], Failure> {
    if path.is_null() { Err(Failure(E_INVALIDARG)) } else { Ok(unsafe { text::wide(path) }) }
}

/// Answers a path's canonical form in memory of its own.
#[shim(ix = 559, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathAllocCanonicalize(path: *const u16, flags: u32, answer: *mut *mut u16) -> Result<HResult, Failure> {
    unsafe { allocated(answer, given(path).and_then(|path| canonical::of(path, flags))) }
}

/// Answers a path's canonical form.
#[shim(ix = 806, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchCanonicalizeEx(target: *mut u16, room: usize, path: *const u16, flags: u32) -> Result<HResult, Failure> {
    unsafe { answer(target, room, given(path).and_then(|path| canonical::of(path, flags))) }
}

/// Answers a path's canonical form.
#[shim(ix = 807, mapping = "PathCchCanonicalizeEx", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchCanonicalize(target: *mut u16, room: usize, path: *const u16) -> Result<HResult, Failure> {
    unsafe { answer(target, room, given(path).and_then(|path| canonical::of(path, 0))) }
}

/// Two paths behind each other; one of them may be missing.
unsafe fn both(first: *const u16, second: *const u16, flags: u32) -> Result<Vec<u16>, Failure> {
    if first.is_null() && second.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    combined(unsafe { text::wide(first) }, unsafe { text::wide(second) }, flags)
}

/// Puts two paths behind each other, in memory of their own.
#[shim(ix = 808, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathAllocCombine(first: *const u16, second: *const u16, flags: u32, answer: *mut *mut u16) -> Result<HResult, Failure> {
    unsafe { allocated(answer, both(first, second, flags)) }
}

/// Puts two paths behind each other.
#[shim(ix = 560, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchCombineEx(
    target: *mut u16,
    room: usize,
    first: *const u16,
    second: *const u16,
    flags: u32,
) -> Result<HResult, Failure> {
    // The target may be one of the two.
    let result = unsafe { both(first, second, flags) };
    unsafe { answer(target, room, result) }
}

/// Puts two paths behind each other.
#[shim(ix = 809, mapping = "PathCchCombineEx", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchCombine(target: *mut u16, room: usize, first: *const u16, second: *const u16) -> Result<HResult, Failure> {
    let result = unsafe { both(first, second, 0) };
    unsafe { answer(target, room, result) }
}

/// Puts a path behind the one in a buffer; a backslash in front of it does not lead back to the root.
unsafe fn append(target: *mut u16, room: usize, second: *const u16, flags: u32) -> Result<HResult, Failure> {
    let buffer = unsafe { Buffer::given(target, room)? };
    let second = unsafe { given(second)? };
    let rest = match second {
        [BACKSLASH, rest @ ..] if rest.first() != Some(&BACKSLASH) => rest,
        whole => whole,
    };
    let result = combined(buffer.path(), rest, flags)?;
    unsafe { answer(target, room, Ok(result)) }
}

/// Puts a path behind another.
#[shim(ix = 810, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchAppendEx(target: *mut u16, room: usize, second: *const u16, flags: u32) -> Result<HResult, Failure> {
    unsafe { append(target, room, second, flags) }
}

/// Puts a path behind another.
#[shim(ix = 811, mapping = "PathCchAppendEx", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchAppend(target: *mut u16, room: usize, second: *const u16) -> Result<HResult, Failure> {
    unsafe { append(target, room, second, 0) }
}

/// Takes away the last segment; `S_FALSE` where there is none.
#[shim(ix = 562, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchRemoveFileSpec(path: *mut u16, room: usize) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let root = root::length(buffer.path()).unwrap_or(0);
    let last = buffer.path()[root..].iter().rposition(|unit| *unit == BACKSLASH);
    // A share's root loses the backslash behind it.
    let mut end = last.map_or(root, |at| root + at);
    if end == root && root::is(&buffer.path()[..root.saturating_sub(1)]) {
        end = root - 1;
    }
    let changes = end < buffer.path().len();
    buffer.truncate(end);
    Ok(if changes { HResult::OK } else { HResult::FALSE })
}

/// Adds a backslash at the end; `S_FALSE` where there is one.
unsafe fn add_backslash(path: *mut u16, room: usize, end: *mut *mut u16, left: *mut usize) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let has = buffer.path().last() == Some(&BACKSLASH);
    if !has {
        buffer.replace(usize::MAX, &[BACKSLASH])?;
    }
    unsafe { buffer.tell(end, left) };
    Ok(if has { HResult::FALSE } else { HResult::OK })
}

/// Adds a backslash at the end.
#[shim(ix = 812, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchAddBackslashEx(path: *mut u16, room: usize, end: *mut *mut u16, left: *mut usize) -> Result<HResult, Failure> {
    unsafe { add_backslash(path, room, end, left) }
}

/// Adds a backslash at the end.
#[shim(ix = 813, mapping = "PathCchAddBackslashEx", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchAddBackslash(path: *mut u16, room: usize) -> Result<HResult, Failure> {
    unsafe { add_backslash(path, room, core::ptr::null_mut(), core::ptr::null_mut()) }
}

/// Takes the backslash at the end away, but for a root's; `S_FALSE` where nothing changed.
unsafe fn remove_backslash(path: *mut u16, room: usize, end: *mut *mut u16, left: *mut usize) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let goes = buffer.path().last() == Some(&BACKSLASH) && !root::is(buffer.path());
    if goes {
        buffer.truncate(buffer.length - 1);
    }
    // What is told is the backslash's place, where one stays.
    unsafe { buffer.tell(end, left) };
    if !goes && buffer.path().last() == Some(&BACKSLASH) {
        unsafe {
            if let Some(end) = end.as_mut() {
                *end = (*end).sub(1);
            }
            if let Some(left) = left.as_mut() {
                *left += 1;
            }
        }
    }
    Ok(if goes { HResult::OK } else { HResult::FALSE })
}

/// Takes the backslash at the end away.
#[shim(ix = 814, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchRemoveBackslashEx(
    path: *mut u16,
    room: usize,
    end: *mut *mut u16,
    left: *mut usize,
) -> Result<HResult, Failure> {
    unsafe { remove_backslash(path, room, end, left) }
}

/// Takes the backslash at the end away.
#[shim(ix = 815, mapping = "PathCchRemoveBackslashEx", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchRemoveBackslash(path: *mut u16, room: usize) -> Result<HResult, Failure> {
    unsafe { remove_backslash(path, room, core::ptr::null_mut(), core::ptr::null_mut()) }
}

/// Answers what stands behind the root.
#[shim(ix = 816, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchSkipRoot(path: *const u16, answer: *mut *const u16) -> Result<HResult, Failure> {
    let units = unsafe { given(path)? };
    let Some(answer) = (unsafe { answer.as_mut() }) else { return Err(Failure(E_INVALIDARG)) };
    let length = root::length(units).ok_or(Failure(E_INVALIDARG))?;
    *answer = unsafe { path.add(length) };
    Ok(HResult::OK)
}

/// Leaves the root alone; `S_FALSE` where there is nothing else.
#[shim(ix = 817, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchStripToRoot(path: *mut u16, room: usize) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let Some(mut length) = root::length(buffer.path()) else {
        buffer.truncate(0);
        return Err(Failure(E_INVALIDARG));
    };
    if root::is(&buffer.path()[..length.saturating_sub(1)]) {
        length -= 1;
    }
    let changes = length < buffer.path().len();
    buffer.truncate(length);
    Ok(if changes { HResult::OK } else { HResult::FALSE })
}

/// Takes `\\?\` away; `S_FALSE` where it is not there.
#[shim(ix = 818, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchStripPrefix(path: *mut u16, room: usize) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let plain = canonical::plain(buffer.path());
    if plain.len() == buffer.path().len() {
        return Ok(HResult::FALSE);
    }
    buffer.replace(0, &plain)?;
    Ok(HResult::OK)
}

/// Whether a path is a root.
#[shim(ix = 819, mapping = "text alone", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn PathCchIsRoot(path: *const u16) -> i32 {
    root::is(unsafe { text::wide(path) }).into()
}

/// Whether a path is one of a server, and where the server's name starts.
#[shim(ix = 820, mapping = "text alone", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn PathIsUNCEx(path: *const u16, server: *mut *const u16) -> i32 {
    let units = unsafe { text::wide(path) };
    let start = if root::is_extended_unc(units) {
        Some(8)
    } else {
        (units.starts_with(&[BACKSLASH, BACKSLASH]) && units.get(2) != Some(&u16::from(b'?'))).then_some(2)
    };
    if let Some(server) = unsafe { server.as_mut() } {
        *server = start.map_or(core::ptr::null(), |start| unsafe { path.add(start) });
    }
    start.is_some().into()
}
