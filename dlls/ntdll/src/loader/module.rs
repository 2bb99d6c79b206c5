//! A module: its entry in the lists that programs read, and what only the loader needs.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::null_mut;
use guest::error::Status;
use guest::teb;
use pe::{Image, Layout};
use windows_sys::Win32::Foundation::{STATUS_INVALID_IMAGE_FORMAT, UNICODE_STRING};

/// `LIST_ENTRY`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Link {
    next: *mut Self,
    previous: *mut Self,
}

impl Link {
    const UNLINKED: Self = Self { next: null_mut(), previous: null_mut() };

    /// Puts `new` at the list's end.
    unsafe fn append(head: *mut Self, new: *mut Self) {
        // SAFETY: the list is sound, and the loader lock is held.
        unsafe {
            let last = (*head).previous;
            *new = Self { next: head, previous: last };
            (*last).next = new;
            (*head).previous = new;
        }
    }

    unsafe fn remove(link: *mut Self) {
        // SAFETY: as above.
        unsafe {
            if !(*link).next.is_null() {
                (*(*link).previous).next = (*link).next;
                (*(*link).next).previous = (*link).previous;
                *link = Self::UNLINKED;
            }
        }
    }
}

/// `PEB_LDR_DATA`.
#[repr(C)]
struct Lists {
    length: u32,
    initialised: u32,
    handle: *mut c_void,
    load: Link,
    memory: Link,
    initialisation: Link,
    in_progress: *mut c_void,
    shutdown: usize,
    shutdown_thread: *mut c_void,
}

/// `LDR_DATA_TABLE_ENTRY`, followed by what is the loader's own.
#[repr(C)]
pub struct Module {
    load: Link,
    memory: Link,
    initialisation: Link,
    /// Where it is mapped.
    pub base: *mut u8,
    /// Its entry point, or 0.
    pub entry: usize,
    /// Bytes.
    pub size: u32,
    full_name: UNICODE_STRING,
    base_name: UNICODE_STRING,
    flags: u32,
    load_count: u16,
    tls_index: u16,
    hash: Link,
    timestamp: u32,
    /// How often the program has loaded it by itself. What it imports, directly or not, stays as long as it does.
    pub references: u32,
    /// It is never unloaded.
    pub pinned: bool,
    /// Its imports were bound.
    pub bound: bool,
    /// Its dependencies are known.
    pub linked: bool,
    /// It is being unloaded.
    pub leaving: bool,
    /// Its notice of the process's start is running or has run.
    pub started: bool,
    /// Its notice of the process's start succeeded.
    pub attached: bool,
    /// It wants to hear of threads.
    pub thread_notices: bool,
    /// It is one of ours.
    pub system: bool,
    /// Where its imports come from, and what its forwarders lead to.
    pub dependencies: Vec<*mut Self>,
    /// Its index in threads' TLS vectors.
    pub tls: Option<usize>,
    path: Vec<u16>,
    name_at: usize,
}

/// What kind of module it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program.
    Program,
    /// One of ours.
    System,
    /// A DLL of the program's.
    Own,
}

const IS_DLL: u32 = 0x4;
const ENTRY_PROCESSED: u32 = 0x4000;
const PROCESS_ATTACH_CALLED: u32 = 0x8_0000;

