//! Other processes of the sandbox: started, opened, asked and ended. The broker keeps what is known of them.

use crate::broker::{self, Arrived};
use crate::handle::service::of_shared;
use crate::image::{Bytes, check_program};
use crate::object::{Body, Object};
use crate::serve::{Answer, Serve};
use crate::{access, handle, job, name, section, user};
use gate::service::{CopyMemory, CreateProcess, ListProcesses, ObjectKind, OpenProcess, QueryOther, Span, StartParameters};
use protocol::message::{self, AdoptObject, Inherit, SharedObject};
use protocol::sight;
use protocol::start::{Child, Inherited, Parameters};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_OBJECT_TYPE_MISMATCH, STATUS_PARTIAL_COPY,
    STATUS_PENDING,
};
use windows_sys::Win32::Storage::FileSystem::FILE_EXECUTE;
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_VM_READ, PROCESS_VM_WRITE, THREAD_QUERY_LIMITED_INFORMATION};

/// The most bytes of a text that a program is given, and of its environment.
const LONGEST: usize = 0xFFFE;
const LONGEST_ENVIRONMENT: usize = protocol::PAYLOAD / 2;
/// The most handles that are listed.
const MOST_LISTED: u64 = 0x1000;

/// This process's object for one that the broker told of.
fn object_of(told: &SharedObject, descriptor: Option<OwnedFd>) -> Result<Arc<Object>, NTSTATUS> {
    let of = |body| Object::new(body, 0).ok_or(STATUS_INSUFFICIENT_RESOURCES);
    match (ObjectKind::from_number(told.kind).ok_or(STATUS_NOT_SUPPORTED)?, descriptor) {
        (ObjectKind::Process, _) => of(Body::Process),
        (ObjectKind::Thread, _) => of(Body::Thread),
        (ObjectKind::Section, Some(descriptor)) => section::shared(told, descriptor),
        (kind @ (ObjectKind::Event | ObjectKind::Timer | ObjectKind::Semaphore | ObjectKind::Mutant | ObjectKind::Job), _) => {
            of_shared(kind, told.limit)
        }
        _ => Err(STATUS_NOT_SUPPORTED),
    }
}

