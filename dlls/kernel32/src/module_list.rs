//! The modules of a process, this one or another: read from the lists that its loader keeps in its memory, which are as wide as the
//! process is.

use crate::nt::{self, check};
use crate::processthreadsapi::{process_class, query_process};
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_PARTIAL_COPY, HANDLE};
use windows_sys::Win32::System::Threading::PROCESS_BASIC_INFORMATION;

/// A module.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Where it is mapped.
    pub base: usize,
    /// Bytes.
    pub size: u32,
    /// Its entry point, or 0.
    pub entry: usize,
    /// Its path.
    pub path: Vec<u16>,
    /// Its name.
    pub name: Vec<u16>,
}

/// Which modules are wanted (`LIST_MODULES_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Those of 32-bit code.
    pub narrow: bool,
    /// Those of code as wide as the caller's, or wider.
    pub own: bool,
}

/// More modules than that no process has: a list that is longer is none.
const MOST: usize = 1 << 14;

/// Where things lie in a process of some width (`dt nt!_PEB` and the like, as the runtime and `ntdll` make them).
struct Places {
    word: usize,
    lists: usize,
    load_order: usize,
    base: usize,
    path: usize,
    name: usize,
}

const NARROW: Places = Places { word: 4, lists: 0xC, load_order: 0xC, base: 0x18, path: 0x24, name: 0x2C };
const WIDE: Places = Places { word: 8, lists: 0x18, load_order: 0x10, base: 0x30, path: 0x48, name: 0x58 };

/// Reads memory of a process.
pub fn read_bytes(process: HANDLE, at: usize, into: &mut [u8]) -> Result<(), Win32Error> {
    // SAFETY: the buffer has that size.
    check(unsafe { nt::NtReadVirtualMemory(process, at as *const _, into.as_mut_ptr().cast(), into.len(), null_mut()) }).map(|_| ())
}

fn read<T: Copy>(process: HANDLE, at: usize) -> Result<T, Win32Error> {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the value has that size; it is made of integers.
    check(unsafe { nt::NtReadVirtualMemory(process, at as *const _, value.as_mut_ptr().cast(), size_of::<T>(), null_mut()) })?;
    // SAFETY: all of it was read.
    Ok(unsafe { value.assume_init() })
}

impl Places {
    fn word(&self, process: HANDLE, at: usize) -> Result<usize, Win32Error> {
        if self.word == 4 { read::<u32>(process, at).map(|word| word as usize) } else { read::<usize>(process, at) }
    }

    /// A counted string.
    fn text(&self, process: HANDLE, at: usize) -> Result<Vec<u16>, Win32Error> {
        let length: u16 = read(process, at)?;
        let mut bytes = alloc::vec![0; usize::from(length & !1)];
        if !bytes.is_empty() {
            read_bytes(process, self.word(process, at.wrapping_add(self.word))?, &mut bytes)?;
        }
        Ok(bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
    }

    fn modules(&self, process: HANDLE, peb: usize) -> Result<Vec<Module>, Win32Error> {
        let lists = self.word(process, peb.wrapping_add(self.lists))?;
        if lists == 0 {
            // Its loader has not begun.
            return Err(Win32Error(ERROR_PARTIAL_COPY));
        }
        let head = lists.wrapping_add(self.load_order);
        let (mut all, mut entry) = (Vec::new(), self.word(process, head)?);
        while entry != head {
            if all.len() >= MOST {
                return Err(Win32Error(ERROR_PARTIAL_COPY));
            }
            let base = entry.wrapping_add(self.base);
            all.push(Module {
                base: self.word(process, base)?,
                entry: self.word(process, base.wrapping_add(self.word))?,
                size: read(process, base.wrapping_add(2 * self.word))?,
                path: self.text(process, entry.wrapping_add(self.path))?,
                name: self.text(process, entry.wrapping_add(self.name))?,
            });
            entry = self.word(process, entry)?;
        }
        Ok(all)
    }
}

/// The modules of a process in the order in which they were loaded, the program first.
pub fn modules(process: HANDLE, wanted: Wanted) -> Result<Vec<Module>, Win32Error> {
    // SAFETY: the class's structure, and a pointer for the next.
    let (basic, narrow): (PROCESS_BASIC_INFORMATION, usize) =
        unsafe { (query_process(process, process_class::BASIC)?, query_process(process, process_class::WOW64)?) };
    let caller_is_narrow = cfg!(target_arch = "x86");
    match (narrow != 0, caller_is_narrow) {
        (true, true) => NARROW.modules(process, basic.PebBaseAddress as usize),
        (true, false) if wanted.narrow => NARROW.modules(process, narrow),
        // It has no others.
        (true, false) => Ok(Vec::new()),
        (false, false) if wanted.own => WIDE.modules(process, basic.PebBaseAddress as usize),
        (false, false) => Ok(Vec::new()),
        // What lies above 4 GiB has no address here.
        (false, true) => Err(Win32Error(ERROR_PARTIAL_COPY)),
    }
}
