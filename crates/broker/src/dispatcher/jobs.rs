//! Jobs: processes that are ended, limited and counted together. A process in a nested job is in those around it too.

use super::job::Job;
use super::object::{Body, Object, Waitable};
use super::{Dispatcher, Inner};
use crate::life::Life;
use protocol::message::JobFacts;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    ERROR_NOT_ENOUGH_QUOTA, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION, STATUS_ARRAY_BOUNDS_EXCEEDED, STATUS_BREAKPOINT,
    STATUS_CONTROL_C_EXIT, STATUS_DATATYPE_MISALIGNMENT, STATUS_FLOAT_DENORMAL_OPERAND, STATUS_FLOAT_DIVIDE_BY_ZERO, STATUS_FLOAT_INEXACT_RESULT,
    STATUS_FLOAT_INVALID_OPERATION, STATUS_FLOAT_OVERFLOW, STATUS_FLOAT_STACK_CHECK, STATUS_FLOAT_UNDERFLOW, STATUS_GUARD_PAGE_VIOLATION,
    STATUS_ILLEGAL_INSTRUCTION, STATUS_IN_PAGE_ERROR, STATUS_INTEGER_DIVIDE_BY_ZERO, STATUS_INTEGER_OVERFLOW, STATUS_INVALID_DISPOSITION,
    STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_NONCONTINUABLE_EXCEPTION, STATUS_NOT_SUPPORTED, STATUS_OBJECT_TYPE_MISMATCH,
    STATUS_PRIVILEGED_INSTRUCTION, STATUS_PROCESS_IS_TERMINATING, STATUS_QUOTA_EXCEEDED, STATUS_SINGLE_STEP, STATUS_STACK_OVERFLOW,
};
use windows_sys::Win32::System::JobObjects::{
    JOB_OBJECT_LIMIT_ACTIVE_PROCESS, JOB_OBJECT_LIMIT_BREAKAWAY_OK, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK,
};
use windows_sys::Win32::System::SystemServices::{
    JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, JOB_OBJECT_MSG_EXIT_PROCESS,
    JOB_OBJECT_MSG_NEW_PROCESS,
};

/// The limits that are kept. A process dies of an exception that nobody handles as it is.
const KEPT: u32 = JOB_OBJECT_LIMIT_ACTIVE_PROCESS
    | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
    | JOB_OBJECT_LIMIT_BREAKAWAY_OK
    | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
    | JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
/// Every limit that Windows knows.
const KNOWN: u32 = 0x7FFF;
/// The most jobs that one can be nested in.
const DEEPEST: usize = 32;

