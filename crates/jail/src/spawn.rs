//! Starts a process in its namespaces: clone without copying memory, an empty root, descriptors at their numbers, exec.

use crate::layers::{Layer, Layers};
use crate::limits::Limits;
use rustix::process::Pid;
use std::ffi::{CStr, c_int, c_void};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::null;
use std::sync::atomic::{AtomicU32, Ordering};

/// What to start.
#[derive(Debug)]
pub struct Spawn<'a> {
    /// The program: a static executable.
    pub executable: BorrowedFd<'a>,
    /// Its arguments, the first being its name.
    pub arguments: &'a [&'a CStr],
    /// The descriptors that it gets as 0, 1, 2 and so on; `None` leaves a number closed.
    pub descriptors: &'a [Option<BorrowedFd<'a>>],
    /// The layers wanted; those that the host lacks are left out.
    pub layers: Layers,
    /// Those without which it must not start.
    pub required: Layers,
    /// Its limits.
    pub limits: Limits,
    /// What must have come before the program runs.
    pub after: Option<&'a Gate>,
}

/// A gate that another thread opens, so that its work goes on while the namespaces are made.
#[derive(Debug, Default)]
pub struct Gate(AtomicU32);

impl Gate {
    /// Opens it, for good.
    pub fn open(&self) {
        self.0.store(1, Ordering::Release);
        // SAFETY: the word lives; a wake-up that nobody waits for does nothing.
        unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, i32::MAX) };
    }

    /// Waits for it: one system call, or none.
    fn pass(&self) {
        while self.0.load(Ordering::Acquire) == 0 {
            let forever = null::<libc::timespec>();
            // SAFETY: the word lives; the kernel compares it before it sleeps.
            unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, 0, forever) };
        }
    }
}

/// A process that was started.
#[derive(Debug)]
pub struct Child {
    /// The host's number of it.
    pub pid: Pid,
    /// Becomes readable when it has ended.
    pub descriptor: OwnedFd,
    /// The layers that are on.
    pub layers: Layers,
}

/// Why nothing was started.
#[derive(Debug)]
pub struct SpawnError {
    /// What was tried.
    pub step: &'static str,
    /// What the host said.
    pub error: std::io::Error,
    /// A layer that was required and that the host refused.
    pub missing: Option<Layer>,
}

/// Where a child leaves word for its parent, in the memory that both share until exec.
struct Word {
    failed: Option<(&'static str, i32)>,
    mounted: bool,
}

struct Plan<'a> {
    spawn: &'a Spawn<'a>,
    layers: Layers,
    arguments: Vec<*const libc::c_char>,
    word: *mut Word,
}

/// The step at which the root folder could not be emptied, where that is required.
const UNMOUNTED: &str = "mount";

/// Bytes of the stack that a child uses before exec.
const STACK: usize = 64 * 1024;

impl Spawn<'_> {
    /// Starts the process. Namespaces that the host refuses are left out, the network's first, for it is the one that
    /// small hosts lack alone.
    pub fn start(&self) -> Result<Child, SpawnError> {
        let all = self.layers;
        let fallbacks = [
            all,
            all.without(Layer::Net),
            all.without(Layer::Net).without(Layer::User).without(Layer::Mount).without(Layer::Pid).without(Layer::Ipc),
        ];
        let mut refused = SpawnError { step: "clone", error: std::io::Error::from_raw_os_error(libc::EPERM), missing: None };
        for layers in fallbacks {
            if let Some(missing) = self.required.iter().find(|layer| !layers.has(*layer)) {
                return Err(SpawnError { missing: Some(missing), ..refused });
            }
            match self.start_with(layers) {
                Err(error) if error.step == "clone" && is_lack(&error.error) => refused = error,
                done => return done,
            }
        }
        Err(refused)
    }

    fn start_with(&self, layers: Layers) -> Result<Child, SpawnError> {
        let mut word = Word { failed: None, mounted: false };
        let arguments = self.arguments.iter().map(|argument| argument.as_ptr()).chain([null()]).collect();
        let plan = Plan { spawn: self, layers, arguments, word: &raw mut word };
        // Its pages are touched only as they are used.
        let mut stack = Vec::<u128>::with_capacity(STACK / 16);
        let mut descriptor: c_int = -1;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD | namespaces(layers);
        let signals = BlockedSignals::new();
        // SAFETY: the child runs `child` on a stack of its own and changes nothing of this process but `word`; this thread
        // sleeps until the child has execed or ended (CLONE_VFORK).
        let pid = unsafe {
            libc::clone(
                child,
                stack.spare_capacity_mut().as_mut_ptr_range().end.cast(),
                flags,
                (&raw const plan).cast_mut().cast(),
                &raw mut descriptor,
            )
        };
        let error = std::io::Error::last_os_error();
        drop(signals);
        let Some(pid) = Pid::from_raw(pid).filter(|_| pid > 0) else { return Err(SpawnError { step: "clone", error, missing: None }) };
        // SAFETY: the kernel has just made it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        if let Some((step, code)) = word.failed {
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
            let missing = (step == UNMOUNTED).then_some(Layer::Mount);
            return Err(SpawnError { step, error: std::io::Error::from_raw_os_error(code), missing });
        }
        // Where the host runs out of memory, the program that took it goes first. A host that forbids this has another way.
        let _ = std::fs::write(format!("/proc/{}/oom_score_adj", pid.as_raw_nonzero()), "1000");
        let layers = if word.mounted { layers } else { layers.without(Layer::Mount) };
        Ok(Child { pid, descriptor, layers })
    }
}

