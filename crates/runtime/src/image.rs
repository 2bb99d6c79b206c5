//! Images: mapped, relocated and protected, as the NT kernel does it. Imports and the rest are `ntdll`'s business.

use crate::file::File;
use crate::memory::{self, Backing, Kind, Page, Region, page_up, to_host};
use crate::serve::{Answer, Serve};
use crate::{bitness, user};
use gate::map::{GUEST_END_32, LARGE_GUEST_END_32};
use gate::service::{IMAGE_AGAIN, IMAGE_BOUND, IMAGE_MOVED, MapSystemImage};
use gate::system::{Entry, Tables};
use pe::{Image, Layout, Malformed, Placement, RelocationKind};
use protocol::start::descriptor;
use rustix::fs::fstat;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use std::collections::HashMap;
use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, OnceLock, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_CONFLICTING_ADDRESSES, STATUS_DLL_NOT_FOUND, STATUS_IMAGE_MACHINE_TYPE_MISMATCH_EXE, STATUS_INVALID_FILE_FOR_SECTION,
    STATUS_INVALID_IMAGE_FORMAT, STATUS_INVALID_IMAGE_LE_FORMAT, STATUS_INVALID_IMAGE_NOT_MZ, STATUS_INVALID_IMAGE_PROTECT,
    STATUS_INVALID_IMAGE_WIN_16, STATUS_NO_MEMORY,
};
use windows_sys::Win32::System::Memory::{
    PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE,
};

/// An image that was mapped.
#[derive(Clone, Copy, Debug)]
pub struct Mapped {
    /// Where.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// It lies elsewhere than at its preferred base.
    pub moved: bool,
}

/// Why an image was not mapped.
#[derive(Clone, Copy, Debug)]
pub enum Refused {
    /// It cannot be read as an image.
    Malformed(Malformed),
    /// It is an image for the other kind of process.
    OtherBitness,
    /// It is a DLL where a program is wanted.
    Library,
    /// Anything else.
    Status(NTSTATUS),
}

impl From<Malformed> for Refused {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<NTSTATUS> for Refused {
    fn from(status: NTSTATUS) -> Self {
        Self::Status(status)
    }
}

impl From<Refused> for NTSTATUS {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed(_) | Refused::OtherBitness | Refused::Library => STATUS_INVALID_IMAGE_FORMAT,
            Refused::Status(status) => status,
        }
    }
}

/// A file's bytes, mapped read-only while its image is made.
pub struct Bytes(*mut c_void, usize);

impl Bytes {
    /// Maps a file.
    pub fn map(file: BorrowedFd<'_>) -> Result<Self, NTSTATUS> {
        let size = fstat(file).map_err(|_| STATUS_INVALID_FILE_FOR_SECTION)?.st_size as usize;
        if size == 0 {
            return Ok(Self(std::ptr::NonNull::dangling().as_ptr(), 0));
        }
        // SAFETY: a fresh mapping at a place of the kernel's choice.
        let start = unsafe { mmap(std::ptr::null_mut(), size, ProtFlags::READ, MapFlags::PRIVATE, file, 0) };
        start.map(|start| Self(start, size)).map_err(|_| STATUS_NO_MEMORY)
    }

    /// The bytes.
    pub fn get(&self) -> &[u8] {
        // SAFETY: they are mapped as long as `self` lives. Should the user change the file meanwhile, the image is as
        // changed as the file; it is hostile input to a jailed process either way.
        unsafe { std::slice::from_raw_parts(self.0.cast(), self.1) }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if self.1 > 0 {
            // SAFETY: the mapping is this value's own.
            let _ = unsafe { munmap(self.0, self.1) };
        }
    }
}

/// Parses a program, which says whether the process runs 32- or 64-bit code, and where that may lie.
pub fn parse_program(bytes: &[u8]) -> Result<Image<'_>, Refused> {
    /// `IMAGE_FILE_LARGE_ADDRESS_AWARE`.
    const LARGE_ADDRESSES: u16 = 0x20;
    let image = Image::parse(bytes, Layout::File)?;
    if !image.is_64() {
        bitness::narrow();
        let large = image.characteristics() & LARGE_ADDRESSES != 0;
        memory::lock().end_at(if large { LARGE_GUEST_END_32 } else { GUEST_END_32 });
    }
    parse(bytes)
}

