//! winbase.h: BeginUpdateResource and its kin, which change the resources of a program on disk.

mod exports;
mod image;
mod tree;
