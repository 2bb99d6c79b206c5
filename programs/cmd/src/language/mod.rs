//! The language of command lines and batch files, without any system beneath it.
#![allow(
    clippy::nonminimal_bool,
    clippy::manual_strip,
    reason = "conditions are written as the rules of the language are said, on a text and its folded twin"
)]

pub mod arithmetic;
pub mod compare;
mod control;
pub mod delayed;
pub mod loops;
pub mod modifier;
pub mod name;
pub mod parse;
pub mod percent;
pub mod reader;
pub mod show;
pub mod syntax;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod value;
