//! The version resource: numbers for installers, and texts (product, company, description) for people.

use crate::{Id, Image, Malformed, Utf16};

const RESOURCE: &str = "version resource";
const RT_VERSION: Id<'static> = Id::Number(16);
const VS_VERSION_INFO: Id<'static> = Id::Number(1);
const SIGNATURE: u32 = 0xfeef_04bd;

/// A version resource.
#[derive(Clone, Copy, Debug)]
pub struct VersionInfo<'a> {
    root: Node<'a>,
}

/// The numbers of a version resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedVersion {
    /// The file's version, most significant number first.
    pub file: [u16; 4],
    /// The version of the product that it belongs to.
    pub product: [u16; 4],
    /// The `VS_FF_*` flags that are valid.
    pub flags: u32,
    /// The `VOS_*` system that it was made for.
    pub os: u32,
    /// The `VFT_*` kind of file.
    pub kind: u32,
    /// The kind's kind (drivers and fonts).
    pub subkind: u32,
    /// When the file was made, in units of 100 ns since 1601; 0 as a rule.
    pub date: u64,
}

/// The texts of a version resource in one language.
#[derive(Clone, Copy, Debug)]
pub struct StringTable<'a> {
    node: Node<'a>,
}

impl<'a> Image<'a> {
    /// The version resource, `None` where there is none.
    pub fn version(&self) -> Result<Option<VersionInfo<'a>>, Malformed> {
        let Some(resources) = self.resources()? else { return Ok(None) };
        let Some(data) = resources.find(RT_VERSION, VS_VERSION_INFO, None)? else { return Ok(None) };
        VersionInfo::parse(self.at(data.rva, data.size).ok_or(Malformed::Outside(RESOURCE))?).map(Some)
    }
}

impl<'a> VersionInfo<'a> {
    /// Reads the bytes of a version resource.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match Node::read(bytes, 0, bytes.len()) {
            Some(root) if root.is("VS_VERSION_INFO") => Ok(Self { root }),
            _ => Err(Malformed::BadField(RESOURCE)),
        }
    }

    /// The numbers, `None` where the resource has none.
    pub fn fixed(&self) -> Option<FixedVersion> {
        let (words, _) = self.root.value.as_chunks::<4>();
        let [signature, _, file_high, file_low, product_high, product_low, mask, flags, os, kind, subkind, date_high, date_low] =
            words.first_chunk()?.map(u32::from_le_bytes);
        (signature == SIGNATURE).then_some(FixedVersion {
            file: numbers(file_high, file_low),
            product: numbers(product_high, product_low),
            flags: flags & mask,
            os,
            kind,
            subkind,
            date: u64::from(date_high) << 32 | u64::from(date_low),
        })
    }

    /// The texts, by language.
    pub fn string_tables(&self) -> impl Iterator<Item = StringTable<'a>> + use<'a> {
        let infos = self.root.children().filter(|node| node.is("StringFileInfo"));
        infos.flat_map(|info| info.children()).map(|node| StringTable { node })
    }

    /// The text with a key, in the first language that has it.
    pub fn string(&self, key: &str) -> Option<Utf16<'a>> {
        self.string_tables().flat_map(|table| table.strings()).find(|(have, _)| have.is_name(key.encode_utf16())).map(|(_, value)| value)
    }

    /// The languages and code pages that the file says it supports.
    pub fn translations(&self) -> impl Iterator<Item = (u16, u16)> + use<'a> {
        let infos = self.root.children().filter(|node| node.is("VarFileInfo"));
        let translations = infos.flat_map(|info| info.children()).filter(|node| node.is("Translation"));
        translations.flat_map(|node| node.value.as_chunks::<4>().0).map(|[a, b, c, d]| (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])))
    }
}

impl<'a> StringTable<'a> {
    /// Its key: language and code page, four hexadecimal digits each.
    pub fn key(&self) -> Utf16<'a> {
        self.node.key
    }

    /// Language and code page, `None` where the key is not of that form.
    pub fn language(&self) -> Option<(u16, u16)> {
        let mut number = 0;
        for character in self.node.key.chars() {
            number = number << 4 | character.to_digit(16)?;
        }
        (self.node.key.len() == 8).then_some(((number >> 16) as u16, number as u16))
    }

    /// The texts: key and value.
    pub fn strings(&self) -> impl Iterator<Item = (Utf16<'a>, Utf16<'a>)> + use<'a> {
        self.node.children().map(|node| (node.key, Utf16::from_bytes(node.value).until_nul()))
    }
}

/// What a version resource is made of: length, length of the value, kind, key, value, children; each aligned to 4 bytes.
/// Lengths that reach beyond the parent's are cut: children lie inside their parents and apart from each other, which bounds every walk.
#[derive(Clone, Copy, Debug)]
struct Node<'a> {
    /// The whole resource: alignment counts from its start.
    bytes: &'a [u8],
    key: Utf16<'a>,
    value: &'a [u8],
    /// Where the children start.
    children: usize,
    end: usize,
}

impl<'a> Node<'a> {
    /// The node at an offset, `None` where none is left before `limit`.
    fn read(bytes: &'a [u8], offset: usize, limit: usize) -> Option<Self> {
        let bytes = bytes.get(..limit)?;
        let [length, value_length, kind] = bytes.get(offset..)?.as_chunks::<2>().0.first_chunk()?.map(u16::from_le_bytes).map(usize::from);
        let header = offset + 6;
        let end = (offset + length).min(limit);
        let key = Utf16::from_bytes(bytes.get(header..end)?).until_nul();
        let start = (header + key.len() * 2 + 2).next_multiple_of(4).min(end);
        // The value of a text counts characters.
        let value_length = if kind == 0 { value_length } else { value_length * 2 };
        let value_end = (start + value_length).min(end);
        Some(Self { bytes, key, value: bytes.get(start..value_end)?, children: value_end.next_multiple_of(4), end })
    }

    fn is(&self, key: &str) -> bool {
        self.key.units().eq(key.encode_utf16())
    }

    fn children(self) -> impl Iterator<Item = Node<'a>> {
        let mut offset = self.children;
        core::iter::from_fn(move || {
            let node = Self::read(self.bytes, offset, self.end)?;
            offset = node.end.next_multiple_of(4);
            Some(node)
        })
    }
}

fn numbers(high: u32, low: u32) -> [u16; 4] {
    [(high >> 16) as u16, high as u16, (low >> 16) as u16, low as u16]
}
