//! Facts: attributes, times and sizes, of paths and of what is open; volumes; names; what links say.

use super::{Answer, bytes, lock, shown};
use crate::namespace::{DrivePath, Name, Place, path_of};
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::{Device, Facts, NameKind, SYMLINK, Volume};
use protocol::message::{Done, QueryFile, QueryLink, QueryName, QueryPath, QueryVolume, SetFacts, SetSparse, Word};
use std::os::fd::AsFd;
use std::path::Component;
use store::{Change, Happened, Look, Metadata, attribute, volume_serial};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_NOT_A_REPARSE_POINT,
    STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA};

/// What is said of a file.
fn facts(metadata: &Metadata) -> Facts {
    Facts {
        times: metadata.times,
        size: metadata.size,
        allocated: metadata.allocated,
        attributes: metadata.attributes,
        links: metadata.links,
        id: metadata.id,
        volume: volume_serial(metadata.device),
        device: Device::Disk as u32,
        reparse: if metadata.link { SYMLINK } else { 0 },
        ..Facts::default()
    }
}

/// What is said of a folder that is there because it leads to a grant.
fn way_facts() -> Facts {
    Facts { attributes: attribute::DIRECTORY, links: 1, ..Facts::default() }
}

impl Process {
    /// Facts of a path; of a link, its own.
    pub fn query_path(&self, request: &QueryPath, payload: &[u8]) -> Answer {
        self.settle();
        let answer = self.name(request.root, payload).and_then(|name| match name {
            Name::Drive(path) => self.through(&path, |at| self.facts_of_path(&path, at)),
            // A device's name is a file's to those who only look (GetFileAttributes).
            Name::Stream(path) => self.through(&path, |at| self.facts_of_stream(&path, at)),
            Name::Null => Ok(Facts { attributes: attribute::ARCHIVE, device: Device::Null as u32, ..Facts::default() }),
            Name::ConsoleInput => Ok(Facts { attributes: attribute::ARCHIVE, device: Device::ConsoleInput as u32, ..Facts::default() }),
            Name::ConsoleOutput => Ok(Facts { attributes: attribute::ARCHIVE, device: Device::ConsoleOutput as u32, ..Facts::default() }),
            Name::Sockets => Err(windows_sys::Win32::Foundation::STATUS_INVALID_DEVICE_REQUEST),
            // Who only looks does not use up an instance.
            Name::Pipe(name) => {
                self.sandbox.pipes.shape(&name).map(|_| Facts { attributes: attribute::NORMAL, device: Device::Pipe as u32, ..Facts::default() })
            }
        });
        if let Err(refusal) = answer {
            self.note_open(&shown(payload), FILE_READ_ATTRIBUTES, Some(refusal));
        }
        answer.map(|facts| Reply::value(&facts))
    }

