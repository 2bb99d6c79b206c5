//! Change notification: one reader of the host's news for the whole sandbox, and a queue for each folder that a program watches.
//!
//! A program gets the descriptor of its watch's event, which is ready while news wait there, and asks for them.

mod queue;
mod tree;

use crate::sharing::FileId;
use queue::Queue;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use store::{Happened, News, Watcher};
use tree::Tree;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ACTION_ADDED, FILE_ACTION_MODIFIED, FILE_ACTION_REMOVED, FILE_ACTION_RENAMED_NEW_NAME, FILE_ACTION_RENAMED_OLD_NAME,
    FILE_NOTIFY_CHANGE_LAST_ACCESS,
};

pub use queue::{Taken, kinds};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that a program watches.
pub struct Watch {
    /// `FILE_NOTIFY_CHANGE_*` that it wants to hear of.
    filter: u32,
    /// The folders below it count too.
    subtree: bool,
    /// The folder on the host.
    root: OwnedFd,
    id: Option<FileId>,
    queue: Mutex<Queue>,
    /// Ready while news wait.
    pub event: Arc<OwnedFd>,
}

impl Watch {
    fn new(root: OwnedFd, id: Option<FileId>, filter: u32, subtree: bool, room: usize) -> Result<Self, NTSTATUS> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(store::status)?;
        Ok(Self { filter, subtree, root, id, queue: Mutex::new(Queue::new(room)), event: Arc::new(event) })
    }

    /// Lets the program hear of something, if it wants to.
    fn tell(&self, action: u32, kinds: u32, path: &str) {
        if self.filter & kinds == 0 {
            return;
        }
        let names: Option<Vec<_>> = path.split('/').map(|name| store::from_host(name.as_bytes())).collect();
        // What Windows cannot say is not there for its programs.
        let Some(names) = names else { return };
        lock(&self.queue).push(action, names.join(&u16::from(b'\\')));
        self.wake();
    }

    fn miss(&self) {
        lock(&self.queue).miss();
        self.wake();
    }

    fn end(&self) {
        lock(&self.queue).end();
        self.wake();
    }

    fn wake(&self) {
        // An event that is set already stays set.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// The news that wait, as much as goes into a program's buffer of so many bytes.
    pub fn take(&self, room: usize) -> Taken {
        let mut queue = lock(&self.queue);
        let taken = queue.take(room);
        if queue.is_empty() {
            let _ = rustix::io::read(&self.event, &mut [0_u8; 8]);
        }
        taken
    }
}

/// The watches of a sandbox.
#[derive(Default)]
pub struct Watches {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    watcher: OnceLock<Watcher>,
    tree: Mutex<Tree>,
}

impl Watches {
    /// Watches a folder; `None` is one that never changes.
    pub fn start(&self, root: Option<OwnedFd>, id: Option<FileId>, filter: u32, subtree: bool, room: usize) -> Result<Arc<Watch>, NTSTATUS> {
        let Some(root) = root else {
            let nowhere = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC, rustix::fs::Mode::empty());
            return Watch::new(nowhere.map_err(store::status)?, id, 0, false, room).map(Arc::new);
        };
        let watch = Arc::new(Watch::new(root, id, filter, subtree, room)?);
        let mut tree = lock(&self.shared.tree);
        self.shared.start()?;
        let watcher = self.shared.watcher.get().ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        tree.enter(watcher, &watch).inspect_err(|_| {
            tree.leave(watcher, &watch);
        })?;
        Ok(watch)
    }

    /// A folder is about to go: who watches it has heard everything.
    pub fn deleted(&self, id: FileId) {
        for watch in lock(&self.shared.tree).watches().iter().filter(|watch| watch.id == Some(id)) {
            watch.end();
        }
    }

    /// Watches a folder no more.
    pub fn end(&self, watch: &Arc<Watch>) {
        if let Some(watcher) = self.shared.watcher.get() {
            lock(&self.shared.tree).leave(watcher, watch);
        }
    }
}

