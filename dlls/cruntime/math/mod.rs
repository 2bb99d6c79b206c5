//! math.h and float.h, over `libm`.

mod classify;
mod control;
mod double;
mod error;
mod float;
mod integer;
