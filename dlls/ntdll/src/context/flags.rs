//! The processor's flags that a context may bring.

/// The flags that a context gives to the processor: arithmetic, the trap, direction, resume, checks of alignment and the identification
/// bit. The others (a nested task among them) are not a program's to set, and Windows leaves them out without a word.
pub const USER_FLAGS: u32 = 0x25_0DD5;
