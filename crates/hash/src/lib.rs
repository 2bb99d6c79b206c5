//! The hash algorithms that several system DLLs answer with, with a key (HMAC) and without. The algorithms are RustCrypto's.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Bytes of its hashes.
    pub const fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Bytes of the blocks that it works on.
    pub const fn block(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }
}

macro_rules! states {
    ($($name:ident $keyed:ident $kind:ty;)*) => {
        #[derive(Clone)]
        enum State {
            $( $name($kind), $keyed(Hmac<$kind>), )*
        }

        impl Hasher {
            /// Starts a hash.
            pub fn new(algorithm: Algorithm) -> Self {
                let state = match algorithm { $( Algorithm::$name => State::$name(<$kind>::new()), )* };
                Self { algorithm, state }
            }

            /// Starts a hash with a key, of any length.
            pub fn keyed(algorithm: Algorithm, key: &[u8]) -> Self {
                let state = match algorithm {
                    $( Algorithm::$name => match Hmac::<$kind>::new_from_slice(key) {
                        Ok(keyed) => State::$keyed(keyed),
                        Err(_) => unreachable!("a key of any length fits"),
                    }, )*
                };
                Self { algorithm, state }
            }

            /// Takes data in.
            pub fn update(&mut self, data: &[u8]) {
                match &mut self.state { $( State::$name(state) => Digest::update(state, data), State::$keyed(state) => Mac::update(state, data), )* }
            }

            /// The hash of all that was taken in.
            pub fn finish(self) -> Vec<u8> {
                match self.state { $( State::$name(state) => state.finalize().to_vec(), State::$keyed(state) => state.finalize().into_bytes().to_vec(), )* }
            }
        }
    };
}

/// A hash that is being worked out.
#[derive(Clone)]
pub struct Hasher {
    algorithm: Algorithm,
    state: State,
}

states! {
    Md5 Md5Keyed Md5;
    Sha1 Sha1Keyed Sha1;
    Sha256 Sha256Keyed Sha256;
    Sha384 Sha384Keyed Sha384;
    Sha512 Sha512Keyed Sha512;
}

impl Hasher {
    /// Its algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The examples of RFC 1321, FIPS 180 and RFC 2202.
    #[test]
    fn published_examples() {
        let rows = [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ];
        for (algorithm, wanted) in rows {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hex(&hasher.finish()), wanted);
        }
        let mut keyed = Hasher::keyed(Algorithm::Md5, b"Jefe");
        keyed.update(b"what do ya want for nothing?");
        assert_eq!(hex(&keyed.finish()), "750c783e6ab0b503eaa86e310a5db738");
        for algorithm in [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            assert_eq!(Hasher::new(algorithm).finish().len(), algorithm.size());
        }
    }
}
