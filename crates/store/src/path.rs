//! Paths in a volume.

use crate::name::{is_valid, same};
use std::sync::Arc;

const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;

/// How long a path may be, in UTF-16 units: whatever is longer nobody could say.
pub const LONGEST: usize = 32_767;

/// Names as Windows says them, each of an entry of the one before it. Without any it is the place that paths start from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// With backslashes between: a path is one piece of memory, however long it is, and its copies are the same piece.
    units: Arc<Vec<u16>>,
}

impl Path {
    /// Takes a path whose names are parted by backslashes; `None` where a part is no name, or is `.` or `..`.
    pub fn parse(units: &[u16]) -> Option<Self> {
        let is_name = |name: &[u16]| is_valid(name) && name != [DOT] && name != [DOT, DOT];
        (units.is_empty() || units.split(|unit| *unit == BACKSLASH).all(is_name)).then(|| Self { units: Arc::new(units.to_vec()) })
    }

    /// Whether two are one piece of memory.
    pub fn is_shared(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.units, &other.units)
    }

    /// Its names with backslashes between.
    pub fn units(&self) -> &[u16] {
        &self.units
    }

    /// Whether it has no names.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Its names.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &[u16]> {
        let any = !self.is_empty();
        self.units.split(|unit| *unit == BACKSLASH).filter(move |_| any)
    }

    /// How many names it has.
    pub fn count(&self) -> usize {
        self.names().count()
    }

    /// Its last name.
    pub fn last(&self) -> Option<&[u16]> {
        self.names().next_back()
    }

    /// Adds a name.
    pub fn push(&mut self, name: &[u16]) {
        let units = Arc::make_mut(&mut self.units);
        if !units.is_empty() {
            units.push(BACKSLASH);
        }
        units.extend_from_slice(name);
    }

    /// Takes the last name away.
    pub fn pop(&mut self) {
        let end = self.units.iter().rposition(|unit| *unit == BACKSLASH).unwrap_or(0);
        Arc::make_mut(&mut self.units).truncate(end);
    }

    /// With the names of another behind.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        match (self.is_empty(), below.is_empty()) {
            (true, _) => below.clone(),
            (_, true) => self.clone(),
            _ => self.names().chain(below.names()).collect(),
        }
    }

    /// Its first so many names.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        self.names().take(count).collect()
    }

    /// What is left of it below a folder, letter case aside.
    pub fn below(&self, folder: &Self) -> Option<Self> {
        if folder.is_empty() {
            return Some(self.clone());
        }
        let (head, tail) = self.units.split_at_checked(folder.units.len())?;
        let rest = match tail {
            [] => tail,
            [BACKSLASH, rest @ ..] => rest,
            _ => return None,
        };
        same(head, &folder.units).then(|| Self { units: Arc::new(rest.to_vec()) })
    }
}

impl<N: AsRef<[u16]>> FromIterator<N> for Path {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        let mut units = Vec::new();
        for name in names {
            if !units.is_empty() {
                units.push(BACKSLASH);
            }
            units.extend_from_slice(name.as_ref());
        }
        Self { units: Arc::new(units) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(&text.encode_utf16().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn names_come_as_they_were_put() {
        assert_eq!((path("").count(), path("").last(), path("a").count()), (0, None, 1));
        let mut long = path("a\\bc");
        assert_eq!(long.names().collect::<Path>(), long);
        long.push(&[0x64]);
        assert_eq!((&long, long.count(), long.first(1)), (&path("a\\bc\\d"), 3, path("a")));
        assert_eq!(path("a").join(&path("b\\c")), path("a\\b\\c"));
        for left in ["a\\bc", "a", "", ""] {
            long.pop();
            assert_eq!(long, path(left));
        }
    }

    #[test]
    fn what_lies_below_a_folder_is_told_by_whole_names() {
        for (text, folder, below) in [
            ("a\\b", "", Some("a\\b")),
            ("a\\b", "A", Some("b")),
            ("a\\b", "a\\B", Some("")),
            ("ab\\c", "a", None),
            ("a", "a\\b", None),
            ("a\\b", "c", None),
        ] {
            assert_eq!(path(text).below(&path(folder)), below.map(path), "{text} below {folder}");
        }
    }

    #[test]
    fn what_is_no_name_is_no_path() {
        for text in ["\\", "a\\", "a\\\\b", "a\\..\\b", ".", "a/b", "a\0b"] {
            assert_eq!(Path::parse(&text.encode_utf16().collect::<Vec<_>>()), None, "{text}");
        }
    }
}
