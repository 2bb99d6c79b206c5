//! Makes the catalog of the rows in the DLLs, of what the conformance programs showed, and of Microsoft's metadata.

use crate::command::root;
use crate::conformance::{self, Known};
use crate::guests::WINDOWS;
use crate::metadata::{Functions, Returns};
use crate::rows::{self, Function, Row};
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// How a function tells failure, by the numbers of `guest::call::Kind`.
const CONVENTIONS: [&str; 10] = [
    "in a way of its own",
    "FALSE and the last error",
    "NULL and the last error",
    "INVALID_HANDLE_VALUE and the last error",
    "0 and the last error",
    "all bits set and the last error",
    "the Win32 error",
    "the NTSTATUS",
    "the HRESULT",
    "errno",
];

/// One line of the catalog.
struct Line {
    dll: String,
    name: String,
    state: &'static str,
    mapping: String,
    risk: String,
    convention: &'static str,
    routes: Vec<(String, String)>,
    known: Known,
}

/// The catalog as a table, for the program.
pub fn table_path() -> PathBuf {
    root().join("docs/generated/catalog.tsv")
}

/// The catalog for readers.
pub fn page_path() -> PathBuf {
    root().join("docs/generated/catalog.md")
}

/// Writes the catalog; checks every signature on the way.
pub fn write(functions: &Functions) -> Result<()> {
    check_signatures(functions)?;
    let lines = lines()?;
    fs::create_dir_all(table_path().parent().expect("it has a folder"))?;
    write_if_changed(&table_path(), &table(&lines))?;
    write_if_changed(&page_path(), &page(&lines))
}

/// Leaves a file alone that says the same already, so that nothing is built anew for it.
pub fn write_if_changed(path: &PathBuf, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|now| now == text) { Ok(()) } else { Ok(fs::write(path, text)?) }
}

fn lines() -> Result<Vec<Line>> {
    let known = conformance::read()?;
    let rows = rows::read(WINDOWS[0])?;
    let routes: BTreeMap<&str, Vec<(String, String)>> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Routes { function, rows } => Some((function.as_str(), rows.clone())),
            _ => None,
        })
        .collect();
    let mut lines: Vec<Line> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Function(function) => Some(line(function, &known, &routes)),
            Row::Forward { dll, name, target } => Some(forward(dll, name, target, &known)),
            Row::Variable { dll, name, what } => Some(variable(dll, name, what, &known)),
            Row::Routes { .. } => None,
        })
        .collect();
    lines.sort_by(|left, right| (&left.dll, &left.name).cmp(&(&right.dll, &right.name)));
    Ok(lines)
}

fn line(function: &Function, known: &BTreeMap<String, Known>, routes: &BTreeMap<&str, Vec<(String, String)>>) -> Line {
    let tested = known.get(&format!("{}!{}", function.dll, function.name)).cloned().unwrap_or_default();
    let routes = routes.get(function.name.as_str()).cloned().unwrap_or_default();
    let state = match (tested.is_supported(), routes.is_empty()) {
        (false, _) => "untested",
        (true, true) => "supported",
        (true, false) => "router",
    };
    Line {
        dll: function.dll.clone(),
        name: function.name.clone(),
        state,
        mapping: function.mapping.clone(),
        risk: format!("{}: {}", function.risk_kind.to_lowercase(), function.risk),
        convention: CONVENTIONS.get(usize::from(function.convention)).copied().unwrap_or("?"),
        routes,
        known: tested,
    }
}

fn variable(dll: &str, name: &str, what: &str, known: &BTreeMap<String, Known>) -> Line {
    let tested = known.get(&format!("{dll}!{name}")).cloned().unwrap_or_default();
    Line {
        dll: dll.to_owned(),
        name: name.to_owned(),
        state: if tested.is_supported() { "supported" } else { "untested" },
        mapping: format!("a variable: {what}"),
        risk: "wrong: a program that reads a wrong value".to_owned(),
        convention: "not at all",
        routes: Vec::new(),
        known: tested,
    }
}

/// A forwarder is as good as its own cases, or as its target's.
fn forward(dll: &str, name: &str, target: &str, known: &BTreeMap<String, Known>) -> Line {
    let target_key = target.split_once('.').map(|(dll, name)| format!("{}!{name}", dll.to_ascii_lowercase())).unwrap_or_default();
    let tested = known.get(&format!("{dll}!{name}")).or_else(|| known.get(&target_key)).cloned().unwrap_or_default();
    Line {
        dll: dll.to_owned(),
        name: name.to_owned(),
        state: if tested.is_supported() { "supported" } else { "untested" },
        mapping: format!("forwarded to {target}"),
        risk: "as its target's".to_owned(),
        convention: "as its target",
        routes: Vec::new(),
        known: tested,
    }
}

