//! Volumes: free room, kinds of drives, labels, and which drives there are.

use super::full::full;
use crate::ansi::{self, copy_or_fail, copy_or_need};
use crate::information::query_volume;
use crate::nt::{NtQueryInformationProcess, check};
use crate::open::{Name, Owned, open_existing};
use alloc::vec::Vec;
use guest::call::{Bool, Count};
use guest::error::Win32Error;
use guest::shim;
use guest::text::lossy;
use windows_sys::Wdk::Storage::FileSystem::{FILE_DIRECTORY_FILE, FILE_FS_ATTRIBUTE_INFORMATION, FILE_OPEN_FOR_BACKUP_INTENT};
use windows_sys::Wdk::System::SystemServices::{
    FILE_FS_DEVICE_INFORMATION, FILE_FS_FULL_SIZE_INFORMATION, FILE_FS_SIZE_INFORMATION, FILE_FS_VOLUME_INFORMATION,
};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_LENGTH, ERROR_DIR_NOT_ROOT, ERROR_FILE_NOT_FOUND, ERROR_FILENAME_EXCED_RANGE, ERROR_INVALID_NAME,
    ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND, HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::FILE_READ_ATTRIBUTES;
use windows_sys::Win32::System::WindowsProgramming::{
    DRIVE_CDROM, DRIVE_FIXED, DRIVE_NO_ROOT_DIR, DRIVE_RAMDISK, DRIVE_REMOTE, DRIVE_REMOVABLE, DRIVE_UNKNOWN,
};

/// `FS_INFORMATION_CLASS`.
const VOLUME: i32 = 1;
const SIZE: i32 = 3;
const DEVICE: i32 = 4;
const ATTRIBUTE: i32 = 5;
const FULL_SIZE: i32 = 7;

const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;

/// A class whose structure ends in a text, with room for the text.
#[repr(C)]
#[derive(Clone, Copy)]
struct Named<T> {
    head: T,
    text: [u16; 64],
}

/// The text behind a structure's head, whose place and length in bytes are given.
fn text<T>(named: &Named<T>, at: usize, length: u32) -> Vec<u16> {
    let start = core::ptr::from_ref(named).cast::<u8>();
    let units = (length as usize / 2).min((size_of::<Named<T>>() - at) / 2);
    // SAFETY: the units lie in the structure.
    unsafe { core::slice::from_raw_parts(start.add(at).cast::<u16>(), units) }.to_vec()
}

/// Opens a folder, by default the root of the current drive.
unsafe fn folder(path: *const u16) -> Result<Owned, Win32Error> {
    let name = unsafe { Name::new(if path.is_null() { windows_sys::w!("\\") } else { path }) }?;
    let opened = open_existing(&name, FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT);
    opened.map_err(|error| if error == Win32Error(ERROR_FILE_NOT_FOUND) { Win32Error(ERROR_PATH_NOT_FOUND) } else { error })
}

fn clusters(folder: HANDLE) -> Result<FILE_FS_SIZE_INFORMATION, Win32Error> {
    query_volume(folder, SIZE)
}

unsafe fn free_space(path: *const u16, answers: [*mut u32; 4]) -> Result<Bool, Win32Error> {
    let size = clusters(unsafe { folder(path) }?.0)?;
    let counts = [
        size.SectorsPerAllocationUnit,
        size.BytesPerSector,
        u32::try_from(size.AvailableAllocationUnits).unwrap_or(u32::MAX),
        u32::try_from(size.TotalAllocationUnits).unwrap_or(u32::MAX),
    ];
    for (answer, count) in answers.into_iter().zip(counts) {
        if !answer.is_null() {
            unsafe { *answer = count };
        }
    }
    Ok(Bool)
}

/// Answers a volume's clusters: how large they are, how many are free, how many there are.
#[shim(ix = 187, mapping = "NtQueryVolumeInformationFile", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetDiskFreeSpaceW(
    root: *const u16,
    sectors: *mut u32,
    bytes: *mut u32,
    free: *mut u32,
    total: *mut u32,
) -> Result<Bool, Win32Error> {
    unsafe { free_space(root, [sectors, bytes, free, total]) }
}

