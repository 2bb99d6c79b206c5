//! `strftime` and `wcsftime` in the "C" locale.

use super::calendar::days_in_year;
use super::{MONTHS, Tm, WEEKDAYS, Zone};
use crate::text::Room;
use crate::{Errno, Flavor, Unit};

/// What `strftime` knows besides the date.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a, C> {
    /// Whose conversions.
    pub flavor: Flavor,
    /// The time zone, for `%z`.
    pub zone: &'a Zone,
    /// The names of the zone in standard and daylight saving time, for `%Z`.
    pub names: [&'a [C]; 2],
}

/// Writes a date as `format` (without its NUL) asks for, and a NUL; answers the units before the NUL.
///
/// # Errors
/// [`Errno::Invalid`] for a conversion that the runtime does not know and for a field outside its range, [`Errno::Range`] where the text
/// does not fit; the room holds the empty string then. A date is needed for conversions only.
pub fn strftime<C: Unit>(room: &mut Room<C>, format: &[C], tm: Option<&Tm>, environment: &Environment<C>) -> Result<usize, Errno> {
    let mut text = Text { room, length: 0 };
    let mut rest = format;
    let result = loop {
        let Some((&unit, behind)) = rest.split_first() else { break Ok(()) };
        rest = behind;
        let put = match unit.ascii() {
            b'%' => conversion(&mut rest, tm, environment, &mut text),
            _ => text.put(unit),
        };
        if put.is_err() {
            break put;
        }
    };
    match result {
        Ok(()) => {
            text.room.set(text.length, C::NUL);
            Ok(text.length)
        }
        Err(error) => Err(text.room.fail(error)),
    }
}

/// Takes flag, modifier and letter.
fn conversion<C: Unit>(rest: &mut &[C], tm: Option<&Tm>, environment: &Environment<C>, text: &mut Text<C>) -> Result<(), Errno> {
    let mut next = || match rest.split_first() {
        Some((unit, behind)) => {
            *rest = behind;
            unit.ascii()
        }
        None => 0,
    };
    let ucrt = environment.flavor == Flavor::Ucrt;
    let mut letter = next();
    let plain = letter == b'#';
    if plain {
        letter = next();
    }
    if ucrt && matches!(letter, b'E' | b'O') {
        letter = next();
    }
    if letter == b'%' {
        return text.put(C::from_ascii(b'%'));
    }
    let tm = tm.ok_or(Errno::Invalid)?;
    if matches!(letter, b'C' | b'D' | b'e' | b'F' | b'g' | b'G' | b'h' | b'n' | b'r' | b'R' | b't' | b'T' | b'u' | b'V') && !ucrt {
        return Err(Errno::Invalid);
    }
    let compound = match (letter, plain) {
        (b'c', true) => "%A, %B %d, %Y %H:%M:%S",
        (b'c', false) if ucrt => "%a %b %e %H:%M:%S %Y",
        (b'c', false) => "%m/%d/%y %H:%M:%S",
        (b'x', true) => "%A, %B %d, %Y",
        (b'x', false) => "%m/%d/%y",
        (b'X', _) => "%H:%M:%S",
        (b'D', _) => "%m/%d/%y",
        (b'F', _) => "%Y-%m-%d",
        (b'r', _) => "%I:%M:%S %p",
        (b'R', _) => "%H:%M",
        (b'T', _) => "%H:%M:%S",
        _ => return field(letter, plain, tm, environment, text),
    };
    // The long forms keep their zeros, the others pass the flag on.
    let plain = plain && matches!(letter, b'D' | b'F' | b'r' | b'R' | b'T');
    let mut parts = compound.bytes();
    while let Some(byte) = parts.next() {
        match byte {
            b'%' => field(parts.next().unwrap_or(0), plain, tm, environment, text)?,
            _ => text.put(C::from_ascii(byte))?,
        }
    }
    Ok(())
}

