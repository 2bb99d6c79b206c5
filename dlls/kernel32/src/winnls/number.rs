//! GetNumberFormat and GetCurrencyFormat.

use super::info::look_up;
use super::locale::{self, Locale};
use crate::ansi;
use crate::buffer::put;
use alloc::string::String;
use alloc::vec::Vec;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{
    CURRENCYFMTA, CURRENCYFMTW, LOCALE_ICURRDIGITS, LOCALE_ICURRENCY, LOCALE_IDIGITS, LOCALE_ILZERO, LOCALE_INEGCURR, LOCALE_INEGNUMBER,
    LOCALE_NOUSEROVERRIDE, LOCALE_SCURRENCY, LOCALE_SDECIMAL, LOCALE_SGROUPING, LOCALE_SMONDECIMALSEP, LOCALE_SMONGROUPING, LOCALE_SMONTHOUSANDSEP,
    LOCALE_STHOUSAND, NUMBERFMTA, NUMBERFMTW,
};

const INVALID: Win32Error = Win32Error(ERROR_INVALID_PARAMETER);

/// How a number is written. An amount of money has a symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Form {
    digits: u32,
    leading_zero: u32,
    grouping: u32,
    decimal: String,
    thousand: String,
    negative: u32,
    positive: u32,
    symbol: Option<String>,
}

/// Where sign, number and symbol go, by `NegativeOrder` of a number: `n` is the number.
const NEGATIVE_NUMBERS: [&str; 5] = ["(n)", "-n", "- n", "n-", "n -"];
/// By `PositiveOrder` of money: `c` is the symbol.
const POSITIVE_MONEY: [&str; 4] = ["cn", "nc", "c n", "n c"];
/// By `NegativeOrder` of money.
const NEGATIVE_MONEY: [&str; 16] =
    ["(cn)", "-cn", "c-n", "cn-", "(nc)", "-nc", "n-c", "nc-", "-n c", "-c n", "n c-", "c n-", "c -n", "n- c", "(c n)", "(n c)"];

impl Form {
    fn check(self) -> Result<Self, Win32Error> {
        let (negatives, positives) = if self.symbol.is_some() { (NEGATIVE_MONEY.len(), POSITIVE_MONEY.len()) } else { (NEGATIVE_NUMBERS.len(), 1) };
        let fits = self.digits <= 9 && self.leading_zero <= 1 && (self.negative as usize) < negatives && (self.positive as usize) < positives;
        if fits { Ok(self) } else { Err(INVALID) }
    }

    fn of_locale(locale: Locale, money: bool) -> Result<Self, Win32Error> {
        let text = |kind| look_up(locale, kind).map(|found| found.into_owned());
        let number = |kind| look_up(locale, kind).map(|found| found.parse().unwrap_or(0));
        let pick = |ordinary, currency| if money { currency } else { ordinary };
        Ok(Self {
            digits: number(pick(LOCALE_IDIGITS, LOCALE_ICURRDIGITS))?,
            leading_zero: number(LOCALE_ILZERO)?,
            grouping: grouping(&text(pick(LOCALE_SGROUPING, LOCALE_SMONGROUPING))?),
            decimal: text(pick(LOCALE_SDECIMAL, LOCALE_SMONDECIMALSEP))?,
            thousand: text(pick(LOCALE_STHOUSAND, LOCALE_SMONTHOUSANDSEP))?,
            negative: number(pick(LOCALE_INEGNUMBER, LOCALE_INEGCURR))?,
            positive: if money { number(LOCALE_ICURRENCY)? } else { 0 },
            symbol: if money { Some(text(LOCALE_SCURRENCY)?) } else { None },
        })
    }

    /// Writes a number: `[-]digits[.digits]`.
    fn write(&self, value: &str) -> Result<String, Win32Error> {
        let (minus, value) = value.strip_prefix('-').map_or((false, value), |rest| (true, rest));
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        if whole.is_empty() && fraction.is_empty() || !whole.chars().chain(fraction.chars()).all(|digit| digit.is_ascii_digit()) {
            return Err(INVALID);
        }
        let digits = rounded(whole, fraction, self.digits as usize);
        let (whole, fraction) = digits.split_at(digits.len() - self.digits as usize);
        let whole = whole.trim_start_matches('0');
        let mut number = if whole.is_empty() && self.leading_zero != 0 { String::from("0") } else { self.grouped(whole) };
        if !fraction.is_empty() {
            number += &self.decimal;
            number += fraction;
        }
        let negative = minus && digits.bytes().any(|digit| digit != b'0');
        let pattern = match (&self.symbol, negative) {
            (None, false) => "n",
            (None, true) => NEGATIVE_NUMBERS[self.negative as usize],
            (Some(_), false) => POSITIVE_MONEY[self.positive as usize],
            (Some(_), true) => NEGATIVE_MONEY[self.negative as usize],
        };
        let mut written = String::new();
        for part in pattern.chars() {
            match part {
                'n' => written += &number,
                'c' => written += self.symbol.as_deref().unwrap_or_default(),
                other => written.push(other),
            }
        }
        Ok(written)
    }

