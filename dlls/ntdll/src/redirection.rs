//! What 32-bit code means by `C:\Windows\System32`: the folder of 32-bit DLLs, `SysWOW64`, wherever a name of a file leaves the
//! process ("File System Redirector", learn.microsoft.com). `C:\Windows\Sysnative` leads it to the other one, and a thread can
//! ask for names that mean what they say.

use alloc::borrow::Cow;
use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use guest::text::same_ascii;

const BACKSLASH: u16 = b'\\' as u16;

/// Where the folders lie, as NT names say it.
const WINDOWS: &[u8] = b"\\??\\C:\\Windows\\";
/// Below `System32`: what there is one of for both bitnesses.
const SHARED: [&[u8]; 6] = [b"catroot", b"catroot2", b"driverstore", b"drivers\\etc", b"logfiles", b"spool"];

/// What lies behind a folder or file of this name: nothing, or a backslash and more.
fn below<'a>(name: &'a [u16], folder: &[u8]) -> Option<&'a [u16]> {
    let (head, rest) = name.split_at_checked(folder.len())?;
    let is_it = head.iter().zip(folder).all(|(unit, byte)| u8::try_from(*unit).is_ok_and(|unit| unit.eq_ignore_ascii_case(byte)));
    (is_it && rest.first().is_none_or(|unit| *unit == BACKSLASH)).then_some(rest)
}

/// The name that 32-bit code means by an NT name, where it is another one.
fn meant(name: &[u16]) -> Option<alloc::vec::Vec<u16>> {
    let (windows, inside) = name.split_at_checked(WINDOWS.len())?;
    let expected: [u16; WINDOWS.len()] = core::array::from_fn(|index| WINDOWS[index].into());
    if !same_ascii(windows, &expected) {
        return None;
    }
    let put = |folder: &str, rest: &[u16]| Some(windows.iter().copied().chain(folder.encode_utf16()).chain(rest.iter().copied()).collect());
    if let Some(rest) = below(inside, b"System32") {
        let is_shared = rest.split_first().is_some_and(|(_, rest)| SHARED.iter().any(|folder| below(rest, folder).is_some()));
        return if is_shared { None } else { put("SysWOW64", rest) };
    }
    if let Some(rest) = below(inside, b"Sysnative") {
        return put("System32", rest);
    }
    if below(inside, b"regedit.exe").is_some_and(<[u16]>::is_empty) {
        return put("SysWOW64\\regedit.exe", &[]);
    }
    None
}

/// The name by which the runtime is asked for a file.
pub fn redirected(name: &[u16]) -> Cow<'_, [u16]> {
    if cfg!(target_arch = "x86") && guest::teb::redirection() == ENABLED {
        return meant(name).map_or(Cow::Borrowed(name), Cow::Owned);
    }
    Cow::Borrowed(name)
}

/// `WOW64_FILE_SYSTEM_ENABLE_REDIRECT`: any other value turns it off.
const ENABLED: u32 = 0;

/// Says whether the thread's names of files are redirected from now on, and answers what was said before.
#[shim(ix = 483, mapping = "the thread's block", risk = Wrong("a DLL of the other bitness"))]
pub unsafe extern "system" fn RtlWow64EnableFsRedirectionEx(wanted: *mut c_void, before: *mut *mut c_void) -> Result<NtStatus, Status> {
    if !cfg!(target_arch = "x86") {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_NOT_IMPLEMENTED));
    }
    if before.is_null() {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_ACCESS_VIOLATION));
    }
    unsafe { *before = guest::teb::redirection() as usize as *mut c_void };
    guest::teb::set_redirection(wanted as usize as u32);
    Ok(NtStatus::SUCCESS)
}

/// Turns the thread's redirection on or off.
#[shim(ix = 484, mapping = "the thread's block", risk = Wrong("a DLL of the other bitness"))]
pub unsafe extern "system" fn RtlWow64EnableFsRedirection(enable: u8) -> Result<NtStatus, Status> {
    if !cfg!(target_arch = "x86") {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_NOT_IMPLEMENTED));
    }
    guest::teb::set_redirection(u32::from(enable == 0));
    Ok(NtStatus::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::meant;
    use alloc::string::String;
    use alloc::vec::Vec;

    #[test]
    fn names_of_32_bit_code() {
        let says = |name: &str| meant(&name.encode_utf16().collect::<Vec<_>>()).map(|name| String::from_utf16_lossy(&name));
        for (name, expected) in [
            ("\\??\\C:\\Windows\\System32", Some("\\??\\C:\\Windows\\SysWOW64")),
            ("\\??\\c:\\WINDOWS\\system32\\a\\b.dll", Some("\\??\\c:\\WINDOWS\\SysWOW64\\a\\b.dll")),
            ("\\??\\C:\\Windows\\System32\\", Some("\\??\\C:\\Windows\\SysWOW64\\")),
            ("\\??\\C:\\Windows\\System32.dll", None),
            ("\\??\\C:\\Windows\\System321\\x", None),
            ("\\??\\C:\\Windows", None),
            ("\\??\\C:\\Windows\\", None),
            ("\\??\\D:\\Windows\\System32\\x", None),
            ("\\??\\C:\\Windows\\SysWOW64\\x", None),
            ("\\??\\C:\\Windows\\System32\\drivers\\etc\\hosts", None),
            ("\\??\\C:\\Windows\\System32\\drivers\\x.sys", Some("\\??\\C:\\Windows\\SysWOW64\\drivers\\x.sys")),
            ("\\??\\C:\\Windows\\System32\\spool", None),
            ("\\??\\C:\\Windows\\System32\\spooler", Some("\\??\\C:\\Windows\\SysWOW64\\spooler")),
            ("\\??\\C:\\Windows\\Sysnative\\cmd.exe", Some("\\??\\C:\\Windows\\System32\\cmd.exe")),
            ("\\??\\C:\\Windows\\sysnative", Some("\\??\\C:\\Windows\\System32")),
            ("\\??\\C:\\Windows\\regedit.exe", Some("\\??\\C:\\Windows\\SysWOW64\\regedit.exe")),
            ("\\??\\C:\\Windows\\regedit.exe\\x", None),
            ("", None),
        ] {
            assert_eq!(says(name).as_deref(), expected, "{name}");
        }
    }
}
