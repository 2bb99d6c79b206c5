//! winbase.h: FormatMessage.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_MR_MID_NOT_FOUND, ERROR_RESOURCE_DATA_NOT_FOUND, ERROR_RESOURCE_LANG_NOT_FOUND,
    HMODULE, LocalFree,
};
use windows_sys::Win32::Storage::FileSystem::CopyFileW;
use windows_sys::Win32::System::Diagnostics::Debug::*;
use windows_sys::Win32::System::LibraryLoader::{
    BeginUpdateResourceW, EndUpdateResourceW, GetModuleFileNameW, GetModuleHandleW, LOAD_LIBRARY_AS_DATAFILE, LoadLibraryExW, UpdateResourceW,
};

const STRING: u32 = FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY;

/// A message of a string's.
fn written(definition: &str, arguments: &[usize], flags: u32) -> Result<alloc::string::String, u32> {
    let mut buffer = [0_u16; 200];
    clear_error();
    let given = if arguments.is_empty() { core::ptr::null() } else { arguments.as_ptr().cast() };
    let length = unsafe { FormatMessageW(STRING | flags, wide(definition).as_ptr().cast(), 0, 0, buffer.as_mut_ptr(), 200, given) };
    if length == 0 { Err(last_error()) } else { Ok(narrow(&buffer[..length as usize])) }
}

