//! combaseapi.h: numbers of classes and interfaces, and objects by them: no class is registered.

use crate::objbase::entered;
use crate::task::allocate;
use alloc::string::String;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::HResult;
use guest::error::Failure;
use guest::{router, shim, text};
use windows_sys::Win32::Foundation::{CO_E_CLASSSTRING, CO_E_NOTINITIALIZED, E_INVALIDARG, E_OUTOFMEMORY, E_POINTER, REGDB_E_CLASSNOTREG};
use windows_sys::core::GUID;

guest::imports! {
    "ntdll" {
        fn SystemFunction036(buffer: *mut u8, length: u32) -> u8;
    }
}

/// A number as it is written: `{00000000-0000-0000-0000-000000000000}`.
fn shown(guid: &GUID) -> String {
    let [a, b, c, d, e, f, g, h] = guid.data4;
    alloc::format!("{{{:08X}-{:04X}-{:04X}-{a:02X}{b:02X}-{c:02X}{d:02X}{e:02X}{f:02X}{g:02X}{h:02X}}}", guid.data1, guid.data2, guid.data3)
}

/// A written number.
fn parse(units: &[u16]) -> Option<GUID> {
    let written = String::from_utf16(units).ok()?;
    let inner = written.strip_prefix('{')?.strip_suffix('}')?;
    let parts: alloc::vec::Vec<&str> = inner.split('-').collect();
    let [first, second, third, fourth, last] = parts.as_slice() else { return None };
    if [first.len(), second.len(), third.len(), fourth.len(), last.len()] != [8, 4, 4, 4, 12] || inner.contains('+') {
        return None;
    }
    let tail = u64::from_str_radix(&alloc::format!("{fourth}{last}"), 16).ok()?;
    Some(GUID {
        data1: u32::from_str_radix(first, 16).ok()?,
        data2: u16::from_str_radix(second, 16).ok()?,
        data3: u16::from_str_radix(third, 16).ok()?,
        data4: tail.to_be_bytes(),
    })
}

/// Makes a number that nobody else has: a random one, version 4.
#[shim(ix = 5, mapping = "gate Random: the host's generator", risk = Wrong("a number that can be guessed"))]
pub unsafe extern "system" fn CoCreateGuid(answer: *mut GUID) -> Result<HResult, Failure> {
    if answer.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    let mut bytes = [0_u8; 16];
    if unsafe { SystemFunction036(bytes.as_mut_ptr(), 16) } == 0 {
        return Err(Failure(E_OUTOFMEMORY));
    }
    let mut guid = GUID::from_u128(u128::from_le_bytes(bytes));
    guid.data3 = guid.data3 & 0x0FFF | 0x4000;
    guid.data4[0] = guid.data4[0] & 0x3F | 0x80;
    unsafe { *answer = guid };
    Ok(HResult::OK)
}

/// Writes a number; answers how many units that took with the NUL, or 0 where they do not fit.
#[shim(ix = 10, mapping = "its digits", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn StringFromGUID2(guid: *const GUID, buffer: *mut u16, room: i32) -> i32 {
    let units = text::terminated(&shown(unsafe { &*guid }));
    if usize::try_from(room).unwrap_or(0) < units.len() {
        return 0;
    }
    unsafe { buffer.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    units.len() as i32
}

/// Writes a number into task memory.
unsafe fn written(guid: *const GUID, answer: *mut *mut u16) -> Result<HResult, Failure> {
    if guid.is_null() || answer.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    let units = text::terminated(&shown(unsafe { &*guid }));
    let block = allocate(2 * units.len()).cast::<u16>();
    if block.is_null() {
        return Err(Failure(E_OUTOFMEMORY));
    }
    unsafe {
        block.copy_from_nonoverlapping(units.as_ptr(), units.len());
        *answer = block;
    }
    Ok(HResult::OK)
}

/// Writes a class's number into task memory.
#[shim(ix = 14, mapping = "its digits", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn StringFromCLSID(guid: *const GUID, answer: *mut *mut u16) -> Result<HResult, Failure> {
    unsafe { written(guid, answer) }
}

