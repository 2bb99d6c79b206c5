//! The bytes of an archive: sections of items and contents, written and read from start to end. Everything but the contents goes into the
//! digest that the exporting user signs; of a content its hash does.

use super::error::{Error, Progress};
use crate::objects::Hash;
use std::fs::File;
use std::io::{Read, Write};

/// How an item starts.
const END: u8 = 0;
const BYTES: u8 = 1;
const CONTENT: u8 = 2;
/// The most bytes of one item.
const LONGEST: usize = 1 << 20;
/// How much of a content is moved at a time.
const STEP: usize = 1 << 20;

/// Where an archive is written.
pub struct Out<'a> {
    to: &'a mut dyn Write,
    digest: blake3::Hasher,
    progress: Progress<'a>,
}

impl<'a> Out<'a> {
    /// Writes to a file or the like.
    pub fn new(to: &'a mut dyn Write, progress: Progress<'a>) -> Self {
        Self { to, digest: blake3::Hasher::new(), progress }
    }

    /// Writes bytes that the signature covers.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.digest.update(bytes);
        self.plain(bytes)
    }

    fn plain(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.to.write_all(bytes)?;
        (self.progress)(bytes.len() as u64);
        Ok(())
    }

    /// Begins a section.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), Error> {
        self.raw(&(name.len() as u16).to_le_bytes())?;
        self.raw(name.as_bytes())
    }

    /// Ends a section.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.raw(&[END])
    }

    /// An item of a section, of at most 1 MiB.
    pub fn item(&mut self, bytes: &[u8]) -> Result<(), Error> {
        debug_assert!(bytes.len() <= LONGEST, "an item is read back whole");
        self.raw(&[BYTES])?;
        self.raw(&(bytes.len() as u32).to_le_bytes())?;
        self.raw(bytes)
    }

    /// A content of a section. Whether it is what its hash says is found out on the way; `false` where it is not.
    pub fn content(&mut self, hash: &Hash, size: u64, mut from: File) -> Result<bool, Error> {
        self.raw(&[CONTENT])?;
        self.raw(&hash.0)?;
        self.raw(&size.to_le_bytes())?;
        let (mut found, mut buffer, mut left) = (blake3::Hasher::new(), vec![0; STEP], size);
        while left > 0 {
            let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let got = from.read(&mut buffer[..wanted])?;
            if got == 0 {
                return Ok(false);
            }
            found.update(&buffer[..got]);
            self.plain(&buffer[..got])?;
            left -= got as u64;
        }
        Ok(found.finalize().as_bytes() == &hash.0)
    }

    /// What is to be signed.
    pub(super) fn digest(&self) -> [u8; 32] {
        *self.digest.finalize().as_bytes()
    }
}

/// Where an archive is read from.
pub struct In<'a> {
    from: &'a mut dyn Read,
    digest: blake3::Hasher,
    progress: Progress<'a>,
    /// Bytes of a content that were not taken.
    left: u64,
}

/// What a section holds next.
#[derive(Debug)]
pub enum Item {
    /// An item.
    Bytes(Vec<u8>),
    /// A content, whose bytes come next; see [`In::content`].
    Content {
        /// Its hash.
        hash: Hash,
        /// Its bytes.
        size: u64,
    },
}

impl<'a> In<'a> {
    /// Reads from a file or the like.
    pub fn new(from: &'a mut dyn Read, progress: Progress<'a>) -> Self {
        Self { from, digest: blake3::Hasher::new(), progress, left: 0 }
    }

    fn plain(&mut self, into: &mut [u8]) -> Result<(), Error> {
        self.from.read_exact(into).map_err(|error| if error.kind() == std::io::ErrorKind::UnexpectedEof { Error::CutOff } else { error.into() })?;
        (self.progress)(into.len() as u64);
        Ok(())
    }

    /// Reads bytes that the signature covers.
    pub fn array<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], Error> {
        let mut bytes = [0; SIZE];
        self.plain(&mut bytes)?;
        self.digest.update(&bytes);
        Ok(bytes)
    }

    /// Reads so many bytes that the signature covers.
    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        if count > LONGEST {
            return Err(Error::Damaged("it holds an item that is too long".into()));
        }
        let mut bytes = vec![0; count];
        self.plain(&mut bytes)?;
        self.digest.update(&bytes);
        Ok(bytes)
    }

    /// The next section's name; `None` where there is no more.
    pub(super) fn begin(&mut self) -> Result<Option<String>, Error> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        if length == 0 {
            return Ok(None);
        }
        String::from_utf8(self.bytes(length)?).map(Some).map_err(|_| Error::Damaged("a section has no name".into()))
    }

    /// What comes next in the section; `None` at its end. A content that was not taken is passed over.
    pub fn item(&mut self) -> Result<Option<Item>, Error> {
        while self.left > 0 {
            self.content(&mut std::io::sink())?;
        }
        match self.array()? {
            [END] => Ok(None),
            [BYTES] => {
                let length = u32::from_le_bytes(self.array()?);
                self.bytes(length as usize).map(|bytes| Some(Item::Bytes(bytes)))
            }
            [CONTENT] => {
                let (hash, size) = (Hash(self.array()?), u64::from_le_bytes(self.array()?));
                self.left = size;
                Ok(Some(Item::Content { hash, size }))
            }
            _ => Err(Error::Damaged("it holds an item of no kind".into())),
        }
    }

    /// Takes the bytes of the content that came last; answers their hash.
    pub fn content(&mut self, to: &mut dyn Write) -> Result<Hash, Error> {
        let (mut found, mut buffer) = (blake3::Hasher::new(), vec![0; STEP]);
        while self.left > 0 {
            let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.plain(&mut buffer[..wanted])?;
            found.update(&buffer[..wanted]);
            to.write_all(&buffer[..wanted])?;
            self.left -= wanted as u64;
        }
        Ok(Hash(*found.finalize().as_bytes()))
    }

    /// What was signed, if it was.
    pub(super) fn digest(&self) -> [u8; 32] {
        *self.digest.finalize().as_bytes()
    }
}
