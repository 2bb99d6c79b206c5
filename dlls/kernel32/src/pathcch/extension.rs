//! pathcch.h: the extension of a path.

use super::{Buffer, given};
use guest::call::HResult;
use guest::error::Failure;
use guest::shim;
use windows_sys::Win32::Foundation::E_INVALIDARG;

/// Where the extension starts, with its dot; the end where there is none.
fn start(path: &[u16]) -> usize {
    let last = path.iter().rposition(|unit| [b'\\', b' ', b'.'].iter().any(|byte| *unit == u16::from(*byte)));
    last.filter(|at| path[*at] == u16::from(b'.')).unwrap_or(path.len())
}

/// A new extension with its dot; nothing for an empty one. One with a backslash, a blank or another dot is none.
unsafe fn extension<'a>(extension: *const u16) -> Result<Option<&'a [u16]>, Failure> {
    let units = unsafe { given(extension)? };
    let bare = units.strip_prefix(&[u16::from(b'.')]).unwrap_or(units);
    if bare.iter().any(|unit| [b'\\', b' ', b'.'].iter().any(|byte| *unit == u16::from(*byte))) {
        return Err(Failure(E_INVALIDARG));
    }
    Ok((!bare.is_empty()).then_some(bare))
}

fn write(buffer: &mut Buffer, at: usize, extension: Option<&[u16]>) -> Result<(), Failure> {
    let Some(extension) = extension else {
        buffer.truncate(at);
        return Ok(());
    };
    buffer.replace(at, &[&[u16::from(b'.')], extension].concat())
}

/// Answers where the extension starts.
#[shim(ix = 803, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchFindExtension(path: *const u16, room: usize, answer: *mut *const u16) -> Result<HResult, Failure> {
    let Some(answer) = (unsafe { answer.as_mut() }) else { return Err(Failure(E_INVALIDARG)) };
    *answer = core::ptr::null();
    let buffer = unsafe { Buffer::given(path.cast_mut(), room)? };
    *answer = unsafe { path.add(start(buffer.path())) };
    Ok(HResult::OK)
}

/// Adds an extension; `S_FALSE` where there is one.
#[shim(ix = 804, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchAddExtension(path: *mut u16, room: usize, added: *const u16) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let added = unsafe { extension(added)? };
    let at = start(buffer.path());
    if at < buffer.path().len() {
        return Ok(HResult::FALSE);
    }
    write(&mut buffer, at, added)?;
    Ok(HResult::OK)
}

/// Takes the extension away; `S_FALSE` where there is none.
#[shim(ix = 561, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchRemoveExtension(path: *mut u16, room: usize) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let at = start(buffer.path());
    let has = at < buffer.path().len();
    buffer.truncate(at);
    Ok(if has { HResult::OK } else { HResult::FALSE })
}

/// Replaces the extension by another.
#[shim(ix = 805, mapping = "text alone", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn PathCchRenameExtension(path: *mut u16, room: usize, other: *const u16) -> Result<HResult, Failure> {
    let mut buffer = unsafe { Buffer::given(path, room)? };
    let other = unsafe { extension(other)? };
    let at = start(buffer.path());
    write(&mut buffer, at, other)?;
    Ok(HResult::OK)
}
