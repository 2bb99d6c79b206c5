//! `win-compat inspect`: what a program is, and what it imports against the catalog.

use crate::arguments::InspectArguments;
use crate::image::{Description, Imports};
use crate::{home, jailed};
use broker::open_program;
use catalog::State;
use gate::api_set;
use jail::Layers;
use serde::Serialize;
use std::os::fd::AsFd;
use terminal::shown;

/// How a function that is imported stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Supported,
    Router,
    Untested,
    Missing,
    /// From a DLL that is none of ours: beside the program, or nowhere.
    Private,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    standing: Standing,
}

#[derive(Serialize)]
struct Against<'a> {
    dll: &'a str,
    /// The DLL that stands behind the name.
    host: String,
    delayed: bool,
    functions: Vec<Function<'a>>,
}

#[derive(Serialize)]
struct Report<'a> {
    program: String,
    description: &'a Description,
    catalog: Vec<Against<'a>>,
}

/// Inspects a program; answers the exit code, or one sentence.
pub fn inspect(arguments: &InspectArguments) -> Result<u8, String> {
    let path = &arguments.program;
    let file = match open_program(path) {
        Ok(file) => file,
        Err(refused) => {
            eprintln!("win-compat: {}", shown(&refused.sentence));
            return Ok(refused.code);
        }
    };
    let outcome = jailed::run(jailed::PARSE_IMAGE, file.as_fd(), Layers::ALL)?;
    let description: Description =
        serde_json::from_slice(&outcome.bytes).map_err(|_| format!("{}: the file could not be looked at", path.display()))?;
    if let Some(malformed) = &description.malformed {
        eprintln!("win-compat: {}: {}", shown(&path.to_string_lossy()), shown(malformed));
        return Ok(126);
    }
    let catalog = description.imports.iter().map(against).collect();
    let report = Report { program: path.display().to_string(), description: &description, catalog };
    if arguments.json {
        println!("{}", crate::json::pretty(&report)?);
    } else {
        print(&report, arguments.functions);
    }
    Ok(0)
}

fn against(imports: &Imports) -> Against<'_> {
    let lower = imports.dll.to_ascii_lowercase();
    let host = String::from_utf8_lossy(api_set::host(lower.as_bytes())).into_owned();
    let dll = host.strip_suffix(".dll").unwrap_or(&host);
    let known = home::is_known_dll(&host);
    let functions = imports.functions.iter().map(|name| Function { name, standing: standing(dll, known, name) }).collect();
    Against { dll: &imports.dll, delayed: imports.delayed, functions, host }
}

fn standing(dll: &str, known: bool, name: &str) -> Standing {
    if let Some(entry) = catalog::find(dll, name) {
        return match entry.state {
            State::Supported => Standing::Supported,
            State::Router => Standing::Router,
            State::Untested => Standing::Untested,
        };
    }
    let ours = catalog::has_dll(dll) || catalog::ledger().any(|function| function.dll == dll);
    if ours || known { Standing::Missing } else { Standing::Private }
}

fn print(report: &Report<'_>, all: bool) {
    let description = report.description;
    let kind = if description.dll { "DLL" } else { "program" };
    let bits = if description.format == "PE32+" { "64-bit" } else { "32-bit" };
    println!("{}: a {bits} {} {kind} ({}, {})", shown(&report.program), description.subsystem, description.format, description.machine);
    let signed = if description.signature_present { "carries a signature (not checked yet)" } else { "unsigned" };
    println!(
        "  base {:#x}, {} KiB in memory, {signed}{}",
        description.image_base,
        description.size_of_image / 1024,
        if description.dotnet { ", .NET" } else { "" }
    );
    for (key, value) in description.version.iter().filter(|(key, _)| key == "ProductName" || key == "ProductVersion" || key == "CompanyName") {
        println!("  {key}: {}", shown(value));
    }
    if let Some(unmappable) = &description.unmappable {
        println!("  it cannot run: {}", shown(unmappable));
    }
    for part in &description.damaged {
        println!("  damaged: {}", shown(part));
    }
    let total: usize = report.catalog.iter().map(|dll| dll.functions.len()).sum();
    let count = |dlls: &[Against<'_>], wanted: Standing| -> usize {
        dlls.iter().flat_map(|dll| &dll.functions).filter(|function| function.standing == wanted).count()
    };
    println!("  imports {total} functions of {} DLLs:", report.catalog.len());
    for dll in &report.catalog {
        let host = if dll.host.eq_ignore_ascii_case(dll.dll) { String::new() } else { format!(" ({})", shown(&dll.host)) };
        let one = std::slice::from_ref(dll);
        let parts: Vec<String> = [Standing::Supported, Standing::Router, Standing::Untested, Standing::Missing, Standing::Private]
            .into_iter()
            .map(|wanted| (wanted, count(one, wanted)))
            .filter(|(_, count)| *count > 0)
            .map(|(wanted, count)| format!("{count} {}", word(wanted)))
            .collect();
        println!("    {}{host}{}: {}", shown(dll.dll), if dll.delayed { ", when first used" } else { "" }, parts.join(", "));
        for function in dll.functions.iter().filter(|function| all || function.standing == Standing::Missing) {
            println!("      {} {}", shown(function.name), word(function.standing));
        }
    }
}

const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Supported => "supported",
        Standing::Router => "router",
        Standing::Untested => "untested",
        Standing::Missing => "missing",
        Standing::Private => "of a DLL that the program must bring along",
    }
}
