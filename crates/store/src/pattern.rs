//! Patterns of file names, as FindFirstFile's documentation and RtlIsNameInExpression have them, letter case aside.
//!
//! A pattern is the program's, and so are the names: the places that the pattern can be at are bits of a word, or of a few, so that each
//! unit of a name costs some operations on them, whatever the pattern is.

use crate::case::{fold, upcase};
use crate::short::{may_be_short, short_name};

const STAR: u16 = b'*' as u16;
const QUESTION: u16 = b'?' as u16;
const DOS_STAR: u16 = b'<' as u16;
const DOS_QUESTION: u16 = b'>' as u16;
const DOS_DOT: u16 = b'"' as u16;
const DOT: u16 = b'.' as u16;

/// A pattern of file names: `*` and `?`, and what FindFirstFile makes of DOS patterns (`<`, `>` and `"`).
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    given: Vec<u16>,
    places: Places,
}

/// Which places of a pattern hold what: a bit for each, and one for its end.
#[derive(Clone, Debug, Default)]
struct Places {
    stars: Set,
    dos_stars: Set,
    questions: Set,
    dos_questions: Set,
    dos_dots: Set,
    /// Units that stand for themselves, sorted.
    literals: Vec<(u16, Set)>,
    none: Set,
    end: usize,
}

/// A set of places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn with_places(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn add(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    fn has(&self, place: usize) -> bool {
        self.0[place / 64] & 1 << (place % 64) != 0
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Adds those of two sets' places that are in both.
    fn add_both(&mut self, one: &Self, other: &Self) {
        for (own, (one, other)) in self.0.iter_mut().zip(one.0.iter().zip(&other.0)) {
            *own |= one & other;
        }
    }

    /// Adds the places behind those that are in both.
    fn add_behind(&mut self, one: &Self, other: &Self) {
        let mut carry = 0;
        for (own, (one, other)) in self.0.iter_mut().zip(one.0.iter().zip(&other.0)) {
            let both = one & other;
            *own |= both << 1 | carry;
            carry = both >> 63;
        }
    }

    /// Adds every place that is reached from one of these by passing places of `free`. A sum does that: its carry runs through a row of
    /// ones up to the place behind it.
    fn flow(&mut self, free: &Self) {
        let mut carry = false;
        for (own, free) in self.0.iter_mut().zip(&free.0) {
            let (sum, over) = (*own & free).overflowing_add(*free);
            let (sum, again) = sum.overflowing_add(carry.into());
            carry = over || again;
            *own |= sum ^ free;
        }
    }

    fn remove(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= !other;
        }
    }
}

impl Places {
    fn of(pattern: &[u16]) -> Self {
        let none = Set::with_places(pattern.len() + 1);
        let set = |wanted: u16| {
            let mut set = none.clone();
            pattern.iter().enumerate().filter(|(_, unit)| **unit == wanted).for_each(|(place, _)| set.add(place));
            set
        };
        let mut literals: Vec<u16> =
            pattern.iter().copied().filter(|unit| ![STAR, QUESTION, DOS_STAR, DOS_QUESTION, DOS_DOT].contains(unit)).collect();
        literals.sort_unstable();
        literals.dedup();
        Self {
            stars: set(STAR),
            dos_stars: set(DOS_STAR),
            questions: set(QUESTION),
            dos_questions: set(DOS_QUESTION),
            dos_dots: set(DOS_DOT),
            literals: literals.into_iter().map(|unit| (unit, set(unit))).collect(),
            none,
            end: pattern.len(),
        }
    }

    fn literal(&self, unit: u16) -> &Set {
        self.literals.binary_search_by_key(&unit, |(unit, _)| *unit).map_or(&self.none, |found| &self.literals[found].1)
    }

    /// What can be passed without a unit: stars always; at the name's end also DOS question marks and dots.
    fn pass(&self, at: &mut Set, free: &Set, free_at_end: &Set, ends: bool) {
        at.flow(if ends { free_at_end } else { free });
    }

