//! Whole runs, as their user sees them.

mod escape;
mod life;
mod loader;
mod program;
mod refusals;
mod sandboxes;
mod terminal;
