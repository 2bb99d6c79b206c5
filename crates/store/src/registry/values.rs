//! The values of a key, in the order in which they were made.

use super::name::{fold, same};
use super::sorted::Sorted;
use std::collections::HashMap;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its name as it is spelt; the default value has none.
    pub name: Box<[u16]>,
    /// `REG_*`, or any other number.
    pub kind: u32,
    /// Its bytes.
    pub data: Box<[u8]>,
    /// The built-in base has one of this name.
    pub base: bool,
    /// The sandbox has set it.
    pub own: bool,
}

impl Value {
    /// What it takes, with its name and bytes.
    pub(super) fn size(&self) -> u64 {
        value_size(&self.name, &self.data)
    }
}

/// What a value takes of a name and bytes.
pub fn value_size(name: &[u16], data: &[u8]) -> u64 {
    const VALUE_BYTES: u64 = 96;
    VALUE_BYTES + (2 * name.len() + data.len()) as u64
}

/// From so many values on they are found by a map.
const MANY: usize = 12;

/// The values of a key.
#[derive(Debug, Default)]
pub struct Values {
    list: Sorted<u32, Value>,
    /// Their numbers by folded name, where there are many.
    numbers: Option<HashMap<Box<[u16]>, u32>>,
    next: u32,
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    fn number(&self, name: &[u16]) -> Option<u32> {
        match &self.numbers {
            Some(numbers) => numbers.get(&fold(name)).copied(),
            None => self.list.iter().find(|(_, value)| same(&value.name, name)).map(|(number, _)| *number),
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &[u16]) -> Option<&Value> {
        self.list.get(&self.number(name)?)
    }

    /// Those from a position on.
    pub fn from(&self, position: usize) -> impl Iterator<Item = &Value> {
        self.list.from(position).map(|(_, value)| value)
    }

    /// Sets a value; one that is there keeps its place and the spelling of its name. Answers what was there.
    pub fn set(&mut self, value: Value) -> Option<Value> {
        if let Some(number) = self.number(&value.name) {
            let slot = self.list.get_mut(&number)?;
            let name = slot.name.clone();
            return Some(std::mem::replace(slot, Value { name, ..value }));
        }
        let number = self.next;
        self.next += 1;
        if let Some(numbers) = &mut self.numbers {
            numbers.insert(fold(&value.name), number);
        }
        self.list.insert(number, value);
        if self.numbers.is_none() && self.list.len() > MANY {
            self.numbers = Some(self.list.iter().map(|(number, value)| (fold(&value.name), *number)).collect());
        }
        None
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &[u16]) -> Option<Value> {
        let number = self.number(name)?;
        if let Some(numbers) = &mut self.numbers {
            numbers.remove(&fold(name));
        }
        self.list.remove(&number)
    }
}
