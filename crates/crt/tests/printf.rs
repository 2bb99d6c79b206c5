//! `printf`: every row of `data/printf.tsv`.

mod rows;

use crt::Flavor;
use crt::format::Options;
use rows::arguments::{Arguments, print, shown};
use rows::{FLAVORS, unescape};

fn options(flavor: Flavor, kind: &str) -> Options {
    let bits = kind.split_once('/').map_or(0x24, |(_, bits)| u64::from_str_radix(bits, 16).unwrap());
    match flavor {
        Flavor::Msvcrt => Options::MSVCRT,
        Flavor::Ucrt => Options::ucrt(bits),
    }
}

#[test]
fn rows_of_data() {
    let mut differences = rows::Differences::default();
    let mut count = 0;
    for (line, row) in rows::rows(include_str!("data/printf.tsv")) {
        count += 1;
        let (kind, format) = (row[0], unescape(row[1]));
        let arguments = Arguments::parse(row[2]);
        let positional = kind.as_bytes().get(1) == Some(&b'p');
        for (flavor, wanted) in FLAVORS.into_iter().zip(rows::expected(&row, 3)) {
            let options = options(flavor, kind);
            let got = match kind.as_bytes()[0] {
                b'w' => shown(print::<u16>(&format, &options, positional, &arguments)),
                _ => shown(print::<u8>(&format, &options, positional, &arguments)),
            };
            differences.check(|| format!("{line}: {flavor:?} {kind} {} {{{}}}", row[1], row[2]), &got, wanted);
        }
    }
    assert!(count >= 400);
    differences.finish();
}

/// Every row without text comes out the same from the wide functions.
#[test]
fn wide_as_narrow() {
    for (_, row) in rows::rows(include_str!("data/printf.tsv")) {
        let text = row[1].contains(['s', 'S', 'c', 'C', 'Z', '\\']) || row[2].contains(['s', 'w']);
        if text || !row[0].starts_with('n') {
            continue;
        }
        let arguments = Arguments::parse(row[2]);
        for flavor in FLAVORS {
            let (options, positional) = (options(flavor, row[0]), row[0].as_bytes().get(1) == Some(&b'p'));
            let narrow = shown(print::<u8>(&unescape(row[1]), &options, positional, &arguments));
            assert_eq!(shown(print::<u16>(&unescape(row[1]), &options, positional, &arguments)), narrow, "{}", row[1]);
        }
    }
}
