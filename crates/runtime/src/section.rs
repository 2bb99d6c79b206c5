//! Sections: a file's bytes, an image, or paging-file memory, which views map.

use crate::broker;
use crate::file::{File, end_of};
use crate::memory::{self, Backing, Kind, Page, Region, to_host};
use crate::object::{Body, Object, Part};
use crate::serve::{Answer, Serve};
use crate::{access, current, handle, image, name, user};
use gate::map::GRANULARITY;
use gate::service::{CreateSection, MapView, ObjectKind, UnmapView};
use protocol::message::{MapFile, NameObject, SharedObject};
use rustix::fs::{fstat, ftruncate};
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::ffi::c_void;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_FILE_FOR_SECTION, STATUS_INVALID_PAGE_PROTECTION,
    STATUS_INVALID_PARAMETER, STATUS_INVALID_VIEW_SIZE, STATUS_MAPPED_ALIGNMENT, STATUS_MAPPED_FILE_SIZE_ZERO, STATUS_NO_MEMORY,
    STATUS_NOT_MAPPED_VIEW, STATUS_NOT_SUPPORTED, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_EXISTS, STATUS_SECTION_PROTECTION,
    STATUS_SECTION_TOO_BIG,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA};
use windows_sys::Win32::System::Memory::{
    MEM_RESERVE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY, SEC_COMMIT,
    SEC_FILE, SEC_IMAGE, SEC_RESERVE, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE,
};

/// A section.
#[derive(Debug)]
pub struct Section {
    /// Bytes.
    pub size: u64,
    protect: u32,
    source: Source,
    /// The broker knows that the file is mapped, as long as this is there.
    #[expect(dead_code, reason = "it counts by being there")]
    held: Option<Held>,
}

/// What a section has of a file, at the broker.
#[derive(Debug)]
struct Held(u32);

impl Held {
    /// Tells the broker of a section.
    fn new(request: &MapFile) -> Result<Self, NTSTATUS> {
        broker::ask(request, &[]).map(|(reply, _)| Self(reply.handle))
    }

    /// A section that this process makes.
    fn file(file: &File, size: u64, image: bool) -> Result<Self, NTSTATUS> {
        Self::new(&MapFile { handle: file.handle, size, image: image.into(), ..MapFile::default() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = broker::close(self.0, false);
    }
}

#[derive(Debug)]
enum Source {
    /// A file's bytes. Its handle may be closed: what that gives back (locks, share modes) does not wait for the views.
    File(Arc<OwnedFd>),
    Image(Arc<OwnedFd>),
    /// Memory that views of one section share: a shared anonymous mapping, kept by its first, whole view.
    Memory(Memory),
    /// Bytes that other processes may have too.
    Shared(OwnedFd),
}

/// Anonymous memory that can be mapped at several places.
#[derive(Debug)]
struct Memory(u64, u64);

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the range is this section's own, outside of the guest's part of the address space.
        let _ = unsafe { rustix::mm::munmap(self.0 as *mut c_void, self.1 as usize) };
    }
}

impl Part for Section {}

/// What a new section is to be made of.
enum Plan {
    File(Arc<File>),
    Image(Arc<File>),
    Memory,
}

