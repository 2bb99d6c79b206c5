//! The calling thread, as far as the lowest floors know it: its number, and its block.

use crate::user;
use gate::block;
use std::cell::Cell;

thread_local! {
    static NUMBER: Cell<u32> = const { Cell::new(0) };
    static BLOCK: Cell<u64> = const { Cell::new(0) };
}

/// The calling thread runs the guest's thread of that number, whose block lies there.
pub fn enter(number: u32, block: u64) {
    NUMBER.set(number);
    BLOCK.set(block);
}

/// The calling thread's number; 0 in a thread of the runtime's own.
pub fn id() -> u32 {
    NUMBER.get()
}

fn change_owned(change: impl FnOnce(u32) -> u32) {
    let place = BLOCK.get() + block::OWNED as u64;
    let _ = user::write(place, &change(user::read(place).unwrap_or(0)));
}

/// Counts the mutants that the calling thread owns.
pub fn count_owned(change: i32) {
    change_owned(|owned| owned.wrapping_add_signed(change));
}

/// Notes that the calling thread has taken a mutant that processes share.
pub fn note_shared() {
    change_owned(|owned| owned | block::OWNS_SHARED);
}
