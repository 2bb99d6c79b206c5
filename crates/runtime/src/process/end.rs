//! What the broker is told of the process: how it ends, and what only it knows.

use crate::broker;
use gate::service::ReportKind;
use protocol::message;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use windows_sys::Win32::Foundation::NTSTATUS;

/// Tells the broker how the process ends, and ends it.
pub fn exit(exit: &message::Exit, module: &[u8]) -> ! {
    let _ = broker::ask(exit, module);
    broker::vanish()
}

/// Ends the process for a reason of the runtime's own: one sentence for the user.
pub fn fail(status: NTSTATUS, sentence: &str) -> ! {
    let report = message::Report { kind: protocol::FAILURE, slot: u32::MAX, code: status as u32, duration: 0 };
    let _ = broker::ask(&report, sentence.as_bytes());
    broker::vanish()
}

/// Tells the audit something that only this process knows; each kind of thing once.
pub fn report(kind: ReportKind, code: u32, text: &str) {
    static TOLD: AtomicU32 = AtomicU32::new(0);
    if TOLD.fetch_or(1 << kind as u32, Ordering::Relaxed) >> kind as u32 & 1 != 0 {
        return;
    }
    let report = message::Report { kind: kind as u32, slot: u32::MAX, code, duration: 0 };
    let _ = broker::ask(&report, text.as_bytes());
}

/// Tells the audit of a system call that the program made by itself; each number once.
pub fn report_call(number: u32) {
    static TOLD: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];
    let Some(told) = TOLD.get(number as usize / 64) else { return };
    let bit = 1 << (number % 64);
    if told.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        let report = message::Report { kind: ReportKind::SystemCall as u32, slot: u32::MAX, code: number, duration: 0 };
        let _ = broker::ask(&report, b"guest code made a system call of the host");
    }
}

/// The last thread has ended: so does the process, with that thread's code.
pub fn last_thread_ended(code: u32) -> ! {
    exit(&message::Exit { code, ..Default::default() }, &[])
}
