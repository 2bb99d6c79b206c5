//! The Gregorian calendar.

/// Days from 1 January 1970 to a date; month and day may lie outside their ranges.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year + month.div_euclid(12);
    let month = month.rem_euclid(12);
    // Years that start with March have their leap day last.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719_468
}

/// The year, month (0 to 11) and day (1 to 31) that lie `days` behind 1 January 1970.
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era;
    if month < 10 { (year, month + 2, day) } else { (year + 1, month - 10, day) }
}

/// 365 or 366.
pub(super) fn days_in_year(year: i64) -> i64 {
    days_from_civil(year + 1, 0, 1) - days_from_civil(year, 0, 1)
}

/// 28 to 31.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    days_from_civil(year, month + 1, 1) - days_from_civil(year, month, 1)
}

/// The day of the week, 0 (Sunday) to 6, that lies `days` behind 1 January 1970.
pub(super) fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}
