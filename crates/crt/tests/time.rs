//! Dates: the rows of `data/strftime.tsv`, `asctime`, and the way between seconds and dates.

mod rows;

use crt::text::Room;
use crt::time::{self, ASCTIME_SIZE, Environment, MAXIMUM, MAXIMUM_32, Rule, Switch, Tm, Zone};
use crt::{Errno, Flavor, Unit};
use proptest::prelude::*;
use rows::{FLAVORS, escape, unescape};

/// The United States' Pacific time since 2007.
const PACIFIC: Zone = Zone {
    bias: 480,
    rules: Some((
        Rule { start: Switch { absolute: false, month: 11, weekday: 0, day: 1, second: 7200 }, bias: 0 },
        Rule { start: Switch { absolute: false, month: 3, weekday: 0, day: 2, second: 7200 }, bias: -60 },
    )),
};

/// Sydney: summer lies around the new year.
const SYDNEY: Zone = Zone {
    bias: -600,
    rules: Some((
        Rule { start: Switch { absolute: false, month: 4, weekday: 0, day: 1, second: 10800 }, bias: 0 },
        Rule { start: Switch { absolute: false, month: 10, weekday: 0, day: 1, second: 7200 }, bias: -60 },
    )),
};

fn tm(fields: [i32; 9]) -> Tm {
    let [sec, min, hour, mday, mon, year, wday, yday, isdst] = fields;
    Tm { sec, min, hour, mday, mon, year, wday, yday, isdst }
}

fn parse(list: &str) -> Tm {
    let fields: Vec<i32> = list.split(' ').map(|field| field.parse().unwrap()).collect();
    tm(fields.try_into().unwrap())
}

fn strftime<C: Unit>(format: &[u16], tm: Option<&Tm>, flavor: Flavor, size: usize) -> Result<Vec<u16>, Errno> {
    let names: [Vec<C>; 2] = ["PST", "PDT"].map(|name| name.bytes().map(C::from_ascii).collect());
    let environment = Environment { flavor, zone: &PACIFIC, names: [&names[0], &names[1]] };
    let format: Vec<C> = format.iter().map(|&unit| C::from_code(unit.into())).collect();
    let mut out = vec![C::from_ascii(b'x'); size];
    let result = time::strftime(&mut Room::from_slice(&mut out).unwrap(), &format, tm, &environment);
    match result {
        Ok(length) => assert_eq!(out[length], C::NUL),
        Err(_) => assert_eq!(out[0], C::NUL),
    }
    result.map(|length| out[..length].iter().map(|unit| unit.code() as u16).collect())
}

fn shown(result: Result<Vec<u16>, Errno>) -> String {
    result.map_or_else(|error| format!("!{}", error.code()), |text| escape(text, false))
}

#[test]
fn rows_of_data() {
    let mut differences = rows::Differences::default();
    for (line, row) in rows::rows(include_str!("data/strftime.tsv")) {
        let (format, tm) = (unescape(row[0]), parse(row[1]));
        for (flavor, wanted) in FLAVORS.into_iter().zip(rows::expected(&row, 2)) {
            let got = shown(strftime::<u8>(&format, Some(&tm), flavor, 200));
            assert_eq!(got, shown(strftime::<u16>(&format, Some(&tm), flavor, 200)));
            differences.check(|| format!("{line}: {flavor:?} {} {{{}}}", row[0], row[1]), &got, wanted);
        }
    }
    differences.finish();
}

#[test]
fn strftime_limits() {
    let epoch = tm([0, 0, 0, 1, 0, 70, 4, 0, 0]);
    let run = |format: &str, tm, size| strftime::<u8>(&unescape(format), tm, Flavor::Ucrt, size);
    assert_eq!(run("copy", None, 5), Ok(unescape("copy")));
    assert_eq!(run("copy", None, 4), Err(Errno::Range));
    assert_eq!(run("%d", None, 9), Err(Errno::Invalid));
    assert_eq!(run("%Y", Some(&epoch), 5), Ok(unescape("1970")));
    assert_eq!(run("%Y", Some(&epoch), 4), Err(Errno::Range));
    assert_eq!(run("%z %Z", Some(&epoch), 20), Ok(unescape("-0800 PST")));
    assert_eq!(run("%z %Z", Some(&Tm { isdst: 1, ..epoch }), 20), Ok(unescape("-0700 PDT")));
    assert_eq!(strftime::<u8>(&unescape("%z %Z"), Some(&epoch), Flavor::Msvcrt, 20), Ok(unescape("PST PST")));
}

