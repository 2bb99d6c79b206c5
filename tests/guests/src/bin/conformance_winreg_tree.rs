//! winreg.h: views, classes, trees, notices, what a sandbox refuses, and what every Windows has.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guests::registry::{Key, PLACE, create, create_with, get, names, open, set, text};
use guests::{Cases, case, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Registry::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        // What an earlier run has left under Wine.
        // SAFETY: a constant text.
        unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, wide(PLACE).as_ptr()) };
        expected(&mut cases);
        trees(&mut cases);
        views(&mut cases);
        classes(&mut cases);
        notices(&mut cases);
        kinds(&mut cases);
        refusals(&mut cases);
        base(&mut cases);
        // SAFETY: a constant text.
        unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, wide(PLACE).as_ptr()) };
        cases.code()
    }
}

const PATIENCE: u32 = 10_000;

#[cfg_attr(target_arch = "x86", link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "ntdll", kind = "raw-dylib"))]
unsafe extern "system" {
    fn NtQueryKey(key: HKEY, class: i32, buffer: *mut core::ffi::c_void, length: u32, needed: *mut u32) -> i32;
    fn NtDeleteKey(key: HKEY) -> i32;
}

fn expected(cases: &mut Cases) {
    case!(cases, "advapi32!RegGetValueW", Success, "kinds that are expected, and texts that end", {
        let key = create("expected")?;
        same!(set(&key, "n", REG_DWORD, &[5, 0, 0, 0]), 0);
        same!(set(&key, "t", REG_SZ, &text("abc")[..6]), 0);
        same!(set(&key, "e", REG_EXPAND_SZ, &text("%SystemDrive%\\x")), 0);
        let (mut number, mut size, mut kind, mut buffer) = (0_u32, 4, 0, [0xFFFF_u16; 32]);
        let sub = wide("expected");
        let place = open(HKEY_CURRENT_USER, PLACE, KEY_READ).map_err(|code| format!("{code}"))?;
        // SAFETY: as above.
        unsafe {
            same!(
                RegGetValueW(place.0, sub.as_ptr(), wide("n").as_ptr(), RRF_RT_REG_DWORD, &raw mut kind, (&raw mut number).cast(), &raw mut size),
                0
            );
            same!((number, size, kind), (5, 4, REG_DWORD));
            same!(RegGetValueW(place.0, sub.as_ptr(), wide("n").as_ptr(), RRF_RT_REG_SZ, null_mut(), null_mut(), null_mut()), ERROR_UNSUPPORTED_TYPE);
            size = 64;
            same!(RegGetValueW(key.0, null(), wide("t").as_ptr(), RRF_RT_REG_SZ, null_mut(), buffer.as_mut_ptr().cast(), &raw mut size), 0);
            same!((narrow(&buffer[..3]), buffer[3], size), (String::from("abc"), 0, 8));
            size = 64;
            same!(RegGetValueW(key.0, null(), wide("e").as_ptr(), RRF_RT_REG_SZ, &raw mut kind, buffer.as_mut_ptr().cast(), &raw mut size), 0);
            same!((narrow(&buffer[..4]), size, kind), (String::from("C:\\x"), 10, REG_SZ));
            size = 64;
            same!(
                RegGetValueW(
                    key.0,
                    null(),
                    wide("e").as_ptr(),
                    RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND,
                    &raw mut kind,
                    buffer.as_mut_ptr().cast(),
                    &raw mut size
                ),
                0
            );
            same!(kind, REG_EXPAND_SZ);
            same!(RegGetValueW(key.0, null(), wide("none").as_ptr(), RRF_RT_ANY, null_mut(), null_mut(), null_mut()), ERROR_FILE_NOT_FOUND);
            size = 2;
            same!(
                RegGetValueW(key.0, null(), wide("n").as_ptr(), RRF_RT_ANY, null_mut(), buffer.as_mut_ptr().cast(), &raw mut size),
                ERROR_MORE_DATA
            );
            same!(
                RegGetValueW(key.0, null(), wide("n").as_ptr(), RRF_RT_ANY, null_mut(), buffer.as_mut_ptr().cast(), null_mut()),
                ERROR_INVALID_PARAMETER
            );
            same!(RegGetValueW(key.0, null(), wide("e").as_ptr(), RRF_RT_REG_EXPAND_SZ, null_mut(), null_mut(), null_mut()), ERROR_INVALID_PARAMETER);
        }
    });
}

