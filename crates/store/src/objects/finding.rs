//! What can be wrong with a volume, in words.

use crate::journal::log::Read;
use crate::path::Path;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An index is not whole, by so many records.
    Index {
        /// Its name.
        file: String,
        /// How many records are missing, where its end is there to tell.
        missing: Option<u64>,
    },
    /// A file of records is missing.
    Missing {
        /// Its name.
        file: String,
    },
    /// A file of records holds bytes that are no record.
    Damaged {
        /// Its name.
        file: String,
        /// Where they start.
        start: u64,
        /// Where they end.
        end: u64,
    },
    /// A file of records ends inside a record. The journal of a host that lost its power may: that change was not confirmed.
    Torn {
        /// Its name.
        file: String,
        /// How many bytes of the record are there.
        bytes: u64,
    },
    /// A record tells of what no other one has told of.
    Strange(String),
    /// What a file's seal covers is not what was sealed.
    Seal {
        /// Its name.
        file: String,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// An object is not what its header says.
    Object {
        /// Its name.
        path: Path,
        /// What is wrong with it.
        wrong: Wrong,
    },
}

/// What is wrong with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its content is not there.
    Missing,
    /// Its content is another one.
    Altered,
    /// Its header is not signed by who is said to have made it.
    Signature,
    /// It was made by another sandbox, or belongs to somebody else.
    Foreign,
    /// No record tells of its content.
    Lost,
    /// It is not published, though it should be.
    Unsealed,
}

impl Wrong {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "its content is missing",
            Self::Altered => "its content was altered",
            Self::Signature => "its header's signature is wrong",
            Self::Foreign => "it is of another sandbox or another user, whom nobody has accepted",
            Self::Lost => "the record of its content is lost",
            Self::Unsealed => "it could not be sealed",
        }
    }
}

impl Finding {
    /// Whether it is only what the loss of power leaves behind: nothing that was confirmed is missing.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Self::Torn { .. })
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index { file, missing: Some(missing) } => write!(out, "{file}: {missing} records are missing"),
            Self::Index { file, missing: None } => write!(out, "{file}: its end is missing"),
            Self::Missing { file } => write!(out, "{file}: it is missing"),
            Self::Damaged { file, start, end } => write!(out, "{file}: the bytes from {start} to {end} are damaged"),
            Self::Torn { file, bytes } => write!(out, "{file}: it ends inside a record, of which {bytes} bytes are there"),
            Self::Seal { file, wrong } => write!(out, "{file}: what a seal covers: {}", wrong.text()),
            Self::Strange(what) => write!(out, "a record tells of {what}"),
            Self::Object { path, wrong } => write!(out, "C:\\{}: {}", String::from_utf16_lossy(path.units()), wrong.text()),
        }
    }
}

/// What verifying found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Objects that were verified, former versions among them.
    pub objects: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Files that are not published yet.
    pub unsealed: u64,
}

/// What reading a file of records found.
pub(crate) fn of_read(file: &str, read: &Read) -> Vec<Finding> {
    let file = || file.to_owned();
    let damaged = read.damaged.iter().map(|(start, end)| Finding::Damaged { file: file(), start: *start, end: *end });
    let torn = (read.torn > 0).then(|| Finding::Torn { file: file(), bytes: read.torn });
    damaged.chain(torn).collect()
}
