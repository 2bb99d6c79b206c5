//! What is set of a file: `NtSetInformationFile`, one row per class.

use super::tell;
use crate::gate::ask;
use crate::redirection::redirected;
use core::ffi::c_void;
use gate::file::Facts;
use gate::service::{FileModes, Position, QueryFile, RenameFile, SetDisposition, SetEnd, SetFacts};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_BASIC_INFORMATION, FILE_DISPOSITION_INFORMATION, FILE_DISPOSITION_INFORMATION_EX, FILE_INFORMATION_CLASS, FILE_LINK_INFORMATION,
    FILE_NAME_INFORMATION, FILE_PIPE_INFORMATION, FILE_POSITION_INFORMATION, FILE_RENAME_INFORMATION, FileAllocationInformation,
    FileBasicInformation, FileCompletionInformation, FileDispositionInformation, FileDispositionInformationEx, FileEndOfFileInformation,
    FileIoCompletionNotificationInformation, FileLinkInformation, FilePipeInformation, FilePositionInformation, FileRenameInformation,
    FileRenameInformationEx, FileShortNameInformation, FileValidDataLengthInformation,
};
use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_PRIVILEGE_NOT_HELD, STATUS_SUCCESS,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// The structure that an information class brings, if there is enough of it.
unsafe fn given<T: Copy>(buffer: *const c_void, length: u32) -> Result<T, Status> {
    if (length as usize) < size_of::<T>() {
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    // SAFETY: the caller's buffer has that many bytes.
    Ok(unsafe { buffer.cast::<T>().read_unaligned() })
}

/// Sets an information class of an open file.
#[shim(ix = 34, mapping = "gate SetFacts, SetEnd, RenameFile and so on, one row per class", risk = Isolation("a rename outside of the grants"))]
pub unsafe extern "system" fn NtSetInformationFile(
    file: HANDLE,
    block: *mut IO_STATUS_BLOCK,
    buffer: *const c_void,
    length: u32,
    class: FILE_INFORMATION_CLASS,
) -> Result<NtStatus, Status> {
    unsafe { set(file, buffer, length, class)? };
    unsafe { tell(block, STATUS_SUCCESS, 0) };
    Ok(NtStatus::SUCCESS)
}

#[allow(non_upper_case_globals, reason = "Windows' own names")]
unsafe fn set(file: HANDLE, buffer: *const c_void, length: u32, class: FILE_INFORMATION_CLASS) -> Result<NTSTATUS, Status> {
    let file = file as u64;
    unsafe {
        match class {
            FileBasicInformation => {
                let given: FILE_BASIC_INFORMATION = given(buffer, length)?;
                let times = [given.CreationTime, given.LastAccessTime, given.LastWriteTime, given.ChangeTime];
                ask(&mut SetFacts { file, times, attributes: given.FileAttributes, pad: 0 })
            }
            FileRenameInformation | FileRenameInformationEx => {
                let head: FILE_RENAME_INFORMATION = given(buffer, length)?;
                rename(
                    file,
                    buffer,
                    length,
                    core::mem::offset_of!(FILE_RENAME_INFORMATION, FileName),
                    head.FileNameLength,
                    RenameFile {
                        root: head.RootDirectory as u64,
                        replace: if class == FileRenameInformationEx { head.Anonymous.Flags } else { head.Anonymous.ReplaceIfExists.into() },
                        ..RenameFile::default()
                    },
                )
            }
            FileLinkInformation => {
                let head: FILE_LINK_INFORMATION = given(buffer, length)?;
                rename(
                    file,
                    buffer,
                    length,
                    core::mem::offset_of!(FILE_LINK_INFORMATION, FileName),
                    head.FileNameLength,
                    RenameFile { root: head.RootDirectory as u64, replace: head.Anonymous.ReplaceIfExists.into(), link: 1, ..RenameFile::default() },
                )
            }
            FileDispositionInformation => {
                let given: FILE_DISPOSITION_INFORMATION = given(buffer, length)?;
                ask(&mut SetDisposition { file, flags: given.DeleteFile.into(), pad: 0 })
            }
            FileDispositionInformationEx => {
                let given: FILE_DISPOSITION_INFORMATION_EX = given(buffer, length)?;
                ask(&mut SetDisposition { file, flags: given.Flags, pad: 0 })
            }
            FilePositionInformation => {
                let given: FILE_POSITION_INFORMATION = given(buffer, length)?;
                ask(&mut Position { file, position: given.CurrentByteOffset, set: 1, pad: 0 })
            }
            FileEndOfFileInformation => {
                let size = u64::try_from(given::<i64>(buffer, length)?).map_err(|_| Status(STATUS_INVALID_PARAMETER))?;
                ask(&mut SetEnd { file, size })
            }
            FileCompletionInformation => crate::completion::associate(file, given(buffer, length)?),
            FileIoCompletionNotificationInformation => ask(&mut FileModes { file, modes: given::<u32>(buffer, length)?, set: 1 }),
            FilePipeInformation => {
                super::pipe::set_modes(file as usize as HANDLE, given::<FILE_PIPE_INFORMATION>(buffer, length)?).map(|()| STATUS_SUCCESS)
            }
            // Only who may restore backups gives short names, and no sandbox may.
            FileShortNameInformation => given::<FILE_NAME_INFORMATION>(buffer, length).and_then(|_| unprivileged(file)),
            // What was never written would be seen, which only who keeps volumes may wish for.
            FileValidDataLengthInformation => given::<i64>(buffer, length).and_then(|_| unprivileged(file)),
            FileAllocationInformation => allocate(file, given::<i64>(buffer, length)?),
            _ => {
                guest::teb::report(gate::service::ReportKind::NoMatch, u32::MAX, &alloc::format!("NtSetInformationFile class={class}"), 0);
                Err(Status(STATUS_INVALID_INFO_CLASS))
            }
        }
    }
}

/// What takes a privilege that no process of a sandbox holds: refused, if there is such a file at all.
fn unprivileged(file: u64) -> Result<NTSTATUS, Status> {
    let mut facts = Facts::default();
    ask(&mut QueryFile { file, facts: &raw mut facts as u64 })?;
    Err(Status(STATUS_PRIVILEGE_NOT_HELD))
}

/// An allocation below the file's end cuts the file; one above it is a wish that the host needs not hear of.
fn allocate(file: u64, size: i64) -> Result<NTSTATUS, Status> {
    let size = u64::try_from(size).map_err(|_| Status(STATUS_INVALID_PARAMETER))?;
    let mut facts = Facts::default();
    ask(&mut QueryFile { file, facts: &raw mut facts as u64 })?;
    if size < facts.size { ask(&mut SetEnd { file, size }) } else { Ok(STATUS_SUCCESS) }
}

unsafe fn rename(file: u64, buffer: *const c_void, length: u32, head: usize, name_bytes: u32, request: RenameFile) -> Result<NTSTATUS, Status> {
    if head + name_bytes as usize > length as usize || !name_bytes.is_multiple_of(2) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    // SAFETY: the name lies in the caller's buffer; it need not be aligned.
    let name: alloc::vec::Vec<u16> =
        (0..name_bytes as usize / 2).map(|index| unsafe { buffer.byte_add(head).cast::<u16>().add(index).read_unaligned() }).collect();
    let name = redirected(&name);
    ask(&mut RenameFile { file, name: name.as_ptr() as u64, name_size: size_of_val(&*name) as u64, ..request })
}
