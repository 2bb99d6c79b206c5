//! bcrypt.h: hashes, with a key and without, and keys made of passwords.

use crate::algorithm::{self, Which};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use hash::Hasher;
use windows_sys::Win32::Foundation::{STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED};
use windows_sys::Win32::Security::Cryptography::BCRYPT_HASH_REUSABLE_FLAG;

/// What stands at the start of a hash, and goes with it.
const MARK: usize = 0x4853_4148;

/// A hash of a program's.
#[repr(C)]
pub struct Hash {
    mark: usize,
    /// Where it started, for one that is used again.
    start: Option<Hasher>,
    /// Nothing once it is finished.
    now: Option<Hasher>,
    /// Its algorithm.
    pub which: Which,
}

/// Bytes of a hash, as programs are told that make room for one.
pub const OBJECT: u32 = size_of::<Hash>() as u32;

/// A program's bytes.
unsafe fn given<'a>(start: *const u8, length: u32) -> Result<&'a [u8], Status> {
    match (start.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Status(STATUS_INVALID_PARAMETER)),
        // SAFETY: that many bytes are the caller's.
        (false, _) => Ok(unsafe { core::slice::from_raw_parts(start, length as usize) }),
    }
}

/// The hash of a handle.
pub unsafe fn of<'a>(handle: *mut c_void) -> Result<&'a mut Hash, Status> {
    let hash: *mut Hash = handle.cast();
    if hash.is_null() || !hash.is_aligned() || unsafe { (*hash).mark } != MARK {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    Ok(unsafe { &mut *hash })
}

fn hasher(which: Which, secret: &[u8]) -> Result<Hasher, Status> {
    let algorithm = which.hash.ok_or(Status(STATUS_NOT_SUPPORTED))?;
    if which.keyed {
        Ok(Hasher::keyed(algorithm, secret))
    } else if secret.is_empty() {
        Ok(Hasher::new(algorithm))
    } else {
        Err(Status(STATUS_INVALID_PARAMETER))
    }
}

fn new(which: Which, now: Option<Hasher>, start: Option<Hasher>) -> *mut c_void {
    Box::into_raw(Box::new(Hash { mark: MARK, start, now, which })).cast()
}

/// Starts a hash. Its state lies in memory of ours, also where the program has room for it.
#[shim(ix = 3, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn BCryptCreateHash(
    algorithm: *mut c_void,
    answer: *mut *mut c_void,
    object: *mut u8,
    object_size: u32,
    secret: *const u8,
    secret_size: u32,
    flags: u32,
) -> Result<NtStatus, Status> {
    let which = algorithm::of(algorithm)?;
    if answer.is_null() || flags & !BCRYPT_HASH_REUSABLE_FLAG != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if !object.is_null() && object_size < OBJECT {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    let hasher = hasher(which, unsafe { given(secret, secret_size)? })?;
    let start = (which.reusable || flags & BCRYPT_HASH_REUSABLE_FLAG != 0).then(|| hasher.clone());
    unsafe { *answer = new(which, Some(hasher), start) };
    Ok(NtStatus::SUCCESS)
}

/// Takes data into a hash.
#[shim(ix = 15, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn BCryptHashData(handle: *mut c_void, data: *const u8, size: u32, flags: u32) -> Result<NtStatus, Status> {
    let hash = unsafe { of(handle)? };
    if flags != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let data = unsafe { given(data, size)? };
    hash.now.as_mut().ok_or(Status(STATUS_INVALID_HANDLE))?.update(data);
    Ok(NtStatus::SUCCESS)
}

/// Copies a hash's value, for which there must be exactly the room that it takes.
unsafe fn put(value: &[u8], output: *mut u8, size: u32) -> Result<NtStatus, Status> {
    if output.is_null() || size as usize != value.len() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    // SAFETY: it fits.
    unsafe { output.copy_from_nonoverlapping(value.as_ptr(), value.len()) };
    Ok(NtStatus::SUCCESS)
}

