//! A guest thread's stack: reserved whole, committed from the top, with a guard page that moves down as it is hit.

use super::pages::Page;
use super::region::{Backing, Kind, Region};
use super::space::{Space, lock, page_up};
use gate::map::PAGE;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use std::ffi::c_void;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NO_MEMORY};
use windows_sys::Win32::System::Memory::{PAGE_GUARD, PAGE_READWRITE};

/// How much is committed at once when the guard page is hit: more than Windows' single page, because each hit costs a
/// signal.
const STEP: u64 = 16 * PAGE;

/// What is left for the handlers of an overflow at least, in bytes.
const RESERVED: u64 = 3 * PAGE;

/// How large a stack is wanted, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct StackSize {
    /// Reserved.
    pub reserve: u64,
    /// Committed at once.
    pub commit: u64,
}

impl StackSize {
    /// With another's numbers where this one has none.
    pub fn or(self, other: Self) -> Self {
        let or = |wanted, other| if wanted == 0 { other } else { wanted };
        Self { reserve: or(self.reserve, other.reserve), commit: or(self.commit, other.commit) }
    }
}

/// A stack: where it was allocated, and where its committed part starts and ends.
#[derive(Clone, Copy, Debug)]
pub struct Stack {
    /// The allocation (`TEB.DeallocationStack`).
    pub allocation: u64,
    /// The lowest committed byte above the guard page (`TEB.StackLimit`).
    pub limit: u64,
    /// The end (`TEB.StackBase`).
    pub base: u64,
}

impl Stack {
    /// Reserves a stack and commits its top.
    pub fn new(size: StackSize) -> Result<Self, NTSTATUS> {
        let reserve = size.reserve.max(size.commit).max(4 * STEP).checked_add(0xFFFF).ok_or(STATUS_NO_MEMORY)? & !0xFFFF;
        let commit = page_up(size.commit.max(STEP)).ok_or(STATUS_NO_MEMORY)?.min(reserve - 2 * PAGE);
        let region = Region::new(reserve, Kind::Private, PAGE_READWRITE, Page::Reserved, Backing::Zero);
        let mut space = lock();
        let allocation = space.insert_anywhere(region, 0)?;
        let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE | MapFlags::STACK;
        // SAFETY: the account has just given the place to this stack.
        unsafe { mmap_anonymous(allocation as *mut c_void, reserve as usize, ProtFlags::empty(), flags) }.map_err(|_| STATUS_NO_MEMORY)?;
        let mut stack = Self { allocation, limit: allocation + reserve, base: allocation + reserve };
        let limit = stack.base - commit;
        stack.commit_down_to(&mut space, limit)?;
        Ok(stack)
    }

    /// Commits more, after the guard page at `page` was hit. False when that was the last one: the stack overflows, and
    /// what is left of it (`guaranteed` bytes and some pages) is for the handlers.
    pub fn grow(&mut self, page: u64, guaranteed: u64) -> bool {
        let lowest = self.allocation + PAGE;
        let last = (lowest + guaranteed + RESERVED).min(self.base - 2 * PAGE);
        let limit = if page > last { page.saturating_sub(STEP - PAGE).max(last) } else { lowest };
        // A program may have made a guard page of one that is committed (`_resetstkoflw` does).
        let grown = limit >= self.limit || self.commit_down_to(&mut lock(), limit).is_ok();
        grown && page > last
    }

    /// Whether an address lies in the stack's allocation.
    pub fn holds(&self, address: u64) -> bool {
        (self.allocation..self.base).contains(&address)
    }

    fn commit_down_to(&mut self, space: &mut Space, limit: u64) -> Result<(), NTSTATUS> {
        let guard = limit - PAGE;
        // SAFETY: the range lies in this stack's own region.
        unsafe { mprotect(limit as *mut c_void, (self.limit - limit) as usize, MprotectFlags::READ | MprotectFlags::WRITE) }
            .map_err(|_| STATUS_NO_MEMORY)?;
        space.note(self.allocation, limit - self.allocation, self.limit - limit, Page::Committed(PAGE_READWRITE));
        if guard > self.allocation + PAGE {
            space.note(self.allocation, guard - self.allocation, PAGE, Page::Committed(PAGE_READWRITE | PAGE_GUARD));
        }
        self.limit = limit;
        Ok(())
    }
}
