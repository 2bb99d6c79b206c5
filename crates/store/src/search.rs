//! Looking for a file by its number. No host keeps a way from a number to a name, and so the folders are looked through.

use crate::path::Path;
use crate::volume::{Entry, FileId};
use std::collections::VecDeque;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// How many entries are looked at: whoever asks again and again must not keep the host busy without end.
const MOST_ENTRIES: usize = 1 << 17;

/// The paths below a root under which a number is found, the nearest first, at most so many. Folders that may not be listed are passed by.
pub fn paths(list: &dyn Fn(&Path) -> Result<Vec<Entry>, NTSTATUS>, (device, id): FileId, most: usize) -> Result<Vec<Path>, NTSTATUS> {
    let (mut folders, mut found, mut seen) = (VecDeque::from([Path::default()]), Vec::new(), 0);
    while let Some(folder) = folders.pop_front() {
        let Ok(entries) = list(&folder) else { continue };
        seen += entries.len();
        for Entry { name, metadata } in entries {
            let mut path = folder.clone();
            path.push(&name);
            if (metadata.device, metadata.id) == (device, id) {
                found.push(path.clone());
                if found.len() >= most {
                    return Ok(found);
                }
            }
            if metadata.folder && !metadata.link {
                folders.push_back(path);
            }
        }
        if seen > MOST_ENTRIES {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
    }
    Ok(found)
}
