//! A picture in a section: a head, and its entries in the order of their lists.

use super::entry::Entry;
use crate::nt::{NtCreateSection, NtMapViewOfSection, NtUnmapViewOfSection, check};
use crate::processthreadsapi::{THIS_PROCESS, by_number};
use alloc::vec::Vec;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_NO_MORE_FILES, HANDLE};
use windows_sys::Win32::System::Memory::{PAGE_READWRITE, SEC_COMMIT, SECTION_ALL_ACCESS};

/// The lists of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Processes = 0,
    Threads = 1,
    Modules = 2,
}

const LISTS: usize = 3;
/// What a section begins with that is a picture.
const MARK: u32 = 0x3233_4854;

/// The head: how many entries there are in each list, and which comes next.
#[repr(C)]
struct Head {
    mark: u32,
    counts: [u32; LISTS],
    next: [AtomicU32; LISTS],
    pad: u32,
}

/// A picture that is being made.
#[derive(Default)]
pub struct Snapshot {
    counts: [u32; LISTS],
    entries: Vec<Entry>,
}

/// A view of a section, until it is dropped.
struct View {
    base: *mut u8,
    size: usize,
}

impl View {
    fn new(section: HANDLE) -> Result<Self, Win32Error> {
        const VIEW_UNMAP: i32 = 2;
        let (mut base, mut size) = (null_mut(), 0);
        // SAFETY: both live through the call.
        let status =
            unsafe { NtMapViewOfSection(section, THIS_PROCESS, &raw mut base, 0, 0, null_mut(), &raw mut size, VIEW_UNMAP, 0, PAGE_READWRITE) };
        check(status)?;
        Ok(Self { base: base.cast(), size })
    }

    fn head(&self) -> *mut Head {
        self.base.cast()
    }

    fn entries(&self) -> *mut Entry {
        // SAFETY: the head lies in it.
        unsafe { self.base.add(size_of::<Head>()).cast() }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: nobody else knows of it.
        unsafe { NtUnmapViewOfSection(THIS_PROCESS, self.base.cast()) };
    }
}

impl Snapshot {
    /// Adds a list; they are added in their order.
    pub fn add(&mut self, list: List, entries: impl Iterator<Item = Entry>) {
        let before = self.entries.len();
        self.entries.extend(entries);
        self.counts[list as usize] = (self.entries.len() - before) as u32;
    }

    /// Keeps it in a section, and answers that.
    pub fn keep(&self, inherit: bool) -> Result<HANDLE, Win32Error> {
        let size = (size_of::<Head>() + size_of_val(self.entries.as_slice())) as i64;
        let object = by_number(inherit.into());
        let mut handle = null_mut();
        // SAFETY: the structures live through the call.
        check(unsafe {
            NtCreateSection(&raw mut handle, SECTION_ALL_ACCESS, &raw const object, &raw const size, PAGE_READWRITE, SEC_COMMIT, null_mut())
        })?;
        let view = View::new(handle)?;
        // SAFETY: the section is as long as both together.
        unsafe {
            view.head().write(Head { mark: MARK, counts: self.counts, next: Default::default(), pad: 0 });
            view.entries().copy_from_nonoverlapping(self.entries.as_ptr(), self.entries.len());
        }
        Ok(handle)
    }
}

/// The first entry of a list, or the next one.
pub fn next(snapshot: HANDLE, list: List, first: bool) -> Result<Entry, Win32Error> {
    let view = View::new(snapshot).map_err(|_| Win32Error(ERROR_INVALID_HANDLE))?;
    // SAFETY: a view is a page at least.
    let head = unsafe { &*view.head() };
    let list = list as usize;
    let all: u64 = head.counts.iter().map(|count| u64::from(*count)).sum();
    // Programs may write to it.
    if head.mark != MARK || all > ((view.size - size_of::<Head>()) / size_of::<Entry>()) as u64 {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    let index = if first { 0 } else { head.next[list].load(Ordering::Relaxed) };
    if index >= head.counts[list] {
        return Err(Win32Error(ERROR_NO_MORE_FILES));
    }
    head.next[list].store(index + 1, Ordering::Relaxed);
    let before: u32 = head.counts[..list].iter().sum();
    // SAFETY: it is one of those that there are.
    Ok(unsafe { view.entries().add((before + index) as usize).read() })
}
