//! winsock2.h: the start of Winsock, its errors, and how often it was started.

use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::Number;
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Win32::Networking::WinSock::{WSADATA, WSAEFAULT, WSANOTINITIALISED, WSAVERNOTSUPPORTED};

/// The newest version there is: 2.2.
const NEWEST: u16 = 0x202;
/// The versions there are, newest first; what lies between is answered with the next older one.
const VERSIONS: [(u8, u8); 5] = [(2, 2), (2, 1), (2, 0), (1, 1), (1, 0)];

static STARTED: AtomicU32 = AtomicU32::new(0);

/// An error of Winsock's.
pub fn failure(code: i32) -> Win32Error {
    Win32Error(code as u32)
}

/// Refuses whoever has not started Winsock.
pub fn check() -> Result<(), Win32Error> {
    if STARTED.load(Ordering::Relaxed) > 0 { Ok(()) } else { Err(failure(WSANOTINITIALISED)) }
}

/// Starts Winsock; answers the error itself.
#[shim(ix = 0, mapping = "a count", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn WSAStartup(wanted: u16, data: *mut WSADATA) -> i32 {
    let Some(data) = data.as_mut() else { return WSAEFAULT };
    // The major version is the lower byte.
    let wanted = (wanted as u8, (wanted >> 8) as u8);
    let version = VERSIONS.iter().find(|version| **version <= wanted);
    let (major, minor) = version.copied().unwrap_or((2, 2));
    data.wVersion = u16::from(major) | u16::from(minor) << 8;
    data.wHighVersion = NEWEST;
    put(&mut data.szDescription, b"WinSock 2.0");
    put(&mut data.szSystemStatus, b"Running");
    // Only the first version's programs look at these.
    (data.iMaxSockets, data.iMaxUdpDg) = if major == 1 { (0x7FFF, 65_467) } else { (0, 0) };
    data.lpVendorInfo = core::ptr::null_mut();
    if version.is_none() {
        return WSAVERNOTSUPPORTED;
    }
    STARTED.fetch_add(1, Ordering::Relaxed);
    0
}

fn put(target: &mut [i8], text: &[u8]) {
    target.iter_mut().zip(text.iter().chain(core::iter::repeat(&0))).for_each(|(to, from)| *to = *from as i8);
}

/// Ends Winsock, once for each start.
#[shim(ix = 15, mapping = "a count", risk = Wrong("an end that comes too soon"))]
pub unsafe extern "system" fn WSACleanup() -> Result<Number, Win32Error> {
    let less = |count: u32| count.checked_sub(1);
    match STARTED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
        Ok(_) => Ok(Number(0)),
        Err(_) => Err(failure(WSANOTINITIALISED)),
    }
}

/// The last error, which is the thread's.
#[shim(ix = 3, mapping = "the TEB", risk = Wrong("a wrong error"))]
pub unsafe extern "system" fn WSAGetLastError() -> i32 {
    teb::last_error() as i32
}

/// Sets the last error.
#[shim(ix = 23, mapping = "the TEB", risk = Wrong("a wrong error"))]
pub unsafe extern "system" fn WSASetLastError(code: i32) {
    teb::set_last_error(code as u32);
}
