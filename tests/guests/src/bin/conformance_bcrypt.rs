//! bcrypt.h: random numbers.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ptr::{null, null_mut};
use guests::{Cases, case, holds, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::Cryptography::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        random(&mut cases);
        cases.code()
    }
}

fn open(name: &str) -> (NTSTATUS, BCRYPT_ALG_HANDLE) {
    let mut algorithm = null_mut();
    let status = unsafe { BCryptOpenAlgorithmProvider(&raw mut algorithm, wide(name).as_ptr(), null(), 0) };
    (status, algorithm)
}

/// Two fillings differ, and not only in a few bytes.
fn differ(fill: impl Fn(&mut [u8; 64]) -> NTSTATUS) -> bool {
    let (mut one, mut two) = ([0; 64], [0; 64]);
    let filled = fill(&mut one) == STATUS_SUCCESS && fill(&mut two) == STATUS_SUCCESS;
    filled && one.iter().zip(&two).filter(|(one, two)| one != two).count() > 32
}

fn random(cases: &mut Cases) {
    case!(cases, "bcrypt!BCryptOpenAlgorithmProvider bcrypt!BCryptGenRandom bcrypt!BCryptCloseAlgorithmProvider", Success, "the generator", {
        let (status, algorithm) = open("RNG");
        same!((status, algorithm.is_null()), (STATUS_SUCCESS, false));
        holds!(differ(|bytes| unsafe { BCryptGenRandom(algorithm, bytes.as_mut_ptr(), 64, 0) }));
        same!(unsafe { BCryptCloseAlgorithmProvider(algorithm, 0) }, STATUS_SUCCESS);
    });
    case!(cases, "bcrypt!BCryptGenRandom", Success, "the system's generator, and no bytes at all", {
        holds!(differ(|bytes| unsafe { BCryptGenRandom(null_mut(), bytes.as_mut_ptr(), 64, BCRYPT_USE_SYSTEM_PREFERRED_RNG) }));
        let mut byte = 7;
        same!((unsafe { BCryptGenRandom(null_mut(), &raw mut byte, 0, BCRYPT_USE_SYSTEM_PREFERRED_RNG) }, byte), (STATUS_SUCCESS, 7));
    });
    case!(
        cases,
        "bcrypt!BCryptOpenAlgorithmProvider",
        Failure,
        "no such algorithm, no place for it",
        wine = "Wine has a status of its own for algorithms",
        {
            same!(open("NO SUCH ALGORITHM").0, STATUS_NOT_FOUND);
            same!(unsafe { BCryptOpenAlgorithmProvider(null_mut(), wide("RNG").as_ptr(), null(), 0) }, STATUS_INVALID_PARAMETER);
        }
    );
    case!(cases, "bcrypt!BCryptGenRandom bcrypt!BCryptCloseAlgorithmProvider", Failure, "no handle, no buffer", {
        let mut bytes = [0; 8];
        same!(unsafe { BCryptGenRandom(null_mut(), bytes.as_mut_ptr(), 8, 0) }, STATUS_INVALID_HANDLE);
        same!(unsafe { BCryptGenRandom(null_mut(), null_mut(), 8, BCRYPT_USE_SYSTEM_PREFERRED_RNG) }, STATUS_INVALID_PARAMETER);
        same!(unsafe { BCryptCloseAlgorithmProvider(null_mut(), 0) }, STATUS_INVALID_HANDLE);
    });
    case!(cases, "bcrypt!BCryptGetFipsAlgorithmMode", Success, "nobody asks for approved algorithms alone", {
        let mut enabled = 1;
        same!((unsafe { BCryptGetFipsAlgorithmMode(&raw mut enabled) }, enabled), (STATUS_SUCCESS, 0));
    });
    case!(cases, "bcrypt!BCryptGetFipsAlgorithmMode", Failure, "nowhere to write it", {
        same!(unsafe { BCryptGetFipsAlgorithmMode(null_mut()) }, STATUS_INVALID_PARAMETER);
    });
}
