//! Watches of volumes that have no folder on the host: what happens there goes through the broker, which tells it itself.

use super::folder::{Watch, lock};
use super::queue::kinds;
use crate::namespace::DrivePath;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use store::{Happened, Path};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ACTION_ADDED, FILE_ACTION_MODIFIED, FILE_ACTION_REMOVED, FILE_ACTION_RENAMED_NEW_NAME, FILE_ACTION_RENAMED_OLD_NAME,
};

/// Such watches, each with the folder that it is of.
#[derive(Default)]
pub struct Own {
    folders: Mutex<Vec<(DrivePath, Arc<Watch>)>>,
    /// Whether there ever was one: mostly nobody wants to hear anything.
    used: AtomicBool,
}

/// A path below a folder, if a watch of that folder hears of it.
fn heard(folder: &DrivePath, subtree: bool, path: &DrivePath) -> Option<Path> {
    let below = if folder.letter == path.letter { path.path.below(&folder.path)? } else { return None };
    (!below.is_empty() && (subtree || below.count() == 1)).then_some(below)
}

impl Own {
    pub(super) fn enter(&self, folder: DrivePath, watch: &Arc<Watch>) {
        lock(&self.folders).push((folder, Arc::clone(watch)));
        self.used.store(true, Ordering::Relaxed);
    }

    pub(super) fn leave(&self, watch: &Arc<Watch>) {
        if self.is_used() {
            lock(&self.folders).retain(|(_, other)| !Arc::ptr_eq(other, watch));
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Watch>> {
        lock(&self.folders).iter().map(|(_, watch)| Arc::clone(watch)).collect()
    }

    /// Whether somebody may want to hear something.
    pub fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Something happened to a file or folder.
    pub fn happened(&self, path: &DrivePath, is_folder: bool, happened: Happened) {
        if !self.is_used() {
            return;
        }
        let action = match happened {
            Happened::Made | Happened::MovedTo(_) => FILE_ACTION_ADDED,
            Happened::Deleted | Happened::MovedFrom(_) => FILE_ACTION_REMOVED,
            Happened::Written | Happened::Changed | Happened::Read => FILE_ACTION_MODIFIED,
        };
        for (folder, watch) in lock(&self.folders).iter() {
            if let Some(below) = heard(folder, watch.subtree, path) {
                watch.tell(action, kinds(happened, is_folder), below.units().to_vec());
            }
        }
    }

    /// A file or folder has another path.
    pub fn moved(&self, from: &DrivePath, to: &DrivePath, is_folder: bool) {
        if !self.is_used() {
            return;
        }
        let parent = |path: &Path| {
            let mut parent = path.clone();
            parent.pop();
            parent
        };
        let kinds = kinds(Happened::Made, is_folder);
        for (folder, watch) in lock(&self.folders).iter() {
            let (old, new) = (heard(folder, watch.subtree, from), heard(folder, watch.subtree, to));
            let within = matches!((&old, &new), (Some(old), Some(new)) if parent(old) == parent(new));
            let actions =
                if within { [FILE_ACTION_RENAMED_OLD_NAME, FILE_ACTION_RENAMED_NEW_NAME] } else { [FILE_ACTION_REMOVED, FILE_ACTION_ADDED] };
            for (action, path) in actions.into_iter().zip([old, new]) {
                if let Some(path) = path {
                    watch.tell(action, kinds, path.units().to_vec());
                }
            }
        }
        // Who watches the folder itself, or one in it, watches it under its new name.
        for (folder, _) in lock(&self.folders).iter_mut().filter(|(folder, _)| is_folder && folder.letter == from.letter) {
            if let Some(below) = folder.path.below(&from.path) {
                *folder = DrivePath { path: to.path.join(&below), ..to.clone() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::{Root, Taken, Watches};
    use windows_sys::Win32::Storage::FileSystem::{FILE_NOTIFY_CHANGE_FILE_NAME, FILE_NOTIFY_CHANGE_LAST_WRITE};

    fn path(text: &str) -> DrivePath {
        let path = text.split('\\').map(|name| name.encode_utf16().collect::<Vec<_>>()).collect();
        DrivePath { letter: b'C', path, folder: false }
    }

    #[test]
    fn who_watches_a_folder_hears_of_what_happens_in_it() {
        let watches = Watches::default();
        let filter = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE;
        let start = |subtree| watches.start(Root::Drive(path("a")), None, filter, subtree, 4096).unwrap();
        let (flat, deep) = (start(false), start(true));
        watches.own.happened(&path("A\\new"), false, Happened::Made);
        watches.own.happened(&path("a\\b\\inner"), false, Happened::Written);
        watches.own.happened(&path("other\\new"), false, Happened::Made);
        watches.own.happened(&path("a\\folder"), true, Happened::Made);
        watches.own.moved(&path("a\\new"), &path("a\\old"), false);
        watches.own.moved(&path("a\\old"), &path("a\\b\\old"), false);
        let told = |rows: &[(u32, &str)]| Taken::Changes(rows.iter().map(|(action, path)| (*action, path.encode_utf16().collect())).collect());
        let (added, removed, modified, old, new) = (1, 2, 3, 4, 5);
        assert_eq!(flat.take(4096), told(&[(added, "new"), (old, "new"), (new, "old"), (removed, "old")]));
        assert_eq!(deep.take(4096), told(&[(added, "new"), (modified, "b\\inner"), (old, "new"), (new, "old"), (removed, "old"), (added, "b\\old")]));
        watches.own.moved(&path("a"), &path("c\\A"), true);
        watches.own.happened(&path("a\\new"), false, Happened::Made);
        watches.own.happened(&path("C\\a\\after"), false, Happened::Made);
        assert_eq!(flat.take(4096), told(&[(added, "after")]), "a watch follows its folder, and not the folder's name");
        watches.own.moved(&path("c"), &path("a"), true);
        watches.own.moved(&path("a\\a"), &path("a"), true);
        watches.end(&flat);
        watches.own.happened(&path("a\\new"), false, Happened::Made);
        assert_eq!(flat.take(4096), Taken::Nothing);
    }
}
