//! A part of a sandbox that an archive carries, and what can go wrong with it.

use super::stream::{In, Out};
use crate::objects::{Certificate, Finding, OpenError};
use std::path::Path;

/// Is told of each step how many bytes it moved.
pub type Progress<'a> = &'a mut dyn FnMut(u64);

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

/// How much a section holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Objects, or what comes close to them.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why an archive could not be written or read.
#[derive(Debug)]
pub enum Error {
    /// The host refused.
    Host(std::io::Error),
    /// The store.
    Store(OpenError),
    /// It is no archive.
    NotOne,
    /// It ends too early.
    CutOff,
    /// A newer program made it: the version of its format.
    Newer(u32),
    /// A newer program made it: a section that is not known here.
    UnknownSection(String),
    /// It is damaged, or was made by somebody who means to harm: what does not fit.
    Damaged(String),
    /// A user's key whom nobody trusts.
    Foreign(crate::Public),
    /// What is wrong with what it carries, or with what it was to carry.
    Wrong(Vec<Finding>),
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(error) => write!(out, "{error}"),
            Self::Store(error) => write!(out, "{error}"),
            Self::NotOne => write!(out, "it is no archive of a sandbox"),
            Self::CutOff => write!(out, "it is not whole: its end is missing"),
            Self::Newer(version) => write!(out, "it is of a newer version ({version}, not {})", super::VERSION),
            Self::UnknownSection(name) => write!(out, "it is of a newer version: it has a section `{name}`"),
            Self::Damaged(what) => write!(out, "it is damaged: {what}"),
            Self::Foreign(user) => write!(out, "it carries what another user has signed: {}", crate::Hash(*user).hex()),
            Self::Wrong(findings) => write!(out, "{} of its objects are not what they should be", findings.len()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Host(error)
    }
}

impl From<rustix::io::Errno> for Error {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Host(error.into())
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        Self::Store(error)
    }
}
