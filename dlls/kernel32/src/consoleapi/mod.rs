//! consoleapi.h: a console's modes, text in and out, code pages, and control events.

mod control;
mod mode;
mod read;
mod write;