/// Whether the host does not offer something, ever: what has only run out is no reason to do without.
fn is_lack(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::EINVAL | libc::ENOSYS))
}

fn namespaces(layers: Layers) -> c_int {
    let rows = [
        (Layer::User, libc::CLONE_NEWUSER),
        (Layer::Mount, libc::CLONE_NEWNS),
        (Layer::Pid, libc::CLONE_NEWPID),
        (Layer::Net, libc::CLONE_NEWNET),
        (Layer::Ipc, libc::CLONE_NEWIPC),
    ];
    rows.into_iter().filter(|(layer, _)| layers.has(*layer)).fold(0, |flags, (_, flag)| flags | flag)
}

/// All signals blocked, so that none is handled in a child that shares this process's memory.
struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    fn new() -> Self {
        // SAFETY: signal sets are plain data, and the thread's mask is put back by `drop`.
        unsafe {
            let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
            Self(before)
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the mask was this thread's own.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// Runs in the child, in the parent's memory: system calls only, no allocation, no lock.
extern "C" fn child(plan: *mut c_void) -> c_int {
    // SAFETY: the parent keeps the plan alive and sleeps.
    let plan = unsafe { &*plan.cast::<Plan<'_>>() };
    let failed = |step| {
        let code = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        // SAFETY: the parent sleeps, nobody else looks at the word.
        unsafe { (*plan.word).failed = Some((step, code)) };
        127
    };
    // SAFETY: calls that change this child alone. Signals that the parent ignores are put back to their defaults.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::setsid();
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
    if plan.layers.has(Layer::Mount) {
        // SAFETY: as above.
        unsafe { (*plan.word).mounted = empty_root().is_some() };
        // SAFETY: as above.
        if plan.spawn.required.has(Layer::Mount) && !unsafe { (*plan.word).mounted } {
            return failed(UNMOUNTED);
        }
    }
    let Some(executable) = place_descriptors(plan.spawn) else { return failed("descriptors") };
    plan.spawn.limits.apply(plan.layers.has(Layer::User));
    if let Some(gate) = plan.spawn.after {
        gate.pass();
    }
    // SAFETY: the arguments end in NULL and live as long as the plan; the signal mask is emptied for the new program.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        let environment: [*const libc::c_char; 1] = [null()];
        libc::syscall(libc::SYS_execveat, executable, c"".as_ptr(), plan.arguments.as_ptr(), environment.as_ptr(), libc::AT_EMPTY_PATH);
    }
    failed("exec")
}

/// Makes an empty, read-only folder the root of this mount namespace.
fn empty_root() -> Option<()> {
    let done = |code: c_int| (code == 0).then_some(());
    let root = c"/".as_ptr();
    let tmpfs = c"tmpfs".as_ptr();
    const TMPFS: libc::c_ulong = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    // SAFETY: changes to the child's own mount namespace; every string is a constant.
    unsafe {
        done(libc::mount(null(), root, null(), libc::MS_REC | libc::MS_PRIVATE, null()))?;
        done(libc::mount(tmpfs, c"/tmp".as_ptr(), tmpfs, TMPFS | libc::MS_RDONLY, c"nr_inodes=2,size=4k,mode=555".as_ptr().cast()))?;
        done(libc::chdir(c"/tmp".as_ptr()))?;
        done(libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) as c_int)?;
        done(libc::umount2(c".".as_ptr(), libc::MNT_DETACH))?;
        done(libc::chdir(root))
    }
}

/// Puts the descriptors at their numbers, and closes all others. Answers the executable's.
fn place_descriptors(spawn: &Spawn<'_>) -> Option<c_int> {
    let count = spawn.descriptors.len() as c_int;
    let high = |descriptor: BorrowedFd<'_>, least: c_int| {
        // SAFETY: a copy in the child's own table.
        let copy = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) };
        (copy >= 0).then_some(copy)
    };
    // First out of each other's way, then into place.
    let executable = high(spawn.executable, count)?;
    let mut copies = [-1; 32];
    for (copy, descriptor) in copies.iter_mut().zip(spawn.descriptors) {
        if let Some(descriptor) = descriptor {
            *copy = high(*descriptor, count)?;
        }
    }
    for (number, copy) in (0..count).zip(copies) {
        // SAFETY: as above; closing a number that is not open is answered with an error and does nothing.
        unsafe {
            if copy < 0 {
                libc::close(number);
            } else if libc::dup2(copy, number) < 0 {
                return None;
            }
        }
    }
    // SAFETY: the child's own table; the executable is closed by exec.
    unsafe {
        if libc::dup2(executable, count) < 0 || libc::fcntl(count, libc::F_SETFD, libc::FD_CLOEXEC) < 0 {
            return None;
        }
        (libc::syscall(libc::SYS_close_range, count + 1, u32::MAX, 0) == 0).then_some(count)
    }
}