impl Dispatcher {
    /// Puts a process into a job, and into those that the job is nested in.
    pub fn assign(&self, process: u32, number: u32, life: &Arc<Life>) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        inner.opened(process, number)?;
        inner.assign(number, life)
    }

    /// Puts a process that is about to begin into its parent's jobs, unless it breaks away, and into others that its parent has open.
    pub fn join(&self, parent: &Life, life: &Arc<Life>, breaks_away: bool, jobs: &[u32]) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        // Who is about to be ended with its jobs leaves no child behind.
        if parent.doomed().is_some() {
            return Err(STATUS_PROCESS_IS_TERMINATING);
        }
        let mut chain = inner.chains.get(&parent.id).cloned().unwrap_or_default();
        let allows = |inner: &mut Inner, limits: u32, number| inner.job(number).is_ok_and(|(_, job)| job.limits & limits != 0);
        if breaks_away
            && chain.last().is_some_and(|last| !allows(&mut inner, JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, *last))
        {
            return Err(STATUS_ACCESS_DENIED);
        }
        let freeing = JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK | if breaks_away { JOB_OBJECT_LIMIT_BREAKAWAY_OK } else { 0 };
        while chain.last().is_some_and(|last| allows(&mut inner, freeing, *last)) {
            chain.pop();
        }
        if let Some(innermost) = chain.last() {
            inner.enter_chain(chain.len(), *innermost, life)?;
        }
        for number in jobs {
            inner.opened(parent.id, *number)?;
            inner.assign(*number, life)?;
        }
        Ok(())
    }

    /// A process has ended, or never began: it is in no job any more.
    pub fn leave_jobs(&self, life: &Life) {
        let mut inner = self.lock();
        let Some(chain) = inner.chains.remove(&life.id) else { return };
        let used = life.used();
        let message =
            if life.ended().is_some_and(|end| is_abnormal(end.code)) { JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS } else { JOB_OBJECT_MSG_EXIT_PROCESS };
        for number in chain.into_iter().rev() {
            let Ok((waitable, job)) = inner.job(number) else { continue };
            job.members.remove(&life.id);
            for (all, one) in job.used.iter_mut().zip(used) {
                *all += one;
            }
            job.tell(message, life.id);
            if job.members.is_empty() {
                job.tell(JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0);
                let ending = std::mem::take(&mut job.ending);
                if ending {
                    waitable.state = 1;
                    inner.serve(number);
                }
                inner.closed(number);
            }
        }
    }

    /// Ends the processes of a job.
    pub fn end_job(&self, process: u32, number: u32, code: u32) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        inner.opened(process, number)?;
        let (waitable, job) = inner.job(number)?;
        if job.members.is_empty() {
            waitable.state = 1;
            inner.serve(number);
            return Ok(());
        }
        job.ending = true;
        inner.doom_all(number, code);
        Ok(())
    }

    /// What is known of a job that a process has open, or of its innermost one, and who is in it.
    pub fn job_facts(&self, process: u32, number: u32) -> Result<(JobFacts, Vec<u32>), NTSTATUS> {
        let mut inner = self.lock();
        let number = if number == 0 {
            inner.chains.get(&process).and_then(|chain| chain.last().copied()).ok_or(STATUS_ACCESS_DENIED)?
        } else {
            inner.opened(process, number)?;
            number
        };
        let (_, job) = inner.job(number)?;
        let mut facts = JobFacts { used: job.used, limits: job.limits, most: job.most, total: job.total, terminated: job.terminated };
        let members: Vec<Arc<Life>> = job.members.values().cloned().collect();
        // The host takes its time to count.
        drop(inner);
        for life in &members {
            for (all, one) in facts.used.iter_mut().zip(life.used()) {
                *all += one;
            }
        }
        Ok((facts, members.iter().map(|life| life.id).collect()))
    }

    /// Limits a job. What cannot be kept is refused.
    pub fn limit_job(&self, process: u32, number: u32, limits: u32, most: u32) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        inner.opened(process, number)?;
        let (_, job) = inner.job(number)?;
        if limits & !KNOWN != 0 || limits & JOB_OBJECT_LIMIT_ACTIVE_PROCESS != 0 && most == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if limits & !KEPT != 0 {
            return Err(STATUS_NOT_SUPPORTED);
        }
        (job.limits, job.most) = (limits, if limits & JOB_OBJECT_LIMIT_ACTIVE_PROCESS != 0 { most } else { 0 });
        Ok(())
    }

    /// Sends what happens in a job to a pipe, or to none; who is in it already is told as new.
    pub fn watch_job(&self, process: u32, number: u32, watcher: Option<OwnedFd>) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        inner.opened(process, number)?;
        let (_, job) = inner.job(number)?;
        if watcher.is_some() && job.watcher.is_some() {
            return Err(STATUS_INVALID_PARAMETER);
        }
        job.watcher = watcher;
        for id in job.members.keys().copied().collect::<Vec<_>>() {
            job.tell(JOB_OBJECT_MSG_NEW_PROCESS, id);
        }
        Ok(())
    }

    /// Whether a process is in a job that another one has open, or in any.
    pub fn is_in_job(&self, process: u32, life: u32, number: u32) -> Result<bool, NTSTATUS> {
        let mut inner = self.lock();
        if number != 0 {
            inner.opened(process, number)?;
            inner.job(number)?;
        }
        Ok(inner.chains.get(&life).is_some_and(|chain| number == 0 || chain.contains(&number)))
    }
}

