//! Registries as text: `.reg` files of both versions, and the files that Wine keeps.

mod page;
mod parse;
mod place;
#[cfg(test)]
mod tests;
mod write;

pub use parse::{Statement, Wrong, parse};
pub use place::{USER_SID, display, from_text};
pub use write::{Exported, Format, export, value_text};
