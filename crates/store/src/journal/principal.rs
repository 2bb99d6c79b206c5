//! Who makes and owns objects. The user has an Ed25519 key; each sandbox has one of its own, which the user's has signed.
//!
//! Signatures tell where an object comes from and show damage. They are no defence against the host's user, who holds the keys.

use super::bytes::{Reader, Writer};
pub use super::certificate::Public;
use super::certificate::{self, Certificate, verify};
use ed25519_dalek::{Signer, SigningKey};
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

const USER_MAGIC: &[u8; 8] = b"WCUSER01";
const SANDBOX_MAGIC: &[u8; 8] = b"WCPRIN01";
const AUTHORS_MAGIC: &[u8; 8] = b"WCAUTH01";
/// The file beside a sandbox's key with the other sandboxes whose objects it accepts.
pub const AUTHORS: &str = "authors";
/// What an archive's signature is for: no other signature of the same key can be taken for one.
const ARCHIVE: &[u8] = b"win-compat archive 1\0";

/// The user's key.
#[derive(Debug)]
pub struct User {
    key: SigningKey,
}

impl User {
    /// The key in a file, which is made where there is none. Nobody but its owner may read it.
    pub fn open_or_make(path: &Path) -> Result<Self> {
        if let Some(user) = Self::open(path)? {
            return Ok(user);
        }
        let bytes = [USER_MAGIC.as_slice(), &seed()?].concat();
        match write_secret(path, &bytes) {
            // Somebody else has just made one.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            done => done?,
        }
        Self::open(path)?.ok_or_else(|| damaged(path))
    }

    /// The key in a file, if there is one.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        let seed = bytes.strip_prefix(USER_MAGIC).and_then(|seed| <[u8; 32]>::try_from(seed).ok()).ok_or_else(|| damaged(path))?;
        Ok(Some(Self { key: SigningKey::from_bytes(&seed) }))
    }

    /// The user's public key.
    pub fn public(&self) -> Public {
        self.key.verifying_key().to_bytes()
    }

    /// The user as who makes an object.
    pub(crate) fn author(&self) -> Principal {
        Principal { key: self.key.clone(), parent: self.public(), label: String::new(), created: 0, signature: [0; 64], accepted: Vec::new() }
    }

    /// Makes a principal for a sandbox.
    pub fn principal(&self, label: &str, created: i64) -> Result<Principal> {
        let key = SigningKey::from_bytes(&seed()?);
        let public = key.verifying_key().to_bytes();
        let signature = self.key.sign(&certificate::signed(&public, &self.public(), created, label)).to_bytes();
        Ok(Principal { key, parent: self.public(), label: label.to_owned(), created, signature, accepted: Vec::new() })
    }

    /// Signs what an archive is made of.
    pub fn sign_archive(&self, digest: &[u8; 32]) -> [u8; 64] {
        self.key.sign(&[ARCHIVE, digest].concat()).to_bytes()
    }

    /// Has a sandbox accept objects of other sandboxes, for which the certificates answer. The file must not be there yet.
    pub fn accept(&self, sandbox: &Principal, certificates: &[Certificate], path: &Path) -> Result<()> {
        let mut out = Writer::default();
        out.raw(AUTHORS_MAGIC).word(certificates.len() as u32);
        for certificate in certificates {
            certificate.put(&mut out);
            out.raw(&self.key.sign(&certificate.accepted_by(&sandbox.public())).to_bytes());
        }
        write_secret(path, &out.0)
    }
}

/// A sandbox's key, and who answers for it.
#[derive(Debug)]
pub struct Principal {
    key: SigningKey,
    /// The user's public key.
    pub parent: Public,
    /// The sandbox's name.
    pub label: String,
    /// When it was made, in 100 ns since 1601.
    pub created: i64,
    signature: [u8; 64],
    /// Other sandboxes whose objects it has, since they were imported.
    accepted: Vec<Certificate>,
}

