//! What a process is to be started with.

use crate::berth::Berth;
use crate::handle::Heritage;
use crate::life::Life;
use crate::terms::Terms;
use protocol::start::{Inherited, Parameters, Standard};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use store::FileId;

/// What a process is started with.
pub struct Plan {
    /// Its number.
    pub berth: Berth,
    /// Who it is.
    pub life: Arc<Life>,
    /// Its program's name, for people.
    pub shown: String,
    /// Its program's file.
    pub program: OwnedFd,
    /// What file that is in the sandbox, where it is known there.
    pub file: Option<FileId>,
    /// The terms that it runs on.
    pub terms: Arc<Terms>,
    /// What the program is given.
    pub parameters: Parameters,
    /// The handles that it has from its start.
    pub handles: Heritage,
    /// The standard streams that are terminals.
    pub terminals: [Option<OwnedFd>; 3],
    /// The standard streams that it is born with, and what they are.
    pub born: [Option<(OwnedFd, Standard)>; 3],
    /// Handles to shared objects that it has from its start.
    pub inherited: Vec<Inherited>,
    /// It waits until its first thread is resumed.
    pub suspended: bool,
    /// Ctrl-C is not for it.
    pub ignores_control: bool,
}
