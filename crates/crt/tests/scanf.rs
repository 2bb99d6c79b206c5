//! `scanf`: every row of `data/scanf.tsv`, and what no row can say.

mod rows;

use crt::codec::CLocale;
use crt::scan::{self, Options, Text};
use crt::{Flavor, Unit, VaList};
use proptest::prelude::*;
use rows::{FLAVORS, escape, unescape};

/// What the buffers hold before.
const UNTOUCHED: u8 = 0xEE;

/// Runs a row and shows what was stored, as `observe/observe_scan.h` does.
fn run<C: Unit>(input: &[u16], format: &[u16], options: &Options, kinds: &[(u8, usize)]) -> String {
    let convert = |units: &[u16]| units.iter().map(|&unit| C::from_code(unit.into())).collect::<Vec<C>>();
    let mut memory: Vec<Vec<u8>> = kinds.iter().map(|_| vec![UNTOUCHED; 2048]).collect();
    let mut slots = Vec::new();
    for (memory, (kind, size)) in memory.iter_mut().zip(kinds) {
        slots.push(memory.as_mut_ptr() as u64);
        if kind.is_ascii_uppercase() {
            slots.push(*size as u64);
        }
    }
    // SAFETY: the rows' arguments suit their formats.
    let mut arguments = unsafe { VaList::new(slots.as_ptr().cast()) };
    let mut text = Text(convert(input).into_iter());
    let result = scan::read(&mut text, &convert(format), options, &CLocale, &mut arguments);
    let stored = kinds.iter().zip(&memory).map(|((kind, _), memory)| format!(" {}", show(*kind, memory)));
    format!("{result}{}", stored.collect::<String>())
}

fn show(kind: u8, memory: &[u8]) -> String {
    let size = match kind {
        b'b' => 1,
        b'h' => 2,
        b'i' | b'f' => 4,
        b'q' | b'd' | b'p' => 8,
        _ => 64,
    };
    if memory[..size].iter().all(|&byte| byte == UNTOUCHED) {
        return "-".into();
    }
    let number = u64::from_le_bytes(memory[..8].try_into().unwrap());
    match kind {
        b'b' => (number as i8).to_string(),
        b'h' => (number as i16).to_string(),
        b'i' => (number as i32).to_string(),
        b'q' => (number as i64).to_string(),
        b'f' => format!("{:08x}", number as u32),
        b'd' | b'p' => format!("{number:016x}"),
        b's' | b'S' => format!("'{}", escape(memory.iter().take_while(|&&byte| byte != UNTOUCHED).map(|&byte| byte.into()), true)),
        _ => {
            let units = memory.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|&unit| unit != 0xEEEE);
            format!("'{}", escape(units, true))
        }
    }
}

#[test]
fn rows_of_data() {
    let mut differences = rows::Differences::default();
    let mut count = 0;
    for (line, row) in rows::rows(include_str!("data/scanf.tsv")) {
        count += 1;
        let (kind, input, format) = (row[0], unescape(row[1]), unescape(row[2]));
        let kinds: Vec<(u8, usize)> =
            row[3].split(' ').filter(|word| !word.is_empty()).map(|word| (word.as_bytes()[0], word[1..].parse().unwrap_or(0))).collect();
        let secure = kind.as_bytes().get(1) == Some(&b's');
        let bits = kind.split_once('/').map_or(2, |(_, bits)| u64::from_str_radix(bits, 16).unwrap());
        for (flavor, wanted) in FLAVORS.into_iter().zip(rows::expected(&row, 4)) {
            let options = match flavor {
                Flavor::Msvcrt => Options::msvcrt(secure),
                Flavor::Ucrt => Options::ucrt(bits | u64::from(secure)),
            };
            let got = match kind.as_bytes()[0] {
                b'w' => run::<u16>(&input, &format, &options, &kinds),
                _ => run::<u8>(&input, &format, &options, &kinds),
            };
            differences.check(|| format!("{line}: {flavor:?} {kind} {} {} {{{}}}", row[1], row[2], row[3]), &got, wanted);
        }
    }
    assert!(count >= 200);
    differences.finish();
}

/// A stream: what was taken back comes again.
struct Stream {
    units: Vec<u8>,
    at: usize,
    ends: usize,
}

impl scan::Input<u8> for Stream {
    fn next(&mut self) -> Option<u8> {
        let unit = self.units.get(self.at).copied();
        self.at += usize::from(unit.is_some());
        self.ends += usize::from(unit.is_none());
        unit
    }
    fn back(&mut self, unit: u8) {
        self.at -= 1;
        assert_eq!(self.units[self.at], unit);
    }
}

