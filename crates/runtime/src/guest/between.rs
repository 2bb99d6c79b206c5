//! The places between guest code and the runtime.

/// Where a thread stands that was interrupted between guest code and a service.
pub enum Between {
    /// On its way in, which starts there: nothing has happened yet but that the stack was changed.
    Entering(u64),
    /// On its way out: all that is left is to go back to the guest's stack.
    Leaving,
}
