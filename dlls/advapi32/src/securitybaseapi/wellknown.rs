//! SIDs that are the same everywhere, by their kind.

use super::sid_at;
use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::security::{self, SID_HEAD};
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_INVALID_SID};

/// Kind (`WELL_KNOWN_SID_TYPE`), authority, first number, second number.
type Known = (i32, u8, u32, Option<u32>);

/// Those that no domain takes part in.
const KNOWN: &[Known] = &[
    (0, 0, 0, None),
    (1, 1, 0, None),
    (2, 2, 0, None),
    (3, 3, 0, None),
    (4, 3, 1, None),
    (5, 3, 2, None),
    (6, 3, 3, None),
    (8, 5, 1, None),
    (9, 5, 2, None),
    (10, 5, 3, None),
    (11, 5, 4, None),
    (12, 5, 6, None),
    (13, 5, 7, None),
    (14, 5, 8, None),
    (15, 5, 9, None),
    (16, 5, 10, None),
    (17, 5, 11, None),
    (18, 5, 12, None),
    (19, 5, 13, None),
    (20, 5, 14, None),
    (22, 5, 18, None),
    (23, 5, 19, None),
    (24, 5, 20, None),
    (25, 5, 32, None),
    (26, 5, 32, Some(544)),
    (27, 5, 32, Some(545)),
    (28, 5, 32, Some(546)),
    (29, 5, 32, Some(547)),
    (30, 5, 32, Some(548)),
    (31, 5, 32, Some(549)),
    (32, 5, 32, Some(550)),
    (33, 5, 32, Some(551)),
    (34, 5, 32, Some(552)),
    (35, 5, 32, Some(554)),
    (36, 5, 32, Some(555)),
    (37, 5, 32, Some(556)),
    (65, 16, 0, None),
    (66, 16, 0x1000, None),
    (67, 16, 0x2000, None),
    (68, 16, 0x3000, None),
    (69, 16, 0x4000, None),
];

/// Those below a domain: kind, and the last number.
const OF_A_DOMAIN: &[(i32, u32)] =
    &[(38, 500), (39, 501), (40, 502), (41, 512), (42, 513), (43, 514), (44, 515), (45, 516), (46, 517), (47, 518), (48, 519), (49, 520), (50, 553)];

fn bytes((_, authority, first, second): &Known) -> Vec<u8> {
    let numbers: Vec<u32> = core::iter::once(*first).chain(*second).collect();
    security::known_sid(*authority, &numbers)
}

/// Makes a SID by its kind.
#[shim(ix = 177, mapping = "a table", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn CreateWellKnownSid(kind: i32, domain: *const c_void, target: *mut c_void, room: *mut u32) -> Result<Bool, Win32Error> {
    let below = OF_A_DOMAIN.iter().find(|known| known.0 == kind);
    let sid = match (KNOWN.iter().find(|known| known.0 == kind), below) {
        (Some(known), _) => bytes(known),
        (None, Some((_, last))) => {
            let domain = unsafe { sid_at(domain) }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
            let numbers: Vec<u32> = security::numbers(domain).chain([*last]).collect();
            if numbers.len() > security::MOST_NUMBERS {
                return Err(Win32Error(ERROR_INVALID_SID));
            }
            let authority = core::array::from_fn(|index| domain[2 + index]);
            security::sid(authority, &numbers)
        }
        (None, None) => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
    };
    let room = unsafe { room.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let given = core::mem::replace(room, sid.len() as u32) as usize;
    if given < sid.len() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    if target.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { target.cast::<u8>().copy_from_nonoverlapping(sid.as_ptr(), sid.len()) };
    Ok(Bool)
}

/// Whether a SID is of a kind.
#[shim(ix = 120, mapping = "a table", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsWellKnownSid(sid: *const c_void, kind: i32) -> i32 {
    const NT: [u8; 6] = [0, 0, 0, 0, 0, 5];
    const NOT_UNIQUE: u32 = 21;
    let Some(sid) = (unsafe { sid_at(sid) }) else { return 0 };
    let numbers: Vec<u32> = security::numbers(sid).collect();
    let is_plain = KNOWN.iter().any(|known| known.0 == kind && bytes(known) == sid);
    let of_domain = |(known, last): &(i32, u32)| *known == kind && numbers.len() == 5 && numbers[0] == NOT_UNIQUE && numbers[4] == *last;
    (is_plain || sid[2..SID_HEAD] == NT && OF_A_DOMAIN.iter().any(of_domain)).into()
}
