//! bcrypt.h: the generator of random numbers. Other algorithms are not there, and are not found.

use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_NOT_FOUND, STATUS_UNSUCCESSFUL};
use windows_sys::Win32::Security::Cryptography::{BCRYPT_RNG_ALG_HANDLE, BCRYPT_RNG_USE_ENTROPY_IN_BUFFER, BCRYPT_USE_SYSTEM_PREFERRED_RNG};

guest::imports! {
    "ntdll" {
        fn SystemFunction036(buffer: *mut u8, length: u32) -> u8;
    }
}

/// `BCRYPT_RNG_ALGORITHM` and its siblings, which Windows answers with the same generator.
const GENERATORS: [&str; 3] = ["RNG", "FIPS186DSARNG", "DUALECRNG"];
/// `MS_PRIMITIVE_PROVIDER`.
const PROVIDER: &str = "Microsoft Primitive Provider";

/// What a handle of the generator points at.
static GENERATOR: u64 = 0x524E_4730;

fn generator() -> *mut c_void {
    (&raw const GENERATOR).cast_mut().cast()
}

fn check(handle: *mut c_void) -> Result<(), Status> {
    if handle == generator() { Ok(()) } else { Err(Status(STATUS_INVALID_HANDLE)) }
}

/// Opens an algorithm: the generator of random numbers.
#[shim(ix = 2, mapping = "a handle of the generator", risk = Functional("an algorithm that is not there"))]
pub unsafe extern "system" fn BCryptOpenAlgorithmProvider(
    algorithm: *mut *mut c_void,
    name: *const u16,
    implementation: *const u16,
    flags: u32,
) -> Result<NtStatus, Status> {
    if algorithm.is_null() || name.is_null() || flags != 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let is = |units: &[u16], wanted: &str| units.iter().copied().eq(wanted.encode_utf16());
    if !implementation.is_null() && !is(text::wide(implementation), PROVIDER) || !GENERATORS.iter().any(|generator| is(text::wide(name), generator)) {
        *algorithm = null_mut();
        return Err(Status(STATUS_NOT_FOUND));
    }
    *algorithm = generator();
    Ok(NtStatus::SUCCESS)
}

/// Closes an algorithm.
#[shim(ix = 1, mapping = "a handle of the generator", risk = Wrong("a handle that stays"))]
pub unsafe extern "system" fn BCryptCloseAlgorithmProvider(algorithm: *mut c_void, _flags: u32) -> Result<NtStatus, Status> {
    check(algorithm)?;
    Ok(NtStatus::SUCCESS)
}

/// Fills a buffer with random bytes.
#[shim(ix = 0, mapping = "gate Random: the host's generator", risk = Wrong("bytes that can be guessed"))]
pub unsafe extern "system" fn BCryptGenRandom(algorithm: *mut c_void, buffer: *mut u8, length: u32, flags: u32) -> Result<NtStatus, Status> {
    if flags & !(BCRYPT_USE_SYSTEM_PREFERRED_RNG | BCRYPT_RNG_USE_ENTROPY_IN_BUFFER) != 0 || buffer.is_null() && length > 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if flags & BCRYPT_USE_SYSTEM_PREFERRED_RNG == 0 {
        if algorithm != BCRYPT_RNG_ALG_HANDLE {
            check(algorithm)?;
        }
    } else if !algorithm.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if length == 0 || SystemFunction036(buffer, length) != 0 { Ok(NtStatus::SUCCESS) } else { Err(Status(STATUS_UNSUCCESSFUL)) }
}

/// Whether only approved algorithms may be used: a choice of an organisation, which nobody made for a sandbox.
#[shim(ix = 22, mapping = "no policy asks for it", risk = Functional("an algorithm that an organisation forbids"))]
pub unsafe extern "system" fn BCryptGetFipsAlgorithmMode(enabled: *mut u8) -> Result<NtStatus, Status> {
    if enabled.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    *enabled = 0;
    Ok(NtStatus::SUCCESS)
}
