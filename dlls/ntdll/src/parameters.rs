//! The process parameters: current folder, environment, command line.

use crate::critical::{enter, leave};
use crate::gate::ask;
use crate::path::{self, Folders};
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::peb::{ProcessParameters, UnicodeString};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{
    STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY, STATUS_VARIABLE_NOT_FOUND, UNICODE_STRING,
};
use windows_sys::Win32::System::Threading::CRITICAL_SECTION;

const EQUALS: u16 = b'=' as u16;
const PERCENT: u16 = b'%' as u16;
pub const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;

/// The lock of the PEB.
pub fn peb_lock() -> *mut CRITICAL_SECTION {
    unsafe { (*teb::peb()).fast_peb_lock as *mut CRITICAL_SECTION }
}

/// The parameters. What can change is the PEB lock's.
///
/// # Safety
/// Callers that read what can change hold the PEB lock.
pub unsafe fn get<'a>() -> &'a mut ProcessParameters<usize> {
    // SAFETY: made before the first thread ran, and never freed.
    unsafe { &mut *((*teb::peb()).process_parameters as *mut ProcessParameters<usize>) }
}

/// The units of one of the parameters' strings.
///
/// # Safety
/// The string is one of the parameters'.
pub unsafe fn text(string: &UnicodeString<usize>) -> &[u16] {
    // SAFETY: as the caller promises.
    unsafe { core::slice::from_raw_parts(string.buffer as *const u16, usize::from(string.length / 2)) }
}

/// Runs `work` with the PEB locked.
pub fn locked<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the lock exists since the process started.
    unsafe { enter(peb_lock()) };
    let done = work();
    // SAFETY: entered above.
    unsafe { leave(peb_lock()) };
    done
}

/// Where relative paths start: the current folder, and the `=X:` variables for other drives.
pub struct Process;

impl Folders for Process {
    fn current(&self) -> Vec<u16> {
        locked(|| unsafe { text(&get().current_directory.dos_path) }.to_vec())
    }

    fn on_drive(&self, drive: u16) -> Vec<u16> {
        let current = self.current();
        if current.get(1) == Some(&COLON) && guest::nls::upcase(current[0]) == drive {
            return current;
        }
        locked(|| find(unsafe { environment() }, &[EQUALS, drive, COLON]).map(<[u16]>::to_vec))
            .unwrap_or_else(|| alloc::vec![drive, COLON, BACKSLASH])
    }
}

/// The environment block with its last NUL.
///
/// # Safety
/// The PEB lock is held.
unsafe fn environment<'a>() -> &'a [u16] {
    // SAFETY: as the caller promises.
    unsafe { block(get().environment as *const u16) }
}

/// The units of an environment block, with the NUL that ends it.
unsafe fn block<'a>(start: *const u16) -> &'a [u16] {
    let mut length = 0;
    // SAFETY: a block ends in an empty string.
    unsafe {
        while *start.add(length) != 0 {
            while *start.add(length) != 0 {
                length += 1;
            }
            length += 1;
        }
        core::slice::from_raw_parts(start, length + 1)
    }
}

/// The `NAME=value` strings of a block.
fn variables(block: &[u16]) -> impl Iterator<Item = &[u16]> {
    block.split(|unit| *unit == 0).take_while(|variable| !variable.is_empty())
}

/// A variable's name and value. Names may start with `=`.
fn parts(variable: &[u16]) -> Option<(&[u16], &[u16])> {
    let at = variable.iter().skip(1).position(|unit| *unit == EQUALS)? + 1;
    Some((&variable[..at], &variable[at + 1..]))
}

fn same(left: &[u16], right: &[u16]) -> bool {
    left.len() == right.len() && crate::string::compare(left, right, true) == 0
}

/// The value of a variable.
fn find<'a>(block: &'a [u16], name: &[u16]) -> Option<&'a [u16]> {
    variables(block).filter_map(parts).find(|(other, _)| same(other, name)).map(|(_, value)| value)
}

