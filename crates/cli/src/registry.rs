//! `win-compat registry`: the registry of a sandbox that has a name. Looking reads what stands on the disk, also while programs run
//! there; changing needs it for itself.

use crate::arguments::{RegistryArguments, RegistryCommand, RegistryFormat};
use crate::sandbox::in_use;
use broker::{Kept, plain};
use serde_json::json;
use std::io::Write;
use std::path::Path as HostPath;
use store::registry::text::{Exported, Format, Statement, USER_SID, display, export, from_text, parse, value_text};
use store::registry::{How, Importer, Limits, ROOT, Registry, Value, below_root, verify};
use store::{Finding, OpenError, Principal};
use terminal::shown;

/// Something is damaged, or was not found.
const NOT_WELL: u8 = 1;
/// So many names are told that a file cannot say.
const SHOWN: usize = 20;

/// Does what is asked; answers the exit code, or one sentence.
pub fn registry(arguments: &RegistryArguments) -> Result<u8, String> {
    let name = arguments.sandbox.as_deref().ok_or("--sandbox NAME says whose registry")?;
    // A name that is mistyped is no new sandbox.
    let kept = crate::sandboxes::existing(name)?;
    match &arguments.command {
        RegistryCommand::Query { key, value, all, json } => query(&mut look(&kept, name)?, key, value.as_deref(), *all, *json),
        RegistryCommand::Set { key, value, data, kind } => set(&kept, key, value, data, kind),
        RegistryCommand::Delete { key, value } => delete(&kept, key, value.as_deref()),
        RegistryCommand::Import { file } => import(&kept, file),
        RegistryCommand::Export { file, key, format, changes } => write(&mut look(&kept, name)?, file, key.as_deref(), *format, *changes),
        RegistryCommand::Verify { json } => check(&kept, name, *json),
    }
}

fn look(kept: &Kept, name: &str) -> Result<Registry, String> {
    if !kept.registry().exists() {
        return Err(format!("there is no sandbox `{name}`, or no program has used its registry yet"));
    }
    let registry = Registry::look(&kept.registry(), &[]).map_err(|error| format!("the registry: {error}"))?;
    for finding in registry.damage().iter().filter(|finding| !finding.is_harmless()) {
        eprintln!("win-compat: {}", shown(&finding.to_string()));
    }
    Ok(registry)
}

/// Opens the registry to change it, and does so.
fn change<T>(kept: &Kept, work: impl FnOnce(&mut Registry) -> Result<T, String>) -> Result<T, String> {
    let principal = kept.keys().map_err(|error| format!("the key: {error}"))?;
    let mut registry = Registry::open(&kept.registry(), principal, &[], Limits::default()).map_err(|error| match error {
        OpenError::InUse => in_use(&kept.label),
        other => format!("the registry: {other}"),
    })?;
    let done = work(&mut registry);
    let flushed = registry.flush().map_err(|status| format!("the registry was not written ({status:#010x})"));
    registry.finish();
    done.and_then(|done| flushed.map(|()| done))
}

fn path(key: &str) -> Result<Vec<u16>, String> {
    let units: Vec<u16> = key.replace('/', "\\").trim_end_matches('\\').encode_utf16().collect();
    from_text(&units).ok_or_else(|| format!("`{}` is no key: it starts with HKLM, HKCU, HKCR, HKU or HKCC", shown(key)))
}

fn find(registry: &mut Registry, key: &str) -> Result<u32, String> {
    registry.find(ROOT, &path(key)?, How::default()).map_err(|_| format!("{}: there is no such key", shown(key)))
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn name_of(registry: &Registry, id: u32) -> String {
    registry.path(id).map(|path| display(below_root(&path).unwrap_or_default())).unwrap_or_default()
}

fn row(key: &str, value: &Value) -> serde_json::Value {
    let bytes: Vec<String> = value.data.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "key": key, "name": String::from_utf16_lossy(&value.name), "type": value.kind, "data": bytes.concat(), "changed": value.own })
}

