//! winbase.h, copying: who hears how far a copy is, and ends it.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::{forget, get, put};
use guests::{Cases, case, clear_error, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        progress(&mut cases);
        messages(&mut cases);
        cases.code()
    }
}

/// What a function answered, and the last error where it failed.
fn told(done: i32) -> (i32, u32) {
    (done, if done == 0 { last_error() } else { 0 })
}

fn attributes(name: &str) -> u32 {
    unsafe { GetFileAttributesW(wide(name).as_ptr()) }
}

unsafe extern "system" fn count(
    size: i64,
    moved: i64,
    _stream_size: i64,
    _stream_moved: i64,
    _stream: u32,
    _reason: LPPROGRESS_ROUTINE_CALLBACK_REASON,
    _source: HANDLE,
    _target: HANDLE,
    data: *const c_void,
) -> u32 {
    let seen = unsafe { &mut *data.cast_mut().cast::<(i64, i64, u32)>() };
    (seen.0, seen.1) = (size, moved);
    seen.2
}

fn progress(cases: &mut Cases) {
    case!(cases, "kernel32!CopyFileExW", Success, "the routine hears of the last byte", wine = "Wine calls no routine", {
        put("progress.bin", &[1; 5000])?;
        let mut seen = (0_i64, 0_i64, PROGRESS_CONTINUE);
        let done =
            unsafe { CopyFileExW(wide("progress.bin").as_ptr(), wide("progress2.bin").as_ptr(), Some(count), (&raw mut seen).cast(), null_mut(), 0) };
        same!((told(done), seen), ((1, 0), (5000, 5000, PROGRESS_CONTINUE)));
    });
    case!(cases, "kernel32!CopyFileExW", Failure, "the routine cancels, and no copy stays", wine = "Wine calls no routine", {
        forget("progress2.bin");
        let mut seen = (0_i64, 0_i64, PROGRESS_CANCEL);
        clear_error();
        let done =
            unsafe { CopyFileExW(wide("progress.bin").as_ptr(), wide("progress2.bin").as_ptr(), Some(count), (&raw mut seen).cast(), null_mut(), 0) };
        same!((told(done), seen.2), ((0, ERROR_REQUEST_ABORTED), PROGRESS_CANCEL));
        same!(attributes("progress2.bin"), INVALID_FILE_ATTRIBUTES);
    });
}

/// What CopyFile2's routine heard: the kinds of its messages, and the bytes moved with the last; and what it answers from which on.
struct Heard {
    kinds: Vec<i32>,
    moved: u64,
    answer: i32,
    to: i32,
}

unsafe extern "system" fn hear(message: *const COPYFILE2_MESSAGE, data: *const c_void) -> i32 {
    let (message, heard) = unsafe { (&*message, &mut *data.cast_mut().cast::<Heard>()) };
    heard.kinds.push(message.Type);
    if message.Type == COPYFILE2_CALLBACK_STREAM_FINISHED {
        heard.moved = unsafe { message.Info.StreamFinished.uliTotalBytesTransferred };
    }
    if message.Type == heard.to { heard.answer } else { COPYFILE2_PROGRESS_CONTINUE }
}

fn copy2(from: &str, to: &str, flags: u32, heard: &mut Heard) -> u32 {
    let parameters = COPYFILE2_EXTENDED_PARAMETERS {
        dwSize: size_of::<COPYFILE2_EXTENDED_PARAMETERS>() as u32,
        dwCopyFlags: flags,
        pfCancel: null_mut(),
        pProgressRoutine: Some(hear),
        pvCallbackContext: (&raw mut *heard).cast(),
    };
    unsafe { CopyFile2(wide(from).as_ptr(), wide(to).as_ptr(), &raw const parameters) as u32 }
}

fn messages(cases: &mut Cases) {
    const FAILED: u32 = 0x8007_0000;
    let nothing = || Heard { kinds: Vec::new(), moved: 0, answer: COPYFILE2_PROGRESS_CONTINUE, to: 0 };
    case!(cases, "kernel32!CopyFile2", Success, "without parameters", wine = "Wine has no such function", {
        put("messages.bin", &[3; 5000])?;
        forget("messages2.bin");
        same!(unsafe { CopyFile2(wide("messages.bin").as_ptr(), wide("messages2.bin").as_ptr(), null()) }, 0);
        same!(get("messages2.bin")?.len(), 4096);
    });
    case!(cases, "kernel32!CopyFile2", Success, "the routine hears of stream and chunk", wine = "Wine has no such function", {
        let mut heard = nothing();
        same!(copy2("messages.bin", "messages2.bin", 0, &mut heard), 0);
        same!((heard.kinds, heard.moved), (Vec::from([3, 1, 2, 4]), 5000));
    });
    case!(cases, "kernel32!CopyFile2", Failure, "the routine cancels, and no copy stays", wine = "Wine has no such function", {
        let mut heard = Heard { answer: COPYFILE2_PROGRESS_CANCEL, to: COPYFILE2_CALLBACK_CHUNK_FINISHED, ..nothing() };
        same!(copy2("messages.bin", "messages3.bin", 0, &mut heard), FAILED | ERROR_REQUEST_ABORTED);
        same!(attributes("messages3.bin"), INVALID_FILE_ATTRIBUTES);
    });
    case!(cases, "kernel32!CopyFile2", Failure, "what is there, what is missing", wine = "Wine has no such function", {
        let mut heard = nothing();
        same!(copy2("messages.bin", "messages2.bin", COPY_FILE_FAIL_IF_EXISTS, &mut heard), FAILED | ERROR_FILE_EXISTS);
        same!(copy2("missing.bin", "messages2.bin", 0, &mut heard), FAILED | ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!CopyFile2", Failure, "parameters that are too short", wine = "Wine has no such function", {
        let parameters = COPYFILE2_EXTENDED_PARAMETERS { dwSize: 4, ..Default::default() };
        let done = unsafe { CopyFile2(wide("messages.bin").as_ptr(), wide("messages4.bin").as_ptr(), &raw const parameters) };
        same!((done, attributes("messages4.bin")), (E_INVALIDARG, INVALID_FILE_ATTRIBUTES));
    });
}
