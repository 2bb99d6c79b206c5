//! Opening and making.

use super::{Answer, CHANGES, MAXIMUM_ALLOWED, PIPE, READ_RIGHTS, lock, shown, specific};
use crate::descriptor::leaves_room;
use crate::handle::{Handle, Object};
use crate::mapping;
use crate::namespace::{DrivePath, Inside, Name, Place};
use crate::object::{FileObject, Held, OnDrive, Where};
use crate::process::Process;
use crate::reply::Reply;
use crate::sandbox::Sandbox;
use crate::sharing::Leaving;
use gate::file::Device;
use protocol::message::{OpenFile, Opened};
use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};
use store::{Create, FileId, Happened, How, Look, Metadata, Outcome, attribute};
use windows_sys::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_NO_INTERMEDIATE_BUFFERING, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_BY_FILE_ID,
    FILE_OPEN_IF, FILE_OPEN_REPARSE_POINT, FILE_OVERWRITE, FILE_OVERWRITE_IF, FILE_SEQUENTIAL_ONLY, FILE_SUPERSEDE, FILE_SYNCHRONOUS_IO_ALERT,
    FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_THROUGH,
};
use windows_sys::Win32::Foundation::{
    HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_CANNOT_DELETE, STATUS_FILE_IS_A_DIRECTORY, STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SHARING_VIOLATION, STATUS_TOO_MANY_OPENED_FILES,
    STATUS_USER_MAPPED_FILE,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ALL_ACCESS, FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_DATA, SYNCHRONIZE,
};

/// What an open tells it did (ntifs.h).
pub const FILE_OPENED: u32 = 1;
pub const FILE_CREATED: u32 = 2;
pub(super) const FILE_OVERWRITTEN: u32 = 3;

pub(super) const WRITES: u32 = FILE_WRITE_DATA | FILE_APPEND_DATA;

impl Process {
    /// Opens or creates, and tells the audit.
    pub fn open_file(&self, request: &OpenFile, payload: &[u8]) -> Answer {
        if let Some(server) = self.pipe_server(request.root).filter(|_| payload.is_empty()) {
            let answer = self.open_pipe_client(request, &server);
            self.note_open(PIPE, request.access, answer.as_ref().err().copied());
            return answer;
        }
        if request.options & FILE_OPEN_BY_FILE_ID != 0 {
            return self.open_by_id(request, payload);
        }
        let answer = self.name(request.root, payload).and_then(|name| match name {
            Name::Drive(path) => self.through(&path, |at| self.open_on_drive(request, &path, at, None)),
            Name::Stream(path) => self.through(&path, |at| self.open_stream(request, &path, at)),
            Name::Null => self.open_null(request),
            Name::Sockets => self.open_sockets(request),
            Name::Pipe(name) if name.is_empty() => self.open_pipes(request),
            Name::Pipe(name) => self.open_pipe(request, &name),
            Name::ConsoleInput => self.open_console(request, Device::ConsoleInput),
            Name::ConsoleOutput => self.open_console(request, Device::ConsoleOutput),
        });
        self.note_open(&shown(payload), request.access, answer.as_ref().err().copied());
        answer
    }