impl Module {
    /// Makes a module for an image that is mapped, and lists it for programs to see.
    pub fn new(base: *mut u8, size: u32, path: &[u16], origin: Origin) -> *mut Self {
        let name_at = path.iter().rposition(|unit| *unit == u16::from(b'\\')).map_or(0, |at| at + 1);
        let mut module = Box::new(Self {
            load: Link::UNLINKED,
            memory: Link::UNLINKED,
            initialisation: Link::UNLINKED,
            base,
            entry: 0,
            size,
            full_name: UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() },
            base_name: UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() },
            flags: ENTRY_PROCESSED | if origin == Origin::Program { 0 } else { IS_DLL },
            load_count: u16::MAX,
            tls_index: 0,
            hash: Link::UNLINKED,
            timestamp: 0,
            references: 0,
            pinned: origin != Origin::Own,
            bound: false,
            linked: false,
            leaving: false,
            started: origin == Origin::Program,
            attached: false,
            thread_notices: true,
            system: origin == Origin::System,
            dependencies: Vec::new(),
            tls: None,
            path: path.iter().copied().chain([0]).collect(),
            name_at,
        });
        let bytes = |units: usize| 2 * units as u16;
        let (length, buffer) = (path.len(), module.path.as_mut_ptr());
        module.full_name = UNICODE_STRING { Length: bytes(length), MaximumLength: bytes(length + 1), Buffer: buffer };
        module.base_name =
            UNICODE_STRING { Length: bytes(length - name_at), MaximumLength: bytes(length - name_at + 1), Buffer: buffer.wrapping_add(name_at) };
        if let Ok(image) = module.image() {
            module.timestamp = image.timestamp();
            module.entry = if image.entry_point() == 0 { 0 } else { base as usize + image.entry_point() as usize };
        }
        module.list_functions();
        let module = Box::into_raw(module);
        // SAFETY: the loader lock is held, and the lists are sound.
        unsafe {
            let lists = lists();
            Link::append(&raw mut (*lists).load, &raw mut (*module).load);
            Link::append(&raw mut (*lists).memory, &raw mut (*module).memory);
            (*module).hash = Link { next: &raw mut (*module).hash, previous: &raw mut (*module).hash };
        }
        module
    }

    /// Takes a module off the lists, and frees it.
    ///
    /// # Safety
    /// Nobody uses it any more.
    pub unsafe fn free(module: *mut Self) {
        // SAFETY: as the caller promises, under the loader lock.
        unsafe {
            crate::image_list::remove((*module).base as u64);
            Link::remove(&raw mut (*module).load);
            Link::remove(&raw mut (*module).memory);
            Link::remove(&raw mut (*module).initialisation);
            drop(Box::from_raw(module));
        }
    }

    /// Lists it among those whose notices have run.
    pub fn note_attached(&mut self) {
        self.attached = true;
        self.flags |= PROCESS_ATTACH_CALLED;
        // SAFETY: the loader lock is held.
        unsafe { Link::append(&raw mut (*lists()).initialisation, &raw mut self.initialisation) };
    }

    /// Lists its functions, for exceptions to find them.
    #[cfg(target_arch = "x86_64")]
    fn list_functions(&self) {
        let base = self.base as u64;
        let rows = self.image().ok().and_then(|image| image.functions().ok()).map(|functions| functions.iter());
        let count = rows.as_ref().map_or(0, ExactSizeIterator::len);
        let first = rows.and_then(|mut rows| rows.next()).map_or(0, |row| base + u64::from(row.row));
        crate::image_list::add(base, self.size.into(), first, count as u64);
    }

    /// Lists its safe handlers, for exceptions to know them.
    #[cfg(target_arch = "x86")]
    fn list_functions(&self) {
        let [table, count] = safe_handlers(self);
        crate::image_list::add(self.base as u64, self.size.into(), table, count);
    }

    /// The image, to look things up in.
    pub fn image<'a>(&self) -> Result<Image<'a>, Status> {
        // SAFETY: the image is mapped as long as the module is listed. What the program changes in its own headers, only it
        // gets to feel.
        let bytes = unsafe { core::slice::from_raw_parts(self.base, self.size as usize) };
        let image = Image::parse(bytes, Layout::Mapped).map_err(|_| Status(STATUS_INVALID_IMAGE_FORMAT))?;
        Ok(image.based_at(self.base as u64))
    }

    /// Its file name.
    pub fn base_name(&self) -> &[u16] {
        &self.path[self.name_at..self.path.len() - 1]
    }

    /// Its path.
    pub fn full_name(&self) -> &[u16] {
        &self.path[..self.path.len() - 1]
    }

    /// Whether an address lies in it.
    pub fn holds(&self, address: usize) -> bool {
        (self.base as usize..self.base as usize + self.size as usize).contains(&address)
    }
}

/// The lists that programs read through the PEB.
fn lists() -> *mut Lists {
    // SAFETY: the PEB lives as long as the process, and the loader lock is held.
    let peb = unsafe { &mut *teb::peb() };
    if peb.ldr == 0 {
        let lists = Box::into_raw(Box::new(Lists {
            length: size_of::<Lists>() as u32,
            initialised: 1,
            handle: null_mut(),
            load: Link::UNLINKED,
            memory: Link::UNLINKED,
            initialisation: Link::UNLINKED,
            in_progress: null_mut(),
            shutdown: 0,
            shutdown_thread: null_mut(),
        }));
        // SAFETY: just made.
        unsafe {
            for head in [&raw mut (*lists).load, &raw mut (*lists).memory, &raw mut (*lists).initialisation] {
                *head = Link { next: head, previous: head };
            }
        }
        peb.ldr = lists as usize;
    }
    peb.ldr as *mut Lists
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(offset_of!(Lists, load) == 0x10);
    assert!(offset_of!(Module, base) == 0x30 && offset_of!(Module, full_name) == 0x48 && offset_of!(Module, flags) == 0x68);
};
#[cfg(target_pointer_width = "32")]
const _: () = {
    assert!(offset_of!(Lists, load) == 0xC);
    assert!(offset_of!(Module, base) == 0x18 && offset_of!(Module, full_name) == 0x24 && offset_of!(Module, flags) == 0x34);
};

/// A table of safe handlers that says: there is none.
#[cfg(target_arch = "x86")]
pub const NO_HANDLERS: u64 = u64::MAX;

/// Where a module's table of safe handlers lies, and how many it has. Images without one have any handler.
#[cfg(target_arch = "x86")]
fn safe_handlers(module: &Module) -> [u64; 2] {
    /// `IMAGE_DLLCHARACTERISTICS_NO_SEH`.
    const NO_SEH: u16 = 0x400;
    let Ok(image) = module.image() else { return [0; 2] };
    if image.dll_characteristics() & NO_SEH != 0 {
        return [0, NO_HANDLERS];
    }
    let span = image.load_config().ok().flatten().and_then(|config| config.safe_handlers());
    let table = span.and_then(|span| Some([image.at(span.rva, span.size)?.as_ptr() as u64, u64::from(span.size / 4)]));
    table.unwrap_or_default()
}
