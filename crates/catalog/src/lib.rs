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

/// Where a text of the tables lies: its first byte and its length. The tables hold no pointers, for a program that starts
/// would have to relocate each of them.
#[derive(Clone, Copy)]
struct Text(u32, u32);

impl Text {
    fn get(self) -> &'static str {
        TEXTS.get(self.0 as usize..(self.0 + self.1) as usize).unwrap_or_default()
    }
}

/// A row of the ledger: as [`Function`].
struct LedgerRow {
    dll_ix: u8,
    dll: Text,
    function_ix: u16,
    name: Text,
}

/// A row of the catalog: as [`Entry`].
struct CatalogRow {
    dll: Text,
    name: Text,
    state: State,
    mapping: Text,
    risk: Text,
    fails_by: Text,
    successes: u32,
    failures: u32,
    routes: Text,
}

static TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/texts.txt"));
static LEDGER: &[LedgerRow] = include!(concat!(env!("OUT_DIR"), "/ledger.rs"));
static CATALOG: &[CatalogRow] = include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

impl LedgerRow {
    fn get(&self) -> Function {
        Function { dll_ix: self.dll_ix, dll: self.dll.get(), function_ix: self.function_ix, name: self.name.get() }
    }
}

impl CatalogRow {
    fn get(&self) -> Entry {
        Entry {
            dll: self.dll.get(),
            name: self.name.get(),
            state: self.state,
            mapping: self.mapping.get(),
            risk: self.risk.get(),
            fails_by: self.fails_by.get(),
            successes: self.successes,
            failures: self.failures,
            routes: self.routes.get(),
        }
    }
}

/// Every function, by its slot.
pub fn ledger() -> impl ExactSizeIterator<Item = Function> {
    LEDGER.iter().map(LedgerRow::get)
}

/// The function of a slot.
pub fn by_slot(slot: usize) -> Option<Function> {
    LEDGER.get(slot).map(LedgerRow::get)
}

/// The function with these numbers.
pub fn by_numbers(dll_ix: u8, function_ix: u16) -> Option<Function> {
    ledger().find(|function| function.dll_ix == dll_ix && function.function_ix == function_ix)
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
    routes: &'static str,
}

impl Entry {
    /// A router's rows.
    pub fn routes(&self) -> impl Iterator<Item = &'static str> {
        self.routes.split(" | ").filter(|route| !route.is_empty())
    }
}

/// Every function that the system DLLs export, by DLL and name.
pub fn entries() -> impl ExactSizeIterator<Item = Entry> {
    CATALOG.iter().map(CatalogRow::get)
}

/// The catalog's entry for a function, if it has one.
pub fn find(dll: &str, name: &str) -> Option<Entry> {
    let at = CATALOG.binary_search_by(|row| (row.dll.get(), row.name.get()).cmp(&(dll, name))).ok()?;
    CATALOG.get(at).map(CatalogRow::get)
}

/// Whether a DLL is one of ours.
pub fn has_dll(dll: &str) -> bool {
    CATALOG.iter().any(|row| row.dll.get() == dll)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_sorted_and_every_function_has_its_numbers() {
        assert!(entries().is_sorted_by(|one, next| (one.dll, one.name) < (next.dll, next.name)));
        let numbered = |entry: &Entry| ledger().any(|function| function.dll == entry.dll && function.name == entry.name);
        // Variables are not called.
        let functions = entries().filter(|entry| !entry.mapping.starts_with("a variable"));
        let missing: Vec<_> = functions.filter(|entry| !numbered(entry)).map(|entry| (entry.dll, entry.name)).collect();
        assert!(missing.is_empty(), "not in the ledger: {missing:?}");
    }

    #[test]
    fn numbers_are_given_once() {
        let mut seen = std::collections::HashSet::new();
        assert!(ledger().all(|function| seen.insert((function.dll_ix, function.function_ix))));
    }
}
