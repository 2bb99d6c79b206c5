//! GetFileInformationByHandleEx: facts of an open file, and the entries of an open folder.

use crate::information::{query, query_volume};
use crate::nt::{NtQueryDirectoryFile, NtQueryInformationFile};
use crate::open::{block, error};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_INFORMATION_CLASS, FILE_STANDARD_INFORMATION, FileAlignmentInformation, FileAttributeTagInformation, FileBasicInformation,
    FileFullDirectoryInformation, FileIdBothDirectoryInformation, FileIdExtdDirectoryInformation, FileIdInformation, FileNameInformation,
    FileNormalizedNameInformation, FileStandardInformation, FileStreamInformation,
};
use windows_sys::Wdk::System::SystemServices::FILE_FS_FULL_SIZE_INFORMATION;
use windows_sys::Win32::Foundation::{
    ERROR_BAD_LENGTH, ERROR_INVALID_PARAMETER, ERROR_NO_MORE_FILES, HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ALIGNMENT_INFO, FILE_ATTRIBUTE_TAG_INFO, FILE_BASIC_INFO, FILE_COMPRESSION_INFO, FILE_FULL_DIR_INFO, FILE_ID_BOTH_DIR_INFO,
    FILE_ID_EXTD_DIR_INFO, FILE_ID_INFO, FILE_NAME_INFO, FILE_STANDARD_INFO, FILE_STORAGE_INFO, FILE_STREAM_INFO, FileAlignmentInfo,
    FileAttributeTagInfo, FileBasicInfo, FileCompressionInfo, FileFullDirectoryInfo, FileFullDirectoryRestartInfo, FileIdBothDirectoryInfo,
    FileIdBothDirectoryRestartInfo, FileIdExtdDirectoryInfo, FileIdExtdDirectoryRestartInfo, FileIdInfo, FileNameInfo, FileNormalizedNameInfo,
    FileRemoteProtocolInfo, FileStandardInfo, FileStorageInfo, FileStreamInfo,
};

/// Where an answer comes from.
#[derive(Clone, Copy)]
enum Source {
    /// A native class, in the same layout.
    Class(FILE_INFORMATION_CLASS),
    /// Entries of a folder; from the first one on where `true`.
    Entries(FILE_INFORMATION_CLASS, bool),
    /// The file's sizes: nothing is compressed.
    Compression,
    /// The volume's sector size.
    Storage,
}

router! {
    /// By class: where the answer comes from, and the bytes that it takes at least.
    fn source(class: i32) -> Result<(Source, usize), Win32Error>
    for "GetFileInformationByHandleEx", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        class == FileBasicInfo => Ok((Source::Class(FileBasicInformation), size_of::<FILE_BASIC_INFO>()));
        class == FileStandardInfo => Ok((Source::Class(FileStandardInformation), size_of::<FILE_STANDARD_INFO>()));
        class == FileNameInfo => Ok((Source::Class(FileNameInformation), size_of::<FILE_NAME_INFO>()));
        class == FileNormalizedNameInfo => Ok((Source::Class(FileNormalizedNameInformation), size_of::<FILE_NAME_INFO>()));
        class == FileStreamInfo => Ok((Source::Class(FileStreamInformation), size_of::<FILE_STREAM_INFO>()));
        class == FileCompressionInfo => Ok((Source::Compression, size_of::<FILE_COMPRESSION_INFO>()));
        class == FileAttributeTagInfo => Ok((Source::Class(FileAttributeTagInformation), size_of::<FILE_ATTRIBUTE_TAG_INFO>()));
        class == FileIdBothDirectoryInfo => Ok((Source::Entries(FileIdBothDirectoryInformation, false), size_of::<FILE_ID_BOTH_DIR_INFO>()));
        class == FileIdBothDirectoryRestartInfo => Ok((Source::Entries(FileIdBothDirectoryInformation, true), size_of::<FILE_ID_BOTH_DIR_INFO>()));
        class == FileFullDirectoryInfo => Ok((Source::Entries(FileFullDirectoryInformation, false), size_of::<FILE_FULL_DIR_INFO>()));
        class == FileFullDirectoryRestartInfo => Ok((Source::Entries(FileFullDirectoryInformation, true), size_of::<FILE_FULL_DIR_INFO>()));
        class == FileIdExtdDirectoryInfo => Ok((Source::Entries(FileIdExtdDirectoryInformation, false), size_of::<FILE_ID_EXTD_DIR_INFO>()));
        class == FileIdExtdDirectoryRestartInfo => Ok((Source::Entries(FileIdExtdDirectoryInformation, true), size_of::<FILE_ID_EXTD_DIR_INFO>()));
        class == FileStorageInfo => Ok((Source::Storage, size_of::<FILE_STORAGE_INFO>()));
        class == FileAlignmentInfo => Ok((Source::Class(FileAlignmentInformation), size_of::<FILE_ALIGNMENT_INFO>()));
        class == FileIdInfo => Ok((Source::Class(FileIdInformation), size_of::<FILE_ID_INFO>()));
        class == FileRemoteProtocolInfo => Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
}

