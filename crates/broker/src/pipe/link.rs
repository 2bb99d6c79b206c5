//! What bytes move over between two ends: descriptors of the host that never block.

use crate::descriptor::leaves_room;
use rustix::fs::OFlags;
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType, shutdown, socketpair};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use std::os::fd::{AsFd, OwnedFd};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_TOO_MANY_OPENED_FILES};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA};

/// The size that a host's pipe has anyway, and the largest that is asked of the host.
const USUAL: u32 = 64 << 10;
const LARGEST: u32 = 1 << 20;

/// The ends of a pipe of the host: what is read from, and what is written to.
pub fn stream() -> Result<(OwnedFd, OwnedFd), NTSTATUS> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(store::status)?;
    if leaves_room(write.as_fd()) { Ok((read, write)) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}

/// Two ends that both read and write.
fn duplex() -> Result<(OwnedFd, OwnedFd), NTSTATUS> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (one, two) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(store::status)?;
    if leaves_room(two.as_fd()) { Ok((one, two)) } else { Err(STATUS_TOO_MANY_OPENED_FILES) }
}

/// The rights on bytes of the server's and of the client's end, by what the client may do.
pub fn rights(share: u32) -> Result<[u32; 2], NTSTATUS> {
    match share & (FILE_SHARE_READ | FILE_SHARE_WRITE) {
        FILE_SHARE_WRITE => Ok([FILE_READ_DATA, FILE_WRITE_DATA]),
        FILE_SHARE_READ => Ok([FILE_WRITE_DATA, FILE_READ_DATA]),
        0 => Err(STATUS_INVALID_PARAMETER),
        _ => Ok([FILE_READ_DATA | FILE_WRITE_DATA; 2]),
    }
}

/// The server's end and the client's. A host's pipe is the faster one, where bytes go one way; messages are framed on a socket, which
/// the server can shut for both.
pub fn pair(share: u32, messages: bool, quotas: [u32; 2]) -> Result<(OwnedFd, OwnedFd), NTSTATUS> {
    let [server, _] = rights(share)?;
    let both = server == FILE_READ_DATA | FILE_WRITE_DATA;
    // A program may rely on the size that it asked for: so much can be written before anybody reads. The host gives what it gives.
    let [inbound, outbound] = quotas.map(|quota| quota.min(LARGEST));
    if messages || both {
        let (ours, theirs) = duplex()?;
        for (end, quota) in [(&ours, outbound), (&theirs, inbound)] {
            if quota > USUAL {
                let _ = rustix::net::sockopt::set_socket_send_buffer_size(end, quota as usize);
            }
        }
        return Ok((ours, theirs));
    }
    let (read, write) = stream()?;
    let quota = inbound.max(outbound);
    if quota > USUAL {
        let _ = fcntl_setpipe_size(&write, quota as usize);
    }
    Ok(if server == FILE_READ_DATA { (read, write) } else { (write, read) })
}

/// Breaks off what moves between two ends, and throws away what nobody has read.
pub fn sever(server: &OwnedFd, client: Option<&OwnedFd>) {
    const MOST: usize = 64;
    // Of a host's pipe nothing has to be shut: its server lets go of its end.
    let _ = shutdown(server, Shutdown::Both);
    let Some(client) = client.filter(|client| rustix::fs::fcntl_getfl(client).is_ok_and(|flags| !flags.contains(OFlags::WRONLY))) else { return };
    let mut bytes = vec![0; 64 << 10];
    // The end never blocks. No more is in there than this, unless somebody goes on writing.
    for _ in 0..MOST {
        if !rustix::io::read(client, &mut bytes).is_ok_and(|done| done > 0) {
            return;
        }
    }
}
