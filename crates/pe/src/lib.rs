//! Reads PE/COFF images: PE32 and PE32+, from the bytes of the file or of the mapped image.
//!
//! Input is hostile. Nothing here panics, allocates or does I/O, and all work is bounded:
//!
//! - A walk looks at no more bytes than the image has and 64 KiB above that, however often its tables refer to the same ones.
//!   What would take more is [`Malformed::Excessive`].
//! - A look-up is at worst linear in its table.
//! - A walk over a list ends with its first error, and at the latest where the image does.
//! - An image has at most 96 sections and 65,536 exports, a text 64 KiB, a resource tree three levels.
//! - What a loader writes to (import slots, relocations, the TLS index, the stack cookie) lies wholly inside the image.

#![no_std]
#![forbid(unsafe_code)]

mod check;
mod checksum;
mod config;
mod debug;
mod delay;
mod error;
mod export;
mod headers;
mod image;
mod import;
mod machine;
mod relocation;
mod resource;
mod section;
mod stretch;
mod text;
mod tls;
mod unwind;
mod version;
mod walk;

pub use checksum::checksum;
pub use config::LoadConfig;
pub use debug::CodeView;
pub use delay::{DelayDll, DelayImports};
pub use error::Malformed;
pub use export::{Export, Exports, Forward, Target};
pub use headers::{Directory, FileSpan};
pub use image::{Image, Layout, Span};
pub use import::{Dll, Import, Imports, Symbol};
pub use machine::{Machine, Subsystem};
pub use relocation::{Relocation, RelocationKind};
pub use resource::{Data, Id, Resource, Resources};
pub use section::{Placement, Section};
pub use text::Utf16;
pub use tls::Tls;
pub use unwind::{Function, Functions};
pub use version::{FixedVersion, StringTable, VersionInfo};

/// The format's structures and constants, under the names of `winnt.h`.
pub use object::pe as format;