/// Answers a hash's value; one that can be used again starts anew.
#[shim(ix = 12, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn BCryptFinishHash(handle: *mut c_void, output: *mut u8, size: u32, flags: u32) -> Result<NtStatus, Status> {
    let hash = unsafe { of(handle)? };
    let wanted = hash.now.as_ref().ok_or(Status(STATUS_INVALID_HANDLE))?.algorithm().size();
    if flags != 0 || output.is_null() || size as usize != wanted {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let value = core::mem::replace(&mut hash.now, hash.start.clone()).map(Hasher::finish).unwrap_or_default();
    unsafe { put(&value, output, size) }
}

/// Makes a second hash of what a first has taken in.
#[shim(ix = 23, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn BCryptDuplicateHash(
    handle: *mut c_void,
    answer: *mut *mut c_void,
    object: *mut u8,
    object_size: u32,
    flags: u32,
) -> Result<NtStatus, Status> {
    let hash = unsafe { of(handle)? };
    if answer.is_null() || flags != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if !object.is_null() && object_size < OBJECT {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    unsafe { *answer = new(hash.which, hash.now.clone(), hash.start.clone()) };
    Ok(NtStatus::SUCCESS)
}

/// Ends a hash.
#[shim(ix = 6, mapping = "memory alone", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn BCryptDestroyHash(handle: *mut c_void) -> Result<NtStatus, Status> {
    let hash = unsafe { of(handle)? };
    hash.mark = 0;
    // SAFETY: it was made by a box, and its mark is gone.
    drop(unsafe { Box::from_raw(hash) });
    Ok(NtStatus::SUCCESS)
}

/// Answers the hash of some data at once.
#[shim(ix = 24, mapping = "RustCrypto's hashes", risk = Wrong("a wrong hash"))]
pub unsafe extern "system" fn BCryptHash(
    algorithm: *mut c_void,
    secret: *const u8,
    secret_size: u32,
    input: *const u8,
    input_size: u32,
    output: *mut u8,
    output_size: u32,
) -> Result<NtStatus, Status> {
    let which = algorithm::of(algorithm)?;
    let mut hasher = hasher(which, unsafe { given(secret, secret_size)? })?;
    hasher.update(unsafe { given(input, input_size)? });
    unsafe { put(&hasher.finish(), output, output_size) }
}

/// A block of a key made of a password (RFC 8018, 5.2).
fn block(start: &Hasher, salt: &[u8], number: u32, rounds: u64) -> Vec<u8> {
    let mut hasher = start.clone();
    hasher.update(salt);
    hasher.update(&number.to_be_bytes());
    let mut last = hasher.finish();
    let mut sum = last.clone();
    for _ in 1..rounds {
        let mut hasher = start.clone();
        hasher.update(&last);
        last = hasher.finish();
        sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// Makes a key of a password, by PBKDF2.
#[shim(ix = 25, mapping = "RustCrypto's HMAC", risk = Wrong("a wrong key"))]
pub unsafe extern "system" fn BCryptDeriveKeyPBKDF2(
    algorithm: *mut c_void,
    password: *const u8,
    password_size: u32,
    salt: *const u8,
    salt_size: u32,
    rounds: u64,
    key: *mut u8,
    key_size: u32,
    flags: u32,
) -> Result<NtStatus, Status> {
    let which = algorithm::of(algorithm)?;
    if !which.keyed || flags != 0 || rounds == 0 || key.is_null() || key_size == 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let start = hasher(which, unsafe { given(password, password_size)? })?;
    let salt = unsafe { given(salt, salt_size)? };
    // SAFETY: that many bytes are the caller's.
    let key = unsafe { core::slice::from_raw_parts_mut(key, key_size as usize) };
    for (index, piece) in key.chunks_mut(start.algorithm().size()).enumerate() {
        let value = block(&start, salt, index as u32 + 1, rounds);
        piece.copy_from_slice(&value[..piece.len()]);
    }
    Ok(NtStatus::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 6070.
    #[test]
    fn keys_of_passwords() {
        let start = Hasher::keyed(hash::Algorithm::Sha1, b"password");
        assert_eq!(block(&start, b"salt", 1, 1)[..4], [0x0c, 0x60, 0xc8, 0x0f]);
        assert_eq!(block(&start, b"salt", 1, 4096)[..4], [0x4b, 0x00, 0x79, 0x01]);
    }
}
