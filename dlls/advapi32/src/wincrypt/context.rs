//! wincrypt.h: the providers, which of them a program has acquired, and their random numbers. No container of keys exists:
//! opening one says so, and none can be made.

use super::hash::ALGORITHMS;
use super::{bad, put};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::nls::{self, ANSI};
use guest::{shim, text};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::Cryptography::*;

guest::imports! {
    "ntdll" {
        fn SystemFunction036(buffer: *mut u8, length: u32) -> u8;
    }
}

/// What stands at the start of an acquired provider, and goes with it.
const MARK: usize = 0x5072_6F76;

/// Which algorithms a provider has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `PROV_RSA_FULL`.
    Full,
    /// `PROV_RSA_AES`.
    Aes,
}

impl Family {
    const fn number(self) -> u32 {
        match self {
            Self::Full => PROV_RSA_FULL,
            Self::Aes => PROV_RSA_AES,
        }
    }
}

/// The providers; the first of a family is what a program gets that names none.
const PROVIDERS: [(&str, Family); 4] = [
    ("Microsoft Strong Cryptographic Provider", Family::Full),
    ("Microsoft Enhanced Cryptographic Provider v1.0", Family::Full),
    ("Microsoft Base Cryptographic Provider v1.0", Family::Full),
    ("Microsoft Enhanced RSA and AES Cryptographic Provider", Family::Aes),
];

/// A provider that a program has acquired.
#[repr(C)]
pub struct Context {
    mark: usize,
    provider: usize,
    /// How often it is to be released.
    uses: AtomicU32,
    /// The algorithm that is listed next.
    listed: usize,
}

impl Context {
    /// Which algorithms it has.
    pub fn family(&self) -> Family {
        PROVIDERS[self.provider].1
    }
}

/// The provider of a handle.
pub unsafe fn of<'a>(handle: usize) -> Result<&'a mut Context, Win32Error> {
    let context = handle as *mut Context;
    if context.is_null() || !context.is_aligned() || unsafe { (*context).mark } != MARK {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    Ok(unsafe { &mut *context })
}

/// The provider of a name and a type.
fn provider(name: Option<&[u16]>, kind: u32) -> Result<usize, Win32Error> {
    const MOST: u32 = 999;
    if kind == 0 || kind > MOST {
        return Err(bad(NTE_BAD_PROV_TYPE));
    }
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return PROVIDERS.iter().position(|(_, family)| family.number() == kind).ok_or(bad(NTE_PROV_TYPE_NOT_DEF));
    };
    let found = PROVIDERS.iter().position(|(known, _)| text::same_ascii(name, &known.encode_utf16().collect::<Vec<_>>()));
    let found = found.ok_or(bad(NTE_KEYSET_NOT_DEF))?;
    if PROVIDERS[found].1.number() == kind { Ok(found) } else { Err(bad(NTE_PROV_TYPE_NO_MATCH)) }
}

/// Acquires a provider.
unsafe fn acquire(answer: *mut usize, container: bool, name: Option<&[u16]>, kind: u32, flags: u32) -> Result<Bool, Win32Error> {
    const KNOWN: u32 =
        CRYPT_VERIFYCONTEXT | CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET | CRYPT_MACHINE_KEYSET | CRYPT_SILENT | CRYPT_DEFAULT_CONTAINER_OPTIONAL;
    let answer = unsafe { answer.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    *answer = 0;
    let verify = flags & CRYPT_VERIFYCONTEXT == CRYPT_VERIFYCONTEXT;
    let half = flags & CRYPT_VERIFYCONTEXT != 0 && !verify;
    if flags & !KNOWN != 0 || half || verify && container || verify && flags & (CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET) != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    let provider = provider(name, kind)?;
    if flags & CRYPT_NEWKEYSET != 0 {
        // What would be kept is kept nowhere.
        return Err(bad(NTE_TEMPORARY_PROFILE));
    }
    let optional = flags & CRYPT_DEFAULT_CONTAINER_OPTIONAL != 0 && !container && flags & CRYPT_DELETEKEYSET == 0;
    if !verify && !optional {
        return Err(bad(NTE_BAD_KEYSET));
    }
    *answer = Box::into_raw(Box::new(Context { mark: MARK, provider, uses: AtomicU32::new(1), listed: 0 })) as usize;
    Ok(Bool)
}

/// Acquires a provider.
#[shim(ix = 14, mapping = "a table of providers without keys", risk = Functional("a key that is not there"))]
pub unsafe extern "system" fn CryptAcquireContextW(
    answer: *mut usize,
    container: *const u16,
    name: *const u16,
    kind: u32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let container = !unsafe { text::wide(container) }.is_empty();
    let name = (!name.is_null()).then(|| unsafe { text::wide(name) });
    unsafe { acquire(answer, container, name, kind, flags) }
}

/// Acquires a provider.
#[shim(ix = 11, mapping = "CryptAcquireContextW", risk = Functional("a key that is not there"))]
pub unsafe extern "system" fn CryptAcquireContextA(
    answer: *mut usize,
    container: *const u8,
    name: *const u8,
    kind: u32,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let container = !unsafe { text::narrow(container) }.is_empty();
    let name = nls::to_wide(ANSI, unsafe { text::narrow(name) }, false).unwrap_or_default();
    unsafe { acquire(answer, container, Some(&name), kind, flags) }
}

/// Lets a provider be released once more.
#[shim(ix = 178, mapping = "a count", risk = Functional("a provider that goes too early"))]
pub unsafe extern "system" fn CryptContextAddRef(handle: usize, reserved: *const u32, flags: u32) -> Result<Bool, Win32Error> {
    let context = unsafe { of(handle)? };
    if !reserved.is_null() || flags != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    context.uses.fetch_add(1, Ordering::Relaxed);
    Ok(Bool)
}

/// Releases a provider.
#[shim(ix = 4, mapping = "a count", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn CryptReleaseContext(handle: usize, flags: u32) -> Result<Bool, Win32Error> {
    let context = unsafe { of(handle)? };
    if context.uses.fetch_sub(1, Ordering::AcqRel) == 1 {
        context.mark = 0;
        // SAFETY: it was made by a box, and its mark is gone.
        drop(unsafe { Box::from_raw(context) });
    }
    // It is released all the same.
    if flags != 0 { Err(bad(NTE_BAD_FLAGS)) } else { Ok(Bool) }
}

