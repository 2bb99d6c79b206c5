//! What a sandbox's drives stand on: [`Volume`], the interface, and two that stand behind it:
//! [`Folder`], a folder of the host, and [`Objects`], the sandbox's own objects.
//!
//! Nothing here decides who may do what: the broker does, and asks a volume only for what it has granted.
#![forbid(unsafe_code)]

pub mod archive;
mod case;
mod error;
mod folder;
mod index;
mod journal;
mod kept;
mod listing;
mod metadata;
mod name;
mod objects;
mod overlay;
mod path;
mod pattern;
pub mod registry;
mod search;
mod short;
#[cfg(test)]
mod testing;
mod volume;
mod watch;
mod zone;

pub use case::{fold, upcase};
pub use error::status;
pub use folder::{Filter, Folder};
pub use journal::principal::{Principal, Public, User};
pub use metadata::{Metadata, Times, attribute, volume_serial};
pub use name::{canonical, from_host, is_plain, is_valid, same, to_host, unescaped};
pub use objects::{
    Amount, Certificate, Finding, Hash, Header, Leases, Limits, Listed, Objects, OpenError, Report, Version, View, Wrong, copy_content, right,
};
pub use overlay::section as overlays;
pub use overlay::{Applied, Change as Difference, Kind, Overlay, Refusal, apply, changes};
pub use path::Path;
pub use pattern::Pattern;
pub use short::{may_be_short, short_name};
pub use volume::{Change, Create, Entry, FileId, How, Look, OUTSIDE, Open, Outcome, Permit, Space, Volume};
pub use watch::{Happened, News, Watcher, entries, folder_below};
