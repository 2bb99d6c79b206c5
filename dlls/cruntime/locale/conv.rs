//! `struct lconv`: how numbers and amounts of money are written.

use core::ffi::CStr;

const UNKNOWN: i8 = i8::MAX;

/// `struct lconv`; the wide texts came with the new runtime.
#[repr(C)]
pub struct Conventions {
    decimal_point: *const u8,
    thousands_sep: *const u8,
    grouping: *const u8,
    int_curr_symbol: *const u8,
    currency_symbol: *const u8,
    mon_decimal_point: *const u8,
    mon_thousands_sep: *const u8,
    mon_grouping: *const u8,
    positive_sign: *const u8,
    negative_sign: *const u8,
    int_frac_digits: i8,
    frac_digits: i8,
    p_cs_precedes: i8,
    p_sep_by_space: i8,
    n_cs_precedes: i8,
    n_sep_by_space: i8,
    p_sign_posn: i8,
    n_sign_posn: i8,
    wide: [*const u16; 8],
}

static WIDE: [[u16; 4]; 5] = [[0; 4], [b'.' as u16, 0, 0, 0], [b',' as u16, 0, 0, 0], [b'$' as u16, 0, 0, 0], [b'-' as u16, 0, 0, 0]];
static USD: [u16; 4] = [b'U' as u16, b'S' as u16, b'D' as u16, 0];

impl Conventions {
    /// English or "C", for money and for numbers.
    pub fn of(money: bool, numbers: bool) -> Self {
        let text = |wanted: bool, text: &'static CStr| if wanted { text } else { c"" }.as_ptr().cast();
        let number = |value: i8| if money { value } else { UNKNOWN };
        let wide = |wanted: bool, index: usize| WIDE[if wanted { index } else { 0 }].as_ptr();
        Self {
            decimal_point: c".".as_ptr().cast(),
            thousands_sep: text(numbers, c","),
            grouping: text(numbers, c"\x03"),
            int_curr_symbol: text(money, c"USD"),
            currency_symbol: text(money, c"$"),
            mon_decimal_point: text(money, c"."),
            mon_thousands_sep: text(money, c","),
            mon_grouping: text(money, c"\x03"),
            positive_sign: c"".as_ptr().cast(),
            negative_sign: text(money, c"-"),
            int_frac_digits: number(2),
            frac_digits: number(2),
            p_cs_precedes: number(1),
            p_sep_by_space: number(0),
            n_cs_precedes: number(1),
            n_sep_by_space: number(0),
            p_sign_posn: number(3),
            n_sign_posn: number(0),
            wide: [
                wide(true, 1),
                wide(numbers, 2),
                if money { USD.as_ptr() } else { wide(false, 0) },
                wide(money, 3),
                wide(money, 1),
                wide(money, 2),
                wide(false, 0),
                wide(money, 4),
            ],
        }
    }
}