/// Week numbers of dates whose weekday does not belong to the day of the year: Wine 8 answers the same.
#[test]
fn iso_weeks() {
    let rows: [(i32, i32, [&str; 7]); 9] = [
        (104, 0, ["03 52", "04 01", "04 01", "04 01", "04 01", "03 53", "03 52"]),
        (104, 2, ["03 53", "04 01", "04 01", "04 01", "04 01", "04 01", "04 01"]),
        (104, 361, ["04 52", "04 53", "04 52", "04 52", "04 52", "04 52", "04 52"]),
        (104, 363, ["04 52", "05 01", "04 53", "04 53", "04 52", "04 52", "04 52"]),
        (104, 365, ["04 52", "05 01", "05 01", "05 01", "04 53", "04 53", "04 52"]),
        (109, 0, ["08 52", "09 01", "09 01", "09 01", "09 01", "08 53", "08 53"]),
        (109, 361, ["09 52", "09 53", "09 52", "09 52", "09 52", "09 52", "09 52"]),
        (109, 364, ["09 52", "10 01", "10 01", "10 01", "09 53", "09 52", "09 52"]),
        (110, 1, ["09 52", "10 01", "10 01", "10 01", "10 01", "10 01", "09 53"]),
    ];
    for (year, yday, weeks) in rows {
        for (wday, wanted) in weeks.into_iter().enumerate() {
            let tm = tm([0, 0, 0, 1, 0, year, wday as i32, yday, 0]);
            assert_eq!(shown(strftime::<u8>(&unescape("%g %V"), Some(&tm), Flavor::Ucrt, 20)), wanted, "{year} {yday} {wday}");
        }
    }
}

#[test]
fn asctime() {
    let run = |fields, flavor, size| {
        let mut out = [b'x'; 40];
        let result = time::asctime(&mut Room::from_slice(&mut out[..size]).unwrap(), &tm(fields), flavor);
        result.map(|()| String::from_utf8(out.split(|&byte| byte == 0).next().unwrap().to_vec()).unwrap())
    };
    for (fields, wanted) in [
        ([0, 0, 0, 1, 0, 70, 4, 0, 0], "Thu Jan  1 00:00:00 1970\n"),
        ([9, 8, 7, 16, 5, 104, 2, 9999, 0], "Tue Jun 16 07:08:09 2004\n"),
        ([9, 8, 7, 16, 5, 8101, 2, 0, 0], "Tue Jun 16 07:08:09 :001\n"),
        ([9, 8, 7, 29, 1, 104, 0, 0, 0], "Sun Feb 29 07:08:09 2004\n"),
    ] {
        assert_eq!(run(fields, Flavor::Ucrt, ASCTIME_SIZE).unwrap(), wanted);
        assert_eq!(run(fields, Flavor::Msvcrt, ASCTIME_SIZE).unwrap(), wanted.replace("Jan  1", "Jan 01"));
        assert_eq!(run(fields, Flavor::Ucrt, ASCTIME_SIZE - 1), Err(Errno::Invalid));
    }
    for fields in [
        [9, 8, 7, 6, 5, 104, 8, 0, 0],
        [9, 8, 7, 6, 5, -2, 0, 0, 0],
        [9, 8, 7, 31, 3, 104, 0, 0, 0],
        [9, 8, 7, 29, 1, 105, 0, 0, 0],
        [61, 8, 7, 6, 5, 104, 0, 0, 0],
        [9, 61, 7, 6, 5, 104, 0, 0, 0],
        [9, 8, 25, 6, 5, 104, 0, 0, 0],
        [9, 8, 7, 6, 13, 104, 0, 0, 0],
        [0, 0, 0, 1, 0, i32::MAX, 0, 0, 0],
        // Wine accepts a day 0; documented is 1 to 31.
        [9, 8, 7, 0, 5, 104, 0, 0, 0],
    ] {
        assert_eq!(run(fields, Flavor::Ucrt, 40), Err(Errno::Invalid), "{fields:?}");
    }
}