/// Refuses what is no program that a process of either kind could run.
pub fn check_program(bytes: &[u8]) -> Result<(), NTSTATUS> {
    let image = Image::parse(bytes, Layout::File).map_err(|malformed| match malformed {
        Malformed::NotExecutable => STATUS_INVALID_IMAGE_NOT_MZ,
        Malformed::DosProgram => STATUS_INVALID_IMAGE_PROTECT,
        Malformed::Ne => STATUS_INVALID_IMAGE_WIN_16,
        Malformed::Le | Malformed::Lx => STATUS_INVALID_IMAGE_LE_FORMAT,
        Malformed::Foreign(_) => STATUS_IMAGE_MACHINE_TYPE_MISMATCH_EXE,
        _ => STATUS_INVALID_IMAGE_FORMAT,
    })?;
    image.check_mappable().map_err(|_| STATUS_INVALID_IMAGE_FORMAT)?;
    if image.is_dll() { Err(STATUS_INVALID_IMAGE_FORMAT) } else { Ok(()) }
}

/// Parses a file as an image that this process can map.
pub fn parse(bytes: &[u8]) -> Result<Image<'_>, Refused> {
    let image = Image::parse(bytes, Layout::File)?;
    image.check_mappable()?;
    if image.is_64() != bitness::is_32() { Ok(image) } else { Err(Refused::OtherBitness) }
}

/// Whether a file can be mapped as an image.
pub fn check_file(file: &File) -> Answer {
    let bytes = Bytes::map(file.descriptor()?)?;
    parse(bytes.get())?;
    Ok(())
}

/// Maps an open file as an image.
pub fn map_file(file: BorrowedFd<'_>, backing: Backing) -> Result<Mapped, NTSTATUS> {
    let bytes = Bytes::map(file)?;
    Ok(map(&parse(bytes.get())?, file, backing)?)
}

/// `IMAGE_FILE_RELOCS_STRIPPED`.
const RELOCS_STRIPPED: u16 = 1;

/// Maps an image whose bytes are those of a file.
pub fn map(image: &Image<'_>, file: BorrowedFd<'_>, backing: Backing) -> Result<Mapped, Refused> {
    let size = page_up(u64::from(image.size_of_image())).ok_or(STATUS_NO_MEMORY)?;
    let region = || Region::new(size, Kind::Image, PAGE_EXECUTE_WRITECOPY, Page::Reserved, backing.clone());
    let mut space = memory::lock();
    let (base, moved) = match space.insert_at(image.image_base(), region()) {
        Ok(base) => (base, false),
        // An image without addresses in it needs no relocations; one that has lost them says so.
        Err(_) if image.characteristics() & RELOCS_STRIPPED != 0 => return Err(STATUS_CONFLICTING_ADDRESSES.into()),
        Err(_) => (space.insert_anywhere(region(), 0)?, true),
    };
    drop(space);
    let made = fill(image, file, base, size, moved);
    if let Err(refused) = made {
        memory::lock().remove(base);
        return Err(refused);
    }
    Ok(Mapped { base, size, moved })
}

/// Maps an image's pieces at its place.
fn fill(image: &Image<'_>, file: BorrowedFd<'_>, base: u64, size: u64, moved: bool) -> Result<(), Refused> {
    let both = ProtFlags::READ | ProtFlags::WRITE;
    map_zero(base, size, ProtFlags::empty())?;
    for piece in image.placements() {
        let start = base + u64::from(piece.rva);
        // Only whole pages of the file can be mapped: the rest of a last page must read as zeroes.
        let whole = if piece.file_offset.is_multiple_of(gate::map::PAGE) { piece.file_size & !0xFFF } else { 0 };
        if whole > 0 {
            // SAFETY: the account has given the place to this image, and the piece lies inside (`check_mappable`).
            unsafe { mmap(start as *mut c_void, whole as usize, both, MapFlags::PRIVATE | MapFlags::FIXED, file, piece.file_offset) }
                .map_err(|_| STATUS_NO_MEMORY)?;
        }
        if piece.size > whole {
            // SAFETY: as above; the pages were just mapped inaccessible.
            unsafe { mprotect((start + whole) as *mut c_void, (piece.size - whole) as usize, MprotectFlags::READ | MprotectFlags::WRITE) }
                .map_err(|_| STATUS_NO_MEMORY)?;
        }
        copy(image, file, &piece, start, whole)?;
    }
    if moved {
        relocate(image, base)?;
    }
    protect(image, base)
}