/// Fills a buffer with random bytes.
#[shim(ix = 6, mapping = "gate Random: the host's generator", risk = Wrong("bytes that can be guessed"))]
pub unsafe extern "system" fn CryptGenRandom(handle: usize, length: u32, buffer: *mut u8) -> Result<Bool, Win32Error> {
    unsafe { of(handle)? };
    if length > 0 && (buffer.is_null() || unsafe { SystemFunction036(buffer, length) } == 0) {
        return Err(if buffer.is_null() { Win32Error(ERROR_INVALID_PARAMETER) } else { bad(NTE_FAIL) });
    }
    Ok(Bool)
}

/// One row of the list of algorithms (`PROV_ENUMALGS`).
fn algorithm(row: usize, family: Family) -> Option<[u8; 32]> {
    let (number, algorithm, name, _) = ALGORITHMS.iter().filter(|(.., newer)| !newer || family == Family::Aes).nth(row)?;
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes[4..8].copy_from_slice(&(8 * algorithm.size() as u32).to_le_bytes());
    bytes[8..12].copy_from_slice(&(name.len() as u32 + 1).to_le_bytes());
    bytes[12..12 + name.len()].copy_from_slice(name.as_bytes());
    Some(bytes)
}

/// Answers a fact of a provider.
#[shim(ix = 30, mapping = "a table", risk = Wrong("a wrong fact"))]
pub unsafe extern "system" fn CryptGetProvParam(handle: usize, which: u32, data: *mut u8, size: *mut u32, flags: u32) -> Result<Bool, Win32Error> {
    const VERSION: u32 = 0x200;
    let context = unsafe { of(handle)? };
    let (name, family) = PROVIDERS[context.provider];
    let first = flags & CRYPT_FIRST != 0;
    match which {
        PP_ENUMALGS | PP_ENUMCONTAINERS if flags & !(CRYPT_FIRST | CRYPT_NEXT) == 0 => {}
        _ if flags == 0 => {}
        _ => return Err(bad(NTE_BAD_FLAGS)),
    }
    match which {
        PP_NAME => unsafe { put(&[name.as_bytes(), &[0]].concat(), data, size) },
        PP_VERSION => unsafe { put(&VERSION.to_le_bytes(), data, size) },
        PP_IMPTYPE => unsafe { put(&CRYPT_IMPL_SOFTWARE.to_le_bytes(), data, size) },
        PP_PROVTYPE => unsafe { put(&family.number().to_le_bytes(), data, size) },
        PP_ENUMALGS => {
            if first {
                context.listed = 0;
            }
            let row = algorithm(context.listed, family).ok_or(Win32Error(ERROR_NO_MORE_ITEMS))?;
            let done = unsafe { put(&row, data, size)? };
            context.listed += usize::from(!data.is_null());
            Ok(done)
        }
        PP_ENUMCONTAINERS => Err(Win32Error(ERROR_NO_MORE_ITEMS)),
        _ => Err(bad(NTE_BAD_TYPE)),
    }
}

/// Lists the providers.
#[shim(ix = 72, mapping = "a table", risk = Wrong("a provider that is not there"))]
pub unsafe extern "system" fn CryptEnumProvidersW(
    index: u32,
    reserved: *const u32,
    flags: u32,
    kind: *mut u32,
    name: *mut u16,
    size: *mut u32,
) -> Result<Bool, Win32Error> {
    if !reserved.is_null() || kind.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if flags != 0 {
        return Err(bad(NTE_BAD_FLAGS));
    }
    let (found, family) = PROVIDERS.get(index as usize).ok_or(Win32Error(ERROR_NO_MORE_ITEMS))?;
    unsafe { *kind = family.number() };
    let bytes: Vec<u8> = text::terminated(found).iter().flat_map(|unit| unit.to_le_bytes()).collect();
    unsafe { put(&bytes, name.cast(), size) }
}
