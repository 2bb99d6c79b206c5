//! The export table: the functions and variables that a DLL offers, by number and by name.

use core::{cell::Cell, cmp::Ordering};

use object::{LittleEndian as LE, U16, U32, pe::ImageExportDirectory, pod};

use crate::{
    Directory, Image, Malformed, Span, Symbol,
    walk::{Budget, steps},
};

const TABLE: &str = "export table";

/// Most exports: ordinals are 16 bits wide.
const MOST_FUNCTIONS: usize = 0x10000;

/// The export table.
#[derive(Clone, Debug)]
pub struct Exports<'a> {
    image: Image<'a>,
    span: Span,
    directory: ImageExportDirectory,
    functions: &'a [U32<LE>],
    names: &'a [U32<LE>],
    name_ordinals: &'a [U16<LE>],
    /// Whether the names are in order, once a look-up had to find out.
    sorted: Cell<Option<bool>>,
}

/// What an export leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// An address relative to the image's start.
    Address(u32),
    /// An export of another DLL.
    Forward(Forward<'a>),
}

/// An export of another DLL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward<'a> {
    /// The DLL, as it is written: without `.dll` as a rule.
    pub dll: &'a [u8],
    /// The export there.
    pub symbol: Symbol<'a>,
}

/// One export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export<'a> {
    /// Its number.
    pub ordinal: u32,
    /// Its name, if it has one.
    pub name: Option<&'a [u8]>,
    /// What it leads to.
    pub target: Target<'a>,
}

impl<'a> Image<'a> {
    /// The export table, `None` where there is none.
    pub fn exports(&self) -> Result<Option<Exports<'a>>, Malformed> {
        let Some(span) = self.directory(Directory::Export) else { return Ok(None) };
        let directory: ImageExportDirectory = self.read(span.rva).ok_or(Malformed::Outside(TABLE))?;
        let (functions, names) = (directory.number_of_functions.get(LE), directory.number_of_names.get(LE));
        if functions as usize > MOST_FUNCTIONS {
            return Err(Malformed::BadField("number of exports"));
        }
        Ok(Some(Exports {
            image: *self,
            span,
            directory,
            functions: self.array(directory.address_of_functions.get(LE), functions).ok_or(Malformed::Outside(TABLE))?,
            names: self.array(directory.address_of_names.get(LE), names).ok_or(Malformed::Outside(TABLE))?,
            name_ordinals: self.array(directory.address_of_name_ordinals.get(LE), names).ok_or(Malformed::Outside(TABLE))?,
            sorted: Cell::new(None),
        }))
    }

    fn array<T: pod::Pod>(&self, rva: u32, count: u32) -> Option<&'a [T]> {
        if count == 0 {
            return Some(&[]);
        }
        pod::slice_from_bytes(self.stretch(rva)?.bytes, count as usize).ok().map(|(values, _)| values)
    }
}

