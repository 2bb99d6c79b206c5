//! The system calls that a sandbox process may make. Each row carries its reason. What no row allows is answered by the
//! broker, whom the kernel tells of it; the guest cannot silence that. Read by the build script and by the crate.

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Exactly this.
    Equal(u64),
    /// Anything but this.
    Differ(u64),
    /// Anything without these bits.
    Lack(u64),
    /// One of these.
    OneOf(&'static [u64]),
    /// The process's own number, which is filled in when the filter is installed.
    OwnProcess,
}

/// One allowed system call.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    /// What one of its arguments must be.
    pub argument: Option<(u8, Must)>,
    /// Why it is needed.
    pub reason: &'static str,
}

/// What stands in the filter for the process's own number, until it is installed ([`Must::OwnProcess`]).
pub const OWN_PROCESS_STAND_IN: u32 = 0x5AFE_C0DE;

/// The boot socket's descriptor: it carries the seccomp listener to the broker, who then closes the other end.
pub const BOOT: u64 = 5;

/// `FIONREAD` (asm-generic/ioctls.h); the C libraries differ in its type.
const FIONREAD: u64 = 0x541B;
/// `TIOCOUTQ`, which sockets answer as `SIOCOUTQ`.
const TIOCOUTQ: u64 = 0x5411;

/// `F_OFD_GETLK` (asm-generic/fcntl.h), which never waits.
const OFD_GETLK: u64 = 36;

/// `FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE`.
const PUNCH_HOLE: u64 = 3;

const THREAD_FLAGS: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID
    | libc::CLONE_DETACHED) as u64;

macro_rules! rules {
    ($( $name:ident $(($index:literal, $must:expr))? $reason:literal; )*) => {
        [$( Rule {
            number: rule_number!($name),
            name: stringify!($name),
            argument: rule_argument!($($index, $must)?),
            reason: $reason,
        } ),*]
    };
}
macro_rules! rule_argument {
    () => {
        None
    };
    ($index:literal, $must:expr) => {
        Some(($index, $must))
    };
}
macro_rules! rule_number {
    (read) => {
        libc::SYS_read
    };
    (write) => {
        libc::SYS_write
    };
    (readv) => {
        libc::SYS_readv
    };
    (writev) => {
        libc::SYS_writev
    };
    (pread64) => {
        libc::SYS_pread64
    };
    (pwrite64) => {
        libc::SYS_pwrite64
    };
    (lseek) => {
        libc::SYS_lseek
    };
    (fstat) => {
        libc::SYS_fstat
    };
    (ftruncate) => {
        libc::SYS_ftruncate
    };
    (fallocate) => {
        libc::SYS_fallocate
    };
    (fsync) => {
        libc::SYS_fsync
    };
    (fdatasync) => {
        libc::SYS_fdatasync
    };
    (close) => {
        libc::SYS_close
    };
    (poll) => {
        libc::SYS_poll
    };
    (ppoll) => {
        libc::SYS_ppoll
    };
    (ioctl) => {
        libc::SYS_ioctl
    };
    (tee) => {
        libc::SYS_tee
    };
    (recvmsg) => {
        libc::SYS_recvmsg
    };
    (sendmsg) => {
        libc::SYS_sendmsg
    };
    (fcntl) => {
        libc::SYS_fcntl
    };
    (mmap) => {
        libc::SYS_mmap
    };
    (mprotect) => {
        libc::SYS_mprotect
    };
    (munmap) => {
        libc::SYS_munmap
    };
    (madvise) => {
        libc::SYS_madvise
    };
    (mremap) => {
        libc::SYS_mremap
    };
    (brk) => {
        libc::SYS_brk
    };
    (futex) => {
        libc::SYS_futex
    };
    (futex_waitv) => {
        449
    };
    (set_robust_list) => {
        libc::SYS_set_robust_list
    };
    (rseq) => {
        libc::SYS_rseq
    };
    (set_tid_address) => {
        libc::SYS_set_tid_address
    };
    (gettid) => {
        libc::SYS_gettid
    };
    (getpid) => {
        libc::SYS_getpid
    };
    (sched_yield) => {
        libc::SYS_sched_yield
    };
    (sched_getaffinity) => {
        libc::SYS_sched_getaffinity
    };
    (sched_setaffinity) => {
        libc::SYS_sched_setaffinity
    };
    (mlock) => {
        libc::SYS_mlock
    };
    (munlock) => {
        libc::SYS_munlock
    };
    (rt_sigaction) => {
        libc::SYS_rt_sigaction
    };
    (rt_sigprocmask) => {
        libc::SYS_rt_sigprocmask
    };
    (rt_sigreturn) => {
        libc::SYS_rt_sigreturn
    };
    (sigaltstack) => {
        libc::SYS_sigaltstack
    };
    (restart_syscall) => {
        libc::SYS_restart_syscall
    };
    (exit) => {
        libc::SYS_exit
    };
    (exit_group) => {
        libc::SYS_exit_group
    };
    (nanosleep) => {
        libc::SYS_nanosleep
    };
    (clock_nanosleep) => {
        libc::SYS_clock_nanosleep
    };
    (clock_gettime) => {
        libc::SYS_clock_gettime
    };
    (getrandom) => {
        libc::SYS_getrandom
    };
    (clone) => {
        libc::SYS_clone
    };
    (tgkill) => {
        libc::SYS_tgkill
    };
    (prctl) => {
        libc::SYS_prctl
    };
}

