//! The guest's address space by Windows' rules: allocations of 64 KiB granularity, pages reserved or committed, guard
//! pages, and an account of it all that VirtualQuery reads.

mod pages;
mod place;
mod protection;
mod region;
mod service;
mod space;
mod stack;

pub use pages::Page;
pub use protection::{is_valid as is_valid_protection, is_writable_code, to_host, without_targets};
pub use region::{Backing, Kind, Region};
pub use space::{Fault, lock, page_up, reset};
pub use stack::{Stack, StackSize};
