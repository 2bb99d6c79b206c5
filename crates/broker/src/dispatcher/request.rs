//! What processes ask of shared objects.

use super::{New, Wait};
use crate::descriptor::for_reading;
use crate::mapping::Mapping;
use crate::process::Process;
use crate::reply::Reply;
use channel::{Alarm, code};
use gate::service::{ObjectKind, SignalKind};
use protocol::message::{Done, EndThread, NameObject, QueryObject, ReleaseObject, SetObjectTimer, SignalObject, WaitObjects, Word};
use std::os::fd::OwnedFd;
use std::sync::{Arc, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_FILE_FOR_SECTION, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_INVALID};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_DATA, FILE_WRITE_DATA};
use windows_sys::Win32::System::Memory::{PAGE_EXECUTE_READWRITE, PAGE_READWRITE};
use windows_sys::Win32::System::SystemServices::MAXIMUM_WAIT_OBJECTS;

type Answer = Result<Reply, NTSTATUS>;

impl Process {
    /// Opens the object of a name, or makes one.
    pub fn name_object(&self, request: &NameObject, payload: &[u8]) -> Answer {
        let kind = ObjectKind::from_number(request.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        if !may_name(payload, self.id) {
            return Err(STATUS_OBJECT_NAME_INVALID);
        }
        let new = match kind {
            _ if request.create == 0 => New::Nothing,
            // They are made by starting one.
            ObjectKind::Process | ObjectKind::Thread => return Err(STATUS_INVALID_PARAMETER),
            ObjectKind::Event | ObjectKind::Mutant | ObjectKind::Semaphore | ObjectKind::Timer => {
                New::Waitable { initial: request.initial, limit: request.limit }
            }
            ObjectKind::Section if request.size > 0 && request.size <= i64::MAX as u64 => New::Section {
                size: request.size,
                protect: request.protect,
                attributes: request.attributes,
                file: if request.file == 0 { None } else { Some(self.section_file(request)?) },
            },
            ObjectKind::Section => return Err(STATUS_INVALID_PARAMETER),
            ObjectKind::Job => New::Job,
            _ => New::Private,
        };
        let (told, descriptor) = self.sandbox.dispatcher.open(self.id, request.thread, payload, request.kind, new)?;
        if self.is_closed() {
            // The process has ended meanwhile, and its opens with it.
            self.sandbox.dispatcher.end(self.id);
        }
        Ok(Reply::value(&told).with_descriptor(descriptor))
    }

    /// The bytes of the file that a section is of: what views of it may do, the handle has to grant. Whoever opens the section gets
    /// no more than that, whatever the handle grants besides.
    fn section_file(&self, request: &NameObject) -> Result<(Arc<OwnedFd>, Mapping), NTSTATUS> {
        let writes = matches!(request.protect & 0xFF, PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
        let needed = FILE_READ_DATA | if writes { FILE_WRITE_DATA } else { 0 };
        let object = self.handles.lock().unwrap_or_else(PoisonError::into_inner).get(request.file, needed)?.file()?.clone();
        let mapping = self.mapping_of(&object, request.size, false)?;
        let descriptor = object.descriptor.clone().ok_or(STATUS_INVALID_FILE_FOR_SECTION)?;
        let descriptor = if writes { descriptor } else { for_reading(&descriptor).map(Arc::new)? };
        Ok((descriptor, mapping))
    }

    /// Ends opens.
    pub fn release_object(&self, request: &ReleaseObject) -> Answer {
        self.sandbox.dispatcher.release(self.id, request.number, request.opens).map(|()| Reply::value(&Done {}))
    }

    /// Sets, resets, pulses or releases.
    pub fn signal_object(&self, request: &SignalObject) -> Answer {
        let how = SignalKind::from_number(request.how).ok_or(STATUS_INVALID_PARAMETER)?;
        self.sandbox.dispatcher.signal(self.id, request.thread, request.number, how, request.count).map(|before| Reply::value(&before))
    }

    /// Tells a state.
    pub fn query_object(&self, request: &QueryObject) -> Answer {
        self.sandbox.dispatcher.query(self.id, request.thread, request.number).map(|state| Reply::value(&state))
    }

    /// A thread has ended: what it owned is abandoned.
    pub fn end_thread(&self, request: &EndThread) -> Answer {
        self.sandbox.dispatcher.end_thread(self.id, request.thread);
        Ok(Reply::value(&Done {}))
    }

    /// Sets a timer, or stops it.
    pub fn set_object_timer(&self, request: &SetObjectTimer) -> Answer {
        let at = (request.stop == 0).then_some(request.at);
        self.sandbox.dispatcher.set_timer(self.id, request.number, at, request.period).map(|before| Reply::value(&before))
    }

    /// Begins a wait, or answers how it ended at once.
    pub fn wait_objects(&self, request: &WaitObjects, payload: &[u8], alarm: Alarm) -> Answer {
        let (numbers, rest) = payload.as_chunks::<4>();
        if numbers.is_empty() || !rest.is_empty() || numbers.len() > MAXIMUM_WAIT_OBJECTS as usize {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let objects: Vec<u32> = numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        let twice = |(index, number): (usize, &u32)| objects[..index].contains(number);
        if request.all != 0 && objects.iter().enumerate().any(twice) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let signalled = match request.signal {
            0 => None,
            number => Some((number, SignalKind::from_number(request.how).ok_or(STATUS_INVALID_PARAMETER)?)),
        };
        let wait = Wait {
            process: self.id,
            thread: request.thread,
            alarm,
            sleep: (request.waits != 0).then_some(request.sleep),
            all: request.all != 0,
            looks: request.looks != 0,
            objects,
            turn: 0,
        };
        let value = self.sandbox.dispatcher.wait(wait, signalled)?;
        debug_assert!(value < code::GIVEN_END + code::ABANDONED || value == code::AGAIN);
        Ok(Reply::value(&Word { value: value.into() }))
    }
}

/// Whether a process may say a name. What has no name of a program's bears its maker's number, and is nobody else's to name.
fn may_name(text: &[u8], process: u32) -> bool {
    const NAMELESS: &str = "\\Inherited\\";
    let mut units = text.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
    if !NAMELESS.encode_utf16().eq(units.by_ref().take(NAMELESS.len())) {
        return true;
    }
    let own = format!("{process:x}-");
    own.encode_utf16().eq(units.take(own.len()))
}

#[cfg(test)]
mod tests {
    use super::may_name;

    #[test]
    fn what_has_no_name_is_its_makers_to_name() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert!(may_name(&wide("\\BaseNamedObjects\\x"), 0x100) && may_name(&wide("\\Inherited\\100-7"), 0x100));
        assert!(!may_name(&wide("\\Inherited\\100-7"), 0x10) && !may_name(&wide("\\Inherited\\100-7"), 0x10100));
        assert!(!may_name(&wide("\\Inherited\\"), 0x100));
    }
}
