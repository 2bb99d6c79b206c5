//! The core of the C runtime that `msvcrt.dll`, `ucrtbase.dll` and a few functions of `ntdll.dll` share: pure code that
//! needs no system call, exports nothing and keeps no state. Streams, `errno`, locales and the exported functions
//! stand on top of it, in the DLLs.
//!
//! Text is generic over its [`Unit`]: bytes in the narrow functions, 16-bit units in the wide ones. Where C hands over
//! a pointer, the function is `unsafe` and says what the pointer must be; everything below works on slices,
//! iterators and traits.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

extern crate alloc;

pub mod arguments;
pub mod argv;
pub mod class;
pub mod codec;
pub mod errno;
pub mod format;
pub mod number;
pub mod path;
pub mod random;
pub mod scan;
pub mod sort;
pub mod text;
pub mod time;
pub mod unit;

pub use arguments::{Arguments, VaList};
pub use codec::Codec;
pub use errno::Errno;
pub use unit::{Unit, Units};

/// Whose behaviour is asked for, where the two runtimes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// `msvcrt.dll`, the runtime of Visual C++ 6 that became part of Windows; also `ntdll.dll`.
    Msvcrt,
    /// `ucrtbase.dll`, the runtime since Visual C++ 2015.
    Ucrt,
}
