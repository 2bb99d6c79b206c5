//! What is asked of a file: `NtQueryInformationFile`, one row per class, and its kin for paths.

use super::target::Target;
use super::tell;
use crate::gate::ask;
use crate::redirection::redirected;
use crate::string::units;
use core::ffi::c_void;
use gate::file::{DEVICE, Facts, NameKind};
use gate::service::{FileModes, Position, QueryFile, QueryName, QueryPath, StreamSize};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_ACCESS_INFORMATION, FILE_ALIGNMENT_INFORMATION, FILE_ALL_INFORMATION, FILE_BASIC_INFORMATION, FILE_EA_INFORMATION, FILE_ID_INFORMATION,
    FILE_INFORMATION_CLASS, FILE_INTERNAL_INFORMATION, FILE_MODE_INFORMATION, FILE_NETWORK_OPEN_INFORMATION, FILE_POSITION_INFORMATION,
    FILE_STANDARD_INFORMATION, FILE_STAT_INFORMATION, FILE_STREAM_INFORMATION, FileAccessInformation, FileAlignmentInformation, FileAllInformation,
    FileAlternateNameInformation, FileAttributeTagInformation, FileBasicInformation, FileEaInformation, FileHardLinkInformation, FileIdInformation,
    FileInternalInformation, FileIoCompletionNotificationInformation, FileModeInformation, FileNameInformation, FileNetworkOpenInformation,
    FileNormalizedNameInformation, FilePipeInformation, FilePipeLocalInformation, FilePositionInformation, FileStandardInformation,
    FileStatInformation, FileStreamInformation, FileVolumeNameInformation,
};
use windows_sys::Wdk::System::SystemServices::FILE_ATTRIBUTE_TAG_INFORMATION;
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use windows_sys::Win32::Storage::FileSystem::FILE_ID_128;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// The facts of an open file.
fn facts(file: HANDLE) -> Result<Facts, Status> {
    let mut facts = Facts::default();
    ask(&mut QueryFile { file: file as u64, facts: &raw mut facts as u64 })?;
    Ok(facts)
}

/// The facts of a path.
unsafe fn facts_by_path(object: *const OBJECT_ATTRIBUTES) -> Result<Facts, Status> {
    let object = unsafe { object.as_ref() }.ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let name = redirected(unsafe { units(object.ObjectName) });
    let mut facts = Facts::default();
    let root = object.RootDirectory as u64;
    ask(&mut QueryPath { name: name.as_ptr() as u64, name_size: size_of_val(&*name) as u64, root, facts: &raw mut facts as u64 })?;
    Ok(facts)
}

fn basic(facts: &Facts) -> FILE_BASIC_INFORMATION {
    let [creation, access, write, change] = facts.times;
    FILE_BASIC_INFORMATION {
        CreationTime: creation,
        LastAccessTime: access,
        LastWriteTime: write,
        ChangeTime: change,
        FileAttributes: facts.attributes,
    }
}

fn standard(facts: &Facts) -> FILE_STANDARD_INFORMATION {
    FILE_STANDARD_INFORMATION {
        AllocationSize: facts.allocated as i64,
        EndOfFile: facts.size as i64,
        NumberOfLinks: facts.links,
        DeletePending: facts.deleting != 0,
        Directory: facts.attributes & windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_DIRECTORY != 0,
    }
}

fn network(facts: &Facts) -> FILE_NETWORK_OPEN_INFORMATION {
    let [creation, access, write, change] = facts.times;
    FILE_NETWORK_OPEN_INFORMATION {
        CreationTime: creation,
        LastAccessTime: access,
        LastWriteTime: write,
        ChangeTime: change,
        AllocationSize: facts.allocated as i64,
        EndOfFile: facts.size as i64,
        FileAttributes: facts.attributes,
    }
}

fn stat(facts: &Facts) -> FILE_STAT_INFORMATION {
    let [creation, access, write, change] = facts.times;
    FILE_STAT_INFORMATION {
        FileId: facts.id as i64,
        CreationTime: creation,
        LastAccessTime: access,
        LastWriteTime: write,
        ChangeTime: change,
        AllocationSize: facts.allocated as i64,
        EndOfFile: facts.size as i64,
        FileAttributes: facts.attributes,
        ReparseTag: facts.reparse,
        NumberOfLinks: facts.links,
        EffectiveAccess: facts.access,
    }
}

