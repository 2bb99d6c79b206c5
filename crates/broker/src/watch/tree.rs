//! Which folders of the host are watched, by whom, and where they lie below the folder that each watch is of.

use super::folder::Watch;
use super::queue::kinds;
use rustix::io::Errno;
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::Arc;
use store::{Happened, Watcher};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};
use windows_sys::Win32::Storage::FileSystem::FILE_ACTION_ADDED;

/// The most folders that a sandbox watches: the host gives all of a user's programs a limited number.
const MOST: usize = 1 << 16;

/// A watch that hears of a folder, and the folder's path below the watch's own, by the host's names; empty for that one.
struct Member {
    watch: Arc<Watch>,
    path: String,
}

/// The folders that are watched, by their numbers.
#[derive(Default)]
pub struct Tree {
    folders: HashMap<i32, Vec<Member>>,
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { [folder, "/", name].concat() }
}

/// Whether a path is another one, or lies below it.
fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Tree {
    /// Watches the folder of a watch, and those below it where they count.
    pub fn enter(&mut self, watcher: &Watcher, watch: &Arc<Watch>) -> Result<(), NTSTATUS> {
        self.enter_all(watcher, watch, "", false)
    }

    /// Watches a folder that came up below. What cannot be watched is missed, and told as that.
    pub fn enter_below(&mut self, watcher: &Watcher, watch: &Arc<Watch>, path: &str, tells: bool) {
        if self.enter_all(watcher, watch, path, tells).is_err() {
            watch.miss();
        }
    }

    fn enter_all(&mut self, watcher: &Watcher, watch: &Arc<Watch>, path: &str, tells: bool) -> Result<(), NTSTATUS> {
        let mut left = vec![path.to_owned()];
        while let Some(path) = left.pop() {
            let Some(root) = &watch.root else { return Ok(()) };
            let folder = match store::folder_below(root.as_fd(), &path) {
                Ok(folder) => folder,
                // It has gone already, or is not for us to see.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS) if !path.is_empty() => continue,
                Err(error) => return Err(store::status(error)),
            };
            if self.folders.len() >= MOST {
                return Err(STATUS_INSUFFICIENT_RESOURCES);
            }
            let number = watcher.add(folder.as_fd(), watch.wants_reads())?;
            let members = self.folders.entry(number).or_default();
            if !members.iter().any(|member| Arc::ptr_eq(&member.watch, watch)) {
                members.push(Member { watch: Arc::clone(watch), path: path.clone() });
            }
            if !watch.subtree {
                return Ok(());
            }
            for (name, is_folder) in store::entries(folder.as_fd()).unwrap_or_default() {
                let path = join(&path, &name);
                if tells {
                    watch.tell_host(FILE_ACTION_ADDED, kinds(Happened::Made, is_folder), &path);
                }
                if is_folder {
                    left.push(path);
                }
            }
        }
        Ok(())
    }

    /// Takes a watch out.
    pub fn leave(&mut self, watcher: &Watcher, watch: &Arc<Watch>) {
        self.retain(watcher, |member| !Arc::ptr_eq(&member.watch, watch));
    }

    /// A folder below a watch's own, and whatever lies in it, is not there any more.
    pub fn leave_below(&mut self, watcher: &Watcher, watch: &Arc<Watch>, path: &str) {
        self.retain(watcher, |member| !Arc::ptr_eq(&member.watch, watch) || !is_within(&member.path, path));
    }

    fn retain(&mut self, watcher: &Watcher, keep: impl Fn(&Member) -> bool) {
        self.folders.retain(|number, members| {
            members.retain(&keep);
            if members.is_empty() {
                watcher.remove(*number);
            }
            !members.is_empty()
        });
    }

    /// A folder below a watch's own has another path.
    pub fn moved(&mut self, watch: &Arc<Watch>, old: &str, new: &str) {
        let members = self.folders.values_mut().flatten().filter(|member| Arc::ptr_eq(&member.watch, watch));
        for member in members.filter(|member| is_within(&member.path, old)) {
            member.path = [new, &member.path[old.len()..]].concat();
        }
    }

    /// A folder is gone.
    pub fn gone(&mut self, folder: i32) {
        for member in self.folders.remove(&folder).into_iter().flatten().filter(|member| member.path.is_empty()) {
            member.watch.end();
        }
    }

    /// Who hears of an entry of a folder, and by which path.
    pub fn paths(&self, folder: i32, name: &str) -> Vec<(Arc<Watch>, String)> {
        let members = self.folders.get(&folder).into_iter().flatten();
        members.map(|member| (Arc::clone(&member.watch), join(&member.path, name))).collect()
    }

    /// All watches.
    pub fn watches(&self) -> Vec<Arc<Watch>> {
        let roots = self.folders.values().flatten().filter(|member| member.path.is_empty());
        roots.map(|member| Arc::clone(&member.watch)).collect()
    }
}
