//! Starting a process.

use super::attribute::{self, Attributes};
use super::program::{self, Program};
use crate::ansi;
use crate::fileapi::full::full;
use crate::nt::{self, check};
use crate::open::open_path;
use crate::processenv::{environment, folder, parameters, text as parameter};
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null;
use gate::service::{CreateProcess, Span, StartParameters};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::nls::ANSI;
use guest::{router, shim, text};
use windows_sys::Wdk::Storage::FileSystem::{FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE};
use windows_sys::Win32::Foundation::{ERROR_DIRECTORY, ERROR_INVALID_PARAMETER, ERROR_NOACCESS, ERROR_NOT_SUPPORTED, HANDLE, OBJ_INHERIT};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{FILE_EXECUTE, FILE_READ_ATTRIBUTES, FILE_READ_DATA};
use windows_sys::Win32::System::Threading::{
    CREATE_BREAKAWAY_FROM_JOB, CREATE_NEW_CONSOLE, CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_PROTECTED_PROCESS, CREATE_SECURE_PROCESS,
    CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, DEBUG_ONLY_THIS_PROCESS, DEBUG_PROCESS, DETACHED_PROCESS, EXTENDED_STARTUPINFO_PRESENT,
    PROCESS_ALL_ACCESS, PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOA, STARTUPINFOEXW, STARTUPINFOW, THREAD_ALL_ACCESS,
};

/// What becomes of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Console {
    /// The parent's.
    Shared,
    /// None that anybody sees.
    Hidden,
}

router! {
    /// By creation flags: what becomes of the console, and what is refused.
    fn console(flags: u32) -> Result<Console, Win32Error> for "CreateProcessW", otherwise Win32Error(ERROR_INVALID_PARAMETER); {
        flags & (CREATE_NEW_CONSOLE | DETACHED_PROCESS) == CREATE_NEW_CONSOLE | DETACHED_PROCESS => Err(Win32Error(ERROR_INVALID_PARAMETER));
        flags & (DEBUG_PROCESS | DEBUG_ONLY_THIS_PROCESS) != 0 => Err(Win32Error(ERROR_NOT_SUPPORTED));
        flags & (CREATE_PROTECTED_PROCESS | CREATE_SECURE_PROCESS) != 0 => Err(Win32Error(ERROR_NOT_SUPPORTED));
        flags & DETACHED_PROCESS != 0 => Ok(Console::Hidden);
        flags & CREATE_NEW_CONSOLE == 0 && flags & CREATE_NO_WINDOW != 0 => Ok(Console::Hidden);
        // There is one console: a new one is the same.
        flags & DETACHED_PROCESS == 0 => Ok(Console::Shared);
    }
}

/// What a process is started with, texts in UTF-16.
struct Request<'a> {
    application: Option<&'a [u16]>,
    line: Option<&'a [u16]>,
    /// `OBJ_INHERIT` or 0 for the handles of process and thread.
    flags: [u32; 2],
    inherits: bool,
    creation: u32,
    environment: Option<Vec<u16>>,
    folder: Option<&'a [u16]>,
    startup: &'a STARTUPINFOW,
    attributes: *const c_void,
}

fn span(units: &[u16]) -> Span {
    Span { at: units.as_ptr() as usize as u64, size: size_of_val(units) as u64 }
}

/// A text that ends in a NUL, if there is one.
unsafe fn optional<'a>(string: *const u16) -> Option<&'a [u16]> {
    (!string.is_null()).then(|| unsafe { text::wide(string) })
}

/// Opens a program's file; what is missing on the way is said as for any other file.
fn open(program: &[u16]) -> Result<crate::open::Owned, Win32Error> {
    let terminated: Vec<u16> = program.iter().copied().chain([0]).collect();
    // SAFETY: it ends in a NUL.
    unsafe { open_path(terminated.as_ptr(), FILE_EXECUTE | FILE_READ_DATA | FILE_READ_ATTRIBUTES, FILE_NON_DIRECTORY_FILE) }
}

