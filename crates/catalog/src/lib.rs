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

/// How well a function is known to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its documented successes and failures are tested.
    Supported,
    /// The same, for the rows that are listed.
    Router,
    /// It is there, and not fully tested.
    Untested,
}

impl State {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Router => "router",
            Self::Untested => "untested",
        }
    }
}

/// A function of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its DLL, without extension.
    pub dll: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How well it is known to work.
    pub state: State,
    /// What it stands on.
    pub mapping: &'static str,
    /// The worst case of a bug.
    pub risk: &'static str,
    /// How it tells failure.
    pub fails_by: &'static str,
    /// Cases of documented successes that pass.
    pub successes: u32,
    /// Cases of documented failures that pass.
    pub failures: u32,
    /// A router's rows.
    pub routes: &'static [&'static str],
}

/// Every function that the system DLLs export, by DLL and name.
pub static CATALOG: &[Entry] = include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// The catalog's entry for a function, if it has one.
pub fn find(dll: &str, name: &str) -> Option<&'static Entry> {
    let at = CATALOG.binary_search_by(|entry| (entry.dll, entry.name).cmp(&(dll, name))).ok()?;
    CATALOG.get(at)
}

/// Whether a DLL is one of ours.
pub fn has_dll(dll: &str) -> bool {
    CATALOG.iter().any(|entry| entry.dll == dll)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_sorted_and_every_function_has_its_numbers() {
        assert!(CATALOG.is_sorted_by(|one, next| (one.dll, one.name) < (next.dll, next.name)));
        let numbered = |entry: &Entry| LEDGER.iter().any(|function| function.dll == entry.dll && function.name == entry.name);
        // Variables are not called.
        let functions = CATALOG.iter().filter(|entry| !entry.mapping.starts_with("a variable"));
        let missing: Vec<_> = functions.filter(|entry| !numbered(entry)).map(|entry| (entry.dll, entry.name)).collect();
        assert!(missing.is_empty(), "not in the ledger: {missing:?}");
    }

    #[test]
    fn numbers_are_given_once() {
        let mut seen = std::collections::HashSet::new();
        assert!(LEDGER.iter().all(|function| seen.insert((function.dll_ix, function.function_ix))));
    }
}
