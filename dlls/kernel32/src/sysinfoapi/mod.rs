//! sysinfoapi.h: the machine, its memory, its folders, Windows' version, and clocks.

mod folder;
mod machine;
mod memory;
mod name;
mod processor;
mod time;
mod version;

pub use folder::{SYSTEM_FOLDER, WINDOWS_FOLDER};
pub use machine::basic;
