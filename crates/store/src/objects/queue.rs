//! What waits to be published.

use std::collections::BTreeSet;
use std::time::Instant;

/// Files that nobody has open, by when they have rested.
#[derive(Default)]
pub struct Queue {
    /// When, and which file.
    pub waiting: BTreeSet<(Instant, u64)>,
    /// The volume is being closed.
    pub ends: bool,
}