/// Answers a volume's clusters: how large they are, how many are free, how many there are.
#[shim(ix = 414, mapping = "GetDiskFreeSpaceW", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetDiskFreeSpaceA(
    root: *const u8,
    sectors: *mut u32,
    bytes: *mut u32,
    free: *mut u32,
    total: *mut u32,
) -> Result<Bool, Win32Error> {
    let root = unsafe { ansi::file_name_or_null(root) };
    unsafe { free_space(root.as_ref().map_or(core::ptr::null(), |root| root.as_ptr()), [sectors, bytes, free, total]) }
}

unsafe fn free_bytes(path: *const u16, answers: [*mut u64; 3]) -> Result<Bool, Win32Error> {
    let size: FILE_FS_FULL_SIZE_INFORMATION = query_volume(unsafe { folder(path) }?.0, FULL_SIZE)?;
    let unit = u64::from(size.SectorsPerAllocationUnit) * u64::from(size.BytesPerSector);
    let units = [size.CallerAvailableAllocationUnits, size.TotalAllocationUnits, size.ActualAvailableAllocationUnits];
    for (answer, units) in answers.into_iter().zip(units) {
        if !answer.is_null() {
            unsafe { *answer = (units as u64).saturating_mul(unit) };
        }
    }
    Ok(Bool)
}

/// Answers a volume's bytes: those that the caller may write, all there are, and those that are free.
#[shim(ix = 279, mapping = "NtQueryVolumeInformationFile", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetDiskFreeSpaceExW(folder: *const u16, caller: *mut u64, total: *mut u64, free: *mut u64) -> Result<Bool, Win32Error> {
    unsafe { free_bytes(folder, [caller, total, free]) }
}

/// Answers a volume's bytes: those that the caller may write, all there are, and those that are free.
#[shim(ix = 669, mapping = "GetDiskFreeSpaceExW", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn GetDiskFreeSpaceExA(folder: *const u8, caller: *mut u64, total: *mut u64, free: *mut u64) -> Result<Bool, Win32Error> {
    let folder = unsafe { ansi::file_name_or_null(folder) };
    unsafe { free_bytes(folder.as_ref().map_or(core::ptr::null(), |folder| folder.as_ptr()), [caller, total, free]) }
}

/// What kind of drive holds a root.
unsafe fn drive_type(path: *const u16) -> u32 {
    const REMOVABLE: u32 = 1;
    const REMOTE: u32 = 0x10;
    const CD_ROM: u32 = 2;
    const DISK: u32 = 7;
    const VIRTUAL_DISK: u32 = 0x24;
    let Ok(full) = (unsafe { full(if path.is_null() { windows_sys::w!("\\") } else { path }) }) else { return DRIVE_NO_ROOT_DIR };
    if root_of(&full).is_none_or(|root| root.len() != full.len() && root.len() != full.len() + 1) {
        return DRIVE_NO_ROOT_DIR;
    }
    let Ok(folder) = (unsafe { folder(path) }) else { return DRIVE_NO_ROOT_DIR };
    let Ok(device) = query_volume::<FILE_FS_DEVICE_INFORMATION>(folder.0, DEVICE) else { return DRIVE_UNKNOWN };
    match (device.DeviceType, device.Characteristics) {
        (CD_ROM, _) => DRIVE_CDROM,
        (VIRTUAL_DISK, _) => DRIVE_RAMDISK,
        (_, bits) if bits & REMOTE != 0 => DRIVE_REMOTE,
        (DISK, bits) if bits & REMOVABLE != 0 => DRIVE_REMOVABLE,
        (DISK, _) => DRIVE_FIXED,
        _ => DRIVE_UNKNOWN,
    }
}

/// Says what kind of drive holds a root.
#[shim(ix = 154, mapping = "NtQueryVolumeInformationFile", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetDriveTypeW(root: *const u16) -> u32 {
    unsafe { drive_type(root) }
}

/// Says what kind of drive holds a root.
#[shim(ix = 670, mapping = "GetDriveTypeW", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn GetDriveTypeA(root: *const u8) -> u32 {
    let root = unsafe { ansi::file_name_or_null(root) };
    unsafe { drive_type(root.as_ref().map_or(core::ptr::null(), |root| root.as_ptr())) }
}

