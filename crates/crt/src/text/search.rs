//! Searching strings.

use crate::Unit;

/// `strlen`, `wcslen`: the units before the NUL.
///
/// # Safety
/// `text` points to a NUL-terminated string.
pub unsafe fn length<C: Unit>(text: *const C) -> usize {
    let mut at = text;
    // Whole blocks of 16 bytes never cross into a page that the string does not reach, but they must be aligned.
    loop {
        if at.addr().is_multiple_of(BLOCK) {
            // SAFETY: the block holds a unit of the string or its NUL, so the page is there.
            let zeros = unsafe { zeros(at) };
            if zeros != 0 {
                return (at.addr() - text.addr() + zeros.trailing_zeros() as usize) / size_of::<C>();
            }
            at = at.wrapping_byte_add(BLOCK);
        // SAFETY: no NUL came before.
        } else if unsafe { at.read_unaligned() } == C::NUL {
            return (at.addr() - text.addr()) / size_of::<C>();
        } else {
            at = at.wrapping_add(1);
        }
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// A bit for each byte of the block that belongs to a zero unit.
///
/// # Safety
/// The aligned block at `at` is readable.
unsafe fn zeros<C: Unit>(at: *const C) -> u32 {
    let mask: u32;
    // SAFETY: the instructions read the block, and only that. They are written out, as Rust's own reads may not pass an object's end.
    unsafe {
        if C::WIDE {
            core::arch::asm!(
                "pxor {zero}, {zero}", "pcmpeqw {zero}, [{at}]", "pmovmskb {mask:e}, {zero}",
                at = in(reg) at, zero = out(xmm_reg) _, mask = out(reg) mask, options(pure, readonly, nostack)
            );
        } else {
            core::arch::asm!(
                "pxor {zero}, {zero}", "pcmpeqb {zero}, [{at}]", "pmovmskb {mask:e}, {zero}",
                at = in(reg) at, zero = out(xmm_reg) _, mask = out(reg) mask, options(pure, readonly, nostack)
            );
        }
    }
    mask
}

/// `strnlen`, `wcsnlen`: the units before the NUL, `limit` at most.
///
/// # Safety
/// `text` points to a string that has a NUL or `limit` units.
pub unsafe fn bounded_length<C: Unit>(text: *const C, limit: usize) -> usize {
    // SAFETY: nothing behind the NUL or the limit is read.
    (0..limit).find(|&index| unsafe { text.wrapping_add(index).read_unaligned() } == C::NUL).unwrap_or(limit)
}

/// `strchr`, `wcschr`: the index of the first `unit`; of the NUL behind the text, if that is what is sought.
pub fn find<C: Unit>(text: impl IntoIterator<Item = C>, unit: C) -> Option<usize> {
    text.into_iter().chain([C::NUL]).position(|one| one == unit)
}

/// `strrchr`, `wcsrchr`: the index of the last `unit`; of the NUL behind the text, if that is what is sought.
pub fn find_last<C: Unit>(text: impl IntoIterator<Item = C>, unit: C) -> Option<usize> {
    text.into_iter().chain([C::NUL]).enumerate().filter(|&(_, one)| one == unit).map(|(index, _)| index).last()
}

/// `strstr`, `wcsstr`: the index where `needle` starts in `text` for the first time; 0 for an empty one.
pub fn find_text<C: Unit, I: Iterator<Item = C> + Clone>(text: I, needle: impl IntoIterator<Item = C, IntoIter: Clone>) -> Option<usize> {
    let mut needle = needle.into_iter();
    let Some(first) = needle.next() else { return Some(0) };
    let mut rest = text;
    let mut index = 0;
    while let Some(unit) = rest.next() {
        if unit == first {
            let mut text = rest.clone();
            if needle.clone().all(|wanted| text.next() == Some(wanted)) {
                return Some(index);
            }
        }
        index += 1;
    }
    None
}

/// `strspn`, `wcsspn`: how many units at the start are in `set`.
pub fn span<C: Unit>(text: impl IntoIterator<Item = C>, set: impl IntoIterator<Item = C, IntoIter: Clone>) -> usize {
    let set = Set::new(set.into_iter());
    text.into_iter().take_while(|&unit| set.contains(unit)).count()
}

/// `strcspn`, `wcscspn`: how many units at the start are not in `set`.
pub fn span_until<C: Unit>(text: impl IntoIterator<Item = C>, set: impl IntoIterator<Item = C, IntoIter: Clone>) -> usize {
    let set = Set::new(set.into_iter());
    text.into_iter().take_while(|&unit| !set.contains(unit)).count()
}

/// `strpbrk`, `wcspbrk`: the index of the first unit that is in `set`.
pub fn find_any<C: Unit>(text: impl IntoIterator<Item = C>, set: impl IntoIterator<Item = C, IntoIter: Clone>) -> Option<usize> {
    let set = Set::new(set.into_iter());
    text.into_iter().position(|unit| set.contains(unit))
}

/// A set of units: a bit for each of the first 256, the text for the others.
struct Set<I> {
    bits: [u32; 8],
    units: I,
}

impl<C: Unit, I: Iterator<Item = C> + Clone> Set<I> {
    fn new(units: I) -> Self {
        let mut bits = [0; 8];
        for code in units.clone().map(Unit::code).filter(|&code| code < 256) {
            bits[code as usize / 32] |= 1 << (code % 32);
        }
        Self { bits, units }
    }

    fn contains(&self, unit: C) -> bool {
        match unit.code() {
            code @ 0..256 => self.bits[code as usize / 32] >> (code % 32) & 1 == 1,
            _ => self.units.clone().any(|one| one == unit),
        }
    }
}