/// The streams of a file: the one that every file has, and folders have not, and where the file came from.
unsafe fn streams(file: HANDLE, target: &Target) -> Result<(usize, bool), Status> {
    let facts = facts(file)?;
    if facts.attributes & windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_DIRECTORY != 0 {
        return Ok((0, false));
    }
    let mut zone = StreamSize { file: file as u64, ..StreamSize::default() };
    ask(&mut zone)?;
    let first = ("::$DATA", facts.size, facts.allocated);
    let second = (":Zone.Identifier:$DATA", u64::from(zone.size), u64::from(zone.size).next_multiple_of(8));
    let all = [first, second];
    let all = if zone.present != 0 { &all[..] } else { &all[..1] };
    let head = core::mem::offset_of!(FILE_STREAM_INFORMATION, StreamName);
    let (mut at, mut written) = (0, 0);
    for (index, (name, size, allocated)) in all.iter().enumerate() {
        let name: alloc::vec::Vec<u16> = name.encode_utf16().collect();
        let end = at + head + size_of_val(name.as_slice());
        if target.length < end {
            return if index == 0 { Err(Status(STATUS_INFO_LENGTH_MISMATCH)) } else { Ok((written, true)) };
        }
        let next = end.next_multiple_of(8);
        let stream = FILE_STREAM_INFORMATION {
            NextEntryOffset: 0,
            StreamNameLength: size_of_val(name.as_slice()) as u32,
            StreamSize: *size as i64,
            StreamAllocationSize: *allocated as i64,
            StreamName: [0],
        };
        unsafe {
            let start = target.buffer.byte_add(at).cast::<u8>();
            core::ptr::copy_nonoverlapping((&raw const stream).cast::<u8>(), start, head);
            core::ptr::copy_nonoverlapping(name.as_ptr().cast::<u8>(), start.add(head), size_of_val(name.as_slice()));
            if index > 0 {
                // Where this one starts stands in the one before.
                target.buffer.cast::<u32>().write_unaligned(at as u32);
            }
        }
        (at, written) = (next, end);
    }
    Ok((written, false))
}

/// Answers a path's attributes and times.
#[shim(ix = 31, mapping = "gate QueryPath", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn NtQueryAttributesFile(
    object: *const OBJECT_ATTRIBUTES,
    answer: *mut FILE_BASIC_INFORMATION,
) -> Result<NtStatus, Status> {
    unsafe { answer.write(basic(&facts_by_path(object)?)) };
    Ok(NtStatus::SUCCESS)
}

/// Answers a path's attributes, times and sizes.
#[shim(ix = 32, mapping = "gate QueryPath", risk = Isolation("a path outside of the grants"))]
pub unsafe extern "system" fn NtQueryFullAttributesFile(
    object: *const OBJECT_ATTRIBUTES,
    answer: *mut FILE_NETWORK_OPEN_INFORMATION,
) -> Result<NtStatus, Status> {
    unsafe { answer.write(network(&facts_by_path(object)?)) };
    Ok(NtStatus::SUCCESS)
}

/// The part of an open file's path that is its volume's own: what follows the drive.
fn inner_name(file: HANDLE, kind: NameKind) -> Result<alloc::vec::Vec<u16>, Status> {
    let name = name(file, kind)?;
    // What stands before it: `\??\C:`, or the device of pipes.
    let device = if is_on_drive(&name) { 6 } else { PIPES.len() };
    Ok(name.get(device..).unwrap_or(&name).to_vec())
}

/// The device of named pipes, whose own names follow.
const PIPES: &str = "\\Device\\NamedPipe";

/// Whether an NT path leads to a drive.
fn is_on_drive(name: &[u16]) -> bool {
    name.get(5) == Some(&u16::from(b':'))
}

/// The native name of the volume that an open file lies on.
fn volume_name(file: HANDLE) -> Result<alloc::vec::Vec<u16>, Status> {
    let name = name(file, NameKind::Opened)?;
    let letter = name.get(4).filter(|_| is_on_drive(&name)).and_then(|unit| u8::try_from(*unit).ok()).ok_or(Status(STATUS_INVALID_INFO_CLASS))?;
    Ok(alloc::format!("{DEVICE}{}", gate::file::number(letter)).encode_utf16().collect())
}

/// An open file's NT path, or its short name.
fn name(file: HANDLE, kind: NameKind) -> Result<alloc::vec::Vec<u16>, Status> {
    let mut buffer = alloc::vec![0_u16; 0x8000];
    let mut request = QueryName {
        file: file as u64,
        buffer: buffer.as_mut_ptr() as u64,
        buffer_size: 2 * buffer.len() as u64,
        kind: kind as u32,
        ..QueryName::default()
    };
    ask(&mut request)?;
    buffer.truncate(request.size as usize / 2);
    Ok(buffer)
}

fn position(file: HANDLE) -> Result<i64, Status> {
    let mut request = Position { file: file as u64, ..Position::default() };
    ask(&mut request)?;
    Ok(request.position)
}

