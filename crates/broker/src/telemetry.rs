//! What the call counters and failure logs say: advisory, for the guest can write them.

use crate::audit::{Event, Outcome};
use gate::block::{FAILURE_ENTRIES, SLICES, SLOTS, TELEMETRY_SIZE};
use rustix::fs::{SeekFrom, seek};
use rustix::io::pread;
use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;

/// Reports every function that was called, and every failure, as a process's pages tell of them.
pub fn note(file: BorrowedFd<'_>, mut report: impl FnMut(Event)) {
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    let mut failures: BTreeMap<(usize, u32), u64> = BTreeMap::new();
    let mut slice = Box::new_uninit_slice(TELEMETRY_SIZE);
    let mut at = 0;
    // Slices of threads that never ran are holes.
    while let Ok(data) = seek(file, SeekFrom::Data(at)) {
        let index = data / TELEMETRY_SIZE as u64;
        if index as usize >= SLICES {
            break;
        }
        let Ok((slice, [])) = pread(file, &mut slice[..], index * TELEMETRY_SIZE as u64) else { break };
        read(slice, &mut counts, &mut failures);
        at = (index + 1) * TELEMETRY_SIZE as u64;
    }
    let numbered = |slot: usize, outcome: Outcome, count: u64, code: u32| {
        let function = catalog::by_slot(slot)?;
        Some(Event { dll_ix: function.dll_ix, function_ix: function.function_ix, outcome: outcome as u8, code, count, ..Event::default() })
    };
    for (slot, count) in counts {
        let failed: u64 = failures.range((slot, 0)..=(slot, u32::MAX)).fold(0, |sum, (_, count)| sum.saturating_add(*count));
        if let Some(event) = numbered(slot, Outcome::Ok, count.saturating_sub(failed), 0).filter(|event| event.count > 0) {
            report(event);
        }
    }
    for ((slot, code), count) in failures {
        if let Some(event) = numbered(slot, Outcome::Error, count, code) {
            report(event);
        }
    }
}

/// One thread's slice: counters, then the failure log.
fn read(slice: &[u8], counts: &mut BTreeMap<usize, u64>, failures: &mut BTreeMap<(usize, u32), u64>) {
    let (counters, log) = slice.split_at(SLOTS * 8);
    for (slot, count) in counters.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).enumerate().filter(|(_, count)| *count > 0) {
        let sum = counts.entry(slot).or_default();
        *sum = sum.saturating_add(count);
    }
    for row in log.as_chunks::<16>().0.iter().take(FAILURE_ENTRIES) {
        let word = |at: usize| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
        let Some(slot) = word(0).checked_sub(1) else { continue };
        let count = u64::from(word(8)) | u64::from(word(12)) << 32;
        let sum = failures.entry((slot as usize, word(4))).or_default();
        *sum = sum.saturating_add(count);
    }
}