/// Answers facts of an open file, or the next entries of an open folder.
#[shim(ix = 146, mapping = "NtQueryInformationFile and NtQueryDirectoryFile, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn GetFileInformationByHandleEx(file: HANDLE, class: i32, buffer: *mut c_void, size: u32) -> Result<Bool, Win32Error> {
    let (source, least) = source(class)?;
    if (size as usize) < least {
        return Err(Win32Error(ERROR_BAD_LENGTH));
    }
    let mut own = block();
    // SAFETY: the caller's buffer is as long as it says.
    let status = unsafe {
        match source {
            Source::Class(native) => NtQueryInformationFile(file, &raw mut own, buffer, size, native),
            Source::Entries(native, restart) => {
                let (none, event) = (null(), null_mut());
                NtQueryDirectoryFile(file, event, none, none, &raw mut own, buffer, size, native, 0, null(), restart.into())
            }
            Source::Compression => return compression(file).map(|answer| put(buffer, answer)),
            Source::Storage => return storage(file).map(|answer| put(buffer, answer)),
        }
    };
    match status {
        STATUS_NO_MORE_FILES | STATUS_NO_SUCH_FILE => Err(Win32Error(ERROR_NO_MORE_FILES)),
        // A file without streams has an answer without any, which Windows tells as the end of a file.
        0 if own.Information == 0 => Err(Win32Error(windows_sys::Win32::Foundation::ERROR_HANDLE_EOF)),
        status if status < 0 || status == STATUS_BUFFER_OVERFLOW => Err(error(status)),
        _ => Ok(Bool),
    }
}

unsafe fn put<T>(buffer: *mut c_void, answer: T) -> Bool {
    // SAFETY: the router has the structure's size, and the buffer is no shorter.
    unsafe { buffer.cast::<T>().write_unaligned(answer) };
    Bool
}

fn compression(file: HANDLE) -> Result<FILE_COMPRESSION_INFO, Win32Error> {
    let standard: FILE_STANDARD_INFORMATION = query(file, FileStandardInformation)?;
    // SAFETY: plain data, for which zero is a value: no format, no unit.
    let mut answer: FILE_COMPRESSION_INFO = unsafe { core::mem::zeroed() };
    answer.CompressedFileSize = standard.EndOfFile;
    Ok(answer)
}

fn storage(file: HANDLE) -> Result<FILE_STORAGE_INFO, Win32Error> {
    const FULL_SIZE: i32 = 7;
    let size: FILE_FS_FULL_SIZE_INFORMATION = query_volume(file, FULL_SIZE)?;
    let sector = size.BytesPerSector;
    Ok(FILE_STORAGE_INFO {
        LogicalBytesPerSector: sector,
        PhysicalBytesPerSectorForAtomicity: sector,
        PhysicalBytesPerSectorForPerformance: sector,
        FileSystemEffectivePhysicalBytesPerSectorForAtomicity: sector,
        Flags: 0,
        ByteOffsetForSectorAlignment: 0,
        ByteOffsetForPartitionAlignment: 0,
    })
}