/// Reads what could not be mapped.
fn copy(image: &Image<'_>, file: BorrowedFd<'_>, piece: &Placement, start: u64, whole: u64) -> Result<(), Refused> {
    let _ = image;
    let mut at = whole;
    while at < piece.file_size {
        // SAFETY: the target lies in this image's own pages, which are writable now.
        let done = unsafe {
            libc::pread64(
                std::os::fd::AsRawFd::as_raw_fd(&file),
                (start + at) as *mut c_void,
                (piece.file_size - at) as usize,
                (piece.file_offset + at) as i64,
            )
        };
        if done <= 0 {
            return Err(STATUS_INVALID_FILE_FOR_SECTION.into());
        }
        at += done as u64;
    }
    Ok(())
}

/// Adds the distance to the preferred base to every address that the image's relocations name.
fn relocate(image: &Image<'_>, base: u64) -> Result<(), Refused> {
    let distance = base.wrapping_sub(image.image_base());
    for relocation in image.relocations()? {
        let relocation = relocation?;
        let at = base + u64::from(relocation.rva);
        match relocation.kind {
            RelocationKind::Dir64 => user::write(at, &user::read::<u64>(at).map_err(NTSTATUS::from)?.wrapping_add(distance)),
            RelocationKind::HighLow => user::write(at, &user::read::<u32>(at).map_err(NTSTATUS::from)?.wrapping_add(distance as u32)),
            RelocationKind::Absolute => Ok(()),
            _ => return Err(Malformed::BadField("relocations").into()),
        }
        .map_err(NTSTATUS::from)?;
    }
    Ok(())
}

/// Gives headers and sections their protections.
fn protect(image: &Image<'_>, base: u64) -> Result<(), Refused> {
    let headers = image.placements().next().into_iter().map(|piece| (piece, PAGE_READONLY));
    let sections = image.sections().map(|section| {
        let protect = match (section.is_executable(), section.is_readable(), section.is_writable()) {
            (true, _, true) => PAGE_EXECUTE_READWRITE,
            (true, true, false) => PAGE_EXECUTE_READ,
            (true, false, false) => PAGE_EXECUTE,
            (false, _, true) => PAGE_READWRITE,
            (false, true, false) => PAGE_READONLY,
            (false, false, false) => PAGE_NOACCESS,
        };
        (section.placement(), protect)
    });
    let mut space = memory::lock();
    for (piece, protect) in headers.chain(sections) {
        if piece.size == 0 {
            continue;
        }
        if protect != PAGE_READWRITE {
            // SAFETY: the pages are this image's own.
            unsafe { mprotect((base + u64::from(piece.rva)) as *mut c_void, piece.size as usize, to_host(protect)) }.map_err(|_| STATUS_NO_MEMORY)?;
        }
        space.note(base, u64::from(piece.rva), piece.size, Page::Committed(protect));
    }
    Ok(())
}

fn map_zero(base: u64, size: u64, protection: ProtFlags) -> Result<(), NTSTATUS> {
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: the account has given the place to this image.
    unsafe { mmap_anonymous(base as *mut c_void, size as usize, protection, flags) }.map(|_| ()).map_err(|_| STATUS_NO_MEMORY)
}

/// The system DLLs that are mapped, by name.
static MAPPED: Mutex<Option<HashMap<Vec<u8>, Mapped>>> = Mutex::new(None);

/// The system file's tables.
fn tables() -> Option<Tables<'static>> {
    static TABLES: OnceLock<Option<Tables<'static>>> = OnceLock::new();
    *TABLES.get_or_init(|| {
        let bytes = Bytes::map(system_file()).ok()?;
        Tables::read(Box::leak(Box::new(bytes)).get())
    })
}

