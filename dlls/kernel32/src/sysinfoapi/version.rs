//! Windows' version, as a program's manifest lets it be seen.

use crate::nt::{RtlGetVersion, RtlVerifyVersionInfo, check};
use crate::resource;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_OLD_WIN_VERSION, STATUS_REVISION_MISMATCH};
use windows_sys::Win32::System::SystemInformation::{OSVERSIONINFOA, OSVERSIONINFOEXA, OSVERSIONINFOEXW, OSVERSIONINFOW};

/// What a manifest says that its program was made for ("Application Manifests", `supportedOS`), and the version that it sees.
const SUPPORTED: [(&str, [u32; 3]); 2] =
    [("{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}", [u32::MAX; 3]), ("{1f676c76-80e1-4239-95bb-83d0f6d0da78}", [6, 3, 9600])];
/// What a program sees whose manifest names no later one.
const OLD: [u32; 3] = [6, 2, 9200];
const RT_MANIFEST: u16 = 24;
/// `CREATEPROCESS_MANIFEST_RESOURCE_ID`.
const OF_PROGRAM: u16 = 1;

/// Whether bytes of UTF-8 or UTF-16 hold a text of ASCII, whatever its case.
fn holds(bytes: &[u8], text: &str) -> bool {
    let is = |window: &[u8]| window.eq_ignore_ascii_case(text.as_bytes());
    bytes.windows(text.len()).any(is)
        || bytes.windows(2 * text.len()).any(|window| {
            window.iter().skip(1).step_by(2).all(|byte| *byte == 0) && {
                window.iter().step_by(2).zip(text.bytes()).all(|(byte, other)| byte.eq_ignore_ascii_case(&other))
            }
        })
}

/// The highest version that the program may see.
fn highest() -> [u32; 3] {
    // 1 and up: what was found before, by its place in the table.
    static FOUND: AtomicU32 = AtomicU32::new(0);
    let mut found = FOUND.load(Ordering::Relaxed) as usize;
    if found == 0 {
        // SAFETY: the program is mapped as long as its process runs.
        let manifest = unsafe { resource::find((*guest::teb::peb()).image_base_address as *const u8, RT_MANIFEST, OF_PROGRAM, 0) };
        let place = manifest.ok().and_then(|manifest| SUPPORTED.iter().position(|row| holds(manifest, row.0)));
        found = 1 + place.unwrap_or(SUPPORTED.len());
        FOUND.store(found as u32, Ordering::Relaxed);
    }
    SUPPORTED.get(found - 1).map_or(OLD, |row| row.1)
}

/// The version that the program sees.
fn version() -> OSVERSIONINFOEXW {
    // SAFETY: plain numbers, for which zero is a value.
    let mut version: OSVERSIONINFOEXW = unsafe { core::mem::zeroed() };
    version.dwOSVersionInfoSize = size_of::<OSVERSIONINFOEXW>() as u32;
    // SAFETY: the structure has the size that it says.
    unsafe { RtlGetVersion(&raw mut version) };
    let highest = highest();
    if [version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber] > highest {
        [version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber] = highest;
    }
    version
}

/// Answers Windows' version as the program's manifest lets it be seen.
#[shim(ix = 207, mapping = "RtlGetVersion, the program's manifest", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn GetVersionExW(answer: *mut OSVERSIONINFOW) -> Result<Bool, Win32Error> {
    let size = unsafe { (*answer).dwOSVersionInfoSize } as usize;
    if size != size_of::<OSVERSIONINFOW>() && size != size_of::<OSVERSIONINFOEXW>() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let mut version = version();
    version.dwOSVersionInfoSize = size as u32;
    // SAFETY: the caller's structure has that many bytes, which the long form begins with.
    unsafe { answer.cast::<u8>().copy_from_nonoverlapping((&raw const version).cast(), size) };
    Ok(Bool)
}

