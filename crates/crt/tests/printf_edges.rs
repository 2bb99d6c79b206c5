//! `printf`: what no row can say.

mod rows;

use crt::codec::CLocale;
use crt::format::{self, Error, Memory, Options};
use crt::{Flavor, VaList};
use proptest::prelude::*;
use rows::arguments::{Arguments, print, shown};
use rows::unescape;

/// A row of `printf` with one or more arguments in slots.
fn one(format: &str, options: &Options, slots: &[u64]) -> Result<String, Error> {
    let arguments = Arguments::of(slots);
    let narrow = print::<u8>(&unescape(format), options, false, &arguments).map(|text| String::from_utf8(text).unwrap());
    let wide = print::<u16>(&unescape(format), options, false, &arguments).map(|text| String::from_utf16(&text).unwrap());
    assert_eq!(narrow, wide);
    narrow
}

#[test]
fn counting() {
    let allowed = Options { count_output: true, ..Options::ucrt(0) };
    for (format, options, size) in [
        ("abc%n", allowed, 4),
        ("abc%hn", allowed, 2),
        ("abc%hhn", allowed, 1),
        ("abc%lln", allowed, 8),
        ("abc%In", allowed, 4),
        ("abc%n", Options { count_output: true, ..Options::MSVCRT }, 4),
    ] {
        let mut count = [0xEEu8; 9];
        let result = one(format, &options, &[count.as_mut_ptr() as u64]);
        if format == "abc%In" {
            assert_eq!(result, Err(Error::InvalidParameter));
            continue;
        }
        assert_eq!(result.unwrap(), "abc");
        assert_eq!((count[0], count[size - 1], count[size]), (3, if size == 1 { 3 } else { 0 }, 0xEE), "{format}");
    }
    for refused in [Options::MSVCRT, Options::ucrt(0)] {
        assert_eq!(one("abc%n", &refused, &[0]), Err(Error::InvalidParameter));
    }
}

/// Widths and precisions cost what the sink makes of them, and no more than an `int` is counted.
#[test]
fn huge() {
    let count = |format: &str, slots: &[u64]| {
        let mut memory = Memory::<u8>::counter();
        // SAFETY: the slots suit the formats.
        let mut list = unsafe { VaList::new(slots.as_ptr().cast()) };
        format::write(&mut memory, format.as_bytes(), &Options::ucrt(0), &CLocale, &mut list)
    };
    let value = 1.5f64.to_bits();
    assert_eq!(count("%2147483647d", &[1]), Ok(i32::MAX));
    assert_eq!(count("%-2147483646dx", &[1]), Ok(i32::MAX));
    assert_eq!(count("%2147483647dx", &[1]), Err(Error::Overflow));
    assert_eq!(count("%.2147483647d", &[1]), Ok(i32::MAX));
    assert_eq!(count("%.2147483647d", &[u64::MAX]), Err(Error::Overflow));
    assert_eq!(count("%.2147483645f", &[value]), Ok(i32::MAX));
    assert_eq!(count("%.2147483646f", &[value]), Err(Error::Overflow));
    assert_eq!(count("%.2000000000e", &[value]), Ok(2_000_000_006));
    assert_eq!(count("%.2000000000g", &[value]), Ok(3));
    assert_eq!(count("%#.2000000000g", &[value]), Ok(2_000_000_001));
    assert_eq!(count("%.2000000000a", &[value]), Ok(2_000_000_007));
    assert_eq!(count("%2000000000s", &[0]), Ok(2_000_000_000));
    assert_eq!(count("%2000000000c", &[65]), Ok(2_000_000_000));
    assert_eq!(count("%2147483648d", &[1]), Err(Error::InvalidParameter));
    assert_eq!(count("%99999999999999999999d", &[1]), Err(Error::InvalidParameter));
    assert_eq!(count("%*d", &[i32::MIN as u32 as u64, 1]), Err(Error::Overflow));
    assert_eq!(count("%.*d", &[i32::MIN as u32 as u64, 1]), Ok(1));
}

