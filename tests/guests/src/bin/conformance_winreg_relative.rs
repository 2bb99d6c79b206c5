//! wdm.h: keys by what they are relative to, and values by a table.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use guests::registry::{PLACE, create, get, open, set, text};
use guests::{Cases, case, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Registry::*;

const CONTROL: u32 = 2;
const WINDOWS_NT: u32 = 3;
const USER: u32 = 5;
const HANDLE_GIVEN: u32 = 0x4000_0000;
const OPTIONAL: u32 = 0x8000_0000;
const SUBKEY: u32 = 1;
const REQUIRED: u32 = 4;
const NOEXPAND: u32 = 0x10;
const DIRECT: u32 = 0x20;
const DELETE_IT: u32 = 0x40;

type Routine = unsafe extern "system" fn(*const u16, u32, *const u8, u32, *mut c_void, *mut c_void) -> NTSTATUS;

#[repr(C)]
struct Entry {
    routine: Option<Routine>,
    flags: u32,
    name: *const u16,
    context: *mut c_void,
    default_kind: u32,
    default: *const c_void,
    default_size: u32,
}

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn RtlCheckRegistryKey(relative: u32, path: *const u16) -> NTSTATUS;
    fn RtlCreateRegistryKey(relative: u32, path: *const u16) -> NTSTATUS;
    fn RtlWriteRegistryValue(relative: u32, path: *const u16, name: *const u16, kind: u32, data: *const c_void, size: u32) -> NTSTATUS;
    fn RtlDeleteRegistryValue(relative: u32, path: *const u16, name: *const u16) -> NTSTATUS;
    fn RtlQueryRegistryValues(relative: u32, path: *const u16, table: *const Entry, context: *mut c_void, environment: *const u16) -> NTSTATUS;
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        // SAFETY: a constant text.
        unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, wide(PLACE).as_ptr()) };
        keys(&mut cases);
        table(&mut cases);
        // SAFETY: a constant text.
        unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, wide(PLACE).as_ptr()) };
        cases.code()
    }
}

fn keys(cases: &mut Cases) {
    case!(
        cases,
        "ntdll!RtlCheckRegistryKey",
        Success,
        "a control set's key, one of the version's, one behind a handle",
        wine = "has no way to the user's keys",
        {
            let key = create("relative\\below")?;
            // SAFETY: the texts end in a NUL, the handle is open.
            unsafe {
                same!(RtlCheckRegistryKey(CONTROL, wide("Nls\\CodePage").as_ptr()), STATUS_SUCCESS);
                same!(RtlCheckRegistryKey(WINDOWS_NT, null()), STATUS_SUCCESS);
                same!(RtlCheckRegistryKey(USER, wide(PLACE).as_ptr()), STATUS_SUCCESS);
                same!(RtlCheckRegistryKey(0, wide("\\Registry\\Machine\\Software").as_ptr()), STATUS_SUCCESS);
                same!(RtlCheckRegistryKey(HANDLE_GIVEN, key.0.cast()), STATUS_SUCCESS);
            }
        }
    );
    case!(cases, "ntdll!RtlCheckRegistryKey", Failure, "keys that are not there, and a number that is none", {
        // SAFETY: as above.
        unsafe {
            same!(RtlCheckRegistryKey(USER, wide("None\\Such").as_ptr()), STATUS_OBJECT_NAME_NOT_FOUND);
            same!(RtlCheckRegistryKey(77, null()), STATUS_INVALID_PARAMETER);
        }
    });
    case!(
        cases,
        "ntdll!RtlCreateRegistryKey ntdll!RtlWriteRegistryValue ntdll!RtlDeleteRegistryValue",
        Success,
        "a key, a value, and its end",
        wine = "has no way to the user's keys",
        {
            let path = wide(&format!("{PLACE}\\made"));
            let opened = || open(HKEY_CURRENT_USER, &format!("{PLACE}\\made"), KEY_READ).map_err(|code| format!("{code}"));
            create("x")?;
            // SAFETY: as above.
            unsafe {
                same!(RtlCreateRegistryKey(USER, path.as_ptr()), STATUS_SUCCESS);
                same!(RtlWriteRegistryValue(USER, path.as_ptr(), wide("v").as_ptr(), REG_BINARY, [1_u8, 2].as_ptr().cast(), 2), STATUS_SUCCESS);
                same!(get(&opened()?, "v"), Ok((REG_BINARY, Vec::from([1, 2]))));
                same!(RtlDeleteRegistryValue(USER, path.as_ptr(), wide("v").as_ptr()), STATUS_SUCCESS);
                same!(get(&opened()?, "v"), Err(ERROR_FILE_NOT_FOUND));
            }
        }
    );
    case!(cases, "ntdll!RtlWriteRegistryValue ntdll!RtlDeleteRegistryValue", Failure, "what is not there", {
        let path = wide(&format!("{PLACE}\\made"));
        // SAFETY: as above.
        unsafe {
            same!(RtlDeleteRegistryValue(USER, path.as_ptr(), wide("none").as_ptr()), STATUS_OBJECT_NAME_NOT_FOUND);
            same!(RtlWriteRegistryValue(99, path.as_ptr(), wide("v").as_ptr(), REG_BINARY, null(), 0), STATUS_INVALID_PARAMETER);
        }
    });
}

