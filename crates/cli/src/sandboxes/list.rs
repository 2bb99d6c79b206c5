//! What sandboxes there are, and what one is.

use super::{existing, names};
use crate::files::hex;
use crate::home;
use crate::progress::size;
use crate::sandbox::is_running;
use crate::settings::Settings;
use broker::{Kept, OverlayPlace};
use serde_json::json;
use std::path::Path;
use store::{Amount, Finding, Principal, View};
use terminal::shown;

/// What is seen of a sandbox's objects from outside.
struct Look {
    amount: Amount,
    damage: Vec<String>,
}

impl Look {
    /// A sandbox whose programs never looked at C: has no objects.
    fn at(kept: &Kept) -> Self {
        if !kept.objects().exists() {
            return Self { amount: Amount::default(), damage: Vec::new() };
        }
        match View::open(&kept.objects()) {
            Ok(view) => {
                let damage = view.damage().iter().filter(|finding| !finding.is_harmless()).map(Finding::to_string).collect();
                Self { amount: view.amount(), damage }
            }
            Err(error) => Self { amount: Amount::default(), damage: vec![error.to_string()] },
        }
    }
}

/// Lists all sandboxes.
pub fn list(json: bool) -> Result<u8, String> {
    for name in names()? {
        let (look, runs) = (existing(&name).map(|kept| Look::at(&kept)), is_running(&name));
        if json {
            let (amount, damage) = look.map_or_else(|error| (Amount::default(), vec![error]), |look| (look.amount, look.damage));
            let row = json!({
                "name": name,
                "running": runs,
                "bytes": amount.bytes,
                "files": amount.files,
                "folders": amount.folders,
                "damage": damage,
            });
            println!("{}", crate::json::line(&row)?);
            continue;
        }
        let state = if runs { "running" } else { "" };
        match look {
            Ok(look) => {
                let Amount { bytes, files, folders, .. } = look.amount;
                let note = if look.damage.is_empty() { "" } else { "damaged: `win-compat files verify` tells more" };
                println!("{}", format!("{name:24} {:>12} {files:>8} files {folders:>6} folders  {state:8}{note}", size(bytes)).trim_end());
            }
            Err(error) => println!("{name:24} {}", shown(&error)),
        }
    }
    Ok(0)
}

/// Shows one.
pub fn show(name: &str, json: bool) -> Result<u8, String> {
    let kept = existing(name)?;
    let settings = Settings::read(&kept.folder)?;
    let (look, runs) = (Look::at(&kept), is_running(name));
    let principal = Principal::open(&kept.principal()).map_err(|error| error.to_string())?;
    let (amount, most) = (look.amount, kept.limits);
    let above = |place: OverlayPlace| Some((path(&place.origin), View::open(&place.objects()).ok()?.amount()));
    let overlays: Vec<(String, Amount)> = OverlayPlace::all(&kept).into_iter().filter_map(above).collect();
    if json {
        let principal = principal.as_ref().map(|principal| {
            let accepted: Vec<_> = principal
                .accepted()
                .iter()
                .map(|author| json!({ "name": author.label, "key": hex(&author.sandbox), "user": hex(&author.user) }))
                .collect();
            json!({
                "key": hex(&principal.public()),
                "user": hex(&principal.parent),
                "created": home::time(principal.created),
                "accepted": accepted,
            })
        });
        let row = json!({
            "name": name,
            "running": runs,
            "folder": kept.folder,
            "principal": principal,
            "bytes": amount.bytes,
            "files": amount.files,
            "folders": amount.folders,
            "former": amount.former,
            "unsealed": amount.unsealed,
            "quota": { "bytes": most.bytes, "objects": most.objects },
            "granted": settings.granted,
            "overlays": overlays.iter().map(|(folder, amount)| json!({ "folder": folder, "files": amount.files, "bytes": amount.bytes })).collect::<Vec<_>>(),
            "damage": look.damage,
        });
        println!("{}", crate::json::line(&row)?);
        return Ok(if look.damage.is_empty() { 0 } else { super::WRONG });
    }
    println!("{name}{}", if runs { " (running)" } else { "" });
    let row = |what: &str, text: String| println!("  {what:10} {}", shown(&text));
    row("folder", path(&kept.folder));
    match &principal {
        Some(principal) => {
            row("key", hex(&principal.public()));
            row("user", hex(&principal.parent));
            row("made", home::time(principal.created));
            for author in principal.accepted() {
                row("accepts", format!("{} of user {}: `{}`", hex(&author.sandbox), hex(&author.user), author.label));
            }
        }
        None => row("key", "none yet: no program has used its C:".into()),
    }
    row("files", format!("{}, and {} folders; {} former versions, {} not sealed yet", amount.files, amount.folders, amount.former, amount.unsealed));
    row("size", format!("{} of {}", size(amount.bytes), size(most.bytes)));
    row("quota", format!("{}, {} files and folders", size(most.bytes), most.objects));
    let paths = |what: &str, folders: &[std::path::PathBuf]| folders.iter().for_each(|folder| row(what, path(folder)));
    for (folder, amount) in &overlays {
        row("changed", format!("{} files of {} above {folder}", amount.files, size(amount.bytes)));
    }
    paths("--ro", &settings.granted.ro);
    paths("--rw", &settings.granted.rw);
    paths("--overlay", &settings.granted.overlay);
    for (letter, folder) in &settings.granted.drives {
        row("--drive", format!("{letter}={}", path(folder)));
    }
    for damage in &look.damage {
        row("damaged", damage.clone());
    }
    Ok(if look.damage.is_empty() { 0 } else { super::WRONG })
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
