//! Where the roots that people write lie: `HKEY_CURRENT_USER` and the others.

use super::super::name::{PARTS, same, wide};

/// The SID of a sandbox's user.
pub const USER_SID: &str = "S-1-5-21-1004336348-1177238915-682003330-1001";

/// The roots, their short names, and where they lie below `\Registry`. `{user}` is the user's SID.
const ROOTS: &[(&str, &str, &str)] = &[
    ("HKEY_LOCAL_MACHINE", "HKLM", "MACHINE"),
    ("HKEY_USERS", "HKU", "USER"),
    ("HKEY_CURRENT_USER", "HKCU", "USER\\{user}"),
    ("HKEY_CLASSES_ROOT", "HKCR", "MACHINE\\SOFTWARE\\Classes"),
    ("HKEY_CURRENT_CONFIG", "HKCC", "MACHINE\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current"),
];

fn place(place: &str) -> Vec<u16> {
    wide(&place.replace("{user}", USER_SID))
}

/// A path that people write as one below `\Registry`; `None` where its first name is no root.
pub fn from_text(text: &[u16]) -> Option<Vec<u16>> {
    let parted = text.iter().position(|unit| *unit == PARTS).unwrap_or(text.len());
    let (root, rest) = text.split_at(parted);
    let (_, _, found) = ROOTS.iter().find(|(long, short, _)| same(root, &wide(long)) || same(root, &wide(short)))?;
    let rest = rest.strip_suffix(&[PARTS]).unwrap_or(rest);
    Some([place(found).as_slice(), rest].concat())
}

/// A path below `\Registry` as people write it.
pub fn display(path: &[u16]) -> String {
    let path = path.strip_prefix(&[PARTS]).unwrap_or(path);
    // The user's own comes before all users'.
    for (long, _, place) in [&ROOTS[2], &ROOTS[0], &ROOTS[1]] {
        let place = self::place(place);
        if path.len() >= place.len() && same(&path[..place.len()], &place) && matches!(path.get(place.len()), None | Some(&PARTS)) {
            return format!("{long}{}", String::from_utf16_lossy(&path[place.len()..]));
        }
    }
    String::from_utf16_lossy(path)
}
