//! The ledger: every function's permanent numbers. `cargo xtask ledger` appends to it; nothing is ever removed.

const LEDGER: &str = include_str!("../../../docs/ledger.tsv");

/// The global slot of a DLL's function, where the declared number agrees with the ledger.
pub fn slot(dll: &str, function: &str, ix: u16) -> Result<u32, String> {
    for row in LEDGER.lines().skip(1) {
        let mut cells = row.split('\t');
        let [slot, _dll_ix, row_dll, function_ix, row_function] = std::array::from_fn(|_| cells.next().unwrap_or(""));
        if row_dll == dll && row_function == function {
            return if function_ix.parse() == Ok(ix) {
                slot.parse().map_err(|_| format!("ledger: the slot of {dll}!{function} is no number"))
            } else {
                Err(format!("{dll}!{function} is declared with ix = {ix}, the ledger says {function_ix}"))
            };
        }
    }
    Err(format!("{dll}!{function} is not in docs/ledger.tsv: run `cargo xtask ledger`"))
}
