//! The gate's services for sections and their views.

use crate::memory::{Backing, Kind, Page, Region};
use crate::object::{Body, Object};
use crate::section::{Memory, Section, Source};
use crate::serve::{Answer, Serve};
use crate::{handle, image, memory};
use gate::map::GRANULARITY;
use gate::service::{CreateSection, MapView, ObjectKind, UnmapView};
use rustix::fs::{fstat, ftruncate};
use rustix::mm::{MapFlags, mmap};
use std::ffi::c_void;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_FILE_FOR_SECTION, STATUS_INVALID_PAGE_PROTECTION,
    STATUS_INVALID_PARAMETER, STATUS_INVALID_VIEW_SIZE, STATUS_MAPPED_ALIGNMENT, STATUS_MAPPED_FILE_SIZE_ZERO, STATUS_NOT_MAPPED_VIEW,
    STATUS_OBJECT_TYPE_MISMATCH, STATUS_SECTION_TOO_BIG,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA};
use windows_sys::Win32::System::Memory::{
    MEM_RESERVE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY, SEC_COMMIT,
    SEC_IMAGE, SEC_RESERVE, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE,
};

impl Section {
    fn create(request: &CreateSection) -> Result<Self, NTSTATUS> {
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
            return Ok(Self { size, protect: request.protect, source: Source::Memory(Memory::new(size)?) });
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
            return Ok(Self { size: actual, protect: request.protect, source: Source::Image(file) });
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
        Ok(Self { size, protect: request.protect, source: Source::File(file) })
    }
}

impl Serve for CreateSection {
    fn serve(&mut self) -> Answer {
        let section = Section::create(self)?;
        let object = Object::new(Body::Section(Arc::new(section)), 0).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        self.handle = handle::insert(object, handle::granted(ObjectKind::Section, self.access), 0)?;
        Ok(())
    }
}

impl Serve for MapView {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.section, 0)?;
        let Body::Section(section) = &object.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        if let Source::Image(file) = &section.source {
            handle::object(self.section, SECTION_MAP_EXECUTE).or_else(|_| handle::object(self.section, SECTION_MAP_READ))?;
            let image = image::map_file(file)?;
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
        let backing = Backing::Section(Arc::clone(section) as Arc<dyn std::any::Any + Send + Sync>);
        let region = Region::new(size, Kind::Mapped, self.protect, Page::Committed(self.protect), backing);
        let mut space = memory::lock();
        let base = if self.base == 0 { space.insert_anywhere(region, 0)? } else { space.insert_at(self.base, region)? };
        let mapped = match &section.source {
            Source::File(file) => {
                let flags = sharing | MapFlags::FIXED;
                // SAFETY: the account has just given the place to this view.
                unsafe { mmap(base as *mut c_void, size as usize, protection, flags, file.descriptor()?, self.offset) }
                    .map(|_| ())
                    .map_err(|_| STATUS_ACCESS_DENIED)
            }
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
