//! What can go wrong with an archive, and who is told how far it has come.

use crate::objects::{Finding, OpenError};

/// The version of the format that this program writes.
pub const VERSION: u32 = 1;

/// Is told of each step how many bytes it moved.
pub type Progress<'a> = &'a mut dyn FnMut(u64);

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
            Self::Newer(version) => write!(out, "it is of a newer version ({version}, not {})", VERSION),
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
