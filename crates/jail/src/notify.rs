//! The broker's end of a filter: forbidden system calls, told by the kernel.

use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::io::IoSliceMut;
use std::mem::{MaybeUninit, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A forbidden call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The system call's number, in the numbering of `architecture`.
    pub number: i32,
    /// `AUDIT_ARCH_*`.
    pub architecture: u32,
    /// Where it was made.
    pub instruction: u64,
    /// The kernel's number of this very call.
    id: u64,
}

/// Receives the forbidden calls of one process.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// Takes the listener that a process sent over its boot socket.
    pub fn receive(boot: impl AsFd) -> std::io::Result<Self> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        recvmsg(boot, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
        let listener = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        listener.map(Self).ok_or_else(|| Errno::NOMSG.into())
    }

    /// The next call, whose thread waits until it is refused. `None` when it was withdrawn, or there is none.
    pub fn next(&self) -> Option<Call> {
        // SAFETY: plain data, for which zero is a value; the kernel demands zeroes.
        let mut call: libc::seccomp_notif = unsafe { zeroed() };
        // SAFETY: the structure has the size that the request carries.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE as _, &raw mut call) } != 0 {
            return None;
        }
        Some(Call { number: call.data.nr, architecture: call.data.arch, instruction: call.data.instruction_pointer, id: call.id })
    }

    /// Answers a call with ENOSYS: its thread goes on.
    pub fn refuse(&self, call: &Call) {
        // SAFETY: plain data, for which zero is a value.
        let mut answer: libc::seccomp_notif_resp = unsafe { zeroed() };
        answer.id = call.id;
        answer.error = -libc::ENOSYS;
        // SAFETY: as above. A process that died meanwhile needs no answer.
        unsafe { libc::ioctl(self.0.as_raw_fd(), SEND as _, &raw mut answer) };
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// `SECCOMP_IOCTL_NOTIF_RECV` and `_SEND`: `_IOWR('!', 0 and 1, ..)`.
const RECEIVE: u64 = request(0, size_of::<libc::seccomp_notif>());
const SEND: u64 = request(1, size_of::<libc::seccomp_notif_resp>());

const fn request(number: u64, size: usize) -> u64 {
    3 << 30 | (size as u64) << 16 | (b'!' as u64) << 8 | number
}
