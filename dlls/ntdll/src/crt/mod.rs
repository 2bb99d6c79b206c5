//! The part of the C runtime that `ntdll.dll` has for what stands below the runtimes' own DLLs: the "C" locale, no `errno`.

mod class;
mod math;
mod memory;
mod narrow;
mod number;
mod print;
mod wide;
