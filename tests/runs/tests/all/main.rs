//! Whole runs, as their user sees them.

mod life;
mod terminal;
