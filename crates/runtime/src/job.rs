//! Jobs: the broker keeps them; here their handles are, and the port that hears of them.

use crate::broker::{self, Arrived};
use crate::io::poll::{self, Polled};
use crate::object::Object;
use crate::serve::{Answer, Serve};
use crate::{handle, port, user};
use gate::service::{AssignProcess, InJob, LimitJob, ObjectKind, Packet, QueryJob, TerminateJob, WatchJob};
use protocol::message::{self, JobNews};
use rustix::event::PollFlags;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_TYPE_MISMATCH};
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_QUOTA, PROCESS_TERMINATE};
use zerocopy::FromBytes;

/// Rights to a job (winnt.h).
const JOB_OBJECT_ASSIGN_PROCESS: u32 = 1;
const JOB_OBJECT_SET_ATTRIBUTES: u32 = 2;
const JOB_OBJECT_QUERY: u32 = 4;
const JOB_OBJECT_TERMINATE: u32 = 8;

/// The broker's number for the job behind a handle, which has to grant some rights.
fn number(job: u64, access: u32) -> Result<u32, NTSTATUS> {
    handle::of_kind(job, ObjectKind::Job, access)?.shared().ok_or(STATUS_OBJECT_TYPE_MISMATCH)
}

/// As [`number`], for a job to start a process in.
pub fn to_join(job: u64) -> Result<u32, NTSTATUS> {
    number(job, JOB_OBJECT_ASSIGN_PROCESS)
}

/// The broker's number for the process behind a handle; 0 for this one.
fn process(process: u64, access: u32) -> Result<u32, NTSTATUS> {
    handle::of_kind(process, ObjectKind::Process, access).map(|object| object.other().unwrap_or(0))
}

impl Serve for AssignProcess {
    fn serve(&mut self) -> Answer {
        let job = number(self.job, JOB_OBJECT_ASSIGN_PROCESS)?;
        let process = process(self.process, PROCESS_SET_QUOTA | PROCESS_TERMINATE)?;
        broker::ask(&message::AssignProcess { job, process }, &[]).map(|_| ())
    }
}

impl Serve for TerminateJob {
    fn serve(&mut self) -> Answer {
        let job = number(self.job, JOB_OBJECT_TERMINATE)?;
        broker::ask(&message::EndJob { job, code: self.code }, &[]).map(|_| ())
    }
}

impl Serve for QueryJob {
    fn serve(&mut self) -> Answer {
        let job = if self.job == 0 { 0 } else { number(self.job, JOB_OBJECT_QUERY)? };
        let (facts, members) = broker::ask(&message::QueryJob { job }, &[])?;
        let fitting = members.len().min(4 * usize::try_from(self.room).unwrap_or(usize::MAX / 4));
        user::write_bytes(self.members, &members[..fitting])?;
        self.used = facts.used;
        (self.limits, self.most) = (facts.limits, facts.most);
        (self.active, self.total, self.terminated) = ((members.len() / 4) as u32, facts.total, facts.terminated);
        Ok(())
    }
}

impl Serve for LimitJob {
    fn serve(&mut self) -> Answer {
        let job = number(self.job, JOB_OBJECT_SET_ATTRIBUTES)?;
        broker::ask(&message::LimitJob { job, limits: self.limits, most: self.most }, &[]).map(|_| ())
    }
}

impl Serve for InJob {
    fn serve(&mut self) -> Answer {
        let process = process(self.process, PROCESS_QUERY_LIMITED_INFORMATION)?;
        let job = if self.job == 0 { 0 } else { number(self.job, JOB_OBJECT_QUERY)? };
        self.answer = broker::ask(&message::InJob { process, job }, &[])?.0.value;
        Ok(())
    }
}

/// News of a job on their way to a port.
struct Watch {
    news: Arc<OwnedFd>,
    port: Arc<Object>,
    key: u64,
    ended: AtomicBool,
}

impl Polled for Watch {
    fn wanted(&self) -> PollFlags {
        if self.ended.load(Ordering::Acquire) { PollFlags::empty() } else { PollFlags::IN }
    }

    fn polled(&self) -> Option<Arc<OwnedFd>> {
        Some(Arc::clone(&self.news))
    }

    fn progress(&self) {
        let mut bytes = [0; 64 * size_of::<JobNews>()];
        let read = match rustix::io::read(&self.news, &mut bytes) {
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return,
            // The job is gone, or watched no more.
            Ok(0) | Err(_) => return self.ended.store(true, Ordering::Release),
            Ok(read) => read,
        };
        for news in bytes[..read].chunks_exact(size_of::<JobNews>()).filter_map(|news| JobNews::read_from_bytes(news).ok()) {
            let packet = Packet { key: self.key, context: news.process.into(), information: news.message.into(), ..Packet::default() };
            // A port that is closed hears nothing.
            let _ = port::post(&self.port, packet);
        }
    }
}

impl Serve for WatchJob {
    fn serve(&mut self) -> Answer {
        let job = number(self.job, JOB_OBJECT_SET_ATTRIBUTES)?;
        if self.port == 0 {
            return broker::ask(&message::WatchJob { job, ends: 1 }, &[]).map(|_| ());
        }
        let port = handle::object(self.port, port::MODIFY_STATE)?;
        if port.kind() != ObjectKind::Completion {
            return Err(STATUS_OBJECT_TYPE_MISMATCH);
        }
        poll::start()?;
        let Arrived { descriptor, .. } = broker::open(&message::WatchJob { job, ends: 0 }, &[])?;
        let news = descriptor.ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        poll::add(Arc::new(Watch { news: Arc::new(news), port, key: self.key, ended: AtomicBool::new(false) }));
        Ok(())
    }
}