impl Inner {
    fn job(&mut self, number: u32) -> Result<(&mut Waitable, &mut Job), NTSTATUS> {
        match self.objects.get_mut(&number) {
            Some(Object { body: Body::Job(waitable, job), .. }) => Ok((waitable, job)),
            Some(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
            None => Err(STATUS_INVALID_HANDLE),
        }
    }

    /// A job and those that it is nested in, from the outermost one on.
    fn path(&mut self, number: u32) -> Vec<u32> {
        let mut path = vec![number];
        while let Some(outer) = path.last().and_then(|last| self.job(*last).ok()).map(|(_, job)| job.outer).filter(|outer| *outer != 0) {
            if path.contains(&outer) || self.job(outer).is_err() {
                break;
            }
            path.push(outer);
        }
        path.reverse();
        path
    }

    fn assign(&mut self, number: u32, life: &Arc<Life>) -> Result<(), NTSTATUS> {
        self.job(number)?;
        if life.ended().is_some() || life.doomed().is_some() {
            return Err(STATUS_PROCESS_IS_TERMINATING);
        }
        let chain = self.chains.get(&life.id).cloned().unwrap_or_default();
        if chain.contains(&number) {
            return Err(STATUS_ACCESS_DENIED);
        }
        let path = self.path(number);
        let depth = if path.starts_with(&chain) {
            path.len()
        } else if self.job(number)?.1.is_fresh() && chain.len() < DEEPEST {
            self.job(number)?.1.outer = chain.last().copied().unwrap_or(0);
            chain.len() + 1
        } else {
            // Jobs are nested one in another: a process cannot be in two of which neither is.
            return Err(STATUS_ACCESS_DENIED);
        };
        self.enter_chain(depth, number, life)
    }

    /// Puts a process into the outermost `depth` jobs of those on the way to a job, as far as it is not in them.
    fn enter_chain(&mut self, depth: usize, number: u32, life: &Arc<Life>) -> Result<(), NTSTATUS> {
        let mut path = self.path(number);
        path.truncate(depth);
        let known = self.chains.get(&life.id).map_or(0, Vec::len);
        let new: Vec<u32> = path[known.min(path.len())..].to_vec();
        for number in &new {
            let (_, job) = self.job(*number)?;
            if job.is_full() {
                job.tell(JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT, 0);
                job.terminated += 1;
                self.doom(life, ERROR_NOT_ENOUGH_QUOTA);
                return Err(STATUS_QUOTA_EXCEEDED);
            }
        }
        for number in &new {
            let (waitable, job) = self.job(*number)?;
            waitable.state = 0;
            job.members.insert(life.id, Arc::clone(life));
            job.total += 1;
            job.tell(JOB_OBJECT_MSG_NEW_PROCESS, life.id);
        }
        self.chains.insert(life.id, path);
        Ok(())
    }

    /// Ends a process, once the lock is given back.
    fn doom(&mut self, life: &Life, code: u32) {
        life.doom(code);
        self.doomed.push((life.id, code));
    }

    fn doom_all(&mut self, number: u32, code: u32) {
        let Ok((_, job)) = self.job(number) else { return };
        for life in job.members.values().cloned().collect::<Vec<_>>() {
            self.doom(&life, code);
        }
    }

    /// Nobody has a job open any more.
    pub fn job_closed(&mut self, number: u32) {
        if self.job(number).is_ok_and(|(_, job)| job.limits & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE != 0) {
            // As Windows ends them.
            self.doom_all(number, 0);
        }
    }
}

/// Whether an exit code is one of those that Windows takes for a crash (`JOBOBJECT_ASSOCIATE_COMPLETION_PORT`).
const fn is_abnormal(code: u32) -> bool {
    matches!(
        code as NTSTATUS,
        STATUS_ACCESS_VIOLATION
            | STATUS_ARRAY_BOUNDS_EXCEEDED
            | STATUS_BREAKPOINT
            | STATUS_CONTROL_C_EXIT
            | STATUS_DATATYPE_MISALIGNMENT
            | STATUS_FLOAT_DENORMAL_OPERAND
            | STATUS_FLOAT_DIVIDE_BY_ZERO
            | STATUS_FLOAT_INEXACT_RESULT
            | STATUS_FLOAT_INVALID_OPERATION
            | STATUS_FLOAT_OVERFLOW
            | STATUS_FLOAT_STACK_CHECK
            | STATUS_FLOAT_UNDERFLOW
            | STATUS_GUARD_PAGE_VIOLATION
            | STATUS_ILLEGAL_INSTRUCTION
            | STATUS_IN_PAGE_ERROR
            | STATUS_INTEGER_DIVIDE_BY_ZERO
            | STATUS_INTEGER_OVERFLOW
            | STATUS_INVALID_DISPOSITION
            | STATUS_NONCONTINUABLE_EXCEPTION
            | STATUS_PRIVILEGED_INSTRUCTION
            | STATUS_SINGLE_STEP
            | STATUS_STACK_OVERFLOW
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatcher::New;
    use crate::order::Launcher;
    use gate::service::ObjectKind;
    use protocol::message::JobNews;
    use std::os::fd::AsFd;

    struct Broker {
        dispatcher: Dispatcher,
        launcher: Arc<Launcher>,
    }

    impl Broker {
        fn new() -> Self {
            let (dispatcher, launcher) = (Dispatcher::default(), Arc::new(Launcher::new().unwrap()));
            dispatcher.set_launcher(&launcher);
            Self { dispatcher, launcher }
        }

        /// A job that process 1 has open.
        fn job(&self, name: char) -> u32 {
            let name = [name as u8, 0];
            self.dispatcher.open(1, 1, &name, ObjectKind::Job as u32, New::Job).unwrap().0.number
        }

        fn ended(&self) -> Vec<u32> {
            let mut ended: Vec<u32> = self.launcher.take().1.into_iter().map(|(id, _)| id).collect();
            ended.sort_unstable();
            ended
        }
    }

    fn life(id: u32) -> Arc<Life> {
        Arc::new(Life::new(id, 1, id + 4, Vec::new(), false, false))
    }

    #[test]
    fn whom_a_job_dooms_starts_nobody() {
        let broker = Broker::new();
        let (job, parent) = (broker.job('a'), life(8));
        broker.dispatcher.assign(1, job, &parent).unwrap();
        broker.dispatcher.end_job(1, job, 5).unwrap();
        assert_eq!(parent.doomed(), Some(5));
        assert_eq!(broker.dispatcher.join(&parent, &life(16), false, &[]), Err(STATUS_PROCESS_IS_TERMINATING));
        assert_eq!(broker.ended(), [8]);
    }

    #[test]
    fn the_last_handle_ends_those_of_inner_jobs_too() {
        let broker = Broker::new();
        let (outer, inner) = (broker.job('a'), broker.job('b'));
        broker.dispatcher.limit_job(1, outer, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0).unwrap();
        let lives = [life(8), life(16)];
        lives.iter().for_each(|life| broker.dispatcher.assign(1, outer, life).unwrap());
        broker.dispatcher.assign(1, inner, &lives[1]).unwrap();
        broker.dispatcher.release(1, outer, 1).unwrap();
        assert_eq!(broker.ended(), [8, 16]);
        // The job goes with its last process.
        assert!(broker.dispatcher.lock().objects.contains_key(&outer));
        for life in &lives {
            life.end(0);
            broker.dispatcher.leave_jobs(life);
        }
        assert!(!broker.dispatcher.lock().objects.contains_key(&outer));
        assert!(broker.dispatcher.lock().chains.is_empty());
    }

    #[test]
    fn who_comes_into_a_nested_job_comes_into_those_around_it() {
        let broker = Broker::new();
        let (outer, inner) = (broker.job('a'), broker.job('b'));
        let (first, second) = (life(8), life(16));
        broker.dispatcher.assign(1, outer, &first).unwrap();
        broker.dispatcher.assign(1, inner, &first).unwrap();
        broker.dispatcher.assign(1, inner, &second).unwrap();
        assert_eq!(broker.dispatcher.is_in_job(1, 16, outer), Ok(true));
        // The other way round would be a circle.
        assert_eq!(broker.dispatcher.assign(1, outer, &second), Err(STATUS_ACCESS_DENIED));
    }

    #[test]
    fn jobs_are_nested_so_deep_and_no_deeper() {
        let broker = Broker::new();
        let life = life(8);
        let nested = (0..200_u8).filter(|number| broker.dispatcher.assign(1, broker.job(char::from(*number)), &life).is_ok()).count();
        assert_eq!(nested, DEEPEST);
    }

    #[test]
    fn a_job_that_a_process_has_not_open_is_not_its() {
        let broker = Broker::new();
        let job = broker.job('a');
        assert_eq!(broker.dispatcher.assign(2, job, &life(8)), Err(STATUS_INVALID_HANDLE));
        assert_eq!(broker.dispatcher.end_job(2, job, 0), Err(STATUS_INVALID_HANDLE));
        assert_eq!(broker.dispatcher.join(&life(2), &life(8), false, &[job]), Err(STATUS_INVALID_HANDLE));
        assert_eq!(broker.dispatcher.limit_job(1, job, 0x8000, 0), Err(STATUS_INVALID_PARAMETER));
    }

    #[test]
    fn a_watcher_that_is_slow_or_gone_holds_nobody_up() {
        let broker = Broker::new();
        let job = broker.job('a');
        let (news, watcher) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::NONBLOCK).unwrap();
        broker.dispatcher.watch_job(1, job, Some(watcher)).unwrap();
        for id in 0..20_000_u32 {
            let life = life(id * 8 + 8);
            broker.dispatcher.assign(1, job, &life).unwrap();
            life.end(0);
            broker.dispatcher.leave_jobs(&life);
        }
        let mut first = [0; size_of::<JobNews>()];
        assert_eq!(rustix::io::read(news.as_fd(), &mut first), Ok(8));
        drop(news);
        broker.dispatcher.assign(1, job, &life(4)).unwrap();
        assert!(broker.dispatcher.lock().job(job).unwrap().1.watcher.is_none());
    }
}
