//! Encoded pointers, singly linked lists, random numbers.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use gate::map::SHARED_DATA;
use guest::shim;

/// The process's secret for encoded pointers.
static COOKIE: AtomicU32 = AtomicU32::new(0);

/// The process's secret; drawn at its first use.
pub fn cookie() -> u32 {
    let now = COOKIE.load(Ordering::Relaxed);
    if now != 0 {
        return now;
    }
    let mut drawn = 0_u32;
    crate::gate::call(&mut gate::service::Random { buffer: &raw mut drawn as u64, size: 4 });
    match COOKIE.compare_exchange(0, drawn | 1, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => drawn | 1,
        Err(other) => other,
    }
}

fn turn(value: usize, cookie: u32) -> usize {
    (value ^ cookie as usize).rotate_right(cookie & 0x1F)
}

fn turn_back(value: usize, cookie: u32) -> usize {
    value.rotate_left(cookie & 0x1F) ^ cookie as usize
}

/// Hides a pointer behind the process's secret.
#[shim(ix = 86, mapping = "a secret of the process", risk = Wrong("a wrong pointer"))]
pub unsafe extern "system" fn RtlEncodePointer(pointer: *mut c_void) -> *mut c_void {
    turn(pointer as usize, cookie()) as *mut c_void
}

/// Answers a pointer that was hidden behind the process's secret.
#[shim(ix = 87, mapping = "a secret of the process", risk = Wrong("a wrong pointer"))]
pub unsafe extern "system" fn RtlDecodePointer(pointer: *mut c_void) -> *mut c_void {
    turn_back(pointer as usize, cookie()) as *mut c_void
}

/// The machine's secret, which every process shares.
fn shared_cookie() -> u32 {
    // SAFETY: the page is mapped as long as the process runs.
    unsafe { *((SHARED_DATA as usize + gate::shared::COOKIE) as *const u32) }
}

/// Hides a pointer behind the machine's secret.
#[shim(ix = 88, mapping = "a secret of the sandbox", risk = Wrong("a wrong pointer"))]
pub unsafe extern "system" fn RtlEncodeSystemPointer(pointer: *mut c_void) -> *mut c_void {
    turn(pointer as usize, shared_cookie()) as *mut c_void
}

/// Answers a pointer that was hidden behind the machine's secret.
#[shim(ix = 89, mapping = "a secret of the sandbox", risk = Wrong("a wrong pointer"))]
pub unsafe extern "system" fn RtlDecodeSystemPointer(pointer: *mut c_void) -> *mut c_void {
    turn_back(pointer as usize, shared_cookie()) as *mut c_void
}

/// Fills memory with random bytes. Windows has it in another DLL, but here only this one goes through the gate.
#[shim(ix = 403, mapping = "gate Random: the host's generator", risk = Wrong("bytes that can be guessed"))]
pub unsafe extern "system" fn SystemFunction036(buffer: *mut c_void, length: u32) -> u8 {
    crate::gate::ask(&mut gate::service::Random { buffer: buffer as u64, size: length.into() }).is_ok().into()
}

/// A number from a seed, which it changes (Lehmer's generator, modulus 2^31 - 1).
#[shim(ix = 90, mapping = "Lehmer's generator", risk = Wrong("a number that can be guessed"))]
pub unsafe extern "system" fn RtlRandom(seed: *mut u32) -> u32 {
    unsafe { next_random(seed) }
}

/// A number from a seed, which it changes.
#[shim(ix = 91, mapping = "Lehmer's generator", risk = Wrong("a number that can be guessed"))]
pub unsafe extern "system" fn RtlRandomEx(seed: *mut u32) -> u32 {
    unsafe { next_random(seed) }
}

/// A number from a seed, which it changes.
#[shim(ix = 92, mapping = "Lehmer's generator", risk = Wrong("a number that can be guessed"))]
pub unsafe extern "system" fn RtlUniform(seed: *mut u32) -> u32 {
    unsafe { next_random(seed) }
}

unsafe fn next_random(seed: *mut u32) -> u32 {
    const MODULUS: u64 = 0x7FFF_FFFF;
    let next = ((u64::from(unsafe { *seed }) * 0x7FFF_FFED + 0x7FFF_FFC3) % MODULUS) as u32;
    unsafe { *seed = next };
    next
}
