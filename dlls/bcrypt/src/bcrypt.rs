//! bcrypt.h: random numbers.

use crate::algorithm;
use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL};
use windows_sys::Win32::Security::Cryptography::{BCRYPT_RNG_USE_ENTROPY_IN_BUFFER, BCRYPT_USE_SYSTEM_PREFERRED_RNG};

guest::imports! {
    "ntdll" {
        fn SystemFunction036(buffer: *mut u8, length: u32) -> u8;
    }
}

/// Fills a buffer with random bytes.
#[shim(ix = 0, mapping = "gate Random: the host's generator", risk = Wrong("bytes that can be guessed"))]
pub unsafe extern "system" fn BCryptGenRandom(algorithm: *mut c_void, buffer: *mut u8, length: u32, flags: u32) -> Result<NtStatus, Status> {
    if flags & !(BCRYPT_USE_SYSTEM_PREFERRED_RNG | BCRYPT_RNG_USE_ENTROPY_IN_BUFFER) != 0 || buffer.is_null() && length > 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    if flags & BCRYPT_USE_SYSTEM_PREFERRED_RNG == 0 {
        if algorithm::of(algorithm)?.hash.is_some() {
            return Err(Status(STATUS_INVALID_HANDLE));
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
