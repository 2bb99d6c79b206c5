//! How tables are walked, and the bound on a walk's work.

use core::{cell::Cell, iter};

use crate::Malformed;

/// What a walk may spend above the image's length, so that small images may share some bytes.
const SLACK: usize = 0x10000;

/// The work that a walk may still do, in bytes looked at.
///
/// An honest table refers to each byte of its image about once. A hostile one refers to the same bytes again and again:
/// every DLL to one long list of names, every name to one long text.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    left: Cell<usize>,
    what: &'static str,
}

impl Budget {
    pub fn new(image: usize, what: &'static str) -> Self {
        Self { left: Cell::new(image.saturating_add(SLACK)), what }
    }

    pub fn spend(&self, bytes: usize) -> Result<(), Malformed> {
        let left = self.left.get().checked_sub(bytes).ok_or(Malformed::Excessive(self.what))?;
        self.left.set(left);
        Ok(())
    }
}

/// Takes steps until there are no more or one fails.
pub(crate) fn steps<T>(mut step: impl FnMut() -> Result<Option<T>, Malformed>) -> impl Iterator<Item = Result<T, Malformed>> {
    let mut going = true;
    iter::from_fn(move || {
        let item = if going { step().transpose() } else { None };
        going = matches!(item, Some(Ok(_)));
        item
    })
}
