//! Finding the broker of a sandbox, or starting it.

use crate::home;
use broker::policy::Policy;
use broker::{Config, Listening, plain, serve};
use jail::{Forked, fork_daemon};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// Where a broker's first connection comes from.
enum First {
    /// It is there.
    Connected(UnixStream),
    /// It waits at the broker's own socket.
    Waits(Listening),
}

/// A connection to the broker of a named sandbox, or to one of the run's own.
pub fn connect(name: Option<&str>, policy: &Policy) -> Result<UnixStream, String> {
    match name {
        Some(name) => join(name, policy),
        None => {
            let (ours, theirs) = UnixStream::pair().map_err(|error| plain(&error))?;
            let name = format!("run-{}-{}", broker::audit::now() / 10_000_000, std::process::id());
            start(&name, policy, First::Connected(theirs)).map(|()| ours)
        }
    }
}

/// Whether a sandbox may have a name.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) || name.starts_with(['.', '-']) || name.starts_with("run-") {
        return Err(format!("`{name}` is no name for a sandbox: letters, digits, `.`, `_` and `-`, and not `run-` in front"));
    }
    Ok(())
}

/// Joins a live sandbox, or makes it. The lock keeps two from making it, and its broker from ending meanwhile.
fn join(name: &str, policy: &Policy) -> Result<UnixStream, String> {
    check_name(name)?;
    let folder = socket_folder()?;
    let failed = |error: std::io::Error| format!("{}: {}", folder.display(), plain(&error));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    let socket = folder.join(format!("{name}.socket"));
    let lock = folder.join(format!("{name}.lock"));
    let held = open(&lock, OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC, Mode::from_raw_mode(0o600)).map_err(|error| failed(error.into()))?;
    flock(&held, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    // The system limits a socket's path to 108 bytes; through the folder's descriptor every path is short.
    let open_folder = open(&folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(|error| failed(error.into()))?;
    let short = PathBuf::from(format!("/proc/self/fd/{}/{name}.socket", open_folder.as_raw_fd()));
    if let Ok(stream) = UnixStream::connect(&short) {
        return Ok(stream);
    }
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&short).map_err(failed)?;
    let stream = UnixStream::connect(&short).map_err(failed)?;
    start(name, policy, First::Waits(Listening { listener, socket, lock })).map(|()| stream)
}

/// Starts a broker in a process of its own.
fn start(name: &str, policy: &Policy, first: First) -> Result<(), String> {
    let home = home::folder()?;
    let files = home::files(&home)?;
    let mut keep = files.descriptors().to_vec();
    keep.push(match &first {
        First::Connected(stream) => stream.as_fd(),
        First::Waits(listening) => listening.listener.as_fd(),
    });
    match fork_daemon(c"win-compat: sandbox", &keep).map_err(|error| format!("the broker could not be started: {}", plain(&error)))? {
        Forked::Parent => Ok(()),
        Forked::Daemon => {
            let config = Config {
                number: std::process::id(),
                audit: home.join("audit").join(format!("{name}.audit")),
                drive: if matches!(first, First::Waits(_)) {
                    broker::Place::Kept(home::kept(&home, name))
                } else {
                    broker::Place::Temporary(home.join("scratch").join(name))
                },
                files,
                windows: policy.windows_version,
            };
            let served = match first {
                First::Connected(stream) => serve(config, stream, None),
                First::Waits(listening) => listening.listener.accept().and_then(|(stream, _)| serve(config, stream, Some(listening))),
            };
            home::tidy(&home);
            std::process::exit(i32::from(served.is_err()))
        }
    }
}

/// Where sockets lie: beside the state that `$WIN_COMPAT_HOME` names, else in the user's runtime folder.
fn socket_folder() -> Result<PathBuf, String> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    match (std::env::var_os("WIN_COMPAT_HOME"), runtime) {
        (None, Some(runtime)) => Ok(runtime.join("win-compat")),
        _ => Ok(home::folder()?.join("live")),
    }
}
