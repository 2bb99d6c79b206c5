//! Whole runs, as their user sees them.

mod attack;
mod breakout;
mod completion;
mod escape;
mod example;
mod life;
mod loader;
mod locks;
mod program;
mod refusals;
mod sandboxes;
mod terminal;
mod threads;
