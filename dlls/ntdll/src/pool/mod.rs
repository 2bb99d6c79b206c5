//! The thread pool: callbacks that are queued, and workers that run them. `watch` queues for timers and for handles that
//! are signalled, `io` for what is completed.

mod callback;
mod io;
mod item;
mod legacy;
mod task;
mod timer;
mod watch;
mod worker;