/// The folder that the process starts in, with a backslash at its end: it must be there.
fn start_folder(wanted: Option<&[u16]>) -> Result<Vec<u16>, Win32Error> {
    const BACKSLASH: u16 = b'\\' as u16;
    let mut folder = match wanted {
        None => folder::current(),
        Some(wanted) => {
            let terminated: Vec<u16> = wanted.iter().copied().chain([0]).collect();
            // SAFETY: it ends in a NUL.
            let path = unsafe { full(terminated.as_ptr()) }.map_err(|_| Win32Error(ERROR_DIRECTORY))?;
            let terminated: Vec<u16> = path.iter().copied().chain([0]).collect();
            // SAFETY: as above.
            unsafe { open_path(terminated.as_ptr(), FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE) }.map_err(|_| Win32Error(ERROR_DIRECTORY))?;
            path
        }
    };
    if folder.last() != Some(&BACKSLASH) {
        folder.push(BACKSLASH);
    }
    Ok(folder)
}

fn create(request: &Request<'_>) -> Result<PROCESS_INFORMATION, Win32Error> {
    let console = console(request.creation)?;
    let Attributes { handles: listed, jobs } = unsafe { attribute::read(request.attributes) }?;
    if !listed.is_empty() && !request.inherits {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let Program { path, line } = program::find(request.application, request.line)?;
    let file = open(&path)?;
    let folder = start_folder(request.folder)?;
    let startup = request.startup;
    let own = parameters();
    let given = startup.dwFlags & STARTF_USESTDHANDLES != 0;
    let standard = match (given, console) {
        (true, _) => [startup.hStdInput as usize, startup.hStdOutput as usize, startup.hStdError as usize],
        (false, Console::Shared) => [own.standard_input, own.standard_output, own.standard_error],
        (false, Console::Hidden) => [0; 3],
    };
    let title = unsafe { optional(startup.lpTitle) }.unwrap_or(&path);
    let desktop = unsafe { optional(startup.lpDesktop) }.unwrap_or_else(|| parameter(&own.desktop_info));
    let block = match &request.environment {
        Some(block) => block.clone(),
        None => environment::block_of_this_process()?,
    };
    let data = if startup.lpReserved2.is_null() { 0 } else { startup.cbReserved2 };
    let given_parameters = StartParameters {
        program: span(&path),
        command_line: span(&line),
        directory: span(&folder),
        environment: span(&block),
        title: span(title),
        desktop: span(desktop),
        shell: span(unsafe { optional(startup.lpReserved) }.unwrap_or_default()),
        runtime: Span { at: startup.lpReserved2 as usize as u64, size: data.into() },
        window_flags: startup.dwFlags,
        window: [
            startup.dwX,
            startup.dwY,
            startup.dwXSize,
            startup.dwYSize,
            startup.dwXCountChars,
            startup.dwYCountChars,
            startup.dwFillAttribute,
            startup.wShowWindow.into(),
        ],
        console: if console == Console::Hidden { 0 } else { own.console_handle as u32 },
        standard: standard.map(|handle| handle as u32),
        pad: 0,
    };
    let mut started = CreateProcess {
        image: file.0 as usize as u64,
        parameters: (&raw const given_parameters) as usize as u64,
        listed: listed.as_ptr() as usize as u64,
        listed_count: listed.len() as u32,
        inherit: match (request.inherits, listed.is_empty()) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        },
        breaks_away: request.creation & CREATE_BREAKAWAY_FROM_JOB,
        jobs: jobs.as_ptr() as usize as u64,
        job_count: jobs.len() as u64,
        suspended: request.creation & CREATE_SUSPENDED,
        ignores_control: request.creation & CREATE_NEW_PROCESS_GROUP,
        standard: (!given && console == Console::Shared).into(),
        access: [PROCESS_ALL_ACCESS, THREAD_ALL_ACCESS],
        flags: request.flags,
        ..CreateProcess::default()
    };
    // SAFETY: the request and all that it points to live through the call.
    check(unsafe { nt::WcCreateProcess(&raw mut started) })?;
    Ok(PROCESS_INFORMATION {
        hProcess: started.handles[0] as usize as HANDLE,
        hThread: started.handles[1] as usize as HANDLE,
        dwProcessId: started.ids[0] as u32,
        dwThreadId: started.ids[1] as u32,
    })
}

unsafe fn inherit(attributes: *const SECURITY_ATTRIBUTES) -> u32 {
    unsafe { attributes.as_ref() }.map_or(0, |attributes| if attributes.bInheritHandle != 0 { OBJ_INHERIT } else { 0 })
}

