//! Archives: a sandbox in one file, to be made again elsewhere. It carries objects with their proofs, and no secret.
//!
//! A file starts with what it is and the certificates of whoever has made what is in it. Then come sections by name, each written and
//! read by its own [`Section`]; a further one is one row in `SECTIONS`. At its end stands the signature of the user who exported it.

pub mod error;
pub mod section;
pub mod stream;
#[cfg(test)]
mod tests;

use crate::journal::principal::{AUTHORS, Principal, User, is_archive_of};
use crate::objects::section::Files;
use crate::objects::{Certificate, Finding};
use crate::overlay::section::Changes;
use crate::registry::section::Keys;
use error::{Error, Progress, VERSION};
use section::{Amount, Fresh, Section};
use std::io::{Read, Write};
use std::path::Path;
use stream::{In, Out};

const MAGIC: &[u8; 8] = b"WCEXPORT";
/// The most sandboxes whose objects one may have.
const MOST_AUTHORS: u32 = 4096;

/// What archives carry.
static SECTIONS: [&dyn Section; 3] = [&Files, &Keys, &Changes];

/// Writes a sandbox's folder to an archive. Nobody is at work there, and everything is published.
pub fn export(sandbox: &Path, principal: &Principal, user: &User, to: &mut dyn Write, progress: Progress<'_>) -> Result<(), Error> {
    let mut out = Out::new(to, progress);
    out.raw(MAGIC)?;
    out.raw(&VERSION.to_le_bytes())?;
    let authors: Vec<Certificate> = [principal.certificate()].into_iter().chain(principal.accepted().iter().cloned()).collect();
    out.raw(&(authors.len() as u32).to_le_bytes())?;
    for author in authors {
        let bytes = author.encode();
        out.raw(&(bytes.len() as u32).to_le_bytes())?;
        out.raw(&bytes)?;
    }
    for section in SECTIONS {
        out.begin(section.name())?;
        section.write(sandbox, &mut out)?;
        out.end()?;
    }
    out.begin("")?;
    let signature = user.sign_archive(&out.digest());
    out.raw(&signature)
}

/// What an archive says of itself at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The sandbox that was exported, by its user; then those whose objects it had.
    pub authors: Vec<Certificate>,
}

impl Head {
    /// The sandbox that was exported.
    pub fn sandbox(&self) -> Option<&Certificate> {
        self.authors.first()
    }
}

/// Makes the folder of a new sandbox from an archive: its objects keep their authors, and the sandbox has a key of its own under the
/// given name. What was made by other users is refused, but of those whom the user trusts by their keys. The folder must be empty; where
/// this fails it holds rubbish.
pub fn import(
    from: &mut dyn Read,
    folder: &Path,
    (user, name): (&User, &str),
    trusted: &[crate::Public],
    progress: Progress<'_>,
) -> Result<(Head, Amount), Error> {
    let mut from = In::new(from, progress);
    let head = head(&mut from)?;
    for author in &head.authors {
        if author.user != user.public() && !trusted.contains(&author.user) {
            return Err(Error::Foreign(author.user));
        }
        if !author.is_signed() {
            return Err(Error::Damaged(format!("the certificate of `{}` is not signed by its user", author.label)));
        }
    }
    let exported = head.sandbox().ok_or(Error::NotOne)?;
    let (fresh, mut wrong, mut all) = (Fresh { folder, authors: &head.authors }, Vec::new(), Amount::default());
    let mut missing: Vec<&str> = SECTIONS.iter().map(|section| section.name()).collect();
    while let Some(name) = from.begin()? {
        let section = SECTIONS.iter().find(|section| section.name() == name).ok_or_else(|| Error::UnknownSection(name.clone()))?;
        if !missing.contains(&section.name()) {
            return Err(Error::Damaged(format!("section `{name}` is there twice")));
        }
        missing.retain(|missing| *missing != section.name());
        let amount = section.read(&fresh, &mut from, &mut wrong)?;
        all = Amount { objects: all.objects + amount.objects, bytes: all.bytes + amount.bytes };
    }
    let digest = from.digest();
    if !is_archive_of(&exported.user, &digest, &from.array()?) {
        wrong.push(Finding::Strange("what its user has not signed".into()));
    }
    if !wrong.is_empty() {
        return Err(Error::Wrong(wrong));
    }
    let principal = user.principal(name, crate::objects::now())?;
    user.accept(&principal, &head.authors, &folder.join(AUTHORS))?;
    principal.write(&folder.join("principal"))?;
    rustix::fs::syncfs(std::fs::File::open(folder)?)?;
    Ok((head, all))
}

fn head(from: &mut In<'_>) -> Result<Head, Error> {
    let magic = from.array::<8>().map_err(|error| if matches!(error, Error::CutOff) { Error::NotOne } else { error })?;
    if magic != *MAGIC {
        return Err(Error::NotOne);
    }
    let version = u32::from_le_bytes(from.array()?);
    if version > VERSION {
        return Err(Error::Newer(version));
    }
    let count = u32::from_le_bytes(from.array()?);
    if count > MOST_AUTHORS {
        return Err(Error::Damaged("it names too many authors".into()));
    }
    let mut authors = Vec::new();
    for _ in 0..count {
        let length = u32::from_le_bytes(from.array()?);
        let bytes = from.bytes(length as usize)?;
        authors.push(Certificate::decode(&bytes).ok_or_else(|| Error::Damaged("a certificate is none".into()))?);
    }
    Ok(Head { authors })
}
