//! Reads the rows that shims leave in their DLLs.

use crate::command::target as build_folder;
use crate::guests::dlls;
use anyhow::{Context, Result, ensure};
use pe::{Image, Layout};
use std::fs;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// An exported function.
    Function(Function),
    /// An export that another DLL's function stands behind.
    Forward { dll: String, name: String, target: String },
    /// A router's rows: condition and outcome of each, in order.
    Routes { function: String, rows: Vec<(String, String)> },
    /// An exported variable.
    Variable { dll: String, name: String, what: String },
}

/// An exported function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub dll: String,
    pub name: String,
    pub ix: u16,
    /// The failure convention, by the numbers of `guest::call::Kind`.
    pub convention: u8,
    pub parameters: u16,
    /// Bytes of arguments; right in the 32-bit build alone.
    pub stack: u16,
    pub mapping: String,
    pub risk_kind: String,
    pub risk: String,
}

/// The rows of every DLL of a target, in the order of the DLLs.
pub fn read(target: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for dll in dlls()? {
        let path = build_folder().join(target).join("guest").join(format!("{dll}.dll"));
        let file = fs::read(&path).with_context(|| format!("{} was not built", path.display()))?;
        let image = Image::parse(&file, Layout::File)?;
        let Some(section) = image.sections().find(|section| section.name() == b".shims") else { continue };
        let bytes = image.at(section.rva(), section.virtual_size()).context("the section lies in the file")?;
        parse(&dll, bytes, &mut rows).with_context(|| dll.clone())?;
    }
    Ok(rows)
}

fn parse(dll: &str, mut bytes: &[u8], rows: &mut Vec<Row>) -> Result<()> {
    const HEAD: usize = 12;
    const FUNCTION: u8 = 1;
    const FORWARD: u8 = 2;
    const ROUTES: u8 = 3;
    const VARIABLE: u8 = 4;
    while bytes.len() >= HEAD {
        let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let size = usize::from(word(0)) | usize::from(word(2)) << 16;
        if size == 0 {
            // Padding between the objects' parts of the section.
            bytes = &bytes[4..];
            continue;
        }
        ensure!((HEAD..=bytes.len()).contains(&size), "a row of {size} bytes");
        let text = String::from_utf8_lossy(&bytes[HEAD..size]);
        let parts: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
        let part = |index: usize| parts.get(index).copied().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let dll = dll.to_owned();
        rows.push(match bytes[6] {
            FUNCTION => Row::Function(Function {
                dll,
                name: part(0),
                ix: word(4),
                convention: bytes[7],
                parameters: word(8),
                stack: word(10),
                mapping: part(1),
                risk_kind: part(2),
                risk: part(3),
            }),
            FORWARD => Row::Forward { dll, name: part(0), target: part(1) },
            ROUTES => Row::Routes { function: part(0), rows: (1..parts.len()).step_by(2).map(|at| (part(at), part(at + 1))).collect() },
            VARIABLE => Row::Variable { dll, name: part(0), what: part(1) },
            other => anyhow::bail!("a row of kind {other}"),
        });
        bytes = &bytes[size..];
    }
    Ok(())
}
