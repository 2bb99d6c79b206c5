//! The trusted part: one broker per sandbox. It holds all authority, and whatever comes from a sandbox process is
//! hostile to it.
#![forbid(unsafe_code)]

pub mod audit;
mod berth;
mod clock;
mod console;
mod descriptor;
mod dispatcher;
mod drive;
mod file;
mod handle;
#[cfg(any(fuzzing, test))]
pub mod hostile;
mod inside;
mod key;
mod launch;
mod life;
mod machine;
mod mapping;
mod namespace;
mod object;
mod order;
mod overlay;
mod pipe;
mod plan;
pub mod policy;
mod process;
mod records;
mod reply;
mod sandbox;
mod serve;
mod service;
mod session;
mod shadow;
mod sharing;
mod system;
mod telemetry;
mod terms;
mod wake;
mod watch;
pub mod wire;
mod zone;

pub use drive::{Kept, Kernel, Place, is_standard_folder};
pub use launch::{Refused, open_program};
pub use namespace::{path_of, plain};
pub use overlay::OverlayPlace;
pub use sandbox::Files;
pub use serve::{Config, Listening, serve};
