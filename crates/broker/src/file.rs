//! Requests about files: opening, facts, listing, renaming, deleting.

use crate::handle::Handle;
use crate::namespace::{DrivePath, Inside, Name, Place, parse};
use crate::object::{FileObject, Listing, OnDrive};
use crate::process::Process;
use crate::service::Reply;
use crate::sharing::FileId;
use gate::file::{Device, Entry, Facts, Volume as VolumeFacts};
use protocol::message::{
    Done, DuplicateHandle, HandleReply, ListFolder, OpenFile, Opened, QueryFile, QueryName, QueryPath, QueryVolume, RenameFile, SetDisposition,
    SetFacts, SetHandle, Word,
};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Create, How, Metadata, Outcome, Pattern, volume_serial};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_NO_INTERMEDIATE_BUFFERING, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_BY_FILE_ID,
    FILE_OPEN_IF, FILE_OVERWRITE, FILE_OVERWRITE_IF, FILE_SEQUENTIAL_ONLY, FILE_SUPERSEDE, FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_THROUGH,
};
use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_CANNOT_DELETE,
    STATUS_DIRECTORY_NOT_EMPTY, STATUS_FILE_IS_A_DIRECTORY, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER,
    STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE, STATUS_NOT_SAME_DEVICE, STATUS_NOT_SUPPORTED, STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SHARING_VIOLATION,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ALL_ACCESS, FILE_APPEND_DATA, FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_SYSTEM, FILE_ATTRIBUTE_TEMPORARY, FILE_EXECUTE, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ,
    FILE_GENERIC_WRITE, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_READ_EA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, READ_CONTROL,
    SYNCHRONIZE, WRITE_DAC, WRITE_OWNER,
};

/// What an open tells it did (ntifs.h).
const FILE_OPENED: u32 = 1;
const FILE_CREATED: u32 = 2;
const FILE_OVERWRITTEN: u32 = 3;

/// A request's answer.
type Answer = Result<Reply, NTSTATUS>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rights on a file that generic rights come to.
fn specific(access: u32) -> u32 {
    const READ: u32 = 0x8000_0000;
    const WRITE: u32 = 0x4000_0000;
    const EXECUTE: u32 = 0x2000_0000;
    const ALL: u32 = 0x1000_0000;
    const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
    let rows = [(READ, FILE_GENERIC_READ), (WRITE, FILE_GENERIC_WRITE), (EXECUTE, FILE_GENERIC_EXECUTE), (ALL, FILE_ALL_ACCESS)];
    let rights = rows.iter().filter(|(generic, _)| access & generic != 0).fold(access, |rights, (_, specific)| rights | specific);
    rights & !(READ | WRITE | EXECUTE | ALL | MAXIMUM_ALLOWED)
}

/// What a grant for reading alone leaves of the rights on a file.
const READ_RIGHTS: u32 = FILE_READ_DATA | FILE_READ_EA | FILE_EXECUTE | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
const CHANGES: u32 = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES | DELETE | WRITE_DAC | WRITE_OWNER | 0x40;

/// Windows' attributes of a file.
fn attributes(metadata: &Metadata) -> u32 {
    let kind = if metadata.folder { FILE_ATTRIBUTE_DIRECTORY } else { FILE_ATTRIBUTE_ARCHIVE };
    kind | if metadata.read_only { FILE_ATTRIBUTE_READONLY } else { 0 }
}

fn facts(metadata: &Metadata) -> Facts {
    Facts {
        times: metadata.times,
        size: metadata.size,
        allocated: metadata.allocated,
        attributes: attributes(metadata),
        links: metadata.links,
        id: metadata.id,
        volume: volume_serial(metadata.device),
        device: Device::Disk as u32,
        ..Facts::default()
    }
}

/// A payload as UTF-16.
fn units(payload: &[u8]) -> Result<Vec<u16>, NTSTATUS> {
    let (units, rest) = payload.as_chunks::<2>();
    if rest.is_empty() { Ok(units.iter().map(|unit| u16::from_le_bytes(*unit)).collect()) } else { Err(STATUS_OBJECT_NAME_INVALID) }
}

