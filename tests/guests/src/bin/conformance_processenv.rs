//! processenv.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_DIRECTORY, ERROR_ENVVAR_NOT_FOUND, ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER,
    ERROR_SHARING_VIOLATION, GENERIC_WRITE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{CREATE_ALWAYS, CreateDirectoryW, CreateFileW, RemoveDirectoryW, SearchPathA, SearchPathW};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle};
use windows_sys::Win32::System::Environment::*;

fn ascii(bytes: &[u8]) -> alloc::string::String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    alloc::string::String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A variable's value as the narrow function tells it.
fn value(name: &str) -> Option<alloc::string::String> {
    let mut buffer = [0_u16; 256];
    let length = unsafe { GetEnvironmentVariableW(wide(name).as_ptr(), buffer.as_mut_ptr(), 256) };
    (length != 0 || last_error() == 0xDEAD).then(|| narrow(&buffer[..length as usize]))
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!GetStdHandle", Success, "standard output is there", {
            let handle = unsafe { GetStdHandle(STD_OUTPUT_HANDLE) };
            holds!(!handle.is_null() && handle != INVALID_HANDLE_VALUE);
        });
        case!(cases, "kernel32!GetStdHandle", Failure, "a number that is no stream", {
            clear_error();
            same!(unsafe { GetStdHandle(42) }, INVALID_HANDLE_VALUE);
            same!(last_error(), ERROR_INVALID_HANDLE);
        });
        case!(cases, "kernel32!SetStdHandle", Success, "what is set is answered", {
            let before = unsafe { GetStdHandle(STD_ERROR_HANDLE) };
            same!(unsafe { SetStdHandle(STD_ERROR_HANDLE, 0x1234 as _) }, 1);
            let found = unsafe { GetStdHandle(STD_ERROR_HANDLE) };
            same!(unsafe { SetStdHandle(STD_ERROR_HANDLE, before) }, 1);
            same!(found as usize, 0x1234);
        });
        case!(cases, "kernel32!SetStdHandle", Failure, "a number that is no stream", {
            clear_error();
            same!(unsafe { SetStdHandle(42, core::ptr::null_mut()) }, 0);
            same!(last_error(), ERROR_INVALID_HANDLE);
        });
        case!(cases, "kernel32!SetStdHandle", Success, "standard input can be taken away", {
            let before = unsafe { GetStdHandle(STD_INPUT_HANDLE) };
            same!(unsafe { SetStdHandle(STD_INPUT_HANDLE, core::ptr::null_mut()) }, 1);
            holds!(unsafe { GetStdHandle(STD_INPUT_HANDLE) }.is_null());
            unsafe { SetStdHandle(STD_INPUT_HANDLE, before) };
        });
        case!(cases, "kernel32!GetCommandLineW kernel32!GetCommandLineA", Total, "the same line twice, and at the same place each time", {
            let line = unsafe { GetCommandLineW() };
            same!(unsafe { GetCommandLineW() }, line);
            let length = (0..).take_while(|index| unsafe { *line.add(*index) } != 0).count();
            let text = narrow(unsafe { core::slice::from_raw_parts(line, length) });
            holds!(text.to_ascii_lowercase().contains("conformance_processenv"));
            let ansi = unsafe { GetCommandLineA() };
            same!(unsafe { GetCommandLineA() }, ansi);
            same!(ascii(unsafe { core::slice::from_raw_parts(ansi, length + 1) }), text);
        });
        environment(&mut cases);
        expansion(&mut cases);
        folder(&mut cases);
        search(&mut cases);
        cases.code()
    }
}

