//! Whether the process runs 32- or 64-bit code: the program says it, once, before anything of it is mapped. Asked where
//! pointers and registers of the guest's are laid out; everything else is the same for both.

use crate::user::{self, BadAddress};
use gate::teb::{OFFSETS_32, OFFSETS_64, Offsets};
use std::sync::atomic::{AtomicBool, Ordering};

static NARROW: AtomicBool = AtomicBool::new(false);

/// The process runs 32-bit code.
pub fn narrow() {
    NARROW.store(true, Ordering::Relaxed);
}

/// Whether the process runs 32-bit code.
pub fn is_32() -> bool {
    NARROW.load(Ordering::Relaxed)
}

/// Where the members of a TEB lie.
pub fn teb() -> &'static Offsets {
    if is_32() { &OFFSETS_32 } else { &OFFSETS_64 }
}

/// Reads a pointer of the guest's.
pub fn read_word(address: u64) -> Result<u64, BadAddress> {
    if is_32() { user::read::<u32>(address).map(u64::from) } else { user::read(address) }
}

/// Writes a pointer of the guest's.
pub fn write_word(address: u64, value: u64) -> Result<(), BadAddress> {
    if is_32() { user::write(address, &(value as u32)) } else { user::write(address, &value) }
}