/// A block with one variable set, or taken out. Variables stay sorted by their upper-case names.
fn with(block: &[u16], name: &[u16], value: Option<&[u16]>) -> Vec<u16> {
    let mut changed = Vec::with_capacity(block.len() + name.len() + value.map_or(0, <[u16]>::len) + 2);
    let mut pending = value;
    let put = |changed: &mut Vec<u16>, value: &[u16]| changed.extend(name.iter().chain(&[EQUALS]).chain(value).chain(&[0]));
    for variable in variables(block) {
        let other = parts(variable).map_or(variable, |(other, _)| other);
        if same(other, name) {
            continue;
        }
        if crate::string::compare(other, name, true) > 0
            && let Some(value) = pending.take()
        {
            put(&mut changed, value);
        }
        changed.extend(variable.iter().chain(&[0]));
    }
    if let Some(value) = pending {
        put(&mut changed, value);
    }
    changed.push(0);
    if changed.len() == 1 {
        changed.push(0);
    }
    changed
}

/// The folders of the `PATH` variable.
pub fn search_path() -> Vec<Vec<u16>> {
    let path: Vec<u16> = "PATH".encode_utf16().collect();
    let value = locked(|| find(unsafe { environment() }, &path).map(<[u16]>::to_vec)).unwrap_or_default();
    value.split(|unit| *unit == u16::from(b';')).map(<[u16]>::to_vec).filter(|folder| !folder.is_empty()).collect()
}

/// Whether the policy keeps programs with missing imports from starting: the broker says so to the process alone.
pub fn strict_imports() -> bool {
    // SAFETY: the flag is set before the first thread runs.
    unsafe { get() }.flags & gate::peb::STRICT_IMPORTS != 0
}

/// Sets a variable, or takes it out, in the process's environment or in a block of the caller's.
#[shim(ix = 74, mapping = "the environment block", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlSetEnvironmentVariable(
    environment: *mut *mut u16,
    name: *const UNICODE_STRING,
    value: *const UNICODE_STRING,
) -> Result<NtStatus, Status> {
    let name = unsafe { crate::string::units(name) };
    let value = unsafe { value.as_ref() }.map(|value| unsafe { crate::string::units(value) });
    if name.is_empty() || name[1..].contains(&EQUALS) {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    locked(|| {
        let own = environment.is_null();
        let start = if own { unsafe { get() }.environment as *mut u16 } else { unsafe { *environment } };
        let block = unsafe { block(start) };
        if value.is_none() && find(block, name).is_none() {
            return Err(Status(STATUS_VARIABLE_NOT_FOUND));
        }
        let changed = with(block, name, value);
        let bytes = size_of_val(changed.as_slice());
        let memory = crate::heap::process_heap().allocate(bytes, false).cast::<u16>();
        if memory.is_null() {
            return Err(Status(STATUS_NO_MEMORY));
        }
        unsafe {
            memory.copy_from_nonoverlapping(changed.as_ptr(), changed.len());
            // The first block is no block of the heap, and stays.
            crate::heap::process_heap().free(start.cast());
            if own {
                let parameters = get();
                parameters.environment = memory as usize;
                parameters.environment_size = bytes;
                parameters.environment_version += 1;
            } else {
                *environment = memory;
            }
        }
        Ok(NtStatus::SUCCESS)
    })
}

/// Answers a variable's value; where it does not fit, the length it needs.
#[shim(ix = 75, mapping = "the environment block", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlQueryEnvironmentVariable_U(
    environment: *const u16,
    name: *const UNICODE_STRING,
    value: *mut UNICODE_STRING,
) -> Result<NtStatus, Status> {
    let name = unsafe { crate::string::units(name) };
    let target = unsafe { &mut *value };
    locked(|| {
        let block = unsafe { if environment.is_null() { self::environment() } else { block(environment) } };
        let found = find(block, name).filter(|_| !name.is_empty()).ok_or(Status(STATUS_VARIABLE_NOT_FOUND))?;
        target.Length = size_of_val(found) as u16;
        if target.Length > target.MaximumLength {
            return Err(Status(STATUS_BUFFER_TOO_SMALL));
        }
        unsafe { target.Buffer.copy_from_nonoverlapping(found.as_ptr(), found.len()) };
        if target.Length + 2 <= target.MaximumLength {
            unsafe { *target.Buffer.add(found.len()) = 0 };
        }
        Ok(NtStatus::SUCCESS)
    })
}

