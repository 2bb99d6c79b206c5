//! Files of no content that stand for others: locks on them are seen in the sandbox alone.

use crate::descriptor::leaves_room;
use rustix::fs::{MemfdFlags, Mode, OFlags, memfd_create, open};
use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use store::FileId;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// So many files have a shadow before those are forgotten that nobody uses.
const FEW: usize = 64;

/// The shadows of a sandbox's files.
#[derive(Default)]
pub struct Shadows(Mutex<HashMap<FileId, Weak<OwnedFd>>>);

/// An open shadow: each has locks of its own.
pub struct Shadow {
    /// What is locked.
    pub file: OwnedFd,
    /// What all of one file have in common.
    #[expect(dead_code, reason = "it is there as long as one of them is")]
    common: Arc<OwnedFd>,
}

impl Shadows {
    /// Opens the shadow of a file.
    pub fn open(&self, file: FileId) -> Result<Shadow, NTSTATUS> {
        let mut shadows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let common = match shadows.get(&file).and_then(Weak::upgrade) {
            Some(common) => common,
            None => Arc::new(memfd_create("locks", MemfdFlags::CLOEXEC).map_err(store::status)?),
        };
        let own = format!("/proc/self/fd/{}", common.as_raw_fd());
        let opened = open(own, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(store::status)?;
        if !leaves_room(opened.as_fd()) {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        if shadows.len() >= FEW {
            shadows.retain(|_, shadow| shadow.strong_count() > 0);
        }
        shadows.insert(file, Arc::downgrade(&common));
        Ok(Shadow { file: opened, common })
    }
}