fn system_file() -> BorrowedFd<'static> {
    // SAFETY: the process is born with this descriptor and never closes it.
    unsafe { BorrowedFd::borrow_raw(descriptor::SYSTEM) }
}

/// Maps a system DLL, or answers where it is mapped already.
pub fn map_system(name: &[u8]) -> Result<(Mapped, bool), NTSTATUS> {
    let mut mapped = MAPPED.lock().unwrap_or_else(PoisonError::into_inner);
    let mapped = mapped.get_or_insert_default();
    if let Some(image) = mapped.get(name) {
        return Ok((*image, true));
    }
    let tables = tables().ok_or(STATUS_DLL_NOT_FOUND)?;
    let entry = tables.find(name).ok_or(STATUS_DLL_NOT_FOUND)?;
    let image = map_entry(&tables, entry)?;
    mapped.insert(name.to_vec(), image);
    Ok((image, false))
}

fn map_entry(tables: &Tables<'_>, entry: &Entry) -> Result<Mapped, NTSTATUS> {
    let size = u64::from(entry.size);
    let region = || Region::new(size, Kind::Image, PAGE_EXECUTE_WRITECOPY, Page::Reserved, Backing::Mapped);
    let mut space = memory::lock();
    let (base, moved) = match space.insert_at(entry.base, region()) {
        Ok(base) => (base, false),
        Err(_) => (space.insert_anywhere(region(), 0)?, true),
    };
    for segment in tables.segments(entry) {
        let (start, length) = ((base + u64::from(segment.rva)) as *mut c_void, segment.size as usize);
        let protection = if moved { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::from_bits_retain(to_host(segment.protect).bits()) };
        let flags = MapFlags::PRIVATE | MapFlags::FIXED;
        // SAFETY: the account has given the place to this image, and the build laid the segments out inside of it.
        let done = unsafe {
            match segment.file {
                0 => mmap_anonymous(start, length, protection, flags),
                file => mmap(start, length, protection, flags, system_file(), u64::from(file)),
            }
        };
        done.map_err(|_| STATUS_NO_MEMORY)?;
        space.note(base, u64::from(segment.rva), u64::from(segment.size), Page::Committed(segment.protect));
    }
    drop(space);
    if moved {
        move_system(tables, entry, base)?;
    }
    Ok(Mapped { base, size, moved })
}

/// Relocates a system DLL whose preferred place was taken.
fn move_system(tables: &Tables<'_>, entry: &Entry, base: u64) -> Result<(), NTSTATUS> {
    // SAFETY: all of the image was just mapped readable, and no guest code runs in it yet.
    let bytes = unsafe { std::slice::from_raw_parts(base as *const u8, entry.size as usize) };
    let image = Image::parse(bytes, Layout::Mapped).map_err(Refused::from)?;
    relocate(&image, base)?;
    for segment in tables.segments(entry) {
        let start = (base + u64::from(segment.rva)) as *mut c_void;
        // SAFETY: the pages are this image's own.
        unsafe { mprotect(start, segment.size as usize, to_host(segment.protect)) }.map_err(|_| STATUS_NO_MEMORY)?;
    }
    Ok(())
}

/// Forgets a system DLL that was unmapped.
pub fn forget(base: u64) {
    if let Some(mapped) = MAPPED.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        mapped.retain(|_, image| image.base != base);
    }
}

/// The address of a function that an image at a place exports.
pub fn export(base: u64, size: u64, name: &str) -> Option<u64> {
    // SAFETY: the image is mapped, and no guest code runs yet.
    let bytes = unsafe { std::slice::from_raw_parts(base as *const u8, size as usize) };
    match Image::parse(bytes, Layout::Mapped).ok()?.exports().ok()??.by_name(name.as_bytes()).ok()?? {
        pe::Target::Address(rva) => Some(base + u64::from(rva)),
        pe::Target::Forward(_) => None,
    }
}

impl Serve for MapSystemImage {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, gate::system::NAME)?;
        let (image, again) = map_system(&name)?;
        (self.base, self.size) = (image.base, image.size);
        self.flags = if again { IMAGE_AGAIN } else { 0 } | if image.moved { IMAGE_MOVED } else { IMAGE_BOUND };
        Ok(())
    }
}