/// A copy of this program with one message, numbered 7, in these languages.
fn with_messages(texts: &[(u16, &str)]) -> Result<HMODULE, alloc::string::String> {
    const RT_MESSAGETABLE: usize = 11;
    let (name, mut own) = (wide("messages.dll"), [0_u16; 300]);
    unsafe {
        GetModuleFileNameW(core::ptr::null_mut(), own.as_mut_ptr(), 300);
        holds!(CopyFileW(own.as_ptr(), name.as_ptr(), 0) != 0);
        let update = BeginUpdateResourceW(name.as_ptr(), 1);
        for (language, text) in texts {
            let text: alloc::vec::Vec<u8> = text.encode_utf16().chain([13, 10, 0]).flat_map(u16::to_le_bytes).collect();
            // One block of one number, and where its text lies: the length of all, 1 for UTF-16, the text.
            let head = [1_u32, 7, 7, 16, (text.len() as u32 + 4) | 1 << 16];
            let table = [head.iter().flat_map(|word| word.to_le_bytes()).collect(), text].concat();
            let (kind, first) = (RT_MESSAGETABLE as *const u16, core::ptr::without_provenance(1));
            holds!(UpdateResourceW(update, kind, first, *language, table.as_ptr().cast(), table.len() as u32) != 0);
        }
        holds!(EndUpdateResourceW(update, 0) != 0);
        let module = LoadLibraryExW(name.as_ptr(), core::ptr::null_mut(), LOAD_LIBRARY_AS_DATAFILE);
        holds!(!module.is_null());
        Ok(module)
    }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!FormatMessageW", Success, "inserts of a string", {
            let name = wide("file");
            let arguments = [name.as_ptr() as usize, 0xAB, 6, name.as_ptr() as usize];
            for (definition, expected) in [
                ("plain", "plain"),
                ("%1 is missing", "file is missing"),
                ("%2!08X!", "000000AB"),
                ("%2!d! %2!u! %2!x! %2!#x!", "171 171 ab 0xab"),
                ("%1!8s!|%1!-6s!|", "    file|file  |"),
                ("%3!*s!|", "  file|"),
                ("%2!d!%%%n%!%.% ", "171%\r\n!. "),
                ("a%0b", "a"),
                ("one\ntwo\r\n", "one\r\ntwo\r\n"),
            ] {
                same!(written(definition, &arguments, 0), Ok(expected.into()));
            }
        });
        case!(cases, "kernel32!FormatMessageW", Success, "inserts that are ignored stay", {
            same!(written("%1!x! %2 %%", &[], FORMAT_MESSAGE_IGNORE_INSERTS), Ok("%1!x! %2 %%".into()));
        });
        case!(cases, "kernel32!FormatMessageW", Success, "line ends of the definition go, those of %n stay", {
            same!(written("one\r\ntwo%nthree", &[], 0xFF), Ok("one two\r\nthree".into()));
        });
        case!(cases, "kernel32!FormatMessageW", Success, "the system's text ends its line", {
            let mut buffer = [0_u16; 300];
            let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
            for id in [2_u32, 5, 87, 0x8007_0005] {
                let length = unsafe { FormatMessageW(flags, core::ptr::null(), id, 0, buffer.as_mut_ptr(), 300, core::ptr::null()) };
                let text = narrow(&buffer[..length as usize]);
                holds!(text.ends_with(".\r\n") && text.len() > 8);
            }
        });
        case!(cases, "kernel32!FormatMessageW", Success, "memory that LocalFree frees", {
            let mut memory: *mut u16 = core::ptr::null_mut();
            let flags = STRING | FORMAT_MESSAGE_ALLOCATE_BUFFER;
            let length = unsafe { FormatMessageW(flags, wide("text").as_ptr().cast(), 0, 0, (&raw mut memory).cast(), 0, core::ptr::null()) };
            same!(length, 4);
            same!(narrow(unsafe { core::slice::from_raw_parts(memory, 5) }), "text");
            holds!(unsafe { LocalFree(memory.cast()) }.is_null());
        });
        case!(cases, "kernel32!FormatMessageA", Success, "ANSI texts, and a va_list", {
            let mut buffer = [0_u8; 64];
            let arguments = [c"x".as_ptr() as usize, 7];
            let list = arguments.as_ptr();
            let flags = FORMAT_MESSAGE_FROM_STRING;
            let length = unsafe { FormatMessageA(flags, c"%1=%2!d!".as_ptr().cast(), 0, 0, buffer.as_mut_ptr(), 64, (&raw const list).cast()) };
            same!((length, &buffer[..4]), (3, b"x=7\0".as_slice()));
        });
        case!(cases, "kernel32!FormatMessageW", Success, "a status's text out of ntdll", wine = "Wine's ntdll has no messages", {
            let mut buffer = [0_u16; 300];
            let module = unsafe { GetModuleHandleW(wide("ntdll.dll").as_ptr()) };
            let flags = FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_IGNORE_INSERTS;
            let length = unsafe { FormatMessageW(flags, module, 0xC000_0022, 0, buffer.as_mut_ptr(), 300, core::ptr::null()) };
            holds!(length > 8);
        });
        case!(cases, "kernel32!FormatMessageW", Success, "a module's message in the system's language, though another one comes first", {
            let module = with_messages(&[(3, "bon dia"), (0x409, "good day")])?;
            let say = |language: u32| {
                let mut buffer = [0_u16; 64];
                clear_error();
                let (flags, none) = (FORMAT_MESSAGE_FROM_HMODULE, core::ptr::null());
                let length = unsafe { FormatMessageW(flags, module, 7, language, buffer.as_mut_ptr(), 64, none) };
                if length == 0 { Err(last_error()) } else { Ok(narrow(&buffer[..length as usize])) }
            };
            same!(say(0), Ok("good day\r\n".into()));
            same!(say(0x409), Ok("good day\r\n".into()));
            same!(say(3), Ok("bon dia\r\n".into()));
            same!(say(0x411), Err(ERROR_RESOURCE_LANG_NOT_FOUND));
        });
        case!(cases, "kernel32!FormatMessageW", Failure, "a number that no message has", {
            let mut buffer = [0_u16; 64];
            clear_error();
            same!(unsafe { FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM, core::ptr::null(), 0x1234_5678, 0, buffer.as_mut_ptr(), 64, core::ptr::null()) }, 0);
            same!(last_error(), ERROR_MR_MID_NOT_FOUND);
        });
        case!(cases, "kernel32!FormatMessageW", Failure, "a module without resources", {
            let mut buffer = [0_u16; 64];
            clear_error();
            same!(unsafe { FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE, core::ptr::null(), 1, 0, buffer.as_mut_ptr(), 64, core::ptr::null()) }, 0);
            same!(last_error(), ERROR_RESOURCE_DATA_NOT_FOUND);
        });
        case!(cases, "kernel32!FormatMessageW", Failure, "a buffer that is too small", {
            let mut buffer = [0_u16; 4];
            clear_error();
            same!(unsafe { FormatMessageW(STRING, wide("text").as_ptr().cast(), 0, 0, buffer.as_mut_ptr(), 4, core::ptr::null()) }, 0);
            same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
        });
        case!(cases, "kernel32!FormatMessageW kernel32!FormatMessageA", Failure, "no source, and inserts without arguments", {
            same!(written("%1", &[], 0), Err(ERROR_INVALID_PARAMETER));
            let mut buffer = [0_u8; 8];
            clear_error();
            same!(unsafe { FormatMessageA(0, core::ptr::null(), 1, 0, buffer.as_mut_ptr(), 8, core::ptr::null()) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
        });
        cases.code()
    }
}
