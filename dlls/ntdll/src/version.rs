//! Windows' version, compared with what a program wants.

use crate::system::RtlGetVersion;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{STATUS_INVALID_PARAMETER, STATUS_REVISION_MISMATCH};
use windows_sys::Win32::System::SystemInformation::{
    OSVERSIONINFOEXW, VER_BUILDNUMBER, VER_MAJORVERSION, VER_MINORVERSION, VER_PLATFORMID, VER_PRODUCT_TYPE, VER_SERVICEPACKMAJOR,
    VER_SERVICEPACKMINOR, VER_SUITENAME,
};

/// Bits of a condition.
const CONDITION: u32 = 3;
const EQUAL: u8 = 1;
const GREATER: u8 = 2;
const GREATER_EQUAL: u8 = 3;
const LESS: u8 = 4;
const LESS_EQUAL: u8 = 5;
const AND: u8 = 6;
const OR: u8 = 7;

/// Where a kind's condition lies; the kind is one bit, and the lowest of several counts.
fn place(kind: u32) -> Option<u32> {
    // From the highest kind down, as VerSetConditionMask is documented.
    let order = [
        VER_PRODUCT_TYPE,
        VER_SUITENAME,
        VER_SERVICEPACKMAJOR,
        VER_SERVICEPACKMINOR,
        VER_PLATFORMID,
        VER_BUILDNUMBER,
        VER_MAJORVERSION,
        VER_MINORVERSION,
    ];
    order.into_iter().find(|known| kind & known != 0).map(|known| known.trailing_zeros() * CONDITION)
}

/// Adds a condition to a mask of conditions.
#[shim(ix = 204, mapping = "numbers alone", risk = Wrong("a wrong condition"))]
pub unsafe extern "system" fn VerSetConditionMask(mask: u64, kind: u32, condition: u8) -> u64 {
    let condition = u64::from(condition & 7);
    place(kind).filter(|_| condition != 0).map_or(mask, |place| mask | condition << place)
}

fn condition(mask: u64, kind: u32) -> u8 {
    place(kind).map_or(0, |place| (mask >> place & 7) as u8)
}

fn holds(condition: u8, found: u32, wanted: u32) -> Option<bool> {
    match condition {
        EQUAL => Some(found == wanted),
        GREATER => Some(found > wanted),
        GREATER_EQUAL => Some(found >= wanted),
        LESS => Some(found < wanted),
        LESS_EQUAL => Some(found <= wanted),
        _ => None,
    }
}

fn holds_suites(condition: u8, found: u32, wanted: u32) -> Option<bool> {
    match condition {
        AND => Some(found & wanted == wanted),
        OR => Some(found & wanted != 0 || wanted == 0),
        _ => None,
    }
}

/// Major and minor version and service pack count as one number, by the condition of its first part.
fn holds_together(mask: u64, kinds: u32, parts: &[(u32, u32, u32)]) -> Option<bool> {
    let mut known = None;
    for (kind, found, wanted) in parts.iter().filter(|part| kinds & part.0 != 0) {
        let condition = condition(mask, *kind);
        let first = *known.get_or_insert(condition);
        let last = parts.iter().rfind(|part| kinds & part.0 != 0).is_some_and(|part| part.0 == *kind);
        if found != wanted || last {
            // A part that differs decides; the last one decides by its own condition, unless an earlier one was strict.
            let deciding = if found == wanted && matches!(first, GREATER | LESS) { first } else { condition.max(u8::from(condition == 0) * first) };
            return holds(if found == wanted { deciding } else { first }, *found, *wanted);
        }
    }
    Some(true)
}

/// Compares Windows' version with the one wanted; `STATUS_REVISION_MISMATCH` where a condition does not hold.
#[shim(ix = 208, mapping = "RtlGetVersion", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn RtlVerifyVersionInfo(wanted: *const OSVERSIONINFOEXW, kinds: u32, mask: u64) -> Result<NtStatus, Status> {
    const REFUSED: Status = Status(STATUS_INVALID_PARAMETER);
    const ALL: u32 = 0xFF;
    if kinds & ALL == 0 || mask == 0 {
        return Err(REFUSED);
    }
    // SAFETY: plain numbers, for which zero is a value.
    let mut found: OSVERSIONINFOEXW = unsafe { core::mem::zeroed() };
    found.dwOSVersionInfoSize = size_of::<OSVERSIONINFOEXW>() as u32;
    unsafe { RtlGetVersion(&raw mut found) };
    let wanted = unsafe { &*wanted };
    let versions = [
        (VER_MAJORVERSION, found.dwMajorVersion, wanted.dwMajorVersion),
        (VER_MINORVERSION, found.dwMinorVersion, wanted.dwMinorVersion),
        (VER_SERVICEPACKMAJOR, found.wServicePackMajor.into(), wanted.wServicePackMajor.into()),
        (VER_SERVICEPACKMINOR, found.wServicePackMinor.into(), wanted.wServicePackMinor.into()),
    ];
    let single = [
        (VER_BUILDNUMBER, found.dwBuildNumber, wanted.dwBuildNumber),
        (VER_PLATFORMID, found.dwPlatformId, wanted.dwPlatformId),
        (VER_PRODUCT_TYPE, found.wProductType.into(), wanted.wProductType.into()),
    ];
    let mut answers = alloc::vec![holds_together(mask, kinds, &versions)];
    answers.extend(single.iter().filter(|part| kinds & part.0 != 0).map(|part| holds(condition(mask, part.0), part.1, part.2)));
    if kinds & VER_SUITENAME != 0 {
        answers.push(holds_suites(condition(mask, VER_SUITENAME), found.wSuiteMask.into(), wanted.wSuiteMask.into()));
    }
    match answers.into_iter().collect::<Option<alloc::vec::Vec<bool>>>() {
        None => Err(REFUSED),
        Some(answers) if answers.contains(&false) => Err(Status(STATUS_REVISION_MISMATCH)),
        Some(_) => Ok(NtStatus::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(mask: u64, found: (u32, u32), wanted: (u32, u32)) -> Option<bool> {
        let parts = [(VER_MAJORVERSION, found.0, wanted.0), (VER_MINORVERSION, found.1, wanted.1)];
        holds_together(mask, VER_MAJORVERSION | VER_MINORVERSION, &parts)
    }

    #[test]
    fn a_greater_minor_version_does_not_make_up_for_a_lesser_major_one() {
        let mask = unsafe { VerSetConditionMask(VerSetConditionMask(0, VER_MAJORVERSION, GREATER_EQUAL), VER_MINORVERSION, GREATER_EQUAL) };
        assert_eq!(versions(mask, (10, 0), (6, 1)), Some(true));
        assert_eq!(versions(mask, (10, 0), (10, 0)), Some(true));
        assert_eq!(versions(mask, (10, 0), (10, 1)), Some(false));
        assert_eq!(versions(mask, (10, 5), (11, 0)), Some(false));
    }

    #[test]
    fn conditions_have_places_of_their_own() {
        let mask = unsafe { VerSetConditionMask(0, VER_PRODUCT_TYPE, EQUAL) };
        assert_eq!((mask, condition(mask, VER_PRODUCT_TYPE), condition(mask, VER_MAJORVERSION)), (1 << 21, EQUAL, 0));
    }
}
