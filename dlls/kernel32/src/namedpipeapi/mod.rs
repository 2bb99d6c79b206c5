//! namedpipeapi.h: pipes.

mod anonymous;
pub mod call;
pub mod control;
pub mod server;
pub mod state;

use windows_sys::Win32::System::Pipes::PIPE_UNLIMITED_INSTANCES;

/// A number of instances as these functions tell it.
fn told_instances(count: u32) -> u32 {
    count.min(PIPE_UNLIMITED_INSTANCES)
}
