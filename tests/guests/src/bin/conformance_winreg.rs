//! winreg.h: keys and values.
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
use windows_sys::Win32::Security::*;
use windows_sys::Win32::System::Registry::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        // What an earlier run has left under Wine.
        // SAFETY: a constant text.
        unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, wide(PLACE).as_ptr()) };
        keys(&mut cases);
        values(&mut cases);
        ansi(&mut cases);
        enumeration(&mut cases);
        deletion(&mut cases);
        // SAFETY: a constant text.
        unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, wide(PLACE).as_ptr()) };
        cases.code()
    }
}

fn keys(cases: &mut Cases) {
    case!(cases, "advapi32!RegCreateKeyExW", Success, "a new key, with those above it, and then the same", {
        same!(create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\a\\b\\c"), 0, KEY_ALL_ACCESS).map(|(_, how)| how), Ok(REG_CREATED_NEW_KEY));
        same!(create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\A\\B\\C"), 0, KEY_READ).map(|(_, how)| how), Ok(REG_OPENED_EXISTING_KEY));
    });
    case!(cases, "advapi32!RegCreateKeyExW", Failure, "arguments that are wrong", wine = "takes names of any length", {
        let mut key = null_mut();
        // SAFETY: as above.
        unsafe {
            same!(
                RegCreateKeyExW(HKEY_CURRENT_USER, wide(PLACE).as_ptr(), 1, null(), 0, KEY_READ, null(), &raw mut key, null_mut()),
                ERROR_INVALID_PARAMETER
            );
        }
        let long: String = (0..256).map(|_| 'x').collect();
        same!(create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\{long}"), 0, KEY_READ).err(), Some(ERROR_INVALID_PARAMETER));
        same!(create_with(null_mut(), "x", 0, KEY_READ).err(), Some(ERROR_INVALID_HANDLE));
        let longest: String = (0..255).map(|_| 'x').collect();
        same!(create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\{longest}"), 0, KEY_READ).is_ok(), true);
    });
    case!(cases, "advapi32!RegCreateKeyExW", Failure, "a kept key below a volatile one", {
        let (volatile, _) =
            create_with(HKEY_CURRENT_USER, &format!("{PLACE}\\volatile"), REG_OPTION_VOLATILE, KEY_ALL_ACCESS).map_err(|code| format!("{code}"))?;
        same!(create_with(volatile.0, "x", 0, KEY_READ).err(), Some(ERROR_CHILD_MUST_BE_VOLATILE));
        same!(create_with(volatile.0, "x", REG_OPTION_VOLATILE, KEY_READ).is_ok(), true);
    });
    case!(cases, "advapi32!RegCreateKeyExW", Success, "options: kept, volatile, for backups, links", {
        let place = |name: &str| format!("{PLACE}\\options\\{name}");
        let make = |name: &str, options| create_with(HKEY_CURRENT_USER, &place(name), options, KEY_ALL_ACCESS).map(|(_, how)| how);
        same!(make("kept", REG_OPTION_NON_VOLATILE), Ok(REG_CREATED_NEW_KEY));
        same!(make("volatile", REG_OPTION_VOLATILE), Ok(REG_CREATED_NEW_KEY));
        same!(make("backup", REG_OPTION_BACKUP_RESTORE).is_ok(), true);
        same!(make("link", REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE), Ok(REG_CREATED_NEW_KEY));
        // A link is there once.
        same!(make("link", REG_OPTION_CREATE_LINK), Err(ERROR_ALREADY_EXISTS));
        same!(make("link", REG_OPTION_OPEN_LINK), Ok(REG_OPENED_EXISTING_KEY));
    });
    case!(
        cases,
        "advapi32!RegCreateKeyExW",
        Success,
        "a descriptor of security, and a handle that is inherited",
        wine = "lets no handle be inherited",
        {
            let (path, mut key) = (wide(&format!("{PLACE}\\secured")), null_mut());
            // SAFETY: an empty descriptor of the first version; texts and places live through the call.
            unsafe {
                let mut descriptor: SECURITY_DESCRIPTOR = core::mem::zeroed();
                descriptor.Revision = 1;
                let security = SECURITY_ATTRIBUTES {
                    nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
                    lpSecurityDescriptor: (&raw mut descriptor).cast(),
                    bInheritHandle: 1,
                };
                same!(
                    RegCreateKeyExW(HKEY_CURRENT_USER, path.as_ptr(), 0, null(), 0, KEY_READ, &raw const security, &raw mut key, null_mut()),
                    ERROR_SUCCESS
                );
                let mut flags = 0;
                same!((GetHandleInformation(key, &raw mut flags), flags), (1, HANDLE_FLAG_INHERIT));
                RegCloseKey(key);
            }
        }
    );
    case!(cases, "advapi32!RegCreateKeyExW", Failure, "options and views that are none", wine = "takes options that are none", {
        let path = format!("{PLACE}\\options\\none");
        same!(create_with(HKEY_CURRENT_USER, &path, 0x100, KEY_READ).err(), Some(ERROR_INVALID_PARAMETER));
        same!(create_with(HKEY_CURRENT_USER, &path, REG_OPTION_CREATE_LINK | REG_OPTION_OPEN_LINK, KEY_READ).err(), Some(ERROR_INVALID_PARAMETER));
        same!(create_with(HKEY_CURRENT_USER, &path, 0, KEY_READ | KEY_WOW64_32KEY | KEY_WOW64_64KEY).err(), Some(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "advapi32!RegCreateKeyExW", Failure, "a key directly below HKEY_LOCAL_MACHINE", wine = "Wine lets everybody make one there", {
        same!(create_with(HKEY_LOCAL_MACHINE, "WcNew", 0, KEY_READ).err(), Some(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "advapi32!RegOpenKeyExW", Failure, "keys that are not there, and arguments that are wrong", {
        same!(open(HKEY_CURRENT_USER, &format!("{PLACE}\\none"), KEY_READ).err(), Some(ERROR_FILE_NOT_FOUND));
        same!(open(HKEY_CURRENT_USER, &format!("{PLACE}\\none\\none"), KEY_READ).err(), Some(ERROR_FILE_NOT_FOUND));
        same!(open(null_mut(), PLACE, KEY_READ).err(), Some(ERROR_INVALID_HANDLE));
        // SAFETY: as above.
        unsafe {
            same!(RegOpenKeyExW(HKEY_CURRENT_USER, wide(PLACE).as_ptr(), 0, KEY_READ, null_mut()), ERROR_INVALID_PARAMETER);
            same!(RegCloseKey(null_mut()), ERROR_INVALID_HANDLE);
        }
    });
    case!(cases, "advapi32!RegOpenKeyExW", Success, "a root without a path is itself, another key gets a second handle", {
        let mut same_root = null_mut();
        let key = create("again")?;
        let mut second = null_mut();
        // SAFETY: as above.
        unsafe {
            same!(RegOpenKeyExW(HKEY_CURRENT_USER, null(), 0, KEY_READ, &raw mut same_root), 0);
            same!(same_root, HKEY_CURRENT_USER);
            same!(RegOpenKeyExW(key.0, null(), 0, KEY_READ, &raw mut second), 0);
            same!(second != key.0, true);
            same!(RegCloseKey(second), 0);
            same!(RegCloseKey(HKEY_CURRENT_USER), 0);
        }
        same!(open(HKEY_CURRENT_USER, &format!("{PLACE}\\again\\"), KEY_READ).is_ok(), true);
    });
    case!(cases, "advapi32!RegSetValueExW advapi32!RegQueryValueExW", Failure, "what a handle does not grant", {
        create("rights")?;
        let path = format!("{PLACE}\\rights");
        let reader = open(HKEY_CURRENT_USER, &path, KEY_READ).map_err(|code| format!("{code}"))?;
        same!(set(&reader, "x", REG_SZ, &text("x")), ERROR_ACCESS_DENIED);
        let writer = open(HKEY_CURRENT_USER, &path, KEY_SET_VALUE).map_err(|code| format!("{code}"))?;
        same!(set(&writer, "x", REG_SZ, &text("x")), 0);
        same!(get(&writer, "x").err(), Some(ERROR_ACCESS_DENIED));
    });
}

fn values(cases: &mut Cases) {
    case!(cases, "advapi32!RegSetValueExW advapi32!RegQueryValueExW", Success, "every kind, whole, and names without case", {
        let key = create("values")?;
        let rows: [(&str, u32, Vec<u8>); 8] = [
            ("", REG_SZ, text("default")),
            ("text", REG_SZ, text("t\u{e9}xt")),
            ("expand", REG_EXPAND_SZ, text("%SystemRoot%\\x")),
            ("binary", REG_BINARY, alloc::vec![1, 2, 3]),
            ("number", REG_DWORD, alloc::vec![1, 0, 0, 0]),
            ("multi", REG_MULTI_SZ, [text("a"), text("b"), alloc::vec![0, 0]].concat()),
            ("long", REG_QWORD, alloc::vec![9; 8]),
            ("other", 0x1234, alloc::vec![]),
        ];
        for (name, kind, data) in &rows {
            same!(set(&key, name, *kind, data), 0);
        }
        for (name, kind, data) in &rows {
            same!(get(&key, &name.to_uppercase()), Ok((*kind, data.clone())));
        }
        same!(set(&key, "TEXT", REG_BINARY, &[7]), 0);
        same!(get(&key, "text"), Ok((REG_BINARY, alloc::vec![7])));
    });
    case!(cases, "advapi32!RegQueryValueExW", Failure, "too little room, and what is not there", {
        let key = create("room")?;
        same!(set(&key, "x", REG_BINARY, &[1, 2, 3, 4, 5]), 0);
        let (mut size, mut kind, mut data) = (3, 0, [0xEE_u8; 8]);
        let name = wide("x");
        // SAFETY: as above.
        unsafe {
            same!(RegQueryValueExW(key.0, name.as_ptr(), null(), &raw mut kind, data.as_mut_ptr(), &raw mut size), ERROR_MORE_DATA);
            same!((size, kind), (5, REG_BINARY));
            same!(RegQueryValueExW(key.0, name.as_ptr(), null(), null_mut(), data.as_mut_ptr(), null_mut()), ERROR_INVALID_PARAMETER);
            same!(RegQueryValueExW(key.0, name.as_ptr(), null(), null_mut(), null_mut(), null_mut()), 0);
            size = 0;
            same!(RegQueryValueExW(key.0, name.as_ptr(), null(), null_mut(), null_mut(), &raw mut size), 0);
            same!(size, 5);
        }
        same!(get(&key, "none").err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "advapi32!RegSetValueExW advapi32!RegQueryValueExW", Success, "a value of a megabyte", {
        let key = create("large")?;
        let data: Vec<u8> = (0..1_u32 << 20).map(|at| (at / 7) as u8).collect();
        same!(set(&key, "large", REG_BINARY, &data), 0);
        let found = get(&key, "large").map_err(|code| format!("{code}"))?;
        same!(found.1 == data, true);
        same!(set(&key, "large", REG_BINARY, &data[..100_000]), 0);
        same!(get(&key, "large").map(|(_, found)| found == data[..100_000]), Ok(true));
    });
    case!(cases, "advapi32!RegSetValueExW", Success, "what another handle has set is seen", {
        let (first, second) = (create("two")?, create("two")?);
        same!(set(&first, "x", REG_BINARY, &[1]), 0);
        same!(get(&second, "x"), Ok((REG_BINARY, alloc::vec![1])));
        same!(set(&first, "x", REG_BINARY, &[2]), 0);
        same!(get(&second, "x"), Ok((REG_BINARY, alloc::vec![2])));
        same!(get(&second, "y").err(), Some(ERROR_FILE_NOT_FOUND));
        same!(set(&first, "y", REG_BINARY, &[3]), 0);
        same!(get(&second, "Y"), Ok((REG_BINARY, alloc::vec![3])));
    });
    case!(cases, "advapi32!RegSetKeyValueW advapi32!RegDeleteKeyValueW", Success, "values of a key by its path", {
        let key = create("by path")?;
        // SAFETY: as above.
        unsafe {
            same!(RegSetKeyValueW(key.0, wide("sub").as_ptr(), wide("v").as_ptr(), REG_DWORD, [5_u8, 0, 0, 0].as_ptr().cast(), 4), 0);
            let sub = open(key.0, "sub", KEY_READ).map_err(|code| format!("{code}"))?;
            same!(get(&sub, "v"), Ok((REG_DWORD, alloc::vec![5, 0, 0, 0])));
            same!(RegDeleteKeyValueW(key.0, wide("sub").as_ptr(), wide("v").as_ptr()), 0);
            same!(RegDeleteKeyValueW(key.0, wide("sub").as_ptr(), wide("v").as_ptr()), ERROR_FILE_NOT_FOUND);
        }
    });
    case!(cases, "advapi32!RegSetValueW advapi32!RegQueryValueW", Success, "the default value by the old functions", {
        let key = create("old")?;
        let (mut buffer, mut size) = ([0_u16; 16], 32);
        // SAFETY: as above.
        unsafe {
            same!(RegSetValueW(key.0, wide("sub").as_ptr(), REG_SZ, wide("hello").as_ptr(), 0), 0);
            same!(RegQueryValueW(key.0, wide("sub").as_ptr(), buffer.as_mut_ptr(), &raw mut size), 0);
            same!((narrow(&buffer[..5]), size), (String::from("hello"), 12));
            same!(RegSetValueW(key.0, null(), REG_DWORD, wide("x").as_ptr(), 0), ERROR_INVALID_PARAMETER);
        }
    });
}

fn ansi(cases: &mut Cases) {
    case!(cases, "advapi32!RegSetValueExA advapi32!RegQueryValueExA", Success, "texts of the ANSI code page", {
        let key = create("ansi")?;
        let (mut buffer, mut size, mut kind) = ([0_u8; 16], 16, 0);
        // SAFETY: as above.
        unsafe {
            same!(RegSetValueExA(key.0, c"n\xe9".as_ptr().cast(), 0, REG_SZ, c"\x80uro".as_ptr().cast(), 5), 0);
            same!(get(&key, "n\u{e9}"), Ok((REG_SZ, text("\u{20ac}uro"))));
            same!(RegQueryValueExA(key.0, c"N\xc9".as_ptr().cast(), null(), &raw mut kind, buffer.as_mut_ptr(), &raw mut size), 0);
            same!((&buffer[..5], size), (&b"\x80uro\0"[..], 5));
            size = 2;
            same!(RegQueryValueExA(key.0, c"n\xe9".as_ptr().cast(), null(), &raw mut kind, buffer.as_mut_ptr(), &raw mut size), ERROR_MORE_DATA);
            same!(size, 5);
        }
    });
    case!(cases, "advapi32!RegCreateKeyExA advapi32!RegOpenKeyExA advapi32!RegEnumKeyExA", Success, "keys of the ANSI code page", {
        let key = create("ansi keys")?;
        let (mut sub, mut name, mut room) = (null_mut(), [0_u8; 8], 8);
        // SAFETY: as above.
        unsafe {
            same!(RegCreateKeyExA(key.0, c"k\xe9y".as_ptr().cast(), 0, null(), 0, KEY_READ, null(), &raw mut sub, null_mut()), 0);
            RegCloseKey(sub);
            same!(RegOpenKeyExA(key.0, c"K\xc9Y".as_ptr().cast(), 0, KEY_READ, &raw mut sub), 0);
            RegCloseKey(sub);
            same!(RegEnumKeyExA(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()), 0);
            same!((&name[..3], room), (&b"k\xe9y"[..], 3));
        }
    });
}

fn enumeration(cases: &mut Cases) {
    case!(cases, "advapi32!RegEnumKeyExW", Success, "a thousand keys, each once", {
        let key = create("many")?;
        for number in 0..1000 {
            create_with(key.0, &format!("key {number:04}"), 0, KEY_READ).map_err(|code| format!("{code}"))?;
        }
        let mut found = names(&key);
        found.sort();
        same!(found.len(), 1000);
        same!((found[0].as_str(), found[999].as_str()), ("key 0000", "key 0999"));
        let (mut count, mut longest) = (0, 0);
        // SAFETY: as above.
        let code = unsafe {
            RegQueryInfoKeyW(
                key.0,
                null_mut(),
                null_mut(),
                null(),
                &raw mut count,
                &raw mut longest,
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
            )
        };
        same!((code, count, longest), (0, 1000, 8));
        // Deleting while one goes through them, always the first.
        let (mut name, mut deleted) = ([0_u16; 256], 0);
        // SAFETY: as above.
        unsafe {
            while RegEnumKeyW(key.0, 0, name.as_mut_ptr(), 256) == 0 {
                same!(RegDeleteKeyW(key.0, name.as_ptr()), 0);
                deleted += 1;
            }
        }
        same!(deleted, 1000);
    });
    case!(cases, "advapi32!RegEnumKeyExW advapi32!RegEnumValueW", Failure, "too little room, and the end", {
        let key = create("end")?;
        create_with(key.0, "subkey", 0, KEY_READ).map_err(|code| format!("{code}"))?;
        same!(set(&key, "value", REG_BINARY, &[1, 2, 3]), 0);
        let (mut name, mut room, mut data, mut size) = ([0_u16; 16], 6, [0_u8; 8], 8);
        // SAFETY: as above.
        unsafe {
            same!(RegEnumKeyExW(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()), ERROR_MORE_DATA);
            room = 7;
            same!(RegEnumKeyExW(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()), 0);
            same!(room, 6);
            room = 16;
            same!(RegEnumKeyExW(key.0, 1, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()), ERROR_NO_MORE_ITEMS);
            room = 5;
            same!(RegEnumValueW(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), data.as_mut_ptr(), &raw mut size), ERROR_MORE_DATA);
            (room, size) = (16, 2);
            same!(RegEnumValueW(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), data.as_mut_ptr(), &raw mut size), ERROR_MORE_DATA);
            same!(size, 3);
            (room, size) = (16, 8);
            same!(RegEnumValueW(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), data.as_mut_ptr(), &raw mut size), 0);
            same!((narrow(&name[..5]), room, size), (String::from("value"), 5, 3));
            room = 16;
            same!(RegEnumValueW(key.0, 1, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()), ERROR_NO_MORE_ITEMS);
            same!(
                RegEnumValueW(key.0, 0, name.as_mut_ptr(), &raw mut room, null(), null_mut(), data.as_mut_ptr(), null_mut()),
                ERROR_INVALID_PARAMETER
            );
        }
    });
    case!(cases, "advapi32!RegEnumValueW advapi32!RegQueryInfoKeyW", Success, "values, small and large, each once", {
        let key = create("many values")?;
        for number in 0..300_u32 {
            let data = alloc::vec![number as u8; number as usize * 10];
            same!(set(&key, &format!("v{number}"), REG_BINARY, &data), 0);
        }
        let mut found = Vec::new();
        for index in 0.. {
            let (mut name, mut room, mut size, mut kind) = ([0_u16; 32], 32, 4000, 0);
            let mut data = alloc::vec![0_u8; 4000];
            // SAFETY: as above.
            let code =
                unsafe { RegEnumValueW(key.0, index, name.as_mut_ptr(), &raw mut room, null(), &raw mut kind, data.as_mut_ptr(), &raw mut size) };
            if code == ERROR_NO_MORE_ITEMS {
                break;
            }
            same!(code, 0);
            let number: u32 = narrow(&name[1..room as usize]).parse().map_err(|_| String::from("a strange name"))?;
            same!(size, number * 10);
            same!(data[..size as usize].iter().all(|byte| *byte == number as u8), true);
            found.push(number);
        }
        found.sort_unstable();
        same!(found == (0..300).collect::<Vec<u32>>(), true);
        let (mut count, mut name, mut data) = (0, 0, 0);
        // SAFETY: as above.
        let code = unsafe {
            RegQueryInfoKeyW(
                key.0,
                null_mut(),
                null_mut(),
                null(),
                null_mut(),
                null_mut(),
                null_mut(),
                &raw mut count,
                &raw mut name,
                &raw mut data,
                null_mut(),
                null_mut(),
            )
        };
        same!((code, count, name, data), (0, 300, 4, 2990));
    });
    case!(cases, "advapi32!RegQueryInfoKeyW", Success, "a key's class", wine = "says that the buffer is too small in another way", {
        let (mut key, mut buffer, mut room) = (null_mut(), [0_u16; 16], 16);
        // SAFETY: as above.
        unsafe {
            let path = wide(&format!("{PLACE}\\class"));
            same!(
                RegCreateKeyExW(HKEY_CURRENT_USER, path.as_ptr(), 0, wide("Klass").as_ptr(), 0, KEY_ALL_ACCESS, null(), &raw mut key, null_mut()),
                0
            );
            let key = Key(key);
            let nothing = null_mut();
            same!(
                RegQueryInfoKeyW(
                    key.0,
                    buffer.as_mut_ptr(),
                    &raw mut room,
                    null(),
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    null_mut()
                ),
                0
            );
            same!((narrow(&buffer[..5]), room), (String::from("Klass"), 5));
            room = 3;
            same!(
                RegQueryInfoKeyW(
                    key.0,
                    buffer.as_mut_ptr(),
                    &raw mut room,
                    null(),
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    nothing,
                    null_mut()
                ),
                ERROR_MORE_DATA
            );
        }
    });
}

fn deletion(cases: &mut Cases) {
    case!(cases, "advapi32!RegDeleteKeyW", Failure, "a key with keys below it, and one that is not there", {
        create("full\\sub")?;
        let place = open(HKEY_CURRENT_USER, PLACE, KEY_ALL_ACCESS).map_err(|code| format!("{code}"))?;
        // SAFETY: as above.
        unsafe {
            same!(RegDeleteKeyW(place.0, wide("full").as_ptr()), ERROR_ACCESS_DENIED);
            same!(RegDeleteKeyW(place.0, wide("none").as_ptr()), ERROR_FILE_NOT_FOUND);
            same!(RegDeleteKeyW(place.0, null()), ERROR_INVALID_PARAMETER);
            same!(RegDeleteKeyW(place.0, wide("full\\sub").as_ptr()), 0);
            same!(RegDeleteKeyExW(place.0, wide("full").as_ptr(), 0, 0), 0);
        }
    });
    case!(cases, "advapi32!RegDeleteKeyW", Failure, "a key that was deleted while it is open", {
        let key = create("gone")?;
        let place = open(HKEY_CURRENT_USER, PLACE, KEY_ALL_ACCESS).map_err(|code| format!("{code}"))?;
        // SAFETY: as above.
        unsafe { same!(RegDeleteKeyW(place.0, wide("gone").as_ptr()), 0) };
        same!(set(&key, "x", REG_BINARY, &[1]), ERROR_KEY_DELETED);
        same!(get(&key, "x").err(), Some(ERROR_KEY_DELETED));
        same!(create_with(key.0, "x", 0, KEY_READ).err(), Some(ERROR_KEY_DELETED));
        same!(open(HKEY_CURRENT_USER, &format!("{PLACE}\\gone"), KEY_READ).err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "advapi32!RegDeleteValueW", Failure, "values", {
        let key = create("unset")?;
        same!(set(&key, "x", REG_BINARY, &[1]), 0);
        // SAFETY: as above.
        unsafe {
            same!(RegDeleteValueW(key.0, wide("X").as_ptr()), 0);
            same!(RegDeleteValueW(key.0, wide("X").as_ptr()), ERROR_FILE_NOT_FOUND);
        }
    });
    case!(cases, "advapi32!RegDeleteTreeW", Success, "a tree, with and without its top", {
        let key = create("tree")?;
        for path in ["a", "a\\b", "a\\c\\d", "e"] {
            create_with(key.0, path, 0, KEY_READ).map_err(|code| format!("{code}"))?;
        }
        same!(set(&key, "x", REG_BINARY, &[1]), 0);
        // SAFETY: as above.
        unsafe {
            same!(RegDeleteTreeW(key.0, wide("a").as_ptr()), 0);
            same!(names(&key), [String::from("e")]);
            same!(RegDeleteTreeW(key.0, null()), 0);
            same!(RegDeleteTreeW(key.0, wide("none").as_ptr()), ERROR_FILE_NOT_FOUND);
        }
        same!(names(&key).len(), 0);
        same!(get(&key, "x").err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "advapi32!RegRenameKey", Success, "another name, with what is below", {
        let key = create("rename")?;
        create_with(key.0, "old\\below", 0, KEY_READ).map_err(|code| format!("{code}"))?;
        // SAFETY: as above.
        unsafe { same!(RegRenameKey(key.0, wide("old").as_ptr(), wide("new").as_ptr()), 0) };
        same!(open(key.0, "new\\below", KEY_READ).is_ok(), true);
        same!(open(key.0, "old", KEY_READ).err(), Some(ERROR_FILE_NOT_FOUND));
    });
}
