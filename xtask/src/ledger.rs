//! The ledger: permanent numbers for functions. It is the authority: a `shim` gets the number that stands there, and one
//! whose function is not there (`ix = _`) gets the next.

use crate::command::root;
use anyhow::{Context, Result};
use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    pub slot: u32,
    pub dll_ix: u32,
    pub dll: String,
    pub function_ix: u32,
    pub function: String,
}

/// Where the ledger lies.
pub fn path() -> PathBuf {
    root().join("docs/ledger.tsv")
}

/// Reads the ledger.
pub fn read() -> Result<Vec<Row>> {
    let text = fs::read_to_string(path())?;
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [slot, dll_ix, dll, function_ix, function] = cells[..] else { anyhow::bail!("the ledger's row {line:?} has not five cells") };
            Ok(Row { slot: slot.parse()?, dll_ix: dll_ix.parse()?, dll: dll.into(), function_ix: function_ix.parse()?, function: function.into() })
        })
        .collect()
}

/// Numbers every function that has a shim or a forwarder; answers how many were new.
pub fn update() -> Result<usize> {
    let mut rows = read()?;
    let known = rows.len();
    let shim = Regex::new(r#"#\[shim\(ix = (?:_|\d+)(?P<rest>[^\]]*?)\)\](?P<between>(?:\s*#\[[^\]]*\])*[^{;]*?fn )(?P<name>\w+)"#)?;
    let shared = Regex::new(r#"#\[shim\(ix = \{(?P<faces>[^}]*)\}(?P<rest>[^\]]*?)\)\](?P<between>(?:\s*#\[[^\]]*\])*[^{;]*?fn )(?P<name>\w+)"#)?;
    let face = Regex::new(r"(\w+): (?:_|\d+)")?;
    let export = Regex::new(r#"export = "([^"]*)""#)?;
    let forward = Regex::new(r#"(?P<name>[\w?@$]+) = (?:_|\d+) => ""#)?;
    for source in sources()? {
        let dll = dll_of(&source);
        let text = fs::read_to_string(&source)?;
        let numbered = shim.replace_all(&text, |found: &Captures<'_>| {
            let rest = &found["rest"];
            let name = export.captures(rest).map_or_else(|| found["name"].to_owned(), |export| export[1].to_owned());
            format!("#[shim(ix = {}{rest})]{}{}", number(&mut rows, &dll, &name), &found["between"], &found["name"])
        });
        let numbered = shared.replace_all(&numbered, |found: &Captures<'_>| {
            let rest = &found["rest"];
            let name = export.captures(rest).map_or_else(|| found["name"].to_owned(), |export| export[1].to_owned());
            let faces = face.replace_all(&found["faces"], |face: &Captures<'_>| format!("{}: {}", &face[1], number(&mut rows, &face[1], &name)));
            format!("#[shim(ix = {{{faces}}}{rest})]{}{}", &found["between"], &found["name"])
        });
        let numbered = forward.replace_all(&numbered, |found: &Captures<'_>| {
            let name = &found["name"];
            format!("{name} = {} => \"", number(&mut rows, &dll, name))
        });
        if numbered != text {
            fs::write(&source, numbered.as_bytes())?;
        }
    }
    let mut text = String::from("slot\tdll_ix\tdll\tfunction_ix\tfunction\n");
    for row in &rows {
        text += &format!("{}\t{}\t{}\t{}\t{}\n", row.slot, row.dll_ix, row.dll, row.function_ix, row.function);
    }
    fs::write(path(), text)?;
    let new = rows.len() - known;
    if new > 0 {
        println!("{new} functions numbered; the ledger has {} rows", rows.len());
    }
    Ok(new)
}

fn number(rows: &mut Vec<Row>, dll: &str, function: &str) -> u32 {
    if let Some(row) = rows.iter().find(|row| row.dll == dll && row.function == function) {
        return row.function_ix;
    }
    let dlls: BTreeMap<&str, u32> = rows.iter().map(|row| (row.dll.as_str(), row.dll_ix)).collect();
    let dll_ix = dlls.get(dll).copied().unwrap_or(dlls.len() as u32);
    let function_ix = rows.iter().filter(|row| row.dll == dll).count() as u32;
    let slot = rows.len() as u32;
    rows.push(Row { slot, dll_ix, dll: dll.into(), function_ix, function: function.into() });
    function_ix
}

/// Every Rust file of the DLLs, in a fixed order.
pub fn sources() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("dlls")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} could not be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The DLL whose folder a file lies in.
fn dll_of(source: &Path) -> String {
    let relative = source.strip_prefix(root().join("dlls")).unwrap_or(source);
    relative.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default()
}
