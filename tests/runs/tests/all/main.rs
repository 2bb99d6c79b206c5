//! Whole runs, as their user sees them.

mod life;
mod loader;
mod program;
mod refusals;
mod sandboxes;
mod terminal;
