//! `HKEY_CLASSES_ROOT`: the user's classes over the machine's ("Merged View of HKEY_CLASSES_ROOT"). A key of the merged view is up to
//! two keys; the user's comes first.

use super::change::New;
use super::walk::{How, Walked};
use super::{Facts, Registry, Value};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NO_MORE_ENTRIES, STATUS_OBJECT_NAME_NOT_FOUND};

/// What a handle leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub id: u32,
    /// In the merged view: the machine's key below the user's.
    pub under: Option<u32>,
}

impl Key {
    /// One key alone.
    pub const fn plain(id: u32) -> Self {
        Self { id, under: None }
    }
}

/// A value's name, kind, data; a subkey's name, class and time of the last change.
type Brief = (Vec<u16>, Vec<u16>, i64);

impl Registry {
    /// The root of the merged view.
    pub fn classes(&mut self) -> Result<Key, NTSTATUS> {
        let classes = self.find(super::ROOT, &super::name::wide("MACHINE\\SOFTWARE\\Classes"), How::default())?;
        let user = super::name::wide(&format!("USER\\{}_Classes", super::text::USER_SID));
        Ok(self.find(super::ROOT, &user, How::default()).map_or(Key::plain(classes), |id| Key { id, under: Some(classes) }))
    }

    /// The key that a path leads to.
    pub fn find_key(&mut self, start: Key, path: &[u16], how: How) -> Result<Key, NTSTATUS> {
        let first = self.find(start.id, path, how);
        let Some(under) = start.under else { return first.map(Key::plain) };
        match (first, self.find(under, path, how)) {
            (Ok(id), Ok(under)) if id != under => Ok(Key { id, under: Some(under) }),
            (Ok(id), _) => Ok(Key::plain(id)),
            (Err(STATUS_OBJECT_NAME_NOT_FOUND), Ok(under)) => Ok(Key::plain(under)),
            (Err(error), _) => Err(error),
        }
    }

    /// The same, made where its last name is missing: new classes are the machine's.
    pub fn create_key(&mut self, start: Key, path: &[u16], how: How, new: &New<'_>) -> Result<(Key, bool), NTSTATUS> {
        let Some(under) = start.under else { return self.create(start.id, path, how, new).map(|(id, made)| (Key::plain(id), made)) };
        match self.find_key(start, path, how) {
            Ok(key) => Ok((key, false)),
            // A user's class may have a key above that the machine lacks.
            Err(STATUS_OBJECT_NAME_NOT_FOUND) => {
                let place = match self.walk(under, path, how)? {
                    Walked::Short(_, names) if names.len() > 1 => start.id,
                    _ => under,
                };
                self.create(place, path, how, new).map(|(id, made)| (Key::plain(id), made))
            }
            Err(error) => Err(error),
        }
    }

    /// A value; the user's comes first.
    pub fn value_of(&mut self, key: Key, name: &[u16]) -> Result<&Value, NTSTATUS> {
        match key.under {
            Some(under) if self.value(key.id, name) == Err(STATUS_OBJECT_NAME_NOT_FOUND) => self.value(under, name),
            _ => self.value(key.id, name),
        }
    }

    /// Facts about a key.
    pub fn facts_of(&mut self, key: Key) -> Result<Facts, NTSTATUS> {
        let mut facts = self.facts(key.id)?;
        if let Some(under) = key.under.filter(|under| !self.is_deleted(*under)) {
            let more = self.facts(under)?;
            facts.subkeys = self.merged_subkeys(key)?.len() as u32;
            facts.values = self.merged_values(key)?.len() as u32;
            facts.longest.key = facts.longest.key.max(more.longest.key);
            facts.longest.class = facts.longest.class.max(more.longest.class);
            facts.longest.value = facts.longest.value.max(more.longest.value);
            facts.longest.data = facts.longest.data.max(more.longest.data);
        }
        Ok(facts)
    }

    fn merged_subkeys(&mut self, key: Key) -> Result<Vec<u32>, NTSTATUS> {
        let mut found: std::collections::BTreeMap<Vec<u16>, u32> = Default::default();
        for id in key.under.into_iter().filter(|under| !self.is_deleted(*under)).chain([key.id]).collect::<Vec<_>>() {
            found.extend(self.subkeys(id, 0)?.map(|(name, id)| (name.to_vec(), id)));
        }
        Ok(found.into_values().collect())
    }

    fn merged_values(&mut self, key: Key) -> Result<Vec<Value>, NTSTATUS> {
        let mut found: Vec<Value> = self.values(key.id, 0)?.cloned().collect();
        if let Some(under) = key.under.filter(|under| !self.is_deleted(*under)) {
            let more: Vec<Value> = self.values(under, 0)?.cloned().collect();
            let first = found.len();
            for value in more {
                if !found[..first].iter().any(|other| super::name::same(&other.name, &value.name)) {
                    found.push(value);
                }
            }
        }
        Ok(found)
    }

    /// Calls with the values from a position on, until it answers that this is enough.
    pub fn each_value(&mut self, key: Key, position: usize, mut each: impl FnMut(&Value) -> bool) -> Result<(), NTSTATUS> {
        if key.under.is_none() {
            for value in self.values(key.id, position)? {
                if !each(value) {
                    break;
                }
            }
            return Ok(());
        }
        let values = self.merged_values(key)?;
        if position > 0 && position >= values.len() {
            return Err(STATUS_NO_MORE_ENTRIES);
        }
        for value in &values[position.min(values.len())..] {
            if !each(value) {
                break;
            }
        }
        Ok(())
    }

    /// Names, classes and times of the keys below one, from a position on, as long as the call for each wants more.
    pub fn each_subkey(&mut self, key: Key, position: usize, mut each: impl FnMut(&[u16], &[u16], i64) -> bool) -> Result<(), NTSTATUS> {
        if key.under.is_none() {
            self.ready(key.id)?;
            let node = self.node(key.id);
            if position >= node.subkeys.len() {
                return Err(STATUS_NO_MORE_ENTRIES);
            }
            for (_, id) in node.subkeys.from(position) {
                let (name, class, time) = self.brief(*id);
                if !each(name, class, time) {
                    break;
                }
            }
            return Ok(());
        }
        let ids = self.merged_subkeys(key)?;
        if position >= ids.len() {
            return Err(STATUS_NO_MORE_ENTRIES);
        }
        let briefs: Vec<Brief> =
            ids[position..].iter().map(|id| self.brief(*id)).map(|(name, class, time)| (name.into(), class.into(), time)).collect();
        for (name, class, time) in &briefs {
            if !each(name, class, *time) {
                break;
            }
        }
        Ok(())
    }
}
