//! Rights and flags of handles.

use gate::service::ObjectKind;
use windows_sys::Win32::Foundation::HANDLE_FLAG_INHERIT;
use windows_sys::Win32::Storage::FileSystem::{STANDARD_RIGHTS_REQUIRED, SYNCHRONIZE};
use windows_sys::Win32::System::Threading::{
    PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_INFORMATION, PROCESS_SET_LIMITED_INFORMATION, THREAD_QUERY_INFORMATION,
    THREAD_QUERY_LIMITED_INFORMATION, THREAD_SET_INFORMATION, THREAD_SET_LIMITED_INFORMATION,
};

/// The access that `GENERIC_ALL` and `MAXIMUM_ALLOWED` come to for a kind of object.
pub const fn full_access(kind: ObjectKind) -> u32 {
    // Nobody waits for a keyed event itself.
    let wait = if matches!(kind, ObjectKind::KeyedEvent | ObjectKind::Key) { 0 } else { SYNCHRONIZE };
    STANDARD_RIGHTS_REQUIRED
        | wait
        | match kind {
            ObjectKind::Event | ObjectKind::Semaphore | ObjectKind::Timer | ObjectKind::Completion | ObjectKind::KeyedEvent => 0x3,
            ObjectKind::Mutant => 0x1,
            ObjectKind::Section => 0x1F,
            ObjectKind::Thread | ObjectKind::Process => 0xFFFF,
            ObjectKind::File => 0x1FF,
            ObjectKind::Token => 0x1FF,
            ObjectKind::MessageQueue => 0,
            ObjectKind::Key | ObjectKind::Job => 0x3F,
        }
}

/// Turns generic rights into those of a kind of object.
pub const fn granted(kind: ObjectKind, wanted: u32) -> u32 {
    const GENERIC: u32 = 0xF200_0000;
    if wanted & GENERIC != 0 { full_access(kind) } else { wanted | implied(kind, wanted) }
}

/// The limited right that comes with a right to ask about a process or a thread, or to set something of it.
const fn implied(kind: ObjectKind, wanted: u32) -> u32 {
    let rights = match kind {
        ObjectKind::Process => {
            [(PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION), (PROCESS_SET_INFORMATION, PROCESS_SET_LIMITED_INFORMATION)]
        }
        ObjectKind::Thread => {
            [(THREAD_QUERY_INFORMATION, THREAD_QUERY_LIMITED_INFORMATION), (THREAD_SET_INFORMATION, THREAD_SET_LIMITED_INFORMATION)]
        }
        _ => return 0,
    };
    (if wanted & rights[0].0 != 0 { rights[0].1 } else { 0 }) | (if wanted & rights[1].0 != 0 { rights[1].1 } else { 0 })
}

/// `OBJ_INHERIT` as a handle flag.
pub const fn inherit(object_flags: u32) -> u32 {
    const OBJ_INHERIT: u32 = 2;
    if object_flags & OBJ_INHERIT != 0 { HANDLE_FLAG_INHERIT } else { 0 }
}
