//! Bringing what the host has above it, before it is changed there. It appears whole or not at all.

use super::{Found, KNOWN, Overlay, above, note};
use crate::metadata::Metadata;
use crate::path::Path;
use crate::pattern::Pattern;
use crate::volume::{Create, How, Look, Volume};
use std::os::fd::AsFd;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_SHARING_VIOLATION};

/// How often a file is copied anew that the host changes meanwhile.
const TRIES: u32 = 5;

const READ: How =
    How { read: true, write: false, append: false, through: false, create: Create::Open, folder: Some(false), link: false, attributes: 0 };

impl Overlay {
    /// Copies what the host has at a path, a folder without its entries; answers its number above.
    pub(super) fn copy_up(&self, path: &Path, known: &Metadata, with_content: bool) -> Result<u64, NTSTATUS> {
        self.make_parents(path)?;
        let mut spelt = path.clone();
        if let Some(name) = path.last() {
            spelt.pop();
            let found = self.below.list(&spelt, &Pattern::new(name))?;
            spelt.push(found.first().map_or(name, |entry| &entry.name));
        }
        let number = if known.folder {
            self.above.note(&note(&spelt), KNOWN, known.times)?;
            self.above.bring(&above(&spelt), None, known, &|| true)?
        } else if known.regular {
            self.copy_file(&spelt, with_content)?
        } else {
            // Links stay the host's.
            return Err(STATUS_NOT_SUPPORTED);
        };
        self.ids().copied(known.id, number);
        Ok(number)
    }

    fn copy_file(&self, path: &Path, with_content: bool) -> Result<u64, NTSTATUS> {
        for _ in 0..TRIES {
            let known = self.below.metadata(path, Look { link: true, attributes: true })?;
            self.above.note(&note(path), KNOWN, known.times)?;
            let opened = self.below.open(path, &READ)?;
            let is_same = || {
                Metadata::of_host(&opened.file).is_ok_and(|now| (now.id, now.times[2], now.times[3]) == (known.id, known.times[2], known.times[3]))
            };
            let content = with_content.then(|| opened.file.as_fd());
            match self.above.bring(&above(path), Some(content), &known, &is_same) {
                Err(STATUS_SHARING_VIOLATION) => {}
                done => return done,
            }
        }
        Err(STATUS_SHARING_VIOLATION)
    }

    /// Copies something with everything below it, so that it can get another name.
    pub(super) fn copy_tree(&self, path: &Path) -> Result<(), NTSTATUS> {
        let known = match self.find(path, Look { link: true, attributes: true })? {
            Found::Below(known) => {
                self.copy_up(path, &known, true)?;
                known
            }
            Found::Above(known) => known,
        };
        if !known.folder {
            return Ok(());
        }
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            for entry in self.list(&folder, &Pattern::default())? {
                let mut at = folder.clone();
                at.push(&entry.name);
                if let Found::Below(known) = self.find(&at, Look { link: true, attributes: true })? {
                    self.copy_up(&at, &known, true)?;
                }
                if entry.metadata.folder {
                    folders.push(at);
                }
            }
        }
        Ok(())
    }

    /// Sees that the folders that a path lies in are there above.
    pub(super) fn make_parents(&self, path: &Path) -> Result<(), NTSTATUS> {
        for count in 1..path.count() {
            let folder = path.first(count);
            match self.find(&folder, Look { link: true, attributes: true })? {
                Found::Above(known) if known.folder => {}
                Found::Below(known) if known.folder => {
                    self.copy_up(&folder, &known, false)?;
                }
                _ => return Err(STATUS_OBJECT_PATH_NOT_FOUND),
            }
        }
        Ok(())
    }
}
