//! What all processes of one run have in common: they may see the same, and belong to the same command line.

use crate::namespace::Namespace;
use crate::session::Session;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

/// The terms that the processes of a run have.
pub struct Terms {
    /// Their drives.
    pub namespace: Arc<Namespace>,
    /// Their command line.
    pub session: Arc<Session>,
    /// A program does not start when an import is missing.
    pub strict_imports: bool,
    /// One audit event per call.
    pub per_call: bool,
    /// Layers of the jail that are left off.
    pub without_layers: u32,
    /// Layers without which a process must not run.
    pub required_layers: u32,
    /// Layers that its first process has: its children are not started without them.
    pub had_layers: OnceLock<u32>,
    /// Paths of the host that no grant reaches, or reaches for reading alone (`true`: that was asked for in vain).
    pub refused: Mutex<BTreeSet<(PathBuf, bool)>>,
}
