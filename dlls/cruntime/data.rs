//! Variables that old programs read, and what their compilers expect of the runtime.

use super::variables::variables;
use crt::class::NARROW;
use guest::shim;

variables! {
    "whether divisions need care for the first Pentium": _adjust_fdiv: i32 = 0;
    "the bytes of the longest character": __mb_cur_max: i32 = 1;
    "the classes of characters": _pctype: *const u16 = (&raw const NARROW).cast::<u16>().wrapping_add(1);
    "the classes of characters without a locale": _ctype: [u16; 257] = NARROW;
    "the version of Windows, and its build": _osver: u32 = 0x23F0;
    "the version of Windows": _winver: u32 = 0x0602;
    "the major version of Windows": _winmajor: u32 = 6;
    "the minor version of Windows": _winminor: u32 = 2;
}

/// Prepares what `localeconv` answers.
#[shim(ix = {msvcrt: 81}, mapping = "nothing: the conventions are ready", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn __lconv_init() -> i32 {
    super::locale::current();
    0
}

/// Tells old programs of a locale.
pub fn follow(locale: &super::locale::Locale) {
    // SAFETY: programs may read them at any time; either value is one of them.
    unsafe {
        _pctype = locale.page.classes.as_ptr().wrapping_add(1);
        __mb_cur_max = locale.codec().longest() as i32;
    }
}