fn query(registry: &mut Registry, key: &str, value: Option<&str>, all: bool, json: bool) -> Result<u8, String> {
    let top = find(registry, key)?;
    let failed = |status| format!("{}: it failed ({status:#010x})", shown(key));
    let mut out = std::io::stdout().lock();
    let mut tell = |line: String| writeln!(out, "{line}").is_ok();
    if let Some(value) = value {
        let name = name_of(registry, top);
        let Ok(found) = registry.value(top, &wide(value)) else {
            eprintln!("win-compat: {}: it has no value `{}`", shown(key), shown(value));
            return Ok(NOT_WELL);
        };
        tell(if json { crate::json::line(&row(&name, found))? } else { shown(&value_text(found)).to_string() });
        return Ok(0);
    }
    let mut left = vec![top];
    while let Some(id) = left.pop() {
        let name = name_of(registry, id);
        let below: Vec<u32> = registry.subkeys(id, 0).map_err(failed)?.map(|(_, id)| id).collect();
        let values: Vec<Value> = registry.values(id, 0).map_err(failed)?.cloned().collect();
        let mut lines = Vec::new();
        if json {
            lines.push(crate::json::line(&json!({ "key": name }))?);
            for value in &values {
                lines.push(crate::json::line(&row(&name, value))?);
            }
        } else {
            lines.push(format!("[{}]", shown(&name)));
            // A long list is carried on over lines; here it is one.
            lines.extend(values.iter().map(|value| shown(&value_text(value).replace("\\\n  ", "")).to_string()));
            if !all {
                lines.extend(below.iter().map(|id| format!("[{}]", shown(&name_of(registry, *id)))));
            }
        }
        // Whoever reads has seen enough.
        if !lines.into_iter().all(&mut tell) {
            break;
        }
        if all {
            left.extend(below.into_iter().rev());
        }
    }
    Ok(0)
}

/// The bytes of a value as people write it.
fn data_of(kind: &str, data: &str) -> Result<(u32, Vec<u8>), String> {
    let text = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let number = |data: &str| match data.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => data.parse::<u64>(),
    };
    let wrong = |_| format!("`{}` is no number", shown(data));
    Ok(match kind {
        "sz" => (1, text(data)),
        "expand" => (2, text(data)),
        "multi" => (7, [data.split('\n').filter(|line| !line.is_empty()).flat_map(text).collect::<Vec<u8>>(), vec![0, 0]].concat()),
        "dword" => {
            let number = u32::try_from(number(data).map_err(wrong)?).map_err(|_| format!("{data} does not fit into 32 bits"))?;
            (4, number.to_le_bytes().to_vec())
        }
        "qword" => (11, number(data).map_err(wrong)?.to_le_bytes().to_vec()),
        "binary" => {
            let digits: Vec<char> = data.chars().filter(|letter| !matches!(letter, ' ' | ',')).collect();
            let bytes: Option<Vec<u8>> =
                digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok().filter(|_| pair.len() == 2)).collect();
            (3, bytes.ok_or_else(|| format!("`{}` is no list of bytes in hexadecimal digits", shown(data)))?)
        }
        _ => return Err(format!("`{}` is no type: sz, expand, multi, dword, qword and binary are", shown(kind))),
    })
}

fn set(kept: &Kept, key: &str, name: &str, data: &str, kind: &str) -> Result<u8, String> {
    let (path, (kind, data)) = (path(key)?, data_of(kind, data)?);
    change(kept, |registry| {
        let mut importer = Importer::default();
        importer.apply(registry, &Statement::Key { path, class: Vec::new(), link: false })?;
        importer.apply(registry, &Statement::Value { name: wide(name), kind, data })
    })
    .map(|()| 0)
}

fn delete(kept: &Kept, key: &str, value: Option<&str>) -> Result<u8, String> {
    change(kept, |registry| {
        let id = find(registry, key)?;
        match value {
            Some(name) => registry.unset(id, &wide(name)).map_err(|_| format!("{}: it has no value `{}`", shown(key), shown(name))),
            None => registry.delete_all(id).map_err(|status| format!("{}: it is refused ({status:#010x})", shown(key))),
        }
    })
    .map(|()| 0)
}

