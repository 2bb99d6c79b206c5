//! Makes tables of the ledger and of the generated catalog.

use std::fmt::Write;
use std::path::Path;

fn main() {
    write("ledger.rs", "../../docs/ledger.tsv", |cells, table| {
        let [_, dll_ix, dll, function_ix, function] = cells[..] else { panic!("the ledger's row {cells:?} has not five cells") };
        writeln!(table, "Function {{ dll_ix: {dll_ix}, dll: {dll:?}, function_ix: {function_ix}, name: {function:?} }},")
    });
    write("catalog.rs", "../../docs/generated/catalog.tsv", |cells, table| {
        let [dll, name, state, mapping, risk, fails_by, successes, failures, routes] = cells[..] else {
            panic!("the catalog's row {cells:?} has not nine cells")
        };
        let state = match state {
            "supported" => "Supported",
            "router" => "Router",
            _ => "Untested",
        };
        let routes: Vec<&str> = routes.split(" | ").filter(|route| !route.is_empty()).collect();
        writeln!(
            table,
            "Entry {{ dll: {dll:?}, name: {name:?}, state: State::{state}, mapping: {mapping:?}, risk: {risk:?}, fails_by: {fails_by:?}, \
             successes: {successes}, failures: {failures}, routes: &{routes:?} }},"
        )
    });
}

/// Writes a table with a row for each line of a file but the first.
fn write(name: &str, from: &str, row: impl Fn(&[&str], &mut String) -> std::fmt::Result) {
    println!("cargo::rerun-if-changed={from}");
    // A fresh checkout has the files; the catalog is made anew by every build.
    let text = std::fs::read_to_string(Path::new(from)).unwrap_or_else(|error| panic!("{from}: {error}"));
    let mut table = String::from("&[\n");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        row(&cells, &mut table).expect("a string grows");
    }
    table += "]";
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(format!("{folder}/{name}"), table).expect("the build folder is writable");
}
