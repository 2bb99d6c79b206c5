//! Processes that a program starts.

use crate::error::{Error, Result, check};
use crate::file::Owned;
use crate::text::wide;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Pipes::CreatePipe;
use windows_sys::Win32::System::Threading::{
    CREATE_UNICODE_ENVIRONMENT, CreateProcessW, GetExitCodeProcess, INFINITE, PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOW,
    WaitForSingleObject,
};

/// A process that was started.
#[derive(Debug)]
pub struct Process {
    handle: Owned,
    /// Its number.
    pub id: u32,
}

/// How a process is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct How<'a> {
    /// The program's path; without it the command line says it.
    pub program: Option<&'a str>,
    /// The folder that it starts in; without it the current one.
    pub folder: Option<&'a str>,
    /// Its standard streams; without them this process's.
    pub streams: Option<[HANDLE; 3]>,
    /// `CREATE_*`.
    pub flags: u32,
    /// What its window is called.
    pub title: Option<&'a str>,
    /// How its window is shown (`SW_*`).
    pub show: Option<u16>,
}

impl Process {
    /// Starts a program with a command line.
    pub fn start(line: &str, how: &How<'_>) -> Result<Self> {
        let (mut line, program, folder) = (wide(line), how.program.map(wide), how.folder.map(wide));
        let mut title = how.title.map(wide);
        let mut startup = STARTUPINFOW { cb: size_of::<STARTUPINFOW>() as u32, ..STARTUPINFOW::default() };
        startup.lpTitle = title.as_mut().map_or(null_mut(), |title| title.as_mut_ptr());
        if let Some(streams) = how.streams {
            startup.dwFlags |= STARTF_USESTDHANDLES;
            [startup.hStdInput, startup.hStdOutput, startup.hStdError] = streams;
        }
        if let Some(show) = how.show {
            startup.dwFlags |= windows_sys::Win32::System::Threading::STARTF_USESHOWWINDOW;
            startup.wShowWindow = show;
        }
        let mut made = PROCESS_INFORMATION::default();
        let pointer = |text: &Option<alloc::vec::Vec<u16>>| text.as_ref().map_or(null(), |text| text.as_ptr());
        // SAFETY: the texts end in NULs, the line may be changed; writes the handles.
        check(unsafe {
            CreateProcessW(
                pointer(&program),
                line.as_mut_ptr(),
                null(),
                null(),
                1,
                how.flags | CREATE_UNICODE_ENVIRONMENT,
                null(),
                pointer(&folder),
                &raw const startup,
                &raw mut made,
            )
        })?;
        drop(Owned(made.hThread));
        Ok(Self { handle: Owned(made.hProcess), id: made.dwProcessId })
    }

    /// Waits for its end; answers its exit code.
    pub fn wait(&self) -> u32 {
        let mut code = 0;
        // SAFETY: the handle is ours; writes the code.
        unsafe {
            WaitForSingleObject(self.handle.0, INFINITE);
            GetExitCodeProcess(self.handle.0, &raw mut code);
        }
        code
    }
}

/// A pipe: its end for reading, its end for writing. Neither is inherited as it is.
pub fn pipe() -> Result<[Owned; 2]> {
    let (mut read, mut write): (HANDLE, HANDLE) = (null_mut(), null_mut());
    let security = SECURITY_ATTRIBUTES { nLength: size_of::<SECURITY_ATTRIBUTES>() as u32, lpSecurityDescriptor: null_mut(), bInheritHandle: 0 };
    // SAFETY: writes both handles.
    check(unsafe { CreatePipe(&raw mut read, &raw mut write, &raw const security, 0) })?;
    Ok([Owned(read), Owned(write)])
}

/// Whether children inherit a handle from now on.
pub fn set_inherited(handle: HANDLE, inherited: bool) -> Result<()> {
    use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
    // SAFETY: takes a handle and numbers.
    check(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, if inherited { HANDLE_FLAG_INHERIT } else { 0 }) })
}

/// A second handle of the same thing.
pub fn duplicated(handle: HANDLE, inherited: bool) -> Result<Owned> {
    use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle};
    use windows_sys::Win32::System::Threading::GetCurrentProcess;
    let mut copy = null_mut();
    // SAFETY: the process is this one; writes the handle.
    let done = unsafe {
        let own = GetCurrentProcess();
        DuplicateHandle(own, handle, own, &raw mut copy, 0, i32::from(inherited), DUPLICATE_SAME_ACCESS)
    };
    if done == 0 { Err(Error::last()) } else { Ok(Owned(copy)) }
}
