//! Change notification: one reader of the host's news for the whole sandbox, and a queue for each folder that a program watches.
//!
//! A program gets the descriptor of its watch's event, which is ready while news wait there, and asks for them.

mod folder;
mod own;
mod queue;
mod tree;

use crate::namespace::DrivePath;
use folder::lock;
use own::Own;
use queue::kinds;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock};
use store::{Happened, News, Watcher};
use tree::Tree;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ACTION_ADDED, FILE_ACTION_MODIFIED, FILE_ACTION_REMOVED, FILE_ACTION_RENAMED_NEW_NAME, FILE_ACTION_RENAMED_OLD_NAME,
};

pub use folder::Watch;
pub use queue::Taken;

/// What is watched.
pub enum Root {
    /// A folder of the host.
    Host(OwnedFd),
    /// A folder of a volume that has none; its changes are told to [`Watches::own`].
    Drive(DrivePath),
    /// A folder that never changes.
    Fixed,
}

/// The watches of a sandbox.
#[derive(Default)]
pub struct Watches {
    shared: Arc<Shared>,
    /// Those that the broker itself tells what happens.
    pub own: Own,
}

#[derive(Default)]
struct Shared {
    watcher: OnceLock<Watcher>,
    tree: Mutex<Tree>,
}

impl Watches {
    /// Watches a folder.
    pub fn start(&self, root: Root, id: Option<(u64, u64)>, filter: u32, subtree: bool, room: usize) -> Result<Arc<Watch>, NTSTATUS> {
        let root = match root {
            Root::Host(root) => root,
            Root::Fixed => return Watch::new(None, id, filter, subtree, room).map(Arc::new),
            Root::Drive(folder) => {
                let watch = Arc::new(Watch::new(None, id, filter, subtree, room)?);
                self.own.enter(folder, &watch);
                return Ok(watch);
            }
        };
        let watch = Arc::new(Watch::new(Some(root), id, filter, subtree, room)?);
        let mut tree = lock(&self.shared.tree);
        self.shared.start()?;
        let watcher = self.shared.watcher.get().ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        tree.enter(watcher, &watch).inspect_err(|_| {
            tree.leave(watcher, &watch);
        })?;
        Ok(watch)
    }

    /// A folder is about to go: who watches it has heard everything.
    pub fn deleted(&self, id: (u64, u64)) {
        let watches = [lock(&self.shared.tree).watches(), self.own.all()].concat();
        for watch in watches.iter().filter(|watch| watch.id == Some(id)) {
            watch.end();
        }
    }

    /// Watches a folder no more.
    pub fn end(&self, watch: &Arc<Watch>) {
        self.own.leave(watch);
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
        watch.tell_host(action, kinds(happened, is_folder), &path);
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
                watch.tell_host(FILE_ACTION_RENAMED_OLD_NAME, kinds, old);
                watch.tell_host(FILE_ACTION_RENAMED_NEW_NAME, kinds, new);
            }
            _ => watch.tell_host(FILE_ACTION_REMOVED, kinds, old),
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
            watch.tell_host(FILE_ACTION_ADDED, kinds, new);
        }
        if !source && is_folder && watch.subtree {
            tree.enter_below(watcher, watch, new, false);
        }
    }
}