/// The object behind an open that the broker has answered; it counts one more handle.
fn enter(told: &SharedObject, descriptor: Option<OwnedFd>) -> Result<Arc<Object>, NTSTATUS> {
    name::enter(told, descriptor, &[], &object_of)?.ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// Gives the objects that this process inherited their handles.
pub fn take_inherited(inherited: &[Inherited]) -> Answer {
    for Inherited { handle, access, number } in inherited {
        let Arrived { reply: told, descriptor, .. } = broker::open(&AdoptObject { number: *number }, &[])?;
        handle::inherit(enter(&told, descriptor)?, *access, u64::from(*handle))?;
    }
    Ok(())
}

/// A text of the guest's, UTF-16.
fn text(span: Span) -> Result<Vec<u16>, NTSTATUS> {
    units(span, LONGEST)
}

fn units(span: Span, most: usize) -> Result<Vec<u16>, NTSTATUS> {
    if span.size > most as u64 {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let bytes = user::read_vec(span.at, span.size, most)?;
    Ok(bytes.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
}

/// What a program is given, as the guest has put it down.
fn parameters(address: u64) -> Result<Parameters, NTSTATUS> {
    let given: StartParameters = user::read(address)?;
    if given.runtime.size > LONGEST as u64 {
        return Err(STATUS_INVALID_PARAMETER);
    }
    Ok(Parameters {
        program: text(given.program)?,
        command_line: text(given.command_line)?,
        directory: text(given.directory)?,
        environment: units(given.environment, LONGEST_ENVIRONMENT)?,
        title: text(given.title)?,
        desktop: text(given.desktop)?,
        shell: text(given.shell)?,
        runtime: user::read_vec(given.runtime.at, given.runtime.size, LONGEST)?,
        window_flags: given.window_flags,
        window: given.window,
        console: given.console,
        standard: given.standard,
    })
}

impl Serve for CreateProcess {
    fn serve(&mut self) -> Answer {
        let inherit = Inherit::from_number(self.inherit).ok_or(STATUS_INVALID_PARAMETER)?;
        let image = handle::file(self.image)?;
        image.needs(FILE_EXECUTE)?;
        // What is no program is refused before there is a process.
        check_program(Bytes::map(image.descriptor()?)?.get())?;
        let parameters = parameters(self.parameters)?;
        let listed = if inherit == Inherit::Listed { listed(self.listed, self.listed_count)? } else { Vec::new() };
        let is_inherited = |object: &Inherited| match inherit {
            Inherit::Nothing => false,
            Inherit::Marked => true,
            Inherit::Listed => listed.contains(&object.handle),
        };
        let objects = handle::inheritable().into_iter().filter(is_inherited).collect();
        let jobs = listed_handles(self.jobs, self.job_count)?.into_iter().map(job::to_join).collect::<Result<_, _>>()?;
        let payload = Child { parameters, listed, objects, jobs }.encode();
        if payload.len() > protocol::PAYLOAD {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let request = message::CreateProcess {
            image: image.handle,
            inherit: self.inherit,
            suspended: self.suspended,
            ignores_control: self.ignores_control,
            standard: self.standard,
            breaks_away: self.breaks_away,
        };
        let (created, _) = broker::ask(&request, &payload)?;
        for (index, kind) in [ObjectKind::Process, ObjectKind::Thread].into_iter().enumerate() {
            let told = SharedObject { number: created.objects[index], shared: 1, kind: kind as u32, ..SharedObject::default() };
            let access = access::granted(kind, self.access[index]);
            self.handles[index] = handle::insert_held(enter(&told, None)?, access, access::inherit(self.flags[index]))?;
            self.ids[index] = created.ids[index].into();
        }
        Ok(())
    }
}

/// The handles that are listed, of which each must be one.
fn listed(address: u64, count: u32) -> Result<Vec<u32>, NTSTATUS> {
    let handles = listed_handles(address, count.into())?.into_iter();
    // Windows asks that those in the list be marked, and says so with an invalid parameter.
    handles.map(|handle| u32::try_from(handle & !3).map_err(|_| STATUS_INVALID_PARAMETER)).collect()
}

fn listed_handles(address: u64, count: u64) -> Result<Vec<u64>, NTSTATUS> {
    if count > MOST_LISTED {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let bytes = user::read_vec(address, 8 * count, 8 * count as usize)?;
    Ok(bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
}

impl Serve for OpenProcess {
    fn serve(&mut self) -> Answer {
        let id = u32::try_from(self.id).map_err(|_| STATUS_INVALID_PARAMETER)?;
        let (told, _) = broker::ask(&message::OpenProcess { id, thread: self.thread }, &[])?;
        let kind = ObjectKind::from_number(told.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        self.handle = handle::insert_held(enter(&told, None)?, access::granted(kind, self.access), access::inherit(self.flags))?;
        Ok(())
    }
}

impl Serve for QueryOther {
    fn serve(&mut self) -> Answer {
        // The same right has two names.
        const QUERY: u32 = PROCESS_QUERY_LIMITED_INFORMATION;
        let object = handle::object(self.process, 0)?;
        let needed = if let Body::Thread = object.body { THREAD_QUERY_LIMITED_INFORMATION } else { QUERY };
        let number = match (handle::other(self.process, needed)?, &object.body) {
            (Some(number), _) => number,
            (None, Body::Process) => 0,
            (None, _) => return Err(STATUS_OBJECT_TYPE_MISMATCH),
        };
        let (facts, image) = broker::ask(&message::QueryProcess { number }, &[])?;
        self.facts = facts;
        if facts.ended == 0 {
            self.facts.code = STATUS_PENDING as u32;
        }
        self.size = image.len() as u64;
        if self.size <= self.room {
            user::write_bytes(self.image, &image)?;
        }
        Ok(())
    }
}

impl Serve for ListProcesses {
    fn serve(&mut self) -> Answer {
        let (_, rows) = broker::ask(&sight::ListProcesses { after: self.after }, &[])?;
        self.size = rows.len() as u64;
        if self.size <= self.room {
            user::write_bytes(self.rows, &rows)?;
        }
        Ok(())
    }
}

impl Serve for CopyMemory {
    fn serve(&mut self) -> Answer {
        let access = if self.write == 0 { PROCESS_VM_READ } else { PROCESS_VM_WRITE };
        self.done = 0;
        let Body::Process = handle::object(self.process, access)?.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        let Some(number) = handle::other(self.process, access)? else { return copy_own(self) };
        while self.done < self.size {
            let (there, here) = (self.there.wrapping_add(self.done), self.here.wrapping_add(self.done));
            let most = (self.size - self.done).min(protocol::PAYLOAD as u64);
            let done = if self.write == 0 {
                let (_, bytes) = broker::ask(&sight::ReadMemory { at: there, number, size: most as u32 }, &[])?;
                user::write_bytes(here, &bytes)?;
                bytes.len() as u64
            } else {
                let bytes = user::read_vec(here, most, protocol::PAYLOAD)?;
                u64::from(broker::ask(&sight::WriteMemory { at: there, number, pad: 0 }, &bytes)?.0.value)
            };
            self.done += done;
            if done < most {
                return Err(STATUS_PARTIAL_COPY);
            }
        }
        Ok(())
    }
}

/// Copies memory of this process, page by page: what is there of a range is copied before what is missing is told.
fn copy_own(request: &mut CopyMemory) -> Answer {
    const PAGE: u64 = 0x1000;
    let mut bytes = [0; PAGE as usize];
    while request.done < request.size {
        let (there, here) = (request.there.wrapping_add(request.done), request.here.wrapping_add(request.done));
        let bytes = &mut bytes[..(PAGE - there % PAGE).min(request.size - request.done) as usize];
        if request.write == 0 {
            user::read_bytes(there, bytes).map_err(|_| STATUS_PARTIAL_COPY)?;
            user::write_bytes(here, bytes)?;
        } else {
            user::read_bytes(here, bytes)?;
            user::write_bytes(there, bytes).map_err(|_| STATUS_PARTIAL_COPY)?;
        }
        request.done += bytes.len() as u64;
    }
    Ok(())
}
