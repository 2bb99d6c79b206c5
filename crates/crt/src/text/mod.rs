//! The string and memory functions of `string.h` and `wchar.h`.
//!
//! What only reads takes iterators ([`Units`](crate::Units) for a C string), answers indices, and so is safe. What writes where a C
//! pointer says is `unsafe`; what also has the buffer's size (the `_s` functions) works on a [`Room`].

mod compare;
mod copy;
mod memory;
mod room;
mod search;
mod secure;
mod token;

pub use compare::{compare, compare_bounded, compare_folded, compare_folded_bounded, transform};
pub use copy::{append, append_bounded, change, copy, copy_bounded, copy_to_end, fill, fill_bounded, reverse};
pub use memory::{compare_memory, compare_memory_folded, copy_memory, copy_until, find_in_memory, move_memory};
pub use room::Room;
pub use search::{bounded_length, find, find_any, find_last, find_text, length, span, span_until};
pub use secure::{TRUNCATE, append_bounded_s, append_s, change_s, copy_bounded_s, copy_s, fill_bounded_s, fill_s};
pub use token::{token, token_s};
