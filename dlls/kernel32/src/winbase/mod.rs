//! winbase.h: what has no header of its own.

mod affinity;
mod arithmetic;
mod fiber;
mod global;
mod local;
mod movable;
mod pointer;
