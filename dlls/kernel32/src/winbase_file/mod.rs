//! winbase.h, what is of files: copying, moving, linking, replacing, listing by handle, rewriting resources.

mod binary;
mod changes;
mod copy;
mod copy2;
mod dos;
mod identity;
mod information;
mod link;
mod messages;
mod modes;
mod moving;
mod progress;
mod reopen;
mod replace;
mod short;
