//! libloaderapi.h and winbase.h: resources, of this program itself and of its file.
#![cfg_attr(target_os = "windows", no_std, no_main)]

extern crate alloc;

#[cfg(target_os = "windows")]
use parts::*;

// Two types: TEXT with the name HELLO in German and US English, and number 10 (RT_RCDATA) with number 7 in no language.
#[cfg(target_os = "windows")]
core::arch::global_asm!(
    ".section .rsrc$01,\"dr\"",
    "8:",
    ".long 0, 0; .short 0, 0, 1, 1",
    ".long 0x80000000 + (20f - 8b), 0x80000000 + (10f - 8b)",
    ".long 10, 0x80000000 + (11f - 8b)",
    "10: .long 0, 0; .short 0, 0, 1, 0",
    ".long 0x80000000 + (21f - 8b), 0x80000000 + (12f - 8b)",
    "11: .long 0, 0; .short 0, 0, 0, 1",
    ".long 7, 0x80000000 + (13f - 8b)",
    "12: .long 0, 0; .short 0, 0, 0, 2",
    ".long 0x407, 14f - 8b",
    ".long 0x409, 15f - 8b",
    "13: .long 0, 0; .short 0, 0, 0, 1",
    ".long 0, 16f - 8b",
    "14: .rva resource_german; .long 5, 0, 0",
    "15: .rva resource_english; .long 6, 0, 0",
    "16: .rva resource_number; .long 3, 0, 0",
    "20: .short 4, 'T', 'E', 'X', 'T'",
    "21: .short 5, 'H', 'E', 'L', 'L', 'O'",
    ".p2align 3",
    "resource_german: .ascii \"hallo\"",
    ".p2align 3",
    "resource_english: .ascii \"hello!\"",
    ".p2align 3",
    "resource_number: .ascii \"abc\"",
    ".text",
);

#[cfg(target_os = "windows")]
mod parts {
    pub use alloc::format;
    pub use alloc::string::String;
    pub use alloc::vec::Vec;
    pub use core::ptr::null_mut;
    pub use guests::{Cases, case, clear_error, holds, last_error, same, wide};
    pub use windows_sys::Win32::Foundation::*;
    pub use windows_sys::Win32::System::LibraryLoader::*;

    /// A resource's bytes.
    pub fn bytes(module: HMODULE, found: HRSRC) -> Vec<u8> {
        if found.is_null() {
            return Vec::new();
        }
        unsafe {
            let at = LockResource(LoadResource(module, found)).cast::<u8>();
            core::slice::from_raw_parts(at, SizeofResource(module, found) as usize).to_vec()
        }
    }

    /// A type or a name as text.
    pub unsafe fn shown(id: *const u16) -> String {
        if (id as usize) < 0x1_0000 {
            return format!("#{}", id as usize);
        }
        let length = (0..).take_while(|index| unsafe { *id.add(*index) } != 0).count();
        String::from_utf16_lossy(unsafe { core::slice::from_raw_parts(id, length) })
    }

    pub unsafe extern "system" fn note_type(_module: HMODULE, kind: *const u16, list: isize) -> i32 {
        unsafe { (*(list as *mut Vec<String>)).push(shown(kind)) };
        1
    }

    pub unsafe extern "system" fn note_name(_module: HMODULE, kind: *const u16, name: *const u16, list: isize) -> i32 {
        unsafe { (*(list as *mut Vec<String>)).push(format!("{} {}", shown(kind), shown(name))) };
        1
    }

    pub unsafe extern "system" fn note_language(_module: HMODULE, kind: *const u16, name: *const u16, language: u16, list: isize) -> i32 {
        unsafe { (*(list as *mut Vec<String>)).push(format!("{} {} {language:x}", shown(kind), shown(name))) };
        1
    }

    pub unsafe extern "system" fn stop(_module: HMODULE, _kind: *const u16, _list: isize) -> i32 {
        0
    }

    /// What a module's resources are, by enumeration.
    pub fn list(module: HMODULE) -> String {
        let mut seen: Vec<String> = Vec::new();
        let to = (&raw mut seen) as isize;
        let (text, hello) = (wide("text"), wide("hello"));
        unsafe {
            EnumResourceTypesW(module, Some(note_type), to);
            EnumResourceNamesW(module, text.as_ptr(), Some(note_name), to);
            EnumResourceNamesW(module, 10 as *const u16, Some(note_name), to);
            EnumResourceLanguagesW(module, text.as_ptr(), hello.as_ptr(), Some(note_language), to);
        }
        seen.join(", ")
    }