/// Text that does not fit: Wine 8 answers the same.
#[test]
fn endings() {
    use format::buffer::{Ending, print, print_secure, print_truncated};
    let write = |text: &'static str| {
        move |sink: &mut dyn format::Sink<u8>| {
            // SAFETY: the formats take no arguments.
            let mut list = unsafe { VaList::new(std::ptr::null()) };
            format::write(sink, text.as_bytes(), &Options::ucrt(0), &CLocale, &mut list)
        }
    };
    let mut buffer = [b'x'; 9];
    let at = buffer.as_mut_ptr();
    let mut run = |ending, text, size| {
        buffer = [b'x'; 9];
        // SAFETY: no size is above 9.
        let result = unsafe { print(at, size, ending, write(text)) };
        (result, String::from_utf8(buffer.to_vec()).unwrap())
    };
    for (ending, text, result, memory) in [
        (Ending::Legacy, "tiny", 4, "tiny\0xxxx"),
        (Ending::Legacy, "fitting", 7, "fitting\0x"),
        (Ending::Legacy, "fitexact", 8, "fitexactx"),
        (Ending::Legacy, "overlonged", -1, "overlongx"),
        (Ending::Standard, "tiny", 4, "tiny\0xxxx"),
        (Ending::Standard, "fitexact", 8, "fitexac\0x"),
        (Ending::Standard, "overlonged", 10, "overlon\0x"),
        (Ending::Terminated, "fitting", 7, "fitting\0x"),
        (Ending::Terminated, "fitexact", -2, "fitexac\0x"),
        (Ending::Terminated, "overlonged", -2, "overlon\0x"),
    ] {
        assert_eq!(run(ending, text, 8), (Ok(result), memory.to_string()), "{ending:?}");
    }
    assert_eq!(run(Ending::Legacy, "ab%", 8), (Err(Error::InvalidParameter), "ab\0xxxxxx".to_string()));
    assert_eq!(run(Ending::Legacy, "a", 0), (Ok(-1), "xxxxxxxxx".to_string()));
    assert_eq!(run(Ending::Standard, "ab", 0), (Ok(2), "xxxxxxxxx".to_string()));
    for ending in [Ending::of(1), Ending::of(2), Ending::of(0)] {
        // SAFETY: NULL is not touched.
        let nowhere = |size| unsafe { print(std::ptr::null_mut(), size, ending, write("abcd")) };
        assert_eq!([nowhere(0), nowhere(1)], [Ok(4), Err(Error::InvalidParameter)]);
    }
    assert_eq!([Ending::of(1), Ending::of(2), Ending::of(4)], [Ending::Legacy, Ending::Standard, Ending::Terminated]);

    let mut secure = |text, size| {
        buffer = [b'x'; 9];
        // SAFETY: no size is above 9.
        let result = unsafe { print_secure(at, size, write(text)) };
        (result, String::from_utf8(buffer[..8].to_vec()).unwrap())
    };
    assert_eq!(secure("fitting", 8), (Ok(7), "fitting\0".to_string()));
    assert_eq!(secure("fitexact", 8), (Err(Error::TooSmall), "\0itexact".to_string()));
    assert_eq!(secure("ab%", 8), (Err(Error::InvalidParameter), "\0bxxxxxx".to_string()));
    assert_eq!(secure("ab", 0), (Err(Error::InvalidParameter), "xxxxxxxx".to_string()));

    let mut truncated = |size, count| {
        buffer = [b'x'; 9];
        // SAFETY: no size is above 9.
        let result = unsafe { print_truncated(at, size, count, write("XY789Z")) };
        (result, String::from_utf8(buffer[..8].to_vec()).unwrap())
    };
    assert_eq!(truncated(8, usize::MAX), (Ok(6), "XY789Z\0x".to_string()));
    assert_eq!(truncated(7, usize::MAX), (Ok(6), "XY789Z\0x".to_string()));
    assert_eq!(truncated(6, usize::MAX), (Ok(-1), "XY789\0xx".to_string()));
    assert_eq!(truncated(1, usize::MAX), (Ok(-1), "\0xxxxxxx".to_string()));
    assert_eq!(truncated(8, 6), (Ok(6), "XY789Z\0x".to_string()));
    assert_eq!(truncated(8, 3), (Ok(-1), "XY7\0xxxx".to_string()));
    assert_eq!(truncated(5, 5).0, Err(Error::TooSmall));
    assert_eq!(truncated(0, 5).0, Err(Error::InvalidParameter));
    // SAFETY: NULL is not touched.
    assert_eq!(unsafe { print_truncated::<u8>(std::ptr::null_mut(), 0, 0, write("a")) }, Ok(0));
}

