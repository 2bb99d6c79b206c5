//! Resources: icons, dialogs, texts and the like, in a tree of exactly three levels: type, name, language.

use object::{
    LittleEndian as LE,
    pe::{self, ImageResourceDataEntry, ImageResourceDirectory, ImageResourceDirectoryEntry},
};

use crate::{
    Directory, Image, Malformed, Utf16,
    stretch::{Stretch, array, structure},
    walk::{Budget, steps},
};

const TREE: &str = "resource tree";
const HIGH_BIT: u32 = pe::IMAGE_RESOURCE_DATA_IS_DIRECTORY;

/// A type or a name of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id<'a> {
    /// By number.
    Number(u16),
    /// By name, in which the case of ASCII letters does not matter.
    Name(Utf16<'a>),
}

impl Id<'_> {
    fn is(self, other: Id<'_>) -> bool {
        match (self, other) {
            (Self::Number(number), Id::Number(other)) => number == other,
            (Self::Name(name), Id::Name(other)) => name.is_name(other.units()),
            _ => false,
        }
    }
}

/// Where a resource's bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// Where they start, relative to the image's start.
    pub rva: u32,
    /// Their number.
    pub size: u32,
    /// The code page that the resource states; nobody reads it.
    pub code_page: u32,
}

/// One resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Its type.
    pub kind: Id<'a>,
    /// Its name.
    pub name: Id<'a>,
    /// Its language.
    pub language: u16,
    /// Its bytes.
    pub data: Data,
}

/// The resource tree.
#[derive(Clone, Copy, Debug)]
pub struct Resources<'a> {
    /// All from the root on: the tree's offsets count from there. The directory's length is not to be relied on.
    tree: Stretch<'a>,
    /// Length of the image.
    image: usize,
}

/// The entries of one directory.
type Entries<'a> = &'a [ImageResourceDirectoryEntry];

impl<'a> Image<'a> {
    /// The resource tree, `None` where there is none.
    pub fn resources(&self) -> Result<Option<Resources<'a>>, Malformed> {
        let Some(span) = self.directory(Directory::Resource) else { return Ok(None) };
        let tree = self.stretch(span.rva).ok_or(Malformed::Outside(TREE))?;
        Ok(Some(Resources { tree, image: self.bytes.len() }))
    }
}

impl<'a> Resources<'a> {
    /// The types, in order; an error ends the walk.
    pub fn types(&self) -> Result<impl Iterator<Item = Result<Id<'a>, Malformed>> + use<'a>, Malformed> {
        Ok(self.ids(self.directory(0)?))
    }

    /// The names of a type's resources, in order; none where the type is not there. An error ends the walk.
    pub fn names(&self, kind: Id<'_>) -> Result<impl Iterator<Item = Result<Id<'a>, Malformed>> + use<'a>, Malformed> {
        Ok(self.ids(self.child(self.directory(0)?, kind)?.unwrap_or_default()))
    }