impl Principal {
    /// The principal in a file, if there is one, and if its parent did sign it; with the authors in the file beside it.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        let mut principal = Self::decode(&bytes).filter(|principal| principal.certificate().is_signed()).ok_or_else(|| damaged(path))?;
        let beside = path.with_file_name(AUTHORS);
        if let Some(bytes) = read(&beside)? {
            principal.accepted = principal.decode_authors(&bytes).ok_or_else(|| damaged(&beside))?;
        }
        Ok(Some(principal))
    }

    /// Who it is, and who says so.
    pub fn certificate(&self) -> Certificate {
        Certificate { sandbox: self.public(), user: self.parent, label: self.label.clone(), created: self.created, signature: self.signature }
    }

    /// The other sandboxes whose objects it has.
    pub fn accepted(&self) -> &[Certificate] {
        &self.accepted
    }

    /// Whether an object of this author and owner belongs into the sandbox.
    pub fn accepts(&self, author: &Public, owner: &Public) -> bool {
        *owner == self.parent && (*author == self.public() || *author == self.parent)
            || self.accepted.iter().any(|certificate| certificate.covers(author, owner))
    }

    fn decode_authors(&self, bytes: &[u8]) -> Option<Vec<Certificate>> {
        let mut from = Reader(bytes.strip_prefix(AUTHORS_MAGIC)?);
        let count = from.word()?;
        let mut found = Vec::new();
        for _ in 0..count {
            let certificate = Certificate::take(&mut from)?;
            let is_accepted = verify(&self.parent, &certificate.accepted_by(&self.public()), &from.array()?);
            found.push(Some(certificate).filter(|certificate| is_accepted && certificate.is_signed())?);
        }
        from.0.is_empty().then_some(found)
    }

    /// Writes it to a file that is not there yet.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut out = Writer::default();
        out.raw(SANDBOX_MAGIC).raw(&self.key.to_bytes()).raw(&self.parent).time(self.created).raw(&self.signature);
        out.name(&self.label.encode_utf16().collect::<Vec<_>>());
        write_secret(path, &out.0)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes.strip_prefix(SANDBOX_MAGIC)?);
        let key = SigningKey::from_bytes(&from.array()?);
        let (parent, created, signature) = (from.array()?, from.time()?, from.array()?);
        Some(Self { key, parent, created, signature, label: String::from_utf16(&from.name()?).ok()?, accepted: Vec::new() })
    }

    /// Its public key.
    pub fn public(&self) -> Public {
        self.key.verifying_key().to_bytes()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }
}

/// Whether a user has signed what an archive is made of.
pub fn is_archive_of(user: &Public, digest: &[u8; 32], signature: &[u8; 64]) -> bool {
    verify(user, &[ARCHIVE, digest].concat(), signature)
}

fn seed() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    if rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty())? == seed.len() {
        Ok(seed)
    } else {
        Err(ErrorKind::UnexpectedEof.into())
    }
}

/// A file's bytes, if it is there.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Writes a file that nobody else may read; it appears whole or not at all, and replaces none.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let fresh = path.with_extension(std::process::id().to_string());
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let write = || {
        // What another process of this number left is no secret of anybody, nor is what a link there leads to.
        let _ = std::fs::remove_file(&fresh);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(nofollow).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::hard_link(&fresh, path)
    };
    let done = write();
    let _ = std::fs::remove_file(&fresh);
    done
}

fn damaged(path: &Path) -> Error {
    Error::new(ErrorKind::InvalidData, format!("{} is damaged, or no key of this version", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_kept_and_certificates_checked() {
        let folder = crate::testing::folder("keys");
        let path = folder.join("keys/user");
        let user = User::open_or_make(&path).unwrap();
        assert_eq!(User::open_or_make(&path).unwrap().public(), user.public());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        let principal = user.principal("box", 5).unwrap();
        let place = folder.join("principal");
        principal.write(&place).unwrap();
        let read = Principal::open(&place).unwrap().unwrap();
        assert_eq!((read.public(), read.parent, read.label.as_str(), read.created), (principal.public(), user.public(), "box", 5));
        // Another parent in the same certificate is no parent.
        let mut bytes = std::fs::read(&place).unwrap();
        bytes[45] ^= 1;
        std::fs::write(&place, bytes).unwrap();
        assert!(Principal::open(&place).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
