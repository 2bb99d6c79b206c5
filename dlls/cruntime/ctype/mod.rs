//! ctype.h and wctype.h: the classes and the case of characters.

mod narrow;
mod wide;
