//! The arguments of `printf` rows, and `printf` itself.

use super::{bytes, escape, unescape};
use crt::codec::CLocale;
use crt::format::{self, Error, Memory, Options};
use crt::{Unit, VaList};

/// The arguments of a row: slots of eight bytes, and the memory that they point to.
#[derive(Default)]
pub struct Arguments {
    slots: Vec<u64>,
    memory: Vec<Vec<u16>>,
    counted: Vec<Vec<u64>>,
}

impl Arguments {
    /// These slots, without memory.
    pub fn of(slots: &[u64]) -> Self {
        Self { slots: slots.to_vec(), ..Self::default() }
    }

    /// Reads `i:42 f:1.5 s:text` and so on, as `observe/observe.c` does.
    pub fn parse(list: &str) -> Self {
        let mut all = Self::default();
        for word in list.split(' ').filter(|word| !word.is_empty()) {
            let value = &word[2..];
            let slot = match &word[..1] {
                "i" => value.parse::<i64>().unwrap() as u32 as u64 | 0xDEAD_BEEF << 32,
                "q" => value.parse::<i128>().unwrap() as u64,
                "b" | "p" => u64::from_str_radix(value, 16).unwrap(),
                "f" => value.parse::<f64>().unwrap().to_bits(),
                "s" => all.keep(pack(&unescape(value))),
                "w" => all.keep(unescape(value)),
                "z" | "Z" => all.keep_counted(&unescape(value), word.starts_with('Z')),
                _ => 0,
            };
            all.slots.push(slot);
        }
        all
    }

    fn keep(&mut self, mut units: Vec<u16>) -> u64 {
        units.push(0);
        self.memory.push(units);
        self.memory[self.memory.len() - 1].as_ptr() as u64
    }

    /// An `ANSI_STRING` or `UNICODE_STRING`: two lengths in bytes, then the pointer.
    fn keep_counted(&mut self, units: &[u16], wide: bool) -> u64 {
        let length = (units.len() as u64) << u32::from(wide);
        let buffer = self.keep(if wide { units.to_vec() } else { pack(units) });
        self.counted.push(vec![length | length << 16, buffer]);
        self.counted[self.counted.len() - 1].as_ptr() as u64
    }

    fn list(&self) -> VaList<'_> {
        // SAFETY: the rows' arguments suit their formats.
        unsafe { VaList::new(self.slots.as_ptr().cast()) }
    }
}

/// Bytes, two to a unit.
fn pack(units: &[u16]) -> Vec<u16> {
    let mut bytes = bytes(units);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Prints into enough room.
pub fn print<C: Unit>(format: &[u16], options: &Options, positional: bool, arguments: &Arguments) -> Result<Vec<C>, Error> {
    let format: Vec<C> = format.iter().map(|&unit| C::from_code(unit.into())).collect();
    let mut room = vec![C::NUL; 4000];
    let mut memory = Memory::from_slice(&mut room);
    let count = match positional {
        false => format::write(&mut memory, &format, options, &CLocale, &mut arguments.list()),
        true => format::write_positional(&mut memory, &format, options, &CLocale, &mut arguments.list()),
    }?;
    assert_eq!(count as usize, memory.length());
    room.truncate(count as usize);
    Ok(room)
}

/// The text as rows show it, or the error.
pub fn shown<C: Unit>(result: Result<Vec<C>, Error>) -> String {
    match result {
        Ok(units) => escape(units.iter().map(|unit| unit.code() as u16), false),
        Err(error) => format!("!{}", error.errno().unwrap().code()),
    }
}