    /// The languages that a resource comes in, in order; none where it is not there.
    pub fn languages(&self, kind: Id<'_>, name: Id<'_>) -> Result<impl Iterator<Item = u16> + use<'a>, Malformed> {
        Ok(self.resource(kind, name)?.iter().map(language))
    }

    /// A resource in a language, or in its first one where `language` is `None`.
    pub fn find(&self, kind: Id<'_>, name: Id<'_>, wanted: Option<u16>) -> Result<Option<Data>, Malformed> {
        let entry = self.resource(kind, name)?.iter().find(|entry| wanted.is_none_or(|wanted| language(entry) == wanted));
        entry.map(|entry| self.data(entry)).transpose()
    }

    /// All resources, in order; an error ends the walk.
    pub fn iter(&self) -> impl Iterator<Item = Result<Resource<'a>, Malformed>> + use<'a> {
        let tree = *self;
        let budget = Budget::new(self.image, TREE);
        let mut types: Option<Entries<'a>> = None;
        let (mut names, mut languages): (Entries<'a>, Entries<'a>) = (&[], &[]);
        let (mut kind, mut name) = (Id::Number(0), Id::Number(0));
        steps(move || {
            let open = |offset| {
                let entries = tree.directory(offset)?;
                budget.spend(size_of_val(entries)).map(|()| entries)
            };
            let types = match &mut types {
                Some(types) => types,
                unopened => unopened.insert(open(0)?),
            };
            loop {
                if let Some(entry) = languages.split_off_first() {
                    return Ok(Some(Resource { kind, name, language: language(entry), data: tree.data(entry)? }));
                } else if let Some(entry) = names.split_off_first() {
                    (name, languages) = (tree.id(entry)?, open(subdirectory(entry)?)?);
                } else if let Some(entry) = types.split_off_first() {
                    (kind, names) = (tree.id(entry)?, open(subdirectory(entry)?)?);
                } else {
                    return Ok(None);
                }
            }
        })
    }

    /// The entries of a resource, one for each language; none where it is not there.
    fn resource(&self, kind: Id<'_>, name: Id<'_>) -> Result<Entries<'a>, Malformed> {
        let Some(names) = self.child(self.directory(0)?, kind)? else { return Ok(&[]) };
        Ok(self.child(names, name)?.unwrap_or_default())
    }

    fn child(&self, entries: Entries<'a>, wanted: Id<'_>) -> Result<Option<Entries<'a>>, Malformed> {
        for entry in entries {
            if self.id(entry)?.is(wanted) {
                return self.directory(subdirectory(entry)?).map(Some);
            }
        }
        Ok(None)
    }

    fn ids(&self, mut entries: Entries<'a>) -> impl Iterator<Item = Result<Id<'a>, Malformed>> + use<'a> {
        let tree = *self;
        steps(move || entries.split_off_first().map(|entry| tree.id(entry)).transpose())
    }

    fn directory(&self, offset: usize) -> Result<Entries<'a>, Malformed> {
        let header: &ImageResourceDirectory = structure(self.tree.bytes, offset).ok_or(Malformed::Outside(TREE))?;
        let count = usize::from(header.number_of_named_entries.get(LE)) + usize::from(header.number_of_id_entries.get(LE));
        array(self.tree.bytes, offset + size_of::<ImageResourceDirectory>(), count).ok_or(Malformed::Outside(TREE))
    }

    fn id(&self, entry: &ImageResourceDirectoryEntry) -> Result<Id<'a>, Malformed> {
        let field = entry.name_or_id.get(LE);
        if field & HIGH_BIT == 0 {
            return Ok(Id::Number(field as u16));
        }
        let outside = Malformed::Outside("resource name");
        let name = self.tree.bytes.get((field & !HIGH_BIT) as usize..).ok_or(outside)?;
        let (length, name) = name.split_first_chunk::<2>().ok_or(outside)?;
        let name = name.get(..usize::from(u16::from_le_bytes(*length)) * 2).ok_or(outside)?;
        Ok(Id::Name(Utf16::from_bytes(name)))
    }

    fn data(&self, entry: &ImageResourceDirectoryEntry) -> Result<Data, Malformed> {
        let offset = entry.offset_to_data_or_directory.get(LE);
        if offset & HIGH_BIT != 0 {
            return Err(Malformed::BadField(TREE));
        }
        let data: &ImageResourceDataEntry = structure(self.tree.bytes, offset as usize).ok_or(Malformed::Outside(TREE))?;
        Ok(Data { rva: data.offset_to_data.get(LE), size: data.size.get(LE), code_page: data.code_page.get(LE) })
    }
}

fn language(entry: &ImageResourceDirectoryEntry) -> u16 {
    entry.name_or_id.get(LE) as u16
}

fn subdirectory(entry: &ImageResourceDirectoryEntry) -> Result<usize, Malformed> {
    let offset = entry.offset_to_data_or_directory.get(LE);
    if offset & HIGH_BIT == 0 { Err(Malformed::BadField(TREE)) } else { Ok((offset & !HIGH_BIT) as usize) }
}
