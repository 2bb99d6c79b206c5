//! stringapiset.h: texts between code pages, their order, their characters' kinds.

mod compare;
mod convert;
mod fold;
mod kind;

pub use convert::page_number;