fn trees(cases: &mut Cases) {
    case!(cases, "advapi32!RegCopyTreeW", Success, "a tree", {
        let (from, to) = (create("from")?, create("to")?);
        let sub = create("from\\a\\b")?;
        same!(set(&from, "x", REG_BINARY, &[1]), 0);
        same!(set(&sub, "", REG_SZ, &text("deep")), 0);
        // SAFETY: as above.
        unsafe { same!(RegCopyTreeW(from.0, null(), to.0), 0) };
        same!(get(&to, "x"), Ok((REG_BINARY, alloc::vec![1])));
        let copy = open(to.0, "a\\b", KEY_READ).map_err(|code| format!("{code}"))?;
        same!(get(&copy, ""), Ok((REG_SZ, text("deep"))));
    });
    case!(cases, "advapi32!RegOverridePredefKey", Success, "a root that leads elsewhere for a while", {
        let key = create("override")?;
        same!(set(&key, "here", REG_BINARY, &[1]), 0);
        // SAFETY: as above.
        unsafe {
            same!(RegOverridePredefKey(HKEY_CURRENT_USER, key.0), 0);
            let found = get(&Key(HKEY_CURRENT_USER), "here");
            same!(RegOverridePredefKey(HKEY_CURRENT_USER, null_mut()), 0);
            same!(found, Ok((REG_BINARY, alloc::vec![1])));
        }
        same!(open(HKEY_CURRENT_USER, PLACE, KEY_READ).is_ok(), true);
    });
    case!(cases, "advapi32!RegCreateKeyExW", Success, "a symbolic link", {
        let target = create("target")?;
        same!(set(&target, "x", REG_BINARY, &[4]), 0);
        let options = REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE;
        let (link, _) =
            create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\link"), options, KEY_ALL_ACCESS | KEY_CREATE_LINK).map_err(|code| format!("{code}"))?;
        let mut name = [0_u16; 512];
        let mut user = null_mut();
        // SAFETY: as above.
        let path = unsafe {
            same!(RegOpenCurrentUser(KEY_READ, &raw mut user), 0);
            let user = Key(user);
            let mut needed = 0;
            same!(NtQueryKey(user.0, 3, name.as_mut_ptr().cast(), 1024, &raw mut needed), 0);
            let length = usize::from(name[0]) / 2;
            format!("{}\\{PLACE}\\target", narrow(&name[2..2 + length]))
        };
        let bytes: Vec<u8> = path.encode_utf16().flat_map(u16::to_le_bytes).collect();
        same!(set(&link, "SymbolicLinkValue", REG_LINK, &bytes), 0);
        let through = open(HKEY_CURRENT_USER, &format!("{PLACE}\\link"), KEY_READ).map_err(|code| format!("{code}"))?;
        same!(get(&through, "x"), Ok((REG_BINARY, alloc::vec![4])));
        // SAFETY: the handle is open.
        unsafe { same!(NtDeleteKey(link.0), 0) };
    });
}

