//! bcrypt.h: the algorithms, which are the generator of random numbers and hashes, and what is known of them.

use crate::hash;
use ::hash::Algorithm;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{
    STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_NOT_FOUND, STATUS_NOT_SUPPORTED,
};
use windows_sys::Win32::Security::Cryptography::*;

/// An algorithm, as it was opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Which {
    /// The hash; nothing for the generator.
    pub hash: Option<Algorithm>,
    /// With a key.
    pub keyed: bool,
    /// Its hashes can be used again.
    pub reusable: bool,
}

/// The names of the algorithms. Windows answers all of the generator's names with the same generator.
const NAMES: [(&str, Option<Algorithm>); 8] = [
    ("RNG", None),
    ("FIPS186DSARNG", None),
    ("DUALECRNG", None),
    ("MD5", Some(Algorithm::Md5)),
    ("SHA1", Some(Algorithm::Sha1)),
    ("SHA256", Some(Algorithm::Sha256)),
    ("SHA384", Some(Algorithm::Sha384)),
    ("SHA512", Some(Algorithm::Sha512)),
];
/// `MS_PRIMITIVE_PROVIDER`.
const PROVIDER: &str = "Microsoft Primitive Provider";

/// Handles that need not be opened.
const PSEUDO: [(*mut c_void, Option<Algorithm>, bool); 11] = [
    (BCRYPT_RNG_ALG_HANDLE, None, false),
    (BCRYPT_MD5_ALG_HANDLE, Some(Algorithm::Md5), false),
    (BCRYPT_SHA1_ALG_HANDLE, Some(Algorithm::Sha1), false),
    (BCRYPT_SHA256_ALG_HANDLE, Some(Algorithm::Sha256), false),
    (BCRYPT_SHA384_ALG_HANDLE, Some(Algorithm::Sha384), false),
    (BCRYPT_SHA512_ALG_HANDLE, Some(Algorithm::Sha512), false),
    (BCRYPT_HMAC_MD5_ALG_HANDLE, Some(Algorithm::Md5), true),
    (BCRYPT_HMAC_SHA1_ALG_HANDLE, Some(Algorithm::Sha1), true),
    (BCRYPT_HMAC_SHA256_ALG_HANDLE, Some(Algorithm::Sha256), true),
    (BCRYPT_HMAC_SHA384_ALG_HANDLE, Some(Algorithm::Sha384), true),
    (BCRYPT_HMAC_SHA512_ALG_HANDLE, Some(Algorithm::Sha512), true),
];

/// A handle is the address of a cell: one per name, each without and with a key, each without and with reuse.
static CELLS: [u64; 4 * NAMES.len()] = [0; 4 * NAMES.len()];

/// The algorithm that a handle stands for.
pub fn of(handle: *mut c_void) -> Result<Which, Status> {
    if let Some((_, hash, keyed)) = PSEUDO.iter().find(|(pseudo, ..)| *pseudo == handle) {
        return Ok(Which { hash: *hash, keyed: *keyed, reusable: false });
    }
    let offset = (handle as usize).wrapping_sub(CELLS.as_ptr() as usize);
    let index = offset / size_of::<u64>();
    if !offset.is_multiple_of(size_of::<u64>()) || index >= CELLS.len() {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    Ok(Which { hash: NAMES[index / 4].1, keyed: index & 1 != 0, reusable: index & 2 != 0 })
}

/// Opens an algorithm.
#[shim(ix = 2, mapping = "a table", risk = Functional("an algorithm that is not there"))]
pub unsafe extern "system" fn BCryptOpenAlgorithmProvider(
    algorithm: *mut *mut c_void,
    name: *const u16,
    implementation: *const u16,
    flags: u32,
) -> Result<NtStatus, Status> {
    let keyed = flags & BCRYPT_ALG_HANDLE_HMAC_FLAG != 0;
    let reusable = flags & BCRYPT_HASH_REUSABLE_FLAG != 0;
    if algorithm.is_null() || name.is_null() || flags & !(BCRYPT_ALG_HANDLE_HMAC_FLAG | BCRYPT_HASH_REUSABLE_FLAG) != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    unsafe { *algorithm = null_mut() };
    let is = |units: &[u16], wanted: &str| units.iter().copied().eq(wanted.encode_utf16());
    if !implementation.is_null() && !is(unsafe { text::wide(implementation) }, PROVIDER) {
        return Err(Status(STATUS_NOT_FOUND));
    }
    let name = unsafe { text::wide(name) };
    let index = NAMES.iter().position(|(known, _)| is(name, known)).ok_or(Status(STATUS_NOT_FOUND))?;
    if flags != 0 && NAMES[index].1.is_none() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let cell = &raw const CELLS[4 * index + usize::from(keyed) + 2 * usize::from(reusable)];
    unsafe { *algorithm = cell.cast_mut().cast() };
    Ok(NtStatus::SUCCESS)
}

/// Closes an algorithm.
#[shim(ix = 1, mapping = "a table", risk = Wrong("a handle that stays"))]
pub unsafe extern "system" fn BCryptCloseAlgorithmProvider(algorithm: *mut c_void, _flags: u32) -> Result<NtStatus, Status> {
    of(algorithm)?;
    Ok(NtStatus::SUCCESS)
}

/// Copies a fact, or tells its size.
unsafe fn put(fact: &[u8], output: *mut u8, room: u32, size: *mut u32) -> Result<NtStatus, Status> {
    unsafe { *size = fact.len() as u32 };
    if output.is_null() {
        return Ok(NtStatus::SUCCESS);
    }
    if (room as usize) < fact.len() {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    // SAFETY: it fits.
    unsafe { output.copy_from_nonoverlapping(fact.as_ptr(), fact.len()) };
    Ok(NtStatus::SUCCESS)
}

/// Answers a fact of an algorithm or of a hash.
#[shim(ix = 14, mapping = "a table", risk = Wrong("a wrong fact"))]
pub unsafe extern "system" fn BCryptGetProperty(
    handle: *mut c_void,
    name: *const u16,
    output: *mut u8,
    room: u32,
    size: *mut u32,
    flags: u32,
) -> Result<NtStatus, Status> {
    let which = match of(handle) {
        Ok(which) => which,
        // A handle that is a small number is none of a hash.
        Err(status) if (handle as usize) < 0x10000 => return Err(status),
        Err(_) => unsafe { hash::of(handle)? }.which,
    };
    if name.is_null() || size.is_null() || flags != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let name = text::lossy(unsafe { text::wide(name) });
    let word = |number: usize| (number as u32).to_le_bytes();
    let fact = match (name.as_str(), which.hash) {
        ("AlgorithmName", algorithm) => {
            let (name, _) = NAMES.iter().find(|(_, known)| *known == algorithm).ok_or(Status(STATUS_INVALID_HANDLE))?;
            let units: alloc::vec::Vec<u8> = text::terminated(name).iter().flat_map(|unit| unit.to_le_bytes()).collect();
            return unsafe { put(&units, output, room, size) };
        }
        ("ObjectLength", Some(_)) => hash::OBJECT.to_le_bytes(),
        ("HashDigestLength", Some(algorithm)) => word(algorithm.size()),
        ("HashBlockLength", Some(algorithm)) => word(algorithm.block()),
        _ => return Err(Status(STATUS_NOT_SUPPORTED)),
    };
    unsafe { put(&fact, output, room, size) }
}
