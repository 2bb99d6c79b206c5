//! winnls.h: languages, locales, code pages, and the forms of numbers.

mod identity;
pub mod info;
mod language;
pub mod locale;
mod map;
mod number;
mod page;
mod place;