/// What the format does not want stays in the stream, and the end is met once.
#[test]
fn streams() {
    for (text, format, result, rest) in [
        ("12 34", "%d", 1, " 34"),
        ("12x", "%d", 1, "x"),
        ("abc", "%d", 0, "abc"),
        ("  abc", "%d", 0, "abc"),
        ("a,b", "a;", 0, ",b"),
        ("1.5e+x", "%f", 0, "x"),
        ("12", "%d", 1, ""),
        ("", "%d", -1, ""),
        ("12  \n x", "%d ", 1, "x"),
        ("xyz", "%2d", 0, "xyz"),
        ("12345", "%2d", 1, "345"),
    ] {
        let mut stream = Stream { units: text.as_bytes().to_vec(), at: 0, ends: 0 };
        let mut value = 0u64;
        let slots = [(&raw mut value) as u64];
        // SAFETY: the slot points to a value that is large enough.
        let mut arguments = unsafe { VaList::new(slots.as_ptr().cast()) };
        assert_eq!(scan::read(&mut stream, format.as_bytes(), &Options::ucrt(0), &CLocale, &mut arguments), result, "{text} {format}");
        assert_eq!(&text[stream.at..], rest, "{text} {format}");
        assert!(stream.ends <= 1);
    }
}

/// A NUL-terminated string is not read beyond what is wanted.
#[test]
fn strings() {
    let text = b"42 and what nobody looks at\0";
    let mut value = 0i32;
    let slots = [(&raw mut value) as u64];
    // SAFETY: the text ends with a NUL, the slot points to an int.
    let (mut text, mut arguments) = unsafe { (Text::new(text.as_ptr()), VaList::new(slots.as_ptr().cast())) };
    assert_eq!(scan::read(&mut text, b"%d", &Options::msvcrt(false), &CLocale, &mut arguments), 1);
    assert_eq!((value, text.0.count()), (42, "and what nobody looks at".len()));
}

#[test]
fn utf8() {
    let mut wide = [0u16; 20];
    let slots = [wide.as_mut_ptr() as u64, 20];
    // SAFETY: the slots are a buffer and its size.
    let mut arguments = unsafe { VaList::new(slots.as_ptr().cast()) };
    let mut text = Text("a\u{20AC}\u{1F600} b".bytes());
    assert_eq!(scan::read(&mut text, b"%ls", &Options::ucrt(1), &crt::codec::Utf8, &mut arguments), 1);
    assert_eq!(String::from_utf16_lossy(&wide[..5]), "a\u{20AC}\u{1F600}\0");

    let mut narrow = [b'x'; 20];
    let slots = [narrow.as_mut_ptr() as u64, 20];
    // SAFETY: as above.
    let mut arguments = unsafe { VaList::new(slots.as_ptr().cast()) };
    let mut text = Text("a\u{20AC}\u{1F600} b".encode_utf16());
    let format: Vec<u16> = "%hs".encode_utf16().collect();
    assert_eq!(scan::read(&mut text, &format, &Options::ucrt(1), &crt::codec::Utf8, &mut arguments), 1);
    assert_eq!(&narrow[..10], "a\u{20AC}\u{1F600}\0x".as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No input and no format panics, and nothing is written behind a size.
    #[test]
    fn nothing_panics(input in "[ -~\t\n]{0,40}", format in "(%\\*?[0-9]{0,12}(hh?|ll?|I64|I32|[LjztwIFNT])?([a-zA-Z%]|\\[\\^?\\]?[a-z-]{0,5}\\]?)|[ a-z]){0,6}") {
        for (flavor, wide) in [(Flavor::Msvcrt, false), (Flavor::Ucrt, false), (Flavor::Msvcrt, true), (Flavor::Ucrt, true)] {
            let options = match flavor {
                Flavor::Msvcrt => Options::msvcrt(true),
                Flavor::Ucrt => Options::ucrt(1),
            };
            let mut memory = vec![[0u64; 8]; 40];

            let mut arguments = Alternating { memory: &mut memory, next: 0 };
            let units: (Vec<u16>, Vec<u16>) = (input.encode_utf16().collect(), format.encode_utf16().collect());
            let result = match wide {
                true => scan::read(&mut Text(units.0.into_iter()), &units.1, &options, &CLocale, &mut arguments),
                false => scan::read(&mut Text(input.bytes()), format.as_bytes(), &options, &CLocale, &mut arguments),
            };
            prop_assert!((-1..=7).contains(&result));
        }
    }

    #[test]
    fn numbers_come_back(number in any::<i64>(), value in any::<f64>()) {
        let (mut long, mut double) = (0i64, 0f64);
        let slots = [(&raw mut long) as u64, (&raw mut double) as u64];
        // SAFETY: the slots point to what the format asks for.
        let mut arguments = unsafe { VaList::new(slots.as_ptr().cast()) };
        let text = format!(" {number}\t{value:e} ");
        let result = scan::read(&mut Text(text.bytes()), b"%I64d%lf", &Options::ucrt(0), &CLocale, &mut arguments);
        prop_assert_eq!((result, long), (2, number));
        prop_assert!(double == value || value.is_nan() && double.is_nan());
    }
}

/// Gives each pointer a place of its own, and 64 bytes as the size of each text.
struct Alternating<'a> {
    memory: &'a mut [[u64; 8]],
    next: usize,
}

// SAFETY: every pointer has 64 bytes, and texts are told that they have 32 units.
unsafe impl crt::Arguments for Alternating<'_> {
    fn int(&mut self) -> i32 {
        32
    }
    fn long(&mut self) -> u64 {
        32
    }
    fn double(&mut self) -> f64 {
        0.0
    }
    fn pointer(&mut self) -> *mut std::ffi::c_void {
        self.next += 1;
        self.memory[self.next - 1].as_mut_ptr().cast()
    }
}
