//! Processes that a process starts, and what it may do with them.

use super::{Process, lock};
use crate::descriptor::{for_reading, reopened};
use crate::handle::{Handle, Heritage, Object, Table};
use crate::launch;
use crate::life::Life;
use crate::object::FileObject;
use crate::plan::Plan;
use crate::reply::Reply;
use gate::file::Device;
use gate::service::ObjectKind;
use protocol::message::{AdoptHandle, AdoptObject, CreateProcess, Created, Done, EndProcess, Inherit, OpenProcess, Opened, ResumeProcess, Word};
use protocol::start::{Child, Parameters};
use rustix::fs::{OFlags, fcntl_getfl};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH, STATUS_QUOTA_EXCEEDED};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA};

type Answer = Result<Reply, NTSTATUS>;

/// The most units of a text that a program is given: its size is told in 16 bits, with a NUL.
const LONGEST: usize = 0x7FFF;

impl Process {
    /// Starts a program in a process of its own, under the same terms.
    pub fn create_process(self: &Arc<Self>, request: &CreateProcess, payload: &[u8]) -> Answer {
        let mut child = Child::decode(payload).ok_or(STATUS_INVALID_PARAMETER)?;
        let inherit = Inherit::from_number(request.inherit).ok_or(STATUS_INVALID_PARAMETER)?;
        check(&child.parameters)?;
        let image = lock(&self.handles).get(request.image, FILE_EXECUTE)?.file()?.clone();
        let program = image_of(&image)?;
        let shown = image.file.as_ref().map(|file| lock(&file.place).path.display()).unwrap_or_default();
        let berth = self.sandbox.berth().ok_or(STATUS_QUOTA_EXCEEDED)?;
        let (id, thread) = (berth.id, berth.thread());
        let narrow = launch::is_32_bit(&program);
        if narrow != self.life.narrow {
            child.parameters.environment = launch::adapted(&child.parameters.environment, narrow);
        }
        let life = Arc::new(Life::new(id, self.id, thread, child.parameters.program.clone(), narrow, request.suspended != 0));
        let handles = self.inheritable(&child, inherit, request.standard != 0)?;
        let terminals = lock(&self.terminals).each_ref().map(|terminal| terminal.as_ref().and_then(|terminal| terminal.try_clone().ok()));
        let objects = self.sandbox.dispatcher.begin(&life)?;
        let plan = Plan {
            berth,
            life: Arc::clone(&life),
            shown,
            program,
            file: image.id(),
            terms: Arc::clone(&self.terms),
            parameters: child.parameters,
            handles,
            terminals,
            born: [const { None }; 3],
            inherited: child.objects,
            suspended: request.suspended != 0,
            ignores_control: request.ignores_control != 0,
        };
        let dispatcher = &self.sandbox.dispatcher;
        let inherited = plan.inherited.iter().try_for_each(|object| dispatcher.inherit(self.id, id, object.number));
        let joined = inherited.and_then(|()| dispatcher.join(&self.life, &life, request.breaks_away != 0, &child.jobs));
        joined.and_then(|()| self.sandbox.launcher.order(plan)).inspect_err(|_| {
            life.end(0);
            self.sandbox.dispatcher.leave_jobs(&life);
            self.sandbox.dispatcher.end(id);
            for number in objects {
                let _ = self.sandbox.dispatcher.release(self.id, number, 1);
            }
        })?;
        if self.is_closed() {
            // The process has ended meanwhile, and its opens with it.
            self.sandbox.dispatcher.end(self.id);
        }
        Ok(Reply::value(&Created { objects, ids: [id, thread] }))
    }

    /// The handles that a child has from its start, under the same numbers.
    fn inheritable(&self, child: &Child, inherit: Inherit, standard: bool) -> Result<Heritage, NTSTATUS> {
        let own = lock(&self.handles);
        let is_wanted = |(number, handle): &(u32, &Handle)| {
            let marked = handle.flags & HANDLE_FLAG_INHERIT != 0;
            let inherited = match inherit {
                Inherit::Nothing => false,
                Inherit::Marked => marked,
                Inherit::Listed => marked && child.listed.contains(number),
            };
            let inheritable = !matches!(handle.object, Object::Mapping(_));
            inheritable && (inherited || standard && child.parameters.standard.contains(number))
        };
        let table = Table::inherited(own.all().filter(is_wanted).map(|(number, handle)| (number, handle.clone())))?;
        let sandbox = Arc::clone(&self.sandbox);
        Ok(Heritage::new(table, move |handle| sandbox.let_go(handle)))
    }

