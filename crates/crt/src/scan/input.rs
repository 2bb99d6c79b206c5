//! Where `scanf` reads from.

use crate::{Unit, Units};

/// A stream or a string.
pub trait Input<C: Unit> {
    /// The next unit; nothing at the end.
    fn next(&mut self) -> Option<C>;
    /// Takes the unit that was read last back; called once at most, at the end.
    fn back(&mut self, unit: C);
}

/// A string as input, from anything that gives its units: a slice's iterator, or [`Units`] for one that ends with a NUL.
#[derive(Clone, Debug)]
pub struct Text<I>(pub I);

impl<'a, C: Unit> Text<Units<'a, C>> {
    /// # Safety
    /// As for [`Units::new`].
    pub unsafe fn new(at: *const C) -> Self {
        // SAFETY: the caller vouches for it.
        Self(unsafe { Units::new(at) })
    }
}

impl<C: Unit, I: Iterator<Item = C>> Input<C> for Text<I> {
    fn next(&mut self) -> Option<C> {
        self.0.next()
    }
    fn back(&mut self, _unit: C) {}
}