/// The drives there are, as bits from A: on.
pub fn drives() -> Result<u32, Win32Error> {
    const DEVICE_MAP: i32 = 23;
    // `PROCESS_DEVICEMAP_INFORMATION`: the bits, then the kind of each.
    let mut map = [0_u32; 9];
    let size = size_of_val(&map) as u32;
    // SAFETY: the buffer is as long as it says.
    check(unsafe { NtQueryInformationProcess(usize::MAX as HANDLE, DEVICE_MAP, map.as_mut_ptr().cast(), size, core::ptr::null_mut()) })?;
    Ok(map[0])
}

/// Answers the drives there are, as bits from A: on.
#[shim(ix = 251, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong drive"))]
pub unsafe extern "system" fn GetLogicalDrives() -> Result<Count<u32>, Win32Error> {
    drives().map(Count)
}

/// `A:\`, `B:\` and so on, each with its NUL.
fn drive_strings() -> Result<Vec<u16>, Win32Error> {
    let drives = drives()?;
    let letters = (0..26).filter(|index| drives & 1 << index != 0);
    Ok(letters.flat_map(|index| [u16::from(b'A') + index, COLON, BACKSLASH, 0]).collect())
}

/// Answers the roots of the drives there are, each with a NUL, and a NUL behind all.
#[shim(ix = 395, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong drive"))]
pub unsafe extern "system" fn GetLogicalDriveStringsW(room: u32, buffer: *mut u16) -> Result<Count<u32>, Win32Error> {
    unsafe { Ok(Count(copy_or_need(&drive_strings()?, buffer, room))) }
}

/// Answers the roots of the drives there are, each with a NUL, and a NUL behind all.
#[shim(ix = 671, mapping = "GetLogicalDriveStringsW", risk = Wrong("a wrong drive"))]
pub unsafe extern "system" fn GetLogicalDriveStringsA(room: u32, buffer: *mut u8) -> Result<Count<u32>, Win32Error> {
    let strings: Vec<u8> = drive_strings()?.into_iter().map(|unit| unit as u8).collect();
    unsafe { Ok(Count(copy_or_need(&strings, buffer, room))) }
}

/// The root of a full path, with its backslash; `None` where it has none.
pub fn root_of(full: &[u16]) -> Option<Vec<u16>> {
    let verbatim = match full {
        [BACKSLASH, BACKSLASH, mark, BACKSLASH, ..] if *mark == u16::from(b'?') || *mark == u16::from(b'.') => 4,
        _ => 0,
    };
    match &full[verbatim..] {
        [_, COLON, ..] => Some([&full[..verbatim + 2], &[BACKSLASH]].concat()),
        own if verbatim == 4 && gate::file::volume_letter(&lossy(own)).is_some() => {
            let end = own.iter().position(|unit| *unit == u16::from(b'}'))? + 1;
            Some([&full[..verbatim + end], &[BACKSLASH]].concat())
        }
        [BACKSLASH, BACKSLASH, share @ ..] if verbatim == 0 => {
            let mut parts = share.split(|unit| *unit == BACKSLASH);
            let (server, share) = (parts.next()?, parts.next()?);
            Some([&[BACKSLASH, BACKSLASH], server, &[BACKSLASH], share, &[BACKSLASH]].concat())
        }
        _ => None,
    }
}

/// Facts of a volume.
struct Facts {
    label: Vec<u16>,
    serial: u32,
    longest: u32,
    flags: u32,
    system: Vec<u16>,
}

unsafe fn facts(root: *const u16) -> Result<Facts, Win32Error> {
    if !root.is_null() {
        let given = unsafe { guest::text::wide(root) };
        if !matches!(given.last(), Some(&BACKSLASH | &0x2F)) {
            return Err(Win32Error(ERROR_INVALID_NAME));
        }
        let full = unsafe { full(root) }?;
        if root_of(&full).ok_or(Win32Error(ERROR_INVALID_NAME))? != full {
            return Err(Win32Error(ERROR_DIR_NOT_ROOT));
        }
    }
    facts_of(unsafe { folder(root) }?.0)
}