/// Replaces `%NAME%` by values; answers how many bytes that needs, its NUL included.
#[shim(ix = 76, mapping = "the environment block", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlExpandEnvironmentStrings_U(
    environment: *const u16,
    source: *const UNICODE_STRING,
    target: *mut UNICODE_STRING,
    needed: *mut u32,
) -> Result<NtStatus, Status> {
    let source = unsafe { crate::string::units(source) };
    let expanded = locked(|| expand(unsafe { if environment.is_null() { self::environment() } else { block(environment) } }, source));
    let bytes = 2 * (expanded.len() + 1);
    if !needed.is_null() {
        unsafe { *needed = bytes as u32 };
    }
    let target = unsafe { &mut *target };
    if bytes > usize::from(target.MaximumLength) {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    unsafe {
        target.Buffer.copy_from_nonoverlapping(expanded.as_ptr(), expanded.len());
        *target.Buffer.add(expanded.len()) = 0;
    }
    target.Length = bytes as u16 - 2;
    Ok(NtStatus::SUCCESS)
}

/// A text with its variables replaced; what names none stays as it is.
fn expand(block: &[u16], source: &[u16]) -> Vec<u16> {
    let mut expanded = Vec::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.iter().position(|unit| *unit == PERCENT) {
        expanded.extend_from_slice(&rest[..start]);
        rest = &rest[start..];
        let value = rest[1..].iter().position(|unit| *unit == PERCENT).and_then(|end| find(block, &rest[1..=end]).map(|value| (value, end + 2)));
        match value {
            Some((value, used)) => {
                expanded.extend_from_slice(value);
                rest = &rest[used..];
            }
            None => {
                expanded.push(PERCENT);
                rest = &rest[1..];
            }
        }
    }
    expanded.extend_from_slice(rest);
    expanded
}

/// Copies the environment block, for the caller to free with RtlDestroyEnvironment.
#[shim(ix = 77, mapping = "the environment block", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn RtlCreateEnvironment(inherit: u8, environment: *mut *mut u16) -> Result<NtStatus, Status> {
    locked(|| {
        let empty = [0, 0];
        let source: &[u16] = if inherit != 0 { unsafe { self::environment() } } else { &empty };
        let memory = crate::heap::process_heap().allocate(size_of_val(source), false).cast::<u16>();
        if memory.is_null() {
            return Err(Status(STATUS_NO_MEMORY));
        }
        unsafe {
            memory.copy_from_nonoverlapping(source.as_ptr(), source.len());
            *environment = memory;
        }
        Ok(NtStatus::SUCCESS)
    })
}

/// Frees a copy of an environment block.
#[shim(ix = 78, mapping = "RtlFreeHeap", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn RtlDestroyEnvironment(environment: *mut u16) -> Result<NtStatus, Status> {
    unsafe { crate::heap::process_heap().free(environment.cast()) };
    Ok(NtStatus::SUCCESS)
}

/// Copies a path with its NUL if it fits: its length in bytes without the NUL, or the bytes needed with it.
pub unsafe fn answer(path: &[u16], room: u32, buffer: *mut u16) -> u32 {
    let bytes = 2 * path.len() as u32;
    if bytes + 2 > room {
        return bytes + 2;
    }
    unsafe {
        buffer.copy_from_nonoverlapping(path.as_ptr(), path.len());
        *buffer.add(path.len()) = 0;
    }
    bytes
}

/// A full path's attributes.
pub fn attributes(full: &[u16]) -> Result<u32, Status> {
    let name = path::nt(full, &Process);
    let mut facts = gate::file::Facts::default();
    let facts_address = &raw mut facts as u64;
    ask(&mut gate::service::QueryPath { name: name.as_ptr() as u64, name_size: size_of_val(name.as_slice()) as u64, root: 0, facts: facts_address })?;
    Ok(facts.attributes)
}

/// Answers a path's full form: its bytes without the NUL, or the bytes needed with it; 0 where there is none.
#[shim(ix = 81, mapping = "the rules of DOS paths", risk = Wrong("a wrong path"))]
pub unsafe extern "system" fn RtlGetFullPathName_U(given: *const u16, room: u32, buffer: *mut u16, file: *mut *mut u16) -> u32 {
    let given = unsafe { guest::text::wide(given) };
    if !file.is_null() {
        unsafe { *file = core::ptr::null_mut() };
    }
    let is_blank = given.iter().all(|unit| *unit == u16::from(b' '));
    let full = if is_blank { Vec::new() } else { path::full(given, &Process) };
    if full.is_empty() {
        return 0;
    }
    let bytes = unsafe { answer(&full, room, buffer) };
    let last = full.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
    if !file.is_null() && bytes <= room && last < full.len() {
        unsafe { *file = buffer.add(last) };
    }
    bytes
}

/// What kind of DOS path it is (`RTL_PATH_TYPE`).
#[shim(ix = 82, mapping = "the rules of DOS paths", risk = Wrong("a wrong kind"))]
pub unsafe extern "system" fn RtlDetermineDosPathNameType_U(given: *const u16) -> u32 {
    path::kind(unsafe { guest::text::wide(given) }) as u32
}

