//! Resources: a tree of type, name and language in an image, which may be mapped as an image or as a plain file.

use super::state::{find_by_address, locked};
use crate::gate::ask;
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::service::QueryMemory;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use pe::{Directory, Image, Layout};
use windows_sys::Win32::Foundation::{
    STATUS_INVALID_IMAGE_FORMAT, STATUS_INVALID_PARAMETER, STATUS_RESOURCE_DATA_NOT_FOUND, STATUS_RESOURCE_LANG_NOT_FOUND,
    STATUS_RESOURCE_NAME_NOT_FOUND, STATUS_RESOURCE_TYPE_NOT_FOUND,
};

/// The lowest bits of a module's handle that say how it was mapped.
const AS_FILE: usize = 1;
const AS_IMAGE: usize = 2;
/// The bit of an entry's words that marks a name or a directory.
const HIGH_BIT: u32 = 0x8000_0000;
/// Bytes of a directory's head, and of an entry.
const HEAD: u32 = 16;
const ENTRY: u32 = 8;

/// A resource tree; places in it are offsets from its root.
struct Tree {
    image: Image<'static>,
    root: u32,
}

/// The bytes of a mapped file or image that a handle stands for.
fn bytes(base: usize, as_file: bool) -> Result<&'static [u8], Status> {
    let module = if as_file { None } else { locked(|| find_by_address(base).map(|module| unsafe { ((*module).base as usize, (*module).size) })) };
    if let Some((start, size)) = module.filter(|(start, _)| *start == base) {
        // SAFETY: the image is mapped as long as the module is listed.
        return Ok(unsafe { core::slice::from_raw_parts(start as *const u8, size as usize) });
    }
    let mut size = 0;
    loop {
        let mut request = QueryMemory { address: (base + size) as u64, ..QueryMemory::default() };
        ask(&mut request)?;
        if request.run.allocation as usize != base {
            break;
        }
        size = (request.run.base + request.run.size) as usize - base;
    }
    // SAFETY: the view has that size; its owner frees it after its last use.
    if size == 0 { Err(Status(STATUS_RESOURCE_DATA_NOT_FOUND)) } else { Ok(unsafe { core::slice::from_raw_parts(base as *const u8, size) }) }
}

fn image(handle: *const c_void) -> Result<Image<'static>, Status> {
    let handle = if handle.is_null() { unsafe { (*guest::teb::peb()).image_base_address } } else { handle as usize };
    let as_file = handle & AS_FILE != 0;
    let bytes = bytes(handle & !(AS_FILE | AS_IMAGE), as_file)?;
    Image::parse(bytes, if as_file { Layout::File } else { Layout::Mapped }).map_err(|_| Status(STATUS_INVALID_IMAGE_FORMAT))
}

impl Tree {
    fn open(handle: *const c_void) -> Result<Self, Status> {
        let image = image(handle)?;
        let root = image.directory(Directory::Resource).filter(|span| span.size > 0).ok_or(Status(STATUS_RESOURCE_DATA_NOT_FOUND))?.rva;
        Ok(Self { image, root })
    }

    fn at(&self, offset: u32, size: u32) -> Result<&'static [u8], Status> {
        let rva = self.root.checked_add(offset);
        rva.and_then(|rva| self.image.at(rva, size)).ok_or(Status(STATUS_INVALID_IMAGE_FORMAT))
    }

    /// The entries of a directory: what each is called, and what it leads to.
    fn entries(&self, directory: u32) -> Result<impl Iterator<Item = (u32, u32)> + use<>, Status> {
        let head = self.at(directory, HEAD)?;
        let count = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let entries = self.at(directory + HEAD, (count(12) + count(14)) * ENTRY)?;
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(entries.chunks_exact(ENTRY as usize).map(move |entry| (word(entry), word(&entry[4..]))))
    }

    /// Whether an entry is called so.
    fn is(&self, called: u32, wanted: &Id) -> bool {
        match wanted {
            Id::Number(number) => called == u32::from(*number),
            Id::Name(name) => called & HIGH_BIT != 0 && self.name(called & !HIGH_BIT).is_ok_and(|other| same(&other, name)),
        }
    }

    fn name(&self, offset: u32) -> Result<Vec<u16>, Status> {
        let length = self.at(offset, 2)?;
        let bytes = self.at(offset + 2, 2 * u32::from(u16::from_le_bytes([length[0], length[1]])))?;
        Ok(bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect())
    }

    /// The directory below another one with a name.
    fn child(&self, directory: u32, wanted: &Id, missing: i32) -> Result<u32, Status> {
        let mut entries = self.entries(directory)?;
        let leads = entries.find(|(called, leads)| leads & HIGH_BIT != 0 && self.is(*called, wanted)).map(|(_, leads)| leads & !HIGH_BIT);
        leads.ok_or(Status(missing))
    }

    /// The directory that the first `level` identifiers lead to.
    fn directory(&self, path: &[Id]) -> Result<u32, Status> {
        let mut directory = 0;
        for (wanted, missing) in path.iter().zip([STATUS_RESOURCE_TYPE_NOT_FOUND, STATUS_RESOURCE_NAME_NOT_FOUND]) {
            directory = self.child(directory, wanted, missing)?;
        }
        Ok(directory)
    }

    /// The data entry of a language, or of the next best one.
    fn data(&self, directory: u32, language: u16) -> Result<*const c_void, Status> {
        let mut entries = self.entries(directory)?.filter(|(_, leads)| leads & HIGH_BIT == 0);
        let all: Vec<(u32, u32)> = entries.by_ref().collect();
        let first = all.first().filter(|_| language == 0).copied();
        let found = languages(language).find_map(|wanted| all.iter().find(|(called, _)| *called == u32::from(wanted)).copied()).or(first);
        let (_, leads) = found.ok_or(Status(STATUS_RESOURCE_LANG_NOT_FOUND))?;
        Ok(self.at(leads, 16)?.as_ptr().cast())
    }
}

