//! The numbers that files are known by: one that is copied while somebody has it open keeps its own.

use crate::case::upcase;
use crate::metadata::Metadata;
use crate::path::Path;
use std::collections::HashMap;

/// Numbers of what lies above have this bit.
const ABOVE: u64 = 1 << 63;

/// What is known of numbers since the volume was opened.
#[derive(Debug, Default)]
pub struct Ids {
    /// What was copied: the number it is known by, and the one it has above.
    copied: HashMap<u64, u64>,
    shown: HashMap<u64, u64>,
    opens: HashMap<u64, Opens>,
}

/// The opens of what is known by one number. Some may have been of the host's file and some of its copy; the end of one does not say of
/// which it was, and so the store above hears of all of them with the last.
#[derive(Debug, Default)]
struct Opens {
    all: u64,
    /// Those above, and the number there.
    above: Option<(u64, u64)>,
    /// Somebody reads the bytes that the host has.
    read: bool,
}

impl Ids {
    /// The number that something above is known by.
    pub fn of_above(&self, number: u64) -> u64 {
        self.shown.get(&number).copied().unwrap_or(number | ABOVE)
    }

    /// The number above of what is known by a number; `None` where it is the host's.
    pub fn above_of(&self, shown: u64) -> Option<u64> {
        if shown & ABOVE != 0 { Some(shown & !ABOVE) } else { self.copied.get(&shown).copied() }
    }

    /// What lies above was opened.
    pub fn opened_above(&mut self, shown: u64, number: u64) {
        let opens = self.opens.entry(shown).or_default();
        opens.all += 1;
        opens.above = Some((number, opens.above.map_or(0, |(_, above)| above) + 1));
    }

    /// What the host has was opened.
    pub fn opened_below(&mut self, shown: u64, read: bool) {
        let opens = self.opens.entry(shown).or_default();
        opens.all += 1;
        opens.read |= read;
    }

    /// Whether somebody reads the bytes that the host has of a file.
    pub fn is_read(&self, shown: u64) -> bool {
        self.opens.get(&shown).is_some_and(|opens| opens.read)
    }

    /// An open has ended. With the last one: what had been open above, and how often.
    pub fn released(&mut self, shown: u64) -> Option<(u64, u64)> {
        let opens = self.opens.get_mut(&shown)?;
        opens.all -= 1;
        if opens.all > 0 {
            return None;
        }
        self.opens.remove(&shown)?.above
    }

    /// What was the host's is above now.
    pub fn copied(&mut self, shown: u64, number: u64) {
        self.copied.insert(shown, number);
        self.shown.insert(number, shown);
    }

    /// It has gone: the host may give its number to another file.
    pub fn forget(&mut self, shown: u64) {
        if let Some(number) = self.copied.remove(&shown) {
            self.shown.remove(&number);
        }
    }
}

/// The number that something of the host's is known by. Of a file with several names each is a file of its own, since each is copied
/// by itself.
pub fn of_below(path: &Path, metadata: &Metadata) -> u64 {
    let mut hasher = blake3::Hasher::new();
    if metadata.links > 1 && !metadata.folder {
        path.units().iter().for_each(|unit| {
            hasher.update(&upcase(*unit).to_le_bytes());
        });
    } else {
        hasher.update(&metadata.id.to_le_bytes()).update(&metadata.device.to_le_bytes());
    }
    let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h]) & !ABOVE
}
