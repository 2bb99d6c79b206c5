//! Finding the broker of a sandbox, or starting it.

use crate::home;
use crate::settings::{Quota, Settings};
use broker::policy::Policy;
use broker::wire::{Answer, Say, VERSION, receive, send};
use broker::{Config, Listening, plain, serve};
use jail::{Forked, fork_daemon};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use store::Limits;

/// What is said where no answer comes from it.
pub const GONE: &str = "the broker has gone";

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
            let limits = Quota { bytes: policy.quota_bytes, objects: policy.quota_objects }.limits();
            start(&name, (policy, limits), First::Connected(theirs)).map(|()| ours)
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

/// The way to a sandbox of a name: whoever holds it keeps others from making the sandbox, and its broker from ending meanwhile.
struct Door {
    /// The socket's place.
    socket: PathBuf,
    name: String,
    lock: PathBuf,
    folder: OwnedFd,
    _held: OwnedFd,
}

impl Door {
    fn of(name: &str) -> Result<Self, String> {
        check_name(name)?;
        let folder = socket_folder()?;
        let failed = |error: std::io::Error| format!("{}: {}", folder.display(), plain(&error));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let socket = folder.join(format!("{name}.socket"));
        let lock = folder.join(format!("{name}.lock"));
        let held = open(&lock, OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC, Mode::from_raw_mode(0o600)).map_err(|error| failed(error.into()))?;
        flock(&held, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        let folder = open(&folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(|error| failed(error.into()))?;
        Ok(Self { socket, name: name.to_owned(), lock, folder, _held: held })
    }

    fn short(&self) -> PathBuf {
        short(&self.folder, &self.name)
    }

    /// A connection to the broker that is at work, if one is.
    fn connect(&self) -> Option<UnixStream> {
        UnixStream::connect(self.short()).ok()
    }
}

/// A named sandbox in which nothing runs, and nothing can start as long as this is held.
pub struct Quiet(#[expect(dead_code, reason = "what counts is that it is held")] Door);

/// Takes a sandbox for oneself; refused while programs run there.
pub fn quiet(name: &str) -> Result<Quiet, String> {
    let door = Door::of(name)?;
    if door.connect().is_some() {
        return Err(in_use(name));
    }
    Ok(Quiet(door))
}

/// What is said where something has to wait until nothing runs in a sandbox any more.
pub fn in_use(name: &str) -> String {
    format!("programs run in the sandbox `{name}`; end them first (`win-compat sandbox stop {name}`)")
}

/// Whether programs run in a sandbox. Nobody is waited for.
pub fn is_running(name: &str) -> bool {
    at_work(name).is_some()
}

/// A connection to the broker of a sandbox in which programs run.
pub fn at_work(name: &str) -> Option<UnixStream> {
    let folder = open(&socket_folder().ok()?, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    UnixStream::connect(short(&folder, name)).ok()
}

/// Agrees with a broker that is joined on the version: it is told no more before it has said which one it is of.
pub fn greet(stream: &UnixStream) -> Result<(), String> {
    send(stream, &Say::Hello { version: VERSION }).map_err(|_| GONE)?;
    match receive::<Answer>(stream) {
        Ok(Answer::Welcome { version: VERSION }) => Ok(()),
        Ok(Answer::Welcome { version }) => {
            Err(format!("the sandbox's broker is of another version ({version}, not {VERSION}); end its programs first"))
        }
        _ => Err(GONE.into()),
    }
}

/// A socket's place through its folder's descriptor: the system limits a socket's path to 108 bytes.
fn short(folder: &OwnedFd, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}.socket", folder.as_raw_fd()))
}

/// Joins a live sandbox, or makes it.
fn join(name: &str, policy: &Policy) -> Result<UnixStream, String> {
    let door = Door::of(name)?;
    let folder = home::sandbox(&home::folder()?, name);
    if let Some(stream) = door.connect() {
        // A broker that is at work has taken its quota with it.
        if policy.quota_bytes.is_some() || policy.quota_objects.is_some() {
            return Err(format!("programs run in the sandbox `{name}`: its quota cannot be changed now"));
        }
        return Settings::remember(&folder, policy).map(|_| stream);
    }
    let limits = Settings::remember(&folder, policy)?.quota.limits();
    let failed = |error: std::io::Error| format!("{}: {}", door.socket.display(), plain(&error));
    let _ = std::fs::remove_file(&door.socket);
    let listener = UnixListener::bind(door.short()).map_err(failed)?;
    let stream = UnixStream::connect(door.short()).map_err(failed)?;
    let listening = Listening { listener, socket: door.socket.clone(), lock: door.lock.clone() };
    start(name, (policy, limits), First::Waits(listening)).map(|()| stream)
}

/// Starts a broker in a process of its own.
fn start(name: &str, (policy, limits): (&Policy, Limits), first: First) -> Result<(), String> {
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
                    broker::Place::Kept(home::kept(&home, name, limits))
                } else {
                    broker::Place::Temporary(home.join("scratch").join(name), limits)
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
