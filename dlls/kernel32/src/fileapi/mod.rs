//! fileapi.h: files, folders and volumes.

mod bytes;
pub mod change;
mod create;
mod facts;
mod find;
pub mod full;
mod links;
mod lock;
mod mount;
mod notify;
mod overlapped;
mod pattern;
mod searches;
pub mod segments;
mod set;
mod stream;
mod temporary;
mod time;
mod volume;

pub use bytes::Request;
pub use change::remove;
pub use create::options;
pub use overlapped::start;
pub use set::rename_to;
