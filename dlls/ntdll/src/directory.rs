//! Folder listings: the gate's records as the information classes of this bitness.

use crate::gate::ask;
use crate::string::units;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::file::Entry;
use gate::service::ListFolder;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BOTH_DIR_INFORMATION, FILE_DIRECTORY_INFORMATION, FILE_FULL_DIR_INFORMATION, FILE_ID_BOTH_DIR_INFORMATION, FILE_ID_EXTD_DIR_INFORMATION,
    FILE_ID_FULL_DIR_INFORMATION, FILE_NAMES_INFORMATION, FileBothDirectoryInformation, FileDirectoryInformation, FileFullDirectoryInformation,
    FileIdBothDirectoryInformation, FileIdExtdDirectoryInformation, FileIdFullDirectoryInformation, FileNamesInformation,
};
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_NOT_SUPPORTED, STATUS_SUCCESS, UNICODE_STRING,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Where the members lie that the classes have in common, and where the name starts.
#[derive(Clone, Copy)]
struct Layout {
    /// Times, sizes and attributes follow the index, except in the class of names alone.
    facts: bool,
    name_length: usize,
    /// Where links carry their tag, and other files the size of their extended attributes.
    tag: Option<usize>,
    id: Option<usize>,
    /// The short name, behind its length.
    short: Option<usize>,
    name: usize,
}

const _: () = assert!(size_of::<Entry>() >= offset_of!(FILE_ID_BOTH_DIR_INFORMATION, FileName), "what fits as the gate's record fits as any class's");

#[allow(non_upper_case_globals, reason = "Windows' own names")]
fn layout(class: i32) -> Option<Layout> {
    macro_rules! layout {
        ($kind:ident, $tag:expr, $id:expr, $short:expr) => {
            Layout {
                facts: true,
                name_length: offset_of!($kind, FileNameLength),
                tag: $tag,
                id: $id,
                short: $short,
                name: offset_of!($kind, FileName),
            }
        };
    }
    Some(match class {
        FileDirectoryInformation => layout!(FILE_DIRECTORY_INFORMATION, None, None, None),
        FileFullDirectoryInformation => layout!(FILE_FULL_DIR_INFORMATION, Some(offset_of!(FILE_FULL_DIR_INFORMATION, EaSize)), None, None),
        FileBothDirectoryInformation => {
            let (tag, short) = (offset_of!(FILE_BOTH_DIR_INFORMATION, EaSize), offset_of!(FILE_BOTH_DIR_INFORMATION, ShortNameLength));
            layout!(FILE_BOTH_DIR_INFORMATION, Some(tag), None, Some(short))
        }
        FileIdBothDirectoryInformation => {
            let (tag, id) = (offset_of!(FILE_ID_BOTH_DIR_INFORMATION, EaSize), offset_of!(FILE_ID_BOTH_DIR_INFORMATION, FileId));
            layout!(FILE_ID_BOTH_DIR_INFORMATION, Some(tag), Some(id), Some(offset_of!(FILE_ID_BOTH_DIR_INFORMATION, ShortNameLength)))
        }
        FileIdFullDirectoryInformation => {
            let (tag, id) = (offset_of!(FILE_ID_FULL_DIR_INFORMATION, EaSize), offset_of!(FILE_ID_FULL_DIR_INFORMATION, FileId));
            layout!(FILE_ID_FULL_DIR_INFORMATION, Some(tag), Some(id), None)
        }
        FileIdExtdDirectoryInformation => {
            let (tag, id) = (offset_of!(FILE_ID_EXTD_DIR_INFORMATION, ReparsePointTag), offset_of!(FILE_ID_EXTD_DIR_INFORMATION, FileId));
            layout!(FILE_ID_EXTD_DIR_INFORMATION, Some(tag), Some(id), None)
        }
        FileNamesInformation => Layout {
            facts: false,
            name_length: offset_of!(FILE_NAMES_INFORMATION, FileNameLength),
            tag: None,
            id: None,
            short: None,
            name: offset_of!(FILE_NAMES_INFORMATION, FileName),
        },
        _ => return None,
    })
}