    pub(super) fn facts_of_path(&self, path: &DrivePath, at: &DrivePath) -> Result<Facts, NTSTATUS> {
        let inside = match self.place(at)? {
            Place::Volume(inside) => inside,
            Place::Way(_) => return Ok(way_facts()),
        };
        let metadata = inside.volume.metadata(&inside.path, Look { link: true, attributes: true })?;
        if metadata.is_special() {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        if path.folder && metadata.attributes & attribute::DIRECTORY == 0 {
            return Err(STATUS_OBJECT_NAME_INVALID);
        }
        Ok(facts(&metadata))
    }

    /// Facts of an open file.
    pub fn query_file(&self, request: &QueryFile) -> Answer {
        let object = self.object(request.handle, 0)?;
        let mut answer = match (&object.file, &object.descriptor) {
            (None, Some(stream)) if object.device == Device::Disk => facts(&Metadata::of(stream).map_err(store::status)?),
            (None, _) => Facts { attributes: attribute::NORMAL, ..Facts::default() },
            (Some(_), _) => self.metadata_of(&object)?.map_or_else(way_facts, |metadata| facts(&metadata)),
        };
        if let Some(id) = object.id() {
            answer.deleting = (lock(&self.sandbox.sharing).is_deleting(id, object.share()) || lock(&object.closing).delete).into();
            answer.links -= u32::from(answer.deleting != 0 && answer.links > 0);
        }
        Ok(Reply::value(&answer))
    }

    /// The facts of an open file as of now; `None` of a folder that only leads to grants.
    pub(super) fn metadata_of(&self, object: &FileObject) -> Result<Option<Metadata>, NTSTATUS> {
        let (Some(inside), Some(file)) = (object.inside(), &object.descriptor) else { return Ok(None) };
        let metadata = inside.volume.facts(&inside.path, object.file.as_ref().map_or(0, |file| file.metadata.id), file.as_fd())?;
        if object.file.as_ref().is_some_and(|file| file.stream) {
            let size = self.stream_content(object)?.map_or(0, |content| content.len() as u64);
            return Ok(Some(Metadata { size, allocated: size.next_multiple_of(8), ..metadata }));
        }
        Ok(Some(metadata))
    }

    /// Sets times and attributes.
    pub fn set_facts(&self, request: &SetFacts) -> Answer {
        const SETTABLE: u32 = (attribute::KEPT | attribute::READ_ONLY) & !attribute::SPARSE;
        let object = self.object(request.handle, FILE_WRITE_ATTRIBUTES)?;
        let (id, inside) = object.id().zip(object.inside()).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let file = object.descriptor.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?.as_fd();
        let wanted = request.attributes;
        let wrong_kind = if object.is_folder() { wanted & attribute::TEMPORARY } else { wanted & attribute::DIRECTORY };
        // 0 leaves a time, -1 stops later operations from changing it, -2 lets them again.
        let [created, access, write, changed] = request.times;
        if wrong_kind != 0 || [created, access, write, changed].iter().any(|time| *time < -2) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if access < 0 || write < 0 {
            let now = inside.volume.facts(&inside.path, id.1, file)?.times;
            let mut closing = lock(&object.closing);
            for (index, time) in [(1, access), (2, write)] {
                match time {
                    -1 => closing.times[index] = Some(now[index]),
                    -2 => closing.times[index] = None,
                    _ => {}
                }
            }
        }
        let times = [created, access, write].map(|time| (time > 0).then_some(time));
        let attributes = match wanted {
            0 => None,
            // A sparse file stays one.
            wanted => Some(wanted & SETTABLE | inside.volume.facts(&inside.path, id.1, file)?.attributes & attribute::SPARSE),
        };
        if times != [None; 3] || attributes.is_some() {
            inside.volume.set(&inside.path, id.1, file, &Change { times, attributes })?;
            if let Some(file) = object.file.as_ref().filter(|_| self.sandbox.watches.own.is_used()) {
                self.sandbox.watches.own.happened(&lock(&file.place).path, object.is_folder(), Happened::Changed);
            }
        }
        Ok(Reply::value(&Done {}))
    }

    /// Marks a file as sparse, or takes the mark away.
    pub fn set_sparse(&self, request: &SetSparse) -> Answer {
        let object = self.object(request.handle, FILE_WRITE_DATA)?;
        let (id, inside) = object.id().zip(object.inside()).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let file = object.descriptor.as_ref().filter(|_| !object.is_folder());
        let file = file.ok_or(STATUS_INVALID_DEVICE_REQUEST)?.as_fd();
        let now = inside.volume.facts(&inside.path, id.1, file)?.attributes;
        let wanted = if request.on != 0 { now | attribute::SPARSE } else { now & !attribute::SPARSE };
        if wanted != now {
            inside.volume.set(&inside.path, id.1, file, &Change { attributes: Some(wanted & !attribute::NORMAL), ..Change::default() })?;
        }
        Ok(Reply::value(&Done {}))
    }

    /// Facts of a file's volume.
    pub fn query_volume(&self, request: &QueryVolume) -> Answer {
        const CASE_PRESERVED: u32 = 2;
        const UNICODE: u32 = 4;
        const SPARSE_FILES: u32 = 0x40;
        const REPARSE_POINTS: u32 = 0x80;
        const POSIX_UNLINK_RENAME: u32 = 0x400;
        const READ_ONLY: u32 = 0x8_0000;
        const HARD_LINKS: u32 = 0x40_0000;
        const FIXED: u32 = 3;
        let object = self.object(request.handle, 0)?;
        let file = object.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let letter = lock(&file.place).path.letter;
        let label: &str = if letter == b'C' { "Sandbox" } else { "Host" };
        let inside = object.inside();
        let space = match &inside {
            Some(inside) => inside.volume.space()?,
            None => store::Space { cluster: 4096, ..store::Space::default() },
        };
        let write = if inside.is_some_and(|inside| inside.write) { 0 } else { READ_ONLY };
        let mut answer = Volume {
            total: space.total,
            free: space.free,
            cluster: space.cluster,
            serial: volume_serial(space.device),
            flags: CASE_PRESERVED | UNICODE | SPARSE_FILES | REPARSE_POINTS | POSIX_UNLINK_RENAME | HARD_LINKS | write,
            longest_name: 255,
            label_length: label.len() as u32,
            drive: FIXED,
            ..Volume::default()
        };
        for (target, unit) in answer.label.iter_mut().zip(label.encode_utf16()) {
            *target = unit;
        }
        Ok(Reply::value(&answer))
    }

    /// An open file's NT path, or its short name.
    pub fn query_name(&self, request: &QueryName) -> Answer {
        let kind = NameKind::from_number(request.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        let object = self.object(request.handle, 0)?;
        if let Some(end) = &object.pipe {
            let name: Vec<u16> = crate::file::PIPE.encode_utf16().chain(end.name.iter().copied()).collect();
            return Ok(Reply::value(&Done {}).with_payload(bytes(&name)));
        }
        let file = object.file.as_ref().ok_or(STATUS_INVALID_INFO_CLASS)?;
        if kind == NameKind::Links {
            return self.link_names(&object);
        }
        let mut path = lock(&file.place).path.clone();
        let stream = file.stream;
        if kind == NameKind::Short {
            let short = path.path.last().and_then(store::short_name).filter(|_| !stream).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
            return Ok(Reply::value(&Done {}).with_payload(bytes(&short)));
        }
        if kind == NameKind::Resolved
            && let (Some(inside), Some(descriptor)) = (object.inside(), &object.descriptor)
        {
            path = inside.drive_path(&inside.volume.resolved(&inside.path, descriptor.as_fd())?);
        }
        let mut name = path.to_nt();
        if stream {
            name.extend(":Zone.Identifier".encode_utf16());
        }
        Ok(Reply::value(&Done {}).with_payload(bytes(&name)))
    }

    /// What a link says, as Windows would: a relative path, or an NT path.
    pub fn query_link(&self, request: &QueryLink) -> Answer {
        let object = self.object(request.handle, 0)?;
        let (Some(inside), Some(link)) = (object.inside(), &object.descriptor) else { return Err(STATUS_NOT_A_REPARSE_POINT) };
        if !object.file.as_ref().is_some_and(|file| file.metadata.link) {
            return Err(STATUS_NOT_A_REPARSE_POINT);
        }
        let says = inside.volume.target(link.as_fd())?;
        let relative = !says.is_absolute();
        let path = if relative {
            let units = |name: &std::ffi::OsStr| store::from_host(name.as_encoded_bytes()).ok_or(STATUS_ACCESS_DENIED);
            let names: Result<Vec<Vec<u16>>, NTSTATUS> = says
                .components()
                .map(|component| match component {
                    Component::CurDir => Ok(vec![0x2E]),
                    Component::ParentDir => Ok(vec![0x2E, 0x2E]),
                    other => units(other.as_os_str()),
                })
                .collect();
            names?.join(&u16::from(b'\\'))
        } else {
            let path = path_of(&says).ok_or(STATUS_ACCESS_DENIED)?;
            DrivePath { letter: b'Z', path, folder: false }.to_nt()
        };
        Ok(Reply::value(&Word { value: relative.into() }).with_payload(bytes(&path)))
    }
}
