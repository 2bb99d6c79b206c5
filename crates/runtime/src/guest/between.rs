//! The places between guest code and the runtime.

/// Where a thread stands that was interrupted between guest code and a service.
pub enum Between {
    /// On its way in, which starts there: nothing has happened yet but that the stack was changed.
    Entering(u64),
    /// On its way out: all that is left is to go back to the guest's stack.
    Leaving,
}

/// An entry of the gate: the addresses of four of its instructions, in this order.
pub struct Entry {
    /// Where it starts.
    pub start: u64,
    /// Where all is saved.
    pub entered: u64,
    /// From where on the thread counts as running guest code again.
    pub leaving: u64,
    /// Behind the jump back.
    pub left: u64,
}

impl Entry {
    /// Where an instruction stands; `None` for one that is not of the entry, or is inside.
    pub fn between(&self, at: u64) -> Option<Between> {
        if (self.start..self.entered).contains(&at) {
            Some(Between::Entering(self.start))
        } else if (self.leaving..self.left).contains(&at) {
            Some(Between::Leaving)
        } else {
            None
        }
    }
}
