//! Changing keys and values: written down first, then done.

use super::disk::Disk;
use super::name::{DEEPEST, LARGEST_VALUE, LONGEST_KEY, LONGEST_PATH, LONGEST_VALUE, PARTS, fold, names};
use super::node::{NOBODY, Node, key_size};
use super::record::Record;
use super::values::{Value, value_size};
use super::walk::{How, Walked, below_root};
use super::{Event, ROOT, Registry};
use crate::objects::now;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_CANNOT_DELETE, STATUS_CHILD_MUST_BE_VOLATILE, STATUS_INVALID_PARAMETER, STATUS_NAME_TOO_LONG,
    STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_QUOTA_EXCEEDED, STATUS_REGISTRY_CORRUPT,
};
use windows_sys::Win32::System::Registry::{REG_NOTIFY_CHANGE_LAST_SET, REG_NOTIFY_CHANGE_NAME};

/// A key that is to be made where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct New<'a> {
    /// Its class.
    pub class: &'a [u16],
    /// It is not kept.
    pub volatile: bool,
    /// It is a symbolic link.
    pub link: bool,
}

impl Registry {
    /// The key that a path leads to, made where its last name is missing; whether it was.
    pub fn create(&mut self, start: u32, path: &[u16], how: How, new: &New<'_>) -> Result<(u32, bool), NTSTATUS> {
        match self.walk(start, path, How { link: how.link || new.link, ..how })? {
            Walked::To(_) if new.link => Err(STATUS_OBJECT_NAME_COLLISION),
            Walked::To(id) => Ok((id, false)),
            Walked::Short(parent, names) if names.len() == 1 => self.make(parent, &names[0], new).map(|id| (id, true)),
            Walked::Short(..) => Err(STATUS_OBJECT_NAME_NOT_FOUND),
        }
    }