    /// Digits in groups: the last digit of `grouping` counts for all further ones, 0 for none.
    fn grouped(&self, whole: &str) -> String {
        let sizes: Vec<usize> = decimal_digits(self.grouping);
        let mut groups: Vec<&str> = Vec::new();
        let mut rest = whole;
        let mut next = sizes.iter().copied();
        let mut size = next.next().unwrap_or(0);
        while size > 0 && rest.len() > size {
            let (front, group) = rest.split_at(rest.len() - size);
            groups.push(group);
            rest = front;
            size = next.next().unwrap_or(size);
        }
        groups.push(rest);
        groups.reverse();
        groups.join(&self.thousand)
    }
}

fn decimal_digits(number: u32) -> Vec<usize> {
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 {
        digits.insert(0, (rest % 10) as usize);
        rest /= 10;
    }
    digits
}

/// `3;2;0` as 32: the zero says that the last group repeats, its lack that it does not.
fn grouping(text: &str) -> u32 {
    let sizes: Vec<u32> = text.split(';').map(|size| size.parse().unwrap_or(0)).collect();
    match sizes.as_slice() {
        [sizes @ .., 0] => sizes.iter().fold(0, |number, size| number * 10 + size),
        sizes => sizes.iter().fold(0, |number, size| number * 10 + size) * 10,
    }
}

/// All digits of a number with so many behind the point, rounded away from zero at the half.
fn rounded(whole: &str, fraction: &str, places: usize) -> String {
    let mut digits: Vec<u8> = core::iter::once(b'0').chain(whole.bytes()).collect();
    digits.extend(fraction.bytes().chain(core::iter::repeat(b'0')).take(places));
    if fraction.as_bytes().get(places).is_some_and(|next| *next >= b'5') {
        for digit in digits.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }
    digits.into_iter().map(char::from).collect()
}

/// What a call gives beside its text: a form of the caller's own excludes flags.
fn form(locale: Locale, flags: u32, own: Option<Form>, money: bool) -> Result<Form, Win32Error> {
    match own {
        Some(_) if flags != 0 => Err(Win32Error(ERROR_INVALID_FLAGS)),
        _ if flags & !LOCALE_NOUSEROVERRIDE != 0 => Err(Win32Error(ERROR_INVALID_FLAGS)),
        Some(own) => own.check(),
        None => Form::of_locale(locale, money),
    }
}

unsafe fn wide_value(value: *const u16) -> Result<String, Win32Error> {
    if value.is_null() { Err(INVALID) } else { Ok(text::lossy(unsafe { text::wide(value) })) }
}

unsafe fn narrow_value(value: *const u8) -> Result<String, Win32Error> {
    unsafe { ansi::to_wide(value) }.map(|units| text::lossy(&units[..units.len() - 1])).ok_or(INVALID)
}

unsafe fn put_wide(written: &str, target: *mut u16, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { put(&text::terminated(written), target, room) }.map(Count)
}

unsafe fn put_narrow(written: &str, target: *mut u8, room: i32) -> Result<Count<i32>, Win32Error> {
    unsafe { put(&ansi::from_wide(nls::ANSI, &text::terminated(written)), target, room) }.map(Count)
}

unsafe fn number_w(own: *const NUMBERFMTW) -> Result<Option<Form>, Win32Error> {
    let Some(own) = (unsafe { own.as_ref() }) else { return Ok(None) };
    Ok(Some(Form {
        digits: own.NumDigits,
        leading_zero: own.LeadingZero,
        grouping: own.Grouping,
        decimal: unsafe { wide_value(own.lpDecimalSep)? },
        thousand: unsafe { wide_value(own.lpThousandSep)? },
        negative: own.NegativeOrder,
        ..Form::default()
    }))
}

unsafe fn number_a(own: *const NUMBERFMTA) -> Result<Option<Form>, Win32Error> {
    let Some(own) = (unsafe { own.as_ref() }) else { return Ok(None) };
    Ok(Some(Form {
        digits: own.NumDigits,
        leading_zero: own.LeadingZero,
        grouping: own.Grouping,
        decimal: unsafe { narrow_value(own.lpDecimalSep)? },
        thousand: unsafe { narrow_value(own.lpThousandSep)? },
        negative: own.NegativeOrder,
        ..Form::default()
    }))
}