/// Lists a folder, from where the last call ended.
#[shim(ix = 12, mapping = "gate ListFolder, one row per class", risk = Wrong("an entry that is missed"))]
pub unsafe extern "system" fn NtQueryDirectoryFile(
    folder: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    _context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut c_void,
    length: u32,
    class: i32,
    single: u8,
    pattern: *const UNICODE_STRING,
    restart: u8,
) -> Result<NtStatus, Status> {
    if !routine.is_null() {
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    let layout = layout(class).ok_or(Status(STATUS_INVALID_INFO_CLASS))?;
    if (length as usize) < layout.name + 2 {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    let pattern = unsafe { units(pattern) };
    // The gate's records are no shorter than any class's, so that what it brings fits.
    let room = if single != 0 { size_of::<Entry>() + 2 * 260 } else { length as usize }.min(0x4000);
    let mut records = alloc::vec![0_u64; room.div_ceil(8)];
    let mut request = ListFolder {
        file: folder as u64,
        pattern: pattern.as_ptr() as u64,
        pattern_size: size_of_val(pattern) as u64,
        buffer: records.as_mut_ptr() as u64,
        buffer_size: size_of_val(records.as_slice()) as u64,
        restart: restart.into(),
        most: if single != 0 { 1 } else { u32::MAX },
        written: 0,
    };
    ask(&mut request)?;
    let bytes = unsafe { core::slice::from_raw_parts(records.as_ptr().cast::<u8>(), request.written as usize) };
    let (written, cut) = unsafe { convert(bytes, layout, buffer.cast(), length as usize) };
    crate::sync::set_if_given(event);
    let status = if cut { STATUS_BUFFER_OVERFLOW } else { STATUS_SUCCESS };
    unsafe {
        (*block).Anonymous.Status = status;
        (*block).Information = written;
    }
    Status::check(status).map(NtStatus)
}

/// Writes records in a class's layout; answers the bytes, and whether a single name did not fit.
unsafe fn convert(mut records: &[u8], layout: Layout, buffer: *mut u8, room: usize) -> (usize, bool) {
    let (mut at, mut previous, mut written) = (0, None, 0);
    while records.len() >= size_of::<Entry>() {
        // SAFETY: a record starts there; the bytes are aligned to nothing in particular.
        let entry = unsafe { records.as_ptr().cast::<Entry>().read_unaligned() };
        let name_size = entry.name_size as usize;
        let next = (size_of::<Entry>() + name_size).next_multiple_of(8).min(records.len());
        let fits = name_size.min(room.saturating_sub(at + layout.name));
        if fits < name_size && previous.is_some() {
            break;
        }
        unsafe {
            let target = buffer.add(at);
            put(target, layout, &entry);
            core::ptr::copy_nonoverlapping(records.as_ptr().add(size_of::<Entry>()), target.add(layout.name), fits);
            if let Some(previous) = previous {
                buffer.add(previous).cast::<u32>().write_unaligned((at - previous) as u32);
            }
        }
        written = at + layout.name + fits;
        if fits < name_size {
            return (written, true);
        }
        previous = Some(at);
        at = written.next_multiple_of(8);
        records = &records[next..];
        if at + layout.name > room {
            break;
        }
    }
    (written, false)
}

unsafe fn put(target: *mut u8, layout: Layout, entry: &Entry) {
    unsafe {
        target.write_bytes(0, layout.name);
        target.add(layout.name_length).cast::<u32>().write_unaligned(entry.name_size);
        if layout.facts {
            let times = target.add(offset_of!(FILE_DIRECTORY_INFORMATION, CreationTime)).cast::<i64>();
            for (index, time) in entry.times.into_iter().enumerate() {
                times.add(index).write_unaligned(time);
            }
            target.add(offset_of!(FILE_DIRECTORY_INFORMATION, EndOfFile)).cast::<u64>().write_unaligned(entry.size);
            target.add(offset_of!(FILE_DIRECTORY_INFORMATION, AllocationSize)).cast::<u64>().write_unaligned(entry.allocated);
            target.add(offset_of!(FILE_DIRECTORY_INFORMATION, FileAttributes)).cast::<u32>().write_unaligned(entry.attributes);
        }
        if let Some(tag) = layout.tag {
            target.add(tag).cast::<u32>().write_unaligned(entry.reparse);
        }
        if let Some(short) = layout.short {
            target.add(short).write(entry.short_size as u8);
            // The units lie at the next even place.
            target.add(short + 2).cast::<[u16; 12]>().write_unaligned(entry.short);
        }
        if let Some(id) = layout.id {
            target.add(id).cast::<u64>().write_unaligned(entry.id);
        }
    }
}
