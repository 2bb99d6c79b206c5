//! Publishing: a staged file that nobody can write becomes a signed object in the pool, some time after its last close.
//!
//! The kernel tells whether somebody still can write a file (a lease, [`Leases`](super::Leases)); as long as that is so the file stays
//! staged, for what is written through a view that outlives its handle belongs to it. A file that was opened for writing while it was
//! hashed is published another time.

use super::content::{copy_all, has_holes, hash_of};
use super::record::Record;
use super::tree::Content;
use super::{Core, Objects, State, now};
use crate::journal::header::{Hash, Header};
use rustix::fs::{OFlags, fstat};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a file rests after its last close: programs close what they open again.
const REST: Duration = Duration::from_secs(1);
/// The same for a large one, whose hash takes longer.
const LONG_REST: Duration = Duration::from_secs(30);
/// Bytes of a large file.
const LARGE: u64 = 1 << 20;

/// So many bytes of holes: a file with them is not published, for hashing them would take longer than making them did.
const MOST_HOLES: u64 = 1 << 30;

/// Files that are published by one thread at the end; of more, several take their part.
const FEW: usize = 64;
const MOST_HANDS: usize = 4;

/// How publishing a file went.
pub enum Attempt {
    /// There is nothing to publish.
    Nothing,
    /// It is published.
    Done,
    /// Somebody can write it.
    Later,
}

impl Objects {
    /// An open of a file has gone; the last one's end lets it be published.
    pub(super) fn release(&self, id: u64) {
        let core = &self.core;
        let mut state = core.state();
        // What it has become counts from now on; nobody is left to hear of a failure. Its opener's own descriptor is still there.
        let _ = core.metadata(&mut state, id);
        let Some(node) = state.tree.nodes.get_mut(&id) else { return };
        node.opens = node.opens.saturating_sub(1);
        if node.opens > 0 {
            return;
        }
        if node.links == 0 {
            state.tree.forget(id);
            core.bury(&mut state);
            return;
        }
        if core.persists() && matches!(node.content, Content::Staged { .. }) {
            let waits = (Instant::now() + REST, id);
            state.queue.waiting.insert(waits);
            let is_first = state.queue.waiting.first() == Some(&waits);
            drop(state);
            self.start_publisher();
            if is_first {
                core.wake.notify_one();
            }
        }
    }

    fn start_publisher(&self) {
        let mut publisher = self.publisher.lock().unwrap_or_else(PoisonError::into_inner);
        if publisher.is_none() && !self.core.state().queue.ends {
            let core = Arc::clone(&self.core);
            *publisher = std::thread::Builder::new().name("publisher".into()).spawn(move || core.work()).ok();
        }
    }
}

