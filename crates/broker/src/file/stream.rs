//! The stream `Zone.Identifier` of files. Its bytes lie in an attribute of the file, and move through the broker.

use super::open::{Entered, FILE_CREATED, FILE_OPENED, FILE_OVERWRITTEN, WRITES, kept, mode};
use super::{Answer, CHANGES, READ_RIGHTS, lock, specific};
use crate::namespace::{DrivePath, Inside, Place};
use crate::object::{FileObject, Held, OnDrive, Where};
use crate::process::Process;
use crate::reply::Reply;
use gate::file::{Device, Facts};
use protocol::message::{OpenFile, Stream, StreamKind, Word};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use store::{Create, How, Look};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_IF, FILE_OVERWRITE, FILE_OVERWRITE_IF, FILE_SUPERSEDE,
};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_DISK_FULL, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA, SYNCHRONIZE,
};

/// The most bytes of a stream: no host keeps more in an attribute.
const MOST: usize = 0x1_0000;

/// What an open does, by its disposition and whether the stream is there: what it tells, and whether it begins empty.
fn begins(disposition: u32, is_there: bool) -> Result<(u32, bool), NTSTATUS> {
    match (disposition, is_there) {
        (FILE_OPEN | FILE_OVERWRITE, false) => Err(STATUS_OBJECT_NAME_NOT_FOUND),
        (FILE_CREATE, true) => Err(STATUS_OBJECT_NAME_COLLISION),
        (FILE_OPEN | FILE_OPEN_IF, true) => Ok((FILE_OPENED, false)),
        (FILE_OVERWRITE | FILE_OVERWRITE_IF | FILE_SUPERSEDE, true) => Ok((FILE_OVERWRITTEN, true)),
        (FILE_CREATE | FILE_OPEN_IF | FILE_OVERWRITE_IF | FILE_SUPERSEDE, false) => Ok((FILE_CREATED, true)),
        _ => Err(STATUS_INVALID_PARAMETER),
    }
}

impl Process {
    /// Opens the stream of `path`, which leads to `at`.
    pub(super) fn open_stream(&self, request: &OpenFile, path: &DrivePath, at: &DrivePath) -> Answer {
        const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
        let Place::Volume(inside) = self.place(at)? else { return Err(STATUS_OBJECT_NAME_INVALID) };
        let known = inside.volume.metadata(&inside.path, Look { link: false, attributes: true })?;
        if !known.regular || request.options & FILE_DIRECTORY_FILE != 0 {
            return Err(STATUS_OBJECT_NAME_INVALID);
        }
        let how =
            How { read: true, write: false, append: false, through: false, create: Create::Open, folder: Some(false), link: false, attributes: 0 };
        // Whoever has a stream open has the file open: it neither goes nor is it replaced meanwhile. Its bytes are not touched.
        let place = Arc::new(Mutex::new(Where::kept(path.clone(), Some(inside.clone()), &self.paths)?));
        let mut entered = None;
        let opened = inside.volume.open_if(&inside.path, &how, &mut |found, _| {
            let id = (found.device, found.id);
            let number = lock(&self.sandbox.sharing).enter(id, (0, 0), FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &place)?;
            entered = Some(Entered { sandbox: &self.sandbox, id, number });
            Ok(())
        })?;
        let held = Held::new(&inside.volume, &opened.metadata);
        let entered = entered.ok_or(STATUS_ACCESS_DENIED)?;
        let ours = kept(opened.file)?;
        let is_there = inside.volume.zone(&inside.path, ours.as_fd())?.is_some();
        let (information, empty) = begins(request.disposition, is_there)?;
        let most = if request.access & MAXIMUM_ALLOWED != 0 { READ_RIGHTS } else { 0 };
        let access = specific(request.access) | most | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        let deletes = request.options & FILE_DELETE_ON_CLOSE != 0;
        if (access & CHANGES != 0 || deletes || empty) && !inside.write {
            self.note_missing(at, true);
            return Err(STATUS_ACCESS_DENIED);
        }
        if deletes && access & DELETE == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if known.is_read_only() && (access & WRITES != 0 || empty) {
            return Err(STATUS_ACCESS_DENIED);
        }
        if empty {
            inside.volume.set_zone(&inside.path, ours.as_fd(), Some(&[]))?;
        }
        if let Some(path) = opened.path {
            let mut place = lock(&place);
            let spelt = place.path.clone();
            place.set(spelt, Some(Inside { path, ..inside }));
        }
        let object = FileObject {
            file: Some(OnDrive { place, way: Vec::new(), metadata: opened.metadata, share: entered.keep(), stream: true }),
            descriptor: Some(ours),
            held: Some(held),
            record: self.sandbox.records.take().unwrap_or(u32::MAX),
            mode: mode(request.options),
            ..FileObject::plain(Device::Disk, None)
        };
        lock(&object.closing).delete = deletes;
        self.give(object, access, request.object_flags, information, None)
    }