    fn open_null(&self, request: &OpenFile) -> Answer {
        let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty());
        let theirs = kept(null.map_err(store::status)?)?;
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Null, Some(Arc::clone(&theirs))) };
        self.give(object, specific(request.access), request.object_flags, FILE_OPENED, Some(theirs))
    }

    /// The device that sockets are polled through: no bytes move over it.
    fn open_sockets(&self, request: &OpenFile) -> Answer {
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(Device::Sockets, None) };
        self.give(object, specific(request.access), request.object_flags, FILE_OPENED, None)
    }

    fn open_console(&self, request: &OpenFile, device: Device) -> Answer {
        // The console that the process was started on, whichever stream it is.
        let terminals = lock(&self.terminals);
        let stream = usize::from(device == Device::ConsoleOutput);
        let terminal = terminals[stream].as_ref().or_else(|| terminals.iter().flatten().next()).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        let ours = kept(terminal.try_clone().map_err(|_| STATUS_TOO_MANY_OPENED_FILES)?)?;
        let theirs = Arc::clone(&ours);
        drop(terminals);
        let object = FileObject { mode: mode(request.options), ..FileObject::plain(device, Some(ours)) };
        self.give(object, specific(request.access) | FILE_READ_ATTRIBUTES, request.object_flags, FILE_OPENED, Some(theirs))
    }

    /// Opens `path`, which leads to `at`; where one file alone is meant, nothing but that.
    pub(super) fn open_on_drive(&self, request: &OpenFile, path: &DrivePath, at: &DrivePath, meant: Option<FileId>) -> Answer {
        let inside = match self.place(at)? {
            Place::Volume(inside) => inside,
            Place::Way(entries) => return self.open_way(request, path, entries),
        };
        let how = how(request, path.folder)?;
        // What is there already is asked for its share modes and attributes before it is opened, which may change it.
        let known = look(&inside, &how)?;
        let access = self.granted(request, &how, &inside, known.as_ref().ok(), at)?;
        let how = How {
            read: access & (FILE_READ_DATA | FILE_EXECUTE) != 0,
            write: access & FILE_WRITE_DATA != 0,
            append: access & FILE_APPEND_DATA != 0,
            ..how
        };
        match &known {
            Ok(known) => self.check(known, &inside, access, request, &how)?,
            Err(STATUS_OBJECT_NAME_NOT_FOUND) if how.create == Create::Open => return Err(STATUS_OBJECT_NAME_NOT_FOUND),
            // Why it cannot be opened is for the open to say.
            Err(_) => {}
        }
        let makes = known.is_err() && how.create != Create::Open;
        let turn = (!inside.is_own()).then(|| self.sandbox.turns.take(inside.path.last().unwrap_or_default(), makes));
        let place = Arc::new(Mutex::new(Where::kept(path.clone(), Some(inside.clone()), &self.paths)?));
        let mut entered = None;
        // What was looked at may be another file by now: what was opened is asked again, and nobody comes between that and its share mode.
        let turn_at_bytes = RefCell::new(None);
        let mut permit = |found: &Metadata, outcome| {
            if meant.is_some_and(|meant| meant != (found.device, found.id)) {
                return Err(STATUS_INVALID_PARAMETER);
            }
            let empties = outcome == Outcome::Overwritten;
            if empties {
                check_attributes(found, access, request, &how)?;
            }
            let asks = if empties { access | FILE_WRITE_DATA } else { access };
            let id = (found.device, found.id);
            let at_bytes = (outcome != Outcome::Created).then(|| self.sandbox.mappings.turn(id));
            if let Some(at_bytes) = &at_bytes {
                check_mapped(at_bytes, asks, request)?;
                if empties {
                    at_bytes.check_cut(0)?;
                }
            }
            let number = lock(&self.sandbox.sharing).enter(id, (access, asks), request.share, &place)?;
            entered = Some(Entered { sandbox: &self.sandbox, id, number });
            // Nobody maps what is being emptied.
            turn_at_bytes.replace(at_bytes.filter(|_| empties));
            Ok(())
        };
        let opened = match inside.volume.open_if(&inside.path, &how, &mut permit) {
            // Who is in the way may have closed the file already.
            Err(STATUS_SHARING_VIOLATION | STATUS_USER_MAPPED_FILE | STATUS_CANNOT_DELETE) => {
                turn_at_bytes.replace(None);
                self.sandbox.drain_all();
                inside.volume.open_if(&inside.path, &how, &mut permit)?
            }
            opened => opened?,
        };
        drop((turn, turn_at_bytes));
        let held = Held::new(&inside.volume, &opened.metadata);
        let entered = entered.ok_or(STATUS_ACCESS_DENIED)?;
        let ours = kept(opened.file)?;
        if let Some(names) = opened.path {
            let mut spelt = path.clone();
            if path == at {
                spelt.path = path.path.first(inside.mount.count()).join(&names);
            }
            lock(&place).set(spelt, Some(Inside { path: names, ..inside }));
        }
        match opened.outcome {
            Outcome::Opened => {}
            Outcome::Created => self.sandbox.watches.own.happened(&lock(&place).path, opened.metadata.folder, Happened::Made),
            Outcome::Overwritten => self.sandbox.watches.own.happened(&lock(&place).path, false, Happened::Written),
        }
        let share = entered.keep();
        let has_bytes = !opened.metadata.folder && !opened.metadata.link;
        let record = if has_bytes { self.sandbox.records.take().unwrap_or(u32::MAX) } else { u32::MAX };
        // A descriptor is handed out where bytes are granted, and nowhere else.
        let moves_bytes = has_bytes && (how.read || how.write || how.append);
        let theirs = moves_bytes.then(|| Arc::clone(&ours));
        let object = FileObject {
            file: Some(OnDrive { place, way: Vec::new(), metadata: opened.metadata, share, stream: false }),
            descriptor: Some(ours),
            held: Some(held),
            record,
            mode: mode(request.options),
            ..FileObject::plain(Device::Disk, None)
        };
        lock(&object.closing).delete = request.options & FILE_DELETE_ON_CLOSE != 0;
        let information = match opened.outcome {
            Outcome::Opened => FILE_OPENED,
            Outcome::Created => FILE_CREATED,
            Outcome::Overwritten => FILE_OVERWRITTEN,
        };
        self.give(object, access, request.object_flags, information, theirs)
    }

    /// The access that a request gets, or the refusal.
    fn granted(&self, request: &OpenFile, how: &How, inside: &Inside, known: Option<&Metadata>, at: &DrivePath) -> Result<u32, NTSTATUS> {
        let access = specific(request.access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
        let makes = match how.create {
            Create::Open => false,
            Create::New | Create::Truncate | Create::TruncateOrNew => true,
            Create::OpenOrNew => known.is_none(),
        };
        let deletes = request.options & FILE_DELETE_ON_CLOSE != 0;
        if (access & CHANGES != 0 || deletes || makes) && !inside.write {
            self.note_missing(at, true);
            return Err(STATUS_ACCESS_DENIED);
        }
        if deletes && access & DELETE == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if request.access & MAXIMUM_ALLOWED == 0 {
            return Ok(access);
        }
        let most = if inside.write { FILE_ALL_ACCESS } else { READ_RIGHTS };
        let is_kept = |known: &Metadata| known.is_read_only() || self.is_program((known.device, known.id));
        Ok(access | if known.is_some_and(is_kept) { most & !WRITES } else { most })
    }

    /// Whether what is there may be opened so.
    fn check(&self, known: &Metadata, inside: &Inside, access: u32, request: &OpenFile, how: &How) -> Result<(), NTSTATUS> {
        self.check_sharing(known, inside, if truncates(how) { access | FILE_WRITE_DATA } else { access }, request.share)?;
        check_attributes(known, access, request, how)
    }

    /// Share modes of what is there; closes that were posted are taken first.
    pub(super) fn check_sharing(&self, known: &Metadata, inside: &Inside, access: u32, share: u32) -> Result<(), NTSTATUS> {
        let id = (known.device, known.id);
        let first = lock(&self.sandbox.sharing).check(id, inside, access, share);
        if first.is_ok() {
            return first;
        }
        self.sandbox.drain_all();
        lock(&self.sandbox.sharing).check(id, inside, access, share)
    }

    /// A folder that is there because it leads to a grant.
    fn open_way(&self, request: &OpenFile, path: &DrivePath, entries: Vec<Vec<u16>>) -> Answer {
        if request.options & FILE_NON_DIRECTORY_FILE != 0 {
            return Err(STATUS_FILE_IS_A_DIRECTORY);
        }
        match request.disposition {
            FILE_OPEN | FILE_OPEN_IF => {}
            FILE_CREATE => return Err(STATUS_OBJECT_NAME_COLLISION),
            _ => return Err(STATUS_ACCESS_DENIED),
        }
        let access = specific(request.access);
        if access & CHANGES != 0 || request.options & FILE_DELETE_ON_CLOSE != 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let metadata = Metadata { folder: true, attributes: attribute::DIRECTORY, ..Metadata::default() };
        let place = Arc::new(Mutex::new(Where::kept(path.clone(), None, &self.paths)?));
        let file = OnDrive { place, way: entries, metadata, share: 0, stream: false };
        let object = FileObject { file: Some(file), mode: mode(request.options), ..FileObject::plain(Device::Disk, None) };
        self.give(object, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, request.object_flags, FILE_OPENED, None)
    }

    /// Gives an object a handle, and the reply that tells of it.
    pub fn give(&self, object: FileObject, access: u32, object_flags: u32, information: u32, descriptor: Option<Arc<OwnedFd>>) -> Answer {
        const OBJ_INHERIT: u32 = 2;
        let flags = if object_flags & OBJ_INHERIT != 0 { HANDLE_FLAG_INHERIT } else { 0 };
        let object = Arc::new(object);
        let handle = Handle { object: Object::File(Arc::clone(&object)), access, flags };
        let number = lock(&self.handles).insert(handle).inspect_err(|_| self.sandbox.close(&object))?;
        let opened = Opened { information, ..object.told(number, access, flags) };
        Ok(Reply::value(&opened).with_descriptor(descriptor))
    }
}