fn views(cases: &mut Cases) {
    case!(cases, "advapi32!RegOpenKeyExW", Success, "the 32-bit view and the 64-bit view", {
        let path = "Software\\WcConformanceView";
        let make = |view| create_with(HKEY_LOCAL_MACHINE, path, 0, KEY_ALL_ACCESS | view).map(|(key, _)| key).map_err(|code| format!("{code}"));
        let (wide_view, narrow_view) = (make(KEY_WOW64_64KEY)?, make(KEY_WOW64_32KEY)?);
        same!(set(&wide_view, "x", REG_BINARY, &[64]), 0);
        same!(set(&narrow_view, "x", REG_BINARY, &[32]), 0);
        let own = open(HKEY_LOCAL_MACHINE, path, KEY_READ).map_err(|code| format!("{code}"))?;
        same!(get(&own, "x").map(|(_, data)| data[0]), Ok(if cfg!(target_pointer_width = "64") { 64 } else { 32 }));
        let node =
            open(HKEY_LOCAL_MACHINE, "Software\\Wow6432Node\\WcConformanceView", KEY_READ | KEY_WOW64_64KEY).map_err(|code| format!("{code}"))?;
        same!(get(&node, "x").map(|(_, data)| data[0]), Ok(32));
        // SAFETY: as above.
        unsafe {
            same!(RegDeleteKeyExW(HKEY_LOCAL_MACHINE, wide(path).as_ptr(), KEY_WOW64_32KEY, 0), 0);
            same!(RegDeleteKeyExW(HKEY_LOCAL_MACHINE, wide(path).as_ptr(), KEY_WOW64_64KEY, 0), 0);
        }
    });
    case!(cases, "advapi32!RegOpenKeyExW", Success, "what both views share", {
        let path = "Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones";
        let narrow_view = open(HKEY_LOCAL_MACHINE, path, KEY_READ | KEY_WOW64_32KEY).map_err(|code| format!("{code}"))?;
        let wide_view = open(HKEY_LOCAL_MACHINE, path, KEY_READ | KEY_WOW64_64KEY).map_err(|code| format!("{code}"))?;
        same!(names(&narrow_view).len() > 100, true);
        same!(names(&narrow_view), names(&wide_view));
    });
}

fn classes(cases: &mut Cases) {
    case!(cases, "advapi32!RegOpenKeyExW", Success, "the user's classes over the machine's", wine = "shows the machine's alone", {
        let name = ".wcconformance";
        let machine = create_with(HKEY_LOCAL_MACHINE, &format!("Software\\Classes\\{name}"), 0, KEY_ALL_ACCESS).map_err(|code| format!("{code}"))?.0;
        same!(set(&machine, "", REG_SZ, &text("machine")), 0);
        let found = open(HKEY_CLASSES_ROOT, name, KEY_READ).map_err(|code| format!("{code}"))?;
        same!(get(&found, ""), Ok((REG_SZ, text("machine"))));
        let user = create_with(HKEY_CURRENT_USER, &format!("Software\\Classes\\{name}"), 0, KEY_ALL_ACCESS).map_err(|code| format!("{code}"))?.0;
        same!(set(&user, "", REG_SZ, &text("user")), 0);
        let found = open(HKEY_CLASSES_ROOT, name, KEY_READ).map_err(|code| format!("{code}"))?;
        let merged = get(&found, "");
        // SAFETY: as above.
        unsafe {
            same!(RegDeleteKeyW(HKEY_CURRENT_USER, wide(&format!("Software\\Classes\\{name}")).as_ptr()), 0);
            same!(RegDeleteKeyW(HKEY_LOCAL_MACHINE, wide(&format!("Software\\Classes\\{name}")).as_ptr()), 0);
        }
        same!(merged, Ok((REG_SZ, text("user"))));
    });
}