    /// Facts of a stream by its path: its file's, and its own size.
    pub(super) fn facts_of_stream(&self, path: &DrivePath, at: &DrivePath) -> Result<Facts, NTSTATUS> {
        let facts = self.facts_of_path(path, at)?;
        let Place::Volume(inside) = self.place(at)? else { return Err(STATUS_OBJECT_NAME_INVALID) };
        let how =
            How { read: true, write: false, append: false, through: false, create: Create::Open, folder: Some(false), link: false, attributes: 0 };
        let opened = inside.volume.open(&inside.path, &how).map_err(|_| STATUS_OBJECT_NAME_NOT_FOUND)?;
        let _held = Held::new(&inside.volume, &opened.metadata);
        let content = inside.volume.zone(&inside.path, opened.file.as_fd())?.ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        Ok(Facts { size: content.len() as u64, ..facts })
    }

    /// What an open stream holds.
    pub(super) fn stream_content(&self, object: &FileObject) -> Result<Option<Vec<u8>>, NTSTATUS> {
        let (Some(inside), Some(file)) = (object.inside(), &object.descriptor) else { return Ok(None) };
        inside.volume.zone(&inside.path, file.as_fd())
    }

    /// Reads, writes or cuts a stream; or tells of any file whether it has one.
    pub fn stream(&self, request: &Stream, payload: &[u8]) -> Answer {
        let kind = StreamKind::from_number(request.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        let needed = match kind {
            StreamKind::Size => FILE_READ_ATTRIBUTES,
            StreamKind::Read => FILE_READ_DATA,
            StreamKind::Write | StreamKind::Cut => FILE_WRITE_DATA,
        };
        let object = self.object(request.handle, needed)?;
        if kind == StreamKind::Size {
            let content = self.stream_content(&object)?;
            return Ok(Reply::value(&Word { value: content.map_or(0, |content| content.len() as u32 + 1) }));
        }
        if !object.file.as_ref().is_some_and(|file| file.stream) {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        // Between the look and the change nobody else comes.
        let _turn = lock(&self.sandbox.streams);
        let mut content = self.stream_content(&object)?.unwrap_or_default();
        let offset = if request.offset == u64::MAX { content.len() } else { usize::try_from(request.offset).unwrap_or(usize::MAX) };
        match kind {
            StreamKind::Size => {}
            StreamKind::Read => {
                let rest = content.get(offset..).unwrap_or_default();
                let piece = rest[..rest.len().min(request.length as usize).min(protocol::PAYLOAD)].to_vec();
                return Ok(Reply::value(&Word { value: piece.len() as u32 }).with_payload(piece));
            }
            StreamKind::Write => {
                let end = offset.checked_add(payload.len()).filter(|end| *end <= MOST).ok_or(STATUS_DISK_FULL)?;
                content.resize(content.len().max(end), 0);
                content[offset..end].copy_from_slice(payload);
            }
            StreamKind::Cut if offset <= MOST => content.resize(offset, 0),
            StreamKind::Cut => return Err(STATUS_DISK_FULL),
        }
        let (Some(inside), Some(file)) = (object.inside(), &object.descriptor) else { return Err(STATUS_INVALID_DEVICE_REQUEST) };
        inside.volume.set_zone(&inside.path, file.as_fd(), Some(&content))?;
        Ok(Reply::value(&Word { value: payload.len() as u32 }))
    }
}
