//! Stacks grow as their guard pages are hit: a thread's own, and those that belong to no thread, the fibers', whichever
//! thread is on them.

use super::Thread;
use crate::memory::{self, Stack, StackSize};
use crate::serve::{Answer, Serve};
use crate::{bitness, process, user};
use gate::service::{CreateStack, FreeStack};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER;

/// The stacks, by where they were allocated.
static STACKS: Mutex<BTreeMap<u64, Stack>> = Mutex::new(BTreeMap::new());

fn stacks() -> MutexGuard<'static, BTreeMap<u64, Stack>> {
    STACKS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Thread {
    /// Grows the stack after its guard page was hit. `None` when the page is no part of it, false on overflow.
    pub fn grow_stack(&self, page: u64) -> Option<bool> {
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        if !stack.holds(page) {
            drop(stack);
            return self.grow_other_stack(page);
        }
        let guaranteed = user::read::<u32>(self.teb + bitness::teb().guaranteed_stack_bytes).unwrap_or(0);
        let grown = stack.grow(page, guaranteed.into());
        let _ = bitness::write_word(self.teb + bitness::teb().stack_limit, stack.limit);
        Some(grown)
    }

    /// Grows a stack of no thread after its guard page was hit, as [`Thread::grow_stack`] does.
    fn grow_other_stack(&self, page: u64) -> Option<bool> {
        let mut stacks = stacks();
        let (allocation, stack) = stacks.range_mut(..=page).next_back().filter(|(_, stack)| stack.holds(page))?;
        let guaranteed = user::read::<u32>(self.teb + bitness::teb().guaranteed_stack_bytes).unwrap_or(0);
        let grown = stack.grow(page, guaranteed.into());
        if bitness::read_word(self.teb + bitness::teb().deallocation_stack) == Ok(*allocation) {
            let _ = bitness::write_word(self.teb + bitness::teb().stack_limit, stack.limit);
        }
        Some(grown)
    }
}

impl Serve for CreateStack {
    fn serve(&mut self) -> Answer {
        let size = StackSize { reserve: self.reserve, commit: self.commit }.or(process::get().stack);
        let stack = Stack::new(size)?;
        (self.allocation, self.limit, self.base) = (stack.allocation, stack.limit, stack.base);
        stacks().insert(stack.allocation, stack);
        Ok(())
    }
}

impl Serve for FreeStack {
    fn serve(&mut self) -> Answer {
        let stack = stacks().remove(&self.allocation).ok_or(STATUS_INVALID_PARAMETER)?;
        memory::lock().remove(stack.allocation);
        Ok(())
    }
}
