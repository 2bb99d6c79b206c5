//! Base relocations: where an image holds absolute addresses, which change when it is not mapped at its preferred address.

use object::{
    LittleEndian as LE, U16,
    pe::{self, ImageBaseRelocation},
    pod,
};

use crate::{Directory, Image, Malformed, walk::steps};

const TABLE: &str = "relocation table";

/// One base relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where it applies; all its bytes lie inside the image.
    pub rva: u32,
    /// What is to be done there.
    pub kind: RelocationKind,
}

/// What to do with the difference between the actual and the preferred address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelocationKind {
    /// Nothing: padding.
    Absolute,
    /// Add its upper half to a 16-bit number.
    High,
    /// Add its lower half to a 16-bit number.
    Low,
    /// Add it to a 32-bit number.
    HighLow,
    /// Add it to the 32-bit number made of the 16 bits there (upper half) and these (lower half, signed); store the rounded upper half.
    HighAdj(u16),
    /// Add it to a 64-bit number.
    Dir64,
}

impl RelocationKind {
    /// How many bytes it changes.
    pub fn width(self) -> u32 {
        match self {
            Self::Absolute => 0,
            Self::High | Self::Low | Self::HighAdj(_) => 2,
            Self::HighLow => 4,
            Self::Dir64 => 8,
        }
    }
}

impl<'a> Image<'a> {
    /// The base relocations, padding included; an error ends the walk.
    pub fn relocations(&self) -> Result<impl Iterator<Item = Result<Relocation, Malformed>> + use<'a>, Malformed> {
        let mut blocks = match self.directory(Directory::Relocation) {
            Some(span) => self.at(span.rva, span.size).ok_or(Malformed::Outside(TABLE))?,
            None => &[],
        };
        let (mut page, mut entries): (u32, &[U16<LE>]) = (0, &[]);
        let image = *self;
        Ok(steps(move || {
            while entries.is_empty() {
                match block(blocks)? {
                    Some((next, rest)) => ((page, entries), blocks) = (next, rest),
                    None => return Ok(None),
                }
            }
            relocation(&image, page, &mut entries).map(Some)
        }))
    }
}

/// A block's page and entries.
type Block<'a> = (u32, &'a [U16<LE>]);

/// The first of some blocks, and those behind it.
fn block(blocks: &[u8]) -> Result<Option<(Block<'_>, &[u8])>, Malformed> {
    if blocks.is_empty() {
        return Ok(None);
    }
    let bad = Malformed::BadField(TABLE);
    let (header, _) = pod::from_bytes::<ImageBaseRelocation>(blocks).map_err(|()| bad)?;
    let size = header.size_of_block.get(LE) as usize;
    // Some linkers pad the table with zeros.
    if size == 0 {
        return Ok(None);
    }
    let (block, rest) = blocks.split_at_checked(size).ok_or(bad)?;
    let entries = block.get(size_of::<ImageBaseRelocation>()..).ok_or(bad)?;
    let (entries, _) = pod::slice_from_bytes(entries, entries.len() / 2).map_err(|()| bad)?;
    Ok(Some(((header.virtual_address.get(LE), entries), rest)))
}

/// Takes the next relocation from a block that has some.
fn relocation(image: &Image<'_>, page: u32, entries: &mut &[U16<LE>]) -> Result<Relocation, Malformed> {
    let bad = Malformed::BadField(TABLE);
    let entry = entries.split_off_first().ok_or(bad)?.get(LE);
    let kind = match pe::BaseRelocationType(entry >> 12) {
        pe::IMAGE_REL_BASED_ABSOLUTE => RelocationKind::Absolute,
        pe::IMAGE_REL_BASED_HIGH => RelocationKind::High,
        pe::IMAGE_REL_BASED_LOW => RelocationKind::Low,
        pe::IMAGE_REL_BASED_HIGHLOW => RelocationKind::HighLow,
        pe::IMAGE_REL_BASED_HIGHADJ => RelocationKind::HighAdj(entries.split_off_first().ok_or(bad)?.get(LE)),
        pe::IMAGE_REL_BASED_DIR64 => RelocationKind::Dir64,
        _ => return Err(bad),
    };
    let rva = page.checked_add(u32::from(entry & 0xfff));
    match (rva.filter(|rva| image.holds(*rva, kind.width())), kind) {
        (Some(rva), _) => Ok(Relocation { rva, kind }),
        (None, RelocationKind::Absolute) => Ok(Relocation { rva: page, kind }),
        (None, _) => Err(Malformed::Outside(TABLE)),
    }
}