impl<'a> Exports<'a> {
    /// The DLL's name for itself.
    pub fn name(&self) -> Option<&'a [u8]> {
        self.image.text(self.directory.name.get(LE))
    }

    /// The lowest ordinal.
    pub fn ordinal_base(&self) -> u32 {
        self.directory.base.get(LE)
    }

    /// When the table was made, in seconds since 1970, or a hash.
    pub fn timestamp(&self) -> u32 {
        self.directory.time_date_stamp.get(LE)
    }

    /// The export with a number.
    pub fn by_ordinal(&self, ordinal: u32) -> Result<Option<Target<'a>>, Malformed> {
        match ordinal.checked_sub(self.ordinal_base()) {
            Some(index) => self.target(index as usize),
            None => Ok(None),
        }
    }

    /// The export with a name. Takes a binary search; the first miss also looks whether the names are in order, and where they
    /// are not, each miss searches them one by one.
    pub fn by_name(&self, name: &[u8]) -> Result<Option<Target<'a>>, Malformed> {
        let found = self.names.binary_search_by(|rva| self.compare(rva.get(LE), name)).ok();
        match found.or_else(|| self.search(name)) {
            Some(position) => self.target_of_name(position),
            None => Ok(None),
        }
    }

    /// The export with a name, tried first where a hint says.
    pub fn by_hint(&self, hint: u16, name: &[u8]) -> Result<Option<Target<'a>>, Malformed> {
        match self.names.get(usize::from(hint)) {
            Some(rva) if self.compare(rva.get(LE), name).is_eq() => self.target_of_name(hint.into()),
            _ => self.by_name(name),
        }
    }

    /// The export that an import asks for.
    pub fn by_symbol(&self, symbol: Symbol<'_>) -> Result<Option<Target<'a>>, Malformed> {
        match symbol {
            Symbol::Ordinal(ordinal) => self.by_ordinal(ordinal.into()),
            Symbol::Name { hint, name } => self.by_hint(hint, name),
        }
    }

    /// All exports: the named ones in the order of their names, then the nameless ones. An error ends the walk.
    ///
    /// The iterator is 8 KiB large: a bit for each possible ordinal.
    pub fn iter(&self) -> impl Iterator<Item = Result<Export<'a>, Malformed>> {
        let budget = Budget::new(self.image.bytes.len(), TABLE);
        let mut named = [0_u64; MOST_FUNCTIONS / 64];
        let mut positions = 0..self.names.len();
        let mut indexes = 0..self.functions.len();
        steps(move || {
            for position in positions.by_ref() {
                let Some(ordinal) = self.name_ordinals.get(position) else { break };
                let index = usize::from(ordinal.get(LE));
                if let Some(word) = named.get_mut(index / 64) {
                    *word |= 1 << (index % 64);
                }
                let name = self.names.get(position).and_then(|rva| self.image.text(rva.get(LE))).ok_or(Malformed::Outside("exported name"))?;
                if let Some(export) = self.export(index, Some(name), &budget)? {
                    return Ok(Some(export));
                }
            }
            for index in indexes.by_ref() {
                let is_named = named.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 != 0);
                if !is_named && let Some(export) = self.export(index, None, &budget)? {
                    return Ok(Some(export));
                }
            }
            Ok(None)
        })
    }

    fn export(&self, index: usize, name: Option<&'a [u8]>, budget: &Budget) -> Result<Option<Export<'a>>, Malformed> {
        budget.spend(size_of::<u32>() + name.map_or(0, <[u8]>::len))?;
        let Some(target) = self.target(index)? else { return Ok(None) };
        if let Target::Forward(Forward { dll, symbol }) = target {
            budget.spend(dll.len() + if let Symbol::Name { name, .. } = symbol { name.len() } else { 0 })?;
        }
        let ordinal = self.ordinal_base().checked_add(index as u32).ok_or(Malformed::BadField("ordinal base"))?;
        Ok(Some(Export { ordinal, name, target }))
    }

    fn target_of_name(&self, position: usize) -> Result<Option<Target<'a>>, Malformed> {
        match self.name_ordinals.get(position) {
            Some(index) => self.target(usize::from(index.get(LE))),
            None => Ok(None),
        }
    }

    fn target(&self, index: usize) -> Result<Option<Target<'a>>, Malformed> {
        match self.functions.get(index).map(|rva| rva.get(LE)) {
            None | Some(0) => Ok(None),
            // An address inside the export table itself is that of a text, which names another DLL's export.
            Some(rva) if self.span.contains(rva) => self.forward(rva).map(|forward| Some(Target::Forward(forward))),
            Some(rva) => Ok(Some(Target::Address(rva))),
        }
    }

    fn forward(&self, rva: u32) -> Result<Forward<'a>, Malformed> {
        let bad = Malformed::BadField("forwarded export");
        let text = self.image.text(rva).ok_or(bad)?;
        let dot = text.iter().rposition(|byte| *byte == b'.').ok_or(bad)?;
        let (dll, name) = (text.get(..dot).ok_or(bad)?, text.get(dot + 1..).ok_or(bad)?);
        let symbol = match name {
            [b'#', digits @ ..] => {
                let digits = str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
                Symbol::Ordinal(digits.and_then(|digits| digits.parse().ok()).ok_or(bad)?)
            }
            name => Symbol::Name { hint: 0, name },
        };
        Ok(Forward { dll, symbol })
    }

    /// Compares the name at an address with a wanted one. A name that cannot be read is less than any.
    fn compare(&self, rva: u32, wanted: &[u8]) -> Ordering {
        let bytes = self.image.stretch(rva).unwrap_or_default().bytes;
        match bytes.split_at_checked(wanted.len()) {
            Some((head, tail)) => head.cmp(wanted).then(tail.first().cmp(&Some(&0))),
            None => bytes.cmp(wanted),
        }
    }

    fn search(&self, name: &[u8]) -> Option<usize> {
        if self.sorted.get().is_none() {
            self.sorted.set(Some(self.is_sorted()));
        }
        if self.sorted.get() == Some(true) { None } else { self.names.iter().position(|rva| self.compare(rva.get(LE), name).is_eq()) }
    }

    fn is_sorted(&self) -> bool {
        let budget = Budget::new(self.image.bytes.len(), TABLE);
        let mut names = self.names.iter().map(|rva| self.image.text(rva.get(LE)).filter(|name| budget.spend(name.len()).is_ok()));
        names.try_fold(&[][..], |before, name| name.filter(|name| before <= *name)).is_some()
    }
}