/// Writes an interface's number into task memory.
#[shim(ix = 38, mapping = "its digits", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn StringFromIID(guid: *const GUID, answer: *mut *mut u16) -> Result<HResult, Failure> {
    unsafe { written(guid, answer) }
}

/// Reads a number; no text is the number of nothing.
unsafe fn read(source: *const u16, answer: *mut GUID) -> Result<HResult, Failure> {
    if answer.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    let guid = if source.is_null() { Some(GUID::from_u128(0)) } else { parse(unsafe { text::wide(source) }) };
    // What is no number may be a class's name, and no class has one.
    unsafe { *answer = guid.ok_or(Failure(CO_E_CLASSSTRING))? };
    Ok(HResult::OK)
}

/// Reads a class's number.
#[shim(ix = 8, mapping = "its digits", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn CLSIDFromString(source: *const u16, answer: *mut GUID) -> Result<HResult, Failure> {
    unsafe { read(source, answer) }
}

/// Reads an interface's number.
#[shim(ix = 39, mapping = "its digits", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn IIDFromString(source: *const u16, answer: *mut GUID) -> Result<HResult, Failure> {
    if !source.is_null() && parse(unsafe { text::wide(source) }).is_none() {
        return Err(Failure(windows_sys::Win32::Foundation::CO_E_IIDSTRING));
    }
    unsafe { read(source, answer) }
}

/// Says whether two numbers are the same.
#[shim(ix = 16, mapping = "a comparison", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsEqualGUID(one: *const GUID, other: *const GUID) -> i32 {
    let (one, other) = unsafe { (&*one, &*other) };
    (one.data1 == other.data1 && one.data2 == other.data2 && one.data3 == other.data3 && one.data4 == other.data4).into()
}

router! {
    /// By the class that an object is wanted of: none is registered.
    fn object(class: String, initialized: bool) -> Result<*mut c_void, Failure> for "CoCreateInstance", otherwise Failure(REGDB_E_CLASSNOTREG); {
        !initialized => Err(Failure(CO_E_NOTINITIALIZED));
    }
}

/// Makes an object of a class: no class is registered.
#[shim(ix = 1, mapping = "no class is registered", risk = Functional("an object that is not there"))]
pub unsafe extern "system" fn CoCreateInstance(
    class: *const GUID,
    _outer: *mut c_void,
    _context: u32,
    interface: *const GUID,
    answer: *mut *mut c_void,
) -> Result<HResult, Failure> {
    if answer.is_null() {
        return Err(Failure(E_POINTER));
    }
    unsafe { *answer = null_mut() };
    if class.is_null() || interface.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    let made = object(shown(unsafe { &*class }), entered())?;
    unsafe { *answer = made };
    Ok(HResult::OK)
}

/// Answers the maker of a class's objects: no class is registered.
#[shim(ix = 32, mapping = "no class is registered", risk = Functional("an object that is not there"))]
pub unsafe extern "system" fn CoGetClassObject(
    class: *const GUID,
    _context: u32,
    _server: *const c_void,
    interface: *const GUID,
    answer: *mut *mut c_void,
) -> Result<HResult, Failure> {
    if answer.is_null() || class.is_null() || interface.is_null() {
        return Err(Failure(E_INVALIDARG));
    }
    unsafe { *answer = null_mut() };
    let made = object(shown(unsafe { &*class }), entered())?;
    unsafe { *answer = made };
    Ok(HResult::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_and_read() {
        let written = "{00021401-0000-0000-C000-000000000046}";
        let units: alloc::vec::Vec<u16> = written.encode_utf16().collect();
        let guid = parse(&units).unwrap();
        assert_eq!((guid.data1, guid.data4), (0x0002_1401, [0xC0, 0, 0, 0, 0, 0, 0, 0x46]));
        assert_eq!(shown(&guid), written);
        for wrong in
            ["", "{}", "00021401-0000-0000-C000-000000000046", "{00021401-0000-0000-C000-00000000004}", "{0002140g-0000-0000-C000-000000000046}"]
        {
            let units: alloc::vec::Vec<u16> = wrong.encode_utf16().collect();
            assert!(parse(&units).is_none(), "{wrong}");
        }
    }
}
