//! stdlib.h and search.h.

mod aligned;
mod errno;
mod integer;
mod path;
mod random;
mod real;
mod sort;
