//! winreg.h: what the registry says of the machine is what the functions answer.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::zeroed;
use core::ptr::null_mut;
use guests::registry::{get, names, open};
use guests::{Cases, case, holds, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Globalization::*;
use windows_sys::Win32::System::Environment::*;
use windows_sys::Win32::System::Registry::*;
use windows_sys::Win32::System::SystemInformation::*;
use windows_sys::Win32::System::Time::*;
use windows_sys::Win32::System::WindowsProgramming::*;

const CONTROL: &str = "System\\CurrentControlSet\\Control";
const VERSION: &str = "Software\\Microsoft\\Windows NT\\CurrentVersion";

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        machine(&mut cases);
        language(&mut cases);
        environment(&mut cases);
        closed(&mut cases);
        cases.code()
    }
}

/// A text, its variables replaced.
fn text_of(root: HKEY, path: &str, name: &str) -> Result<String, String> {
    let key = open(root, path, KEY_READ).map_err(|code| format!("{path} was not opened: {code}"))?;
    let (kind, data) = get(&key, name).map_err(|code| format!("{path} has no {name}: {code}"))?;
    let units: Vec<u16> = data.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0).collect();
    Ok(if kind == REG_EXPAND_SZ { expanded(&narrow(&units)) } else { narrow(&units) })
}

fn number_of(path: &str, name: &str) -> Result<u32, String> {
    let key = open(HKEY_LOCAL_MACHINE, path, KEY_READ).map_err(|code| format!("{path} was not opened: {code}"))?;
    let (_, data) = get(&key, name).map_err(|code| format!("{path} has no {name}: {code}"))?;
    data.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(|| format!("{name} is no number"))
}

fn expanded(text: &str) -> String {
    let mut units = [0_u16; 4096];
    // SAFETY: the text ends in a NUL, the buffer has that many units.
    let length = unsafe { ExpandEnvironmentStringsW(wide(text).as_ptr(), units.as_mut_ptr(), units.len() as u32) };
    narrow(&units[..(length as usize).saturating_sub(1)])
}

fn variable(name: &str) -> String {
    let mut units = [0_u16; 4096];
    // SAFETY: as above.
    let length = unsafe { GetEnvironmentVariableW(wide(name).as_ptr(), units.as_mut_ptr(), units.len() as u32) };
    narrow(&units[..length as usize])
}

fn up_to_nul(units: &[u16]) -> String {
    narrow(units.split(|unit| *unit == 0).next().unwrap_or_default())
}

