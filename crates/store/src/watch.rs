//! Hearing of changes in folders of the host, as they happen.

use crate::error::status;
use crate::kept::place;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::{Errno, Result as HostResult};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use windows_sys::Win32::Foundation::NTSTATUS;

/// What happened to an entry of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It was made.
    Made,
    /// It was deleted.
    Deleted,
    /// It has another name, or another folder: the one half of what has this number.
    MovedFrom(u32),
    /// The other half.
    MovedTo(u32),
    /// Its bytes were changed.
    Written,
    /// Its attributes, times or rights were changed.
    Changed,
    /// It was read.
    Read,
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Of an entry of the folder with this number.
    Entry {
        /// The folder's number.
        folder: i32,
        /// What the host calls the entry.
        name: String,
        /// It is a folder itself.
        is_folder: bool,
        /// What happened.
        happened: Happened,
    },
    /// The folder with this number is gone, and nothing more is heard of it.
    Gone(i32),
    /// There was more than could be remembered.
    Missed,
}

/// Watches folders of the host.
#[derive(Debug)]
pub struct Watcher {
    inotify: OwnedFd,
}

impl Watcher {
    /// One that watches nothing.
    pub fn new() -> Result<Self, NTSTATUS> {
        inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map(|inotify| Self { inotify }).map_err(status)
    }

    /// Watches a folder, also for who reads in it where `reads` is wanted; answers its number, which a folder that is
    /// watched already keeps.
    pub fn add(&self, folder: BorrowedFd<'_>, reads: bool) -> Result<i32, NTSTATUS> {
        let wanted = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::ONLYDIR
            | WatchFlags::EXCL_UNLINK
            | WatchFlags::MASK_ADD;
        let wanted = if reads { wanted | WatchFlags::ACCESS } else { wanted };
        inotify::add_watch(&self.inotify, place(folder), wanted).map_err(status)
    }

    /// Watches a folder no more.
    pub fn remove(&self, folder: i32) {
        // One that is gone is not watched.
        let _ = inotify::remove_watch(&self.inotify, folder);
    }

    /// The news there are; none is an empty list. Never waits.
    pub fn take(&self) -> Result<Vec<News>, NTSTATUS> {
        let mut buffer = [MaybeUninit::uninit(); 0x4000];
        let mut news = Vec::new();
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return Ok(news),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(status(error)),
            };
            let flags = event.events();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                news.push(News::Missed);
            } else if flags.contains(ReadFlags::IGNORED) {
                news.push(News::Gone(event.wd()));
            } else if let (Some(happened), Some(name)) = (happened(flags, event.cookie()), event.file_name()) {
                // What Windows cannot say is not there for its programs.
                if let Ok(name) = name.to_str() {
                    news.push(News::Entry { folder: event.wd(), name: name.to_owned(), is_folder: flags.contains(ReadFlags::ISDIR), happened });
                }
            }
        }
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

fn happened(flags: ReadFlags, cookie: u32) -> Option<Happened> {
    let rows = [
        (ReadFlags::CREATE, Happened::Made),
        (ReadFlags::DELETE, Happened::Deleted),
        (ReadFlags::MOVED_FROM, Happened::MovedFrom(cookie)),
        (ReadFlags::MOVED_TO, Happened::MovedTo(cookie)),
        (ReadFlags::MODIFY, Happened::Written),
        (ReadFlags::ATTRIB, Happened::Changed),
        (ReadFlags::ACCESS, Happened::Read),
    ];
    rows.into_iter().find(|(flag, _)| flags.contains(*flag)).map(|(_, happened)| happened)
}

/// A folder below another, by the names that the host has for it; no link is followed on the way.
pub fn folder_below(root: BorrowedFd<'_>, path: &str) -> HostResult<OwnedFd> {
    let path = if path.is_empty() { "." } else { path };
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(root, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty(), how)
}

/// The entries of a folder by the host's names, and whether each is a folder itself (a link is none).
pub fn entries(folder: BorrowedFd<'_>) -> HostResult<Vec<(String, bool)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if name != "." && name != ".." {
            found.push((name.to_owned(), entry.file_type() == FileType::Directory));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_in_a_folder_is_told_in_its_order() {
        let folder = std::env::temp_dir().join(format!("store-watch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let root = rustix::fs::open(&folder, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let watcher = Watcher::new().unwrap();
        let number = watcher.add(root.as_fd(), false).unwrap();
        assert_eq!(watcher.add(root.as_fd(), false), Ok(number));
        assert_eq!(watcher.take(), Ok(Vec::new()));
        std::fs::write(folder.join("a"), "x").unwrap();
        std::fs::create_dir(folder.join("d")).unwrap();
        std::fs::rename(folder.join("a"), folder.join("b")).unwrap();
        std::fs::remove_file(folder.join("b")).unwrap();
        let news: Vec<_> = watcher
            .take()
            .unwrap()
            .into_iter()
            .map(|news| match news {
                News::Entry { name, is_folder, happened, .. } => (name, is_folder, happened),
                other => panic!("{other:?}"),
            })
            .collect();
        let [.., (_, _, Happened::MovedFrom(from)), (_, _, Happened::MovedTo(to)), _] = news.as_slice() else { panic!("{news:?}") };
        assert_eq!(from, to);
        let told = |name: &str, is_folder, happened| (name.to_owned(), is_folder, happened);
        let expected = [
            told("a", false, Happened::Made),
            told("a", false, Happened::Written),
            told("d", true, Happened::Made),
            told("a", false, Happened::MovedFrom(*from)),
            told("b", false, Happened::MovedTo(*to)),
            told("b", false, Happened::Deleted),
        ];
        assert_eq!(news, expected);
        // Whoever holds a folder open keeps it, though its name has gone.
        drop(root);
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(watcher.take().unwrap().contains(&News::Gone(number)));
    }
}
