//! The checksum of a file, as in the header of drivers and of some signed programs.

use crate::{Image, Layout, Malformed};

const FIELD: usize = 4;

/// The checksum that the header of a file should have: the 16-bit one's complement sum of all but the field itself, plus the length.
pub fn checksum(file: &[u8]) -> Result<u32, Malformed> {
    let field = Image::parse(file, Layout::File)?.checksum_offset();
    let before = file.get(..field).unwrap_or_default();
    let behind = file.get(field + FIELD..).unwrap_or_default();
    let mut sum = words(before, 0) + words(behind, field % 2);
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    Ok((sum as u32).wrapping_add(file.len() as u32))
}

/// The sum of little-endian 16-bit words; `lead` of the bytes end a word that began before them.
fn words(bytes: &[u8], lead: usize) -> u64 {
    let (head, rest) = bytes.split_at_checked(lead).unwrap_or((bytes, &[]));
    let (pairs, tail) = rest.as_chunks::<2>();
    let head: u64 = head.iter().map(|byte| u64::from(*byte) << 8).sum();
    let tail: u64 = tail.iter().map(|byte| u64::from(*byte)).sum();
    head + tail + pairs.iter().map(|pair| u64::from(u16::from_le_bytes(*pair))).sum::<u64>()
}