#[test]
fn short_forms() {
    let moment = tm([5, 4, 3, 2, 0, 101, 2, 1, 0]);
    let mut out = [b'x'; 9];
    time::date(&mut Room::from_slice(&mut out).unwrap(), &moment).unwrap();
    assert_eq!(&out, b"01/02/01\0");
    time::time_of_day(&mut Room::from_slice(&mut out).unwrap(), &moment).unwrap();
    assert_eq!(&out, b"03:04:05\0");
    let mut small = [b'x'; 8];
    assert_eq!(time::date(&mut Room::from_slice(&mut small).unwrap(), &moment), Err(Errno::Range));
    assert_eq!(&small[..2], b"\0x");
}

/// The limits that Windows has.
#[test]
fn gmtime_limits() {
    assert_eq!(time::gmtime(0), Ok(tm([0, 0, 0, 1, 0, 70, 4, 0, 0])));
    assert_eq!(time::gmtime(-1), Ok(tm([59, 59, 23, 31, 11, 69, 3, 364, 0])));
    assert_eq!(time::gmtime(-43200), Ok(tm([0, 0, 12, 31, 11, 69, 3, 364, 0])));
    assert_eq!(time::gmtime(-43201), Err(Errno::Invalid));
    let last = time::gmtime(MAXIMUM + 46800).unwrap();
    assert_eq!((last.year, last.mon, last.mday, last.hour, last.min, last.sec), (1101, 0, 1, 20, 59, 59));
    assert_eq!(time::gmtime(MAXIMUM + 46801), Err(Errno::Invalid));
    for wild in [i64::MIN, i64::MAX] {
        assert_eq!(time::gmtime(wild), Err(Errno::Invalid));
        assert_eq!(time::localtime(wild, &PACIFIC), Err(Errno::Invalid));
    }
    assert_eq!(time::localtime(-1, &PACIFIC), Err(Errno::Invalid));
    assert_eq!(time::localtime(MAXIMUM + 1, &PACIFIC), Err(Errno::Invalid));
    assert_eq!(time::localtime32(0, &PACIFIC).unwrap().hour, 16);
    assert_eq!(time::gmtime(1_709_210_000).unwrap(), tm([20, 33, 12, 29, 1, 124, 4, 59, 0]));
}

#[test]
fn daylight() {
    // 10 March 2024, 02:00 PST is 10:00 UTC: the clock jumps to 03:00 PDT.
    let spring = 1_710_064_800;
    assert_eq!((time::localtime(spring - 1, &PACIFIC).unwrap().hour, time::localtime(spring - 1, &PACIFIC).unwrap().isdst), (1, 0));
    assert_eq!((time::localtime(spring, &PACIFIC).unwrap().hour, time::localtime(spring, &PACIFIC).unwrap().isdst), (3, 1));
    // 3 November 2024, 02:00 PDT is 09:00 UTC: the clock goes back to 01:00 PST.
    let autumn = 1_730_624_400;
    assert_eq!((time::localtime(autumn - 1, &PACIFIC).unwrap().hour, time::localtime(autumn - 1, &PACIFIC).unwrap().isdst), (1, 1));
    assert_eq!((time::localtime(autumn, &PACIFIC).unwrap().hour, time::localtime(autumn, &PACIFIC).unwrap().isdst), (1, 0));
    // In the south it is summer at both ends of the year: on 1 January 2024 00:00 UTC Sydney has 11:00.
    assert_eq!((time::localtime(1_704_067_200, &SYDNEY).unwrap().hour, time::localtime(1_704_067_200, &SYDNEY).unwrap().isdst), (11, 1));
    assert_eq!((time::localtime(1_719_792_000, &SYDNEY).unwrap().hour, time::localtime(1_719_792_000, &SYDNEY).unwrap().isdst), (10, 0));
}