    /// What stands behind a handle that the process was not told of.
    pub fn adopt_handle(&self, request: &AdoptHandle) -> Answer {
        let handle = lock(&self.handles).tell(request.handle)?.clone();
        if let Object::Key(_) = handle.object {
            let opened =
                Opened { handle: request.handle, device: protocol::key::DEVICE, access: handle.access, flags: handle.flags, ..Opened::default() };
            return Ok(Reply::value(&opened));
        }
        let object = handle.file()?;
        let file = object.file.as_ref();
        let opened = object.told(request.handle, handle.access, handle.flags);
        let moves_bytes = handle.access & (FILE_READ_DATA | FILE_EXECUTE | FILE_WRITE_DATA | FILE_APPEND_DATA) != 0;
        let is_plain = opened.folder == 0 && opened.stream == 0 && file.is_none_or(|file| !file.metadata.link);
        let bytes = object.device != Device::Disk || is_plain && moves_bytes;
        let descriptor = match object.descriptor.clone().filter(|_| bytes) {
            // What the object may do, another handle of it was opened for.
            Some(descriptor) if object.device == Device::Disk => Some(narrowed(descriptor, handle.access)?),
            other => other,
        };
        Ok(Reply::value(&opened).with_descriptor(descriptor))
    }

    /// What an object is that the process inherited.
    pub fn adopt_object(&self, request: &AdoptObject) -> Answer {
        self.sandbox.dispatcher.tell(self.id, request.number).map(|(told, descriptor)| Reply::value(&told).with_descriptor(descriptor))
    }

    /// Opens a process of the sandbox, or the first thread of one.
    pub fn open_process(&self, request: &OpenProcess) -> Answer {
        let kind = if request.thread != 0 { ObjectKind::Thread } else { ObjectKind::Process };
        self.sandbox.dispatcher.open_life(self.id, kind, request.id).map(|told| Reply::value(&told))
    }

    /// Ends another process.
    pub fn end_process(&self, request: &EndProcess) -> Answer {
        let life = self.sandbox.dispatcher.life(self.id, request.number)?;
        match self.sandbox.process(life.id).filter(|_| life.ended().is_none()) {
            Some(process) => process.end(request.code),
            // As Windows has it for a process that has ended.
            None => return Err(windows_sys::Win32::Foundation::STATUS_PROCESS_IS_TERMINATING),
        }
        Ok(Reply::value(&Done {}))
    }

    /// Lets a process begin.
    pub fn resume_process(&self, request: &ResumeProcess) -> Answer {
        self.sandbox.dispatcher.life(self.id, request.number).map(|life| Reply::value(&Word { value: life.resume() }))
    }

    /// Waits until this process may begin.
    pub fn await_resume(&self) -> Answer {
        self.life.await_resume();
        Ok(Reply::value(&Done {}))
    }
}

/// Refuses what a program cannot be given.
fn check(parameters: &Parameters) -> Result<(), NTSTATUS> {
    let Parameters { program, command_line, directory, title, desktop, shell, runtime, environment, .. } = parameters;
    let texts = [program, command_line, directory, title, desktop, shell];
    let fits = texts.iter().all(|text| text.len() < LONGEST) && runtime.len() < 2 * LONGEST;
    if fits && environment.ends_with(&[0]) { Ok(()) } else { Err(STATUS_INVALID_PARAMETER) }
}

/// A file's descriptor that does no more than a handle's access allows.
fn narrowed(descriptor: Arc<OwnedFd>, access: u32) -> Result<Arc<OwnedFd>, NTSTATUS> {
    let (reads, writes) = (access & (FILE_READ_DATA | FILE_EXECUTE) != 0, access & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0);
    let wanted = match (reads, writes) {
        (true, true) => return Ok(descriptor),
        (false, true) => OFlags::WRONLY,
        _ => OFlags::RDONLY,
    };
    let has = fcntl_getfl(&descriptor).map_err(store::status)? & OFlags::RWMODE;
    if has == wanted { Ok(descriptor) } else { reopened(&descriptor, wanted).map(Arc::new) }
}

/// The program's file, which its process reads and nothing else.
fn image_of(object: &FileObject) -> Result<OwnedFd, NTSTATUS> {
    let descriptor =
        object.descriptor.as_ref().filter(|_| object.device == Device::Disk && !object.is_folder()).ok_or(STATUS_OBJECT_TYPE_MISMATCH)?;
    for_reading(descriptor)
}
