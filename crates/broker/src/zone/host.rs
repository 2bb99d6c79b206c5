//! The host's time zone: `$TZ`, else `/etc/localtime`. One file is read, not the folder of all zones.

use jiff::tz::TimeZone;
use std::path::{Component, Path};

const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";
/// The longest file that is read; those of the database have some kilobytes.
const LONGEST: u64 = 1 << 20;

/// The host's zone; UTC where it has none.
pub fn zone() -> TimeZone {
    let set = std::env::var("TZ").ok().filter(|value| !value.is_empty());
    set.map_or_else(local, |value| by_variable(&value)).unwrap_or(TimeZone::UTC)
}

/// What `$TZ` names: a zone, a file, or rules (tzset(3)).
fn by_variable(value: &str) -> Option<TimeZone> {
    let name = value.strip_prefix(':').unwrap_or(value);
    if name.starts_with('/') { file(Path::new(name)) } else { named(name).or_else(|| TimeZone::posix(value).ok()) }
}

/// A zone of the database.
pub fn named(name: &str) -> Option<TimeZone> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let bytes = inside.then(|| read(&Path::new(ZONES).join(name))).flatten()?;
    TimeZone::tzif(name, &bytes).ok()
}

/// `/etc/localtime` is a link into the database, or a copy of one of its files.
fn local() -> Option<TimeZone> {
    let name = std::fs::read_link(LOCAL).ok().and_then(|link| zone_name(&link));
    let name = name.or_else(|| std::fs::canonicalize(LOCAL).ok().and_then(|target| zone_name(&target)));
    let name = name.or_else(|| std::fs::read_to_string("/etc/timezone").ok().map(|name| name.trim().to_owned()));
    TimeZone::tzif(&name.unwrap_or_default(), &read(Path::new(LOCAL))?).ok()
}

/// The zone that a path into the database names.
fn zone_name(path: &Path) -> Option<String> {
    let (_, name) = path.to_str()?.split_once("zoneinfo/")?;
    Some(name.trim_start_matches("posix/").trim_start_matches("right/").to_owned())
}

fn file(path: &Path) -> Option<TimeZone> {
    TimeZone::tzif("", &read(path)?).ok()
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let facts = std::fs::metadata(path).ok()?;
    if facts.is_file() && facts.len() <= LONGEST { std::fs::read(path).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_rules_are_understood() {
        assert_eq!(named("Europe/Berlin").unwrap().iana_name(), Some("Europe/Berlin"));
        assert_eq!(by_variable(":America/New_York").unwrap().iana_name(), Some("America/New_York"));
        assert!(by_variable("EST5EDT,M3.2.0,M11.1.0").is_some());
        assert!(named("../../etc/passwd").is_none() && named("/etc/passwd").is_none() && by_variable("nonsense").is_none());
    }

    #[test]
    fn links_tell_the_zone() {
        assert_eq!(zone_name(Path::new("/usr/share/zoneinfo/Europe/Berlin")).as_deref(), Some("Europe/Berlin"));
        assert_eq!(zone_name(Path::new("../usr/share/zoneinfo/posix/UTC")).as_deref(), Some("UTC"));
        assert_eq!(zone_name(Path::new("/etc/localtime")), None);
    }
}
