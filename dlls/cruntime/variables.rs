//! The runtime's variables: `msvcrt.dll` exports them, `ucrtbase.dll` answers their addresses from functions.

macro_rules! variables {
    ($($what:literal: $name:ident: $kind:ty = $value:expr;)*) => { $(
        #[cfg(dll = "msvcrt")]
        guest::variable!($what: pub static mut $name: $kind = $value);
        #[cfg(not(dll = "msvcrt"))]
        pub static mut $name: $kind = $value;
    )* };
}
pub(crate) use variables;