fn machine(cases: &mut Cases) {
    case!(cases, "advapi32!RegQueryValueExW ntdll!RtlGetVersion", Success, "the version", wine = "writes no numbers of it", {
        // SAFETY: plain numbers and texts; the size says how many.
        let mut version: OSVERSIONINFOW = unsafe { zeroed() };
        version.dwOSVersionInfoSize = size_of::<OSVERSIONINFOW>() as u32;
        // SAFETY: as above.
        unsafe { windows_sys::Wdk::System::SystemServices::RtlGetVersion(&raw mut version) };
        for name in ["CurrentBuild", "CurrentBuildNumber"] {
            same!(text_of(HKEY_LOCAL_MACHINE, VERSION, name)?, version.dwBuildNumber.to_string());
        }
        same!(number_of(VERSION, "CurrentMajorVersionNumber")?, version.dwMajorVersion);
        same!(number_of(VERSION, "CurrentMinorVersionNumber")?, version.dwMinorVersion);
        holds!(text_of(HKEY_LOCAL_MACHINE, VERSION, "ProductName")?.starts_with("Windows"));
    });
    case!(cases, "advapi32!RegQueryValueExW kernel32!GetComputerNameW", Success, "the computer's name", {
        let (mut name, mut room) = ([0_u16; 256], 256);
        // SAFETY: the buffer has that many units.
        same!(unsafe { GetComputerNameW(name.as_mut_ptr(), &raw mut room) } != 0, true);
        let found = text_of(HKEY_LOCAL_MACHINE, &format!("{CONTROL}\\ComputerName\\ActiveComputerName"), "ComputerName")?;
        same!(found.to_ascii_uppercase(), narrow(&name[..room as usize]).to_ascii_uppercase());
        holds!(text_of(HKEY_LOCAL_MACHINE, "System\\CurrentControlSet\\Services\\Tcpip\\Parameters", "Hostname")?.eq_ignore_ascii_case(&found));
    });
    case!(cases, "advapi32!RegEnumKeyExW kernel32!GetSystemInfo", Success, "how many processors there are", {
        // SAFETY: plain numbers, which are written.
        let mut facts: SYSTEM_INFO = unsafe { zeroed() };
        // SAFETY: as above.
        unsafe { GetSystemInfo(&raw mut facts) };
        let key = open(HKEY_LOCAL_MACHINE, "Hardware\\Description\\System\\CentralProcessor", KEY_READ).map_err(|code| format!("{code}"))?;
        same!(names(&key).len(), facts.dwNumberOfProcessors as usize);
        same!(variable("NUMBER_OF_PROCESSORS"), facts.dwNumberOfProcessors.to_string());
    });
    case!(cases, "advapi32!RegQueryValueExW kernel32!GetTimeZoneInformation", Success, "the time zone", wine = "writes none where no zone is set", {
        // SAFETY: plain numbers and texts, which are written.
        let mut zone: DYNAMIC_TIME_ZONE_INFORMATION = unsafe { zeroed() };
        // SAFETY: as above.
        holds!(unsafe { GetDynamicTimeZoneInformation(&raw mut zone) } <= 2);
        let path = format!("{CONTROL}\\TimeZoneInformation");
        same!(number_of(&path, "Bias")? as i32, zone.Bias);
        same!(number_of(&path, "StandardBias")? as i32, zone.StandardBias);
        same!(number_of(&path, "DaylightBias")? as i32, zone.DaylightBias);
        let name = text_of(HKEY_LOCAL_MACHINE, &path, "TimeZoneKeyName")?;
        same!(name.clone(), up_to_nul(&zone.TimeZoneKeyName));
        let listed = text_of(HKEY_LOCAL_MACHINE, &format!("{VERSION}\\Time Zones\\{name}"), "Std")?;
        same!(listed, up_to_nul(&zone.StandardName));
    });
}

fn language(cases: &mut Cases) {
    case!(cases, "advapi32!RegQueryValueExW kernel32!GetACP kernel32!GetOEMCP", Success, "the code pages", {
        let path = format!("{CONTROL}\\Nls\\CodePage");
        // SAFETY: no arguments.
        let (ansi, oem) = unsafe { (GetACP(), GetOEMCP()) };
        same!(text_of(HKEY_LOCAL_MACHINE, &path, "ACP")?, ansi.to_string());
        same!(text_of(HKEY_LOCAL_MACHINE, &path, "OEMCP")?, oem.to_string());
        // What is listed is one that texts are converted with.
        let key = open(HKEY_LOCAL_MACHINE, &path, KEY_READ).map_err(|code| format!("{code}"))?;
        for index in 0.. {
            let (mut name, mut room) = ([0_u16; 256], 256);
            // SAFETY: the buffer has that many units.
            let code = unsafe { RegEnumValueW(key.0, index, name.as_mut_ptr(), &raw mut room, null_mut(), null_mut(), null_mut(), null_mut()) };
            if code != 0 {
                same!(code, ERROR_NO_MORE_ITEMS);
                break;
            }
            let page = narrow(&name[..room as usize]);
            // SAFETY: a plain number.
            let is_valid = |page: &str| page.parse().map_or(true, |page: u32| unsafe { IsValidCodePage(page) } != 0);
            same!((is_valid(&page), &page), (true, &page));
        }
    });
    case!(cases, "advapi32!RegQueryValueExW kernel32!GetUserDefaultLCID", Success, "the language", {
        // SAFETY: no arguments.
        let (user, system) = unsafe { (GetUserDefaultLCID(), GetSystemDefaultLangID()) };
        same!(text_of(HKEY_CURRENT_USER, "Control Panel\\International", "Locale")?.to_ascii_uppercase(), format!("{user:08X}"));
        same!(text_of(HKEY_LOCAL_MACHINE, &format!("{CONTROL}\\Nls\\Language"), "Default")?.to_ascii_uppercase(), format!("{system:04X}"));
        let mut name = [0_u16; 85];
        // SAFETY: the buffer has that many units.
        unsafe { GetUserDefaultLocaleName(name.as_mut_ptr(), 85) };
        same!(text_of(HKEY_CURRENT_USER, "Control Panel\\International", "LocaleName")?, up_to_nul(&name));
    });
}

