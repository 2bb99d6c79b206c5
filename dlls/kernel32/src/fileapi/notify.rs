//! FindFirstChangeNotification and its kin: a handle that is signalled when something changes in a folder.

use crate::ansi;
use crate::nt::{NtClose, NtNotifyChangeDirectoryFile, NtOpenFile, check};
use crate::open::{Name, Owned, SHARE_ALL, block, object};
use core::ptr::{null, null_mut};
use core::sync::atomic::AtomicUsize;
use guest::call::{Bool, FileHandle};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Wdk::Storage::FileSystem::{FILE_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, HANDLE};
use windows_sys::Win32::Storage::FileSystem::{FILE_LIST_DIRECTORY, FILE_NOTIFY_CHANGE_SIZE, SYNCHRONIZE};

/// Asks for the next change. How it is told is never read: the handle is waited for.
fn ask(folder: HANDLE, filter: u32, subtree: bool) -> Result<(), Win32Error> {
    static UNREAD: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let block = UNREAD[0].as_ptr().cast();
    // SAFETY: what is written there lives as long as the process, and is atomic words.
    let status = unsafe { NtNotifyChangeDirectoryFile(folder, null_mut(), null(), null(), block, null_mut(), 0, filter, subtree.into()) };
    check(status).map(|_| ())
}

unsafe fn first(path: *const u16, subtree: i32, filter: u32) -> Result<FileHandle, Win32Error> {
    let name = unsafe { Name::new(path) }?;
    let (mut handle, mut block) = (null_mut(), block());
    let options = FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT;
    check(unsafe { NtOpenFile(&raw mut handle, FILE_LIST_DIRECTORY | SYNCHRONIZE, &object(&name), &raw mut block, SHARE_ALL, options) })?;
    let folder = Owned(handle);
    ask(folder.0, filter, subtree != 0)?;
    Ok(FileHandle(folder.keep()))
}

/// Answers a handle that is signalled at the first change of a folder.
#[shim(ix = 327, mapping = "NtNotifyChangeDirectoryFile", risk = Functional("a change that nobody hears of"))]
pub unsafe extern "system" fn FindFirstChangeNotificationW(path: *const u16, subtree: i32, filter: u32) -> Result<FileHandle, Win32Error> {
    unsafe { first(path, subtree, filter) }
}

/// Answers a handle that is signalled at the first change of a folder.
#[shim(ix = 761, mapping = "FindFirstChangeNotificationW", risk = Functional("a change that nobody hears of"))]
pub unsafe extern "system" fn FindFirstChangeNotificationA(path: *const u8, subtree: i32, filter: u32) -> Result<FileHandle, Win32Error> {
    unsafe { first(ansi::file_name(path)?.as_ptr(), subtree, filter) }
}

/// Lets a handle wait for the next change.
#[shim(ix = 328, mapping = "NtNotifyChangeDirectoryFile", risk = Functional("a change that nobody hears of"))]
pub unsafe extern "system" fn FindNextChangeNotification(handle: HANDLE) -> Result<Bool, Win32Error> {
    // The filter of the first time counts; this one is only to be valid.
    ask(handle, FILE_NOTIFY_CHANGE_SIZE, false).map(|()| Bool)
}

/// Closes such a handle.
#[shim(ix = 326, mapping = "NtClose", risk = Functional("a folder that stays watched"))]
pub unsafe extern "system" fn FindCloseChangeNotification(handle: HANDLE) -> Result<Bool, Win32Error> {
    check(unsafe { NtClose(handle) }).map(|_| Bool).map_err(|_| Win32Error(ERROR_INVALID_HANDLE))
}
