//! The registry's list of time zones is made from the rules and names that stand here: this writes it, or sees that it is fresh.

use super::{Zone, first_of, names, rules};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt::Write;
use zerocopy::IntoBytes;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/src/registry/base/zones.reg");
/// The year whose rules are told: what it was does not change any more.
const YEAR: i16 = 2024;

/// What programs show: the distance from UTC, and the name without the words that all have.
fn display(zone: &Zone, key: &str) -> String {
    let minutes = -zone.bias;
    let sign = if minutes < 0 { '-' } else { '+' };
    let place = key.trim_end_matches(" Standard Time");
    if key == "UTC" {
        "(UTC) Coordinated Universal Time".to_owned()
    } else {
        format!("(UTC{sign}{:02}:{:02}) {place}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

fn text() -> String {
    let mut places = BTreeMap::new();
    for line in names::ZONES.lines().skip(1) {
        let (iana, windows) = line.split_once('\t').expect("two columns");
        let rules = std::fs::read(format!("/usr/share/zoneinfo/{iana}")).ok();
        if let Some(zone) = rules.and_then(|rules| TimeZone::tzif(iana, &rules).ok()) {
            places.entry(windows.to_owned()).or_insert(zone);
        }
    }
    places.entry("UTC".to_owned()).or_insert(TimeZone::UTC);
    let mut out = String::from("Windows Registry Editor Version 5.00\n\n; Made by a test of the broker from CLDR's names and the rules of 2024.\n");
    for (key, zone) in &places {
        let found = rules(zone, YEAR);
        let words = [found.bias, found.standard_bias, found.daylight_bias].iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let bytes = [words.as_slice(), found.standard.as_bytes(), found.daylight.as_bytes()].concat();
        let list: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let standard = names::standard(key);
        let daylight = standard.replacen("Standard", "Daylight", 1);
        let path = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones";
        let _ = write!(out, "\n[{path}\\{key}]\n\"Display\"=\"{}\"\n\"Std\"=\"{standard}\"\n\"Dlt\"=\"{daylight}\"\n", display(&found, key));
        let _ = writeln!(out, "\"TZI\"=hex:{}", list.join(","));
    }
    assert!(first_of(YEAR).is_some());
    out
}

/// `WRITE_ZONES=1` writes the list anew.
#[test]
fn the_registrys_time_zones_are_fresh() {
    let text = text();
    if std::env::var_os("WRITE_ZONES").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    assert!(std::fs::read_to_string(FILE).unwrap() == text, "run this test with WRITE_ZONES=1");
}

#[test]
fn the_user_is_the_same_everywhere() {
    assert_eq!(store::registry::text::USER_SID, gate::names::USER_SID);
}
