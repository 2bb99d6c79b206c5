//! Access tokens: the one that this process has. Its user is an ordinary one, without privileges that matter.

use crate::gate::ask;
use crate::object::own_process;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use gate::service::{CreateObject, ObjectKind};
use guest::call::NtStatus;
use guest::error::Status;
use guest::security::{known_sid as sid, text_of};
use guest::{router, shim};
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_INFO_CLASS,
    STATUS_INVALID_PARAMETER, STATUS_NO_TOKEN, STATUS_NOT_IMPLEMENTED, STATUS_OBJECT_TYPE_MISMATCH,
};
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION};

/// Rights to a token (winnt.h).
const TOKEN_QUERY: u32 = 0x8;
const TOKEN_ADJUST_PRIVILEGES: u32 = 0x20;

/// The part of a SID that names the machine; the same in every sandbox, which says nothing of the host.
const MACHINE: [u32; 4] = [21, 1_004_336_348, 1_177_238_915, 682_003_330];
/// The user's own number on the machine, the first that a person gets.
const USER: u32 = 1001;
/// `DOMAIN_GROUP_RID_USERS`.
const GROUP: u32 = 513;

const ENABLED_GROUP: u32 = 0x7;
const INTEGRITY: u32 = 0x60;

/// `SeChangeNotifyPrivilege`, which everybody has, and its attributes: enabled, by default.
const CHANGE_NOTIFY: u32 = 23;
const SE_PRIVILEGE_ENABLED: u32 = 2;
const ENABLED_BY_DEFAULT: u32 = 1;
static CHANGE_NOTIFY_ATTRIBUTES: AtomicU32 = AtomicU32::new(SE_PRIVILEGE_ENABLED | ENABLED_BY_DEFAULT);

fn local(number: u32) -> Vec<u8> {
    let [first, second, third, fourth] = MACHINE;
    sid(5, &[first, second, third, fourth, number])
}

/// The user's SID.
pub fn sid_of_user() -> Vec<u8> {
    local(USER)
}

/// The SID of the system itself.
pub fn sid_of_system() -> Vec<u8> {
    sid(5, &[18])
}

/// The groups: the machine's own, Everyone, Users, those that are logged on, and the label of medium integrity.
fn groups() -> Vec<(Vec<u8>, u32)> {
    alloc::vec![
        (local(GROUP), ENABLED_GROUP),
        (sid(1, &[0]), ENABLED_GROUP),
        (sid(5, &[32, 545]), ENABLED_GROUP),
        (sid(5, &[4]), ENABLED_GROUP),
        (sid(5, &[11]), ENABLED_GROUP),
        (sid(5, &[15]), ENABLED_GROUP),
        (sid(2, &[0]), ENABLED_GROUP),
        (integrity(), INTEGRITY),
    ]
}

/// `SECURITY_MANDATORY_MEDIUM_RID`.
fn integrity() -> Vec<u8> {
    sid(16, &[0x2000])
}

/// An answer that holds pointers to SIDs behind its fixed part.
struct Answer {
    bytes: Vec<u8>,
    /// Where a pointer stands, and the SID that it points to.
    pointers: Vec<(usize, Vec<u8>)>,
}

impl Answer {
    const fn new() -> Self {
        Self { bytes: Vec::new(), pointers: Vec::new() }
    }

    fn plain(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), pointers: Vec::new() }
    }

    fn number(&mut self, number: u32) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(size_of::<usize>()), 0);
    }

    fn pointer(&mut self, sid: Vec<u8>) {
        self.align();
        self.pointers.push((self.bytes.len(), sid));
        self.bytes.extend([0; size_of::<usize>()]);
    }

    /// `SID_AND_ATTRIBUTES`.
    fn sid_and_attributes(&mut self, sid: Vec<u8>, attributes: u32) {
        self.pointer(sid);
        self.number(attributes);
        self.align();
    }

    /// Writes everything to a caller's buffer.
    unsafe fn write(mut self, buffer: *mut c_void, room: u32, needed: *mut u32) -> Result<NtStatus, Status> {
        let mut places = Vec::new();
        for (at, sid) in core::mem::take(&mut self.pointers) {
            places.push((at, self.bytes.len()));
            self.bytes.extend(sid);
        }
        if !needed.is_null() {
            unsafe { *needed = self.bytes.len() as u32 };
        }
        if (room as usize) < self.bytes.len() {
            return Err(Status(STATUS_BUFFER_TOO_SMALL));
        }
        if buffer.is_null() {
            return Err(Status(STATUS_ACCESS_VIOLATION));
        }
        for (at, place) in places {
            self.bytes[at..at + size_of::<usize>()].copy_from_slice(&(buffer as usize + place).to_le_bytes());
        }
        unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(self.bytes.as_ptr(), self.bytes.len()) };
        Ok(NtStatus::SUCCESS)
    }
}