unsafe fn currency_w(own: *const CURRENCYFMTW) -> Result<Option<Form>, Win32Error> {
    let Some(own) = (unsafe { own.as_ref() }) else { return Ok(None) };
    Ok(Some(Form {
        digits: own.NumDigits,
        leading_zero: own.LeadingZero,
        grouping: own.Grouping,
        decimal: unsafe { wide_value(own.lpDecimalSep)? },
        thousand: unsafe { wide_value(own.lpThousandSep)? },
        negative: own.NegativeOrder,
        positive: own.PositiveOrder,
        symbol: Some(unsafe { wide_value(own.lpCurrencySymbol)? }),
    }))
}

unsafe fn currency_a(own: *const CURRENCYFMTA) -> Result<Option<Form>, Win32Error> {
    let Some(own) = (unsafe { own.as_ref() }) else { return Ok(None) };
    Ok(Some(Form {
        digits: own.NumDigits,
        leading_zero: own.LeadingZero,
        grouping: own.Grouping,
        decimal: unsafe { narrow_value(own.lpDecimalSep)? },
        thousand: unsafe { narrow_value(own.lpThousandSep)? },
        negative: own.NegativeOrder,
        positive: own.PositiveOrder,
        symbol: Some(unsafe { narrow_value(own.lpCurrencySymbol)? }),
    }))
}

/// Writes a number as a locale does.
#[shim(ix = 609, mapping = "the locale's conventions", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNumberFormatW(
    id: u32,
    flags: u32,
    value: *const u16,
    own: *const NUMBERFMTW,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { put_wide(&form(locale::by_id(id)?, flags, number_w(own)?, false)?.write(&wide_value(value)?)?, target, room) }
}

/// Writes a number as a locale does.
#[shim(ix = 446, mapping = "the locale's conventions", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNumberFormatEx(
    name: *const u16,
    flags: u32,
    value: *const u16,
    own: *const NUMBERFMTW,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { put_wide(&form(locale::by_name(name)?, flags, number_w(own)?, false)?.write(&wide_value(value)?)?, target, room) }
}

/// Writes a number as a locale does.
#[shim(ix = 610, mapping = "GetNumberFormatW", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetNumberFormatA(
    id: u32,
    flags: u32,
    value: *const u8,
    own: *const NUMBERFMTA,
    target: *mut u8,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { put_narrow(&form(locale::by_id(id)?, flags, number_a(own)?, false)?.write(&narrow_value(value)?)?, target, room) }
}

/// Writes an amount of money as a locale does.
#[shim(ix = 368, mapping = "the locale's conventions", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrencyFormatW(
    id: u32,
    flags: u32,
    value: *const u16,
    own: *const CURRENCYFMTW,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { put_wide(&form(locale::by_id(id)?, flags, currency_w(own)?, true)?.write(&wide_value(value)?)?, target, room) }
}

/// Writes an amount of money as a locale does.
#[shim(ix = 443, mapping = "the locale's conventions", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrencyFormatEx(
    name: *const u16,
    flags: u32,
    value: *const u16,
    own: *const CURRENCYFMTW,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { put_wide(&form(locale::by_name(name)?, flags, currency_w(own)?, true)?.write(&wide_value(value)?)?, target, room) }
}

/// Writes an amount of money as a locale does.
#[shim(ix = 611, mapping = "GetCurrencyFormatW", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetCurrencyFormatA(
    id: u32,
    flags: u32,
    value: *const u8,
    own: *const CURRENCYFMTA,
    target: *mut u8,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { put_narrow(&form(locale::by_id(id)?, flags, currency_a(own)?, true)?.write(&narrow_value(value)?)?, target, room) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::USER;

    #[test]
    fn numbers_are_rounded_grouped_and_signed() {
        let form = Form::of_locale(USER, false).unwrap();
        for (value, written) in [
            ("1234567.891", "1,234,567.89"),
            ("-0.999", "-1.00"),
            ("0.005", "0.01"),
            (".5", "0.50"),
            ("-0.001", "0.00"),
            ("12", "12.00"),
            ("999.999", "1,000.00"),
        ] {
            assert_eq!(form.write(value).as_deref(), Ok(written), "{value}");
        }
        for value in ["", "-", "1,2", "1.2.3", "+1", "1e3"] {
            assert_eq!(form.write(value), Err(INVALID), "{value}");
        }
    }

    #[test]
    fn groups_repeat_the_last_size_or_end() {
        let grouped = |grouping| Form { grouping, thousand: ",".into(), ..Form::default() }.grouped("123456789");
        assert_eq!([0, 3, 32, 30].map(grouped), ["123456789", "123,456,789", "12,34,56,789", "123456,789"]);
        assert_eq!(["3;0", "3;2;0", "3", "0"].map(super::grouping), [3, 32, 30, 0]);
    }

    #[test]
    fn money_has_its_symbol() {
        let form = Form::of_locale(USER, true).unwrap();
        assert_eq!((form.write("1234.5").as_deref(), form.write("-1234.5").as_deref()), (Ok("$1,234.50"), Ok("($1,234.50)")));
    }
}
