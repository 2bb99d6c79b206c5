//! The address space: its regions, and the operations on them.

use super::pages::Page;
use super::place;
use super::protection::{is_valid, to_host};
use super::region::{Backing, Kind, Region};
use crate::bitness;
use gate::map::{ARENA, ARENA_END, GRANULARITY, GUEST_END, LOWEST, PAGE, TOP};
use gate::service::MemoryRun;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap_anonymous, mprotect, munlock, munmap};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_COMMITMENT_LIMIT, STATUS_CONFLICTING_ADDRESSES, STATUS_FREE_VM_NOT_AT_BASE,
    STATUS_INVALID_PAGE_PROTECTION, STATUS_INVALID_PARAMETER, STATUS_MEMORY_NOT_ALLOCATED, STATUS_NO_MEMORY, STATUS_NOT_COMMITTED, STATUS_NOT_LOCKED,
    STATUS_UNABLE_TO_DELETE_SECTION, STATUS_WORKING_SET_QUOTA,
};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_FREE, MEM_PRIVATE, MEM_RESERVE, PAGE_EXECUTE_READ, PAGE_GUARD, PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE,
};
use windows_sys::Win32::System::SystemServices::MEM_TOP_DOWN;

/// The address space of this process.
pub struct Space {
    regions: BTreeMap<u64, Region>,
    /// Where the next search for a place starts; everything below it was taken when it was last set.
    hint: u64,
    /// Pages that are kept in the machine's memory.
    locked: BTreeSet<u64>,
    extent: Extent,
}

/// Which part of the address space is the guest's.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// Where allocations go that do not say where, from and to.
    arena: (u64, u64),
    /// The end of what it may hold.
    end: u64,
    /// The end of what it may ask about.
    top: u64,
}

/// What the account says of an address that faulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The page's protection allows what failed: another thread has just changed it. Try again.
    Retry,
    /// A guard page, which from now on is an ordinary one.
    Guard,
    /// An access violation.
    Violation,
}

static SPACE: Mutex<Space> = Mutex::new(Space {
    regions: BTreeMap::new(),
    hint: ARENA,
    locked: BTreeSet::new(),
    extent: Extent { arena: (ARENA, ARENA_END), end: GUEST_END, top: TOP },
});