    fn fits(&self, name: &[u16]) -> bool {
        let union = |sets: &[&Set]| {
            let mut union = self.none.clone();
            sets.iter().for_each(|set| union.add_both(set, set));
            union
        };
        let free = union(&[&self.stars, &self.dos_stars]);
        let free_at_end = union(&[&free, &self.dos_questions, &self.dos_dots]);
        let takes_dot = union(&[&self.questions, &self.dos_dots, self.literal(DOT)]);
        let last_dot = name.iter().rposition(|unit| *unit == DOT);
        let (mut at, mut next, mut behind) = (self.none.clone(), self.none.clone(), self.none.clone());
        at.add(0);
        self.pass(&mut at, &free, &free_at_end, name.is_empty());
        for (index, unit) in name.iter().enumerate() {
            let unit = upcase(*unit);
            next.clear();
            next.add_both(&at, &self.stars);
            // Everything up to the last dot, which is left to what follows.
            if Some(index) != last_dot {
                next.add_both(&at, &self.dos_stars);
            }
            next.add_behind(&at, &self.questions);
            next.add_behind(&at, self.literal(unit));
            if unit == DOT {
                next.add_behind(&at, &self.dos_dots);
                // At a dot a row of DOS question marks stands for nothing, and what follows them must take it.
                behind.clear();
                behind.add_both(&at, &self.dos_questions);
                behind.flow(&self.dos_questions);
                behind.remove(&self.dos_questions);
                next.add_both(&behind, &self.stars);
                next.add_behind(&behind, &takes_dot);
            } else {
                next.add_behind(&at, &self.dos_questions);
            }
            self.pass(&mut next, &free, &free_at_end, index + 1 == name.len());
            std::mem::swap(&mut at, &mut next);
        }
        at.has(self.end)
    }
}

impl Pattern {
    /// A pattern; empty means everything.
    pub fn new(pattern: &[u16]) -> Self {
        Self { given: pattern.to_vec(), places: Places::of(&fold(pattern)) }
    }

    /// The one name that fits, where there are no wildcards.
    pub fn literal(&self) -> Option<&[u16]> {
        const WILD: [u16; 5] = [STAR, QUESTION, DOS_STAR, DOS_QUESTION, DOS_DOT];
        let is_literal = !self.given.is_empty() && !self.given.iter().any(|unit| WILD.contains(unit));
        is_literal.then_some(self.given.as_slice())
    }

    /// The one name that fits, where that may be the short name of something else.
    pub fn is_short(&self) -> bool {
        self.literal().is_some_and(may_be_short)
    }

    /// Whether something fits by its name, or by its short name (FindFirstFile's documentation: a search includes both).
    pub fn fits(&self, name: &[u16]) -> bool {
        self.fits_name(name) || short_name(name).is_some_and(|short| self.fits_name(&short))
    }

