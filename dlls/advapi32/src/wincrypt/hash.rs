//! wincrypt.h: hashes. Keys are not there, so that a hash with a key finds none.

use super::context::{self, Family};
use super::{bad, put};
use alloc::boxed::Box;
use alloc::vec::Vec;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use hash::{Algorithm, Hasher};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::Cryptography::*;

/// What stands at the start of a hash, and goes with it.
const MARK: usize = 0x4861_7368;

/// A hash of a program's.
#[repr(C)]
struct Hash {
    mark: usize,
    state: State,
    kind: u32,
    size: usize,
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "it lies in the block of its hash, and becomes the other by and by")]
enum State {
    /// It takes data.
    Open(Hasher),
    /// Its value was asked for, or set.
    Done(Vec<u8>),
}

/// The algorithms of both families of providers, and those of the newer one alone.
pub const ALGORITHMS: [(u32, Algorithm, &str, bool); 5] = [
    (CALG_SHA1, Algorithm::Sha1, "SHA-1", false),
    (CALG_SHA_256, Algorithm::Sha256, "SHA-256", true),
    (CALG_SHA_384, Algorithm::Sha384, "SHA-384", true),
    (CALG_SHA_512, Algorithm::Sha512, "SHA-512", true),
    (CALG_MD5, Algorithm::Md5, "MD5", false),
];

unsafe fn of<'a>(handle: usize) -> Result<&'a mut Hash, Win32Error> {
    let hash = handle as *mut Hash;
    if hash.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if !hash.is_aligned() || unsafe { (*hash).mark } != MARK {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    Ok(unsafe { &mut *hash })
}

/// Starts a hash.
#[shim(ix = 21, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn CryptCreateHash(provider: usize, kind: u32, key: usize, flags: u32, answer: *mut usize) -> Result<Bool, Win32Error> {
    let family = unsafe { context::of(provider)? }.family();
    if answer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if flags != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    if matches!(kind, CALG_HMAC | CALG_MAC) || key != 0 {
        // There is no key.
        return Err(bad(NTE_BAD_KEY));
    }
    let found = ALGORITHMS.iter().find(|(known, _, _, newer)| *known == kind && (!newer || family == Family::Aes));
    let (_, algorithm, ..) = found.ok_or(bad(NTE_BAD_ALGID))?;
    let hash = Hash { mark: MARK, state: State::Open(Hasher::new(*algorithm)), kind, size: algorithm.size() };
    unsafe { *answer = Box::into_raw(Box::new(hash)) as usize };
    Ok(Bool)
}

/// Takes data into a hash.
#[shim(ix = 32, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn CryptHashData(handle: usize, data: *const u8, size: u32, flags: u32) -> Result<Bool, Win32Error> {
    let hash = unsafe { of(handle)? };
    if flags != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    let State::Open(hasher) = &mut hash.state else { return Err(bad(NTE_BAD_HASH_STATE)) };
    if size > 0 {
        if data.is_null() {
            return Err(Win32Error(ERROR_INVALID_PARAMETER));
        }
        // SAFETY: that many bytes are the caller's.
        hasher.update(unsafe { core::slice::from_raw_parts(data, size as usize) });
    }
    Ok(Bool)
}

/// Answers a fact of a hash; its value ends it.
#[shim(ix = 26, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn CryptGetHashParam(handle: usize, which: u32, data: *mut u8, size: *mut u32, flags: u32) -> Result<Bool, Win32Error> {
    let hash = unsafe { of(handle)? };
    if flags != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    match which {
        HP_ALGID => unsafe { put(&hash.kind.to_le_bytes(), data, size) },
        HP_HASHSIZE => unsafe { put(&(hash.size as u32).to_le_bytes(), data, size) },
        HP_HASHVAL => {
            // Asking for the size alone ends nothing.
            let Some(room) = (unsafe { size.as_mut() }) else { return Err(Win32Error(ERROR_INVALID_PARAMETER)) };
            if data.is_null() || (*room as usize) < hash.size {
                *room = hash.size as u32;
                return if data.is_null() { Ok(Bool) } else { Err(Win32Error(ERROR_MORE_DATA)) };
            }
            if let State::Open(hasher) = &hash.state {
                hash.state = State::Done(hasher.clone().finish());
            }
            let State::Done(value) = &hash.state else { return Err(bad(NTE_BAD_HASH_STATE)) };
            unsafe { put(value, data, size) }
        }
        _ => Err(bad(NTE_BAD_TYPE)),
    }
}

/// Sets the value of a hash that has taken nothing in yet.
#[shim(ix = 61, mapping = "memory alone", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn CryptSetHashParam(handle: usize, which: u32, data: *const u8, flags: u32) -> Result<Bool, Win32Error> {
    let hash = unsafe { of(handle)? };
    if flags != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    if data.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if which != HP_HASHVAL {
        return Err(bad(NTE_BAD_TYPE));
    }
    // SAFETY: the value is as long as the algorithm's are.
    hash.state = State::Done(unsafe { core::slice::from_raw_parts(data, hash.size) }.to_vec());
    Ok(Bool)
}

/// Makes a second hash of what a first has taken in.
#[shim(ix = 179, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn CryptDuplicateHash(handle: usize, reserved: *const u32, flags: u32, answer: *mut usize) -> Result<Bool, Win32Error> {
    let hash = unsafe { of(handle)? };
    if !reserved.is_null() || answer.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if flags != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    let second = Hash { mark: MARK, state: hash.state.clone(), kind: hash.kind, size: hash.size };
    unsafe { *answer = Box::into_raw(Box::new(second)) as usize };
    Ok(Bool)
}

/// Ends a hash.
#[shim(ix = 22, mapping = "memory alone", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn CryptDestroyHash(handle: usize) -> Result<Bool, Win32Error> {
    let hash = unsafe { of(handle)? };
    hash.mark = 0;
    // SAFETY: it was made by a box, and its mark is gone.
    drop(unsafe { Box::from_raw(hash) });
    Ok(Bool)
}