/// Facts of the volume that an open file lies on.
fn facts_of(file: HANDLE) -> Result<Facts, Win32Error> {
    use core::mem::offset_of;
    let volume: Named<FILE_FS_VOLUME_INFORMATION> = query_volume(file, VOLUME)?;
    let system: Named<FILE_FS_ATTRIBUTE_INFORMATION> = query_volume(file, ATTRIBUTE)?;
    Ok(Facts {
        label: text(&volume, offset_of!(FILE_FS_VOLUME_INFORMATION, VolumeLabel), volume.head.VolumeLabelLength),
        serial: volume.head.VolumeSerialNumber,
        longest: system.head.MaximumComponentNameLength as u32,
        flags: system.head.FileSystemAttributes,
        system: text(&system, offset_of!(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName), system.head.FileSystemNameLength),
    })
}

/// Copies a text out where it is asked for.
unsafe fn put<T: Copy + Default>(text: &[T], buffer: *mut T, room: u32) -> Result<(), Win32Error> {
    if buffer.is_null() {
        return Ok(());
    }
    unsafe { copy_or_fail(text, buffer, room) }.map(|_| ()).map_err(|_| Win32Error(ERROR_BAD_LENGTH))
}

unsafe fn put_numbers(facts: &Facts, numbers: [*mut u32; 3]) {
    for (target, number) in numbers.into_iter().zip([facts.serial, facts.longest, facts.flags]) {
        if !target.is_null() {
            unsafe { *target = number };
        }
    }
}

/// Answers a volume's label, serial number, flags and file system.
#[shim(ix = 301, mapping = "NtQueryVolumeInformationFile", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetVolumeInformationW(
    root: *const u16,
    label: *mut u16,
    label_room: u32,
    serial: *mut u32,
    longest: *mut u32,
    flags: *mut u32,
    system: *mut u16,
    system_room: u32,
) -> Result<Bool, Win32Error> {
    unsafe {
        let facts = facts(root)?;
        put(&facts.label, label, label_room)?;
        put(&facts.system, system, system_room)?;
        put_numbers(&facts, [serial, longest, flags]);
    }
    Ok(Bool)
}

/// Answers a volume's label, serial number, flags and file system.
#[shim(ix = 374, mapping = "GetVolumeInformationW", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetVolumeInformationA(
    root: *const u8,
    label: *mut u8,
    label_room: u32,
    serial: *mut u32,
    longest: *mut u32,
    flags: *mut u32,
    system: *mut u8,
    system_room: u32,
) -> Result<Bool, Win32Error> {
    unsafe {
        let root = ansi::file_name_or_null(root);
        let facts = facts(root.as_ref().map_or(core::ptr::null(), |root| root.as_ptr()))?;
        put(&ansi::from_wide(ansi::file_page(), &facts.label), label, label_room)?;
        put(&ansi::from_wide(ansi::file_page(), &facts.system), system, system_room)?;
        put_numbers(&facts, [serial, longest, flags]);
    }
    Ok(Bool)
}

/// Answers the same of the volume that an open file lies on.
#[shim(ix = 731, mapping = "NtQueryVolumeInformationFile", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetVolumeInformationByHandleW(
    file: HANDLE,
    label: *mut u16,
    label_room: u32,
    serial: *mut u32,
    longest: *mut u32,
    flags: *mut u32,
    system: *mut u16,
    system_room: u32,
) -> Result<Bool, Win32Error> {
    let facts = facts_of(file)?;
    unsafe {
        put(&facts.label, label, label_room)?;
        put(&facts.system, system, system_room)?;
        put_numbers(&facts, [serial, longest, flags]);
    }
    Ok(Bool)
}

/// Answers the root of the volume that a path lies on.
#[shim(ix = 215, mapping = "RtlGetFullPathName_U", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn GetVolumePathNameW(path: *const u16, buffer: *mut u16, room: u32) -> Result<Bool, Win32Error> {
    if path.is_null() || buffer.is_null() || room == 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let full = unsafe { full(path) }?;
    let root = root_of(&full).ok_or(Win32Error(ERROR_INVALID_NAME))?;
    unsafe { copy_or_fail(&root, buffer, room) }.map(|_| Bool).map_err(|_| Win32Error(ERROR_FILENAME_EXCED_RANGE))
}

/// A volume's label belongs to the host, or to the sandbox: programs do not set it.
#[shim(ix = 522, mapping = "a refusal", risk = Functional("a label that stays"))]
pub unsafe extern "system" fn SetVolumeLabelW(root: *const u16, _label: *const u16) -> Result<Bool, Win32Error> {
    unsafe { facts(root) }?;
    Err(Win32Error(ERROR_ACCESS_DENIED))
}
