//! Choices that travel as numbers.

/// Declares an enumeration whose values travel as numbers: `numbered! { /// What it says. Name { /// One. One = 1, } }`.
#[macro_export]
macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $number:literal, )* }) => {
        $(#[$meta])*
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$variant_meta])* $variant = $number, )* }

        impl $name {
            /// The value with this number, if there is one.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )* _ => None }
            }
        }
    };
}