    /// Whether a name fits.
    fn fits_name(&self, name: &[u16]) -> bool {
        self.given.is_empty() || self.given == [STAR] || self.places.fits(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    /// The same rules, as they are said: what is left of a pattern against what is left of a name.
    fn says(pattern: &[u16], name: &[u16]) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return name.is_empty() };
        let dots = name.iter().filter(|unit| **unit == DOT).count();
        match (*first, name.split_first()) {
            (STAR, _) => says(rest, name) || !name.is_empty() && says(pattern, &name[1..]),
            (DOS_STAR, Some((unit, left))) => says(rest, name) || (*unit != DOT || dots > 1) && says(pattern, left),
            (DOS_QUESTION, Some((&DOT, left))) => {
                let behind = pattern.iter().position(|unit| *unit != DOS_QUESTION).map_or(&[][..], |at| &pattern[at..]);
                match behind.first() {
                    Some(&STAR) => says(behind, left),
                    Some(&(DOT | DOS_DOT | QUESTION)) => says(&behind[1..], left),
                    _ => false,
                }
            }
            (DOS_DOT, Some((unit, left))) => *unit == DOT && says(rest, left),
            (QUESTION | DOS_QUESTION, Some((_, left))) => says(rest, left),
            (DOS_STAR | DOS_QUESTION | DOS_DOT, None) => says(rest, name),
            (_, None) => false,
            (literal, Some((unit, left))) => literal == upcase(*unit) && says(rest, left),
        }
    }

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("", "anything", true),
            ("*", "a.b", true),
            ("*.txt", "A.TXT", true),
            ("*.txt", "a.txt.bak", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            // FindFirstFile turns `*.` into `<`, `?` into `>`, and a dot before a wildcard into `"`.
            ("<", "name", true),
            ("<", "name.ext", false),
            ("<.ext", "a.b.ext", true),
            ("<.b", "a.b.ext", false),
            ("NAME\"*", "name", true),
            ("NAME\"*", "name.ext", true),
            ("<\"*", "name", true),
            ("<\"*", "name.ext", true),
            (">>>>>>>>\">>>", "readme.md", true),
            (">>>>>>>>\">>>", "readme", true),
            (">>>\">>>", "readme", false),
            ("a>>", "a", true),
            ("a??", "a", false),
        ] {
            assert_eq!(Pattern::new(&wide(pattern)).fits(&wide(name)), fits, "{pattern} against {name}");
            assert!(says(&fold(&wide(pattern)), &wide(name)) == fits || pattern.is_empty(), "{pattern} against {name}, as it is said");
        }
    }

    /// The longest name and pattern there are, on a folder of many names: a second at most, where each unit of the one was held against each
    /// of the other before.
    #[test]
    fn a_hostile_pattern_takes_no_longer_than_others() {
        let name = wide(&"0".repeat(240));
        let slowest = ["*0", "?*", ">*", "<0", "*.\"<>"].map(|piece| {
            let pattern = Pattern::new(&wide(&(piece.repeat(500 / piece.len()) + "z")));
            let begun = Instant::now();
            assert!((0..100).all(|_| !pattern.fits(&name)), "{piece}");
            begun.elapsed()
        });
        assert!(slowest.iter().all(|took| *took < Duration::from_secs(1)), "{slowest:?}");
    }

    proptest! {
        #[test]
        fn bits_say_what_the_rules_say(pattern in "[ab.*?<>\"]{0,12}", name in "[aAb.]{0,10}", filler in 0_usize..3) {
            // With rows of single places before it the pattern spans several words.
            let (before, pattern, name) = (filler * 55, wide(&pattern), wide(&name));
            let long: Vec<u16> = std::iter::repeat_n(QUESTION, before).chain(pattern.iter().copied()).collect();
            let longer: Vec<u16> = std::iter::repeat_n(u16::from(b'x'), before).chain(name.iter().copied()).collect();
            prop_assert_eq!(Places::of(&fold(&long)).fits(&longer), says(&fold(&pattern), &name));
        }

        #[test]
        fn rows_over_several_words_are_passed(row in 1_usize..200, name in "[a.]{0,80}", last in "[a.*\"]") {
            for unit in [DOS_QUESTION, DOS_STAR, STAR] {
                let pattern: Vec<u16> = std::iter::repeat_n(unit, row).chain(wide(&last)).collect();
                // A row of stars is one star; a longer row of question marks than the name is a row as long as it.
                let short: Vec<u16> = match unit {
                    DOS_QUESTION => std::iter::repeat_n(unit, row.min(name.len() + 1)).chain(wide(&last)).collect(),
                    _ => std::iter::once(unit).chain(wide(&last)).collect(),
                };
                prop_assert_eq!(Places::of(&fold(&pattern)).fits(&wide(&name)), says(&fold(&short), &wide(&name)));
            }
        }
    }
}
