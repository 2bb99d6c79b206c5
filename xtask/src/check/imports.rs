//! Who may import whom: the shape of the project, held against what cargo says.

use crate::command::root;
use crate::guests;
use anyhow::{Context, Result};
use serde_json::Value;
use std::process::Command;

/// A package, and the packages of ours that it may import. System DLLs have one row: `dll`; the
/// system's programs too: `program-`.
const MAY_IMPORT: [(&str, &[&str]); 21] = [
    ("broker", &["catalog", "channel", "gate", "jail", "protocol", "store"]),
    ("catalog", &[]),
    ("channel", &["protocol"]),
    ("cli", &["broker", "catalog", "gate", "jail", "pe", "store", "terminal"]),
    ("crt", &[]),
    ("dll", &["crt", "gate", "guest", "hash", "pe"]),
    ("gate", &[]),
    ("guest", &["gate", "pe", "shim"]),
    ("guests", &[]),
    ("hash", &[]),
    ("jail", &[]),
    ("pe", &[]),
    ("program", &[]),
    ("program-", &["program"]),
    ("protocol", &["gate"]),
    ("runs", &["broker", "jail", "pe"]),
    ("runtime", &["channel", "gate", "jail", "pe", "protocol"]),
    ("shim", &[]),
    ("store", &[]),
    ("terminal", &[]),
    ("xtask", &["gate", "pe", "runs", "store"]),
];

/// What is wrong, one sentence each.
pub fn check() -> Result<Vec<String>> {
    let output = Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let ours: Vec<String> = packages.iter().map(name).collect();
    let dlls = guests::dlls()?;
    let mut wrong = Vec::new();
    for package in packages {
        let importer = name(package);
        let row = match importer.as_str() {
            dll if dlls.iter().any(|name| name == dll) => "dll",
            program if program.starts_with("program-") => "program-",
            other => other,
        };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == row) else {
            wrong.push(format!("{importer}: a package without a row in xtask/src/check/imports.rs"));
            continue;
        };
        let imported = package["dependencies"].as_array().into_iter().flatten().map(name).filter(|name| ours.contains(name));
        wrong.extend(imported.filter(|name| !allowed.contains(&name.as_str())).map(|name| format!("{importer} must not import {name}")));
    }
    Ok(wrong)
}
