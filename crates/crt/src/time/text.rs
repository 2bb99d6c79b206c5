//! Dates in fixed forms: `asctime`, `_strdate`, `_strtime`.

use super::calendar::days_in_month;
use super::{MONTHS, Tm, WEEKDAYS};
use crate::text::Room;
use crate::{Errno, Flavor, Unit};

/// The units of `asctime`'s text with its NUL.
pub const ASCTIME_SIZE: usize = 26;

/// `asctime_s`: `Thu Jan  1 00:00:00 1970`, a line end and a NUL. The old runtime writes a day below 10 with a zero.
///
/// # Errors
/// [`Errno::Invalid`] for a room of less than 26 units and for a date outside the ranges, but for the day of the year, which is not looked at.
pub fn asctime<C: Unit>(room: &mut Room<C>, tm: &Tm, flavor: Flavor) -> Result<(), Errno> {
    if room.size() < ASCTIME_SIZE || !is_valid(tm) {
        return Err(room.fail(Errno::Invalid));
    }
    let (year, blank) = (tm.year + 1900, if flavor == Flavor::Ucrt { b' ' } else { b'0' });
    let mut at = 0;
    let mut put = |code: u32| {
        room.set(at, C::from_code(code));
        at += 1;
    };
    let name = |names: &[&'static str], index: i32| names[index as usize].as_bytes()[..3].to_vec();
    let digits = |number: i32| [(number / 10) as u32 + u32::from(b'0'), (number % 10) as u32 + u32::from(b'0')];
    name(&WEEKDAYS, tm.wday).into_iter().chain([b' ']).for_each(|byte| put(byte.into()));
    name(&MONTHS, tm.mon).into_iter().chain([b' ']).for_each(|byte| put(byte.into()));
    let [tens, ones] = digits(tm.mday);
    put(if tm.mday < 10 { blank.into() } else { tens });
    put(ones);
    for (before, number) in [(b' ', tm.hour), (b':', tm.min), (b':', tm.sec)] {
        put(before.into());
        digits(number).into_iter().for_each(&mut put);
    }
    put(b' '.into());
    // Behind the year 9999 the first digit is what follows the 9.
    digits(year / 100).into_iter().chain(digits(year % 100)).for_each(&mut put);
    [b'\n', 0].into_iter().for_each(|byte| put(byte.into()));
    Ok(())
}

fn is_valid(tm: &Tm) -> bool {
    let year = i64::from(tm.year) + 1900;
    tm.year >= 0
        && year <= i32::MAX.into()
        && (0..12).contains(&tm.mon)
        && (1..=days_in_month(year, tm.mon.into())).contains(&tm.mday.into())
        && (0..24).contains(&tm.hour)
        && (0..60).contains(&tm.min)
        && (0..60).contains(&tm.sec)
        && (0..7).contains(&tm.wday)
}

/// `_strdate_s`: `12/31/99` and a NUL.
///
/// # Errors
/// [`Errno::Range`] for a room of less than 9 units, which becomes the empty string.
pub fn date<C: Unit>(room: &mut Room<C>, tm: &Tm) -> Result<(), Errno> {
    three(room, b'/', [tm.mon.wrapping_add(1), tm.mday, tm.year])
}

/// `_strtime_s`: `23:59:59` and a NUL.
///
/// # Errors
/// [`Errno::Range`] for a room of less than 9 units, which becomes the empty string.
pub fn time_of_day<C: Unit>(room: &mut Room<C>, tm: &Tm) -> Result<(), Errno> {
    three(room, b':', [tm.hour, tm.min, tm.sec])
}

fn three<C: Unit>(room: &mut Room<C>, separator: u8, numbers: [i32; 3]) -> Result<(), Errno> {
    if room.size() < 9 {
        return Err(room.fail(Errno::Range));
    }
    for (index, number) in numbers.into_iter().enumerate() {
        let number = number.rem_euclid(100) as u8;
        room.set(index * 3, C::from_ascii(b'0' + number / 10));
        room.set(index * 3 + 1, C::from_ascii(b'0' + number % 10));
        room.set(index * 3 + 2, if index < 2 { C::from_ascii(separator) } else { C::NUL });
    }
    Ok(())
}