/// Text through a code page with longer characters.
#[test]
fn utf8() {
    let text = "a\u{E9}\u{20AC}\u{1F600}".repeat(60);
    let (narrow, wide) = (format!("{text}\0"), text.encode_utf16().chain([0]).collect::<Vec<u16>>());
    let run = |format: &str, pointer: u64| {
        let mut room = vec![0u8; 2000];
        let slots = [pointer];
        let mut memory = Memory::from_slice(&mut room);
        // SAFETY: the strings end with a NUL.
        let mut list = unsafe { VaList::new(slots.as_ptr().cast()) };
        let result = format::write(&mut memory, format.as_bytes(), &Options::ucrt(4), &crt::codec::Utf8, &mut list);
        result.map(|count| String::from_utf8_lossy(&room[..count as usize]).into_owned())
    };
    let run_wide = |format: &str, pointer: u64| {
        let mut room = vec![0u16; 2000];
        let slots = [pointer];
        let format: Vec<u16> = format.encode_utf16().collect();
        let mut memory = Memory::from_slice(&mut room);
        // SAFETY: the strings end with a NUL.
        let mut list = unsafe { VaList::new(slots.as_ptr().cast()) };
        let result = format::write(&mut memory, &format, &Options::ucrt(4), &crt::codec::Utf8, &mut list);
        result.map(|count| String::from_utf16(&room[..count as usize]).unwrap())
    };
    assert_eq!(run("%ls", wide.as_ptr() as u64).unwrap(), text);
    assert_eq!(run_wide("%hs", narrow.as_ptr() as u64).unwrap(), text);
    // The precision counts units of the wide text, and characters of the narrow one.
    assert_eq!(run("%.3ls|", wide.as_ptr() as u64).unwrap(), "a\u{E9}\u{20AC}|");
    assert_eq!(run("%6.3ls|", wide.as_ptr() as u64).unwrap(), "   a\u{E9}\u{20AC}|");
    assert_eq!(run("%.4ls|", wide.as_ptr() as u64), Err(Error::IllegalSequence));
    assert_eq!(run_wide("%.3hs|", narrow.as_ptr() as u64).unwrap(), "a\u{E9}\u{20AC}|");
    assert_eq!(run_wide("%6.3hs|", narrow.as_ptr() as u64).unwrap(), "   a\u{E9}\u{20AC}|");
    assert_eq!(run("%lc", 0x20AC).unwrap(), "\u{20AC}");
    assert_eq!(run_wide("%hs", c"a\xFF".as_ptr() as u64), Err(Error::IllegalSequence));
    assert_eq!(run_wide("%hs", c"a\xE2\x82".as_ptr() as u64), Err(Error::IllegalSequence));
    // Text need not end, if the precision says where.
    assert_eq!(run("%.2s", b"ab".as_ptr() as u64).unwrap(), "ab");
}

/// Where text is printed into itself, as programs do.
#[test]
fn overlapping() {
    let mut buffer = *b"abc\0..........";
    let at = buffer.as_mut_ptr();
    let slots = [at as u64, at as u64];
    // SAFETY: both point to the string, and the buffer is long enough.
    let (mut list, mut memory) = unsafe { (VaList::new(slots.as_ptr().cast()), Memory::new(at, usize::MAX)) };
    format::write(&mut memory, b"%s-%d", &Options::MSVCRT, &CLocale, &mut list).unwrap();
    assert!(buffer.starts_with(b"abc-"));
}