fn environment(cases: &mut Cases) {
    case!(cases, "advapi32!RegQueryValueExW kernel32!GetEnvironmentVariableW", Success, "the environment", {
        let path = format!("{CONTROL}\\Session Manager\\Environment");
        for name in ["ComSpec", "OS", "PATHEXT", "windir", "PROCESSOR_ARCHITECTURE"] {
            let (found, is) = (text_of(HKEY_LOCAL_MACHINE, &path, name)?, variable(name));
            // A 32-bit program is told that it runs on a processor of its own kind.
            let is = if name == "PROCESSOR_ARCHITECTURE" && cfg!(target_pointer_width = "32") { "AMD64".into() } else { is };
            same!((found.to_ascii_uppercase(), name), (is.to_ascii_uppercase(), name));
        }
        let volatile = open(HKEY_CURRENT_USER, "Volatile Environment", KEY_READ).map_err(|code| format!("{code}"))?;
        drop(volatile);
        for name in ["USERNAME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "HOMEDRIVE", "HOMEPATH"] {
            same!((text_of(HKEY_CURRENT_USER, "Volatile Environment", name)?, name), (variable(name), name));
        }
    });
    case!(cases, "advapi32!RegQueryValueExW kernel32!GetWindowsDirectoryW", Success, "folders", {
        let mut folder = [0_u16; 260];
        // SAFETY: the buffer has that many units.
        let length = unsafe { GetWindowsDirectoryW(folder.as_mut_ptr(), 260) };
        same!(text_of(HKEY_LOCAL_MACHINE, VERSION, "SystemRoot")?.to_ascii_uppercase(), narrow(&folder[..length as usize]).to_ascii_uppercase());
        let folders = "Software\\Microsoft\\Windows\\CurrentVersion";
        same!(text_of(HKEY_LOCAL_MACHINE, folders, "ProgramFilesDir")?, variable("ProgramFiles"));
        same!(text_of(HKEY_LOCAL_MACHINE, folders, "CommonFilesDir")?, variable("CommonProgramFiles"));
        same!(text_of(HKEY_CURRENT_USER, &format!("{folders}\\Explorer\\Shell Folders"), "AppData")?, variable("APPDATA"));
        same!(text_of(HKEY_LOCAL_MACHINE, &format!("{folders}\\Explorer\\Shell Folders"), "Common AppData")?, variable("ProgramData"));
    });
}

fn closed(cases: &mut Cases) {
    case!(cases, "advapi32!RegOpenKeyExW", Failure, "keys of the accounts, which are the system's alone", wine = "opens them for everybody", {
        for path in ["SECURITY", "security\\Policy", "SAM\\SAM", "SAM\\SAM\\Domains"] {
            same!((open(HKEY_LOCAL_MACHINE, path, KEY_READ).err(), path), (Some(ERROR_ACCESS_DENIED), path));
        }
        holds!(open(HKEY_LOCAL_MACHINE, "SAM", KEY_READ).is_ok());
    });
}
