//! Makes a table of the ledger.

use std::fmt::Write;

fn main() {
    println!("cargo::rerun-if-changed=../../docs/ledger.tsv");
    let ledger = std::fs::read_to_string("../../docs/ledger.tsv").expect("docs/ledger.tsv lies in the repository");
    let mut table = String::from("&[\n");
    for row in ledger.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [_, dll_ix, dll, function_ix, function] = cells[..] else { panic!("the ledger's row {row:?} has not five cells") };
        writeln!(table, "Function {{ dll_ix: {dll_ix}, dll: {dll:?}, function_ix: {function_ix}, name: {function:?} }},").expect("a string grows");
    }
    table += "]";
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(format!("{folder}/ledger.rs"), table).expect("the build folder is writable");
}