/// An open that has its share mode, and loses it where it comes to nothing.
pub(super) struct Entered<'a> {
    pub sandbox: &'a Sandbox,
    pub id: FileId,
    pub number: u64,
}

impl Entered<'_> {
    /// It has come about: its object takes it out. Answers its number.
    pub fn keep(self) -> u64 {
        std::mem::ManuallyDrop::new(self).number
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.sandbox.end_open(self.id, self.number, Leaving::default());
    }
}

/// A descriptor that the broker keeps, if it leaves it its own.
pub(super) fn kept(descriptor: OwnedFd) -> Result<Arc<OwnedFd>, NTSTATUS> {
    if leaves_room(descriptor.as_fd()) { Ok(Arc::new(descriptor)) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}

/// What is there already, before anything is done to it, or why it is not known.
fn look(inside: &Inside, how: &How) -> Result<Result<Metadata, NTSTATUS>, NTSTATUS> {
    match inside.volume.metadata(&inside.path, Look { link: how.link, attributes: truncates(how) }) {
        Ok(known) if known.is_special() => Err(STATUS_ACCESS_DENIED),
        Err(store::OUTSIDE) => Err(store::OUTSIDE),
        known => Ok(known),
    }
}

/// Whether an open empties what is there.
fn truncates(how: &How) -> bool {
    matches!(how.create, Create::Truncate | Create::TruncateOrNew)
}

/// What the attributes of what is there allow.
fn check_attributes(known: &Metadata, access: u32, request: &OpenFile, how: &How) -> Result<(), NTSTATUS> {
    // What is hidden is not overwritten by somebody who does not know that it is (CreateFile's documentation).
    const MUST_AGREE: u32 = attribute::HIDDEN | attribute::SYSTEM;
    let deletes = request.options & FILE_DELETE_ON_CLOSE != 0;
    if how.create == Create::New {
        Ok(())
    } else if known.is_read_only() && (access & WRITES != 0 || truncates(how)) {
        Err(STATUS_ACCESS_DENIED)
    } else if known.is_read_only() && deletes {
        Err(STATUS_CANNOT_DELETE)
    } else if truncates(how) && known.attributes & MUST_AGREE & !request.attributes != 0 {
        Err(STATUS_ACCESS_DENIED)
    } else {
        Ok(())
    }
}

/// What a running program is: it is neither written nor deleted.
fn check_mapped(file: &mapping::Turn<'_>, asks: u32, request: &OpenFile) -> Result<(), NTSTATUS> {
    let deletes = request.options & FILE_DELETE_ON_CLOSE != 0;
    match file.is_program() {
        true if deletes => Err(STATUS_CANNOT_DELETE),
        true if asks & WRITES != 0 => Err(STATUS_SHARING_VIOLATION),
        _ => Ok(()),
    }
}

/// How a request opens.
fn how(request: &OpenFile, wants_folder: bool) -> Result<How, NTSTATUS> {
    let options = request.options;
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
    Ok(How {
        read: false,
        write: false,
        append: false,
        through: options & (FILE_WRITE_THROUGH | FILE_NO_INTERMEDIATE_BUFFERING) != 0 && specific(request.access) & WRITES != 0,
        create,
        folder,
        link: options & FILE_OPEN_REPARSE_POINT != 0,
        // A file becomes sparse by a control code alone.
        attributes: request.attributes & !attribute::SPARSE,
    })
}

/// The open options that NtQueryInformationFile tells.
pub fn mode(options: u32) -> u32 {
    options
        & (FILE_WRITE_THROUGH
            | FILE_SEQUENTIAL_ONLY
            | FILE_NO_INTERMEDIATE_BUFFERING
            | FILE_SYNCHRONOUS_IO_ALERT
            | FILE_SYNCHRONOUS_IO_NONALERT
            | FILE_DELETE_ON_CLOSE)
}
