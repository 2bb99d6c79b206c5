//! Why the process cannot start, and how its user is told.

use crate::gate::call;
use alloc::string::String;
use gate::service::{Report, ReportKind, TerminateProcess};
use guest::error::Status;

/// Why the process cannot start.
pub struct Failure {
    pub status: Status,
    /// One sentence for the user.
    sentence: String,
}

impl Failure {
    pub fn new(status: i32, sentence: impl Into<String>) -> Self {
        Self { status: Status(status), sentence: sentence.into() }
    }

    /// Tells the user, and ends the process.
    pub fn end_process(self) -> ! {
        let (text, text_size) = (self.sentence.as_ptr() as u64, self.sentence.len() as u64);
        let kind = ReportKind::CannotStart as u32;
        call(&mut Report { kind, slot: u32::MAX, text, text_size, code: self.status.0 as u32, duration: 0 });
        call(&mut TerminateProcess { process: u64::MAX, code: self.status.0 as u32, others: 0 });
        // The call does not come back.
        loop {
            core::hint::spin_loop();
        }
    }
}