/// Every allowed system call.
pub const RULES: &[Rule] = &rules! {
    read "bytes of files, pipes and terminals that the broker granted";
    write "bytes of files, pipes and terminals that the broker granted";
    readv "as read, in pieces";
    writev "as write, in pieces";
    pread64 "bytes of files at a position";
    pwrite64 "bytes of files at a position";
    lseek "the position of a descriptor that the shell handed over";
    fstat "the size of an open file";
    ftruncate "SetEndOfFile on a file that was granted for writing";
    fallocate (1, Must::Equal(PUNCH_HOLE)) "FSCTL_SET_ZERO_DATA: a hole in a file that was granted for writing, whose size stays";
    fsync "FlushFileBuffers";
    fdatasync "FlushFileBuffers";
    close (0, Must::Differ(BOOT)) "handles; the boot socket stays open, so that its number is never given out again";
    poll "waiting for pipes";
    ppoll "waiting for pipes";
    ioctl (1, Must::OneOf(&[FIONREAD, TIOCOUTQ])) "PeekNamedPipe: how many bytes a pipe holds; FlushFileBuffers: how many of them nobody has read";
    tee "PeekNamedPipe: a pipe's bytes, which stay there";
    recvmsg "descriptors that the broker grants";
    sendmsg (0, Must::Equal(BOOT)) "the seccomp listener's way to the broker, once; the other end is closed afterwards";
    fcntl (1, Must::OneOf(&[libc::F_GETFL as u64, libc::F_GETFD as u64, libc::F_GET_SEALS as u64, OFD_GETLK])) "checking that a channel's memory is sealed; whether others have locked what is to be read; locking is the broker's";
    mmap (3, Must::Lack(libc::MAP_GROWSDOWN as u64)) "memory, images, views; memory that grows by itself would escape the limit";
    mprotect "VirtualProtect";
    munmap "VirtualFree, views";
    madvise "MEM_RESET, and the allocator";
    mremap "second views of a section, and the allocator";
    brk "the allocator";
    futex "waits";
    futex_waitv "waits for several objects";
    set_robust_list "a thread's start";
    rseq "a thread's start";
    set_tid_address "a thread's start";
    gettid "a thread's own number";
    getpid "stopping the other threads at the end";
    sched_yield "SwitchToThread";
    sched_getaffinity (0, Must::Equal(0)) "the processors by the host's numbers";
    sched_setaffinity (0, Must::Equal(0)) "SetThreadAffinityMask; a thread sets its own alone";
    mlock "VirtualLock, as far as the host's limit goes";
    munlock "VirtualUnlock";
    rt_sigaction "installing the fault handlers";
    rt_sigprocmask "a thread's start";
    rt_sigreturn "the end of a fault handler";
    sigaltstack "the fault handlers' stack";
    restart_syscall "a wait that went on after a stop (the kernel makes this call)";
    exit "a thread's end";
    exit_group "the process's end";
    nanosleep "Sleep";
    clock_nanosleep "Sleep";
    clock_gettime "times, where the vDSO has none";
    getrandom "random numbers";
    clone (0, Must::OneOf(&[THREAD_FLAGS, THREAD_FLAGS & !(libc::CLONE_DETACHED as u64)])) "threads, with exactly the flags that the C library gives them";
    tgkill (0, Must::OwnProcess) "stopping the other threads at the end";
    prctl (0, Must::Equal(59)) "PR_SET_SYSCALL_USER_DISPATCH, which threads do not inherit";
};

/// System calls that are refused without a word, because libraries try them first.
pub const QUIETLY_REFUSED: &[i64] = &[libc::SYS_clone3];