/// The sink's refusal ends the work.
#[test]
fn stopping() {
    struct Full(usize);
    impl format::Sink<u8> for Full {
        fn put(&mut self, units: &[u8]) -> Result<(), format::Stop> {
            self.0 = self.0.checked_sub(units.len()).ok_or(format::Stop)?;
            Ok(())
        }
    }
    // SAFETY: the slots suit the format.
    let mut list = unsafe { VaList::new([1u64, 2].as_ptr().cast()) };
    assert_eq!(format::write(&mut Full(500), b"%2000000000d%d", &Options::MSVCRT, &CLocale, &mut list), Err(Error::Stopped));
    assert_eq!(Error::Stopped.errno(), None);
}

/// The 32-bit layout: slots of four bytes, two for what is larger.
#[test]
fn x86_arguments() {
    let mut area = Vec::new();
    area.extend(7i32.to_le_bytes());
    area.extend((-5_000_000_000i64).to_le_bytes());
    area.extend(1.5f64.to_le_bytes());
    area.extend(0x1234_ABCDu32.to_le_bytes());
    area.extend(8i32.to_le_bytes());
    // SAFETY: the area holds what the format asks for.
    let mut list = unsafe { crt::arguments::Area::<4>::new(area.as_ptr()) };
    let mut room = [0u8; 100];
    let count = format::write(&mut Memory::from_slice(&mut room), b"%d %lld %g %p %d", &Options::MSVCRT, &CLocale, &mut list).unwrap();
    assert_eq!(&room[..count as usize], b"7 -5000000000 1.5 000000001234ABCD 8");
}

#[test]
fn unicode_string_by_default() {
    let arguments = Arguments::parse("Z:abc");
    assert_eq!(shown(print::<u8>(&unescape("%Z"), &Options::ucrt(4), false, &arguments)), "abc");
    let arguments = Arguments::parse("z:abc");
    assert_eq!(shown(print::<u8>(&unescape("%Z"), &Options::MSVCRT, false, &arguments)), "abc");
    assert_eq!(shown(print::<u16>(&unescape("%Z"), &Options::MSVCRT, false, &arguments)), "abc");
    assert_eq!(shown(print::<u16>(&unescape("%Z"), &Options::ucrt(4), false, &arguments)), "abc");
}

#[test]
fn two_digit_exponents() {
    let two = Options { two_digit_exponents: true, ..Options::MSVCRT };
    assert_eq!(one("%e %g", &two, &[1f64.to_bits(), 1e100f64.to_bits()]).unwrap(), "1.000000e+00 1e+100");
    let comma = Options { point: b',', ..Options::ucrt(0) };
    assert_eq!(one("%f %g %.1e %a", &comma, &[1.5f64.to_bits(); 4]).unwrap(), "1,500000 1,5 1,5e+00 0x1,8000000000000p+0");
}