/// What a routine was told, in words.
unsafe extern "system" fn note(name: *const u16, kind: u32, data: *const u8, size: u32, context: *mut c_void, entry: *mut c_void) -> NTSTATUS {
    // SAFETY: the context is the test's text; name and data are as documented.
    unsafe {
        let length = (0..).take_while(|at| !name.is_null() && *name.add(*at) != 0).count();
        let name = if name.is_null() { String::new() } else { narrow(core::slice::from_raw_parts(name, length)) };
        let bytes = if size == 0 { &[] } else { core::slice::from_raw_parts(data, size as usize) };
        let shown: String = match kind {
            REG_SZ | REG_EXPAND_SZ => bytes.chunks(2).map(|unit| char::from(unit[0])).filter(|unit| *unit != '\0').collect(),
            _ => format!("{bytes:?}"),
        };
        (*context.cast::<String>()).push_str(&format!("{} {name}={kind}:{shown};", entry as usize));
    }
    STATUS_SUCCESS
}

fn entry(flags: u32, name: &[u16], number: usize) -> Entry {
    let name = if name.len() <= 1 { null() } else { name.as_ptr() };
    Entry { routine: Some(note), flags, name, context: number as *mut c_void, default_kind: 0, default: null(), default_size: 0 }
}

fn end() -> Entry {
    // SAFETY: all NULL is the end of a table.
    unsafe { zeroed() }
}

fn table(cases: &mut Cases) {
    case!(
        cases,
        "ntdll!RtlQueryRegistryValues",
        Success,
        "by name, all of them, those of a key below",
        wine = "lists of texts are not taken apart",
        {
            let key = create("table")?;
            for (name, kind, data) in [("a", REG_SZ, text("one")), ("b", REG_DWORD, Vec::from([1, 0, 0, 0])), ("c", REG_EXPAND_SZ, text("%OS%"))] {
                same!(set(&key, name, kind, &data), 0);
            }
            let list: Vec<u8> = [text("x"), text("y"), text("")].concat();
            same!(set(&key, "d", REG_MULTI_SZ, &list), 0);
            same!(set(&create("table\\below")?, "e", REG_SZ, &text("deep")), 0);
            let (a, c, d, below) = (wide("a"), wide("c"), wide("d"), wide("below"));
            let run = |table: &[Entry]| {
                let mut told = String::new();
                // SAFETY: the table ends, texts and places live through the call.
                let status = unsafe { RtlQueryRegistryValues(HANDLE_GIVEN, key.0.cast(), table.as_ptr(), (&raw mut told).cast(), null()) };
                (status, told)
            };
            same!(run(&[entry(0, &a, 1), entry(0, &d, 2), end()]), (0, "1 a=1:one;2 d=1:x;2 d=1:y;".into()));
            same!(run(&[entry(0, &c, 3), entry(NOEXPAND, &c, 4), end()]), (0, "3 c=1:Windows_NT;4 c=2:%OS%;".into()));
            same!(run(&[entry(0, &[], 5), end()]).1, "5 a=1:one;5 b=4:[1, 0, 0, 0];5 c=1:Windows_NT;5 d=1:x;5 d=1:y;");
            same!(run(&[entry(SUBKEY, &below, 6), end()]), (0, "6 e=1:deep;".into()));
            // A value that is not there, with and without something in its place.
            let none = wide("none");
            let default = wide("instead");
            let with = Entry { default_kind: REG_SZ, default: default.as_ptr().cast(), ..entry(0, &none, 7) };
            same!(run(&[entry(0, &none, 8), with, end()]), (0, "7 none=1:instead;".into()));
            same!(run(&[entry(DELETE_IT, &a, 9), end()]), (0, "9 a=1:one;".into()));
            same!(get(&key, "a"), Err(ERROR_FILE_NOT_FOUND));
        }
    );
    case!(cases, "ntdll!RtlQueryRegistryValues", Success, "straight into its place", {
        let key = create("direct")?;
        same!(set(&key, "n", REG_DWORD, &[7, 1, 0, 0]), 0);
        same!(set(&key, "t", REG_SZ, &text("text")), 0);
        let (n, t) = (wide("n"), wide("t"));
        let (mut number, mut buffer) = (0_u32, [0_u16; 16]);
        let mut place = UNICODE_STRING { Length: 0, MaximumLength: 32, Buffer: buffer.as_mut_ptr() };
        let direct = |name: &[u16], to: *mut c_void| Entry { routine: None, context: to, ..entry(DIRECT, name, 0) };
        let table = [direct(&n, (&raw mut number).cast()), direct(&t, (&raw mut place).cast()), end()];
        // SAFETY: the table ends, texts and places live through the call.
        let status = unsafe { RtlQueryRegistryValues(HANDLE_GIVEN, key.0.cast(), table.as_ptr(), null_mut(), null()) };
        same!((status, number, place.Length), (0, 0x107, 8));
        same!(narrow(&buffer[..4]), "text");
    });
    case!(cases, "ntdll!RtlQueryRegistryValues", Failure, "what must be there and is not", wine = "wants keys that need not be there", {
        let (key, none) = (create("table")?, wide("none"));
        let mut told = String::new();
        // SAFETY: as above.
        unsafe {
            let required = [entry(REQUIRED, &none, 1), end()];
            same!(
                RtlQueryRegistryValues(HANDLE_GIVEN, key.0.cast(), required.as_ptr(), (&raw mut told).cast(), null()),
                STATUS_OBJECT_NAME_NOT_FOUND
            );
            same!(RtlQueryRegistryValues(USER, none.as_ptr(), required.as_ptr(), (&raw mut told).cast(), null()), STATUS_OBJECT_NAME_NOT_FOUND);
            let optional = [entry(0, &none, 1), end()];
            same!(RtlQueryRegistryValues(USER | OPTIONAL, none.as_ptr(), optional.as_ptr(), (&raw mut told).cast(), null()), STATUS_SUCCESS);
        }
        same!(told, "");
    });
}
