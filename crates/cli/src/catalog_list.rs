//! `win-compat catalog`: what is supported.

use crate::arguments::CatalogArguments;
use catalog::{Entry, State};
use serde::Serialize;

#[derive(Serialize)]
struct Row {
    dll: &'static str,
    function: &'static str,
    state: &'static str,
    mapping: &'static str,
    risk: &'static str,
    fails_by: &'static str,
    successes: u32,
    failures: u32,
    routes: Vec<&'static str>,
}

/// Lists the catalog, or one DLL of it; answers the exit code, or one sentence.
pub fn list(arguments: &CatalogArguments) -> Result<u8, String> {
    let wanted = arguments.dll.as_ref().map(|dll| dll.to_ascii_lowercase()).map(|dll| dll.strip_suffix(".dll").map_or(dll.clone(), str::to_owned));
    if let Some(dll) = wanted.as_ref().filter(|dll| !catalog::has_dll(dll)) {
        return Err(format!("{dll}.dll is not in the catalog; programs that import it get stubs that fail"));
    }
    let rows: Vec<Entry> = catalog::entries().filter(|entry| wanted.as_deref().is_none_or(|dll| entry.dll == dll)).collect();
    if arguments.json {
        let rows: Vec<Row> = rows.iter().map(row).collect();
        println!("{}", crate::json::pretty(&rows)?);
        return Ok(0);
    }
    let count = |state: State| rows.iter().filter(|entry| entry.state == state).count();
    for entry in &rows {
        println!("{:14} {:44} {:10} {}", format!("{}.dll", entry.dll), entry.name, entry.state.name(), entry.mapping);
        for route in entry.routes() {
            println!("{:14} {:44}   {route}", "", "");
        }
    }
    println!(
        "{} functions: {} supported, {} routers, {} untested",
        rows.len(),
        count(State::Supported),
        count(State::Router),
        count(State::Untested)
    );
    Ok(0)
}

fn row(entry: &Entry) -> Row {
    Row {
        dll: entry.dll,
        function: entry.name,
        state: entry.state.name(),
        mapping: entry.mapping,
        risk: entry.risk,
        fails_by: entry.fails_by,
        successes: entry.successes,
        failures: entry.failures,
        routes: entry.routes().collect(),
    }
}
