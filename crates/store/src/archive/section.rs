//! A part of a sandbox that an archive carries.

use super::error::Error;
use super::stream::{In, Out};
use crate::objects::{Certificate, Finding, Header, Wrong};
use std::path::Path;

/// A part of a sandbox: its files, its registry. A new part is a type with this trait, and a row in `SECTIONS` (`archive/mod.rs`).
pub trait Section: Sync {
    /// What it is called in archives, for ever.
    fn name(&self) -> &'static str;
    /// Writes what a sandbox's folder holds of it. Nobody is at work there.
    fn write(&self, sandbox: &Path, out: &mut Out<'_>) -> Result<(), Error>;
    /// Makes it in the folder of a sandbox that is not there yet, and checks all of it. What is wrong is named, and reading goes on:
    /// the folder is thrown away then.
    fn read(&self, fresh: &Fresh<'_>, from: &mut In<'_>, wrong: &mut Vec<Finding>) -> Result<Amount, Error>;
}

/// A sandbox that is being made from an archive.
#[derive(Debug)]
pub struct Fresh<'a> {
    /// Its folder, which holds nothing yet that another section would need.
    pub folder: &'a Path,
    /// Who may have made what the archive carries; their users are known or trusted.
    pub authors: &'a [Certificate],
}

impl Fresh<'_> {
    /// What is wrong with a proof, apart from what it is a proof of.
    pub fn wrong_with(&self, header: &Header) -> Option<Wrong> {
        if !self.authors.iter().any(|author| author.covers(&header.author, &header.owner)) {
            return Some(Wrong::Foreign);
        }
        (!header.is_signed()).then_some(Wrong::Signature)
    }
}

/// How much a section holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Objects, or what comes close to them.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}
