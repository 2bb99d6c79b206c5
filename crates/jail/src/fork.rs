//! Starts the broker: a fork of the command line's process, which is single-threaded.

use std::os::fd::{AsRawFd, BorrowedFd};

/// Which of the two processes goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    /// The one that called.
    Parent,
    /// The new one: in a session of its own, its standard streams on /dev/null, with no other descriptors than those that it keeps.
    Daemon,
}

/// Forks. Refuses (`EBUSY`) while the process has several threads.
///
/// In the daemon every descriptor but those of `keep` is closed, whoever inherited or opened it: one that stayed would keep somebody
/// else's pipe from ending. What owns them must not be used or dropped there, so the daemon must not return to its callers.
pub fn fork_daemon(name: &std::ffi::CStr, keep: &[BorrowedFd<'_>]) -> std::io::Result<Forked> {
    if !is_single_threaded() {
        return Err(std::io::Error::from_raw_os_error(libc::EBUSY));
    }
    // SAFETY: with one thread no lock is held by anybody who does not exist in the child.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error()),
        0 => {
            detach(name);
            close_all_but(keep);
            Ok(Forked::Daemon)
        }
        _ => Ok(Forked::Parent),
    }
}

/// Asks the kernel for a thread group of its own, which is no change for a single thread and refused to any other (unshare(2)). Where
/// the host forbids to ask, the threads are counted.
fn is_single_threaded() -> bool {
    // SAFETY: as said, it changes nothing.
    if unsafe { libc::unshare(libc::CLONE_THREAD) } == 0 {
        return true;
    }
    let refused = std::io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL);
    !refused && std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count) <= 1
}

fn detach(name: &std::ffi::CStr) {
    // SAFETY: calls that change this process alone.
    unsafe {
        libc::setsid();
        libc::prctl(libc::PR_SET_NAME, name.as_ptr());
        // No other program of the user's may look into the broker, and it leaves no dump.
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        for stream in 0..3 {
            libc::dup2(null, stream);
        }
        if null > 2 {
            libc::close(null);
        }
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGPIPE, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU] {
            libc::signal(signal, if signal == libc::SIGTERM { libc::SIG_DFL } else { libc::SIG_IGN });
        }
    }
}

fn close_all_but(keep: &[BorrowedFd<'_>]) {
    const FIRST: u32 = 3;
    let mut kept: Vec<u32> = keep.iter().map(|descriptor| descriptor.as_raw_fd() as u32).filter(|number| *number >= FIRST).collect();
    kept.sort_unstable();
    let mut next = FIRST;
    for number in kept.into_iter().chain([u32::MAX]) {
        if number > next {
            // SAFETY: a number and flags; nobody in this process uses these descriptors any more.
            unsafe { libc::syscall(libc::SYS_close_range, next, number - 1, 0) };
        }
        next = number.saturating_add(1);
    }
}