/// Opens this process's token.
#[shim(ix = 240, mapping = "gate CreateObject", risk = Isolation("more rights than the process has"))]
pub unsafe extern "system" fn NtOpenProcessToken(process: HANDLE, access: u32, handle: *mut HANDLE) -> Result<NtStatus, Status> {
    unsafe { open(process, access, 0, handle) }
}

/// Opens this process's token; `attributes` may make the handle inheritable.
#[shim(ix = 241, mapping = "gate CreateObject", risk = Isolation("more rights than the process has"))]
pub unsafe extern "system" fn NtOpenProcessTokenEx(process: HANDLE, access: u32, attributes: u32, handle: *mut HANDLE) -> Result<NtStatus, Status> {
    unsafe { open(process, access, attributes, handle) }
}

unsafe fn open(process: HANDLE, access: u32, flags: u32, handle: *mut HANDLE) -> Result<NtStatus, Status> {
    own_process(process, PROCESS_QUERY_INFORMATION | PROCESS_QUERY_LIMITED_INFORMATION)?;
    if handle.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = CreateObject { kind: ObjectKind::Token as u32, access, flags, ..CreateObject::default() };
    ask(&mut request)?;
    unsafe { *handle = request.handle as usize as HANDLE };
    Ok(NtStatus::SUCCESS)
}

/// Opens a thread's own token: threads have none here, as nobody impersonates anybody.
#[shim(ix = 242, mapping = "gate QueryThread", risk = Isolation("rights of somebody else"))]
pub unsafe extern "system" fn NtOpenThreadToken(thread: HANDLE, _access: u32, _as_self: u8, _handle: *mut HANDLE) -> Result<NtStatus, Status> {
    crate::thread::query(thread)?;
    Err(Status(STATUS_NO_TOKEN))
}

/// Opens a thread's own token: threads have none here, as nobody impersonates anybody.
#[shim(ix = 243, mapping = "gate QueryThread", risk = Isolation("rights of somebody else"))]
pub unsafe extern "system" fn NtOpenThreadTokenEx(
    thread: HANDLE,
    _access: u32,
    _as_self: u8,
    _attributes: u32,
    _handle: *mut HANDLE,
) -> Result<NtStatus, Status> {
    crate::thread::query(thread)?;
    Err(Status(STATUS_NO_TOKEN))
}

fn check(token: HANDLE, access: u32) -> Result<(), Status> {
    // GetCurrentProcessToken and the like are pseudo handles of the effective token.
    if (-6..=-4).contains(&(token as isize)) {
        return Ok(());
    }
    let facts = crate::object::query(token)?;
    if facts.kind != ObjectKind::Token as u32 {
        return Err(Status(STATUS_OBJECT_TYPE_MISMATCH));
    }
    if facts.access & access == access { Ok(()) } else { Err(Status(STATUS_ACCESS_DENIED)) }
}

/// What NtQueryInformationToken answers for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    User,
    Groups,
    Privileges,
    Owner,
    PrimaryGroup,
    Kind,
    Session,
    ElevationType,
    Integrity,
    /// A class that is a yes or no, and no.
    No,
}

router! {
    /// By class: who the user is, and that nothing is elevated.
    fn question(class: i32) -> Result<Question, Status> for "NtQueryInformationToken", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == 1 => Ok(Question::User);
        class == 2 => Ok(Question::Groups);
        class == 3 => Ok(Question::Privileges);
        class == 4 => Ok(Question::Owner);
        class == 5 => Ok(Question::PrimaryGroup);
        class == 8 => Ok(Question::Kind);
        class == 9 => Err(Status(STATUS_INVALID_PARAMETER));
        class == 12 => Ok(Question::Session);
        class == 18 => Ok(Question::ElevationType);
        class == 20 || class == 21 || class == 23 || class == 26 || class == 29 => Ok(Question::No);
        class == 25 => Ok(Question::Integrity);
        class <= 0 => Err(Status(STATUS_INVALID_INFO_CLASS));
    }
}

/// Answers an information class of the process's token.
#[shim(ix = 244, mapping = "the process's one user, one row per class", risk = Wrong("a wrong user"))]
pub unsafe extern "system" fn NtQueryInformationToken(
    token: HANDLE,
    class: i32,
    buffer: *mut c_void,
    room: u32,
    needed: *mut u32,
) -> Result<NtStatus, Status> {
    const PRIMARY: u32 = 1;
    const DEFAULT_ELEVATION: u32 = 1;
    let question = question(class)?;
    check(token, TOKEN_QUERY)?;
    let mut answer = Answer::new();
    match question {
        Question::User => answer.sid_and_attributes(local(USER), 0),
        Question::Owner => answer.pointer(local(USER)),
        Question::PrimaryGroup => answer.pointer(local(GROUP)),
        Question::Integrity => answer.sid_and_attributes(integrity(), INTEGRITY),
        Question::Groups => {
            let groups = groups();
            answer.number(groups.len() as u32);
            for (sid, attributes) in groups {
                answer.sid_and_attributes(sid, attributes);
            }
        }
        Question::Privileges => {
            let attributes = CHANGE_NOTIFY_ATTRIBUTES.load(Ordering::Relaxed);
            [1, CHANGE_NOTIFY, 0, attributes].into_iter().for_each(|word| answer.number(word));
        }
        Question::Kind => answer = Answer::plain(&PRIMARY.to_le_bytes()),
        Question::Session => answer = Answer::plain(&crate::process::session().to_le_bytes()),
        Question::ElevationType => answer = Answer::plain(&DEFAULT_ELEVATION.to_le_bytes()),
        Question::No => answer = Answer::plain(&[0; 4]),
    }
    // A number wants its own size at least, and says so in another way.
    if matches!(question, Question::Kind | Question::Session | Question::ElevationType | Question::No) && (room as usize) < answer.bytes.len() {
        if !needed.is_null() {
            unsafe { *needed = answer.bytes.len() as u32 };
        }
        return Err(Status(STATUS_INFO_LENGTH_MISMATCH));
    }
    unsafe { answer.write(buffer, room, needed) }
}

