//! Names of drives and volumes: the devices behind drives, the volumes' own names, and where they are mounted.

use super::full::{full, volume_name};
use super::volume::{drives, root_of};
use crate::ansi::{self, copy_or_fail};
use crate::lock::Lock;
use crate::nt::{NtQueryAttributesFile, check};
use crate::open::{Name, object};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use gate::file::{DEVICE, number, volume_letter};
use guest::call::{Bool, Count, FileHandle};
use guest::error::Win32Error;
use guest::shim;
use guest::text::{lossy, wide};
use windows_sys::Wdk::Storage::FileSystem::FILE_BASIC_INFORMATION;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_FILENAME_EXCED_RANGE, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_HANDLE, ERROR_INVALID_NAME,
    ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, ERROR_NO_MORE_FILES, ERROR_NOT_A_REPARSE_POINT, HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::{
    DDD_EXACT_MATCH_ON_REMOVE, DDD_LUID_BROADCAST_DRIVE, DDD_NO_BROADCAST_SYSTEM, DDD_RAW_TARGET_PATH, DDD_REMOVE_DEFINITION,
};

/// The devices that are there without a drive, and their native names.
const DEVICES: [(&str, &str); 4] = [
    ("NUL", "\\Device\\Null"),
    ("CON", "\\Device\\ConDrv\\Console"),
    ("CONIN$", "\\Device\\ConDrv\\CurrentIn"),
    ("CONOUT$", "\\Device\\ConDrv\\CurrentOut"),
];

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// The letters of the drives there are.
fn letters() -> Result<impl Iterator<Item = u8>, Win32Error> {
    let drives = drives()?;
    Ok((b'A'..=b'Z').filter(move |letter| drives & 1 << (letter - b'A') != 0))
}

/// The native name of a device, or the names of all; each with its NUL.
fn device(name: Option<&str>) -> Result<Vec<u16>, Win32Error> {
    let devices = DEVICES.into_iter().map(|(name, target)| (String::from(name), String::from(target)));
    let drive = |letter: u8| (format!("{}:", char::from(letter)), format!("{DEVICE}{}", number(letter)));
    let all: Vec<_> = letters()?.map(drive).chain(devices).collect();
    let Some(name) = name else { return Ok(units(&all.into_iter().map(|(name, _)| name + "\0").collect::<String>())) };
    let found = all.into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).ok_or(Win32Error(ERROR_FILE_NOT_FOUND))?;
    Ok(units(&(found.1 + "\0")))
}

/// Copies texts out with the NUL behind the last of them; answers how many units that were.
unsafe fn put_list<T: Copy + Default>(list: &[T], buffer: *mut T, room: u32) -> Result<Count<u32>, Win32Error> {
    unsafe { copy_or_fail(list, buffer, room) }.map(|length| Count(length + 1)).map_err(|_| Win32Error(ERROR_INSUFFICIENT_BUFFER))
}

/// Answers the native name behind a device's, or the names of all devices.
#[shim(ix = 428, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn QueryDosDeviceW(name: *const u16, buffer: *mut u16, room: u32) -> Result<Count<u32>, Win32Error> {
    let name = (!name.is_null()).then(|| lossy(unsafe { wide(name) }));
    unsafe { put_list(&device(name.as_deref())?, buffer, room) }
}

/// Answers the native name behind a device's, or the names of all devices.
#[shim(ix = 756, mapping = "QueryDosDeviceW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn QueryDosDeviceA(name: *const u8, buffer: *mut u8, room: u32) -> Result<Count<u32>, Win32Error> {
    let name = unsafe { ansi::to_wide(name) }.map(|name| lossy(name.split(|unit| *unit == 0).next().unwrap_or_default()));
    let list: Vec<u8> = device(name.as_deref())?.into_iter().map(|unit| unit as u8).collect();
    unsafe { put_list(&list, buffer, room) }
}

/// Names of devices are the policy's to give: programs define none.
#[shim(ix = 479, mapping = "a refusal", risk = Isolation("a drive that was not granted"))]
pub unsafe extern "system" fn DefineDosDeviceW(flags: u32, device: *const u16, _target: *const u16) -> Result<Bool, Win32Error> {
    const KNOWN: u32 = DDD_RAW_TARGET_PATH | DDD_REMOVE_DEFINITION | DDD_EXACT_MATCH_ON_REMOVE | DDD_NO_BROADCAST_SYSTEM | DDD_LUID_BROADCAST_DRIVE;
    Err(Win32Error(if device.is_null() || flags & !KNOWN != 0 { ERROR_INVALID_PARAMETER } else { ERROR_ACCESS_DENIED }))
}

/// The name of the volume that is mounted at a folder: the root of a drive, or a volume's own name.
unsafe fn name_at(mount: *const u16) -> Result<Vec<u16>, Win32Error> {
    const BACKSLASH: u16 = b'\\' as u16;
    if mount.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let given = unsafe { wide(mount) };
    if given.last() != Some(&BACKSLASH) {
        return Err(Win32Error(ERROR_INVALID_NAME));
    }
    let letter = match volume_letter(&lossy(given.strip_prefix(&units("\\\\?\\")[..]).unwrap_or_default())) {
        Some(letter) => letter,
        None => {
            let full = unsafe { full(mount) }?;
            let path = units("\\\\?\\");
            let full = full.strip_prefix(&path[..]).unwrap_or(&full);
            match root_of(full) {
                Some(root) if root == full => u8::try_from(full[0]).ok().filter(u8::is_ascii_alphabetic).ok_or(Win32Error(ERROR_INVALID_NAME))?,
                // Volumes are mounted at roots alone.
                Some(_) => return Err(Win32Error(exists(mount).map_or_else(|Win32Error(code)| code, |()| ERROR_NOT_A_REPARSE_POINT))),
                None => return Err(Win32Error(ERROR_INVALID_NAME)),
            }
        }
    };
    let letter = letter.to_ascii_uppercase();
    if !letters()?.any(|other| other == letter) {
        return Err(Win32Error(ERROR_FILE_NOT_FOUND));
    }
    Ok(units(&format!("\\\\?\\{}\\", volume_name(letter))))
}

