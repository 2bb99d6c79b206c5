//! `HKEY_CLASSES_ROOT`: the user's classes over the machine's ("Merged View of HKEY_CLASSES_ROOT"). A key of the merged view is up to
//! two keys; the user's comes first.

use super::change::New;
use super::walk::{How, Walked};
use super::{Facts, Registry, Value};
use std::cmp::Ordering;
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
        if let Some(under) = self.both(key)? {
            let more = self.facts(under)?;
            facts.subkeys = self.merged_subkeys(key, under).count() as u32;
            facts.values = self.merged_values(key, under, 0).count() as u32;
            facts.longest.key = facts.longest.key.max(more.longest.key);
            facts.longest.class = facts.longest.class.max(more.longest.class);
            facts.longest.value = facts.longest.value.max(more.longest.value);
            facts.longest.data = facts.longest.data.max(more.longest.data);
        }
        Ok(facts)
    }

    /// The machine's key below a user's, where it is still there; both are read.
    fn both(&mut self, key: Key) -> Result<Option<u32>, NTSTATUS> {
        self.ready(key.id)?;
        let under = key.under.filter(|under| !self.is_deleted(*under));
        under.into_iter().for_each(|under| self.load(under));
        Ok(under)
    }

    /// The keys below both, by folded names: two lists in order are one, so that nothing is copied however many there are.
    fn merged_subkeys(&self, key: Key, under: u32) -> impl Iterator<Item = u32> {
        let (mut first, mut second) = (self.node(key.id).subkeys.iter().peekable(), self.node(under).subkeys.iter().peekable());
        std::iter::from_fn(move || {
            let order = match (first.peek(), second.peek()) {
                (Some((first, _)), Some((second, _))) => first.cmp(second),
                (Some(_), None) => Ordering::Less,
                _ => Ordering::Greater,
            };
            if order.is_eq() {
                second.next();
            }
            if order.is_gt() { second.next() } else { first.next() }.map(|(_, id)| *id)
        })
    }

    /// The values of both from a position on: the user's, then those of the machine that the user has not.
    fn merged_values(&self, key: Key, under: u32, position: usize) -> impl Iterator<Item = &Value> {
        let (first, second) = (&self.node(key.id).values, &self.node(under).values);
        let more = second.from(0).filter(|value| first.get(&value.name).is_none());
        first.from(position.min(first.len())).chain(more.skip(position.saturating_sub(first.len())))
    }

    /// Calls with the values from a position on, until it answers that this is enough.
    pub fn each_value(&mut self, key: Key, position: usize, each: impl FnMut(&Value) -> bool) -> Result<(), NTSTATUS> {
        let Some(under) = self.both(key)? else {
            self.values(key.id, position)?.all(each);
            return Ok(());
        };
        let mut values = self.merged_values(key, under, position).peekable();
        if position > 0 && values.peek().is_none() {
            return Err(STATUS_NO_MORE_ENTRIES);
        }
        values.all(each);
        Ok(())
    }

    /// Names, classes and times of the keys below one, from a position on, as long as the call for each wants more.
    pub fn each_subkey(&mut self, key: Key, position: usize, mut each: impl FnMut(&[u16], &[u16], i64) -> bool) -> Result<(), NTSTATUS> {
        let under = self.both(key)?;
        let mut each = |id: u32| {
            let (name, class, time) = self.brief(id);
            each(name, class, time)
        };
        let Some(under) = under else {
            let subkeys = &self.node(key.id).subkeys;
            if position >= subkeys.len() {
                return Err(STATUS_NO_MORE_ENTRIES);
            }
            subkeys.from(position).all(|(_, id)| each(*id));
            return Ok(());
        };
        let mut ids = self.merged_subkeys(key, under).skip(position).peekable();
        if ids.peek().is_none() {
            return Err(STATUS_NO_MORE_ENTRIES);
        }
        ids.all(each);
        Ok(())
    }
}
