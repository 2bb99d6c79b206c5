//! What is said of an object's content, and signed by whoever made it.

use super::bytes::{Reader, Writer};
use super::certificate::{Public, verify};
use super::principal::Principal;

/// A Blake3 hash.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// In hexadecimal digits.
    pub fn hex(&self) -> String {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
    }

    /// From hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes().as_chunks::<2>().0;
        if text.len() != 64 || digits.len() != 32 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.hex()[..12])
    }
}

/// What the sandbox may do with an object.
pub mod right {
    #![allow(missing_docs, reason = "the names say it")]
    pub const READ: u32 = 1;
    pub const WRITE: u32 = 2;
    pub const DELETE: u32 = 4;
    pub const ALL: u32 = READ | WRITE | DELETE;
}

/// What a header's signature is for.
const OBJECT: &[u8] = b"win-compat object 1\0";

/// The header of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its content's hash.
    pub hash: Hash,
    /// Its content's size in bytes.
    pub size: u64,
    /// The sandbox that made it.
    pub author: Public,
    /// The user to whom it belongs.
    pub owner: Public,
    /// Bits of [`right`].
    pub rights: u32,
    /// The content that it followed; all zero where there was none.
    pub lineage: Hash,
    /// When it was published, in 100 ns since 1601.
    pub created: i64,
    /// The author's signature.
    pub signature: [u8; 64],
}

impl Header {
    /// Makes and signs one.
    pub fn sign(principal: &Principal, hash: Hash, size: u64, lineage: Hash, created: i64) -> Self {
        let (author, owner) = (principal.public(), principal.parent);
        let mut header = Self { hash, size, author, owner, rights: right::ALL, lineage, created, signature: [0; 64] };
        header.signature = principal.sign(&header.signed());
        header
    }

    /// Whether its author did sign it.
    pub fn is_signed(&self) -> bool {
        verify(&self.author, &self.signed(), &self.signature)
    }

    fn signed(&self) -> Vec<u8> {
        let mut out = Writer(OBJECT.to_vec());
        self.put_facts(&mut out);
        out.0
    }

    fn put_facts(&self, out: &mut Writer) {
        out.raw(&self.hash.0).long(self.size).raw(&self.author).raw(&self.owner).word(self.rights).raw(&self.lineage.0).time(self.created);
    }

    pub(super) fn put(&self, out: &mut Writer) {
        self.put_facts(out);
        out.raw(&self.signature);
    }

    pub(super) fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            hash: Hash(from.array()?),
            size: from.long()?,
            author: from.array()?,
            owner: from.array()?,
            rights: from.word()?,
            lineage: Hash(from.array()?),
            created: from.time()?,
            signature: from.array()?,
        })
    }
}
