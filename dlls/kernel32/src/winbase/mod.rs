//! winbase.h: what has no header of its own.

mod affinity;
mod arithmetic;
mod fiber;
mod global;
pub mod image_name;
mod local;
mod movable;
mod pipe;
mod pointer;
mod processor;

use guest::shim;

/// Answers the number of file handles that a program asks for: there are always that many, which is all that it ever did on
/// 32-bit Windows and later.
#[shim(ix = 257, mapping = "the number asked for", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn SetHandleCount(number: u32) -> u32 {
    number
}