/// The address space, locked. No guest memory may be touched while the lock is held.
pub fn lock() -> MutexGuard<'static, Space> {
    SPACE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Space {
    /// Everything of the guest's lies below an address from now on; before its first allocation.
    pub fn end_at(&mut self, end: u64) {
        self.extent = Extent { arena: (LOWEST, end), end, top: end };
        self.hint = LOWEST;
    }

    /// Reserves, and commits too if `kind` says so, a new region. Answers its base.
    pub fn reserve(&mut self, base: u64, size: u64, kind: u32, protect: u32, limit: u64) -> Result<(u64, u64), NTSTATUS> {
        let start = base & !(GRANULARITY - 1);
        let size = page_up(base - start + size).ok_or(STATUS_NO_MEMORY)?;
        let place = if base == 0 { self.find(size, kind & MEM_TOP_DOWN != 0, limit)? } else { self.check_free(start, size)? };
        let committed = kind & MEM_COMMIT != 0;
        let protection = if committed { ProtFlags::from_bits_retain(to_host(protect).bits()) } else { ProtFlags::empty() };
        map_zero(place, size, protection)?;
        let page = if committed { Page::Committed(protect) } else { Page::Reserved };
        self.regions.insert(place, Region::new(size, Kind::Private, protect, page, Backing::Zero));
        Ok((place, size))
    }

    /// Commits pages of a region; committed ones take the new protection and keep their content.
    pub fn commit(&mut self, base: u64, size: u64, protect: u32) -> Result<(u64, u64), NTSTATUS> {
        let (start, end) = page_range(base, size)?;
        let (region_base, region) = self.holding_mut(start, end).ok_or(STATUS_CONFLICTING_ADDRESSES)?;
        if !matches!(region.kind, Kind::Private) {
            return Err(STATUS_CONFLICTING_ADDRESSES);
        }
        protect_host(start, end - start, protect)?;
        region.pages.set(start - region_base, end - region_base, Page::Committed(protect));
        Ok((start, end - start))
    }

    /// The pages of a range, which must all be committed and of one region.
    pub fn committed_range(&mut self, base: u64, size: u64) -> Result<(u64, u64), NTSTATUS> {
        let (start, end) = page_range(base, size)?;
        let (region_base, region) = self.holding_mut(start, end).ok_or(STATUS_CONFLICTING_ADDRESSES)?;
        if region.pages.all_committed(start - region_base, end - region_base) { Ok((start, end - start)) } else { Err(STATUS_NOT_COMMITTED) }
    }

    /// Gives pages back: they are reserved and empty again. Size 0 with a region's base means all of it.
    pub fn decommit(&mut self, base: u64, size: u64) -> Result<(u64, u64), NTSTATUS> {
        let (start, end) = if size == 0 {
            let region = self.regions.get(&base).ok_or(STATUS_FREE_VM_NOT_AT_BASE)?;
            (base, base + region.size)
        } else {
            page_range(base, size)?
        };
        let (region_base, region) = self.holding_mut(start, end).ok_or(STATUS_MEMORY_NOT_ALLOCATED)?;
        if !matches!(region.kind, Kind::Private) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        map_zero(start, end - start, ProtFlags::empty())?;
        region.pages.set(start - region_base, end - region_base, Page::Reserved);
        self.forget_locks(start, end);
        Ok((start, end - start))
    }

    /// Frees a whole private region.
    pub fn release(&mut self, base: u64, size: u64) -> Result<(u64, u64), NTSTATUS> {
        let Some((region_base, region)) = self.containing(base) else { return Err(STATUS_MEMORY_NOT_ALLOCATED) };
        if region_base != base & !(PAGE - 1) {
            return Err(STATUS_FREE_VM_NOT_AT_BASE);
        }
        if !matches!(region.kind, Kind::Private) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if size != 0 && page_up(size) != Some(region.size) {
            return Err(STATUS_UNABLE_TO_DELETE_SECTION);
        }
        let size = region.size;
        self.remove(region_base);
        Ok((region_base, size))
    }

    /// Changes the protection of committed pages; answers the first page's old one.
    pub fn protect(&mut self, base: u64, size: u64, protect: u32) -> Result<(u64, u64, u32), NTSTATUS> {
        if !is_valid(protect) {
            return Err(STATUS_INVALID_PAGE_PROTECTION);
        }
        let (start, end) = page_range(base, size)?;
        let (region_base, region) = self.holding_mut(start, end).ok_or(STATUS_CONFLICTING_ADDRESSES)?;
        if region.kind == Kind::System {
            return Err(STATUS_CONFLICTING_ADDRESSES);
        }
        let (first, last) = (start - region_base, end - region_base);
        if !region.pages.all_committed(first, last) {
            return Err(STATUS_NOT_COMMITTED);
        }
        let Page::Committed(old) = region.pages.at(first) else { return Err(STATUS_NOT_COMMITTED) };
        protect_host(start, end - start, protect)?;
        region.pages.set(first, last, Page::Committed(protect));
        Ok((start, end - start, old))
    }

    /// Keeps committed pages in the machine's memory; whether all of them were before.
    pub fn lock_pages(&mut self, base: u64, size: u64) -> Result<(u64, u64, bool), NTSTATUS> {
        let (start, end) = page_range(base, size)?;
        let (region_base, region) = self.holding_mut(start, end).ok_or(STATUS_ACCESS_VIOLATION)?;
        let usable = |page| matches!(page, Page::Committed(protect) if protect & (PAGE_NOACCESS | PAGE_GUARD) == 0);
        if !region.pages.runs(start - region_base, end - region_base).all(|(_, _, page)| usable(page)) {
            return Err(STATUS_ACCESS_VIOLATION);
        }
        // SAFETY: the range belongs to the guest, and its content stays as it is.
        unsafe { mlock(start as *mut c_void, (end - start) as usize) }.map_err(|_| STATUS_WORKING_SET_QUOTA)?;
        let pages = (start..end).step_by(PAGE as usize);
        let again = pages.clone().all(|page| self.locked.contains(&page));
        self.locked.extend(pages);
        Ok((start, end - start, again))
    }

    /// Lets pages leave the machine's memory again; each must have been locked.
    pub fn unlock_pages(&mut self, base: u64, size: u64) -> Result<(u64, u64), NTSTATUS> {
        let (start, end) = page_range(base, size)?;
        if !(start..end).step_by(PAGE as usize).all(|page| self.locked.contains(&page)) {
            return Err(STATUS_NOT_LOCKED);
        }
        // SAFETY: the range belongs to the guest, and its content stays as it is.
        let _ = unsafe { munlock(start as *mut c_void, (end - start) as usize) };
        self.forget_locks(start, end);
        Ok((start, end - start))
    }

    fn forget_locks(&mut self, start: u64, end: u64) {
        if !self.locked.is_empty() {
            self.locked.retain(|page| !(start..end).contains(page));
        }
    }

    /// The run of equal pages that starts at an address.
    pub fn query(&self, address: u64) -> Result<MemoryRun, NTSTATUS> {
        let page = address & !(PAGE - 1);
        let Extent { end: guest_end, top, .. } = self.extent;
        if address >= top {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if address >= guest_end {
            let size = top - page;
            return Ok(MemoryRun {
                base: page,
                allocation: guest_end,
                size,
                allocation_protect: PAGE_NOACCESS,
                state: MEM_RESERVE,
                kind: MEM_PRIVATE,
                protect: 0,
            });
        }
        let Some((base, region)) = self.containing(page) else {
            let end = self.regions.range(page..).next().map_or(guest_end, |(next, _)| (*next).min(guest_end));
            return Ok(MemoryRun { base: page, size: end - page, state: MEM_FREE, protect: PAGE_NOACCESS, ..MemoryRun::default() });
        };
        let (offset, size, state) = region.pages.run(page - base);
        let (state, protect) = match state {
            Page::Reserved => (MEM_RESERVE, 0),
            Page::Committed(protect) => (MEM_COMMIT, protect),
        };
        let allocation_protect = region.protect;
        Ok(MemoryRun { base: base + offset, allocation: base, size, allocation_protect, state, protect, kind: region.kind.number() })
    }

    /// Finds a place and enters a region there that its maker maps afterwards.
    pub fn insert_anywhere(&mut self, region: Region, limit: u64) -> Result<u64, NTSTATUS> {
        let base = self.find(region.size, false, limit)?;
        self.regions.insert(base, region);
        Ok(base)
    }

    /// Enters a region at a place, which must be free, that its maker maps afterwards.
    pub fn insert_at(&mut self, base: u64, region: Region) -> Result<u64, NTSTATUS> {
        self.check_free(base, region.size)?;
        self.regions.insert(base, region);
        Ok(base)
    }

    /// Enters what lies at fixed places: the shared page, the shared state, the page that leads 32-bit code to the gate.
    pub fn enter_shared(&mut self) {
        use gate::map::{GATE_32, SHARED_DATA, STATE, STATE_END};
        let narrow = bitness::is_32().then_some((GATE_32, PAGE, PAGE_EXECUTE_READ));
        for (base, size, protect) in [(SHARED_DATA, PAGE, PAGE_READONLY), (STATE, STATE_END - STATE, PAGE_READWRITE)].into_iter().chain(narrow) {
            self.regions.insert(base, Region::new(size, Kind::System, protect, Page::Committed(protect), Backing::Mapped));
        }
    }

    /// Sets the account of pages that their maker has mapped.
    pub fn note(&mut self, base: u64, offset: u64, size: u64, page: Page) {
        if let Some(region) = self.regions.get_mut(&base) {
            region.pages.set(offset, offset + size, page);
        }
    }

    /// Takes a region out, and unmaps it.
    pub fn remove(&mut self, base: u64) -> Option<Region> {
        let region = self.regions.remove(&base)?;
        // SAFETY: the region was this guest's; nothing of the runtime lies there.
        let _ = unsafe { munmap(base as *mut c_void, region.size as usize) };
        self.forget_locks(base, base + region.size);
        self.hint = self.hint.min(base);
        Some(region)
    }

    /// The region that holds an address.
    pub fn containing(&self, address: u64) -> Option<(u64, &Region)> {
        self.regions.range(..=address).next_back().filter(|(base, region)| address - **base < region.size).map(|(base, region)| (*base, region))
    }

    /// Looks at a fault: `write` and `execute` say what was tried.
    pub fn fault(&mut self, address: u64, write: bool, execute: bool) -> Fault {
        let page = address & !(PAGE - 1);
        let Some((base, region)) = self.holding_mut(page, page + PAGE) else { return Fault::Violation };
        let Page::Committed(protect) = region.pages.at(page - base) else { return Fault::Violation };
        if protect & PAGE_GUARD != 0 {
            let ordinary = protect & !PAGE_GUARD;
            region.pages.set(page - base, page - base + PAGE, Page::Committed(ordinary));
            return if protect_host(page, PAGE, ordinary).is_ok() { Fault::Guard } else { Fault::Violation };
        }
        let host = to_host(protect);
        let wanted = if execute {
            rustix::mm::MprotectFlags::EXEC
        } else if write {
            rustix::mm::MprotectFlags::WRITE
        } else {
            rustix::mm::MprotectFlags::READ
        };
        if host.contains(wanted) { Fault::Retry } else { Fault::Violation }
    }

    /// Private bytes that are committed.
    pub fn committed(&self) -> u64 {
        self.regions.values().filter(|region| region.kind == Kind::Private).map(|region| region.pages.committed()).sum()
    }

    /// Bytes that are taken in any way.
    pub fn reserved(&self) -> u64 {
        self.regions.values().map(|region| region.size).sum()
    }

    fn find(&mut self, size: u64, top_down: bool, limit: u64) -> Result<u64, NTSTATUS> {
        let arena = self.extent.arena;
        let (low, high) = place::bounds(arena, limit);
        if top_down {
            return place::highest(&self.regions, size, high).ok_or(STATUS_NO_MEMORY);
        }
        let from = if low == arena.0 { self.hint } else { low };
        let place =
            place::lowest(&self.regions, size, from, high).or_else(|| place::lowest(&self.regions, size, low, high)).ok_or(STATUS_NO_MEMORY)?;
        if from == self.hint && low == arena.0 && size <= GRANULARITY {
            self.hint = place;
        }
        Ok(place)
    }

    fn check_free(&self, base: u64, size: u64) -> Result<u64, NTSTATUS> {
        let end = base.checked_add(size).filter(|end| base >= LOWEST && *end <= self.extent.end).ok_or(STATUS_CONFLICTING_ADDRESSES)?;
        let below = self.regions.range(..end).next_back();
        if below.is_some_and(|(other, region)| other + region.size > base) { Err(STATUS_CONFLICTING_ADDRESSES) } else { Ok(base) }
    }

    /// The region that holds all of a range.
    fn holding_mut(&mut self, start: u64, end: u64) -> Option<(u64, &mut Region)> {
        let (base, region) = self.regions.range_mut(..=start).next_back()?;
        (end - *base <= region.size).then_some((*base, region))
    }
}

/// The pages that a range touches.
fn page_range(base: u64, size: u64) -> Result<(u64, u64), NTSTATUS> {
    let start = base & !(PAGE - 1);
    let end = base.checked_add(size).and_then(page_up).ok_or(STATUS_INVALID_PARAMETER)?;
    if end > start { Ok((start, end)) } else { Err(STATUS_INVALID_PARAMETER) }
}

/// Up to the next page's start.
pub fn page_up(size: u64) -> Option<u64> {
    size.checked_add(PAGE - 1).map(|size| size & !(PAGE - 1))
}

fn map_zero(base: u64, size: u64, protection: ProtFlags) -> Result<(), NTSTATUS> {
    // SAFETY: the range belongs to the guest: the account has just said that it is free, or one private region's.
    let mapped = unsafe { mmap_anonymous(base as *mut c_void, size as usize, protection, MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE) };
    mapped.map(|_| ()).map_err(|_| STATUS_COMMITMENT_LIMIT)
}

fn protect_host(base: u64, size: u64, protect: u32) -> Result<(), NTSTATUS> {
    // SAFETY: the range belongs to the guest.
    unsafe { mprotect(base as *mut c_void, size as usize, to_host(protect)) }.map_err(|_| STATUS_COMMITMENT_LIMIT)
}

/// Tells the host that content may be dropped (`MEM_RESET`).
pub fn reset(base: u64, size: u64) {
    // SAFETY: the range belongs to the guest, who has said that it does not need the content.
    let _ = unsafe { madvise(base as *mut c_void, size as usize, Advice::LinuxFree) };
}