impl Process {
    /// What a name leads to: an NT path, or one that starts at an open folder.
    fn name(&self, root: u32, payload: &[u8]) -> Result<Name, NTSTATUS> {
        let name = units(payload)?;
        if root == 0 {
            return parse(&name);
        }
        let folder = lock(&self.handles).get(root, 0)?.object.clone();
        let base = folder.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let mut path = lock(&base.path).to_nt();
        if !name.is_empty() {
            if path.last() != Some(&u16::from(b'\\')) {
                path.push(u16::from(b'\\'));
            }
            path.extend(name);
        }
        parse(&path)
    }

    /// Opens or creates, and tells the audit.
    pub fn open_file(&self, request: &OpenFile, payload: &[u8]) -> Answer {
        let answer = self.name(request.root, payload).and_then(|name| match name {
            Name::Drive(path) => self.open_on_drive(request, path),
            Name::Null => self.open_null(request),
            Name::ConsoleInput => self.open_console(request, Device::ConsoleInput),
            Name::ConsoleOutput => self.open_console(request, Device::ConsoleOutput),
        });
        let shown = || units(payload).map_or_else(|_| String::from("?"), |name| String::from_utf16_lossy(&name));
        self.note_open(&shown, request.access, answer.as_ref().err().copied());
        answer
    }

