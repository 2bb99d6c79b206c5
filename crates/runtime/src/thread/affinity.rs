//! Which processors run which thread.

use super::{Thread, all};
use crate::object::Body;
use crate::serve::{Answer, Serve};
use crate::{current, handle, interrupt, processor};
use gate::service::{CurrentProcessor, SetAffinity};
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_OBJECT_TYPE_MISMATCH};
use windows_sys::Win32::System::Threading::PROCESS_SET_INFORMATION;

impl Thread {
    /// Sets the processors that may run it.
    pub fn set_affinity(&self, mask: u64) -> Answer {
        if mask == 0 || mask & !processor::process_mask() != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        processor::narrow();
        self.run_on(mask);
        Ok(())
    }

    fn run_on(&self, mask: u64) {
        self.affinity.store(mask, Ordering::SeqCst);
        if self.id == current::id() {
            processor::apply(mask);
        } else if self.host() != 0 {
            interrupt::interrupt(self.host());
        }
    }
}

impl Serve for SetAffinity {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.process, PROCESS_SET_INFORMATION)?;
        let Body::Process = object.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        if object.other().is_some() {
            return Err(STATUS_NOT_SUPPORTED);
        }
        if self.mask == 0 || self.mask & !processor::all() != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        processor::set_process_mask(self.mask);
        all().iter().for_each(|thread| thread.run_on(self.mask));
        Ok(())
    }
}

impl Serve for CurrentProcessor {
    fn serve(&mut self) -> Answer {
        self.number = processor::current();
        Ok(())
    }
}
