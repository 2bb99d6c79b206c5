//! What the sandbox's own stores have in common: files of checksummed records, and who signs what they hold.

pub mod bytes;
pub mod certificate;
pub mod header;
pub mod log;
pub mod principal;
