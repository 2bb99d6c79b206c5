//! Running this very program again in the jail, for work on hostile files: it reads one descriptor, and writes one.

use broker::plain;
use jail::{Layers, Limits, Listener, Spawn};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, WaitOptions, kill_process, waitpid};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The work that the program does in the jail, by its first argument.
pub const PARSE_IMAGE: &CStr = c"--in-jail-parse-image";
/// Nothing but entering the jail.
pub const PROBE: &CStr = c"--in-jail-probe";

/// The boot socket's number in the jail.
const BOOT: usize = 5;
/// The most bytes that are taken from the jail.
const MOST: usize = 64 << 20;

/// What came out of the jail.
pub struct Outcome {
    /// What was written.
    pub bytes: Vec<u8>,
    /// The layers that were on.
    pub layers: Layers,
    /// It ended with success.
    pub success: bool,
}

/// Does `work` in the jail on a descriptor.
pub fn run(work: &CStr, input: BorrowedFd<'_>, layers: Layers) -> Result<Outcome, String> {
    let failed = |error: rustix::io::Errno| format!("the jail could not be set up: {}", plain(&error.into()));
    let executable = open("/proc/self/exe", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
    let (theirs, boot) =
        rustix::net::socketpair(rustix::net::AddressFamily::UNIX, rustix::net::SocketType::SEQPACKET, rustix::net::SocketFlags::CLOEXEC, None)
            .map_err(failed)?;
    let mut descriptors = [None; BOOT + 1];
    descriptors[0] = Some(input);
    descriptors[1] = Some(write.as_fd());
    descriptors[2] = Some(write.as_fd());
    descriptors[BOOT] = Some(theirs.as_fd());
    let bits = layers.bits().to_string();
    let bits = std::ffi::CString::new(bits).map_err(|_| "numbers have no NUL")?;
    let arguments = [c"win-compat", work, &bits];
    let spawn = Spawn {
        executable: executable.as_fd(),
        arguments: &arguments,
        descriptors: &descriptors,
        layers,
        required: Layers::default(),
        limits: Limits::standard(),
        after: None,
    };
    let child = spawn.start().map_err(|error| format!("the jail could not be set up: {}: {}", error.step, plain(&error.error)))?;
    drop((write, theirs));
    let bytes = attend(&read, boot, || {
        let _ = kill_process(child.pid, Signal::KILL);
    });
    let status = waitpid(Some(child.pid), WaitOptions::empty()).ok().flatten();
    let success = status.is_some_and(|(_, status)| status.exit_status() == Some(0));
    Ok(Outcome { bytes, layers: child.layers, success })
}

/// Reads to the end. A forbidden system call ends the work.
fn attend(read: &OwnedFd, boot: OwnedFd, kill: impl Fn()) -> Vec<u8> {
    let (mut bytes, mut boot, mut listener) = (Vec::new(), Some(boot), None::<Listener>);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let second = boot.as_ref().map(AsFd::as_fd).or_else(|| listener.as_ref().map(AsFd::as_fd));
        let mut descriptors = vec![PollFd::new(read, PollFlags::IN)];
        descriptors.extend(second.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)));
        let _ = poll(&mut descriptors, None);
        let ready: Vec<bool> = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty()).collect();
        if ready.get(1) == Some(&true) {
            match boot.take() {
                Some(boot) => listener = Listener::receive(boot).ok(),
                None => {
                    if listener.as_ref().and_then(Listener::next).is_some() {
                        kill();
                    } else {
                        listener = None;
                    }
                }
            }
        }
        if ready[0] {
            match rustix::io::read(read, &mut chunk) {
                Ok(count) if count > 0 && bytes.len() + count <= MOST => bytes.extend_from_slice(&chunk[..count]),
                Err(rustix::io::Errno::INTR) => {}
                _ => return bytes,
            }
        }
    }
}

/// In the jail: enters it, then does the work. `None` when the arguments say nothing of it.
pub fn work() -> Option<u8> {
    let mut arguments = std::env::args_os().skip(1);
    let (work, bits) = (arguments.next()?, arguments.next());
    let known = [PARSE_IMAGE, PROBE].into_iter().find(|known| known.to_bytes() == work.as_encoded_bytes())?;
    let layers = bits.and_then(|bits| bits.to_str()?.parse().ok()).map_or(Layers::ALL, Layers::from_bits);
    if let Err(sentence) = jail::enter(layers.bits(), BOOT as i32) {
        eprintln!("{sentence}");
        return Some(1);
    }
    jail::dispatch_thread();
    if known == PARSE_IMAGE {
        return Some(crate::image::parse_standard_input());
    }
    Some(0)
}
