//! The import table: which DLLs a program loads, and which of their functions.

use object::{
    LittleEndian as LE, U32, U64,
    pe::{IMAGE_ORDINAL_FLAG32, IMAGE_ORDINAL_FLAG64, ImageImportDescriptor},
};

use crate::{
    Directory, Image, Malformed,
    stretch::Stretch,
    walk::{Budget, steps},
};

const TABLE: &str = "import table";

/// How a function is named to the DLL that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol<'a> {
    /// By number.
    Ordinal(u16),
    /// By name.
    Name {
        /// Where the DLL's name table probably has it; 0 where nothing is known.
        hint: u16,
        /// The name, without its NUL.
        name: &'a [u8],
    },
}

/// One imported function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import<'a> {
    /// Where the function's address goes: 4 or 8 bytes, inside the image.
    pub slot: u32,
    /// Which function.
    pub symbol: Symbol<'a>,
}

/// The import table, with the work that its walks may still do.
#[derive(Clone, Debug)]
pub struct Imports<'a> {
    image: Image<'a>,
    table: Stretch<'a>,
    budget: Budget,
}

/// A DLL of the import table.
#[derive(Clone, Copy, Debug)]
pub struct Dll<'a, 'w> {
    /// Its file name.
    pub name: &'a [u8],
    /// The table that names the functions.
    pub lookup_table: u32,
    /// The table that takes their addresses.
    pub address_table: u32,
    /// Timestamp of the DLL whose addresses are in the table already; 0 for none, `u32::MAX` for "see the bound import table".
    pub bound: u32,
    image: &'w Image<'a>,
    budget: &'w Budget,
}

impl<'a> Image<'a> {
    /// The import table; empty where there is none.
    pub fn imports(&self) -> Result<Imports<'a>, Malformed> {
        let table = match self.directory(Directory::Import) {
            Some(span) => self.stretch(span.rva).ok_or(Malformed::Outside(TABLE))?,
            None => Stretch::ZEROS,
        };
        Ok(Imports { image: *self, table, budget: Budget::new(self.bytes.len(), TABLE) })
    }
}

impl<'a> Imports<'a> {
    /// The DLLs, in order; an error ends the walk.
    pub fn dlls(&self) -> impl Iterator<Item = Result<Dll<'a, '_>, Malformed>> {
        let mut table = self.table;
        steps(move || self.dll(&mut table))
    }

    fn dll(&self, table: &mut Stretch<'a>) -> Result<Option<Dll<'a, '_>>, Malformed> {
        self.budget.spend(size_of::<ImageImportDescriptor>())?;
        let descriptor: ImageImportDescriptor = table.next().ok_or(Malformed::Outside(TABLE))?;
        let (name, lookup_table, address_table) = (descriptor.name.get(LE), descriptor.original_first_thunk.get(LE), descriptor.first_thunk.get(LE));
        // The loader stops where either is 0, not only where all is.
        if name == 0 || address_table == 0 {
            return Ok(None);
        }
        let name = self.image.text(name).ok_or(Malformed::Outside("imported DLL's name"))?;
        self.budget.spend(name.len())?;
        Ok(Some(Dll {
            name,
            lookup_table: if lookup_table == 0 { address_table } else { lookup_table },
            address_table,
            bound: descriptor.time_date_stamp.get(LE),
            image: &self.image,
            budget: &self.budget,
        }))
    }
}

impl<'a, 'w> Dll<'a, 'w> {
    /// The functions, in order; an error ends the walk.
    pub fn symbols(&self) -> impl Iterator<Item = Result<Import<'a>, Malformed>> + use<'a, 'w> {
        symbols(self.image, self.budget, self.lookup_table, self.address_table, 0)
    }
}

/// Walks a lookup table, whose addresses are relative to `base`.
pub(crate) fn symbols<'a, 'w>(
    image: &'w Image<'a>,
    budget: &'w Budget,
    lookup_table: u32,
    address_table: u32,
    base: u64,
) -> impl Iterator<Item = Result<Import<'a>, Malformed>> + use<'a, 'w> {
    let mut lookup = image.stretch(lookup_table).unwrap_or_default();
    let mut slot = address_table;
    steps(move || {
        let width = image.pointer_size();
        budget.spend(width as usize)?;
        let (entry, by_ordinal) = entry(image, &mut lookup).ok_or(Malformed::Outside(TABLE))?;
        if entry == 0 {
            return Ok(None);
        }
        let symbol = if by_ordinal { Symbol::Ordinal(entry as u16) } else { named(image, budget, entry, base)? };
        if !image.holds(slot, width) {
            return Err(Malformed::Outside("import address table"));
        }
        let import = Import { slot, symbol };
        slot = slot.saturating_add(width);
        Ok(Some(import))
    })
}

/// The next entry of a lookup table, and whether it is an ordinal.
fn entry(image: &Image<'_>, lookup: &mut Stretch<'_>) -> Option<(u64, bool)> {
    if image.is_64() {
        let entry = lookup.next::<U64<LE>>()?.get(LE);
        Some((entry, entry & IMAGE_ORDINAL_FLAG64 != 0))
    } else {
        let entry = lookup.next::<U32<LE>>()?.get(LE);
        Some((entry.into(), entry & IMAGE_ORDINAL_FLAG32 != 0))
    }
}

fn named<'a>(image: &Image<'a>, budget: &Budget, entry: u64, base: u64) -> Result<Symbol<'a>, Malformed> {
    let outside = Malformed::Outside("imported function's name");
    let rva = entry.checked_sub(base).and_then(|rva| u32::try_from(rva).ok()).ok_or(outside)?;
    let hint = image.u16_at(rva).ok_or(outside)?;
    let name = image.text(rva.checked_add(2).ok_or(outside)?).ok_or(outside)?;
    budget.spend(name.len())?;
    Ok(Symbol::Name { hint, name })
}