/// What a caller asks for, texts in UTF-16.
struct Given {
    application: *const u16,
    line: *const u16,
    process: *const SECURITY_ATTRIBUTES,
    thread: *const SECURITY_ATTRIBUTES,
    inherits: i32,
    creation: u32,
    environment: *const c_void,
    folder: *const u16,
}

unsafe fn start(given: &Given, startup: *const STARTUPINFOW, information: *mut PROCESS_INFORMATION) -> Result<Bool, Win32Error> {
    if startup.is_null() || information.is_null() {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    let Given { creation, environment, .. } = *given;
    let wide = creation & CREATE_UNICODE_ENVIRONMENT != 0;
    unsafe {
        let extended = creation & EXTENDED_STARTUPINFO_PRESENT != 0;
        let attributes = if extended { (*startup.cast::<STARTUPINFOEXW>()).lpAttributeList.cast_const().cast() } else { null() };
        let request = Request {
            application: optional(given.application),
            line: optional(given.line),
            flags: [inherit(given.process), inherit(given.thread)],
            inherits: given.inherits != 0,
            creation,
            environment: (!environment.is_null()).then(|| environment::units_of(environment, wide)),
            folder: optional(given.folder),
            startup: &*startup,
            attributes,
        };
        *information = create(&request)?;
    }
    Ok(Bool)
}

/// Starts a program in a process of its own, under the same policy.
#[shim(ix = 70, mapping = "gate CreateProcess", risk = Isolation("a process that may do more than this one"))]
pub unsafe extern "system" fn CreateProcessW(
    application: *const u16,
    line: *mut u16,
    process: *const SECURITY_ATTRIBUTES,
    thread: *const SECURITY_ATTRIBUTES,
    inherits: i32,
    creation: u32,
    environment: *const c_void,
    folder: *const u16,
    startup: *const STARTUPINFOW,
    information: *mut PROCESS_INFORMATION,
) -> Result<Bool, Win32Error> {
    let given = Given { application, line, process, thread, inherits, creation, environment, folder };
    unsafe { start(&given, startup, information) }
}

/// Starts a program in a process of its own, under the same policy.
#[shim(ix = 199, mapping = "gate CreateProcess", risk = Isolation("a process that may do more than this one"))]
pub unsafe extern "system" fn CreateProcessA(
    application: *const u8,
    line: *mut u8,
    process: *const SECURITY_ATTRIBUTES,
    thread: *const SECURITY_ATTRIBUTES,
    inherits: i32,
    creation: u32,
    environment: *const c_void,
    folder: *const u8,
    startup: *const STARTUPINFOA,
    information: *mut PROCESS_INFORMATION,
) -> Result<Bool, Win32Error> {
    if startup.is_null() || information.is_null() {
        return Err(Win32Error(ERROR_NOACCESS));
    }
    let wide_text = |string: *const u8| -> Option<Vec<u16>> {
        (!string.is_null()).then(|| ansi::units(ANSI, unsafe { text::narrow(string) }).into_iter().chain([0]).collect())
    };
    let pointer = |text: &mut Option<Vec<u16>>| text.as_mut().map_or(core::ptr::null_mut(), Vec::as_mut_ptr);
    unsafe {
        let startup = &*startup;
        let (mut reserved, mut desktop, mut title) = (wide_text(startup.lpReserved), wide_text(startup.lpDesktop), wide_text(startup.lpTitle));
        let extended = creation & EXTENDED_STARTUPINFO_PRESENT != 0;
        // The two structures differ in what their pointers lead to, nothing else.
        let mut wide: STARTUPINFOEXW = core::mem::zeroed();
        let size = if extended { size_of::<STARTUPINFOEXW>() } else { size_of::<STARTUPINFOA>() };
        (&raw mut wide).cast::<u8>().copy_from_nonoverlapping(core::ptr::from_ref(startup).cast(), size);
        wide.StartupInfo.lpReserved = pointer(&mut reserved);
        wide.StartupInfo.lpDesktop = pointer(&mut desktop);
        wide.StartupInfo.lpTitle = pointer(&mut title);
        let (mut application, mut line, mut folder) = (wide_text(application), wide_text(line), wide_text(folder));
        let (application, line, folder) = (pointer(&mut application), pointer(&mut line), pointer(&mut folder));
        let given = Given { application, line, process, thread, inherits, creation, environment, folder };
        start(&given, &raw const wide.StartupInfo, information)
    }
}
