//! The thread that polls the descriptors of requests that pend. It starts with the first of them.

use super::FileObject;
use crate::broker;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::thread::futex;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// Bytes of the thread's stack.
const STACK: usize = 64 * 1024;

/// What wakes the thread: a pipe that the broker made.
struct Wake {
    read: OwnedFd,
    write: OwnedFd,
}

static WAKE: OnceLock<Wake> = OnceLock::new();

/// What the thread polls.
pub trait Polled: Send + Sync {
    /// What it waits for; nothing where there is no reason to poll it any more.
    fn wanted(&self) -> PollFlags;
    /// What is polled.
    fn polled(&self) -> Option<BorrowedFd<'_>>;
    /// Something can be done.
    fn progress(&self);
}

/// What is polled: the file objects with requests that pend, among others.
static WATCHED: Mutex<Vec<Arc<dyn Polled>>> = Mutex::new(Vec::new());

/// Counts the thread's rounds. It changes together with what the thread holds, under the lock of what is watched.
static ROUND: AtomicU32 = AtomicU32::new(0);

fn watched() -> MutexGuard<'static, Vec<Arc<dyn Polled>>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes sure that the thread runs.
pub fn start() -> Result<(), NTSTATUS> {
    static STARTED: Mutex<()> = Mutex::new(());
    let _started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if WAKE.get().is_none() {
        let (read, write) = broker::bare_pipe()?;
        let _ = WAKE.set(Wake { read, write });
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
        thread.map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
    }
    Ok(())
}

/// Polls a file object, whose requests changed.
pub fn watch(object: &Arc<FileObject>) {
    add(Arc::clone(object) as Arc<dyn Polled>);
}

/// Polls something, from now on until it wants nothing more.
pub fn add(polled: Arc<dyn Polled>) {
    let mut watched = watched();
    if !watched.iter().any(|other| std::ptr::addr_eq(Arc::as_ptr(other), Arc::as_ptr(&polled))) {
        watched.push(polled);
    }
    drop(watched);
    look_again();
}

/// Lets go of a file object that is closed: its descriptor must not outlive its last handle.
pub fn forget(object: &FileObject) {
    let mut watched = watched();
    let before = watched.len();
    watched.retain(|other| !std::ptr::addr_eq(Arc::as_ptr(other), object));
    let round = ROUND.load(Ordering::Acquire);
    let was_watched = watched.len() < before;
    drop(watched);
    if was_watched {
        look_again();
        while ROUND.load(Ordering::Acquire) == round {
            let _ = futex::wait(&ROUND, futex::Flags::PRIVATE, round, None);
        }
    }
}

/// Lets the thread look at what pends.
pub fn look_again() {
    if let Some(wake) = WAKE.get() {
        // A full pipe wakes it as well.
        let _ = rustix::io::write(&wake.write, &[0]);
    }
}

fn run() {
    let Some(wake) = WAKE.get() else { return };
    loop {
        let objects = {
            let mut watched = watched();
            watched.retain(|object| !object.wanted().is_empty());
            ROUND.fetch_add(1, Ordering::AcqRel);
            watched.clone()
        };
        let _ = futex::wake(&ROUND, futex::Flags::PRIVATE, u32::MAX >> 1);
        let ready = wait(wake.read.as_fd(), &objects);
        for (object, ready) in objects.iter().zip(ready) {
            if !ready.is_empty() {
                object.progress();
            }
        }
    }
}

/// Waits until something can be done; answers what is ready of each object.
fn wait(wake: BorrowedFd<'_>, objects: &[Arc<dyn Polled>]) -> Vec<PollFlags> {
    let mut descriptors = vec![PollFd::from_borrowed_fd(wake, PollFlags::IN)];
    descriptors.extend(objects.iter().map(|object| {
        let descriptor = object.polled().unwrap_or(wake);
        PollFd::from_borrowed_fd(descriptor, object.wanted())
    }));
    let _ = poll(&mut descriptors, None);
    if !descriptors[0].revents().is_empty() {
        let mut bytes = [0_u8; 256];
        let _ = rustix::io::read(wake, &mut bytes);
    }
    descriptors[1..].iter().map(PollFd::revents).collect()
}
