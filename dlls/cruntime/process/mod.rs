//! process.h and the start and end of a program: arguments, environment, exit, signals, threads.

mod abort;
mod arguments;
mod environment;
mod exit;
mod onexit;
mod report;
mod signal;
mod stack;
mod threads;

pub use abort::abort_now;
pub use environment::value as environment_value;
pub use exit::unload;
pub use report::complain;

/// What has to be there before the program's first call.
pub fn start() {
    arguments::start();
    environment::start();
}
