//! What says who a sandbox is: its user's signature. It holds no secret, and travels with the sandbox's objects.

use super::bytes::{Reader, Writer};
use ed25519_dalek::{Signature, VerifyingKey};

/// A public key, which is what a principal is called by.
pub type Public = [u8; 32];

/// What a certificate's signature is for: no other signature of the same key can be taken for one.
const CERTIFICATE: &[u8] = b"win-compat sandbox 1\0";
/// The same for the signature with which a user accepts one.
const ACCEPTED: &[u8] = b"win-compat accepted author 1\0";

/// A sandbox, and the user who answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The sandbox's public key.
    pub sandbox: Public,
    /// Its user's.
    pub user: Public,
    /// The sandbox's name.
    pub label: String,
    /// When it was made, in 100 ns since 1601.
    pub created: i64,
    /// The user's signature.
    pub signature: [u8; 64],
}

impl Certificate {
    /// Whether its user did sign it.
    pub fn is_signed(&self) -> bool {
        verify(&self.user, &signed(&self.sandbox, &self.user, self.created, &self.label), &self.signature)
    }

    /// Whether it answers for an object: the sandbox made it, or the user.
    pub fn covers(&self, author: &Public, owner: &Public) -> bool {
        *owner == self.user && (*author == self.sandbox || *author == self.user)
    }

    /// What a user signs who has another sandbox accept it.
    pub(super) fn accepted_by(&self, sandbox: &Public) -> Vec<u8> {
        let mut out = Writer(ACCEPTED.to_vec());
        out.raw(sandbox);
        self.put(&mut out);
        out.0
    }

    pub(super) fn put(&self, out: &mut Writer) {
        out.raw(&self.sandbox).raw(&self.user).time(self.created).raw(&self.signature);
        out.name(&self.label.encode_utf16().collect::<Vec<_>>());
    }

    pub(super) fn take(from: &mut Reader<'_>) -> Option<Self> {
        let (sandbox, user, created, signature) = (from.array()?, from.array()?, from.time()?, from.array()?);
        Some(Self { sandbox, user, created, signature, label: String::from_utf16(&from.name()?).ok()? })
    }

    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.put(&mut out);
        out.0
    }

    /// From bytes, all of which it takes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        Self::take(&mut from).filter(|_| from.0.is_empty())
    }
}

/// What a user signs who answers for a sandbox.
pub(super) fn signed(sandbox: &Public, user: &Public, created: i64, label: &str) -> Vec<u8> {
    [CERTIFICATE, sandbox, user, &created.to_le_bytes(), label.as_bytes()].concat()
}

/// Whether a principal has signed some bytes.
pub(super) fn verify(public: &Public, bytes: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public).is_ok_and(|key| key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok())
}