fn import(kept: &Kept, file: &HostPath) -> Result<u8, String> {
    let failed = |error: std::io::Error| format!("{}: {}", file.display(), plain(&error));
    let bytes = std::fs::read(file).map_err(failed)?;
    let wrong = |wrong: store::registry::text::Wrong| {
        let start: String = wrong.text.chars().take(120).collect();
        format!("{}: line {}: {}\n    {}", file.display(), wrong.line, shown(&wrong.what), shown(&start))
    };
    // A file that is wrong somewhere changes nothing.
    parse(&bytes, &mut |_, _| Ok(())).map_err(wrong)?;
    let (keys, values) = change(kept, |registry| {
        let mut importer = Importer::default();
        parse(&bytes, &mut |_, statement| importer.apply(registry, &statement)).map_err(wrong)?;
        Ok(importer.count)
    })?;
    println!("{keys} keys and {values} values were read from {}", file.display());
    Ok(0)
}

fn write(registry: &mut Registry, file: &HostPath, key: Option<&str>, format: RegistryFormat, changes: bool) -> Result<u8, String> {
    let format = match format {
        RegistryFormat::Five => Format::Five,
        RegistryFormat::Four => Format::Four,
        RegistryFormat::Wine => Format::Wine,
    };
    let top = match key {
        Some(key) => find(registry, key)?,
        None if format == Format::Wine => return Err(format!("a file of Wine's holds one root: say HKLM, or HKU\\{USER_SID}")),
        None => ROOT,
    };
    let Exported { bytes, left_out } =
        export(registry, top, format, changes || key.is_none()).map_err(|status| format!("it failed ({status:#010x})"))?;
    let done = if file == HostPath::new("-") { std::io::stdout().lock().write_all(&bytes) } else { std::fs::write(file, bytes) };
    done.map_err(|error| format!("{}: {}", file.display(), plain(&error)))?;
    for name in left_out.iter().take(SHOWN) {
        eprintln!("win-compat: {} is left out, for a file of this form cannot say its name", shown(name));
    }
    if left_out.len() > SHOWN {
        eprintln!("win-compat: {} more are left out", left_out.len() - SHOWN);
    }
    Ok(if left_out.is_empty() { 0 } else { NOT_WELL })
}

fn check(kept: &Kept, name: &str, json: bool) -> Result<u8, String> {
    if !kept.registry().exists() {
        return Err(format!("there is no sandbox `{name}`, or no program has used its registry yet"));
    }
    let principal = Principal::open(&kept.principal()).map_err(|error| error.to_string())?.ok_or("the sandbox's key is not there")?;
    let found = verify(&kept.registry(), &principal).map_err(|error| format!("the registry: {error}"))?;
    let is_clean = found.findings.iter().all(Finding::is_harmless);
    if json {
        let findings: Vec<_> =
            found.findings.iter().map(|finding| json!({ "harmless": finding.is_harmless(), "text": finding.to_string() })).collect();
        let row = json!({ "clean": is_clean, "keys": found.keys, "bytes": found.bytes, "seals": found.seals, "unsealed": found.unsealed, "findings": findings });
        println!("{}", crate::json::line(&row)?);
    } else {
        for finding in &found.findings {
            println!("{}{}", if finding.is_harmless() { "note: " } else { "" }, shown(&finding.to_string()));
        }
        let state = if is_clean { "whole" } else { "verified; see above" };
        println!(
            "{} keys of {} bytes are {state}, under {} seals; {} bytes of changes are not sealed yet",
            found.keys, found.bytes, found.seals, found.unsealed
        );
    }
    Ok(if is_clean { 0 } else { NOT_WELL })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_people_write_them() {
        assert_eq!(data_of("dword", "0x2A").unwrap(), (4, vec![42, 0, 0, 0]));
        assert_eq!(data_of("binary", "01 02,ff").unwrap(), (3, vec![1, 2, 255]));
        assert_eq!(data_of("multi", "a\nb").unwrap().1, [97, 0, 0, 0, 98, 0, 0, 0, 0, 0]);
        assert!(data_of("dword", "4294967296").is_err() && data_of("binary", "1").is_err() && data_of("x", "").is_err());
        assert!(path("HKCU\\Software").is_ok() && path("nowhere").is_err());
    }
}