impl Shared {
    /// Makes sure that somebody reads the host's news. Called with the tree locked.
    fn start(self: &Arc<Self>) -> Result<(), NTSTATUS> {
        if self.watcher.get().is_some() {
            return Ok(());
        }
        let watcher = Watcher::new()?;
        let _ = self.watcher.set(watcher);
        let shared = Arc::clone(self);
        let started = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || shared.read());
        started.map(|_| ()).map_err(|_| STATUS_INSUFFICIENT_RESOURCES)
    }

    fn read(&self) {
        let Some(watcher) = self.watcher.get() else { return };
        loop {
            let _ = poll(&mut [PollFd::from_borrowed_fd(watcher.as_fd(), PollFlags::IN)], None);
            let Ok(mut news) = watcher.take() else { return };
            // The two halves of a move come one after the other, and may part in between.
            if let Some(News::Entry { happened: Happened::MovedFrom(_), .. }) = news.last() {
                let soon = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
                let _ = poll(&mut [PollFd::from_borrowed_fd(watcher.as_fd(), PollFlags::IN)], Some(&soon));
                news.extend(watcher.take().unwrap_or_default());
            }
            tell_all(watcher, &mut lock(&self.tree), news);
        }
    }
}

/// Tells news to whom they concern.
fn tell_all(watcher: &Watcher, tree: &mut Tree, news: Vec<News>) {
    let mut news = news.into_iter().peekable();
    while let Some(next) = news.next() {
        match next {
            News::Missed => tree.watches().iter().for_each(|watch| watch.miss()),
            News::Gone(folder) => tree.gone(folder),
            News::Entry { folder, name, is_folder, happened: Happened::MovedFrom(cookie) } => {
                let other = |next: &News| matches!(next, News::Entry { happened: Happened::MovedTo(other), .. } if *other == cookie);
                match news.next_if(other) {
                    Some(News::Entry { folder: to, name: new, .. }) => tell_move(watcher, tree, (folder, &name), (to, &new), is_folder),
                    _ => tell_one(watcher, tree, folder, &name, is_folder, Happened::Deleted),
                }
            }
            News::Entry { folder, name, is_folder, happened } => tell_one(watcher, tree, folder, &name, is_folder, happened),
        }
    }
}

fn tell_one(watcher: &Watcher, tree: &mut Tree, folder: i32, name: &str, is_folder: bool, happened: Happened) {
    for (watch, path) in tree.paths(folder, name) {
        let action = match happened {
            Happened::Made | Happened::MovedTo(_) => FILE_ACTION_ADDED,
            Happened::Deleted | Happened::MovedFrom(_) => FILE_ACTION_REMOVED,
            Happened::Written | Happened::Changed | Happened::Read => FILE_ACTION_MODIFIED,
        };
        watch.tell(action, kinds(happened, is_folder), &path);
        if is_folder && watch.subtree {
            match happened {
                // What was made in a new folder before it was watched is told here; what was moved brought its own along.
                Happened::Made => tree.enter_below(watcher, &watch, &path, true),
                Happened::MovedTo(_) => tree.enter_below(watcher, &watch, &path, false),
                Happened::Deleted => tree.leave_below(watcher, &watch, &path),
                _ => {}
            }
        }
    }
}

/// A move: another name for who watches the folder that both names lie in, for the others something that came or went.
fn tell_move(watcher: &Watcher, tree: &mut Tree, from: (i32, &str), to: (i32, &str), is_folder: bool) {
    let (from_paths, to_paths) = (tree.paths(from.0, from.1), tree.paths(to.0, to.1));
    let kinds = kinds(Happened::Made, is_folder);
    for (watch, old) in &from_paths {
        let target = to_paths.iter().find(|(other, _)| Arc::ptr_eq(watch, other));
        match target {
            Some((_, new)) if from.0 == to.0 => {
                watch.tell(FILE_ACTION_RENAMED_OLD_NAME, kinds, old);
                watch.tell(FILE_ACTION_RENAMED_NEW_NAME, kinds, new);
            }
            _ => watch.tell(FILE_ACTION_REMOVED, kinds, old),
        }
        if is_folder && watch.subtree {
            match target {
                Some((_, new)) => tree.moved(watch, old, new),
                None => tree.leave_below(watcher, watch, old),
            }
        }
    }
    for (watch, new) in &to_paths {
        let source = from_paths.iter().any(|(other, _)| Arc::ptr_eq(watch, other));
        if !source || from.0 != to.0 {
            watch.tell(FILE_ACTION_ADDED, kinds, new);
        }
        if !source && is_folder && watch.subtree {
            tree.enter_below(watcher, watch, new, false);
        }
    }
}

/// Whether who wants these kinds of news must hear of readers.
const fn wants_reads(filter: u32) -> bool {
    filter & FILE_NOTIFY_CHANGE_LAST_ACCESS != 0
}
