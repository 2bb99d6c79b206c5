//! Change notification of open folders.

use super::{Answer, bytes, lock};
use crate::descriptor::leaves_room;
use crate::process::Process;
use crate::reply::Reply;
use crate::watch::{Root, Taken};
use protocol::message::{Done, TakeChanges, WatchFolder, Word};
use std::os::fd::AsFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    STATUS_DELETE_PENDING, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_NOTIFY_ENUM_DIR,
};
use windows_sys::Win32::Storage::FileSystem::FILE_LIST_DIRECTORY;

/// What the last value of a [`TakeChanges`] answer says.
const MISSED: u32 = STATUS_NOTIFY_ENUM_DIR as u32;

impl Process {
    /// Watches an open folder from now on. What is wanted counts at the first time: a folder's handle is watched in one way.
    pub fn watch_folder(&self, request: &WatchFolder) -> Answer {
        let object = self.object(request.handle, FILE_LIST_DIRECTORY)?;
        if !object.is_folder() {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let mut watch = lock(&object.watch);
        let watch = match &*watch {
            Some(watch) => Arc::clone(watch),
            None => {
                let root = match (object.inside(), &object.descriptor) {
                    (Some(inside), Some(folder)) => match inside.volume.watched(&inside.path, folder.as_fd()) {
                        Err(STATUS_NOT_SUPPORTED) => Root::Drive(inside.drive_path(&inside.path)),
                        Ok(root) if !leaves_room(root.as_fd()) => return Err(STATUS_INSUFFICIENT_RESOURCES),
                        root => Root::Host(root?),
                    },
                    // A folder that only leads to grants is always the same.
                    _ => Root::Fixed,
                };
                let room = (request.room as usize).min(protocol::PAYLOAD);
                let made = self.sandbox.watches.start(root, object.id(), request.filter, request.subtree != 0, room)?;
                if !leaves_room(made.event.as_fd()) {
                    self.sandbox.watches.end(&made);
                    return Err(STATUS_INSUFFICIENT_RESOURCES);
                }
                *watch = Some(Arc::clone(&made));
                made
            }
        };
        Ok(Reply::value(&Done {}).with_descriptor(Some(Arc::clone(&watch.event))))
    }

    /// Takes what has changed in a folder that is watched.
    pub fn take_changes(&self, request: &TakeChanges) -> Answer {
        let object = self.object(request.handle, FILE_LIST_DIRECTORY)?;
        let watch = lock(&object.watch).clone().ok_or(STATUS_INVALID_PARAMETER)?;
        // A record here is as long as in the program's buffer: more than a payload holds is taken the next time.
        let room = (request.room as usize).min(protocol::PAYLOAD);
        match watch.take(room) {
            Taken::Nothing => Ok(Reply::value(&Word { value: 0 })),
            Taken::Missed => Ok(Reply::value(&Word { value: MISSED })),
            Taken::Gone => Err(STATUS_DELETE_PENDING),
            Taken::Changes(changes) => {
                let mut records = Vec::new();
                for (action, path) in &changes {
                    let path = bytes(path);
                    records.extend(action.to_le_bytes());
                    records.extend((path.len() as u32).to_le_bytes());
                    records.extend(path);
                }
                Ok(Reply::value(&Word { value: 0 }).with_payload(records))
            }
        }
    }
}