/// Answers Windows' version as the program's manifest lets it be seen.
#[shim(ix = 333, mapping = "GetVersionExW", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn GetVersionExA(answer: *mut OSVERSIONINFOA) -> Result<Bool, Win32Error> {
    let size = unsafe { (*answer).dwOSVersionInfoSize } as usize;
    if size != size_of::<OSVERSIONINFOA>() && size != size_of::<OSVERSIONINFOEXA>() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let version = version();
    let target = answer.cast::<OSVERSIONINFOEXA>();
    unsafe {
        (*answer).dwMajorVersion = version.dwMajorVersion;
        (*answer).dwMinorVersion = version.dwMinorVersion;
        (*answer).dwBuildNumber = version.dwBuildNumber;
        (*answer).dwPlatformId = version.dwPlatformId;
        // Windows 10 and later have no service packs.
        (*answer).szCSDVersion = [0; 128];
        if size == size_of::<OSVERSIONINFOEXA>() {
            (*target).wServicePackMajor = version.wServicePackMajor;
            (*target).wServicePackMinor = version.wServicePackMinor;
            (*target).wSuiteMask = version.wSuiteMask;
            (*target).wProductType = version.wProductType;
            (*target).wReserved = version.wReserved;
        }
    }
    Ok(Bool)
}

/// Windows' version in one number: major, minor, and the build in the high half.
#[shim(ix = 315, mapping = "RtlGetVersion, the program's manifest", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn GetVersion() -> u32 {
    let version = version();
    version.dwMajorVersion | version.dwMinorVersion << 8 | version.dwBuildNumber << 16
}

guest::forward!(VerSetConditionMask = 234 => "ntdll.VerSetConditionMask");

fn verify(wanted: &OSVERSIONINFOEXW, kinds: u32, conditions: u64) -> Result<Bool, Win32Error> {
    // SAFETY: reads the structure.
    match unsafe { RtlVerifyVersionInfo(wanted, kinds, conditions) } {
        STATUS_REVISION_MISMATCH => Err(Win32Error(ERROR_OLD_WIN_VERSION)),
        status => check(status).map(|_| Bool),
    }
}

/// Compares Windows' version with the one wanted.
#[shim(ix = 226, mapping = "RtlVerifyVersionInfo", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn VerifyVersionInfoW(wanted: *const OSVERSIONINFOEXW, kinds: u32, conditions: u64) -> Result<Bool, Win32Error> {
    verify(unsafe { &*wanted }, kinds, conditions)
}

/// Compares Windows' version with the one wanted.
#[shim(ix = 575, mapping = "RtlVerifyVersionInfo", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn VerifyVersionInfoA(wanted: *const OSVERSIONINFOEXA, kinds: u32, conditions: u64) -> Result<Bool, Win32Error> {
    let given = unsafe { &*wanted };
    // SAFETY: plain numbers, for which zero is a value.
    let mut wide: OSVERSIONINFOEXW = unsafe { core::mem::zeroed() };
    wide.dwMajorVersion = given.dwMajorVersion;
    wide.dwMinorVersion = given.dwMinorVersion;
    wide.dwBuildNumber = given.dwBuildNumber;
    wide.dwPlatformId = given.dwPlatformId;
    wide.wServicePackMajor = given.wServicePackMajor;
    wide.wServicePackMinor = given.wServicePackMinor;
    wide.wSuiteMask = given.wSuiteMask;
    wide.wProductType = given.wProductType;
    verify(&wide, kinds, conditions)
}

/// Answers the edition that a Windows of this version is: the one shown, for versions that it knows.
#[shim(ix = 693, mapping = "the sandbox's edition", risk = Wrong("a wrong edition"))]
pub unsafe extern "system" fn GetProductInfo(
    major: u32,
    _minor: u32,
    _pack_major: u32,
    _pack_minor: u32,
    answer: *mut u32,
) -> Result<Bool, Win32Error> {
    const PRODUCT_INFO_SINCE: u32 = 6;
    if answer.is_null() || major < PRODUCT_INFO_SINCE {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { *answer = gate::names::EDITION };
    Ok(Bool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_of_both_encodings_are_read() {
        let text = "<supportedOS Id=\"{8E0F7A12-BFB3-4fe8-b9a5-48fd50a15a9a}\"/>";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(holds(text.as_bytes(), SUPPORTED[0].0) && holds(&wide, SUPPORTED[0].0));
        assert!(!holds(text.as_bytes(), SUPPORTED[1].0));
    }
}