impl Section {
    /// Looks at what is asked for: the size, and what it is to be made of.
    fn plan(request: &CreateSection) -> Result<(u64, Plan), NTSTATUS> {
        if !matches!(
            request.protect & 0xFF,
            PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY
        ) {
            return Err(STATUS_INVALID_PAGE_PROTECTION);
        }
        if request.file == 0 {
            if request.size == 0 {
                return Err(STATUS_INVALID_PARAMETER);
            }
            if request.attributes & (SEC_COMMIT | SEC_RESERVE) == 0 {
                return Err(STATUS_INVALID_PARAMETER);
            }
            let size = memory::page_up(request.size).filter(|size| *size < 1 << 46).ok_or(STATUS_SECTION_TOO_BIG)?;
            return Ok((size, Plan::Memory));
        }
        let file = handle::file(request.file)?;
        let facts = fstat(file.descriptor()?).map_err(|_| STATUS_INVALID_FILE_FOR_SECTION)?;
        if file.device != gate::file::Device::Disk {
            return Err(STATUS_INVALID_FILE_FOR_SECTION);
        }
        let actual = facts.st_size as u64;
        if request.attributes & SEC_IMAGE != 0 {
            if file.access & (FILE_EXECUTE | FILE_READ_DATA) == 0 {
                return Err(STATUS_ACCESS_DENIED);
            }
            image::check_file(&file)?;
            return Ok((actual, Plan::Image(file)));
        }
        let writes = matches!(request.protect & 0xFF, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
        let needed = FILE_READ_DATA | if writes { FILE_WRITE_DATA } else { 0 };
        if file.access & needed != needed {
            return Err(STATUS_ACCESS_DENIED);
        }
        let size = if request.size == 0 { actual } else { request.size };
        if size == 0 {
            return Err(STATUS_MAPPED_FILE_SIZE_ZERO);
        }
        if size > actual {
            if !writes {
                return Err(STATUS_SECTION_TOO_BIG);
            }
            ftruncate(file.descriptor()?, size).map_err(|_| windows_sys::Win32::Foundation::STATUS_DISK_FULL)?;
        }
        Ok((size, Plan::File(file)))
    }

    /// One that no other process knows.
    fn create(request: &CreateSection) -> Result<Self, NTSTATUS> {
        loop {
            let (size, plan) = Self::plan(request)?;
            let (source, held) = match &plan {
                Plan::File(file) => (Source::File(file.object.shared_descriptor()?), Some(Held::file(file, size, false)?)),
                Plan::Image(file) => (Source::Image(file.object.shared_descriptor()?), Some(Held::file(file, size, true)?)),
                Plan::Memory => (Source::Memory(Memory::new(size)?), None),
            };
            // From here on nobody cuts it; what somebody cut before is looked at anew.
            if let Plan::File(file) | Plan::Image(file) = &plan
                && end_of(file)? < size
            {
                continue;
            }
            return Ok(Self { size, protect: request.protect, source, held });
        }
    }

    /// What keeps it as long as a view.
    fn backing(self: &Arc<Self>) -> Backing {
        Backing::Section(Arc::clone(self) as Arc<dyn std::any::Any + Send + Sync>)
    }

    /// What a view of this section may be protected with, and the host's way to map it.
    fn view_flags(&self, protect: u32) -> Result<(ProtFlags, MapFlags), NTSTATUS> {
        let base = protect & 0xFF;
        let copy = matches!(base, PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY);
        let writes = matches!(base, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
        let section_writes = matches!(self.protect & 0xFF, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
        if !memory::is_valid_protection(protect) {
            return Err(STATUS_INVALID_PAGE_PROTECTION);
        }
        if writes && !section_writes {
            return Err(STATUS_SECTION_PROTECTION);
        }
        let protection = ProtFlags::from_bits_retain(to_host(protect).bits());
        Ok((protection, if copy { MapFlags::PRIVATE } else { MapFlags::SHARED }))
    }
}

impl Memory {
    fn new(size: u64) -> Result<Self, NTSTATUS> {
        let both = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at a place of the kernel's choice.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), size as usize, both, MapFlags::SHARED | MapFlags::NORESERVE) };
        start.map(|start| Self(start as u64, size)).map_err(|_| STATUS_NO_MEMORY)
    }

    /// Maps a part of it a second time: `mremap` with an old size of 0 does that for shared mappings.
    fn map_again(&self, base: u64, offset: u64, size: u64, protection: ProtFlags) -> Result<(), NTSTATUS> {
        let source = (self.0 + offset) as *mut c_void;
        let flags = rustix::mm::MremapFlags::MAYMOVE;
        // SAFETY: the account has just given the place to this view.
        unsafe { rustix::mm::mremap_fixed(source, 0, size as usize, flags, base as *mut c_void) }.map_err(|_| STATUS_NO_MEMORY)?;
        // SAFETY: as above.
        unsafe { rustix::mm::mprotect(base as *mut c_void, size as usize, rustix::mm::MprotectFlags::from_bits_retain(protection.bits())) }
            .map_err(|_| STATUS_NO_MEMORY)
    }
}

/// This process's object for a section that has a name.
pub fn shared(told: &SharedObject, descriptor: OwnedFd) -> Result<Arc<Object>, NTSTATUS> {
    let held = if told.attributes & SEC_FILE != 0 { Some(Held::new(&MapFile { object: told.number, ..MapFile::default() })?) } else { None };
    let section = Section { size: told.size, protect: told.protect, source: Source::Shared(descriptor), held };
    Object::with(Body::Section, 0, Arc::new(section)).ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// What the broker is asked for that is to keep a section.
fn request(request: &CreateSection) -> Result<NameObject, NTSTATUS> {
    let (size, plan) = Section::plan(request)?;
    let file = match plan {
        Plan::File(file) => file.handle,
        Plan::Memory => 0,
        // The broker does not read programs, and an image's layout is for the process that maps it.
        Plan::Image(_) => return Err(STATUS_NOT_SUPPORTED),
    };
    Ok(NameObject {
        size,
        kind: ObjectKind::Section as u32,
        create: 1,
        thread: current::id(),
        protect: request.protect,
        attributes: request.attributes,
        file,
        ..NameObject::default()
    })
}

/// Makes or finds the section of a name, or makes one without that children may inherit.
fn shared_with_others(request: &mut CreateSection) -> Answer {
    const OBJ_OPENIF: u32 = 0x80;
    let make = |told: &SharedObject, descriptor: Option<OwnedFd>| shared(told, descriptor.ok_or(STATUS_INSUFFICIENT_RESOURCES)?);
    let (object, existed) = if request.name == 0 {
        (name::without(&self::request(request)?, &make)?, false)
    } else {
        let text = user::read_vec(request.name, request.name_size, 0xFFFF)?;
        let found = name::find(&text, &self::request(request)?, &make)?;
        (found.object, found.existed)
    };
    if existed && request.flags & OBJ_OPENIF == 0 {
        name::let_go(&object);
        return Err(STATUS_OBJECT_NAME_COLLISION);
    }
    request.handle = handle::insert_held(object, access::granted(ObjectKind::Section, request.access), access::inherit(request.flags))?;
    if existed { Err(STATUS_OBJECT_NAME_EXISTS) } else { Ok(()) }
}

impl Serve for CreateSection {
    fn serve(&mut self) -> Answer {
        if self.name != 0 || access::inherit(self.flags) != 0 && self.attributes & SEC_IMAGE == 0 {
            return shared_with_others(self);
        }
        let section = Section::create(self)?;
        let object = Object::with(Body::Section, 0, Arc::new(section)).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        self.handle = handle::insert(object, access::granted(ObjectKind::Section, self.access), access::inherit(self.flags))?;
        Ok(())
    }
}

/// Maps a part of a descriptor's bytes at a place that the account has just given to it.
fn map_bytes(base: u64, size: u64, protection: ProtFlags, sharing: MapFlags, file: BorrowedFd<'_>, offset: u64) -> Answer {
    // SAFETY: the place is the view's own.
    let mapped = unsafe { mmap(base as *mut c_void, size as usize, protection, sharing | MapFlags::FIXED, file, offset) };
    mapped.map(|_| ()).map_err(|_| STATUS_ACCESS_DENIED)
}

impl Serve for MapView {
    fn serve(&mut self) -> Answer {
        let (_, section) = handle::part::<Section>(self.section, 0)?;
        if let Source::Image(file) = &section.source {
            handle::object(self.section, SECTION_MAP_EXECUTE).or_else(|_| handle::object(self.section, SECTION_MAP_READ))?;
            let image = image::map_file(file.as_fd(), section.backing())?;
            (self.base, self.size) = (image.base, image.size);
            return if image.moved { Err(windows_sys::Win32::Foundation::STATUS_IMAGE_NOT_AT_BASE) } else { Ok(()) };
        }
        let needed = if matches!(self.protect & 0xFF, PAGE_READWRITE | PAGE_EXECUTE_READWRITE) { SECTION_MAP_WRITE } else { SECTION_MAP_READ };
        handle::object(self.section, needed)?;
        let (protection, sharing) = section.view_flags(self.protect)?;
        if !self.offset.is_multiple_of(GRANULARITY) || !self.base.is_multiple_of(GRANULARITY) {
            return Err(STATUS_MAPPED_ALIGNMENT);
        }
        let left = section.size.checked_sub(self.offset).filter(|left| *left > 0).ok_or(STATUS_INVALID_VIEW_SIZE)?;
        let size = if self.size == 0 { left } else { self.size };
        if size > memory::page_up(left).unwrap_or(left) || self.kind & MEM_RESERVE != 0 {
            return Err(STATUS_INVALID_VIEW_SIZE);
        }
        let size = memory::page_up(size).ok_or(STATUS_INVALID_VIEW_SIZE)?;
        let region = Region::new(size, Kind::Mapped, self.protect, Page::Committed(self.protect), section.backing());
        let mut space = memory::lock();
        let base = if self.base == 0 { space.insert_anywhere(region, 0)? } else { space.insert_at(self.base, region)? };
        let mapped = match &section.source {
            Source::File(file) => map_bytes(base, size, protection, sharing, file.as_fd(), self.offset),
            Source::Shared(bytes) => map_bytes(base, size, protection, sharing, bytes.as_fd(), self.offset),
            Source::Memory(memory) => memory.map_again(base, self.offset, size, protection),
            Source::Image(_) => Err(STATUS_INVALID_PARAMETER),
        };
        if let Err(status) = mapped {
            space.remove(base);
            return Err(status);
        }
        (self.base, self.size) = (base, size);
        Ok(())
    }
}

impl Serve for UnmapView {
    fn serve(&mut self) -> Answer {
        let mut space = memory::lock();
        let base = match space.containing(self.base) {
            Some((base, region)) if matches!(region.kind, Kind::Mapped | Kind::Image) => base,
            _ => return Err(STATUS_NOT_MAPPED_VIEW),
        };
        let region = space.remove(base);
        drop(space);
        image::forget(base);
        drop(region);
        Ok(())
    }
}
