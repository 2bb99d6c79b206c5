//! What has changed on a sandbox's C:.

use super::existing;
use crate::files::{header, tell_each, text, view};
use crate::home;
use broker::is_standard_folder;
use serde_json::json;
use store::{Finding, Listed, Path};
use terminal::shown;

/// Lists what is there that was not when the sandbox was made, or what has changed since a time. A name that has gone leaves no trace.
pub fn diff(name: &str, since: Option<&str>, json: bool) -> Result<u8, String> {
    let kept = existing(name)?;
    let since = since.map(time).transpose()?;
    let mut out = std::io::stdout().lock();
    if kept.objects().exists() {
        let view = view(&kept)?;
        let told = tell_each(&view, &Path::default(), true, &mut out, &|entry| kind(entry, since).map(|kind| line(entry, kind, json)).transpose());
        if !told?.map_err(|status| format!("C: cannot be listed ({status:#010x})"))? {
            return Ok(0);
        }
        for finding in view.damage().iter().filter(|finding| !finding.is_harmless()) {
            eprintln!("win-compat: {}", shown(&Finding::to_string(finding)));
        }
    }
    super::apply::show(&kept, &mut out, json)?;
    Ok(0)
}

/// What is said of an entry.
fn line(entry: &Listed, kind: Change, json: bool) -> Result<String, String> {
    if json {
        let row = json!({
            "change": kind.name(),
            "path": text(&entry.path),
            "folder": entry.is_folder(),
            "size": entry.size,
            "written": home::time(entry.written),
            "object": entry.header.as_ref().map(header),
        });
        return crate::json::line(&row);
    }
    let size = if entry.is_folder() { String::from("folder") } else { entry.size.to_string() };
    Ok(format!("{} {} {size:>12} {}", kind.letter(), home::time(entry.written), shown(&text(&entry.path))))
}

/// How something has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Added,
    Changed,
}

impl Change {
    fn name(self) -> &'static str {
        if self == Self::Added { "added" } else { "changed" }
    }

    fn letter(self) -> char {
        if self == Self::Added { 'A' } else { 'M' }
    }
}

fn kind(entry: &Listed, since: Option<i64>) -> Option<Change> {
    if entry.is_folder() && is_standard_folder(&entry.path) {
        return None;
    }
    match since {
        None => Some(Change::Added),
        Some(since) if entry.created >= since => Some(Change::Added),
        // A folder changes with its entries, which are told themselves.
        Some(since) if entry.changed >= since && !entry.is_folder() => Some(Change::Changed),
        Some(_) => None,
    }
}

/// A time in UTC as this program writes it (`2026-11-23 04:00:00`, or the day alone), or how long ago it was (`90m`, `2h`, `3d`); in
/// 100 ns since 1601.
fn time(text: &str) -> Result<i64, String> {
    let unknown = || format!("--since `{}`: it has the form 2026-11-23, \"2026-11-23 04:00:00\" (UTC), 90m, 2h or 3d", shown(text));
    let seconds = |unit: char| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    };
    let ago = text.chars().next_back().and_then(seconds).and_then(|unit| text[..text.len() - 1].parse::<i64>().ok()?.checked_mul(unit * 10_000_000));
    if let Some(ago) = ago.filter(|ago| *ago >= 0) {
        return broker::audit::now().checked_sub(ago).ok_or_else(unknown);
    }
    let time = text.parse::<jiff::civil::DateTime>().map_err(|_| unknown())?;
    let since_1970 = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| unknown())?.timestamp();
    Ok(116_444_736_000_000_000 + (since_1970.as_nanosecond() / 100) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for text in ["2024-01-01", "2024-01-01 00:00", "2024-01-01 00:00:00.000", "2024-01-01T00:00:00"] {
            assert_eq!(time(text).map(home::time), Ok("2024-01-01 00:00:00.000".into()), "{text}");
        }
        let then = time("2h").unwrap();
        let ago = broker::audit::now() - then;
        assert!((72_000_000_000..72_010_000_000).contains(&ago), "{ago}");
        for text in ["", "h", "-1h", "yesterday", "2024-13-01", "\u{e9}"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
