//! Folding: the journal's changes go into a new index, and what nothing tells of any more is deleted.
//!
//! An index and its journal bear one number. The new journal is made first, empty; the new index gets its name when it is whole and on
//! the disk, and with that name both count. Whatever bears another number is deleted then.

use super::tree::Content;
use super::{Core, Log, State, index_name, journal_name};
use crate::journal::bytes::Writer;
use crate::journal::log::Head;
use rustix::fs::{AtFlags, renameat, unlinkat};
use rustix::io::Result;
use std::os::fd::AsFd;

/// A journal of so many bytes is folded when the volume is closed, and one of so many while it is at work.
const LONG: u64 = 256 << 10;
const VERY_LONG: u64 = 64 << 20;
/// The publisher folds that one when there is something to publish. Where nothing is, whoever makes the journal twice as long pays
/// for it.
const ENDLESS: u64 = if cfg!(test) { LONG } else { 2 * VERY_LONG };
/// The same for bytes of blobs that nothing tells of.
const MUCH_GARBAGE: u64 = 1 << 20;
const TOO_MUCH_GARBAGE: u64 = 1 << 30;

/// How much garbage is gathered before somebody looks whether there is room for it.
pub const GARBAGE_STEP: u64 = 64 << 10;
/// With less room than that, what earlier runs left is looked for when a volume is opened.
const LITTLE_ROOM: u64 = 16 << 20;

/// The name of an index that is not whole yet.
const FRESH: &str = "index.new";

impl Core {
    /// Folds a journal that the next opening would read for too long. What cannot be folded is as good as it is.
    pub(super) fn fold_if_long(&self) {
        self.fold_from(LONG, MUCH_GARBAGE);
    }

    /// The same while the volume is at work, which must wait meanwhile.
    pub(super) fn fold_if_very_long(&self) {
        self.fold_from(VERY_LONG, TOO_MUCH_GARBAGE);
    }

    /// Folds a journal that nobody else has folded. One that cannot be folded is tried again some megabytes later.
    pub(super) fn fold_if_endless(&self, state: &mut State) {
        let Some(length) = state.journal.as_ref().map(|journal| journal.length) else { return };
        if length >= ENDLESS.max(state.fold_again_at) {
            let done = self.fold(state);
            let left = state.journal.as_ref().map_or(0, |journal| journal.length);
            state.fold_again_at = if done.is_ok() && left < length { 0 } else { length + VERY_LONG };
        }
    }

    fn fold_from(&self, length: u64, garbage: u64) {
        let state = &mut *self.state();
        if state.journal.as_ref().is_some_and(|journal| journal.length >= length) || state.garbage >= garbage {
            let _ = self.fold(state);
        }
    }

    /// Writes a new index.
    pub(super) fn fold(&self, state: &mut State) -> Result<()> {
        // Where records are damaged, what they told of is kept, and so is the damage: somebody may want to look at it.
        if state.journal.is_none() || state.is_damaged() {
            return Ok(());
        }
        self.sync(state)?;
        let head = Head { generation: state.generation + 1, device: self.device };
        let root = self.disk.root.as_fd();
        let mut index = Log::make(root, FRESH, head)?;
        let (mut bytes, mut done) = (Writer::default(), Ok(()));
        state.tree.records(|record| {
            if done.is_ok() {
                done = index.gather(&record, &mut bytes);
            }
        });
        let written = done.and_then(|()| index.finish(&mut bytes)).and_then(|()| index.sync());
        let journal = written.and_then(|()| Log::make(root, &journal_name(head.generation), head)).and_then(|journal| {
            journal.sync()?;
            self.disk.sync_names()?;
            renameat(root, FRESH, root, index_name(head.generation))?;
            Ok(journal)
        });
        let journal = match journal {
            Ok(journal) => journal,
            Err(error) => {
                let _ = unlinkat(root, FRESH, AtFlags::empty());
                return Err(error);
            }
        };
        (state.journal, state.generation, state.synced) = (Some(journal), head.generation, state.tree.next_staged);
        // Without the new name on the disk, a host that loses its power goes on with the old files: they must stay then.
        self.disk.sync_names()?;
        for name in self.disk.files()? {
            let number = name.strip_prefix("index.").or_else(|| name.strip_prefix("journal.")).and_then(|number| number.parse::<u64>().ok());
            if number.is_some_and(|number| number != head.generation) {
                let _ = unlinkat(root, &name, AtFlags::empty());
            }
        }
        self.collect(state)
    }

    /// Deletes garbage at once where the disk has less room than that.
    pub(super) fn collect_if_short(&self, state: &mut State) {
        if state.garbage < state.garbage_looked_at {
            return;
        }
        self.collect_with_less_than(state, state.garbage);
        state.garbage_looked_at = state.garbage + GARBAGE_STEP;
    }

    /// Deletes what earlier runs left, where the disk has little room.
    pub(super) fn collect_left(&self, state: &mut State) {
        self.collect_with_less_than(state, LITTLE_ROOM);
    }

    fn collect_with_less_than(&self, state: &mut State, room: u64) {
        let is_short = rustix::fs::fstatvfs(&self.disk.root).is_ok_and(|found| found.f_bavail * found.f_frsize < room);
        // What the journal has told of must be on the disk before.
        if is_short && !state.is_damaged() && self.sync(state).is_ok() {
            let _ = self.collect(state);
        }
    }

    /// Sees that the names of all files are on the disk, and what the journal tells of them. Their bytes are there where a program has
    /// flushed them; the rest was not promised.
    fn sync(&self, state: &mut State) -> Result<()> {
        self.disk.sync_blobs(&state.fresh)?;
        self.disk.sync_names()?;
        state.journal.as_ref().map_or(Ok(()), Log::sync)?;
        state.fresh.clear();
        Ok(())
    }

    /// Deletes what no name and no former version leads to.
    pub(super) fn collect(&self, state: &mut State) -> Result<()> {
        let mut staged = state.filling.clone();
        for node in state.tree.nodes.values_mut() {
            match &mut node.content {
                Content::Staged { number, .. } => {
                    staged.insert(*number);
                }
                Content::Published(published) => published.staged = 0,
                Content::Folder(_) | Content::Lost => {}
            }
        }
        for number in self.disk.staged_numbers()?.into_iter().filter(|number| !staged.contains(number)) {
            self.disk.remove_staged(number);
        }
        for hash in self.disk.blobs()?.iter().filter(|hash| !state.tree.blobs.contains_key(hash)) {
            self.disk.remove_blob(hash);
        }
        (state.garbage, state.garbage_looked_at) = (0, GARBAGE_STEP);
        Ok(())
    }
}