/// The languages that stand for a wanted one, best first: itself, its primary one, none, and for none the system's own.
fn languages(wanted: u16) -> impl Iterator<Item = u16> {
    const PRIMARY: u16 = 0x3FF;
    const US_ENGLISH: u16 = 0x409;
    [wanted, wanted & PRIMARY, 0].into_iter().chain((wanted & PRIMARY == 0).then_some([US_ENGLISH, US_ENGLISH & PRIMARY]).into_iter().flatten())
}

fn same(left: &[u16], right: &[u16]) -> bool {
    left.len() == right.len() && crate::string::compare(left, right, true) == 0
}

/// A type, a name or a language as programs give it.
enum Id {
    Number(u16),
    Name(Vec<u16>),
}

impl Id {
    /// A number below 65,536, or the address of a name; `#12` names a number.
    unsafe fn new(value: usize) -> Self {
        if let Ok(number) = u16::try_from(value) {
            return Self::Number(number);
        }
        // SAFETY: the caller's name.
        let name = unsafe { guest::text::wide(value as *const u16) };
        let number = name.strip_prefix(&[u16::from(b'#')]).and_then(|digits| {
            let digit = |unit: &u16| char::from_u32((*unit).into()).and_then(|digit| digit.to_digit(10));
            digits.iter().try_fold(0_u32, |sum, unit| sum.checked_mul(10)?.checked_add(digit(unit)?)).filter(|_| !digits.is_empty())
        });
        match number.map(u16::try_from) {
            Some(Ok(number)) => Self::Number(number),
            _ => Self::Name(name.to_vec()),
        }
    }
}

/// The identifiers that a caller gives: type, name, language.
unsafe fn path(given: *const usize, level: u32) -> Result<Vec<Id>, Status> {
    if level > 3 || given.is_null() && level > 0 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    Ok((0..level as usize).map(|index| unsafe { Id::new(*given.add(index)) }).collect())
}

/// Finds a resource's data entry by type, name and language.
#[shim(ix = 224, mapping = "the image's resource tree", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn LdrFindResource_U(
    module: *const c_void,
    given: *const usize,
    level: u32,
    entry: *mut *const c_void,
) -> Result<NtStatus, Status> {
    let path = unsafe { path(given, level) }?;
    let [kind_and_name @ .., Id::Number(language)] = path.as_slice() else { return Err(Status(STATUS_INVALID_PARAMETER)) };
    if kind_and_name.len() != 2 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let tree = Tree::open(module)?;
    let found = tree.data(tree.directory(kind_and_name)?, *language)?;
    unsafe { *entry = found };
    Ok(NtStatus::SUCCESS)
}

/// Finds a directory of resources: the root, a type's, or a name's.
#[shim(ix = 225, mapping = "the image's resource tree", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn LdrFindResourceDirectory_U(
    module: *const c_void,
    given: *const usize,
    level: u32,
    directory: *mut *const c_void,
) -> Result<NtStatus, Status> {
    let path = unsafe { path(given, level) }?;
    if path.len() > 2 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let tree = Tree::open(module)?;
    let found = tree.at(tree.directory(&path)?, HEAD)?;
    unsafe { *directory = found.as_ptr().cast() };
    Ok(NtStatus::SUCCESS)
}

/// Answers where a data entry's bytes lie, and how many they are.
#[shim(ix = 226, mapping = "the image's resource tree", risk = Wrong("a wrong resource"))]
pub unsafe extern "system" fn LdrAccessResource(
    module: *const c_void,
    entry: *const [u32; 4],
    data: *mut *const c_void,
    size: *mut u32,
) -> Result<NtStatus, Status> {
    let [rva, length, ..] = unsafe { entry.as_ref() }.copied().ok_or(Status(STATUS_INVALID_PARAMETER))?;
    let found = image(module)?.at(rva, length).ok_or(Status(STATUS_RESOURCE_DATA_NOT_FOUND))?;
    unsafe {
        if !data.is_null() {
            *data = found.as_ptr().cast();
        }
        if !size.is_null() {
            *size = length;
        }
    }
    Ok(NtStatus::SUCCESS)
}
