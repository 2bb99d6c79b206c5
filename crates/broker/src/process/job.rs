//! What a process may do with jobs.

use super::Process;
use crate::descriptor::leaves_room;
use crate::life::Life;
use crate::reply::Reply;
use protocol::message::{AssignProcess, Done, EndJob, InJob, LimitJob, QueryJob, WatchJob, Word};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::AsFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_TOO_MANY_OPENED_FILES};

type Answer = Result<Reply, NTSTATUS>;

impl Process {
    /// The process behind a number; 0 is this one.
    pub(super) fn life_of(&self, number: u32) -> Result<Arc<Life>, NTSTATUS> {
        if number == 0 { Ok(Arc::clone(&self.life)) } else { self.sandbox.dispatcher.life(self.id, number) }
    }

    /// Puts a process into a job.
    pub fn assign_process(&self, request: &AssignProcess) -> Answer {
        let life = self.life_of(request.process)?;
        self.sandbox.dispatcher.assign(self.id, request.job, &life).map(|()| Reply::value(&Done {}))
    }

    /// Ends the processes of a job.
    pub fn end_job(&self, request: &EndJob) -> Answer {
        self.sandbox.dispatcher.end_job(self.id, request.job, request.code).map(|()| Reply::value(&Done {}))
    }

    /// What is known of a job.
    pub fn query_job(&self, request: &QueryJob) -> Answer {
        let (facts, members) = self.sandbox.dispatcher.job_facts(self.id, request.job)?;
        Ok(Reply::value(&facts).with_payload(members.iter().flat_map(|id| id.to_le_bytes()).collect()))
    }

    /// Limits a job.
    pub fn limit_job(&self, request: &LimitJob) -> Answer {
        self.sandbox.dispatcher.limit_job(self.id, request.job, request.limits, request.most).map(|()| Reply::value(&Done {}))
    }

    /// Tells the process of what happens in a job.
    pub fn watch_job(&self, request: &WatchJob) -> Answer {
        if request.ends != 0 {
            return self.sandbox.dispatcher.watch_job(self.id, request.job, None).map(|()| Reply::value(&Done {}));
        }
        let (news, watcher) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|_| STATUS_TOO_MANY_OPENED_FILES)?;
        if !leaves_room(watcher.as_fd()) {
            return Err(STATUS_TOO_MANY_OPENED_FILES);
        }
        self.sandbox.dispatcher.watch_job(self.id, request.job, Some(watcher))?;
        Ok(Reply::value(&Done {}).with_descriptor(Some(Arc::new(news))))
    }

    /// Whether a process is in a job.
    pub fn is_in_job(&self, request: &InJob) -> Answer {
        let life = self.life_of(request.process)?;
        let answer = self.sandbox.dispatcher.is_in_job(self.id, life.id, request.job)?;
        Ok(Reply::value(&Word { value: answer.into() }))
    }
}
