//! Windows' names of time zones, by CLDR's table ("windowsZones") in `zones.tsv`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) static ZONES: &str = include_str!("zones.tsv");

/// What a zone is called.
pub struct Names {
    /// In Windows' registry; empty where Windows has no such zone.
    pub key: String,
    /// Its standard time.
    pub standard: String,
    /// Its daylight time.
    pub daylight: String,
}

/// Standard times whose name is not their key (the `Std` values that Microsoft documents under "Time Zones").
static OTHER_NAMES: [(&str, &str); 14] = [
    ("Ekaterinburg Standard Time", "Russia TZ 4 Standard Time"),
    ("Israel Standard Time", "Jerusalem Standard Time"),
    ("Kaliningrad Standard Time", "Russia TZ 1 Standard Time"),
    ("N. Central Asia Standard Time", "Novosibirsk Standard Time"),
    ("North Asia East Standard Time", "Russia TZ 7 Standard Time"),
    ("North Asia Standard Time", "Russia TZ 6 Standard Time"),
    ("Russia Time Zone 10", "Russia TZ 10 Standard Time"),
    ("Russia Time Zone 11", "Russia TZ 11 Standard Time"),
    ("Russia Time Zone 3", "Russia TZ 3 Standard Time"),
    ("Russian Standard Time", "Russia TZ 2 Standard Time"),
    ("Singapore Standard Time", "Malay Peninsula Standard Time"),
    ("UTC", "Coordinated Universal Time"),
    ("Vladivostok Standard Time", "Russia TZ 9 Standard Time"),
    ("Yakutsk Standard Time", "Russia TZ 8 Standard Time"),
];

/// The names of a zone at a moment.
pub fn of(zone: &TimeZone, moment: Timestamp) -> Names {
    let iana = zone.iana_name().unwrap_or_default();
    let known = ZONES.lines().skip(1).filter_map(|line| line.split_once('\t')).find(|row| row.0 == iana);
    let Some((_, key)) = known else { return own(zone, moment) };
    let standard = standard(key);
    let daylight = if key == "UTC" { standard.to_owned() } else { standard.replacen("Standard", "Daylight", 1) };
    Names { key: key.into(), standard: standard.into(), daylight }
}

/// What a zone's standard time is called.
pub(super) fn standard(key: &str) -> &str {
    OTHER_NAMES.iter().find(|row| row.0 == key).map_or(key, |row| row.1)
}

/// The abbreviations that the zone itself has.
fn own(zone: &TimeZone, moment: Timestamp) -> Names {
    let now = zone.to_offset_info(moment);
    let other = zone.preceding(moment).take(4).find(|transition| transition.offset() != now.offset());
    let (now, other) = ((now.offset(), now.abbreviation().to_owned()), other.map(|other| (other.offset(), other.abbreviation().to_owned())));
    let other = other.unwrap_or_else(|| now.clone());
    let (standard, daylight) = if now.0 <= other.0 { (now.1, other.1) } else { (other.1, now.1) };
    Names { key: String::new(), standard, daylight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_fits_its_field() {
        for (iana, key) in ZONES.lines().skip(1).map(|line| line.split_once('\t').expect("two cells")) {
            assert!(!iana.is_empty() && key.len() < 32, "{key}");
        }
        assert!(OTHER_NAMES.iter().all(|row| row.1.len() < 32));
    }
}
