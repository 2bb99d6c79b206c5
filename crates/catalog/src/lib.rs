//! The published list of functions: permanent numbers, names, and what is known of each.
#![forbid(unsafe_code)]

/// A function of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its DLL's number.
    pub dll_ix: u8,
    /// Its DLL, without extension.
    pub dll: &'static str,
    /// Its number in the DLL.
    pub function_ix: u16,
    /// Its name.
    pub name: &'static str,
}

/// Every function, by its slot.
pub static LEDGER: &[Function] = include!(concat!(env!("OUT_DIR"), "/ledger.rs"));

/// The function with these numbers.
pub fn by_numbers(dll_ix: u8, function_ix: u16) -> Option<&'static Function> {
    LEDGER.iter().find(|function| function.dll_ix == dll_ix && function.function_ix == function_ix)
}