impl Core {
    /// The publisher's thread.
    fn work(&self) {
        let mut state = self.state();
        while !state.queue.ends {
            let now = Instant::now();
            let Some((due, id)) = state.queue.waiting.first().copied() else {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if due > now {
                state = self.wake.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            state.queue.waiting.pop_first();
            drop(state);
            self.publish_in_time(id);
            self.fold_if_very_long();
            state = self.state();
        }
    }

    /// Publishes a file, unless it is better left for a while.
    fn publish_in_time(&self, id: u64) {
        let mut state = self.state();
        let size = match state.tree.nodes.get(&id) {
            Some(node) if node.links > 0 && node.opens == 0 => match &node.content {
                Content::Staged { number, .. } => self.disk.staged_facts(*number).ok(),
                _ => None,
            },
            _ => None,
        };
        let Some(facts) = size else { return };
        let written = facts.times[2].max(facts.times[3]);
        let rested = Duration::from_nanos(now().saturating_sub(written).unsigned_abs().saturating_mul(100));
        if facts.size > LARGE && rested < LONG_REST {
            state.queue.waiting.insert((Instant::now() + (LONG_REST - rested), id));
            return;
        }
        drop(state);
        if let Ok(Attempt::Later) = self.publish(id, false) {
            self.state().queue.waiting.insert((Instant::now() + 5 * REST, id));
        }
    }

    /// Publishes everything that is staged.
    pub(super) fn publish_all(&self) {
        let staged: Vec<u64> =
            self.state().tree.nodes.iter().filter(|(_, node)| matches!(node.content, Content::Staged { .. })).map(|(id, _)| *id).collect();
        // Hashing and signing take most of the time, and go beside each other.
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(id) = staged.get(next.fetch_add(1, Ordering::Relaxed)) {
                // What cannot be published stays staged, and is as safe there.
                let _ = self.publish(*id, true);
            }
        };
        let hands = if staged.len() < FEW { 1 } else { std::thread::available_parallelism().map_or(1, usize::from).min(MOST_HANDS) };
        std::thread::scope(|scope| {
            for _ in 1..hands {
                // Where there is no room for a thread, one does it all.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
    }

    /// Publishes a file now. At the end of everything, what somebody still can write is published as a copy.
    pub(super) fn publish(&self, id: u64, last: bool) -> rustix::io::Result<Attempt> {
        let Some(principal) = &self.principal else { return Ok(Attempt::Nothing) };
        let (number, writers, facts, file, is_copy, base) = {
            let state = self.state();
            let Some(node) = state.tree.nodes.get(&id).filter(|node| node.links > 0 && (last || node.opens == 0)) else {
                return Ok(Attempt::Nothing);
            };
            let Content::Staged { number, base, .. } = &node.content else { return Ok(Attempt::Nothing) };
            let (number, base) = (*number, base.clone());
            let file = self.disk.staged(number, OFlags::RDONLY)?;
            let is_unwritten = self.leases.is_unwritten(file.as_fd());
            if !is_unwritten && !last {
                return Ok(Attempt::Later);
            }
            // As long as it is not read to be hashed, it has the time of its last access by a program.
            (number, node.writers, self.disk.staged_facts(number)?, file, !is_unwritten, base)
        };
        // A file is made as long as it is wished in no time; hashed it is not.
        if has_holes(file.as_fd(), MOST_HOLES)? {
            return Ok(Attempt::Nothing);
        }
        let (file, number) = if is_copy {
            let mut fresh = number;
            let copy = self.disk.make_staged(&mut fresh, OFlags::RDWR)?;
            copy_all(file.as_fd(), copy.as_fd(), u64::MAX)?;
            (copy, fresh)
        } else {
            (file, number)
        };
        let (hash, (written, size)) = (hash_of(&file)?, super::disk::written(file.as_fd())?);
        let header = match base {
            // It is what it was: so is who made it, and when.
            Some(base) if base.header.hash == hash => base.header,
            base => {
                let lineage = base.map_or_else(Default::default, |base| base.header.hash);
                Box::new(Header::sign(principal, hash, size, lineage, now()))
            }
        };
        let (mut state, known) = self.known_blob(&hash);
        let Some(node) = state.tree.nodes.get(&id).filter(|node| node.writers == writers) else { return Ok(Attempt::Later) };
        // It was deleted while it was hashed, and somebody still has it open.
        if node.links == 0 || !matches!(node.content, Content::Staged { .. }) {
            return Ok(Attempt::Nothing);
        }
        let mut times = facts.times;
        times[0] = node.times[0];
        let written = match known {
            Some(blob) => {
                // The same content again: this file's readers must not lose sight of it.
                if !self.leases.is_unheld(file.as_fd()) && !last {
                    return Ok(Attempt::Later);
                }
                super::disk::written(blob.as_fd())?.0
            }
            None => {
                self.disk.publish(number, file.as_fd(), &hash)?;
                // Who still reads it must see what is written to it next.
                if !self.leases.is_unheld(file.as_fd()) {
                    state.given.insert(hash, id);
                }
                state.fresh.insert(hash.0[0]);
                written
            }
        };
        let done = self.commit(&mut state, vec![Record::Publish { id, staged: number, times, written, header }]);
        done.map(|()| Attempt::Done).map_err(|_| rustix::io::Errno::IO)
    }

    /// The volume's lock, and a blob that is known and still what it was; one that was damaged is to be replaced. Reading it takes its
    /// time, which nobody waits for.
    fn known_blob(&self, hash: &Hash) -> (MutexGuard<'_, State>, Option<OwnedFd>) {
        let look = |state: &State| state.tree.blobs.contains_key(hash).then(|| self.disk.blob(hash).ok()).flatten();
        let identity = |blob: &OwnedFd| fstat(blob).ok().map(|facts| (facts.st_ino, facts.st_mtime, facts.st_mtime_nsec));
        loop {
            let before = look(&self.state());
            let is_sound = before.as_ref().is_none_or(|blob| hash_of(blob) == Ok(*hash));
            let state = self.state();
            let now = look(&state);
            // Another one may have been put in its place meanwhile.
            if now.as_ref().and_then(identity) == before.as_ref().and_then(identity) {
                return (state, now.filter(|_| is_sound));
            }
        }
    }

    /// What an earlier run left staged is published when there is time.
    pub(super) fn resume(&self) {
        let state: &mut State = &mut self.state();
        let due = Instant::now() + LONG_REST;
        let staged = state.tree.nodes.iter().filter(|(_, node)| matches!(node.content, Content::Staged { .. }));
        state.queue.waiting.extend(staged.map(|(id, _)| (due, *id)));
    }
}
