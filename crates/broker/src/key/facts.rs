//! What the registry's base says of the machine, which is another thing on each.

use crate::clock::processors;
use crate::sandbox::Sandbox;
use gate::names::{COMPUTER, USER, USER_SID};
use store::registry::Fact;
use windows_sys::Win32::System::Registry::REG_BINARY;
use zerocopy::IntoBytes;

const VERSION: &str = "MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
const VERSION_32: &str = "MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows NT\\CurrentVersion";
const CONTROL: &str = "MACHINE\\SYSTEM\\ControlSet001\\Control";

/// The facts, which are those that the functions of Windows answer.
pub fn of(sandbox: &Sandbox) -> Vec<Fact> {
    let [major, minor, build] = sandbox.windows;
    let build = build.to_string();
    let versions = [VERSION, VERSION_32].map(|path| {
        [
            Fact::number(path, "CurrentMajorVersionNumber", major),
            Fact::number(path, "CurrentMinorVersionNumber", minor),
            Fact::text(path, "CurrentBuild", &build),
            Fact::text(path, "CurrentBuildNumber", &build),
            Fact::text(path, "RegisteredOwner", USER),
        ]
    });
    let mut facts = versions.concat();
    facts.extend([
        Fact::text(&format!("{CONTROL}\\ComputerName\\ComputerName"), "ComputerName", COMPUTER),
        Fact::text(&format!("{CONTROL}\\ComputerName\\ActiveComputerName"), "ComputerName", COMPUTER),
        Fact::text(&format!("{VERSION}\\ProfileList\\{USER_SID}"), "ProfileImagePath", &format!("C:\\Users\\{USER}")),
    ]);
    let volatile = format!("USER\\{USER_SID}\\Volatile Environment");
    for (name, value) in [
        ("USERNAME", USER.to_owned()),
        ("USERDOMAIN", COMPUTER.to_owned()),
        ("USERPROFILE", format!("C:\\Users\\{USER}")),
        ("HOMEDRIVE", "C:".to_owned()),
        ("HOMEPATH", format!("\\Users\\{USER}")),
        ("APPDATA", format!("C:\\Users\\{USER}\\AppData\\Roaming")),
        ("LOCALAPPDATA", format!("C:\\Users\\{USER}\\AppData\\Local")),
    ] {
        facts.push(Fact::text(&volatile, name, &value));
    }
    for number in 0..processors() {
        let path = format!("MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\{number}");
        facts.push(Fact::text(&path, "ProcessorNameString", "x86-64 processor"));
        facts.push(Fact::text(&path, "VendorIdentifier", &vendor()));
        facts.push(Fact::text(&path, "Identifier", "Intel64 Family 6"));
    }
    facts.extend(zone(sandbox));
    facts
}

/// The processor's maker, as its first leaf tells it.
fn vendor() -> String {
    let leaf = std::arch::x86_64::__cpuid(0);
    [leaf.ebx, leaf.edx, leaf.ecx].iter().flat_map(|word| word.to_le_bytes()).map(char::from).collect()
}

/// The time zone, by its rules of this year.
fn zone(sandbox: &Sandbox) -> Vec<Fact> {
    let path = format!("{CONTROL}\\TimeZoneInformation");
    let year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year();
    let zone = sandbox.zones.of_year(u32::try_from(year).unwrap_or(2024));
    let text = |units: &[u16]| {
        let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
        String::from_utf16_lossy(&units[..end])
    };
    let bytes = |name: &str, data: &[u8]| Fact { path: path.clone(), name: name.to_owned(), kind: REG_BINARY, data: data.to_vec() };
    let summer = sandbox.zones.now().id == 2;
    let active = zone.bias + if summer { zone.daylight_bias } else { zone.standard_bias };
    vec![
        Fact::number(&path, "Bias", zone.bias as u32),
        Fact::number(&path, "ActiveTimeBias", active as u32),
        Fact::number(&path, "StandardBias", zone.standard_bias as u32),
        Fact::number(&path, "DaylightBias", zone.daylight_bias as u32),
        Fact::text(&path, "StandardName", &text(&zone.standard_name)),
        Fact::text(&path, "DaylightName", &text(&zone.daylight_name)),
        Fact::text(&path, "TimeZoneKeyName", &text(&zone.key)),
        bytes("StandardStart", zone.standard.as_bytes()),
        bytes("DaylightStart", zone.daylight.as_bytes()),
        Fact::number(&path, "DynamicDaylightTimeDisabled", 0),
    ]
}
