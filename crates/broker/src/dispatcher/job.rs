//! A job: who is in it, its limits, and who hears of it.

use crate::life::Life;
use protocol::message::JobNews;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::System::JobObjects::JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
use zerocopy::IntoBytes;

/// A job.
#[derive(Default)]
pub struct Job {
    /// `JOB_OBJECT_LIMIT_*`.
    pub limits: u32,
    /// The most processes at once, where that is limited.
    pub most: u32,
    /// The job that it is nested in, or 0.
    pub outer: u32,
    pub members: BTreeMap<u32, Arc<Life>>,
    /// How many ever were in it.
    pub total: u32,
    /// How many a limit has ended.
    pub terminated: u32,
    /// What those have used that have ended: user and kernel time, in 100 ns.
    pub used: [i64; 2],
    /// Somebody ends it: it is signalled once all have ended.
    pub ending: bool,
    /// Where its news go.
    pub watcher: Option<OwnedFd>,
}

impl Job {
    /// Tells of something. Windows promises no delivery either: what finds no room is lost.
    pub fn tell(&mut self, message: u32, process: u32) {
        let news = JobNews { message, process };
        if let Some(watcher) = &self.watcher
            && rustix::io::write(watcher, news.as_bytes()).is_err_and(|error| error == rustix::io::Errno::PIPE)
        {
            self.watcher = None;
        }
    }

    pub fn is_full(&self) -> bool {
        self.limits & JOB_OBJECT_LIMIT_ACTIVE_PROCESS != 0 && self.members.len() >= self.most as usize
    }

    /// Whether nobody has been in it, so that it can still be nested in another one.
    pub fn is_fresh(&self) -> bool {
        self.outer == 0 && self.members.is_empty()
    }

    /// Whether it has to stay though nobody has it open.
    pub fn has_members(&self) -> bool {
        !self.members.is_empty()
    }
}
