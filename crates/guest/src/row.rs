//! A function's row in its DLL's `.shims` section, which the catalog is made from. Never read while a program runs.

use crate::call::Kind;

/// What a row declares.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// An export that counts and runs a body: `name, mapping, risk kind, risk`.
    Function = 1,
    /// An export that another DLL's function stands behind: `name, target`.
    Forward = 2,
    /// A router's rows, in order: `function`, then `condition, outcome` of each.
    Routes = 3,
    /// An exported variable: `name, what it holds`.
    Variable = 4,
}

/// One row: a head of fixed width, then `N` bytes of text whose parts are separated by NUL.
#[repr(C, align(4))]
pub struct Row<const N: usize> {
    size: u32,
    ix: u16,
    kind: u8,
    convention: u8,
    parameters: u16,
    stack: u16,
    text: [u8; N],
}

impl<const N: usize> Row<N> {
    /// A function's row: its number, failure convention, parameters, and the bytes they take on an x86 stack.
    pub const fn function(ix: u16, convention: Kind, parameters: u16, stack: u16, text: &str) -> Self {
        Self::new(RowKind::Function, ix, convention as u8, parameters, stack, text)
    }

    /// A row without a function of its own.
    pub const fn plain(kind: RowKind, ix: u16, text: &str) -> Self {
        Self::new(kind, ix, 0, 0, 0, text)
    }

    /// A row whose text comes in parts.
    pub const fn parts(kind: RowKind, parts: &[&str]) -> Self {
        let mut row = Self::new(kind, 0, 0, 0, 0, "");
        let (mut at, mut part) = (0, 0);
        while part < parts.len() {
            let mut index = 0;
            while index < parts[part].len() {
                row.text[at] = parts[part].as_bytes()[index];
                at += 1;
                index += 1;
            }
            part += 1;
        }
        row
    }

    const fn new(kind: RowKind, ix: u16, convention: u8, parameters: u16, stack: u16, text: &str) -> Self {
        let mut bytes = [0; N];
        let mut index = 0;
        while index < text.len() {
            bytes[index] = text.as_bytes()[index];
            index += 1;
        }
        Self { size: size_of::<Self>() as u32, ix, kind: kind as u8, convention, parameters, stack, text: bytes }
    }
}

/// Room for a text and its terminator, in whole words.
pub const fn padded(length: usize) -> usize {
    (length + 4) & !3
}

/// What a parameter of this type takes on an x86 stack, in bytes.
pub const fn stack_bytes<T>() -> u16 {
    (size_of::<T>() as u16 + 3) & !3
}

/// Exports names whose code is another DLL's: `forward!(HeapAlloc = 12 => "ntdll.RtlAllocateHeap", ..)`.
#[macro_export]
macro_rules! forward {
    ($($name:ident = $ix:literal => $target:literal),* $(,)?) => { $(
        // A static in this section has no symbol, which `#[used]` asks the linker for.
        #[cfg(all(target_os = "windows", not(target_arch = "x86")))]
        core::arch::global_asm!(concat!(".section .drectve,\"yn\"\n.ascii \" /export:", stringify!($name), "=", $target, "\"\n.text"));
        // The linker takes one underscore off the name.
        #[cfg(all(target_os = "windows", target_arch = "x86"))]
        core::arch::global_asm!(concat!(".section .drectve,\"yn\"\n.ascii \" /export:_", stringify!($name), "=", $target, "\"\n.text"));
        #[cfg(target_os = "windows")]
        const _: () = {
            const TEXT: &str = concat!(stringify!($name), "\0", $target);
            #[used]
            #[unsafe(link_section = ".shims")]
            static ROW: $crate::row::Row<{ $crate::row::padded(TEXT.len()) }> =
                $crate::row::Row::plain($crate::row::RowKind::Forward, $ix, TEXT);
        };
    )* };
}

/// Exports a variable: `variable!("the mode that files are opened with": pub static mut _fmode: i32 = 0);`
#[macro_export]
macro_rules! variable {
    ($what:literal: pub static mut $name:ident: $kind:ty = $value:expr) => {
        #[doc = concat!("Exported: ", $what, ".")]
        #[cfg_attr(target_os = "windows", unsafe(no_mangle))]
        #[allow(non_upper_case_globals, reason = "exports bear Windows' own names")]
        pub static mut $name: $kind = $value;

        #[cfg(target_os = "windows")]
        const _: () = {
            const TEXT: &str = concat!(stringify!($name), "\0", $what);
            #[used]
            #[unsafe(link_section = ".shims")]
            static ROW: $crate::row::Row<{ $crate::row::padded(TEXT.len()) }> = $crate::row::Row::plain($crate::row::RowKind::Variable, 0, TEXT);
        };
    };
}

/// Where the counter of a ledger slot lies, in bytes from the thread block.
pub const fn counter(slot: usize) -> usize {
    assert!(slot < gate::block::SLOTS);
    gate::block::COUNTERS + 8 * slot
}

/// A text's bytes as an array.
pub const fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut index = 0;
    while index < N {
        bytes[index] = text.as_bytes()[index];
        index += 1;
    }
    bytes
}
