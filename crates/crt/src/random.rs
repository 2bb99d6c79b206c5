//! `rand` and `srand`: the sequence that programs may rely on.

/// `RAND_MAX`.
pub const MAXIMUM: i32 = 0x7FFF;

/// The seed of a thread that has not called `srand`.
pub const SEED: u32 = 1;

/// `rand`: a number from 0 to [`MAXIMUM`]; `state` is the thread's, and what `srand` sets.
pub fn next(state: &mut u32) -> i32 {
    *state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
    (*state >> 16) as i32 & MAXIMUM
}
