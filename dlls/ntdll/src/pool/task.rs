//! What a pool runs, as its workers know it.

use alloc::sync::Arc;

/// What a callback is told beside its context.
#[derive(Clone, Copy, Default)]
pub struct Outcome {
    /// How a wait ended, or the status of what is completed.
    pub result: u32,
    /// The `OVERLAPPED` of what is completed.
    pub overlapped: usize,
    /// The bytes that it moved.
    pub information: usize,
}

impl From<u32> for Outcome {
    fn from(result: u32) -> Self {
        Self { result, ..Self::default() }
    }
}

/// Something whose callbacks are queued.
pub trait Task: Send + Sync {
    /// The place of its queue: the highest priority is 0.
    fn priority(&self) -> usize;
    /// One more callback is queued.
    fn note_queued(&self);
    /// Callbacks were taken back.
    fn note_cancelled(&self, count: u32);
    /// Runs a callback that was queued.
    fn run(self: Arc<Self>, outcome: Outcome);
}
