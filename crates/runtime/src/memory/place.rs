//! Where a new region goes.

use super::region::Region;
use gate::map::{GRANULARITY, LOWEST};
use std::collections::BTreeMap;

/// The lowest free place of `size` bytes at or above `from` that ends at or below `limit`.
pub fn lowest(regions: &BTreeMap<u64, Region>, size: u64, from: u64, limit: u64) -> Option<u64> {
    let mut candidate = align_up(from)?;
    if let Some((base, region)) = regions.range(..candidate).next_back() {
        candidate = candidate.max(align_up(base + region.size)?);
    }
    for (base, region) in regions.range(candidate..) {
        if base.saturating_sub(candidate) >= size {
            break;
        }
        candidate = align_up(base + region.size)?;
    }
    (candidate.checked_add(size)? <= limit).then_some(candidate)
}

/// The highest free place of `size` bytes that ends at or below `limit`.
pub fn highest(regions: &BTreeMap<u64, Region>, size: u64, limit: u64) -> Option<u64> {
    let mut end = limit;
    for (base, region) in regions.range(..limit).rev() {
        let candidate = end.checked_sub(size)? & !(GRANULARITY - 1);
        if candidate >= base + region.size {
            return (candidate >= LOWEST).then_some(candidate);
        }
        end = end.min(*base);
    }
    let candidate = end.checked_sub(size)? & !(GRANULARITY - 1);
    (candidate >= LOWEST).then_some(candidate)
}

/// The part of the address space that a limit leaves: the guest's own arena, or what lies below the limit.
pub fn bounds(arena: (u64, u64), limit: u64) -> (u64, u64) {
    if limit == 0 || limit >= arena.1 { arena } else { (LOWEST, limit + 1) }
}

fn align_up(address: u64) -> Option<u64> {
    address.checked_add(GRANULARITY - 1).map(|address| address & !(GRANULARITY - 1))
}

#[cfg(test)]
mod tests {
    use super::super::pages::Page;
    use super::super::region::{Backing, Kind};
    use super::*;
    use gate::map::ARENA_END;

    fn regions(taken: &[(u64, u64)]) -> BTreeMap<u64, Region> {
        taken.iter().map(|(base, size)| (*base, Region::new(*size, Kind::Private, 4, Page::Reserved, Backing::Zero))).collect()
    }

    #[test]
    fn gaps_are_found_from_below_and_from_above() {
        let taken = regions(&[(0x10000, 0x1000), (0x30000, 0x10000), (0x80000, 0x10000)]);
        assert_eq!(lowest(&taken, 0x10000, 0x10000, 0x100000), Some(0x20000));
        assert_eq!(lowest(&taken, 0x20000, 0x10000, 0x100000), Some(0x40000));
        assert_eq!(highest(&taken, 0x10000, 0x90000), Some(0x70000));
        assert_eq!(highest(&taken, 0x50000, 0x90000), None);
        assert_eq!(lowest(&taken, 0x100000, 0x10000, 0x100000), None);
    }

    #[test]
    fn sizes_that_overflow_find_no_place() {
        assert_eq!(lowest(&regions(&[]), u64::MAX, 0x10000, ARENA_END), None);
        assert_eq!(highest(&regions(&[]), u64::MAX, ARENA_END), None);
    }
}
