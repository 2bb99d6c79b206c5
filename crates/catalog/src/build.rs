//! Makes tables of the ledger and of the generated catalog.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The texts of both tables, each once.
#[derive(Default)]
struct Texts {
    all: String,
    known: HashMap<String, usize>,
}

impl Texts {
    /// Where a text lies, in the words of the table.
    fn place(&mut self, text: &str) -> String {
        let start = *self.known.entry(text.to_owned()).or_insert_with(|| {
            self.all.push_str(text);
            self.all.len() - text.len()
        });
        format!("Text({start}, {})", text.len())
    }
}

fn main() {
    let mut texts = Texts::default();
    write("ledger.rs", "../../docs/ledger.tsv", |cells, table| {
        let [_, dll_ix, dll, function_ix, function] = cells[..] else { panic!("the ledger's row {cells:?} has not five cells") };
        let (dll, name) = (texts.place(dll), texts.place(function));
        writeln!(table, "LedgerRow {{ dll_ix: {dll_ix}, dll: {dll}, function_ix: {function_ix}, name: {name} }},")
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
        let [dll, name, mapping, risk, fails_by, routes] = [dll, name, mapping, risk, fails_by, routes].map(|text| texts.place(text));
        writeln!(
            table,
            "CatalogRow {{ dll: {dll}, name: {name}, state: State::{state}, mapping: {mapping}, risk: {risk}, fails_by: {fails_by}, \
             successes: {successes}, failures: {failures}, routes: {routes} }},"
        )
    });
    std::fs::write(folder().join("texts.txt"), texts.all).expect("the build folder is writable");
}

fn folder() -> PathBuf {
    std::env::var("OUT_DIR").expect("cargo sets it").into()
}

/// Writes a table with a row for each line of a file but the first.
fn write(name: &str, from: &str, mut row: impl FnMut(&[&str], &mut String) -> std::fmt::Result) {
    println!("cargo::rerun-if-changed={from}");
    // A fresh checkout has the files; the catalog is made anew by every build.
    let text = std::fs::read_to_string(Path::new(from)).unwrap_or_else(|error| panic!("{from}: {error}"));
    let mut table = String::from("&[\n");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        row(&cells, &mut table).expect("a string grows");
    }
    table += "]";
    std::fs::write(folder().join(name), table).expect("the build folder is writable");
}