#[test]
fn strict_msvcrt() {
    let strict = Options { strict: true, ..Options::MSVCRT };
    for format in ["%y", "a%", "%5", "%l", "%-5%"] {
        assert_eq!(one(format, &strict, &[0]), Err(Error::InvalidParameter), "{format}");
    }
    assert_eq!(one("%hlhd%%", &strict, &[5]).unwrap(), "5%");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn like_rust(value in any::<f64>().prop_filter("finite", |value| value.is_finite()), places in 0..40usize, bits in any::<u64>()) {
        let exact = Options::ucrt(0x20);
        let slots = [value.to_bits()];
        prop_assert_eq!(one(&format!("%.{places}f"), &exact, &slots).unwrap(), format!("{value:.places$}"));
        let (mantissa, exponent) = format!("{value:.places$e}").split_once('e').map(|(m, e)| (m.to_string(), e.parse::<i32>().unwrap())).unwrap();
        prop_assert_eq!(one(&format!("%.{places}e"), &exact, &slots).unwrap(), format!("{mantissa}e{exponent:+03}"));
        prop_assert_eq!(one("%.17g", &exact, &slots).unwrap().parse::<f64>().unwrap(), value);
        prop_assert_eq!(one("%.17g", &Options::MSVCRT, &slots).unwrap().parse::<f64>().unwrap(), value);
        let bits = [bits];
        prop_assert_eq!(one("%llu %llx", &exact, &[bits[0]; 2]).unwrap(), format!("{} {:x}", bits[0], bits[0]));
        prop_assert_eq!(one("%lld %d", &exact, &[bits[0]; 2]).unwrap(), format!("{} {}", bits[0] as i64, bits[0] as i32));
        prop_assert_eq!(one("%#llo %hhu", &exact, &[bits[0] | 1; 2]).unwrap(), format!("0{:o} {}", bits[0] | 1, bits[0] as u8 | 1));
    }

    /// Half away from zero, told by arithmetic on tenths that a double holds exactly.
    #[test]
    fn away_from_zero(quarters in -100_000i64..100_000) {
        let text = one("%.1f", &Options::ucrt(0), &[(quarters as f64 / 4.0).to_bits()]).unwrap();
        let tenths = (quarters.abs() * 10 + 2) / 4;
        prop_assert_eq!(text.trim_start_matches('-'), format!("{}.{}", tenths / 10, tenths % 10));
        let whole = one("%.0f", &Options::ucrt(0), &[(quarters as f64 / 4.0).to_bits()]).unwrap();
        prop_assert_eq!(whole.trim_start_matches('-'), format!("{}", (quarters.abs() + 2) / 4));
    }

    /// Hexadecimal floats come back.
    #[test]
    fn hexadecimal_round_trip(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let text = one("%a", &Options::ucrt(0), &[bits]).unwrap();
        let (back, used, error) = crt::number::real::scan::<u8, f64>(text.bytes(), crt::number::Rules::of(Flavor::Ucrt));
        prop_assert_eq!((used, error), (text.len(), None));
        prop_assert!(back.to_bits() == bits || value.is_nan() && back.is_nan());
    }

    /// No format panics or takes long; text conversions are left out, as their arguments would have to be real.
    #[test]
    fn nothing_panics(format in "(%[-+ #0]{0,3}([0-9*]{0,10})?(\\.[0-9*]{0,10})?(hh?|ll?|I64|I32|I|[LjztwFNT])?[a-mo-rt-zA-RT-Y%]|[a-m]){0,6}", slots in prop::collection::vec(any::<u64>(), 40)) {
        for options in [Options::MSVCRT, Options::ucrt(0), Options::ucrt(0x3F)] {
            // SAFETY: there are more slots than the format can ask for, and no conversion takes a pointer to memory.
            let list = unsafe { VaList::new(slots.as_ptr().cast()) };
            let narrow = format::write(&mut Memory::<u8>::counter(), format.as_bytes(), &options, &CLocale, &mut list.clone());
            let units: Vec<u16> = format.encode_utf16().collect();
            let wide = format::write(&mut Memory::<u16>::counter(), &units, &options, &CLocale, &mut list.clone());
            if !format.contains(['c', 'C']) {
                prop_assert_eq!(narrow, wide);
            }
            let _ = format::write_positional(&mut Memory::<u8>::counter(), format.as_bytes(), &options, &CLocale, &mut list.clone());
        }
    }

    #[test]
    fn positional_like_ordinary(numbers in prop::array::uniform3(any::<i32>())) {
        let arguments = Arguments::of(&numbers.map(|number| number as u32 as u64));
        let [a, b, c] = numbers;
        let text = shown(print::<u8>(&unescape("%3$d %1$x %2$d %1$d"), &Options::ucrt(0), true, &arguments));
        prop_assert_eq!(text, format!("{c} {a:x} {b} {a}"));
    }
}
