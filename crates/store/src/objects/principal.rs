//! Who makes and owns objects. The user has an Ed25519 key; each sandbox has one of its own, which the user's has signed.
//!
//! Signatures tell where an object comes from and show damage. They are no defence against the host's user, who holds the keys.

use super::bytes::{Reader, Writer};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// A public key, which is what a principal is called by.
pub type Public = [u8; 32];

const USER_MAGIC: &[u8; 8] = b"WCUSER01";
const SANDBOX_MAGIC: &[u8; 8] = b"WCPRIN01";
/// What a certificate's signature is for: no other signature of the same key can be taken for one.
const CERTIFICATE: &[u8] = b"win-compat sandbox 1\0";

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
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let seed = bytes.strip_prefix(USER_MAGIC).and_then(|seed| <[u8; 32]>::try_from(seed).ok()).ok_or_else(|| damaged(path))?;
        Ok(Some(Self { key: SigningKey::from_bytes(&seed) }))
    }

    /// The user's public key.
    pub fn public(&self) -> Public {
        self.key.verifying_key().to_bytes()
    }

    /// The user as who makes an object.
    pub(super) fn author(&self) -> Principal {
        Principal { key: self.key.clone(), parent: self.public(), label: String::new(), created: 0, signature: [0; 64] }
    }

    /// Makes a principal for a sandbox.
    pub fn principal(&self, label: &str, created: i64) -> Result<Principal> {
        let key = SigningKey::from_bytes(&seed()?);
        let public = key.verifying_key().to_bytes();
        let signature = self.key.sign(&certificate(&public, &self.public(), created, label)).to_bytes();
        Ok(Principal { key, parent: self.public(), label: label.to_owned(), created, signature })
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
}

impl Principal {
    /// The principal in a file, if there is one, and if its parent did sign it.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        Self::decode(&bytes).filter(Self::is_signed).map(Some).ok_or_else(|| damaged(path))
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
        Some(Self { key, parent, created, signature, label: String::from_utf16(&from.name()?).ok()? })
    }

    fn is_signed(&self) -> bool {
        verify(&self.parent, &certificate(&self.public(), &self.parent, self.created, &self.label), &self.signature)
    }

    /// Its public key.
    pub fn public(&self) -> Public {
        self.key.verifying_key().to_bytes()
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }
}

/// Whether a principal has signed some bytes.
pub(super) fn verify(public: &Public, bytes: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public).is_ok_and(|key| key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok())
}

fn certificate(public: &Public, parent: &Public, created: i64, label: &str) -> Vec<u8> {
    [CERTIFICATE, public, parent, &created.to_le_bytes(), label.as_bytes()].concat()
}

fn seed() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    if rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty())? == seed.len() {
        Ok(seed)
    } else {
        Err(ErrorKind::UnexpectedEof.into())
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
        let folder = super::super::tests::folder("keys");
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