/// `TOKEN_PRIVILEGES` as words: a count, then a number in two words and attributes for each.
unsafe fn wanted<'a>(state: *const u32) -> &'a [[u32; 3]] {
    // SAFETY: the caller's structure, which states its own length.
    unsafe { core::slice::from_raw_parts(state.add(1).cast(), state.read() as usize) }
}

/// Enables or disables privileges; `STATUS_NOT_ALL_ASSIGNED` where the user does not have one of them.
#[shim(ix = 245, mapping = "the process's one user", risk = Isolation("a privilege that nobody granted"))]
pub unsafe extern "system" fn NtAdjustPrivilegesToken(
    token: HANDLE,
    disable_all: u8,
    state: *const u32,
    room: u32,
    previous: *mut u32,
    needed: *mut u32,
) -> Result<NtStatus, Status> {
    const STATUS_NOT_ALL_ASSIGNED: i32 = 0x106;
    if disable_all == 0 && state.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    check(token, if previous.is_null() { TOKEN_ADJUST_PRIVILEGES } else { TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY })?;
    let before = CHANGE_NOTIFY_ATTRIBUTES.load(Ordering::Relaxed);
    let (mut after, mut missing) = (before, false);
    if disable_all != 0 {
        after &= !SE_PRIVILEGE_ENABLED;
    } else {
        for [low, high, attributes] in unsafe { wanted(state) } {
            if *low == CHANGE_NOTIFY && *high == 0 {
                after = after & !SE_PRIVILEGE_ENABLED | attributes & SE_PRIVILEGE_ENABLED;
            } else {
                missing = true;
            }
        }
    }
    if !previous.is_null() {
        let mut answer = Answer::new();
        answer.number((after != before).into());
        if after != before {
            [CHANGE_NOTIFY, 0, before].into_iter().for_each(|word| answer.number(word));
        }
        unsafe { answer.write(previous.cast(), room, needed) }?;
    }
    CHANGE_NOTIFY_ATTRIBUTES.store(after, Ordering::Relaxed);
    Ok(NtStatus(if missing { STATUS_NOT_ALL_ASSIGNED } else { 0 }))
}

/// The user's SID, as names of registry keys write it.
pub fn user_text() -> alloc::string::String {
    text_of(&sid_of_user()).unwrap_or_default()
}

/// Answers the user's part of the registry, `\REGISTRY\USER\` and the user's SID.
#[shim(ix = 246, mapping = "the process's one user", risk = Wrong("a wrong user"))]
pub unsafe extern "system" fn RtlFormatCurrentUserKeyPath(path: *mut windows_sys::Win32::Foundation::UNICODE_STRING) -> Result<NtStatus, Status> {
    let text = alloc::format!("\\REGISTRY\\USER\\{}", user_text());
    unsafe { crate::string::RtlCreateUnicodeString(path, guest::text::terminated(&text).as_ptr()) };
    let made = unsafe { (*path).Buffer };
    if made.is_null() { Err(Status(windows_sys::Win32::Foundation::STATUS_NO_MEMORY)) } else { Ok(NtStatus::SUCCESS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_states_its_authority_and_its_numbers() {
        assert_eq!(sid(5, &[32, 545]), [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0]);
        assert_eq!(user_text(), "S-1-5-21-1004336348-1177238915-682003330-1001");
    }

    #[test]
    fn an_answer_points_behind_its_fixed_part() {
        let mut answer = Answer::new();
        answer.sid_and_attributes(sid(1, &[0]), 7);
        let mut buffer = [0_u64; 8];
        let mut needed = 0;
        let written = unsafe { answer.write(buffer.as_mut_ptr().cast(), 64, &raw mut needed) };
        assert_eq!((written, needed as usize), (Ok(NtStatus::SUCCESS), 2 * size_of::<usize>() + 12));
        assert_eq!(buffer[0] as usize, buffer.as_ptr() as usize + 2 * size_of::<usize>());
    }
}
