//! Functions of the small DLLs that have a header of few: random bytes, command lines, profiles, privileges, numbers of
//! classes, apartments.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]
#![allow(non_snake_case, reason = "functions bear Windows' own names")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::*;
use windows_sys::Win32::System::Com::*;
use windows_sys::Win32::System::Diagnostics::Etw::*;
use windows_sys::Win32::System::LibraryLoader::{GetProcAddress, LoadLibraryW};
use windows_sys::Win32::System::WindowsProgramming::*;
use windows_sys::Win32::UI::Shell::*;
use windows_sys::core::GUID;

windows_link::link!("advapi32.dll" "system" fn SystemFunction036(buffer: *mut u8, length: u32) -> u8);

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        random(&mut cases);
        lines(&mut cases);
        profile(&mut cases);
        privileges(&mut cases);
        numbers(&mut cases);
        apartments(&mut cases);
        providers(&mut cases);
        cases.code()
    }
}

fn random(cases: &mut Cases) {
    case!(cases, "bcryptprimitives!ProcessPrng", Total, "other bytes every time", wine = "Wine 10 and older have no such DLL", {
        let module = unsafe { LoadLibraryW(wide("bcryptprimitives.dll").as_ptr()) };
        let function = unsafe { GetProcAddress(module, c"ProcessPrng".as_ptr().cast()) }.ok_or("there is no ProcessPrng")?;
        let ProcessPrng: unsafe extern "system" fn(*mut u8, usize) -> i32 = unsafe { core::mem::transmute(function) };
        let (mut one, mut other) = ([0; 32], [0; 32]);
        same!(unsafe { (ProcessPrng(one.as_mut_ptr(), 32), ProcessPrng(other.as_mut_ptr(), 32)) }, (1, 1));
        holds!(one != other && one != [0; 32]);
    });
    case!(cases, "advapi32!SystemFunction036", Total, "other bytes every time", {
        let (mut one, mut other) = ([0; 32], [0; 32]);
        same!(unsafe { (SystemFunction036(one.as_mut_ptr(), 32), SystemFunction036(other.as_mut_ptr(), 32)) }, (1, 1));
        holds!(one != other && one != [0; 32]);
    });
}

fn split(line: &str) -> Result<Vec<String>, String> {
    let mut count = 0;
    let list = unsafe { CommandLineToArgvW(wide(line).as_ptr(), &raw mut count) };
    holds!(!list.is_null());
    let mut words = Vec::new();
    for index in 0..count as usize {
        let word = unsafe { *list.add(index) };
        let length = (0..).take_while(|at| unsafe { *word.add(*at) } != 0).count();
        words.push(String::from_utf16_lossy(unsafe { core::slice::from_raw_parts(word, length) }));
    }
    holds!(unsafe { *list.add(count as usize) }.is_null());
    unsafe { LocalFree(list.cast()) };
    Ok(words)
}

