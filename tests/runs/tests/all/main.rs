//! Whole runs, as their user sees them.

mod attack;
mod breakout;
mod children;
mod completion;
mod drives;
mod escape;
mod example;
mod files;
mod kept;
mod life;
mod loader;
mod locks;
mod member;
mod narrow;
mod pipes;
mod program;
mod programs;
mod refusals;
mod registry;
mod sandboxes;
mod shared;
mod terminal;
mod threads;
