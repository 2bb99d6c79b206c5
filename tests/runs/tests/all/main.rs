//! Whole runs, as their user sees them.

mod escape;
mod life;
mod terminal;
