//! A list in order that is found by key and by position: programs enumerate by index, and a key may have a million subkeys.

/// A piece is parted when it is longer than that.
const LONGEST: usize = 256;

/// Entries in the order of their keys, in pieces.
#[derive(Debug)]
pub struct Sorted<K, V> {
    pieces: Vec<Vec<(K, V)>>,
    length: usize,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { pieces: Vec::new(), length: 0 }
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The piece in which a key is or would be.
    fn piece<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: std::borrow::Borrow<Q>,
    {
        self.pieces.partition_point(|piece| piece.last().is_some_and(|(last, _)| last.borrow() < key)).min(self.pieces.len().saturating_sub(1))
    }

    /// Where a key is: its piece, and its place there or the place where it would be.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: std::borrow::Borrow<Q>,
    {
        let piece = self.piece(key);
        let place = self.pieces.get(piece).map_or(Err(0), |entries| entries.binary_search_by(|(other, _)| other.borrow().cmp(key)));
        (piece, place)
    }

    /// What a key stands for.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (piece, place) = self.place(key);
        Some(&self.pieces.get(piece)?[place.ok()?].1)
    }

    /// What a key stands for, to change it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (piece, place) = self.place(key);
        Some(&mut self.pieces.get_mut(piece)?[place.ok()?].1)
    }

    /// Enters a key, over what it stood for.
    pub fn insert(&mut self, key: K, value: V) {
        let (piece, place) = self.place(&key);
        if self.pieces.is_empty() {
            self.pieces.push(Vec::new());
        }
        let entries = &mut self.pieces[piece];
        match place {
            Ok(place) => entries[place].1 = value,
            Err(place) => {
                entries.insert(place, (key, value));
                self.length += 1;
                if entries.len() > LONGEST {
                    // What comes in order leaves full pieces behind it.
                    let at = if place + 1 == entries.len() { entries.len() - 1 } else { entries.len() / 2 };
                    let rest = entries.split_off(at);
                    self.pieces.insert(piece + 1, rest);
                }
            }
        }
    }

    /// Takes a key out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let (piece, place) = self.place(key);
        let place = place.ok()?;
        let (_, value) = self.pieces[piece].remove(place);
        if self.pieces[piece].is_empty() {
            self.pieces.remove(piece);
        }
        self.length -= 1;
        Some(value)
    }

    /// The entries from a position on.
    pub fn from(&self, mut position: usize) -> impl Iterator<Item = (&K, &V)> {
        let mut first = 0;
        while first < self.pieces.len() && position >= self.pieces[first].len() {
            position -= self.pieces[first].len();
            first += 1;
        }
        self.pieces[first..].iter().flatten().skip(position).map(|(key, value)| (key, value))
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.pieces.iter().flatten().map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map_with_positions(steps in proptest::collection::vec((any::<bool>(), 0_u16..600), 0..2000)) {
            let (mut list, mut model) = (Sorted::default(), BTreeMap::new());
            for (step, (inserts, key)) in steps.into_iter().enumerate() {
                if inserts {
                    list.insert(key, step);
                    model.insert(key, step);
                } else {
                    prop_assert_eq!(list.remove(&key), model.remove(&key));
                }
                prop_assert_eq!(list.get(&key), model.get(&key));
            }
            prop_assert_eq!(list.len(), model.len());
            prop_assert!(list.iter().eq(model.iter()));
            for position in [0, 1, model.len() / 2, model.len()] {
                prop_assert!(list.from(position).eq(model.iter().skip(position)));
            }
        }
    }
}
