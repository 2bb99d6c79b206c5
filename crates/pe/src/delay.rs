//! The delay-import table: DLLs that the program itself loads when it first calls them.

use object::{
    LittleEndian as LE,
    pe::{IMAGE_DELAYLOAD_RVA_BASED, ImageDelayloadDescriptor},
};

use crate::{
    Directory, Image, Import, Malformed,
    import::symbols,
    stretch::Stretch,
    walk::{Budget, steps},
};

const TABLE: &str = "delay-import table";

/// The delay-import table, with the work that its walks may still do.
#[derive(Clone, Debug)]
pub struct DelayImports<'a> {
    image: Image<'a>,
    table: Stretch<'a>,
    budget: Budget,
}

/// A DLL of the delay-import table.
#[derive(Clone, Copy, Debug)]
pub struct DelayDll<'a, 'w> {
    /// Its file name.
    pub name: &'a [u8],
    /// The descriptor's attributes. Bit 0 clear: the old kind, whose tables hold absolute addresses.
    pub attributes: u32,
    /// Where the DLL's handle goes once it is loaded: 4 or 8 bytes, which the program itself writes. 0 means nowhere.
    pub module_handle: u32,
    /// The table that names the functions.
    pub lookup_table: u32,
    /// The table that takes their addresses.
    pub address_table: u32,
    /// The table of addresses in the DLL of that timestamp; 0 means none.
    pub bound_table: u32,
    /// A copy of the address table from before it was filled; 0 means none.
    pub unload_table: u32,
    /// Timestamp of the DLL that the bound table is for; 0 means none.
    pub bound: u32,
    image: &'w Image<'a>,
    budget: &'w Budget,
}

impl<'a> Image<'a> {
    /// The delay-import table; empty where there is none.
    pub fn delay_imports(&self) -> Result<DelayImports<'a>, Malformed> {
        let table = match self.directory(Directory::DelayImport) {
            Some(span) => self.stretch(span.rva).ok_or(Malformed::Outside(TABLE))?,
            None => Stretch::ZEROS,
        };
        Ok(DelayImports { image: *self, table, budget: Budget::new(self.bytes.len(), TABLE) })
    }
}

impl<'a> DelayImports<'a> {
    /// The DLLs, in order; an error ends the walk.
    pub fn dlls(&self) -> impl Iterator<Item = Result<DelayDll<'a, '_>, Malformed>> {
        let mut table = self.table;
        steps(move || self.dll(&mut table))
    }

    fn dll(&self, table: &mut Stretch<'a>) -> Result<Option<DelayDll<'a, '_>>, Malformed> {
        self.budget.spend(size_of::<ImageDelayloadDescriptor>())?;
        let descriptor: ImageDelayloadDescriptor = table.next().ok_or(Malformed::Outside(TABLE))?;
        if descriptor.dll_name_rva.get(LE) == 0 {
            return Ok(None);
        }
        let attributes = descriptor.attributes.get(LE);
        let relative = |field: object::U32<LE>| match field.get(LE) {
            0 => Ok(0),
            rva if attributes & IMAGE_DELAYLOAD_RVA_BASED != 0 => Ok(rva),
            address => self.image.relative(address.into()).ok_or(Malformed::Outside(TABLE)),
        };
        let name = self.image.text(relative(descriptor.dll_name_rva)?).ok_or(Malformed::Outside("imported DLL's name"))?;
        self.budget.spend(name.len())?;
        let address_table = relative(descriptor.import_address_table_rva)?;
        if address_table == 0 {
            return Err(Malformed::Outside("delay-import address table"));
        }
        Ok(Some(DelayDll {
            name,
            attributes,
            module_handle: relative(descriptor.module_handle_rva)?,
            lookup_table: relative(descriptor.import_name_table_rva)?,
            address_table,
            bound_table: relative(descriptor.bound_import_address_table_rva)?,
            unload_table: relative(descriptor.unload_information_table_rva)?,
            bound: descriptor.time_date_stamp.get(LE),
            image: &self.image,
            budget: &self.budget,
        }))
    }
}

impl<'a, 'w> DelayDll<'a, 'w> {
    /// The functions, in order; an error ends the walk.
    pub fn symbols(&self) -> impl Iterator<Item = Result<Import<'a>, Malformed>> + use<'a, 'w> {
        let base = if self.attributes & IMAGE_DELAYLOAD_RVA_BASED != 0 { 0 } else { self.image.base() };
        symbols(self.image, self.budget, self.lookup_table, self.address_table, base)
    }
}
