//! An entry of a picture, as it is kept, and as the structures of programs have it.

use crate::ansi;
use crate::module_list::Module;
use crate::process_list::Listed;
use guest::error::Win32Error;
use guest::nls::ANSI;
use windows_sys::Win32::Foundation::{ERROR_BAD_LENGTH, ERROR_NOACCESS};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{MODULEENTRY32, MODULEENTRY32W, PROCESSENTRY32, PROCESSENTRY32W, THREADENTRY32};

const NAME: usize = 256;
const PATH: usize = 260;

/// A process, a thread or a module.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    /// The process's number.
    process: u32,
    /// Process: its parent. Thread: its own number.
    other: u32,
    /// Threads.
    threads: u32,
    /// Base priority.
    priority: i32,
    /// A module's bytes.
    size: u32,
    /// Where a module lies.
    base: usize,
    /// Its name, with its NUL.
    name: [u16; NAME],
    /// A module's path or a process's program, with its NUL.
    path: [u16; PATH],
}

/// As much of a text as there is room for, and a NUL.
fn cut<T: Copy + Default, const N: usize>(text: &[T]) -> [T; N] {
    let mut answer = [T::default(); N];
    let fits = text.len().min(N - 1);
    answer[..fits].copy_from_slice(&text[..fits]);
    answer
}

/// A text up to its NUL.
fn units(text: &[u16]) -> &[u16] {
    text.split(|unit| *unit == 0).next().unwrap_or_default()
}

/// The same as ANSI text.
fn narrow<const N: usize>(text: &[u16]) -> [i8; N] {
    cut(&ansi::from_wide(ANSI, units(text))).map(|byte: u8| byte as i8)
}

impl Entry {
    const NONE: Self = Self { process: 0, other: 0, threads: 0, priority: 0, size: 0, base: 0, name: [0; NAME], path: [0; PATH] };

    /// A process.
    pub fn process(listed: &Listed) -> Self {
        Self {
            process: listed.id,
            other: listed.parent,
            threads: listed.threads.len() as u32,
            priority: listed.priority,
            path: cut(&listed.name),
            ..Self::NONE
        }
    }

    /// A thread of a process.
    pub fn thread(process: &Listed, (id, priority): (u32, i32)) -> Self {
        Self { process: process.id, other: id, priority, ..Self::NONE }
    }

    /// A module of a process.
    pub fn module(process: u32, module: &Module) -> Self {
        Self { process, size: module.size, base: module.base, name: cut(&module.name), path: cut(&module.path), ..Self::NONE }
    }
}

/// A structure of a program's.
pub trait Given {
    /// What the program says of its size.
    fn said(&self) -> u32;
    /// What it is given.
    fn of(entry: &Entry) -> Self;
}

/// A program's structure, which has to say how long it is.
///
/// # Safety
/// It is NULL or the caller's.
pub unsafe fn checked<'a, T: Given>(entry: *mut T) -> Result<&'a mut T, Win32Error> {
    // SAFETY: as the caller promises.
    let entry = unsafe { entry.as_mut() }.ok_or(Win32Error(ERROR_NOACCESS))?;
    if (entry.said() as usize) < size_of::<T>() { Err(Win32Error(ERROR_BAD_LENGTH)) } else { Ok(entry) }
}

macro_rules! processes {
    ($($name:ident, $text:expr;)*) => { $(
        impl Given for $name {
            fn said(&self) -> u32 {
                self.dwSize
            }

            fn of(entry: &Entry) -> Self {
                Self {
                    dwSize: size_of::<Self>() as u32,
                    th32ProcessID: entry.process,
                    cntThreads: entry.threads,
                    th32ParentProcessID: entry.other,
                    pcPriClassBase: entry.priority,
                    szExeFile: $text(&entry.path),
                    ..Self::default()
                }
            }
        }
    )* };
}

processes! {
    PROCESSENTRY32W, |path: &[u16; PATH]| *path;
    PROCESSENTRY32, |path: &[u16; PATH]| narrow(path);
}

macro_rules! modules {
    ($($name:ident, $text:expr, $path:expr;)*) => { $(
        impl Given for $name {
            fn said(&self) -> u32 {
                self.dwSize
            }

            fn of(entry: &Entry) -> Self {
                // How often it is loaded is said as for those that are for good; the number of a module has no meaning any more.
                Self {
                    dwSize: size_of::<Self>() as u32,
                    th32ModuleID: 1,
                    th32ProcessID: entry.process,
                    GlblcntUsage: 0xFFFF,
                    ProccntUsage: 0xFFFF,
                    modBaseAddr: entry.base as *mut u8,
                    modBaseSize: entry.size,
                    hModule: entry.base as _,
                    szModule: $text(&entry.name),
                    szExePath: $path(&entry.path),
                }
            }
        }
    )* };
}

modules! {
    MODULEENTRY32W, |name: &[u16; NAME]| *name, |path: &[u16; PATH]| *path;
    MODULEENTRY32, |name: &[u16; NAME]| narrow(name), |path: &[u16; PATH]| narrow(path);
}

impl Given for THREADENTRY32 {
    fn said(&self) -> u32 {
        self.dwSize
    }

    fn of(entry: &Entry) -> Self {
        Self {
            dwSize: size_of::<Self>() as u32,
            th32ThreadID: entry.other,
            th32OwnerProcessID: entry.process,
            tpBasePri: entry.priority,
            ..Self::default()
        }
    }
}