/// Whether there is something at a path.
fn exists(path: *const u16) -> Result<(), Win32Error> {
    // SAFETY: the callers have read the path.
    let name = unsafe { Name::new(path) }?;
    let mut basic = FILE_BASIC_INFORMATION::default();
    // SAFETY: name and answer live through the call.
    check(unsafe { NtQueryAttributesFile(&object(&name), &raw mut basic) }).map(|_| ())
}

/// Answers the volume's own name (`\\?\Volume{..}\`) at a root.
#[shim(ix = 375, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetVolumeNameForVolumeMountPointW(mount: *const u16, buffer: *mut u16, room: u32) -> Result<Bool, Win32Error> {
    let name = unsafe { name_at(mount) }?;
    unsafe { copy_or_fail(&name, buffer, room) }.map(|_| Bool).map_err(|_| Win32Error(ERROR_FILENAME_EXCED_RANGE))
}

/// Answers the volume's own name (`\\?\Volume{..}\`) at a root.
#[shim(ix = 757, mapping = "GetVolumeNameForVolumeMountPointW", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn GetVolumeNameForVolumeMountPointA(mount: *const u8, buffer: *mut u8, room: u32) -> Result<Bool, Win32Error> {
    let name = unsafe { name_at(ansi::file_name(mount)?.as_ptr()) }?;
    unsafe { copy_or_fail(&ansi::from_wide(ansi::file_page(), &name), buffer, room) }
        .map(|_| Bool)
        .map_err(|_| Win32Error(ERROR_FILENAME_EXCED_RANGE))
}

/// Answers the roots at which a volume is mounted, each with a NUL, and a NUL behind all.
#[shim(ix = 376, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetVolumePathNamesForVolumeNameW(
    volume: *const u16,
    buffer: *mut u16,
    room: u32,
    needed: *mut u32,
) -> Result<Bool, Win32Error> {
    if volume.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let given = lossy(unsafe { wide(volume) });
    let name = given.strip_prefix("\\\\?\\").and_then(|name| name.strip_suffix('\\')).ok_or(Win32Error(ERROR_INVALID_NAME))?;
    let letter = volume_letter(name).ok_or(Win32Error(ERROR_FILE_NOT_FOUND))?;
    if !letters()?.any(|other| other == letter) {
        return Err(Win32Error(ERROR_FILE_NOT_FOUND));
    }
    let list = units(&format!("{}:\\\0", char::from(letter)));
    if !needed.is_null() {
        unsafe { *needed = list.len() as u32 + 1 };
    }
    unsafe { copy_or_fail(&list, buffer, room) }.map(|_| Bool).map_err(|_| Win32Error(ERROR_MORE_DATA))
}

/// The searches for volumes that are open: what each has left, in reverse.
static SEARCHES: Lock<Vec<(usize, Vec<u8>)>> = Lock::new(Vec::new());

/// The next volume of a search.
fn next_volume(left: &mut Vec<u8>) -> Result<Vec<u16>, Win32Error> {
    let letter = left.pop().ok_or(Win32Error(ERROR_NO_MORE_FILES))?;
    Ok(units(&format!("\\\\?\\{}\\", volume_name(letter))))
}

/// Starts a search for volumes.
#[shim(ix = 758, mapping = "NtQueryInformationProcess", risk = Wrong("a volume that is missed"))]
pub unsafe extern "system" fn FindFirstVolumeW(buffer: *mut u16, room: u32) -> Result<FileHandle, Win32Error> {
    let mut left: Vec<u8> = letters()?.collect();
    left.reverse();
    let first = next_volume(&mut left)?;
    unsafe { copy_or_fail(&first, buffer, room) }.map_err(|_| Win32Error(ERROR_FILENAME_EXCED_RANGE))?;
    SEARCHES.with(|searches| {
        // No handle of the system's is odd.
        let number = searches.iter().map(|(number, _)| number + 4).max().unwrap_or(0x3000_0001);
        searches.push((number, left));
        Ok(FileHandle(number as HANDLE))
    })
}

/// Answers the next volume of a search.
#[shim(ix = 759, mapping = "FindFirstVolumeW", risk = Wrong("a volume that is missed"))]
pub unsafe extern "system" fn FindNextVolumeW(search: HANDLE, buffer: *mut u16, room: u32) -> Result<Bool, Win32Error> {
    SEARCHES.with(|searches| {
        let (_, left) = searches.iter_mut().find(|(number, _)| *number == search as usize).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
        let next = next_volume(left)?;
        unsafe { copy_or_fail(&next, buffer, room) }.map(|_| Bool).map_err(|_| Win32Error(ERROR_FILENAME_EXCED_RANGE))
    })
}

/// Ends a search for volumes.
#[shim(ix = 760, mapping = "FindFirstVolumeW", risk = Functional("a search that stays"))]
pub unsafe extern "system" fn FindVolumeClose(search: HANDLE) -> Result<Bool, Win32Error> {
    SEARCHES.with(|searches| {
        let index = searches.iter().position(|(number, _)| *number == search as usize).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
        searches.swap_remove(index);
        Ok(Bool)
    })
}
