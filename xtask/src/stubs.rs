//! The table of stubs, made of Microsoft's metadata: how each function fails that nothing exports.

use crate::command::root;
use crate::metadata::{Functions, Returns};
use anyhow::{Context, Result, bail, ensure};
use gate::system::{Stub, StubValue, hash};
use std::collections::BTreeMap;
use std::fs;

/// The table's bytes: a count, the hashes in order, two bytes for each.
pub fn table(functions: &Functions) -> Result<Vec<u8>> {
    let by_hand = by_hand()?;
    let mut rows: BTreeMap<u64, (String, Stub)> = BTreeMap::new();
    let mut enter = |name: String, stub: Stub| {
        let number = hash(name.as_bytes());
        match rows.insert(number, (name.clone(), stub)) {
            Some((other, _)) if other != name => bail!("{name} and {other} have the same hash"),
            _ => Ok(()),
        }
    };
    for (name, function) in functions {
        let dll = name.split('!').next().unwrap_or_default();
        // A number that tells failure by the last error: which one it is has to be looked up, and is mostly the same in a DLL.
        let failed = || by_hand.get(&format!("{dll}!*")).copied().unwrap_or(StubValue::Raise);
        let value = by_hand.get(name).copied().unwrap_or_else(|| match function.returns {
            Returns::Bool | Returns::Pointer => StubValue::Zero,
            Returns::HResult => StubValue::HResult,
            Returns::NtStatus => StubValue::NtStatus,
            Returns::Win32 => StubValue::Win32,
            Returns::Number if function.last_error => failed(),
            Returns::Nothing | Returns::Number => StubValue::Raise,
        });
        let stack_bytes = if function.cleans_up { u16::try_from(function.stack)? } else { 0 };
        ensure!(stack_bytes < 1 << 12, "{name} takes {stack_bytes} bytes of arguments");
        enter(name.clone(), Stub { value, stack_bytes })?;
        enter(dll.to_owned(), Stub { value: StubValue::Raise, stack_bytes: 0 })?;
    }
    let mut table = (rows.len() as u64).to_le_bytes().to_vec();
    table.extend(rows.keys().flat_map(|hash| hash.to_le_bytes()));
    table.extend(rows.values().flat_map(|(_, stub)| stub.pack().to_le_bytes()));
    Ok(table)
}

/// What failure is where neither type nor metadata say it: `docs/stubs.tsv`. `DLL!*` stands for the numbers of a DLL that nothing
/// else is said of.
fn by_hand() -> Result<BTreeMap<String, StubValue>> {
    let text = fs::read_to_string(root().join("docs/stubs.tsv")).context("docs/stubs.tsv")?;
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [name, value, _reason] = cells[..] else { bail!("docs/stubs.tsv: {line:?} has not three cells") };
            let value = match value {
                "zero" => StubValue::Zero,
                "ones" => StubValue::Ones,
                "win32" => StubValue::Win32,
                "nothing" => StubValue::Nothing,
                "raise" => StubValue::Raise,
                other => bail!("docs/stubs.tsv: {other} is no value"),
            };
            Ok((name.to_owned(), value))
        })
        .collect()
}
