//! securitybaseapi.h: who somebody is, and who may do what with something.

mod acl;
mod descriptor;
mod sid;
mod token;
mod wellknown;

use core::ffi::c_void;
use guest::security::sid_in;

/// The SID that a program has somewhere; `None` where there is none.
///
/// # Safety
/// `at` is NULL, or the place of a SID, which states its own length.
pub unsafe fn sid_at<'a>(at: *const c_void) -> Option<&'a [u8]> {
    if at.is_null() {
        return None;
    }
    let at = at.cast::<u8>();
    // SAFETY: as the caller promises: its first two bytes say how long it is.
    unsafe {
        let numbers = usize::from(*at.add(1)).min(guest::security::MOST_NUMBERS);
        sid_in(core::slice::from_raw_parts(at, guest::security::sid_length(numbers)))
    }
}
