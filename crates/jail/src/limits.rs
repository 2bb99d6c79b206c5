//! Resource limits of a sandbox process.

/// What a process may use at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of private memory that can be written.
    pub memory: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Threads, where the process has a user namespace: elsewhere the host would count all of the user's.
    pub threads: u64,
}

impl Limits {
    /// Three quarters of the machine's memory, and what the host allows of the rest.
    pub fn standard() -> Self {
        let host = rustix::system::sysinfo();
        let memory = host.totalram as u64 * u64::from(host.mem_unit.max(1));
        Self { memory: memory / 4 * 3, descriptors: 65_536, file: libc::RLIM_INFINITY, threads: 8192 }
    }

    /// Sets the limits on the calling process. Called between clone and exec: nothing but system calls.
    pub(crate) fn apply(&self, own_user: bool) {
        let rows = [
            (libc::RLIMIT_DATA, self.memory),
            (libc::RLIMIT_NOFILE, self.descriptors),
            (libc::RLIMIT_FSIZE, self.file),
            (libc::RLIMIT_CORE, 0),
            // What a process of Windows can lock by default: its smallest working set, less a little.
            (libc::RLIMIT_MEMLOCK, 48 * 4096),
            (libc::RLIMIT_MSGQUEUE, 0),
            (libc::RLIMIT_NPROC, if own_user { self.threads } else { libc::RLIM_INFINITY }),
        ];
        for (resource, most) in rows {
            // SAFETY: lowering limits of this process; the structure lives through both calls.
            unsafe {
                let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
                libc::getrlimit(resource, &raw mut limit);
                limit.rlim_max = limit.rlim_max.min(most);
                limit.rlim_cur = limit.rlim_max;
                libc::setrlimit(resource, &raw const limit);
            }
        }
    }
}
