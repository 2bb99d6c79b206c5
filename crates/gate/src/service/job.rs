//! Requests about jobs: processes that are ended, limited and counted together.

use crate::{Address, Handle};

requests! {
    /// Puts a process into a job, and into those that the job is nested in.
    AssignProcess {
        /// The job.
        job: Handle,
        /// The process.
        process: Handle,
    }
    /// Ends the processes of a job.
    TerminateJob {
        /// The job.
        job: Handle,
        /// Their exit code.
        code: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers what is known of a job.
    QueryJob {
        /// The job; 0 is the innermost one of the calling process.
        job: Handle,
        /// Where the numbers of its processes go, 4 bytes each.
        members: Address,
        /// How many fit there.
        room: u64,
        /// Out: user and kernel time that its processes have used, in 100 ns units.
        used: [i64; 2],
        /// Out: `JOB_OBJECT_LIMIT_*`.
        limits: u32,
        /// Out: the most processes that may be in it at once, where that is limited.
        most: u32,
        /// Out: how many are in it.
        active: u32,
        /// Out: how many ever were.
        total: u32,
        /// Out: how many were ended because of a limit.
        terminated: u32,
        /// Unused.
        pad: u32,
    }
    /// Limits a job.
    LimitJob {
        /// The job.
        job: Handle,
        /// `JOB_OBJECT_LIMIT_*`.
        limits: u32,
        /// The most processes that may be in it at once, where that is limited.
        most: u32,
    }
    /// Lets a completion port hear of what happens in a job, or of nothing more.
    WatchJob {
        /// The job.
        job: Handle,
        /// The port; 0 for none.
        port: Handle,
        /// The key of its packets.
        key: u64,
    }
    /// Answers whether a process is in a job.
    InJob {
        /// The process.
        process: Handle,
        /// The job; 0 is any.
        job: Handle,
        /// Out: non-zero where it is.
        answer: u32,
        /// Unused.
        pad: u32,
    }
}