/// A conversion that is no combination of others.
fn field<C: Unit>(letter: u8, plain: bool, tm: &Tm, environment: &Environment<C>, text: &mut Text<C>) -> Result<(), Errno> {
    let weekday = || within(tm.wday, 0, 6);
    let day_of_year = || within(tm.yday, 0, 365);
    let year = || within(tm.year, -1900, 8099).map(|year| i64::from(year) + 1900);
    let ucrt = environment.flavor == Flavor::Ucrt;
    // The flag does not apply to the years of ISO 8601.
    let plain = plain && !matches!(letter, b'g' | b'G');
    let iso = || Ok(iso_week(year()?, i64::from(day_of_year()?) + 1, weekday()?.into()));
    let (number, digits) = match letter {
        b'a' => return text.ascii(&WEEKDAYS[weekday()? as usize][..3]),
        b'A' => return text.ascii(WEEKDAYS[weekday()? as usize]),
        b'b' | b'h' => return text.ascii(&MONTHS[within(tm.mon, 0, 11)? as usize][..3]),
        b'B' => return text.ascii(MONTHS[within(tm.mon, 0, 11)? as usize]),
        b'p' => return text.ascii(if within(tm.hour, 0, 23)? < 12 { "AM" } else { "PM" }),
        b'n' => return text.ascii("\n"),
        b't' => return text.ascii("\t"),
        b'z' if ucrt => return text.offset(tm, environment.zone),
        b'z' | b'Z' => return environment.names[usize::from(tm.isdst > 0)].iter().try_for_each(|&unit| text.put(unit)),
        b'e' => {
            let day = within(tm.mday, 1, 31)?;
            if day < 10 && !plain {
                text.put(C::from_ascii(b' '))?;
            }
            (day.into(), 1)
        }
        b'C' => (year()? / 100, 2),
        b'd' => (within(tm.mday, 1, 31)?.into(), 2),
        b'g' => (iso()?.0 % 100, 2),
        b'G' => (i64::from(within(iso()?.0 as i32, 0, 9999)?), 4),
        b'H' => (within(tm.hour, 0, 23)?.into(), 2),
        b'I' => ((i64::from(within(tm.hour, 0, 23)?) + 11) % 12 + 1, 2),
        b'j' => (i64::from(day_of_year()?) + 1, 3),
        b'm' => (i64::from(within(tm.mon, 0, 11)?) + 1, 2),
        b'M' => (within(tm.min, 0, 59)?.into(), 2),
        // Only the new runtime knows leap seconds.
        b'S' => (within(tm.sec, 0, if ucrt { 60 } else { 59 })?.into(), 2),
        b'u' => ((i64::from(weekday()?) + 6) % 7 + 1, 1),
        b'U' => ((i64::from(day_of_year()?) + 7 - i64::from(weekday()?)) / 7, 2),
        b'V' => (iso()?.1, 2),
        b'w' => (weekday()?.into(), 1),
        b'W' => ((i64::from(day_of_year()?) + 7 - (i64::from(weekday()?) + 6) % 7) / 7, 2),
        b'y' if ucrt => (year()? % 100, 2),
        b'y' => (i64::from(within(tm.year, 0, i32::MAX)?) % 100, 2),
        b'Y' => (year()?, 4),
        _ => return Err(Errno::Invalid),
    };
    text.number(number, if plain { 1 } else { digits })
}

fn within(value: i32, low: i32, high: i32) -> Result<i32, Errno> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(Errno::Invalid) }
}

/// The year and number of the week by ISO 8601: those of its Thursday. The day of the year counts from 1.
fn iso_week(year: i64, day_of_year: i64, weekday: i64) -> (i64, i64) {
    let thursday = day_of_year + 3 - (weekday + 6) % 7;
    let days = days_in_year(year);
    let (year, thursday) = if thursday < 1 {
        (year - 1, thursday + days_in_year(year - 1))
    } else if thursday > days {
        (year + 1, thursday - days)
    } else {
        (year, thursday)
    };
    (year, (thursday - 1) / 7 + 1)
}

/// The text so far; the last unit of the room is kept for the NUL.
struct Text<'a, 'b, C> {
    room: &'a mut Room<'b, C>,
    length: usize,
}

impl<C: Unit> Text<'_, '_, C> {
    fn put(&mut self, unit: C) -> Result<(), Errno> {
        if self.length + 1 >= self.room.size() {
            return Err(Errno::Range);
        }
        self.room.set(self.length, unit);
        self.length += 1;
        Ok(())
    }

    fn ascii(&mut self, text: &str) -> Result<(), Errno> {
        text.bytes().try_for_each(|byte| self.put(C::from_ascii(byte)))
    }

    /// A number that is not negative, with leading zeros.
    fn number(&mut self, number: i64, digits: usize) -> Result<(), Errno> {
        let rendered = crate::number::render::Rendered::new(number.unsigned_abs(), 10, false);
        let text = rendered.as_slice();
        (text.len()..digits).try_for_each(|_| self.put(C::from_ascii(b'0')))?;
        text.iter().try_for_each(|&byte| self.put(C::from_ascii(byte)))
    }

    /// The offset from UTC, `+hhmm`.
    fn offset(&mut self, tm: &Tm, zone: &Zone) -> Result<(), Errno> {
        let seconds = zone.standard() + if tm.isdst > 0 { zone.daylight() } else { 0 };
        let minutes = seconds.abs() / 60;
        self.put(C::from_ascii(if seconds > 0 { b'-' } else { b'+' }))?;
        self.number(minutes / 60, 2)?;
        self.number(minutes % 60, 2)
    }
}
