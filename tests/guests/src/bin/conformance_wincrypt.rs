//! wincrypt.h: providers, random numbers, hashes.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ptr::{null, null_mut};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::Cryptography::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        providers(&mut cases);
        random(&mut cases);
        hashes(&mut cases);
        cases.code()
    }
}

fn acquire(name: Option<&str>, kind: u32, flags: u32) -> (i32, usize, u32) {
    let mut provider = 0;
    let name = name.map(wide);
    let name = name.as_ref().map_or(null(), |name| name.as_ptr());
    clear_error();
    let done = unsafe { CryptAcquireContextW(&raw mut provider, null(), name, kind, flags) };
    (done, provider, if done == 0 { last_error() } else { 0 })
}

fn aes() -> usize {
    acquire(None, PROV_RSA_AES, CRYPT_VERIFYCONTEXT).1
}

fn providers(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!CryptAcquireContextW advapi32!CryptAcquireContextA advapi32!CryptReleaseContext advapi32!CryptContextAddRef",
        Success,
        "a provider without keys",
        {
            let (done, provider, _) = acquire(None, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT);
            same!((done, provider != 0), (1, true));
            same!(unsafe { CryptContextAddRef(provider, null(), 0) }, 1);
            same!(unsafe { (CryptReleaseContext(provider, 0), CryptReleaseContext(provider, 0)) }, (1, 1));
            let mut provider = 0;
            let name = c"Microsoft Enhanced RSA and AES Cryptographic Provider";
            same!(unsafe { CryptAcquireContextA(&raw mut provider, null(), name.as_ptr().cast(), PROV_RSA_AES, CRYPT_VERIFYCONTEXT) }, 1);
            same!(unsafe { CryptReleaseContext(provider, 0) }, 1);
        }
    );
    case!(cases, "advapi32!CryptAcquireContextW", Failure, "no such provider, no such type", {
        same!(acquire(Some("Nobody's Provider"), PROV_RSA_FULL, CRYPT_VERIFYCONTEXT).2, NTE_KEYSET_NOT_DEF as u32);
        same!(acquire(None, 0, CRYPT_VERIFYCONTEXT).2, NTE_BAD_PROV_TYPE as u32);
        same!(acquire(None, 1000, CRYPT_VERIFYCONTEXT).2, NTE_BAD_PROV_TYPE as u32);
        same!(acquire(None, 999, CRYPT_VERIFYCONTEXT).2, NTE_PROV_TYPE_NOT_DEF as u32);
    });
    case!(cases, "advapi32!CryptAcquireContextA", Failure, "a container that is not there", {
        let mut provider = 0;
        clear_error();
        let container = c"no-such-container-4711";
        same!(unsafe { CryptAcquireContextA(&raw mut provider, container.as_ptr().cast(), null(), PROV_RSA_FULL, 0) }, 0);
        same!(last_error(), NTE_BAD_KEYSET as u32);
    });
    case!(cases, "advapi32!CryptReleaseContext advapi32!CryptContextAddRef", Failure, "no provider", {
        clear_error();
        same!((unsafe { CryptReleaseContext(0, 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        clear_error();
        same!((unsafe { CryptContextAddRef(0, null(), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "advapi32!CryptGetProvParam", Success, "name and type", wine = "Wine says of every provider that it is of the oldest type", {
        let provider = aes();
        let (mut name, mut size) = ([0_u8; 100], 0_u32);
        same!(unsafe { CryptGetProvParam(provider, PP_NAME, null_mut(), &raw mut size, 0) }, 1);
        same!(size, 54);
        same!(unsafe { CryptGetProvParam(provider, PP_NAME, name.as_mut_ptr(), &raw mut size, 0) }, 1);
        same!(&name[..53], b"Microsoft Enhanced RSA and AES Cryptographic Provider".as_slice());
        let (mut kind, mut size) = (0_u32, 4_u32);
        same!(unsafe { CryptGetProvParam(provider, PP_PROVTYPE, (&raw mut kind).cast(), &raw mut size, 0) }, 1);
        same!(kind, PROV_RSA_AES);
        unsafe { CryptReleaseContext(provider, 0) };
    });
    case!(cases, "advapi32!CryptGetProvParam", Success, "its algorithms, one after the other", {
        let provider = aes();
        let mut found = 0;
        let mut flags = CRYPT_FIRST;
        loop {
            let (mut row, mut size) = ([0_u8; 64], 64_u32);
            if unsafe { CryptGetProvParam(provider, PP_ENUMALGS, row.as_mut_ptr(), &raw mut size, flags) } == 0 {
                break;
            }
            found += u32::from(row[..4] == CALG_SHA_256.to_le_bytes() && row[4..8] == 256_u32.to_le_bytes() && row[12..19] == *b"SHA-256");
            flags = CRYPT_NEXT;
        }
        same!((last_error(), found), (ERROR_NO_MORE_ITEMS, 1));
        unsafe { CryptReleaseContext(provider, 0) };
    });
    case!(cases, "advapi32!CryptGetProvParam", Failure, "too little room, no such fact, no provider", {
        let provider = aes();
        let (mut name, mut size) = ([0_u8; 4], 4_u32);
        clear_error();
        same!((unsafe { CryptGetProvParam(provider, PP_NAME, name.as_mut_ptr(), &raw mut size, 0) }, last_error()), (0, ERROR_MORE_DATA));
        same!(size, 54);
        clear_error();
        same!((unsafe { CryptGetProvParam(provider, 9999, name.as_mut_ptr(), &raw mut size, 0) }, last_error()), (0, NTE_BAD_TYPE as u32));
        unsafe { CryptReleaseContext(provider, 0) };
        clear_error();
        same!((unsafe { CryptGetProvParam(0, PP_NAME, name.as_mut_ptr(), &raw mut size, 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "advapi32!CryptEnumProvidersW", Success, "the newer one is among them", {
        let mut found = false;
        for index in 0..100 {
            let (mut kind, mut name, mut size) = (0, [0_u16; 200], 400);
            if unsafe { CryptEnumProvidersW(index, null(), 0, &raw mut kind, name.as_mut_ptr(), &raw mut size) } == 0 {
                same!(last_error(), ERROR_NO_MORE_ITEMS);
                break;
            }
            found |= kind == PROV_RSA_AES && narrow(&name) == "Microsoft Enhanced RSA and AES Cryptographic Provider";
        }
        holds!(found);
    });
    case!(cases, "advapi32!CryptEnumProvidersW", Failure, "nowhere to put the type", wine = "Wine needs no place for it", {
        let mut size = 0;
        clear_error();
        same!((unsafe { CryptEnumProvidersW(0, null(), 0, null_mut(), null_mut(), &raw mut size) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}

fn random(cases: &mut Cases) {
    case!(cases, "advapi32!CryptGenRandom", Success, "other bytes every time", {
        let provider = aes();
        let (mut one, mut other) = ([0; 32], [0; 32]);
        same!(unsafe { (CryptGenRandom(provider, 32, one.as_mut_ptr()), CryptGenRandom(provider, 32, other.as_mut_ptr())) }, (1, 1));
        holds!(one != other && one != [0; 32]);
        unsafe { CryptReleaseContext(provider, 0) };
    });
    case!(cases, "advapi32!CryptGenRandom", Failure, "no provider", {
        clear_error();
        same!((unsafe { CryptGenRandom(0, 1, [0].as_mut_ptr()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}

fn hash(provider: usize, kind: u32) -> (i32, usize, u32) {
    let mut handle = 0;
    clear_error();
    let done = unsafe { CryptCreateHash(provider, kind, 0, 0, &raw mut handle) };
    (done, handle, if done == 0 { last_error() } else { 0 })
}

fn value(handle: usize) -> String {
    let (mut bytes, mut size) = ([0_u8; 64], 64_u32);
    if unsafe { CryptGetHashParam(handle, HP_HASHVAL, bytes.as_mut_ptr(), &raw mut size, 0) } == 0 {
        return alloc::format!("error {:#x}", last_error());
    }
    bytes[..size as usize].iter().map(|byte| alloc::format!("{byte:02x}")).collect()
}

fn hashes(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!CryptCreateHash advapi32!CryptHashData advapi32!CryptGetHashParam advapi32!CryptDestroyHash",
        Success,
        "the published examples",
        {
            let provider = aes();
            for (kind, wanted) in [
                (CALG_MD5, "900150983cd24fb0d6963f7d28e17f72"),
                (CALG_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
                (CALG_SHA_256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ] {
                let (done, handle, _) = hash(provider, kind);
                same!(done, 1);
                same!(unsafe { (CryptHashData(handle, b"a".as_ptr(), 1, 0), CryptHashData(handle, b"bc".as_ptr(), 2, 0)) }, (1, 1));
                same!(value(handle), wanted);
                same!(unsafe { CryptDestroyHash(handle) }, 1);
            }
            unsafe { CryptReleaseContext(provider, 0) };
        }
    );
    case!(cases, "advapi32!CryptGetHashParam", Success, "algorithm and size", {
        let provider = aes();
        let (_, handle, _) = hash(provider, CALG_SHA_512);
        let (mut number, mut size) = (0_u32, 4_u32);
        same!(unsafe { CryptGetHashParam(handle, HP_HASHSIZE, (&raw mut number).cast(), &raw mut size, 0) }, 1);
        same!(number, 64);
        same!(unsafe { CryptGetHashParam(handle, HP_ALGID, (&raw mut number).cast(), &raw mut size, 0) }, 1);
        same!(number, CALG_SHA_512);
        same!((unsafe { CryptGetHashParam(handle, HP_HASHVAL, null_mut(), &raw mut size, 0) }, size), (1, 64));
        unsafe { (CryptDestroyHash(handle), CryptReleaseContext(provider, 0)) };
    });
    case!(cases, "advapi32!CryptDuplicateHash", Success, "both go on by themselves", {
        let provider = aes();
        let (_, first, _) = hash(provider, CALG_MD5);
        unsafe { CryptHashData(first, b"ab".as_ptr(), 2, 0) };
        let mut second = 0;
        same!(unsafe { CryptDuplicateHash(first, null(), 0, &raw mut second) }, 1);
        unsafe { (CryptHashData(first, b"x".as_ptr(), 1, 0), CryptHashData(second, b"c".as_ptr(), 1, 0)) };
        same!(value(second), "900150983cd24fb0d6963f7d28e17f72");
        holds!(value(first) != value(second));
        unsafe { (CryptDestroyHash(first), CryptDestroyHash(second), CryptReleaseContext(provider, 0)) };
    });
    case!(cases, "advapi32!CryptSetHashParam", Success, "a value from elsewhere", {
        let provider = aes();
        let (_, handle, _) = hash(provider, CALG_MD5);
        same!(unsafe { CryptSetHashParam(handle, HP_HASHVAL, [0xAB; 16].as_ptr(), 0) }, 1);
        same!(value(handle), "abababababababababababababababab");
        unsafe { (CryptDestroyHash(handle), CryptReleaseContext(provider, 0)) };
    });
    case!(cases, "advapi32!CryptCreateHash", Failure, "no such algorithm, no key", {
        let provider = aes();
        same!(hash(provider, 0x8765).2, NTE_BAD_ALGID as u32);
        same!(hash(provider, CALG_HMAC).2, NTE_BAD_KEY as u32);
        unsafe { CryptReleaseContext(provider, 0) };
    });
    case!(cases, "advapi32!CryptHashData", Failure, "a hash that is finished", {
        let provider = aes();
        let (_, handle, _) = hash(provider, CALG_MD5);
        value(handle);
        clear_error();
        same!((unsafe { CryptHashData(handle, b"a".as_ptr(), 1, 0) }, last_error()), (0, NTE_BAD_HASH_STATE as u32));
        unsafe { (CryptDestroyHash(handle), CryptReleaseContext(provider, 0)) };
    });
    case!(cases, "advapi32!CryptGetHashParam advapi32!CryptSetHashParam", Failure, "too little room, no such fact", {
        let provider = aes();
        let (_, handle, _) = hash(provider, CALG_MD5);
        let (mut bytes, mut size) = ([0_u8; 4], 4_u32);
        clear_error();
        same!((unsafe { CryptGetHashParam(handle, HP_HASHVAL, bytes.as_mut_ptr(), &raw mut size, 0) }, last_error()), (0, ERROR_MORE_DATA));
        same!(size, 16);
        clear_error();
        same!((unsafe { CryptGetHashParam(handle, 99, bytes.as_mut_ptr(), &raw mut size, 0) }, last_error()), (0, NTE_BAD_TYPE as u32));
        clear_error();
        same!((unsafe { CryptSetHashParam(handle, 99, bytes.as_ptr(), 0) }, last_error()), (0, NTE_BAD_TYPE as u32));
        unsafe { (CryptDestroyHash(handle), CryptReleaseContext(provider, 0)) };
    });
    case!(cases, "advapi32!CryptDestroyHash advapi32!CryptDuplicateHash", Failure, "no hash", {
        clear_error();
        same!((unsafe { CryptDestroyHash(0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        let mut second = 0;
        clear_error();
        same!((unsafe { CryptDuplicateHash(0, null(), 0, &raw mut second) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}