/// The DOS device that a path names: bytes of its name, and their offset in the upper half; 0 for none.
#[shim(ix = 83, mapping = "the rules of DOS paths", risk = Wrong("a wrong device"))]
pub unsafe extern "system" fn RtlIsDosDeviceName_U(given: *const u16) -> u32 {
    path::dos_device(unsafe { guest::text::wide(given) }).map_or(0, |range| (2 * range.start as u32) << 16 | 2 * range.len() as u32)
}

/// Makes the NT path of a DOS path, for the caller to free with RtlFreeUnicodeString.
#[shim(ix = 84, mapping = "the rules of DOS paths", risk = Isolation("a path that the broker reads otherwise"))]
pub unsafe extern "system" fn RtlDosPathNameToNtPathName_U(
    given: *const u16,
    target: *mut UNICODE_STRING,
    file: *mut *mut u16,
    relative: *mut c_void,
) -> u8 {
    unsafe { nt_path(given, target, file, relative) }.is_ok().into()
}

/// Makes the NT path of a DOS path, for the caller to free with RtlFreeUnicodeString.
#[shim(ix = 85, mapping = "the rules of DOS paths", risk = Isolation("a path that the broker reads otherwise"))]
pub unsafe extern "system" fn RtlDosPathNameToNtPathName_U_WithStatus(
    given: *const u16,
    target: *mut UNICODE_STRING,
    file: *mut *mut u16,
    relative: *mut c_void,
) -> Result<NtStatus, Status> {
    unsafe { nt_path(given, target, file, relative) }
}

unsafe fn nt_path(given: *const u16, target: *mut UNICODE_STRING, file: *mut *mut u16, relative: *mut c_void) -> Result<NtStatus, Status> {
    let given = unsafe { guest::text::wide(given) };
    if given.is_empty() {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_OBJECT_PATH_NOT_FOUND));
    }
    let mut name = path::nt(given, &Process);
    let length = u16::try_from(2 * name.len()).ok().filter(|length| *length < 0xFFFE);
    let length = length.ok_or(Status(windows_sys::Win32::Foundation::STATUS_NAME_TOO_LONG))?;
    name.push(0);
    let buffer = crate::heap::process_heap().allocate(size_of_val(name.as_slice()), false).cast::<u16>();
    if buffer.is_null() {
        return Err(Status(STATUS_NO_MEMORY));
    }
    unsafe {
        buffer.copy_from_nonoverlapping(name.as_ptr(), name.len());
        target.write(UNICODE_STRING { Length: length, MaximumLength: length + 2, Buffer: buffer });
        if !file.is_null() {
            let last = name.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
            *file = if last + 1 < name.len() { buffer.add(last) } else { core::ptr::null_mut() };
        }
        if !relative.is_null() {
            // `RTL_RELATIVE_NAME_U`: no relative name is offered, the full one always holds.
            relative.cast::<[usize; 4]>().write_unaligned([0; 4]);
        }
    }
    Ok(NtStatus::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn text_of(block: &[u16]) -> alloc::string::String {
        alloc::string::String::from_utf16_lossy(block).replace('\0', "|")
    }

    #[test]
    fn variables_are_set_in_order_and_without_regard_to_case() {
        let empty = wide("\0\0");
        let one = with(&empty, &wide("Path"), Some(&wide("C:\\")));
        let two = with(&one, &wide("A"), Some(&wide("1")));
        assert_eq!(text_of(&two), "A=1|Path=C:\\||");
        assert_eq!(text_of(&with(&two, &wide("PATH"), Some(&wide("D:\\")))), "A=1|PATH=D:\\||");
        assert_eq!(text_of(&with(&one, &wide("path"), None)), "||");
    }

    #[test]
    fn names_that_start_with_an_equals_sign_are_variables_too() {
        let block = wide("=C:=C:\\work\0A=1\0\0");
        assert_eq!(find(&block, &wide("=C:")), Some(wide("C:\\work").as_slice()));
        assert_eq!(find(&block, &wide("a")), Some(wide("1").as_slice()));
    }

    #[test]
    fn only_known_variables_are_expanded() {
        let block = wide("A=1\0\0");
        assert_eq!(text_of(&expand(&block, &wide("%a%-%b%-100%"))), "1-%b%-100%");
    }
}
