//! The exception directory of x86-64: which function an address belongs to, and where its unwind data lies.

use object::{LittleEndian as LE, pe::ImageRuntimeFunctionEntry, pod};

use crate::{Directory, Image, Machine, Malformed};

/// A row of the exception directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The row's own address.
    pub row: u32,
    /// The function's first byte.
    pub begin: u32,
    /// The byte behind its last.
    pub end: u32,
    /// Its unwind data; with bit 0 set, another row (without that bit).
    pub unwind_data: u32,
}

/// The exception directory.
#[derive(Clone, Copy, Debug)]
pub struct Functions<'a> {
    rva: u32,
    rows: &'a [ImageRuntimeFunctionEntry],
}

impl<'a> Image<'a> {
    /// The exception directory; empty where there is none, and for other processors than x86-64.
    pub fn functions(&self) -> Result<Functions<'a>, Malformed> {
        let outside = Malformed::Outside("exception directory");
        let span = match self.directory(Directory::Exception) {
            Some(span) if self.machine() == Machine::X64 => span,
            _ => return Ok(Functions { rva: 0, rows: &[] }),
        };
        let bytes = self.at(span.rva, span.size).ok_or(outside)?;
        let (rows, _) = pod::slice_from_bytes(bytes, bytes.len() / size_of::<ImageRuntimeFunctionEntry>()).map_err(|()| outside)?;
        Ok(Functions { rva: span.rva, rows })
    }
}

impl<'a> Functions<'a> {
    /// All rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Function> + use<'a> {
        let rva = self.rva;
        self.rows.iter().enumerate().map(move |(index, row)| function(rva, index, row))
    }

    /// The function that an address belongs to. Takes a binary search: Windows, too, relies on the rows' order.
    pub fn at(&self, rva: u32) -> Option<Function> {
        let index = self.rows.partition_point(|row| row.begin_address.get(LE) <= rva).checked_sub(1)?;
        let found = function(self.rva, index, self.rows.get(index)?);
        (rva < found.end).then_some(found)
    }
}

fn function(rva: u32, index: usize, row: &ImageRuntimeFunctionEntry) -> Function {
    let offset = (index * size_of::<ImageRuntimeFunctionEntry>()) as u32;
    Function {
        row: rva.wrapping_add(offset),
        begin: row.begin_address.get(LE),
        end: row.end_address.get(LE),
        unwind_data: row.unwind_info_address_or_data.get(LE),
    }
}
