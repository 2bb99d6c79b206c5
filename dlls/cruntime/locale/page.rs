//! A code page's characters: classes, case, and what they are in Unicode.

use super::super::lock::{self, Guarded};
use alloc::boxed::Box;
use alloc::vec::Vec;
use crt::codec::{Bytes, CLocale, Utf8, Wide};
use crt::{Codec, Flavor, class};
use guest::nls;

/// The tables of a code page, made once.
pub struct Page {
    /// The page's number, 0 for the "C" locale.
    pub number: u32,
    /// The classes, with that of EOF first.
    pub classes: [u16; 257],
    pub lower: [u8; 256],
    pub upper: [u8; 256],
    wide: [u16; 256],
}

static PAGES: Guarded<Vec<&'static Page>> = Guarded::new(lock::LOCALE, Vec::new());

impl Page {
    /// The tables of the page with this number.
    pub fn of(number: u32) -> &'static Self {
        PAGES.with(|pages| match pages.iter().find(|page| page.number == number) {
            Some(page) => *page,
            None => {
                let page: &'static Self = Box::leak(Box::new(Self::new(number)));
                pages.push(page);
                page
            }
        })
    }

    fn new(number: u32) -> Self {
        let mut page = Self { number, classes: class::NARROW, lower: [0; 256], upper: [0; 256], wide: core::array::from_fn(|byte| byte as u16) };
        for byte in 0..=255u8 {
            page.lower[usize::from(byte)] = class::to_lower(byte);
            page.upper[usize::from(byte)] = class::to_upper(byte);
        }
        if number == 0 || number == nls::UTF8 {
            return page;
        }
        let bytes: Vec<u8> = (0..=255).collect();
        for (place, unit) in page.wide.iter_mut().zip(nls::to_wide(number, &bytes, false).unwrap_or_default()) {
            *place = unit;
        }
        for byte in 0x80..=255u8 {
            let unit = page.wide[usize::from(byte)];
            page.classes[usize::from(byte) + 1] = class::wide(Flavor::Msvcrt, unit) & !class::LEAD_BYTE;
            page.lower[usize::from(byte)] = page.byte(class::unicode_lower(unit)).unwrap_or(byte);
            page.upper[usize::from(byte)] = page.byte(class::unicode_upper(unit)).unwrap_or(byte);
        }
        page
    }

    /// Whether it is UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.number == nls::UTF8
    }

    fn byte(&self, unit: u16) -> Option<u8> {
        if unit < 0x80 {
            return Some(unit as u8);
        }
        self.wide.iter().position(|other| *other == unit).map(|byte| byte as u8)
    }
}

impl Codec for Page {
    fn longest(&self) -> usize {
        if self.is_utf8() { Utf8.longest() } else { 1 }
    }

    fn decode(&self, bytes: &[u8]) -> Option<(Wide, usize)> {
        match self.number {
            0 => CLocale.decode(bytes),
            nls::UTF8 => Utf8.decode(bytes),
            _ => bytes.first().map(|byte| (Wide::one(self.wide[usize::from(*byte)]), 1)),
        }
    }

    fn encode(&self, units: &[u16]) -> Option<(Bytes, usize)> {
        match self.number {
            0 => CLocale.encode(units),
            nls::UTF8 => Utf8.encode(units),
            _ => Some((Bytes::new(&[self.byte(*units.first()?)?]), 1)),
        }
    }
}
