//! Reading what a key holds, when somebody first looks there.

use super::disk::Opened;
use super::name::fold;
use super::node::Node;
use super::record::{LINK, OWN, Part, Record};
use super::values::Value;
use super::{NOBODY, ROOT, Registry};
use crate::journal::log::read_part;
use crate::objects::{Finding, OpenError};

impl Registry {
    /// Lays over the base what was found on the disk.
    pub(super) fn adopt(&mut self, opened: Opened) -> Result<(), OpenError> {
        let Opened { disk, root, keys, bytes, changes, damage } = opened;
        (self.disk, self.keys, self.bytes, self.damage) = (Some(disk), keys, bytes, damage);
        if let Some(part) = root {
            self.node_mut(ROOT).touched = true;
            self.load_part(ROOT, &part);
        }
        for change in changes {
            if let Err(what) = self.replay(change) {
                self.damage.push(Finding::Strange(what));
            }
        }
        self.events.clear();
        Ok(())
    }

    /// Reads what a key holds, unless that was done.
    pub(super) fn load(&mut self, id: u32) {
        if self.node(id).pending.is_none() {
            return;
        }
        self.load_built_in(id);
        if let Some(part) = self.node_mut(id).pending.take().and_then(|pending| pending.part) {
            self.load_part(id, &part);
        }
    }

    /// Reads the piece of the built-in base that a key holds.
    fn load_built_in(&mut self, id: u32) {
        let text = self.node_mut(id).pending.as_mut().and_then(|pending| pending.base.take());
        if let Some(text) = text {
            self.load_text(text);
        }
    }

    /// Reads everything.
    pub(super) fn load_all(&mut self) {
        let mut left = vec![ROOT];
        while let Some(id) = left.pop() {
            self.load(id);
            left.extend(self.node(id).subkeys.iter().map(|(_, below)| *below));
        }
    }

    fn load_part(&mut self, top: u32, part: &Part) {
        let Some(index) = self.disk.as_ref().and_then(|disk| disk.index.as_ref()) else { return };
        let mut records = Vec::new();
        let length = part.length.min(index.length) as usize;
        let whole = read_part(&index.file, index.generation, part.place, length, |record: Record| records.push(record));
        if whole != Ok(true) {
            let file = super::disk::index_name(index.generation);
            self.damage.push(Finding::Damaged { file, start: part.place.offset, end: part.place.offset + part.length });
        }
        // The keys above the next one, outermost first.
        let mut above = vec![top];
        let mut at = top;
        for record in records {
            match record {
                Record::Key { depth, name, class, time, flags, part } => {
                    let depth = usize::from(depth);
                    if depth == 0 || depth > above.len() {
                        // The key above it is lost.
                        at = NOBODY;
                        continue;
                    }
                    above.truncate(depth);
                    let parent = above[depth - 1];
                    self.load_built_in(parent);
                    let folded = fold(&name);
                    let id = match self.node(parent).subkeys.get(&folded).copied() {
                        Some(id) => id,
                        // What the sandbox has not made is of another version's base.
                        None if flags & OWN == 0 => self.adopt_base_key(parent, &name, folded),
                        None => {
                            let id = self.insert(Node::new(&name, parent));
                            let above = self.node_mut(parent);
                            above.subkeys.insert(folded, id);
                            above.grow_for(&name, &class);
                            id
                        }
                    };
                    let node = self.node_mut(id);
                    (node.written, node.touched) = (time, true);
                    if flags & OWN != 0 {
                        (node.own, node.link, node.class) = (true, flags & LINK != 0, class);
                    }
                    if part.is_some() {
                        node.pending.get_or_insert_default().part = part;
                    }
                    above.push(id);
                    at = id;
                }
                Record::Value { name, kind, data } if at != NOBODY => {
                    self.load_built_in(at);
                    let node = self.node_mut(at);
                    let base = node.values.get(&name).is_some_and(|value| value.base);
                    node.longest.value = node.longest.value.max(2 * name.len() as u32);
                    node.longest.data = node.longest.data.max(data.len() as u32);
                    node.values.set(Value { name, kind, data, base, own: true });
                }
                Record::NoKey { name } if at != NOBODY => {
                    self.load_built_in(at);
                    let folded = fold(&name);
                    let below = self.node(at).subkeys.get(&folded).copied();
                    if below.is_some_and(|below| self.is_systems(below)) {
                        let what = format!("the end of {}, on which the system stands", String::from_utf16_lossy(&name));
                        self.damage.push(Finding::Strange(what));
                        continue;
                    }
                    let node = self.node_mut(at);
                    let gone = node.subkeys.remove(&folded);
                    node.hidden.get_or_insert_default().keys.insert(folded);
                    if let Some(gone) = gone {
                        self.forget(gone);
                    }
                }
                Record::NoValue { name } if at != NOBODY => {
                    self.load_built_in(at);
                    let node = self.node_mut(at);
                    node.values.remove(&name);
                    node.hidden.get_or_insert_default().values.insert(fold(&name));
                }
                _ => {}
            }
        }
    }

    /// Takes keys out of memory that nobody has seen.
    fn forget(&mut self, top: u32) {
        let mut left = vec![top];
        while let Some(id) = left.pop() {
            if let Some(node) = self.nodes.get(id as usize).and_then(Option::as_ref) {
                left.extend(node.subkeys.iter().map(|(_, below)| *below));
            }
            self.release(id);
        }
    }
}