fn table(lines: &[Line]) -> String {
    let mut text = String::from("dll\tfunction\tstate\tmapping\trisk\tfails by\tsuccesses\tfailures\troutes\n");
    for line in lines {
        let routes: Vec<String> = line.routes.iter().map(|(condition, outcome)| format!("{condition} => {outcome}")).collect();
        let _ = writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            line.dll,
            line.name,
            line.state,
            line.mapping,
            line.risk,
            line.convention,
            line.known.success + line.known.total,
            line.known.failure,
            routes.join(" | ")
        );
    }
    text
}

fn page(lines: &[Line]) -> String {
    let count = |state: &str| lines.iter().filter(|line| line.state == state).count();
    let mut text = format!(
        "# The catalog\n\n\
         Every function that the system DLLs export: {} in all; {} supported, {} routers, {} untested. What is not here\n\
         fails with `ERROR_CALL_NOT_IMPLEMENTED` (or as its type has it), and the audit names it. *Supported* means that\n\
         a conformance test of its documented successes and failures passes, here and, where nothing else is said, under\n\
         Wine; a *router* is supported for the rows that are listed. Made by `cargo xtask build`; nobody edits it.\n",
        lines.len(),
        count("supported"),
        count("router"),
        count("untested"),
    );
    let mut dll = "";
    for line in lines {
        if line.dll != dll {
            dll = &line.dll;
            let _ = write!(
                text,
                "\n## {dll}.dll\n\n| function | state | stands on | worst case of a bug | fails by | tests |\n|---|---|---|---|---|---|\n"
            );
        }
        let tests = format!("{}+{}", line.known.success + line.known.total, line.known.failure);
        let _ = writeln!(text, "| {} | {} | {} | {} | {} | {tests} |", line.name, line.state, cell(&line.mapping), cell(&line.risk), line.convention);
    }
    text += "\n## Routers\n";
    for line in lines.iter().filter(|line| !line.routes.is_empty()) {
        let _ = write!(text, "\n### {}!{}\n\n| arguments | outcome |\n|---|---|\n", line.dll, line.name);
        for (condition, outcome) in &line.routes {
            let _ = writeln!(text, "| `{}` | `{}` |", condition.replace('|', "\\|"), outcome.replace('|', "\\|"));
        }
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Every function that the metadata knows has the parameters, the stack and the kind of result that it says there.
fn check_signatures(functions: &Functions) -> Result<()> {
    let mut wrong = Vec::new();
    for row in rows::read(WINDOWS[1])? {
        let Row::Function(ours) = row else { continue };
        let Some(theirs) = functions.get(&format!("{}.dll!{}", ours.dll, ours.name)) else { continue };
        let name = format!("{}!{}", ours.dll, ours.name);
        if usize::from(ours.parameters) != theirs.parameters {
            wrong.push(format!("{name} has {} parameters, Microsoft's {}", ours.parameters, theirs.parameters));
        } else if usize::from(ours.stack) != theirs.stack {
            wrong.push(format!("{name} takes {} bytes of arguments on x86, Microsoft's {}", ours.stack, theirs.stack));
        }
        if !fits(ours.convention, theirs.returns) {
            wrong.push(format!(
                "{name} fails by {}, but returns {:?}",
                CONVENTIONS.get(usize::from(ours.convention)).unwrap_or(&"?"),
                theirs.returns
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { bail!("signatures differ from Microsoft's metadata:\n  {}", wrong.join("\n  ")) }
}

/// Whether a failure convention goes with a result.
fn fits(convention: u8, returns: Returns) -> bool {
    match convention {
        1 => returns == Returns::Bool,
        2 | 3 => returns == Returns::Pointer,
        4 => matches!(returns, Returns::Number | Returns::Bool | Returns::Pointer),
        5 => matches!(returns, Returns::Number | Returns::Pointer),
        6 => matches!(returns, Returns::Win32 | Returns::Number),
        7 => matches!(returns, Returns::NtStatus | Returns::Number),
        8 => returns == Returns::HResult,
        _ => true,
    }
}
