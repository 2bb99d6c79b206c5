//! Descriptors over a socket, apart from the messages that tell of them.

use rustix::io::{Errno, Result};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, SocketFlags,
    SocketType, recvmsg, sendmsg, shutdown, socketpair,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A pair of which the first end only sends and the second only receives.
pub fn one_way() -> Result<(OwnedFd, OwnedFd)> {
    let (sender, receiver) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    shutdown(&sender, Shutdown::Read)?;
    Ok((sender, receiver))
}

/// A pair of which the first end carries one message to the second, the boot socket.
pub fn boot() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// Sends descriptors, at most [`MOST`], with one byte.
pub fn send(socket: impl AsFd, descriptors: &[BorrowedFd<'_>]) -> Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::INVAL);
    }
    sendmsg(socket, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
    Ok(())
}

/// Whether everything that was sent has been received.
pub fn is_empty(socket: impl AsFd) -> bool {
    /// `SIOCOUTQ` (linux/sockios.h).
    const UNSENT: u32 = 0x5411;
    // SAFETY: the request fills in one integer.
    let unsent = unsafe { rustix::ioctl::ioctl(socket, rustix::ioctl::Getter::<UNSENT, i32>::new()) };
    unsent == Ok(0)
}

/// Receives up to two descriptors; more are closed.
pub fn receive(socket: impl AsFd) -> Result<[Option<OwnedFd>; 2]> {
    let mut descriptors = receive_all(socket)?.into_iter();
    Ok([descriptors.next(), descriptors.next()])
}

/// Receives the descriptors of one message.
pub fn receive_all(socket: impl AsFd) -> Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let received = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok(received.flatten().collect())
}

/// The most descriptors in one message.
pub const MOST: usize = 8;
