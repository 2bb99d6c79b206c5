//! Names in payloads, and what every request about keys answers.

use crate::reply::Reply;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_PARAMETER};

/// What a request answers.
pub type Answer = Result<Reply, NTSTATUS>;

/// A payload as UTF-16, in two pieces.
pub fn pieces(payload: &[u8], first: u32) -> Result<(Vec<u16>, &[u8]), NTSTATUS> {
    let (head, rest) = payload.split_at_checked(first as usize).ok_or(STATUS_INVALID_PARAMETER)?;
    Ok((units(head)?, rest))
}

/// Bytes as UTF-16.
pub fn units(bytes: &[u8]) -> Result<Vec<u16>, NTSTATUS> {
    let (units, rest) = bytes.as_chunks::<2>();
    if rest.is_empty() { Ok(units.iter().map(|unit| u16::from_le_bytes(*unit)).collect()) } else { Err(STATUS_INVALID_PARAMETER) }
}

/// UTF-16 as bytes.
pub fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}
