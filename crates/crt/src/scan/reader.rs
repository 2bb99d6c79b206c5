//! The input of one call, with one unit of look-ahead.

use super::Input;
use crate::Unit;

pub(super) struct Reader<'a, C: Unit> {
    input: &'a mut dyn Input<C>,
    ahead: Option<C>,
    ended: bool,
    taken: usize,
}

impl<'a, C: Unit> Reader<'a, C> {
    pub(super) fn new(input: &'a mut dyn Input<C>) -> Self {
        Self { input, ahead: None, ended: false, taken: 0 }
    }

    /// The next unit, which stays in the input.
    pub(super) fn peek(&mut self) -> Option<C> {
        if self.ahead.is_none() && !self.ended {
            self.ahead = self.input.next();
            self.ended = self.ahead.is_none();
        }
        self.ahead
    }

    pub(super) fn next(&mut self) -> Option<C> {
        let unit = self.peek();
        self.ahead = None;
        self.taken += usize::from(unit.is_some());
        unit
    }

    /// How many units were taken out of the input.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Gives the look-ahead back.
    pub(super) fn finish(&mut self) {
        if let Some(unit) = self.ahead.take() {
            self.input.back(unit);
        }
    }
}