fn environment(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!SetEnvironmentVariableW kernel32!GetEnvironmentVariableW",
        Success,
        "a variable is set, changed, and has a name of any case",
        {
            same!(unsafe { SetEnvironmentVariableW(wide("WcOne").as_ptr(), wide("first").as_ptr()) }, 1);
            same!(value("WCONE"), Some("first".into()));
            same!(unsafe { SetEnvironmentVariableW(wide("wcone").as_ptr(), wide("second=2").as_ptr()) }, 1);
            same!(value("WcOne"), Some("second=2".into()));
        }
    );
    case!(cases, "kernel32!GetEnvironmentVariableW", Success, "a buffer that is too small gets the room needed, and stays", {
        unsafe { SetEnvironmentVariableW(wide("WcOne").as_ptr(), wide("12345").as_ptr()) };
        let mut buffer = [0x7A_u16; 8];
        same!(unsafe { GetEnvironmentVariableW(wide("WcOne").as_ptr(), buffer.as_mut_ptr(), 5) }, 6);
        same!(unsafe { GetEnvironmentVariableW(wide("WcOne").as_ptr(), buffer.as_mut_ptr(), 6) }, 5);
        same!(buffer, [0x31, 0x32, 0x33, 0x34, 0x35, 0, 0x7A, 0x7A]);
        same!(unsafe { GetEnvironmentVariableW(wide("WcOne").as_ptr(), core::ptr::null_mut(), 0) }, 6);
    });
    case!(cases, "kernel32!GetEnvironmentVariableA kernel32!SetEnvironmentVariableA", Success, "ANSI texts", {
        same!(unsafe { SetEnvironmentVariableA(c"WcTwo".as_ptr().cast(), c"\xE9t\xE9".as_ptr().cast()) }, 1);
        same!(value("WcTwo"), Some("\u{E9}t\u{E9}".into()));
        let mut buffer = [0_u8; 8];
        same!(unsafe { GetEnvironmentVariableA(c"WcTwo".as_ptr().cast(), buffer.as_mut_ptr(), 8) }, 3);
        same!(&buffer[..4], b"\xE9t\xE9\0");
        same!(unsafe { GetEnvironmentVariableA(c"WcTwo".as_ptr().cast(), buffer.as_mut_ptr(), 3) }, 4);
    });
    case!(cases, "kernel32!SetEnvironmentVariableW", Success, "NULL takes a variable out", {
        unsafe { SetEnvironmentVariableW(wide("WcOne").as_ptr(), wide("x").as_ptr()) };
        same!(unsafe { SetEnvironmentVariableW(wide("WcOne").as_ptr(), core::ptr::null()) }, 1);
        clear_error();
        same!(value("WcOne"), None);
    });
    case!(cases, "kernel32!GetEnvironmentVariableW", Failure, "a variable that is not set", {
        clear_error();
        let mut buffer = [0_u16; 8];
        same!(unsafe { GetEnvironmentVariableW(wide("WcNone").as_ptr(), buffer.as_mut_ptr(), 8) }, 0);
        same!(last_error(), ERROR_ENVVAR_NOT_FOUND);
    });
    case!(cases, "kernel32!GetEnvironmentVariableA", Failure, "a variable that is not set", {
        clear_error();
        same!(unsafe { GetEnvironmentVariableA(c"WcNone".as_ptr().cast(), core::ptr::null_mut(), 0) }, 0);
        same!(last_error(), ERROR_ENVVAR_NOT_FOUND);
    });
    case!(cases, "kernel32!SetEnvironmentVariableW kernel32!SetEnvironmentVariableA", Failure, "names with an equals sign, and no name", {
        clear_error();
        same!(unsafe { SetEnvironmentVariableW(wide("a=b").as_ptr(), wide("x").as_ptr()) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        same!(unsafe { SetEnvironmentVariableA(c"".as_ptr().cast(), c"x".as_ptr().cast()) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!GetEnvironmentStringsW kernel32!FreeEnvironmentStringsW", Success, "a copy of all variables", {
        unsafe { SetEnvironmentVariableW(wide("WcThree").as_ptr(), wide("3").as_ptr()) };
        let block = unsafe { GetEnvironmentStringsW() };
        holds!(!block.is_null());
        let (mut at, mut found) = (0, false);
        while unsafe { *block.add(at) } != 0 {
            let length = (0..).take_while(|index| unsafe { *block.add(at + *index) } != 0).count();
            let text = narrow(unsafe { core::slice::from_raw_parts(block.add(at), length) });
            holds!(text.contains('='));
            found |= text == "WcThree=3";
            at += length + 1;
        }
        holds!(found);
        same!(unsafe { FreeEnvironmentStringsW(block) }, 1);
    });
    case!(cases, "kernel32!GetEnvironmentStrings kernel32!FreeEnvironmentStringsA", Success, "a narrow copy of all variables", {
        let block = unsafe { GetEnvironmentStrings() };
        holds!(!block.is_null());
        let mut at = 0;
        while unsafe { *block.add(at) } != 0 {
            at += (0..).take_while(|index| unsafe { *block.add(at + *index) } != 0).count() + 1;
        }
        let all = unsafe { core::slice::from_raw_parts(block, at) };
        holds!(all.split(|byte| *byte == 0).any(|text| text == b"WcThree=3"));
        same!(unsafe { FreeEnvironmentStringsA(block) }, 1);
    });
}

fn expansion(cases: &mut Cases) {
    unsafe { SetEnvironmentVariableW(wide("WcX").as_ptr(), wide("value").as_ptr()) };
    case!(cases, "kernel32!ExpandEnvironmentStringsW", Success, "known names are replaced, unknown ones and single percent signs stay", {
        let mut buffer = [0_u16; 64];
        for (source, expected) in
            [("a%WcX%b", "avalueb"), ("%wcx%%WCX%", "valuevalue"), ("%WcNone%", "%WcNone%"), ("100%", "100%"), ("%%", "%%"), ("", "")]
        {
            let length = unsafe { ExpandEnvironmentStringsW(wide(source).as_ptr(), buffer.as_mut_ptr(), 64) };
            same!(narrow(&buffer), expected);
            same!(length as usize, expected.len() + 1);
        }
    });
    case!(cases, "kernel32!ExpandEnvironmentStringsW", Success, "a buffer that is too small gets the room needed", {
        let mut buffer = [0_u16; 4];
        same!(unsafe { ExpandEnvironmentStringsW(wide("%WcX%").as_ptr(), buffer.as_mut_ptr(), 4) }, 6);
        same!(unsafe { ExpandEnvironmentStringsW(wide("%WcX%").as_ptr(), core::ptr::null_mut(), 0) }, 6);
    });
    case!(cases, "kernel32!ExpandEnvironmentStringsA", Success, "ANSI texts", {
        let mut buffer = [0_u8; 16];
        same!(unsafe { ExpandEnvironmentStringsA(c"<%WcX%>".as_ptr().cast(), buffer.as_mut_ptr(), 16) }, 8);
        same!(ascii(&buffer), "<value>");
    });
}

fn folder(cases: &mut Cases) {
    let mut start = [0_u16; 300];
    unsafe { GetCurrentDirectoryW(300, start.as_mut_ptr()) };
    case!(cases, "kernel32!GetCurrentDirectoryW", Success, "the length without the NUL, or the room with it", {
        let length = unsafe { GetCurrentDirectoryW(300, start.as_mut_ptr()) };
        same!(length as usize, narrow(&start).len());
        same!(unsafe { GetCurrentDirectoryW(0, core::ptr::null_mut()) }, length + 1);
        same!(unsafe { GetCurrentDirectoryW(length, start.as_mut_ptr()) }, length + 1);
        same!(unsafe { GetCurrentDirectoryW(300, start.as_mut_ptr()) }, length);
    });
    case!(cases, "kernel32!SetCurrentDirectoryW kernel32!GetCurrentDirectoryA", Success, "Windows' folder", {
        same!(unsafe { SetCurrentDirectoryW(wide("C:\\Windows\\").as_ptr()) }, 1);
        let mut buffer = [0_u8; 64];
        let length = unsafe { GetCurrentDirectoryA(64, buffer.as_mut_ptr()) };
        same!((ascii(&buffer).to_ascii_lowercase(), length), ("c:\\windows".into(), 10));
    });
    case!(cases, "kernel32!SetCurrentDirectoryA", Success, "a folder above, and a root keeps its backslash", {
        same!(unsafe { SetCurrentDirectoryA(c"C:\\Windows\\System32".as_ptr().cast()) }, 1);
        same!(unsafe { SetCurrentDirectoryA(c"..\\..".as_ptr().cast()) }, 1);
        let mut buffer = [0_u16; 64];
        unsafe { GetCurrentDirectoryW(64, buffer.as_mut_ptr()) };
        same!(narrow(&buffer), "C:\\");
    });
    case!(cases, "kernel32!SetCurrentDirectoryW", Success, "the current folder is held open: nobody deletes it meanwhile", {
        let name = wide("wc-current");
        same!(unsafe { SetCurrentDirectoryW(start.as_ptr()) }, 1);
        same!(unsafe { CreateDirectoryW(name.as_ptr(), core::ptr::null()) }, 1);
        same!(unsafe { SetCurrentDirectoryW(name.as_ptr()) }, 1);
        clear_error();
        same!(unsafe { RemoveDirectoryW(wide("..\\wc-current").as_ptr()) }, 0);
        same!(last_error(), ERROR_SHARING_VIOLATION);
        same!(unsafe { SetCurrentDirectoryW(start.as_ptr()) }, 1);
        same!(unsafe { RemoveDirectoryW(name.as_ptr()) }, 1);
    });
    case!(cases, "kernel32!SetCurrentDirectoryW", Failure, "a file is no folder", {
        clear_error();
        same!(unsafe { SetCurrentDirectoryW(wide("C:\\Windows\\System32\\ntdll.dll").as_ptr()) }, 0);
        same!(last_error(), ERROR_DIRECTORY);
    });
    case!(cases, "kernel32!SetCurrentDirectoryW", Failure, "a folder that is not there", {
        clear_error();
        same!(unsafe { SetCurrentDirectoryW(wide("C:\\wc-no-such-folder").as_ptr()) }, 0);
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!SetCurrentDirectoryA", Failure, "no name", {
        clear_error();
        same!(unsafe { SetCurrentDirectoryA(c"".as_ptr().cast()) }, 0);
        holds!(last_error() != 0xDEAD);
    });
    unsafe { SetCurrentDirectoryW(start.as_ptr()) };
}

fn search(cases: &mut Cases) {
    // A folder of this run's own with one file.
    unsafe {
        CreateDirectoryW(wide("wc-search").as_ptr(), core::ptr::null());
        let name = wide("wc-search\\wc-found.txt");
        CloseHandle(CreateFileW(name.as_ptr(), GENERIC_WRITE, 0, core::ptr::null(), CREATE_ALWAYS, 0, core::ptr::null_mut()));
    }
    let mut start = [0_u16; 300];
    unsafe { GetCurrentDirectoryW(300, start.as_mut_ptr()) };
    let full = alloc::format!("{}\\wc-search\\wc-found.txt", narrow(&start).trim_end_matches('\\'));
    let size = full.len() as u32;
    case!(cases, "kernel32!SearchPathW", Success, "along folders that are given, by the whole name and with a default extension", {
        let mut buffer = [0_u16; 300];
        let mut part = core::ptr::null_mut();
        for (name, extension) in [("wc-found.txt", None), ("WC-FOUND", Some(".txt")), ("wc-found.txt", Some(".exe"))] {
            let extension = extension.map(wide);
            let extension = extension.as_ref().map_or(core::ptr::null(), |extension| extension.as_ptr());
            let list = wide("C:\\;wc-search");
            let length = unsafe { SearchPathW(list.as_ptr(), wide(name).as_ptr(), extension, 300, buffer.as_mut_ptr(), &raw mut part) };
            same!(narrow(&buffer).to_ascii_lowercase(), full.to_ascii_lowercase());
            same!((length, unsafe { part.offset_from(buffer.as_ptr()) } as u32), (size, size - 12));
        }
    });
    case!(cases, "kernel32!SearchPathW", Success, "the current folder counts where no folders are given, and so does PATH", {
        let mut buffer = [0_u16; 300];
        unsafe {
            SetCurrentDirectoryW(wide("wc-search").as_ptr());
            let found =
                SearchPathW(core::ptr::null(), wide("wc-found.txt").as_ptr(), core::ptr::null(), 300, buffer.as_mut_ptr(), core::ptr::null_mut());
            SetCurrentDirectoryW(start.as_ptr());
            same!(found, size);
            SetEnvironmentVariableW(wide("PATH").as_ptr(), wide(&full[..full.len() - 13]).as_ptr());
            same!(
                SearchPathW(core::ptr::null(), wide("wc-found.txt").as_ptr(), core::ptr::null(), 300, buffer.as_mut_ptr(), core::ptr::null_mut()),
                size
            );
        }
    });
    case!(cases, "kernel32!SearchPathW", Success, "a buffer that is too small gets the room needed", {
        let mut buffer = [0_u16; 8];
        let list = wide("wc-search");
        let found =
            unsafe { SearchPathW(list.as_ptr(), wide("wc-found.txt").as_ptr(), core::ptr::null(), 8, buffer.as_mut_ptr(), core::ptr::null_mut()) };
        same!(found, size + 1);
    });
    case!(cases, "kernel32!SearchPathA", Success, "ANSI texts", {
        let mut buffer = [0_u8; 300];
        let list = c"wc-search".as_ptr().cast();
        let found = unsafe { SearchPathA(list, c"wc-found.txt".as_ptr().cast(), core::ptr::null(), 300, buffer.as_mut_ptr(), core::ptr::null_mut()) };
        same!((ascii(&buffer), found), (full.clone(), size));
    });
    case!(cases, "kernel32!SearchPathW kernel32!SearchPathA", Failure, "a file that is nowhere", {
        let mut buffer = [0_u16; 64];
        clear_error();
        same!(
            unsafe {
                SearchPathW(core::ptr::null(), wide("wc-none.xyz").as_ptr(), core::ptr::null(), 64, buffer.as_mut_ptr(), core::ptr::null_mut())
            },
            0
        );
        same!(last_error(), ERROR_FILE_NOT_FOUND);
        clear_error();
        same!(
            unsafe {
                SearchPathA(core::ptr::null(), c"wc-none.xyz".as_ptr().cast(), core::ptr::null(), 0, core::ptr::null_mut(), core::ptr::null_mut())
            },
            0
        );
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!SearchPathW", Failure, "no name", {
        clear_error();
        same!(unsafe { SearchPathW(core::ptr::null(), wide("").as_ptr(), core::ptr::null(), 0, core::ptr::null_mut(), core::ptr::null_mut()) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
    case!(
        cases,
        "kernel32!NeedCurrentDirectoryForExePathW kernel32!NeedCurrentDirectoryForExePathA",
        Total,
        "a variable takes the current folder out, but for names with a backslash",
        {
            same!(unsafe { NeedCurrentDirectoryForExePathW(wide("cmd.exe").as_ptr()) }, 1);
            unsafe { SetEnvironmentVariableW(wide("NoDefaultCurrentDirectoryInExePath").as_ptr(), wide("x").as_ptr()) };
            let found = unsafe {
                [NeedCurrentDirectoryForExePathW(wide("cmd.exe").as_ptr()), NeedCurrentDirectoryForExePathA(c".\\cmd.exe".as_ptr().cast())]
            };
            unsafe { SetEnvironmentVariableW(wide("NoDefaultCurrentDirectoryInExePath").as_ptr(), core::ptr::null()) };
            same!(found, [0, 1]);
        }
    );
}
