//! A resource tree in memory, and the bytes that it becomes: type, name, language, data.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use pe::{Id, Image};

/// A type or name: texts come before numbers, each in order, as the format wants it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// By name.
    Name(Vec<u16>),
    /// By number.
    Number(u16),
}

impl From<Id<'_>> for Key {
    fn from(id: Id<'_>) -> Self {
        match id {
            Id::Number(number) => Self::Number(number),
            Id::Name(name) => Self::Name(name.units().collect()),
        }
    }
}

/// One resource's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The code page that the resource states.
    pub code_page: u32,
}

type Languages = BTreeMap<u16, Data>;
type Names = BTreeMap<Key, Languages>;

/// All resources of a program.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<Key, Names>);

/// Bytes of a directory's head, of one entry, and of what tells of data.
const HEAD: usize = 16;
const ENTRY: usize = 8;
const LEAF: usize = 16;
const HIGH_BIT: u32 = 0x8000_0000;

impl Tree {
    /// The resources that a program has; `None` where they are malformed.
    pub fn read(image: &Image<'_>) -> Option<Self> {
        let mut tree = Self::default();
        let Some(resources) = image.resources().ok()? else { return Some(tree) };
        for resource in resources.iter() {
            let resource = resource.ok()?;
            let bytes = image.at(resource.data.rva, resource.data.size)?.to_vec();
            tree.set(resource.kind.into(), resource.name.into(), resource.language, Some(Data { bytes, code_page: resource.data.code_page }));
        }
        Some(tree)
    }

    /// Puts a resource into the tree, or takes it away; says whether there was one.
    pub fn set(&mut self, kind: Key, name: Key, language: u16, data: Option<Data>) -> bool {
        let Some(data) = data else {
            let Some(names) = self.0.get_mut(&kind) else { return false };
            let Some(languages) = names.get_mut(&name) else { return false };
            let was = languages.remove(&language).is_some();
            if languages.is_empty() {
                names.remove(&name);
            }
            if names.is_empty() {
                self.0.remove(&kind);
            }
            return was;
        };
        self.0.entry(kind).or_default().entry(name).or_default().insert(language, data).is_some()
    }

    /// The tree as it stands in a section that is mapped at `rva`: directories, names, leaves, then the data.
    pub fn bytes(&self, rva: u32) -> Option<Vec<u8>> {
        let directory = |entries: usize| HEAD + ENTRY * entries;
        let names: usize = self.0.values().map(BTreeMap::len).sum();
        let leaves: usize = self.0.values().flat_map(BTreeMap::values).map(BTreeMap::len).sum();
        let second = directory(self.0.len());
        let third = second + self.0.values().map(|names| directory(names.len())).sum::<usize>();
        let texts = third + HEAD * names + ENTRY * leaves;
        let keys = || self.0.keys().chain(self.0.values().flat_map(BTreeMap::keys));
        let text_bytes: usize = keys().map(|key| if let Key::Name(name) = key { 2 + 2 * name.len() } else { 0 }).sum();
        let first_leaf = (texts + text_bytes).next_multiple_of(8);
        let data = first_leaf + LEAF * leaves;
        let mut writer = Writer { bytes: alloc::vec![0; data], second, third, text: texts, leaf: first_leaf, data, rva };
        writer.directory(0, self.0.keys().map(Some));
        for (index, (kind, names)) in self.0.iter().enumerate() {
            let at = writer.second;
            writer.entry(directory(index), Some(kind), at as u32 | HIGH_BIT)?;
            writer.directory(at, names.keys().map(Some));
            writer.second += directory(names.len());
            for (index, (name, languages)) in names.iter().enumerate() {
                let below = writer.third;
                writer.entry(at + directory(index), Some(name), below as u32 | HIGH_BIT)?;
                writer.directory(below, languages.keys().map(|_| None));
                writer.third += directory(languages.len());
                for (index, (language, data)) in languages.iter().enumerate() {
                    let leaf = writer.leaf as u32;
                    writer.entry(below + directory(index), None, leaf)?;
                    writer.put(below + directory(index), (*language).into());
                    writer.leaf(data)?;
                }
            }
        }
        Some(writer.bytes)
    }
}

/// Writes a tree: where the next directory of each level, the next text, the next leaf and the next data go.
struct Writer {
    bytes: Vec<u8>,
    second: usize,
    third: usize,
    text: usize,
    leaf: usize,
    data: usize,
    rva: u32,
}

impl Writer {
    fn put(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// A directory's head: how many of its entries have names, and how many numbers.
    fn directory<'a>(&mut self, at: usize, keys: impl Iterator<Item = Option<&'a Key>>) {
        let (mut named, mut numbered) = (0, 0_u32);
        for key in keys {
            if matches!(key, Some(Key::Name(_))) { named += 1 } else { numbered += 1 }
        }
        self.put(at + 12, named | numbered << 16);
    }

    fn entry(&mut self, at: usize, key: Option<&Key>, leads_to: u32) -> Option<()> {
        let field = match key {
            None => 0,
            Some(Key::Number(number)) => u32::from(*number),
            Some(Key::Name(name)) => {
                let start = self.text;
                let length = u16::try_from(name.len()).ok()?;
                self.bytes[start..start + 2].copy_from_slice(&length.to_le_bytes());
                for (index, unit) in name.iter().enumerate() {
                    self.bytes[start + 2 + 2 * index..][..2].copy_from_slice(&unit.to_le_bytes());
                }
                self.text += 2 + 2 * name.len();
                start as u32 | HIGH_BIT
            }
        };
        self.put(at, field);
        self.put(at + 4, leads_to);
        Some(())
    }

    fn leaf(&mut self, data: &Data) -> Option<()> {
        let at = self.leaf;
        self.put(at, self.rva.checked_add(u32::try_from(self.data).ok()?)?);
        self.put(at + 4, u32::try_from(data.bytes.len()).ok()?);
        self.put(at + 8, data.code_page);
        self.leaf += LEAF;
        self.bytes.extend_from_slice(&data.bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.data = self.bytes.len();
        Some(())
    }
}
