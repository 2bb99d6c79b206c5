//! Functions stand in the file of the header that the documentation names for them: the word in its address is where to look.

use crate::command::root;
use crate::{ledger, metadata};
use anyhow::Result;
use regex::Regex;
use std::fs;

/// The DLL whose files bear the headers' names. Others follow subjects of their own.
const DLL: &str = "kernel32";

/// What is wrong, one sentence each.
pub fn check() -> Result<Vec<String>> {
    let functions = metadata::read()?;
    let declared = Regex::new(r"#\[shim\([^\]]*\)\](?:\s*#\[[^\]]*\])*[^{;]*?fn (\w+)")?;
    let folder = root().join("dlls").join(DLL).join("src");
    let mut wrong = Vec::new();
    for source in ledger::sources()?.iter().filter(|source| source.starts_with(&folder)) {
        let inside = source.strip_prefix(&folder)?.display().to_string();
        // `winbase_file/copy.rs` holds a part of winbase.h.
        let stem = inside.split(['/', '.', '_']).next().unwrap_or_default().to_owned();
        let text = fs::read_to_string(source)?;
        for found in declared.captures_iter(&text) {
            let name = &found[1];
            let Some(header) = functions.get(&format!("{DLL}!{name}")).and_then(|function| function.header.as_deref()) else { continue };
            if header.trim_end_matches(".h") != stem {
                wrong.push(format!("dlls/{DLL}/src/{inside}: {name} is documented in {header}"));
            }
        }
    }
    Ok(wrong)
}