    fn open_null(&self, request: &OpenFile) -> Answer {
        let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty());
        let theirs = null.map_err(store::status)?;
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Null, None) };
        self.give(object, specific(request.access), request, FILE_OPENED, Some(theirs))
    }

    fn open_console(&self, request: &OpenFile, device: Device) -> Answer {
        // The console that the process was started on, whichever stream it is.
        let terminals = lock(&self.terminals);
        let stream = usize::from(device == Device::ConsoleOutput);
        let terminal = terminals[stream].as_ref().or_else(|| terminals.iter().flatten().next()).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let (ours, theirs) = (terminal.try_clone(), terminal.try_clone());
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return Err(windows_sys::Win32::Foundation::STATUS_TOO_MANY_OPENED_FILES) };
        drop(terminals);
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(device, Some(ours)) };
        self.give(object, specific(request.access) | FILE_READ_ATTRIBUTES, request, FILE_OPENED, Some(theirs))
    }

    fn open_on_drive(&self, request: &OpenFile, path: DrivePath) -> Answer {
        let inside = match self.namespace.place(&path).inspect_err(|_| self.note_missing(&path, false))? {
            Place::Volume(inside) => inside,
            Place::Way(entries) => return self.open_way(request, path, entries),
        };
        let how = how(request, path.folder)?;
        let mut access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        let changes = access & CHANGES != 0 || request.options & FILE_DELETE_ON_CLOSE != 0 || makes(how.create, &inside);
        if request.access & 0x0200_0000 != 0 {
            access |= if inside.write { FILE_ALL_ACCESS } else { READ_RIGHTS };
        } else if changes && !inside.write {
            self.note_missing(&path, true);
            return Err(STATUS_ACCESS_DENIED);
        }
        let how = How { read: access & (FILE_READ_DATA | FILE_EXECUTE) != 0, ..how };
        // What is there already is asked for its share modes before it is emptied.
        let known = inside.volume.metadata(&inside.path);
        if let Ok(known) = &known {
            self.check_sharing(
                known,
                access | if matches!(how.create, Create::Truncate | Create::TruncateOrNew) { FILE_WRITE_DATA } else { 0 },
                request.share,
            )?;
            self.check_attributes(known, access, &how)?;
        }
        let opened = inside.volume.open(&inside.path, &how)?;
        let id = (opened.metadata.device, opened.metadata.id);
        let share = lock(&self.sandbox.sharing).enter(id, access, request.share);
        let information = match opened.outcome {
            Outcome::Opened => FILE_OPENED,
            Outcome::Created => FILE_CREATED,
            Outcome::Overwritten => FILE_OVERWRITTEN,
        };
        let mut spelt = path.clone();
        spelt.components.truncate(inside.depth);
        spelt.components.extend(opened.path.iter().cloned());
        let folder = opened.metadata.folder;
        let record = if folder { u32::MAX } else { self.sandbox.records.take().unwrap_or(u32::MAX) };
        let theirs =
            if folder { None } else { Some(opened.file.try_clone().map_err(|_| windows_sys::Win32::Foundation::STATUS_TOO_MANY_OPENED_FILES)?) };
        let inside = Inside { path: opened.path, ..inside };
        let file = OnDrive { path: Mutex::new(spelt), inside: Some(Mutex::new(inside)), way: Vec::new(), metadata: opened.metadata, share };
        let object = FileObject {
            file: Some(file),
            descriptor: Some(opened.file),
            record,
            mode: mode(request.options),
            ..FileObject::plain(Device::Disk, None)
        };
        if request.options & FILE_DELETE_ON_CLOSE != 0 {
            if access & DELETE == 0 {
                return Err(STATUS_INVALID_PARAMETER);
            }
            lock(&object.delete_on_close).clone_from(&true);
        }
        self.give(object, access, request, information, theirs)
    }

    /// Share modes of what is there; closes that were posted are taken first.
    fn check_sharing(&self, known: &Metadata, access: u32, share: u32) -> Result<(), NTSTATUS> {
        let id = (known.device, known.id);
        let first = lock(&self.sandbox.sharing).check(id, access, share);
        if first != Err(STATUS_SHARING_VIOLATION) {
            return first;
        }
        self.sandbox.drain_all();
        lock(&self.sandbox.sharing).check(id, access, share)
    }

    /// A file that nobody may write is not opened for writing.
    fn check_attributes(&self, known: &Metadata, access: u32, how: &How) -> Result<(), NTSTATUS> {
        let writes = access & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0 || matches!(how.create, Create::Truncate | Create::TruncateOrNew);
        if known.read_only && writes && how.create != Create::New { Err(STATUS_ACCESS_DENIED) } else { Ok(()) }
    }

    /// A folder that is there because it leads to a grant.
    fn open_way(&self, request: &OpenFile, path: DrivePath, entries: Vec<Vec<u16>>) -> Answer {
        if request.options & FILE_NON_DIRECTORY_FILE != 0 {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        match request.disposition {
            FILE_OPEN | FILE_OPEN_IF => {}
            FILE_CREATE => return Err(STATUS_OBJECT_NAME_COLLISION),
            _ => return Err(STATUS_ACCESS_DENIED),
        }
        let access = specific(request.access);
        if access & CHANGES != 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let file =
            OnDrive { path: Mutex::new(path), inside: None, way: entries, metadata: Metadata { folder: true, ..Metadata::default() }, share: 0 };
        let object = FileObject { file: Some(file), mode: mode(request.options), ..FileObject::plain(Device::Disk, None) };
        self.give(object, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, request, FILE_OPENED, None)
    }

    /// Gives an object a handle, and the reply that tells of it.
    fn give(&self, object: FileObject, access: u32, request: &OpenFile, information: u32, descriptor: Option<OwnedFd>) -> Answer {
        const OBJ_INHERIT: u32 = 2;
        let flags = if request.object_flags & OBJ_INHERIT != 0 { HANDLE_FLAG_INHERIT } else { 0 };
        let folder = object.file.as_ref().is_some_and(|file| file.metadata.folder);
        let close_now = *lock(&object.delete_on_close) || access & DELETE != 0;
        let (record, device, mode) = (object.record, object.device as u32, object.mode);
        let handle = Handle { object: Arc::new(object), access, flags };
        let number = lock(&self.handles).insert(handle.clone()).inspect_err(|_| self.sandbox.let_go(handle))?;
        let opened = Opened { handle: number, record, information, device, access, mode, folder: folder.into(), close_now: close_now.into() };
        Ok(Reply::value(&opened).with_descriptor(descriptor))
    }

    /// Facts of a path.
    pub fn query_path(&self, request: &QueryPath, payload: &[u8]) -> Answer {
        let answer = self.name(request.root, payload).and_then(|name| match name {
            Name::Drive(path) => match self.namespace.place(&path).inspect_err(|_| self.note_missing(&path, false))? {
                Place::Volume(inside) => {
                    let metadata = inside.volume.metadata(&inside.path)?;
                    if path.folder && !metadata.folder {
                        return Err(STATUS_OBJECT_NAME_INVALID);
                    }
                    Ok(facts(&metadata))
                }
                Place::Way(_) => Ok(Facts { attributes: FILE_ATTRIBUTE_DIRECTORY, links: 1, ..Facts::default() }),
            },
            Name::Null => Ok(Facts { attributes: FILE_ATTRIBUTE_ARCHIVE, device: Device::Null as u32, ..Facts::default() }),
            Name::ConsoleInput => Ok(Facts { device: Device::ConsoleInput as u32, ..Facts::default() }),
            Name::ConsoleOutput => Ok(Facts { device: Device::ConsoleOutput as u32, ..Facts::default() }),
        });
        if let Err(refusal) = answer {
            let shown = || units(payload).map_or_else(|_| String::from("?"), |name| String::from_utf16_lossy(&name));
            self.note_open(&shown, FILE_READ_ATTRIBUTES, Some(refusal));
        }
        answer.map(|facts| Reply::value(&facts))
    }

    /// The object behind a handle that grants all of `access`.
    fn object(&self, number: u32, access: u32) -> Result<Arc<FileObject>, NTSTATUS> {
        lock(&self.handles).get(number, access).map(|handle| Arc::clone(&handle.object))
    }

    /// Facts of an open file.
    pub fn query_file(&self, request: &QueryFile) -> Answer {
        let object = self.object(request.handle, 0)?;
        let mut answer = match (&object.descriptor, object.device) {
            (Some(descriptor), Device::Disk) => facts(&Metadata::of(descriptor).map_err(store::status)?),
            (None, Device::Disk) => Facts { attributes: FILE_ATTRIBUTE_DIRECTORY, links: 1, ..Facts::default() },
            _ => Facts { attributes: FILE_ATTRIBUTE_NORMAL, ..Facts::default() },
        };
        if let Some(id) = object.id() {
            answer.deleting = (lock(&self.sandbox.sharing).is_deleting(id) || *lock(&object.delete_on_close)).into();
            answer.links -= u32::from(answer.deleting != 0 && answer.links > 0);
        }
        Ok(Reply::value(&answer))
    }

    /// Sets times and attributes.
    pub fn set_facts(&self, request: &SetFacts) -> Answer {
        let object = self.object(request.handle, FILE_WRITE_ATTRIBUTES)?;
        let inside = object.inside().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        const KEPT: u32 =
            FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_NORMAL | FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_TEMPORARY;
        let wanted = request.attributes;
        if wanted & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM) != 0 {
            // A folder of the host has no place for them yet.
            return Err(STATUS_NOT_SUPPORTED);
        }
        if wanted & !KEPT != 0 || wanted & FILE_ATTRIBUTE_DIRECTORY != 0 && !object.is_folder() {
            return Err(STATUS_INVALID_PARAMETER);
        }
        // 0 leaves a time, -1 and -2 say whether later operations change it.
        let times = request.times.map(|time| (time > 0).then_some(time));
        let read_only = (wanted != 0 && !object.is_folder()).then_some(wanted & FILE_ATTRIBUTE_READONLY != 0);
        inside.volume.set(&inside.path, times, read_only)?;
        Ok(Reply::value(&Done {}))
    }

    /// Marks a file for deletion, or unmarks it.
    pub fn set_disposition(&self, request: &SetDisposition) -> Answer {
        const FILE_DISPOSITION_DELETE: u32 = 1;
        const IGNORE_READONLY: u32 = 0x10;
        let object = self.object(request.handle, DELETE)?;
        let (id, inside) = (object.id().ok_or(STATUS_CANNOT_DELETE)?, object.inside().ok_or(STATUS_CANNOT_DELETE)?);
        let delete = request.flags & FILE_DISPOSITION_DELETE != 0;
        if delete {
            let now = object.descriptor.as_ref().map(Metadata::of).transpose().map_err(store::status)?.unwrap_or_default();
            if now.read_only && request.flags & IGNORE_READONLY == 0 || inside.path.is_empty() {
                return Err(STATUS_CANNOT_DELETE);
            }
            if object.is_folder() && !inside.volume.list(&inside.path, &Pattern::default())?.is_empty() {
                return Err(STATUS_DIRECTORY_NOT_EMPTY);
            }
        }
        lock(&self.sandbox.sharing).set_deleting(id, delete);
        Ok(Reply::value(&Done {}))
    }

    /// Renames a file, or gives it a second name.
    pub fn rename_file(&self, request: &RenameFile, payload: &[u8]) -> Answer {
        let object = self.object(request.handle, if request.link != 0 { 0 } else { DELETE })?;
        let from = object.inside().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let Name::Drive(target) = self.target_name(&object, request, payload)? else { return Err(STATUS_ACCESS_DENIED) };
        let to = match self.namespace.place(&target)? {
            Place::Volume(inside) => inside,
            Place::Way(_) => return Err(STATUS_ACCESS_DENIED),
        };
        if !to.write || !from.write || to.path.is_empty() {
            return Err(STATUS_ACCESS_DENIED);
        }
        if !Arc::ptr_eq(&from.volume, &to.volume) {
            return Err(STATUS_NOT_SAME_DEVICE);
        }
        self.check_replaced(&to, &object, request.replace != 0)?;
        let done = if request.link != 0 {
            from.volume.link(&from.path, &to.path, request.replace != 0).map(|()| from.path.clone())
        } else {
            from.volume.rename(&from.path, &to.path, request.replace != 0)
        };
        self.note_change(&target, done.as_ref().err().copied());
        let path = done?;
        if request.link == 0
            && let Some(file) = &object.file
        {
            let mut spelt = target;
            spelt.components.truncate(to.depth);
            spelt.components.extend(path.iter().cloned());
            *lock(&file.path) = spelt;
            if let Some(inside) = &file.inside {
                *lock(inside) = Inside { path, ..to };
            }
        }
        Ok(Reply::value(&Done {}))
    }

    /// A bare name is one in the file's own folder.
    fn target_name(&self, object: &FileObject, request: &RenameFile, payload: &[u8]) -> Result<Name, NTSTATUS> {
        let name = units(payload)?;
        if request.root == 0 && !name.contains(&u16::from(b'\\')) {
            let file = object.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
            let mut path = lock(&file.path).clone();
            path.components.pop();
            path.components.push(name);
            return parse(&path.to_nt());
        }
        self.name(request.root, payload)
    }

    /// What is to be replaced must not be in use, nor be a folder.
    fn check_replaced(&self, to: &Inside, object: &FileObject, replace: bool) -> Result<(), NTSTATUS> {
        let Ok(known) = to.volume.metadata(&to.path) else { return Ok(()) };
        let id = (known.device, known.id);
        if object.id() == Some(id) {
            return Ok(());
        }
        if !replace {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        if known.folder || known.read_only {
            return Err(STATUS_ACCESS_DENIED);
        }
        self.check_sharing(&known, DELETE, 7).map_err(|_| STATUS_ACCESS_DENIED)
    }

    /// Lists a folder, from where the last answer ended.
    pub fn list_folder(&self, request: &ListFolder, payload: &[u8]) -> Answer {
        let object = self.object(request.handle, FILE_READ_DATA)?;
        let file = object.file.as_ref().filter(|file| file.metadata.folder).ok_or(STATUS_INVALID_PARAMETER)?;
        let mut listing = lock(&object.listing);
        if listing.is_none() || request.restart != 0 {
            *listing = Some(self.read_folder(&object, file, &units(payload)?)?);
        }
        let listing = listing.as_mut().ok_or(STATUS_INVALID_PARAMETER)?;
        let room = (request.bytes as usize).min(protocol::PAYLOAD);
        let mut records = Vec::new();
        for _ in 0..request.most.max(1) {
            let Some(entry) = listing.pending.take().or_else(|| listing.entries.next()) else { break };
            let size = (size_of::<Entry>() + 2 * entry.name.len()).next_multiple_of(8);
            if records.len() + size > room {
                listing.pending = Some(entry);
                break;
            }
            put_entry(&mut records, &entry);
        }
        if records.is_empty() {
            let nothing_yet = !std::mem::replace(&mut listing.started, true);
            return Err(if listing.pending.is_some() {
                windows_sys::Win32::Foundation::STATUS_BUFFER_TOO_SMALL
            } else if nothing_yet {
                STATUS_NO_SUCH_FILE
            } else {
                STATUS_NO_MORE_FILES
            });
        }
        listing.started = true;
        Ok(Reply::value(&Word { value: records.len() as u32 }).with_payload(records))
    }

    fn read_folder(&self, object: &FileObject, file: &OnDrive, pattern: &[u16]) -> Result<Listing, NTSTATUS> {
        let pattern = Pattern::new(pattern);
        let folder = |name: &[u16]| store::Entry { name: name.to_vec(), metadata: Metadata { folder: true, ..file.metadata } };
        let mut entries: Vec<store::Entry> = Vec::new();
        // The root of a drive has neither of them.
        if !lock(&file.path).components.is_empty() {
            let dots: [&[u16]; 2] = [&[0x2E], &[0x2E, 0x2E]];
            entries.extend(dots.into_iter().filter(|name| pattern.fits(name)).map(folder));
        }
        match object.inside() {
            Some(inside) => entries.extend(inside.volume.list(&inside.path, &pattern)?),
            None => entries.extend(file.way.iter().filter(|name| pattern.fits(name)).map(|name| folder(name))),
        }
        Ok(Listing { entries: entries.into_iter(), pending: None, started: false })
    }

    /// Facts of a file's volume.
    pub fn query_volume(&self, request: &QueryVolume) -> Answer {
        let object = self.object(request.handle, 0)?;
        const CASE_PRESERVED: u32 = 2;
        const UNICODE: u32 = 4;
        const HARD_LINKS: u32 = 0x40_0000;
        const FIXED: u32 = 3;
        let file = object.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let letter = lock(&file.path).letter;
        let label: &str = if letter == b'C' { "Sandbox" } else { "Host" };
        let space = match object.inside() {
            Some(inside) => inside.volume.space()?,
            None => store::Space { cluster: 4096, ..store::Space::default() },
        };
        let mut answer = VolumeFacts {
            total: space.total,
            free: space.free,
            cluster: space.cluster,
            serial: volume_serial(space.device),
            flags: CASE_PRESERVED | UNICODE | HARD_LINKS,
            longest_name: 255,
            label_length: label.len() as u32,
            drive: FIXED,
            ..VolumeFacts::default()
        };
        for (target, unit) in answer.label.iter_mut().zip(label.encode_utf16()) {
            *target = unit;
        }
        Ok(Reply::value(&answer))
    }

    /// An open file's NT path.
    pub fn query_name(&self, request: &QueryName) -> Answer {
        let object = self.object(request.handle, 0)?;
        let file = object.file.as_ref().ok_or(STATUS_INVALID_INFO_CLASS)?;
        let path = lock(&file.path).to_nt();
        Ok(Reply::value(&Done {}).with_payload(path.iter().flat_map(|unit| unit.to_le_bytes()).collect()))
    }

    /// Makes a second handle.
    pub fn duplicate_handle(&self, request: &DuplicateHandle) -> Answer {
        let mut handles = lock(&self.handles);
        let source = handles.get(request.handle, 0)?.clone();
        let wanted = specific(request.access);
        let access = if request.options & DUPLICATE_SAME_ACCESS != 0 { source.access } else { wanted };
        if access & !source.access != 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let flags = request.flags & HANDLE_FLAG_INHERIT;
        let handle = handles.insert(Handle { object: source.object, access, flags })?;
        Ok(Reply::value(&HandleReply { handle, access }))
    }

    /// Sets a handle's flags.
    pub fn set_handle(&self, request: &SetHandle) -> Answer {
        if request.flags & !(HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        lock(&self.handles).get_mut(request.handle)?.flags = request.flags;
        Ok(Reply::value(&Done {}))
    }

    /// Closes a handle.
    pub fn close_handle(&self, number: u32) -> Answer {
        let handle = lock(&self.handles).remove(number)?;
        self.sandbox.let_go(handle);
        Ok(Reply::value(&Done {}))
    }
}

/// How a request opens.
fn how(request: &OpenFile, wants_folder: bool) -> Result<How, NTSTATUS> {
    let options = request.options;
    if options & FILE_OPEN_BY_FILE_ID != 0 {
        return Err(STATUS_NOT_SUPPORTED);
    }
    // Without either the handle is asynchronous: overlapped I/O is not there yet (the seed's row).
    if options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) == 0
        && specific(request.access) & (FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA) != 0
    {
        return Err(STATUS_NOT_SUPPORTED);
    }
    let folder = match (options & FILE_DIRECTORY_FILE != 0, options & FILE_NON_DIRECTORY_FILE != 0) {
        (true, true) => return Err(STATUS_INVALID_PARAMETER),
        (true, false) => Some(true),
        (false, true) if wants_folder => return Err(STATUS_OBJECT_NAME_INVALID),
        (false, true) => Some(false),
        (false, false) => wants_folder.then_some(true),
    };
    let create = match request.disposition {
        FILE_OPEN => Create::Open,
        FILE_CREATE => Create::New,
        FILE_OPEN_IF => Create::OpenOrNew,
        FILE_OVERWRITE => Create::Truncate,
        FILE_OVERWRITE_IF | FILE_SUPERSEDE => Create::TruncateOrNew,
        _ => return Err(STATUS_INVALID_PARAMETER),
    };
    if folder == Some(true) && matches!(create, Create::Truncate | Create::TruncateOrNew) {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let access = specific(request.access);
    Ok(How {
        read: access & (FILE_READ_DATA | FILE_EXECUTE) != 0,
        write: access & FILE_WRITE_DATA != 0,
        append: access & FILE_APPEND_DATA != 0,
        through: options & (FILE_WRITE_THROUGH | FILE_NO_INTERMEDIATE_BUFFERING) != 0 && access & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0,
        create,
        folder,
        read_only: request.attributes & FILE_ATTRIBUTE_READONLY != 0,
    })
}

/// Whether an open would make something in a volume.
fn makes(create: Create, inside: &Inside) -> bool {
    match create {
        Create::Open => false,
        Create::New | Create::Truncate | Create::TruncateOrNew => true,
        Create::OpenOrNew => inside.volume.metadata(&inside.path).is_err(),
    }
}

/// The open options that NtQueryInformationFile tells.
fn mode(options: u32) -> u32 {
    options
        & (FILE_WRITE_THROUGH
            | FILE_SEQUENTIAL_ONLY
            | FILE_NO_INTERMEDIATE_BUFFERING
            | FILE_SYNCHRONOUS_IO_ALERT
            | FILE_SYNCHRONOUS_IO_NONALERT
            | FILE_DELETE_ON_CLOSE)
}

/// Appends a record of a listing.
fn put_entry(records: &mut Vec<u8>, entry: &store::Entry) {
    use zerocopy::IntoBytes;
    let metadata = &entry.metadata;
    let head = Entry {
        times: metadata.times,
        size: metadata.size,
        allocated: metadata.allocated,
        id: metadata.id,
        attributes: attributes(metadata),
        name_size: 2 * entry.name.len() as u32,
        reparse: 0,
        pad: 0,
    };
    records.extend_from_slice(head.as_bytes());
    records.extend(entry.name.iter().flat_map(|unit| unit.to_le_bytes()));
    records.resize(records.len().next_multiple_of(8), 0);
}

impl FileObject {
    /// The file's identity on the host.
    pub fn id(&self) -> Option<FileId> {
        self.file.as_ref().filter(|file| file.inside.is_some()).map(|file| (file.metadata.device, file.metadata.id))
    }

    /// Where it is in its volume, as of now.
    pub fn inside(&self) -> Option<Inside> {
        self.file.as_ref()?.inside.as_ref().map(|inside| lock(inside).clone())
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.metadata.folder)
    }
}
