//! Stacks grow as their guard pages are hit: a thread's own, and those that belong to no thread, the fibers', whichever
//! thread is on them.

use super::Thread;
use crate::memory::{self, Stack, StackSize};
use crate::serve::{Answer, Serve};
use crate::{process, user};
use gate::service::{CreateStack, FreeStack};
use gate::teb::offset64 as teb;
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
        let guaranteed = user::read::<u32>(self.teb + teb::GUARANTEED_STACK_BYTES as u64).unwrap_or(0);
        let grown = stack.grow(page, guaranteed.into());
        let _ = user::write(self.teb + teb::STACK_LIMIT as u64, &stack.limit);
        Some(grown)
    }

    /// Grows a stack of no thread after its guard page was hit, as [`Thread::grow_stack`] does.
    fn grow_other_stack(&self, page: u64) -> Option<bool> {
        let mut stacks = stacks();
        let (allocation, stack) = stacks.range_mut(..=page).next_back().filter(|(_, stack)| stack.holds(page))?;
        let guaranteed = user::read::<u32>(self.teb + teb::GUARANTEED_STACK_BYTES as u64).unwrap_or(0);
        let grown = stack.grow(page, guaranteed.into());
        if user::read::<u64>(self.teb + teb::DEALLOCATION_STACK as u64) == Ok(*allocation) {
            let _ = user::write(self.teb + teb::STACK_LIMIT as u64, &stack.limit);
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