fn notices(cases: &mut Cases) {
    case!(cases, "advapi32!RegNotifyChangeKeyValue", Success, "a value, a key below, the key's end", {
        let key = create("watched")?;
        // SAFETY: as above.
        unsafe {
            let event = CreateEventW(null(), 0, 0, null());
            same!(RegNotifyChangeKeyValue(key.0, 0, REG_NOTIFY_CHANGE_LAST_SET, event, 1), 0);
            same!(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
            same!(set(&key, "x", REG_BINARY, &[1]), 0);
            same!(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
            // What the handle hears of stays what its first call said.
            same!(RegNotifyChangeKeyValue(key.0, 1, REG_NOTIFY_CHANGE_NAME, event, 1), 0);
            same!(set(&key, "x", REG_BINARY, &[2]), 0);
            same!(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
            let other = create("watched")?;
            same!(RegNotifyChangeKeyValue(other.0, 1, REG_NOTIFY_CHANGE_NAME, event, 1), 0);
            same!(set(&key, "x", REG_BINARY, &[3]), 0);
            same!(WaitForSingleObject(event, 50), WAIT_TIMEOUT);
            create("watched\\a\\b")?;
            same!(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
            let second = create("watched")?;
            same!(RegNotifyChangeKeyValue(second.0, 0, REG_NOTIFY_CHANGE_NAME, event, 1), 0);
            drop(second);
            same!(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
            CloseHandle(event);
        }
    });
    case!(cases, "advapi32!RegNotifyChangeKeyValue", Success, "a change between two requests", wine = "forgets it", {
        let key = create("watched")?;
        // SAFETY: as above.
        unsafe {
            let event = CreateEventW(null(), 0, 0, null());
            same!(set(&key, "before", REG_BINARY, &[1]), 0);
            same!(RegNotifyChangeKeyValue(key.0, 0, REG_NOTIFY_CHANGE_LAST_SET, event, 1), 0);
            same!(WaitForSingleObject(event, 50), WAIT_TIMEOUT);
            same!(set(&key, "x", REG_BINARY, &[1]), 0);
            same!(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
            same!(set(&key, "x", REG_BINARY, &[2]), 0);
            same!(RegNotifyChangeKeyValue(key.0, 0, REG_NOTIFY_CHANGE_LAST_SET, event, 1), 0);
            same!(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
            same!(RegNotifyChangeKeyValue(key.0, 0, REG_NOTIFY_CHANGE_LAST_SET, event, 1), 0);
            same!(WaitForSingleObject(event, 50), WAIT_TIMEOUT);
            CloseHandle(event);
        }
    });
    case!(cases, "advapi32!RegNotifyChangeKeyValue", Failure, "without an event, without a right", wine = "says that the handle is none", {
        let key = create("watched")?;
        // SAFETY: as above.
        unsafe {
            same!(RegNotifyChangeKeyValue(key.0, 0, REG_NOTIFY_CHANGE_NAME, null_mut(), 1), ERROR_INVALID_PARAMETER);
            let event = CreateEventW(null(), 0, 0, null());
            let blind = open(HKEY_CURRENT_USER, &format!("{PLACE}\\watched"), KEY_QUERY_VALUE).map_err(|code| format!("{code}"))?;
            same!(RegNotifyChangeKeyValue(blind.0, 0, REG_NOTIFY_CHANGE_NAME, event, 1), ERROR_ACCESS_DENIED);
            CloseHandle(event);
        }
    });
}

fn kinds(cases: &mut Cases) {
    case!(cases, "advapi32!RegGetKeySecurity", Success, "a descriptor", {
        let key = create("security")?;
        let mut size = 0;
        // SAFETY: as above.
        unsafe {
            same!(RegGetKeySecurity(key.0, 4, null_mut(), &raw mut size), ERROR_INSUFFICIENT_BUFFER);
            let mut buffer = alloc::vec![0_u8; size as usize];
            same!(RegGetKeySecurity(key.0, 4, buffer.as_mut_ptr().cast(), &raw mut size), 0);
            same!((buffer[0], buffer[3] & 0x80), (1, 0x80));
        }
    });
    case!(cases, "kernel32!CloseHandle", Failure, "a key is no file", {
        let key = create("kind")?;
        let mut read = 0;
        let mut buffer = [0_u8; 4];
        // SAFETY: as above.
        unsafe {
            same!(windows_sys::Win32::Storage::FileSystem::ReadFile(key.0, buffer.as_mut_ptr(), 4, &raw mut read, null_mut()), 0);
            same!(GetLastError(), ERROR_INVALID_HANDLE);
        }
    });
    case!(cases, "kernel32!DuplicateHandle", Success, "a second handle to a key", {
        let key = create("duplicate")?;
        same!(set(&key, "x", REG_BINARY, &[1]), 0);
        let mut copy = null_mut();
        // SAFETY: as above.
        unsafe {
            let this = GetCurrentProcess();
            same!(DuplicateHandle(this, key.0, this, &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS), 1);
        }
        let copy = Key(copy);
        same!(get(&copy, "x"), Ok((REG_BINARY, alloc::vec![1])));
    });
}

fn refusals(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!RegLoadKeyW advapi32!RegUnLoadKeyW advapi32!RegSaveKeyW advapi32!RegRestoreKeyW advapi32!RegReplaceKeyW",
        Failure,
        "without the privilege",
        wine = "Wine asks for none",
        {
            let key = create("files")?;
            let (name, file) = (wide("WcLoaded"), wide("C:\\none.dat"));
            // SAFETY: as above.
            unsafe {
                same!(RegLoadKeyW(HKEY_LOCAL_MACHINE, name.as_ptr(), file.as_ptr()), ERROR_PRIVILEGE_NOT_HELD);
                same!(RegUnLoadKeyW(HKEY_LOCAL_MACHINE, name.as_ptr()), ERROR_PRIVILEGE_NOT_HELD);
                same!(RegSaveKeyW(key.0, file.as_ptr(), null()), ERROR_PRIVILEGE_NOT_HELD);
                same!(RegRestoreKeyW(key.0, file.as_ptr(), 0), ERROR_PRIVILEGE_NOT_HELD);
                same!(RegReplaceKeyW(key.0, null(), file.as_ptr(), file.as_ptr()), ERROR_PRIVILEGE_NOT_HELD);
            }
        }
    );
    case!(cases, "advapi32!RegConnectRegistryW", Failure, "another computer", {
        let mut key = null_mut();
        // SAFETY: as above.
        unsafe {
            same!(RegConnectRegistryW(null(), HKEY_LOCAL_MACHINE, &raw mut key), 0);
            RegCloseKey(key);
            same!(RegConnectRegistryW(wide("\\\\no-such-computer").as_ptr(), HKEY_LOCAL_MACHINE, &raw mut key), ERROR_BAD_NETPATH);
        }
    });
}

fn base(cases: &mut Cases) {
    case!(cases, "advapi32!RegQueryValueExW", Success, "what every Windows has", {
        let rows = [
            ("Software\\Microsoft\\Windows NT\\CurrentVersion", "CurrentBuild"),
            ("Software\\Microsoft\\Windows NT\\CurrentVersion", "ProductName"),
            ("Software\\Microsoft\\Windows NT\\CurrentVersion", "SystemRoot"),
            ("Software\\Microsoft\\Windows\\CurrentVersion", "ProgramFilesDir"),
            ("System\\CurrentControlSet\\Control\\Nls\\CodePage", "ACP"),
            ("System\\CurrentControlSet\\Control\\Session Manager\\Environment", "PATHEXT"),
            ("System\\CurrentControlSet\\Control\\ComputerName\\ComputerName", "ComputerName"),
            ("Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\UTC", "Std"),
        ];
        for (path, name) in rows {
            let key = open(HKEY_LOCAL_MACHINE, path, KEY_READ).map_err(|code| format!("{path}: {code}"))?;
            let (kind, data) = get(&key, name).map_err(|code| format!("{path}\\{name}: {code}"))?;
            same!((kind == REG_SZ || kind == REG_EXPAND_SZ, data.len() > 2), (true, true));
        }
        let zone = open(HKEY_LOCAL_MACHINE, "Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\W. Europe Standard Time", KEY_READ)
            .map_err(|code| format!("{code}"))?;
        let (kind, data) = get(&zone, "TZI").map_err(|code| format!("{code}"))?;
        same!((kind, data.len(), i32::from_le_bytes([data[0], data[1], data[2], data[3]])), (REG_BINARY, 44, -60));
    });
}