fn lines(cases: &mut Cases) {
    case!(cases, "shell32!CommandLineToArgvW", Success, "quotes and backslashes", {
        same!(split("program a b")?, ["program", "a", "b"]);
        same!(split("\"my program\" \"a b\" c\\d \"e\\\"f\" \"g\\\\\"")?, ["my program", "a b", "c\\d", "e\"f", "g\\"]);
        same!(split("p   a\t b  ")?, ["p", "a", "b"]);
        same!(split("p \"\" x")?, ["p", "", "x"]);
    });
    case!(cases, "shell32!CommandLineToArgvW", Success, "an empty line is the program's path", {
        let words = split("")?;
        same!(words.len(), 1);
        holds!(words[0].ends_with(".exe"));
    });
    case!(cases, "shell32!CommandLineToArgvW", Failure, "nowhere to put the count", {
        clear_error();
        same!(unsafe { CommandLineToArgvW(wide("a").as_ptr(), null_mut()) }.is_null(), true);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
}

fn profile(cases: &mut Cases) {
    case!(cases, "userenv!GetProfilesDirectoryW", Success, "the folder of profiles", wine = "Wine counts without the NUL", {
        let (mut path, mut room) = ([0; 300], 300);
        same!(unsafe { GetProfilesDirectoryW(path.as_mut_ptr(), &raw mut room) }, 1);
        same!((narrow(&path).to_ascii_lowercase(), room), (String::from("c:\\users"), 9));
    });
    case!(cases, "userenv!GetProfilesDirectoryW", Failure, "too small a buffer says how large it must be", wine = "Wine counts without the NUL", {
        let (mut path, mut room) = ([0; 300], 2);
        clear_error();
        same!((unsafe { GetProfilesDirectoryW(path.as_mut_ptr(), &raw mut room) }, last_error(), room), (0, ERROR_INSUFFICIENT_BUFFER, 9));
    });
    case!(cases, "advapi32!GetUserNameW", Success, "a name, and its length with the NUL", {
        let (mut name, mut room) = ([0; 300], 300);
        same!(unsafe { GetUserNameW(name.as_mut_ptr(), &raw mut room) }, 1);
        same!(room as usize, narrow(&name).len() + 1);
    });
    case!(cases, "advapi32!GetUserNameW", Failure, "too small a buffer", {
        let (mut name, mut room) = ([0; 300], 1);
        clear_error();
        same!((unsafe { GetUserNameW(name.as_mut_ptr(), &raw mut room) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
        holds!(room > 1);
    });
}

fn privileges(cases: &mut Cases) {
    case!(cases, "advapi32!LookupPrivilegeValueW", Success, "by name, whatever its case", {
        let mut number = LUID { LowPart: 0, HighPart: 1 };
        same!(unsafe { LookupPrivilegeValueW(null(), wide("SeBackupPrivilege").as_ptr(), &raw mut number) }, 1);
        same!((number.LowPart, number.HighPart), (17, 0));
        same!(unsafe { LookupPrivilegeValueW(null(), wide("SEDEBUGPRIVILEGE").as_ptr(), &raw mut number) }, 1);
        same!(number.LowPart, 20);
    });
    case!(cases, "advapi32!LookupPrivilegeValueW", Success, "one of the newer ones", wine = "Wine knows fewer", {
        let mut number = LUID { LowPart: 0, HighPart: 1 };
        same!(unsafe { LookupPrivilegeValueW(null(), wide("SeCreateSymbolicLinkPrivilege").as_ptr(), &raw mut number) }, 1);
        same!(number.LowPart, 35);
    });
    case!(cases, "advapi32!LookupPrivilegeValueW", Failure, "a name that is none", {
        let mut number = LUID { LowPart: 0, HighPart: 0 };
        clear_error();
        same!(unsafe { LookupPrivilegeValueW(null(), wide("SeNothing").as_ptr(), &raw mut number) }, 0);
        same!(last_error(), ERROR_NO_SUCH_PRIVILEGE);
    });
}

const UNKNOWN: GUID = GUID::from_u128(0x12345678_1234_5678_9abc_def012345678);

fn numbers(cases: &mut Cases) {
    let written = "{12345678-1234-5678-9ABC-DEF012345678}";
    case!(cases, "ole32!StringFromGUID2", Success, "its digits", {
        let mut text = [0; 40];
        same!(unsafe { StringFromGUID2(&UNKNOWN, text.as_mut_ptr(), 40) }, 39);
        same!(narrow(&text), written);
    });
    case!(cases, "ole32!StringFromGUID2", Failure, "too small a buffer", {
        let mut text = [0; 40];
        same!(unsafe { StringFromGUID2(&UNKNOWN, text.as_mut_ptr(), 38) }, 0);
    });
    case!(cases, "ole32!StringFromCLSID ole32!CoTaskMemFree", Success, "its digits in task memory", {
        let mut text = null_mut();
        same!(unsafe { StringFromCLSID(&UNKNOWN, &raw mut text) }, S_OK);
        same!(narrow(unsafe { core::slice::from_raw_parts(text, 39) }), written);
        unsafe { CoTaskMemFree(text.cast()) };
    });
    case!(cases, "ole32!CLSIDFromString", Success, "there and back", {
        let mut guid = GUID::from_u128(0);
        same!(unsafe { CLSIDFromString(wide(written).as_ptr(), &raw mut guid) }, S_OK);
        same!((guid.data1, guid.data2, guid.data3, guid.data4), (UNKNOWN.data1, UNKNOWN.data2, UNKNOWN.data3, UNKNOWN.data4));
    });
    case!(cases, "ole32!CLSIDFromString", Failure, "no number", {
        let mut guid = GUID::from_u128(0);
        same!(unsafe { CLSIDFromString(wide("{1234}").as_ptr(), &raw mut guid) }, CO_E_CLASSSTRING);
    });
    case!(cases, "ole32!CoCreateGuid", Success, "a random number of version 4", {
        let (mut one, mut other) = (GUID::from_u128(0), GUID::from_u128(0));
        same!(unsafe { (CoCreateGuid(&raw mut one), CoCreateGuid(&raw mut other)) }, (S_OK, S_OK));
        holds!(one.data1 != other.data1 || one.data4 != other.data4);
        same!((one.data3 >> 12, one.data4[0] >> 6), (4, 2));
    });
    case!(cases, "ole32!CoTaskMemAlloc ole32!CoTaskMemRealloc ole32!CoTaskMemFree", Total, "bytes stay when a block grows", {
        let block = unsafe { CoTaskMemAlloc(4) }.cast::<u32>();
        unsafe { *block = 0x1234_5678 };
        let grown = unsafe { CoTaskMemRealloc(block.cast(), 100_000) }.cast::<u32>();
        same!(unsafe { *grown }, 0x1234_5678);
        unsafe { CoTaskMemFree(grown.cast()) };
        unsafe { CoTaskMemFree(null()) };
    });
}

fn apartments(cases: &mut Cases) {
    let create = || {
        let mut object = null_mut();
        unsafe { CoCreateInstance(&UNKNOWN, null_mut(), CLSCTX_INPROC_SERVER, &UNKNOWN, &raw mut object) }
    };
    case!(cases, "ole32!CoCreateInstance", Failure, "outside of an apartment", {
        same!(create(), CO_E_NOTINITIALIZED);
    });
    case!(cases, "ole32!CoInitializeEx ole32!CoUninitialize", Success, "once, twice, and out again", {
        same!(unsafe { CoInitializeEx(null(), COINIT_APARTMENTTHREADED as u32) }, S_OK);
        same!(unsafe { CoInitializeEx(null(), COINIT_APARTMENTTHREADED as u32) }, S_FALSE);
        unsafe { CoUninitialize() };
        unsafe { CoUninitialize() };
        same!(unsafe { CoInitializeEx(null(), COINIT_APARTMENTTHREADED as u32) }, S_OK);
        unsafe { CoUninitialize() };
    });
    case!(cases, "ole32!CoInitializeEx", Failure, "another kind of apartment", {
        same!(unsafe { CoInitialize(null()) }, S_OK);
        same!(unsafe { CoInitializeEx(null(), COINIT_MULTITHREADED as u32) }, RPC_E_CHANGED_MODE);
        unsafe { CoUninitialize() };
    });
    case!(cases, "ole32!CoInitialize ole32!CoCreateInstance", Failure, "a class that nobody registered", {
        same!(unsafe { CoInitialize(null()) }, S_OK);
        same!(create(), REGDB_E_CLASSNOTREG);
        unsafe { CoUninitialize() };
    });
}

fn providers(cases: &mut Cases) {
    let id = GUID::from_u128(0x1f3c_2f0a_77aa_4d0c_9d1e_5f8b_6f3a_0001);
    let event = EVENT_DESCRIPTOR { Id: 1, Version: 0, Channel: 0, Level: 4, Opcode: 0, Task: 0, Keyword: 1 };
    let register = || {
        let mut handle = 0;
        let code = unsafe { EventRegister(&raw const id, None, null(), &raw mut handle) };
        (code, handle)
    };
    case!(cases, "advapi32!EventRegister", Success, "each registration has its own handle", wine = "Wine answers one handle for all", {
        let (one, other) = (register(), register());
        same!((one.0, other.0), (0, 0));
        holds!(one.1 != 0 && one.1 != other.1);
        same!(unsafe { (EventUnregister(one.1), EventUnregister(other.1)) }, (0, 0));
    });
    case!(cases, "advapi32!EventRegister", Failure, "no provider, no place for the handle", wine = "Wine checks nothing", {
        let mut handle = 0;
        same!(unsafe { EventRegister(null(), None, null(), &raw mut handle) }, ERROR_INVALID_PARAMETER);
        same!(unsafe { EventRegister(&raw const id, None, null(), null_mut()) }, ERROR_INVALID_PARAMETER);
    });
    case!(cases, "advapi32!EventUnregister", Success, "once", {
        same!(unsafe { EventUnregister(register().1) }, 0);
    });
    case!(cases, "advapi32!EventUnregister", Failure, "a handle that is none, or is none any more", wine = "Wine checks nothing", {
        let (_, handle) = register();
        same!(unsafe { EventUnregister(handle) }, 0);
        same!(unsafe { (EventUnregister(handle), EventUnregister(0)) }, (ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE));
    });
    case!(cases, "advapi32!EventWrite", Success, "nobody listens, which is no error", {
        let (_, handle) = register();
        same!(unsafe { EventWrite(handle, &raw const event, 0, null()) }, 0);
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventWrite", Failure, "a handle that is none, no event, pieces that are not there", wine = "Wine checks nothing", {
        let (_, handle) = register();
        same!(unsafe { EventWrite(0, &raw const event, 0, null()) }, ERROR_INVALID_HANDLE);
        same!(unsafe { EventWrite(handle, null(), 0, null()) }, ERROR_INVALID_PARAMETER);
        same!(unsafe { EventWrite(handle, &raw const event, 1, null()) }, ERROR_INVALID_PARAMETER);
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventWriteTransfer", Success, "nobody listens, which is no error", {
        let (_, handle) = register();
        same!(unsafe { EventWriteTransfer(handle, &raw const event, null(), null(), 0, null()) }, 0);
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventWriteTransfer", Failure, "a handle that is none, more pieces than an event has", wine = "Wine checks nothing", {
        let pieces = [EVENT_DATA_DESCRIPTOR { Ptr: 0, Size: 0, Anonymous: EVENT_DATA_DESCRIPTOR_0 { Reserved: 0 } }; 129];
        let (_, handle) = register();
        same!(unsafe { EventWriteTransfer(0, &raw const event, null(), null(), 0, null()) }, ERROR_INVALID_HANDLE);
        same!(unsafe { EventWriteTransfer(handle, &raw const event, null(), null(), 129, pieces.as_ptr()) }, ERROR_INVALID_PARAMETER);
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventSetInformation", Success, "traits that say their own length", {
        let (_, handle) = register();
        let traits = [4_u8, 0, b'x', 0];
        same!(unsafe { EventSetInformation(handle, EventProviderSetTraits, traits.as_ptr().cast(), 4) }, 0);
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventSetInformation", Failure, "traits of another length, a handle that is none", wine = "Wine checks nothing", {
        let (_, handle) = register();
        let traits = [4_u8, 0, b'x', 0];
        same!(unsafe { EventSetInformation(handle, EventProviderSetTraits, traits.as_ptr().cast(), 3) }, ERROR_INVALID_PARAMETER);
        same!(unsafe { EventSetInformation(0, EventProviderSetTraits, traits.as_ptr().cast(), 4) }, ERROR_INVALID_HANDLE);
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventEnabled", Total, "nobody listens", {
        let (_, handle) = register();
        same!(unsafe { (EventEnabled(handle, &raw const event), EventProviderEnabled(handle, 4, 1)) }, (false, false));
        unsafe { EventUnregister(handle) };
    });
    case!(cases, "advapi32!EventProviderEnabled", Total, "not even a provider that is none", {
        same!(unsafe { EventProviderEnabled(0, 4, 1) }, false);
    });
}
