//! Tests of the crate on images that they make themselves.

mod builder;
mod complete;
mod walk;

mod bounds;
mod directories;
mod exports;
mod headers;
mod imports;
mod mapping;
mod mutation;
mod resources;
