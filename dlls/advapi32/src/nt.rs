//! What advapi32 stands on: the exports of `ntdll`.

use alloc::vec::Vec;
use windows_sys::Win32::Foundation::UNICODE_STRING;

guest::imports! {
    "ntdll" {
        fn RtlQueryEnvironmentVariable_U(environment: *const u16, name: *const UNICODE_STRING, value: *mut UNICODE_STRING) -> i32;
    }
}

/// A variable's value.
pub fn variable(name: &str) -> Option<Vec<u16>> {
    let name: Vec<u16> = name.encode_utf16().collect();
    let mut value = alloc::vec![0_u16; 0x4000];
    let string = |units: &mut [u16]| {
        let bytes = size_of_val(units) as u16;
        UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_mut_ptr() }
    };
    let mut target = string(&mut value);
    // SAFETY: both strings live through the call.
    let status = unsafe { RtlQueryEnvironmentVariable_U(core::ptr::null(), &string(&mut name.clone()), &raw mut target) };
    let length = usize::from(target.Length / 2);
    value.truncate(length);
    (status >= 0).then_some(value)
}
