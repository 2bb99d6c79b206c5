//! The state of a region's pages, as runs of equal pages.

use gate::map::PAGE;
use std::collections::BTreeMap;

/// The state of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Reserved: no memory behind it.
    Reserved,
    /// Committed with this `PAGE_*` protection.
    Committed(u32),
}

/// Runs of equal pages, by the offset of their first byte in the region.
#[derive(Clone, Debug)]
pub struct Pages {
    starts: BTreeMap<u64, Page>,
    size: u64,
}

/// A run of equal pages: offset, bytes, state.
pub type Run = (u64, u64, Page);

impl Pages {
    /// All pages alike.
    pub fn new(size: u64, page: Page) -> Self {
        Self { starts: BTreeMap::from([(0, page)]), size }
    }

    /// The page at an offset.
    pub fn at(&self, offset: u64) -> Page {
        self.starts.range(..=offset).next_back().map_or(Page::Reserved, |(_, page)| *page)
    }

    /// The run that holds an offset, cut to start at its page.
    pub fn run(&self, offset: u64) -> Run {
        let start = offset & !(PAGE - 1);
        let page = self.at(start);
        let end = self.starts.range(start + 1..).find(|(_, other)| **other != page).map_or(self.size, |(end, _)| *end);
        (start, end - start, page)
    }

    /// The runs of a range, in order.
    pub fn runs(&self, start: u64, end: u64) -> impl Iterator<Item = Run> + '_ {
        let mut at = start;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let (offset, size, page) = self.run(at);
                let size = size.min(end - offset);
                at = offset + size;
                (offset, size, page)
            })
        })
    }

    /// Sets a range of pages.
    pub fn set(&mut self, start: u64, end: u64, page: Page) {
        let behind = (end < self.size).then(|| self.at(end));
        let before = start.checked_sub(1).map(|last| self.at(last));
        let inner: Vec<u64> = self.starts.range(start..=end).map(|(offset, _)| *offset).collect();
        for offset in inner {
            self.starts.remove(&offset);
        }
        if before != Some(page) {
            self.starts.insert(start, page);
        }
        if let Some(behind) = behind.filter(|behind| *behind != page) {
            self.starts.insert(end, behind);
        }
    }

    /// Whether every page of a range is committed.
    pub fn all_committed(&self, start: u64, end: u64) -> bool {
        self.runs(start, end).all(|(_, _, page)| matches!(page, Page::Committed(_)))
    }

    /// Bytes that are committed.
    pub fn committed(&self) -> u64 {
        self.runs(0, self.size).filter(|(_, _, page)| matches!(page, Page::Committed(_))).map(|(_, size, _)| size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with a plain array of pages, over a fixed sequence of ranges.
    #[test]
    fn runs_agree_with_an_array_of_pages() {
        const COUNT: usize = 37;
        let mut pages = Pages::new(COUNT as u64 * PAGE, Page::Reserved);
        let mut model = [Page::Reserved; COUNT];
        let mut seed = 12345_u64;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % below
        };
        for _ in 0..5000 {
            let start = random(COUNT);
            let end = start + 1 + random(COUNT - start);
            let page = [Page::Reserved, Page::Committed(2), Page::Committed(4)][random(3)];
            pages.set(start as u64 * PAGE, end as u64 * PAGE, page);
            model[start..end].fill(page);
            for (index, expected) in model.iter().enumerate() {
                assert_eq!(pages.at(index as u64 * PAGE), *expected);
                let run = model[index..].iter().take_while(|other| *other == expected).count();
                assert_eq!(pages.run(index as u64 * PAGE), (index as u64 * PAGE, run as u64 * PAGE, *expected));
            }
            assert!(pages.starts.iter().zip(pages.starts.iter().skip(1)).all(|(one, next)| one.1 != next.1), "runs are coalesced");
        }
    }
}
