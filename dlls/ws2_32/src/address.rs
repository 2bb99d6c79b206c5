//! winsock2.h and ws2tcpip.h: addresses as numbers and as text, which need no network.

use alloc::string::{String, ToString};
use core::ffi::c_void;
use core::net::{Ipv4Addr, Ipv6Addr};
use guest::call::Pointer;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, INADDR_NONE, WSAEAFNOSUPPORT, WSAEFAULT};

use crate::startup::failure;

/// A number in the network's order of bytes.
#[shim(ix = 20, mapping = "arithmetic", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn htons(number: u16) -> u16 {
    number.to_be()
}

/// A number in the network's order of bytes.
#[shim(ix = 25, mapping = "arithmetic", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn htonl(number: u32) -> u32 {
    number.to_be()
}

/// A number in the machine's order of bytes.
#[shim(ix = 29, mapping = "arithmetic", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn ntohs(number: u16) -> u16 {
    u16::from_be(number)
}

/// A number in the machine's order of bytes.
#[shim(ix = 35, mapping = "arithmetic", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn ntohl(number: u32) -> u32 {
    u32::from_be(number)
}

/// A number of an address: decimal, octal behind a 0, hexadecimal behind 0x.
fn part(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok();
    }
    let radix = if text.len() > 1 && text.starts_with('0') { 8 } else { 10 };
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| u32::from_str_radix(text, radix).ok()).flatten()
}

/// An address of one to four numbers, the last of which fills what is left.
fn dotted(text: &str) -> Option<u32> {
    // A blank ends it.
    let text = text.split(|character: char| character.is_ascii_whitespace()).next()?;
    let parts: alloc::vec::Vec<u32> = text.split('.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|number| *number > 0xFF) {
        return None;
    }
    let left = 32 - 8 * first.len() as u32;
    if left < 32 && *last >> left != 0 {
        return None;
    }
    let high = first.iter().enumerate().fold(0, |sum, (index, number)| sum | number << (24 - 8 * index));
    Some(high | last)
}

/// The number of an address in dots; `INADDR_NONE` where it is none.
#[shim(ix = 40, mapping = "text alone", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn inet_addr(address: *const u8) -> u32 {
    if address.is_null() {
        return INADDR_NONE;
    }
    core::str::from_utf8(text::narrow(address)).ok().and_then(dotted).map_or(INADDR_NONE, u32::to_be)
}

/// Reads an address: 1, or 0 where the text is none, or -1 and the last error.
unsafe fn read(family: i32, text: &str, target: *mut c_void) -> i32 {
    if target.is_null() {
        guest::teb::set_last_error(WSAEFAULT as u32);
        return -1;
    }
    if family == i32::from(AF_INET) {
        text.parse::<Ipv4Addr>().map_or(0, |address| {
            target.cast::<[u8; 4]>().write_unaligned(address.octets());
            1
        })
    } else if family == i32::from(AF_INET6) {
        text.parse::<Ipv6Addr>().map_or(0, |address| {
            target.cast::<[u8; 16]>().write_unaligned(address.octets());
            1
        })
    } else {
        guest::teb::set_last_error(WSAEAFNOSUPPORT as u32);
        -1
    }
}

/// Reads an address of either family.
#[shim(ix = 62, mapping = "text alone", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn inet_pton(family: i32, address: *const u8, target: *mut c_void) -> i32 {
    let text = if address.is_null() { "" } else { core::str::from_utf8(text::narrow(address)).unwrap_or("") };
    read(family, text, if address.is_null() { core::ptr::null_mut() } else { target })
}

/// Reads an address of either family.
#[shim(ix = 64, mapping = "text alone", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn InetPtonW(family: i32, address: *const u16, target: *mut c_void) -> i32 {
    let text = if address.is_null() { String::new() } else { text::lossy(text::wide(address)) };
    read(family, &text, if address.is_null() { core::ptr::null_mut() } else { target })
}

unsafe fn written(family: i32, address: *const c_void) -> Result<String, Win32Error> {
    if family == i32::from(AF_INET) {
        Ok(Ipv4Addr::from(address.cast::<[u8; 4]>().read_unaligned()).to_string())
    } else if family == i32::from(AF_INET6) {
        Ok(Ipv6Addr::from(address.cast::<[u8; 16]>().read_unaligned()).to_string())
    } else {
        Err(failure(WSAEAFNOSUPPORT))
    }
}

/// Writes an address of either family as text.
#[shim(ix = 71, mapping = "text alone", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn inet_ntop(family: i32, address: *const c_void, target: *mut u8, room: usize) -> Result<Pointer<u8>, Win32Error> {
    let text = written(family, address)?;
    if target.is_null() || room <= text.len() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    target.copy_from_nonoverlapping(text.as_ptr(), text.len());
    *target.add(text.len()) = 0;
    Ok(Pointer(target))
}

/// Writes an address of either family as text.
#[shim(ix = 63, mapping = "text alone", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn InetNtopW(family: i32, address: *const c_void, target: *mut u16, room: usize) -> Result<Pointer<u16>, Win32Error> {
    let text = written(family, address)?;
    if target.is_null() || room <= text.len() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let units = text::terminated(&text);
    target.copy_from_nonoverlapping(units.as_ptr(), units.len());
    Ok(Pointer(target))
}

#[cfg(test)]
mod tests {
    use super::dotted;

    #[test]
    fn addresses_in_dots() {
        for (text, number) in [
            ("127.0.0.1", Some(0x7F00_0001)),
            ("127.1", Some(0x7F00_0001)),
            ("0x7f.0.0.010", Some(0x7F00_0008)),
            ("1.2.3.4 rest", Some(0x0102_0304)),
            ("4294967295", Some(u32::MAX)),
            ("1.2.3.4.5", None),
            ("1.2.3.256", None),
            ("256.1", None),
            ("a.b", None),
            ("", None),
        ] {
            assert_eq!(dotted(text), number, "{text}");
        }
    }
}
