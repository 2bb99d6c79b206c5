//! io.h: file descriptors over handles, with the translation of text.

mod directory;
mod exports;
mod find;
pub mod open;
mod path;
mod read;
mod stat;
mod table;
mod time;
mod write;

pub use open::{Opening, open};
pub use path::{Name, full};
pub use read::read;
pub use table::{AT_END, Encoding, TEXT, TRANSLATED, close, get, get_open, is_device, seek, seek_quietly, start, update};
pub use write::write;
