//! stdio.h: streams over the descriptors of `io`.

mod block;
mod character;
mod open;
mod position;
mod print;
mod print_memory;
mod scan;
mod stream;
mod temporary;
mod wide;

use stream::place;
pub use stream::{_iob, File};

use super::heap;
use super::lock::{self, Guarded, Held, IOB_ENTRIES, hold_section};
use super::nt::RtlInitializeCriticalSection;
use super::variables::variables;
use alloc::vec::Vec;
use guest::shim;
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

variables! {
    "whether `fflush` reaches the device": _commode: i32 = 0;
}

/// A stream that `fopen` made.
#[repr(C)]
struct Opened {
    file: File,
    section: CRITICAL_SECTION,
}

/// Every stream that `fopen` ever made; closed ones are used again.
static OPENED: Guarded<Vec<usize>> = Guarded::new(lock::STREAMS, Vec::new());

/// Prepares the standard streams.
pub fn start() {
    let iob = (&raw mut _iob).cast::<File>();
    for (index, flags) in [stream::READ, stream::WRITE, stream::WRITE | stream::UNBUFFERED].into_iter().enumerate() {
        // SAFETY: nobody uses them yet.
        unsafe { iob.add(index).write(File { flags, number: index as i32, ..File::CLOSED }) };
    }
}

fn section(file: *mut File) -> *mut CRITICAL_SECTION {
    match place(file) {
        Some(index) => lock::of(lock::STREAM + index),
        // SAFETY: what is none of the first streams was opened by this runtime.
        None => unsafe { &raw mut (*file.cast::<Opened>()).section }.cast(),
    }
}

/// Takes a stream's lock.
///
/// # Safety
/// It is a stream of this runtime.
pub unsafe fn hold(file: *mut File) -> Held {
    // SAFETY: as the caller promises.
    unsafe { hold_section(section(file)) }
}

/// A stream that is not open, locked against others by its flag.
fn unused() -> Option<*mut File> {
    OPENED.with(|all| {
        // SAFETY: they are never given back.
        if let Some(file) = all.iter().map(|file| *file as *mut File).find(|file| unsafe { (**file).flags } == 0) {
            // SAFETY: as above.
            unsafe { *file = File { flags: stream::RESERVED, ..File::CLOSED } };
            return Some(file);
        }
        let opened = heap::zeroed(size_of::<Opened>()).cast::<Opened>();
        if opened.is_null() {
            return None;
        }
        // SAFETY: it was just allocated.
        unsafe {
            (&raw mut (*opened).file).write(File { flags: stream::RESERVED, ..File::CLOSED });
            RtlInitializeCriticalSection(&raw mut (*opened).section);
        }
        all.push(opened as usize);
        Some(opened.cast())
    })
}

/// Every stream that is open.
fn all() -> Vec<*mut File> {
    let iob = (&raw mut _iob).cast::<File>();
    let standard = (0..IOB_ENTRIES).map(|index| iob.wrapping_add(index));
    let opened = OPENED.with(|all| all.clone());
    // SAFETY: streams are never given back.
    standard.chain(opened.into_iter().map(|file| file as *mut File)).filter(|file| unsafe { (**file).flags } & stream::IN_USE != 0).collect()
}

/// Writes every stream out; answers how many there are, or nothing where one failed.
pub fn flush_all() -> Option<i32> {
    let (mut count, mut failed) = (0, false);
    for file in all() {
        // SAFETY: it is a stream.
        unsafe {
            let _held = hold(file);
            failed |= !(*file).flush();
        }
        count += 1;
    }
    (!failed).then_some(count)
}

/// The streams that programs reach by number.
#[shim(ix = {msvcrt: 48}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn __iob_func() -> *mut File {
    (&raw mut _iob).cast()
}

/// Standard input, output or error.
#[shim(ix = {ucrtbase: 22}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn __acrt_iob_func(index: u32) -> *mut File {
    (&raw mut _iob).cast::<File>().wrapping_add((index as usize).min(IOB_ENTRIES - 1))
}

/// Where it lies whether `fflush` reaches the device.
#[shim(ix = {msvcrt: 66, ucrtbase: 0}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn __p__commode() -> *mut i32 {
    &raw mut _commode
}

/// Takes a stream's lock.
#[shim(ix = {msvcrt: 457, ucrtbase: 63}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn _lock_file(file: *mut File) {
    core::mem::forget(hold(file));
}

/// Gives a stream's lock back.
#[shim(ix = {msvcrt: 458, ucrtbase: 64}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn _unlock_file(file: *mut File) {
    super::nt::RtlLeaveCriticalSection(section(file));
}

/// How many streams there may be.
#[shim(ix = {msvcrt: 207, ucrtbase: 334}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn _getmaxstdio() -> i32 {
    MAXIMUM.load(core::sync::atomic::Ordering::Relaxed)
}

static MAXIMUM: core::sync::atomic::AtomicI32 = core::sync::atomic::AtomicI32::new(512);

/// Says how many streams there may be; answers that, or -1.
#[shim(ix = {msvcrt: 212, ucrtbase: 356}, mapping = "the runtime's streams", risk = Functional("a stream that is not reached"))]
pub unsafe extern "C" fn _setmaxstdio(most: i32) -> Result<super::fault::Int, super::fault::Fault> {
    if !(IOB_ENTRIES as i32..=if cfg!(dll = "msvcrt") { 2048 } else { 8192 }).contains(&most) {
        return Err(super::fault::INVALID);
    }
    MAXIMUM.store(most, core::sync::atomic::Ordering::Relaxed);
    Ok(super::fault::Int(most))
}
