//! The gate's services for the process and for the machine.

use super::end::exit;
use super::get;
use crate::object::Body;
use crate::serve::{Answer, Serve};
use crate::thread::stop::stop_others;
use crate::{broker, handle, memory, processor, thread, time, user};
use gate::service::{Crash, DebugPrint, QueryProcess, QuerySystem, QueryTimeZone, Random, ReadClock, Report, TerminateProcess, WaitControl};
use protocol::message;
use rustix::time::ClockId;
use windows_sys::Win32::Foundation::{STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH};
use windows_sys::Win32::System::Threading::PROCESS_TERMINATE;

impl Serve for TerminateProcess {
    fn serve(&mut self) -> Answer {
        if self.process != handle::THIS_PROCESS && self.process != 0 {
            let process = handle::object(self.process, PROCESS_TERMINATE)?;
            let Body::Process = process.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
            if let Some(number) = process.other() {
                return broker::ask(&message::EndProcess { number, code: self.code }, &[]).map(|_| ());
            }
        }
        if self.others != 0 {
            stop_others(self.code);
            return Ok(());
        }
        exit(&message::Exit { code: self.code, ..Default::default() }, &[])
    }
}

impl Serve for Crash {
    fn serve(&mut self) -> Answer {
        let module = user::read_vec(self.module, self.module_size, 0x1000).unwrap_or_default();
        let Self { code, at, parameter, offset, .. } = *self;
        exit(&message::Exit { code, crash: 1, at, parameter, offset }, &module)
    }
}

impl Serve for QueryProcess {
    fn serve(&mut self) -> Answer {
        let space = memory::lock();
        let (committed, reserved) = (space.committed(), space.reserved());
        drop(space);
        self.times = [0, time::used(ClockId::ProcessCPUTime), get().created];
        self.memory = [committed, committed, committed, reserved];
        self.affinity = processor::process_mask();
        self.handles = handle::count();
        self.threads = thread::count();
        self.parent = get().parent;
        Ok(())
    }
}

impl Serve for QuerySystem {
    fn serve(&mut self) -> Answer {
        let (facts, _) = broker::ask(&message::QueryMachine {}, &[])?;
        self.memory = facts.memory;
        self.processors = facts.processors;
        Ok(())
    }
}

impl Serve for QueryTimeZone {
    fn serve(&mut self) -> Answer {
        let (_, zone) = broker::ask(&message::QueryTimeZone { year: self.year }, &[])?;
        // All of it, or the guest would read what it had there before.
        let zone = zone.get(..size_of::<gate::zone::Zone>()).ok_or(STATUS_INVALID_PARAMETER)?;
        Ok(user::write_bytes(self.zone, zone)?)
    }
}

impl Serve for ReadClock {
    fn serve(&mut self) -> Answer {
        self.ticks = time::ticks(self.real != 0);
        Ok(())
    }
}

impl Serve for Random {
    fn serve(&mut self) -> Answer {
        let mut chunk = [0; 256];
        let mut at = 0;
        while at < self.size {
            let length = (self.size - at).min(chunk.len() as u64) as usize;
            rustix::rand::getrandom(&mut chunk[..length], rustix::rand::GetRandomFlags::empty()).map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
            user::write_bytes(self.buffer + at, &chunk[..length])?;
            at += length as u64;
        }
        Ok(())
    }
}

impl Serve for Report {
    fn serve(&mut self) -> Answer {
        let text = user::read_vec(self.text, self.text_size.min(0x1000), 0x1000)?;
        let report = message::Report { kind: self.kind, slot: self.slot, code: self.code, duration: self.duration };
        broker::ask(&report, &text).map(|_| ())
    }
}

impl Serve for DebugPrint {
    fn serve(&mut self) -> Answer {
        let text = user::read_vec(self.text, self.text_size.min(0x1000), 0x1000)?;
        let report = message::Report { kind: protocol::DEBUG_TEXT, slot: u32::MAX, code: 0, duration: 0 };
        broker::ask(&report, &text).map(|_| ())
    }
}

impl Serve for WaitControl {
    fn serve(&mut self) -> Answer {
        let request = message::WaitControl { ignore: self.ignore };
        self.event = if self.ignore != 0 { broker::ask(&request, &[])?.0.value } else { broker::wait_for(&request)?.0.value };
        Ok(())
    }
}
