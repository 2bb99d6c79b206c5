//! The debug directory, as far as it names the program database (PDB).

use core::fmt;

use object::{
    LittleEndian as LE, U32,
    pe::{Guid, IMAGE_DEBUG_TYPE_CODEVIEW, ImageDebugDirectory},
    pod,
};

use crate::{Directory, Image, Layout, Malformed};

/// Names the program database of a build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeView<'a> {
    /// The build's identifier, as it lies in the file.
    pub guid: [u8; 16],
    /// How often the database was written since.
    pub age: u32,
    /// Where the database was when the program was linked.
    pub path: &'a [u8],
}

impl<'a> Image<'a> {
    /// The first reference to a program database, `None` where there is none.
    pub fn code_view(&self) -> Result<Option<CodeView<'a>>, Malformed> {
        let outside = Malformed::Outside("debug directory");
        let Some(span) = self.directory(Directory::Debug) else { return Ok(None) };
        let bytes = self.at(span.rva, span.size).ok_or(outside)?;
        let (entries, _) =
            pod::slice_from_bytes::<ImageDebugDirectory>(bytes, bytes.len() / size_of::<ImageDebugDirectory>()).map_err(|()| outside)?;
        let mut entries = entries.iter().filter(|entry| entry.typ.get(LE) == IMAGE_DEBUG_TYPE_CODEVIEW);
        Ok(entries.find_map(|entry| code_view(self.debug_data(entry)?)))
    }

    fn debug_data(&self, entry: &ImageDebugDirectory) -> Option<&'a [u8]> {
        let (rva, offset, size) = (entry.address_of_raw_data.get(LE), entry.pointer_to_raw_data.get(LE), entry.size_of_data.get(LE));
        if rva != 0 {
            return self.at(rva, size);
        }
        let bytes = (self.layout == Layout::File).then_some(self.bytes)?;
        bytes.get(offset as usize..)?.get(..size as usize)
    }
}

fn code_view(data: &[u8]) -> Option<CodeView<'_>> {
    let data = data.strip_prefix(b"RSDS")?;
    let (guid, data) = pod::from_bytes::<Guid>(data).ok()?;
    let (age, path) = pod::from_bytes::<U32<LE>>(data).ok()?;
    let path = path.split(|byte| *byte == 0).next().unwrap_or(path);
    Some(CodeView { guid: guid.0, age: age.get(LE), path })
}

impl CodeView<'_> {
    /// The identifier as a number, as it is written.
    pub fn id(&self) -> u128 {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.guid;
        let [i, j, k, l, m, n, o, p] = rest;
        u128::from_be_bytes([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
    }
}

impl fmt::Debug for CodeView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeView {{ id: {:032x}, age: {}, path: {:?} }}", self.id(), self.age, self.path.escape_ascii())
    }
}