    pub const ALL: &str = "TEXT, #10, text HELLO, #10 #7, text hello 407, text hello 409";
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        let this = unsafe { GetModuleHandleW(core::ptr::null()) };
        case!(cases, "kernel32!FindResourceW kernel32!LoadResource kernel32!LockResource kernel32!SizeofResource", Success, "by name in any case, by number, by a number as text", {
            same!(bytes(this, unsafe { FindResourceW(this, wide("Hello").as_ptr(), wide("text").as_ptr()) }), b"hello!");
            same!(bytes(this, unsafe { FindResourceW(null_mut(), 7 as *const u16, 10 as *const u16) }), b"abc");
            same!(bytes(this, unsafe { FindResourceW(this, wide("#7").as_ptr(), wide("#10").as_ptr()) }), b"abc");
        });
        case!(cases, "kernel32!FindResourceA kernel32!FindResourceExA", Success, "by name in any case, by number", {
            same!(bytes(this, unsafe { FindResourceA(this, c"Hello".as_ptr().cast(), c"text".as_ptr().cast()) }), b"hello!");
            same!(bytes(this, unsafe { FindResourceA(this, c"#7".as_ptr().cast(), 10 as *const u8) }), b"abc");
            same!(bytes(this, unsafe { FindResourceExA(this, c"text".as_ptr().cast(), c"Hello".as_ptr().cast(), 0x407) }), b"hallo");
        });
        case!(cases, "kernel32!FindResourceExW", Success, "by language; one that has none goes with all", {
            let (text, hello) = (wide("TEXT"), wide("HELLO"));
            same!(bytes(this, unsafe { FindResourceExW(this, text.as_ptr(), hello.as_ptr(), 0x407) }), b"hallo");
            same!(bytes(this, unsafe { FindResourceExW(this, text.as_ptr(), hello.as_ptr(), 0x409) }), b"hello!");
            same!(bytes(this, unsafe { FindResourceExW(this, 10 as *const u16, 7 as *const u16, 0x40C) }), b"abc");
        });
        case!(cases, "kernel32!FindResourceW kernel32!FindResourceA kernel32!FindResourceExW kernel32!FindResourceExA", Failure, "no such type, name or language", {
            clear_error();
            holds!(unsafe { FindResourceW(this, 7 as *const u16, 11 as *const u16) }.is_null());
            same!(last_error(), ERROR_RESOURCE_TYPE_NOT_FOUND);
            clear_error();
            holds!(unsafe { FindResourceW(this, 8 as *const u16, 10 as *const u16) }.is_null());
            same!(last_error(), ERROR_RESOURCE_NAME_NOT_FOUND);
            clear_error();
            holds!(unsafe { FindResourceA(this, c"Nobody".as_ptr().cast(), c"text".as_ptr().cast()) }.is_null());
            same!(last_error(), ERROR_RESOURCE_NAME_NOT_FOUND);
            clear_error();
            holds!(unsafe { FindResourceExW(this, wide("TEXT").as_ptr(), wide("HELLO").as_ptr(), 0x40C) }.is_null());
            same!(last_error(), ERROR_RESOURCE_LANG_NOT_FOUND);
            clear_error();
            holds!(unsafe { FindResourceExA(this, 11 as *const u8, 7 as *const u8, 0) }.is_null());
            same!(last_error(), ERROR_RESOURCE_TYPE_NOT_FOUND);
        });
        case!(cases, "kernel32!SizeofResource kernel32!LoadResource", Failure, "nothing", {
            same!(unsafe { SizeofResource(this, null_mut()) }, 0);
            same!(unsafe { LoadResource(this, null_mut()) }, null_mut());
        });
        case!(cases, "kernel32!EnumResourceTypesW kernel32!EnumResourceNamesW kernel32!EnumResourceLanguagesW", Success, "in the order of the tree", {
            same!(list(this), ALL);
        });
        case!(cases, "kernel32!EnumResourceTypesW kernel32!EnumResourceNamesW kernel32!EnumResourceLanguagesW", Failure, "a callback that says stop, no such type, none in the module", wine = "Wine sets no error when a callback says stop", {
            clear_error();
            same!((unsafe { EnumResourceTypesW(this, Some(stop), 0) }, last_error()), (0, ERROR_RESOURCE_ENUM_USER_STOP));
            let mut seen: Vec<String> = Vec::new();
            let to = (&raw mut seen) as isize;
            clear_error();
            same!((unsafe { EnumResourceNamesW(this, 11 as *const u16, Some(note_name), to) }, last_error()), (0, ERROR_RESOURCE_TYPE_NOT_FOUND));
            clear_error();
            same!((unsafe { EnumResourceLanguagesW(this, 10 as *const u16, 8 as *const u16, Some(note_language), to) }, last_error()), (0, ERROR_RESOURCE_NAME_NOT_FOUND));
        });
        case!(cases, "kernel32!LoadLibraryExW", Success, "the same of the program's file, as it is and as an image", wine = "Wine answers the image that runs instead of a second one", {
            let mut path = [0_u16; 300];
            unsafe { GetModuleFileNameW(null_mut(), path.as_mut_ptr(), 300) };
            for flags in [LOAD_LIBRARY_AS_DATAFILE, LOAD_LIBRARY_AS_IMAGE_RESOURCE] {
                let data = unsafe { LoadLibraryExW(path.as_ptr(), null_mut(), flags) };
                holds!(!data.is_null() && data != this);
                same!(list(data), ALL);
                same!(bytes(data, unsafe { FindResourceW(data, wide("Hello").as_ptr(), wide("text").as_ptr()) }), b"hello!");
                same!(unsafe { FreeLibrary(data) }, 1);
            }
        });
        cases.code()
    }
}