    /// Makes a key below another one.
    pub(super) fn make(&mut self, parent: u32, name: &[u16], new: &New<'_>) -> Result<u32, NTSTATUS> {
        let above = self.ready(parent)?;
        if above.volatile && !new.volatile {
            return Err(STATUS_CHILD_MUST_BE_VOLATILE);
        }
        // Directly below HKLM and HKU lies what the system itself has put there.
        if parent == ROOT || self.node(parent).parent == ROOT || name.is_empty() || name.len() > LONGEST_KEY || new.class.len() > LONGEST_PATH {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let path = self.path_below(parent, name)?;
        if self.depth(parent) + 1 > DEEPEST {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let bytes = key_size(name, new.class);
        if self.keys + self.volatile.0 >= self.limits.keys || !self.has_room(bytes) {
            return Err(STATUS_QUOTA_EXCEEDED);
        }
        let time = now();
        if !new.volatile {
            self.write(|| Record::Make { path, class: new.class.into(), time, link: new.link })?;
        }
        Ok(self.do_make(parent, name, new, time))
    }

    fn do_make(&mut self, parent: u32, name: &[u16], new: &New<'_>, time: i64) -> u32 {
        let node = Node { class: new.class.into(), written: time, own: true, volatile: new.volatile, link: new.link, ..Node::new(name, parent) };
        let id = self.insert(node);
        let above = self.node_mut(parent);
        above.subkeys.insert(fold(name), id);
        above.written = time;
        above.grow_for(name, new.class);
        self.count(new.volatile, 1, key_size(name, new.class) as i64);
        self.touch(id);
        self.events.push(Event { key: parent, what: REG_NOTIFY_CHANGE_NAME });
        id
    }

    /// Deletes a key that has none below it. Who has it open is told with the next call.
    pub fn delete(&mut self, id: u32) -> Result<(), NTSTATUS> {
        let node = self.ready(id)?;
        if node.subkeys.len() > 0 {
            return Err(STATUS_CANNOT_DELETE);
        }
        let volatile = node.volatile;
        if self.is_systems(id) {
            return Err(STATUS_ACCESS_DENIED);
        }
        let time = now();
        if !volatile && self.disk.is_some() {
            let path = self.path_of(id)?;
            self.write(|| Record::Delete { path, time })?;
        }
        self.do_delete(id, time);
        Ok(())
    }

    fn do_delete(&mut self, id: u32, time: i64) {
        let node = self.node_mut(id);
        node.deleted = true;
        let values = std::mem::take(&mut node.values);
        let (parent, base, own, opens, folded, volatile) = (node.parent, node.base, node.own, node.opens, fold(&node.name), node.volatile);
        let bytes = node.size();
        for value in values.from(0) {
            self.give_back(volatile, value);
        }
        if own {
            self.count(volatile, -1, -(bytes as i64));
        }
        let above = self.node_mut(parent);
        above.subkeys.remove(&folded);
        if above.subkeys.len() == 0 {
            (above.longest.key, above.longest.class) = (0, 0);
        }
        above.written = time;
        if base {
            above.hidden.get_or_insert_default().keys.insert(folded);
        }
        self.touch(parent);
        if opens == 0 {
            self.release(id);
        } else {
            // Whoever watches it hears of its end, whatever else was asked for.
            self.events.push(Event { key: id, what: u32::MAX });
        }
        self.events.push(Event { key: parent, what: REG_NOTIFY_CHANGE_NAME });
    }

    /// Sets a value.
    pub fn set(&mut self, id: u32, name: &[u16], kind: u32, data: &[u8]) -> Result<(), NTSTATUS> {
        let node = self.ready(id)?;
        if name.len() > LONGEST_VALUE {
            return Err(STATUS_NAME_TOO_LONG);
        }
        if data.len() > LARGEST_VALUE {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let volatile = node.volatile;
        let before = node.values.get(name).filter(|value| value.own).map_or(0, Value::size);
        let after = value_size(name, data);
        if after > before && !self.has_room(after - before) {
            return Err(STATUS_QUOTA_EXCEEDED);
        }
        let time = now();
        if !volatile && self.disk.is_some() {
            let path = self.path_of(id)?;
            self.write(|| Record::Set { path, name: name.into(), kind, data: data.into(), time })?;
        }
        self.do_set(id, name, kind, data.into(), time);
        Ok(())
    }

    fn do_set(&mut self, id: u32, name: &[u16], kind: u32, data: Box<[u8]>, time: i64) {
        let node = self.node_mut(id);
        let hidden = node.hidden.as_mut().is_some_and(|hidden| hidden.values.remove(&fold(name)));
        let base = hidden || node.values.get(name).is_some_and(|value| value.base);
        node.longest.value = node.longest.value.max(2 * name.len() as u32);
        node.longest.data = node.longest.data.max(data.len() as u32);
        node.written = time;
        let value = Value { name: name.into(), kind, data, base, own: true };
        let (size, volatile) = (value.size(), node.volatile);
        let before = node.values.set(value);
        if let Some(before) = before {
            self.give_back(volatile, &before);
        }
        self.count(volatile, 0, size as i64);
        self.touch(id);
        self.events.push(Event { key: id, what: REG_NOTIFY_CHANGE_LAST_SET });
    }

    /// Deletes a value.
    pub fn unset(&mut self, id: u32, name: &[u16]) -> Result<(), NTSTATUS> {
        let node = self.ready(id)?;
        if node.values.get(name).is_none() {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        let time = now();
        if !node.volatile && self.disk.is_some() {
            let path = self.path_of(id)?;
            self.write(|| Record::Unset { path, name: name.into(), time })?;
        }
        self.do_unset(id, name, time);
        Ok(())
    }

    fn do_unset(&mut self, id: u32, name: &[u16], time: i64) {
        let node = self.node_mut(id);
        let Some(before) = node.values.remove(name) else { return };
        node.written = time;
        if node.values.len() == 0 {
            (node.longest.value, node.longest.data) = (0, 0);
        }
        if before.base {
            node.hidden.get_or_insert_default().values.insert(fold(name));
        }
        let volatile = node.volatile;
        self.give_back(volatile, &before);
        self.touch(id);
        self.events.push(Event { key: id, what: REG_NOTIFY_CHANGE_LAST_SET });
    }

    /// Whether a key is one that the system itself stands on: nobody deletes or renames it.
    pub(super) fn is_systems(&self, id: u32) -> bool {
        let parent = self.node(id).parent;
        parent == NOBODY || parent == ROOT || self.node(parent).parent == ROOT || self.is_kept(id)
    }

    /// Gives a key another name, with all that is below it.
    pub fn rename(&mut self, id: u32, name: &[u16]) -> Result<(), NTSTATUS> {
        let node = self.ready(id)?;
        let (parent, volatile) = (node.parent, node.volatile);
        if name.is_empty() || name.len() > LONGEST_KEY || name.contains(&PARTS) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if self.is_systems(id) {
            return Err(STATUS_ACCESS_DENIED);
        }
        if self.child(parent, &fold(name)).is_some_and(|other| other != id) {
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        let before = self.node(id).name.len();
        let longest = self.path_below(parent, name)?.len() + if name.len() > before { self.longest_below(id) } else { 0 };
        if longest > LONGEST_PATH {
            return Err(STATUS_NAME_TOO_LONG);
        }
        let time = now();
        if !volatile {
            let path = self.path_of(id)?;
            self.write(|| Record::Rename { path, name: name.into(), time })?;
        }
        self.do_rename(id, name, time);
        Ok(())
    }

    /// How long the longest path from a key down is.
    fn longest_below(&mut self, top: u32) -> usize {
        let (mut longest, mut left) = (0, vec![(top, 0)]);
        while let Some((id, length)) = left.pop() {
            self.load(id);
            longest = longest.max(length);
            left.extend(self.node(id).subkeys.iter().map(|(name, below)| (*below, length + 1 + name.len())));
        }
        longest
    }

    fn do_rename(&mut self, id: u32, name: &[u16], time: i64) {
        let node = self.node_mut(id);
        let (parent, base, own, volatile, old) = (node.parent, node.base, node.own, node.volatile, fold(&node.name));
        let longer = 2 * (name.len() as i64 - node.name.len() as i64);
        node.name = name.into();
        node.written = time;
        if own {
            self.count(volatile, 0, longer);
        }
        if base {
            self.own_all(id);
        }
        let above = self.node_mut(parent);
        above.subkeys.remove(&old);
        above.subkeys.insert(fold(name), id);
        above.grow_for(name, &[]);
        above.written = time;
        if base {
            above.hidden.get_or_insert_default().keys.insert(old);
        }
        self.touch(parent);
        self.touch(id);
        self.events.push(Event { key: parent, what: REG_NOTIFY_CHANGE_NAME });
    }

    /// What came from the built-in base becomes the sandbox's own.
    fn own_all(&mut self, top: u32) {
        let mut left = vec![top];
        while let Some(id) = left.pop() {
            self.load(id);
            let node = self.node_mut(id);
            let made = std::mem::replace(&mut node.own, true);
            (node.base, node.touched, node.hidden) = (false, true, None);
            left.extend(node.subkeys.iter().map(|(_, below)| *below));
            let mut more = if made { 0 } else { node.size() };
            for value in node.values.from(0).cloned().collect::<Vec<_>>() {
                more += if value.own { 0 } else { value.size() };
                node.values.set(Value { base: false, own: true, ..value });
            }
            // Nothing of the base is volatile.
            self.count(false, i64::from(!made), more as i64);
        }
    }

    fn give_back(&mut self, volatile: bool, value: &Value) {
        if value.own {
            self.count(volatile, 0, -(value.size() as i64));
        }
    }

    /// Counts what the sandbox takes: what is kept for itself, for an index tells of that alone.
    fn count(&mut self, volatile: bool, keys: i64, bytes: i64) {
        let (own_keys, own_bytes) = if volatile { (&mut self.volatile.0, &mut self.volatile.1) } else { (&mut self.keys, &mut self.bytes) };
        *own_keys = own_keys.saturating_add_signed(keys);
        *own_bytes = own_bytes.saturating_add_signed(bytes);
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.bytes + self.volatile.1 + bytes <= self.limits.bytes
    }

    /// Notes that a key was changed, with those above it.
    pub(super) fn touch(&mut self, mut id: u32) {
        while id != NOBODY && !self.node(id).touched {
            let node = self.node_mut(id);
            node.touched = true;
            id = node.parent;
        }
    }

    fn path_of(&self, id: u32) -> Result<Box<[u16]>, NTSTATUS> {
        Ok(below_root(&self.path(id)?).unwrap_or_default().into())
    }

    fn path_below(&self, parent: u32, name: &[u16]) -> Result<Box<[u16]>, NTSTATUS> {
        let mut path = below_root(&self.path(parent)?).unwrap_or_default().to_vec();
        path.push(PARTS);
        path.extend(name);
        if path.len() > LONGEST_PATH { Err(STATUS_NAME_TOO_LONG) } else { Ok(path.into()) }
    }

    /// Writes a change down, where changes are kept. A journal that cannot be folded does not grow for ever.
    fn write(&mut self, record: impl FnOnce() -> Record) -> Result<(), NTSTATUS> {
        let length = self.disk.as_ref().and_then(|disk| disk.journal.as_ref()).map_or(0, |journal| journal.length);
        if length >= self.limits.unfolded && self.is_damaged() {
            return Err(STATUS_REGISTRY_CORRUPT);
        }
        match &mut self.disk {
            Some(disk) => disk.append(record()),
            None => Ok(()),
        }
    }

    /// The key of a record's path. What the sandbox has changed and not made is the base's: it is there, even where the base of this
    /// program lacks it, which may be another one than that of the program that wrote the record.
    fn recorded(&mut self, path: &[u16]) -> u32 {
        let mut at = ROOT;
        for name in names(path) {
            let folded = fold(name);
            at = match self.child(at, &folded) {
                Some(below) => below,
                None => self.adopt_base_key(at, name, folded),
            };
        }
        self.load(at);
        at
    }

    /// Enters a key that another base has.
    pub(super) fn adopt_base_key(&mut self, parent: u32, name: &[u16], folded: Box<[u16]>) -> u32 {
        let id = self.insert(Node { base: true, ..Node::new(name, parent) });
        let above = self.node_mut(parent);
        above.subkeys.insert(folded, id);
        above.grow_for(name, &[]);
        id
    }

    /// Does again what a journal tells of. What cannot be done is answered in words.
    pub(super) fn replay(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Make { path, class, time, link } => {
                let parted = path.iter().rposition(|unit| *unit == PARTS).unwrap_or(0);
                let parent = self.recorded(&path[..parted]);
                let name = &path[(parted + 1).min(path.len())..];
                if name.is_empty() {
                    return Err("a key without a name".to_owned());
                }
                if self.child(parent, &fold(name)).is_none() {
                    self.do_make(parent, name, &New { class: &class, volatile: false, link }, time);
                }
            }
            Record::Delete { path, time } => {
                let id = self.recorded(&path);
                if self.is_systems(id) {
                    return Err(format!("the end of {}, on which the system stands", String::from_utf16_lossy(&path)));
                }
                // Another base may have more below it.
                if self.node(id).subkeys.len() == 0 {
                    self.do_delete(id, time);
                }
            }
            Record::Set { path, name, kind, data, time } => {
                let id = self.recorded(&path);
                self.do_set(id, &name, kind, data, time);
            }
            Record::Unset { path, name, time } => {
                let id = self.recorded(&path);
                if self.node(id).values.get(&name).is_none() {
                    self.node_mut(id).hidden.get_or_insert_default().values.insert(fold(&name));
                    self.touch(id);
                }
                self.do_unset(id, &name, time);
            }
            Record::Rename { path, name, time } => {
                let id = self.recorded(&path);
                if self.is_systems(id) {
                    return Err(format!("another name for {}, on which the system stands", String::from_utf16_lossy(&path)));
                }
                let parent = self.node(id).parent;
                // Where another base has a key of the new name, the sandbox's takes its place.
                let other = self.child(parent, &fold(&name));
                if name.is_empty() || name.contains(&PARTS) || other.is_some_and(|other| self.is_systems(other)) {
                    return Err(format!("a name that {} cannot have", String::from_utf16_lossy(&path)));
                }
                self.do_rename(id, &name, time);
            }
            _ => return Err("an index, in a journal".to_owned()),
        }
        Ok(())
    }

    /// Sees that every change is on the disk.
    pub fn flush(&mut self) -> Result<(), NTSTATUS> {
        self.disk.as_mut().map_or(Ok(()), Disk::flush)
    }
}
