//! stdlib.h.

mod integer;
mod real;