#[test]
fn mktime() {
    let make = |fields, zone: &Zone| {
        let mut tm = tm(fields);
        time::mktime(&mut tm, zone).map(|time| (time, tm))
    };
    // Fields outside their ranges: 31 February and the rest of it.
    assert_eq!(make([60, 59, 23, 31, 1, 124, 0, 0, 0], &Zone::default()).unwrap(), (1_709_424_000, tm([0, 0, 0, 3, 2, 124, 0, 62, 0])));
    assert_eq!(make([0, 0, 0, 1, -12, 71, 0, 0, 0], &Zone::default()).unwrap().0, 0);
    assert_eq!(make([0, 0, 0, 1, 12, 69, 0, 0, 0], &Zone::default()).unwrap().0, 0);
    assert_eq!(make([0, 0, -24, 2, 0, 70, 0, 0, 0], &Zone::default()).unwrap().0, 0);
    assert_eq!(make([0, 0, 0, 1, 0, 69, 0, 0, 0], &Zone::default()), Err(Errno::Invalid));
    // What lies before 1970 here may lie behind it in UTC, and the other way round.
    assert_eq!(make([0, 0, 16, 31, 11, 69, 0, 0, 0], &PACIFIC).unwrap().0, 0);
    assert_eq!(make([0, 0, 0, 1, 0, 70, 0, 0, 0], &SYDNEY), Err(Errno::Invalid));
    // The flag says which of the two hours is meant; without it the zone does.
    assert_eq!(make([0, 30, 12, 1, 6, 124, 0, 0, -1], &PACIFIC).unwrap().0, make([0, 30, 12, 1, 6, 124, 0, 0, 1], &PACIFIC).unwrap().0);
    assert_eq!(make([0, 30, 12, 1, 6, 124, 0, 0, 0], &PACIFIC).unwrap().1.hour, 13);
    let mut untouched = tm([1, 2, 3, 4, 5, 2000, 7, 8, 9]);
    assert_eq!(time::mktime(&mut untouched, &PACIFIC), Err(Errno::Invalid));
    assert_eq!(untouched, tm([1, 2, 3, 4, 5, 2000, 7, 8, 9]));
    let mut last = time::gmtime(MAXIMUM_32).unwrap();
    assert_eq!(time::mkgmtime32(&mut last), Ok(MAXIMUM_32 as i32));
    last.sec += 1;
    assert_eq!(time::mkgmtime32(&mut last), Err(Errno::Invalid));
    assert_eq!(time::mkgmtime(&mut last), Ok(MAXIMUM_32 + 1));
    let wild = [i32::MIN, i32::MAX];
    for fields in
        [[wild[0]; 9], [wild[1]; 9], [wild[1], wild[1], wild[1], wild[1], 0, 70, 0, 0, -1], [wild[0], wild[0], wild[0], wild[0], 0, 1100, 0, 0, 1]]
    {
        let _ = make(fields, &PACIFIC);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(time in 0..=MAXIMUM) {
        let mut tm = time::gmtime(time).unwrap();
        prop_assert_eq!(time::mkgmtime(&mut tm), Ok(time));
        for zone in [PACIFIC, SYDNEY, Zone { bias: -330, rules: None }] {
            let mut tm = time::localtime(time, &zone).unwrap();
            let same = tm;
            prop_assert_eq!(time::mktime(&mut tm, &zone), Ok(time));
            prop_assert_eq!(tm, same);
        }
    }

    #[test]
    fn nothing_panics(fields in any::<[i32; 9]>(), format in "(%[#EO]?[a-zA-Z%]|[a-z ]){0,12}", size in 1..80usize) {
        let tm = tm(fields);
        for flavor in FLAVORS {
            let _ = strftime::<u8>(&unescape(&format), Some(&tm), flavor, size);
            let _ = time::asctime(&mut Room::from_slice(&mut [0u8; 26]).unwrap(), &tm, flavor);
        }
        let _ = time::date(&mut Room::from_slice(&mut [0u8; 9]).unwrap(), &tm);
        let _ = time::mktime(&mut tm.clone(), &PACIFIC);
        let _ = time::mkgmtime32(&mut tm.clone());
    }

    #[test]
    fn wild_zones(bias: i32, fields in any::<[u16; 6]>(), seconds: [i32; 4], time in 0..=MAXIMUM) {
        let switch = |month, weekday, day, second| Switch { absolute: day % 2 == 0, month, weekday, day, second };
        let zone = Zone {
            bias,
            rules: Some((
                Rule { start: switch(fields[0], fields[1], fields[2], seconds[0]), bias: seconds[1] },
                Rule { start: switch(fields[3], fields[4], fields[5], seconds[2]), bias: seconds[3] },
            )),
        };
        let _ = time::localtime(time, &zone);
    }
}