/// Answers an information class of an open file.
#[shim(ix = 33, mapping = "gate QueryFile, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryInformationFile(
    file: HANDLE,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut c_void,
    length: u32,
    class: FILE_INFORMATION_CLASS,
) -> Result<NtStatus, Status> {
    let outcome = unsafe { query(file, &Target { buffer, length: length as usize }, class) };
    match outcome {
        Ok((size, cut)) => {
            let status = if cut { STATUS_BUFFER_OVERFLOW } else { STATUS_SUCCESS };
            unsafe { tell(block, status, size) };
            Status::check(status).map(NtStatus)
        }
        Err(status) => Err(status),
    }
}

#[allow(non_upper_case_globals, reason = "Windows' own names")]
unsafe fn query(file: HANDLE, target: &Target, class: FILE_INFORMATION_CLASS) -> Result<(usize, bool), Status> {
    let whole = |size: Result<usize, Status>| size.map(|size| (size, false));
    unsafe {
        match class {
            FileBasicInformation => whole(target.put(basic(&facts(file)?))),
            FileStandardInformation => whole(target.put(standard(&facts(file)?))),
            FileInternalInformation => whole(target.put(FILE_INTERNAL_INFORMATION { IndexNumber: facts(file)?.id as i64 })),
            FileEaInformation => whole(target.put(FILE_EA_INFORMATION { EaSize: 0 })),
            FileAccessInformation => whole(target.put(FILE_ACCESS_INFORMATION { AccessFlags: facts(file)?.access })),
            FileNameInformation => target.put_name(&inner_name(file, NameKind::Opened)?, 0),
            FileNormalizedNameInformation => target.put_name(&inner_name(file, NameKind::Resolved)?, 0),
            FileAlternateNameInformation => target.put_name(&name(file, NameKind::Short)?, 0),
            FileHardLinkInformation => super::links::links(file, target),
            FileVolumeNameInformation => target.put_name(&volume_name(file)?, 0),
            FileStatInformation => whole(target.put(stat(&facts(file)?))),
            FileStreamInformation => streams(file, target),
            FilePositionInformation => whole(target.put(FILE_POSITION_INFORMATION { CurrentByteOffset: position(file)? })),
            FileModeInformation => whole(target.put(FILE_MODE_INFORMATION { Mode: facts(file)?.mode })),
            FileAlignmentInformation => whole(target.put(FILE_ALIGNMENT_INFORMATION { AlignmentRequirement: 0 })),
            FileNetworkOpenInformation => whole(target.put(network(&facts(file)?))),
            FileAttributeTagInformation => {
                let facts = facts(file)?;
                whole(target.put(FILE_ATTRIBUTE_TAG_INFORMATION { FileAttributes: facts.attributes, ReparseTag: facts.reparse }))
            }
            FileIdInformation => {
                let facts = facts(file)?;
                let mut identifier = [0; 16];
                identifier[..8].copy_from_slice(&facts.id.to_le_bytes());
                whole(target.put(FILE_ID_INFORMATION { VolumeSerialNumber: facts.volume.into(), FileId: FILE_ID_128 { Identifier: identifier } }))
            }
            FileAllInformation => all(file, target),
            FilePipeInformation => whole(target.put(super::pipe::modes(file)?)),
            FilePipeLocalInformation => whole(target.put(super::pipe::local(file)?)),
            FileIoCompletionNotificationInformation => {
                let mut modes = FileModes { file: file as u64, ..FileModes::default() };
                ask(&mut modes)?;
                whole(target.put(modes.modes))
            }
            _ => {
                guest::teb::report(gate::service::ReportKind::NoMatch, u32::MAX, &alloc::format!("NtQueryInformationFile class={class}"), 0);
                Err(Status(STATUS_INVALID_INFO_CLASS))
            }
        }
    }
}

unsafe fn all(file: HANDLE, target: &Target) -> Result<(usize, bool), Status> {
    let facts = facts(file)?;
    // SAFETY: plain data, for which zero is a value.
    let mut all: FILE_ALL_INFORMATION = unsafe { core::mem::zeroed() };
    all.BasicInformation = basic(&facts);
    all.StandardInformation = standard(&facts);
    all.InternalInformation.IndexNumber = facts.id as i64;
    all.AccessInformation.AccessFlags = facts.access;
    all.ModeInformation.Mode = facts.mode;
    all.PositionInformation.CurrentByteOffset = position(file).unwrap_or(0);
    let head = core::mem::offset_of!(FILE_ALL_INFORMATION, NameInformation);
    if target.length < size_of::<FILE_ALL_INFORMATION>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    unsafe {
        core::ptr::copy_nonoverlapping((&raw const all).cast::<u8>(), target.buffer.cast::<u8>(), head);
        target.put_name(&inner_name(file, NameKind::Opened)?, head)
    }
}
