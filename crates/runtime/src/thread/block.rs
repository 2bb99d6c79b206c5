//! Thread blocks: a TEB and the gate's page, private, and counters and a failure log that the broker sees. A block that is
//! given back is kept for the next thread, as its pages are hot.

use crate::memory::{self, Backing, Kind, Page, Region};
use crate::user;
use gate::block;
use gate::map::PAGE;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use std::ffi::c_void;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_NO_MEMORY};
use windows_sys::Win32::System::Memory::PAGE_READWRITE;

/// A mapped block.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Where its TEB lies.
    pub teb: u64,
    /// Which part of the telemetry is its own.
    slice: u32,
}

/// What no thread has.
#[derive(Debug)]
struct Free {
    /// Blocks of threads that ended, zeroed.
    blocks: Vec<Block>,
    /// Parts of the telemetry that are mapped nowhere.
    slices: Vec<u32>,
    /// The first part that was never used.
    next: u32,
}

static FREE: Mutex<Free> = Mutex::new(Free { blocks: Vec::new(), slices: Vec::new(), next: 0 });

/// More blocks than this are not kept.
const MOST: usize = 16;

fn free() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Block {
    /// A block whose private part is zero.
    pub fn take() -> Result<Self, NTSTATUS> {
        let mut all = free();
        if let Some(block) = all.blocks.pop() {
            return Ok(block);
        }
        let slice = match all.slices.pop() {
            Some(slice) => slice,
            None if (all.next as usize) < block::SLICES => {
                all.next += 1;
                all.next - 1
            }
            None => return Err(STATUS_NO_MEMORY),
        };
        drop(all);
        map(slice).map(|teb| Self { teb, slice }).inspect_err(|_| free().slices.push(slice))
    }

    /// Which part of the telemetry is its own.
    pub const fn slice(self) -> u32 {
        self.slice
    }

    /// Gives it back.
    pub fn give_back(self) {
        let mut all = free();
        // The guest's own pages are not written to blindly: what it did to them is not known.
        if all.blocks.len() < MOST && user::write_bytes(self.teb, &[0; block::COUNTERS]).is_ok() {
            all.blocks.push(self);
            return;
        }
        drop(all);
        memory::lock().remove(self.teb);
        free().slices.push(self.slice);
    }
}

/// Maps a block with a part of the telemetry; answers where it lies.
fn map(slice: u32) -> Result<u64, NTSTATUS> {
    let region = Region::new(block::SIZE as u64, Kind::System, PAGE_READWRITE, Page::Committed(PAGE_READWRITE), Backing::Mapped);
    let mut space = memory::lock();
    let teb = space.insert_anywhere(region, 0)?;
    // SAFETY: the descriptor is one of those that the process is born with.
    let telemetry = unsafe { BorrowedFd::borrow_raw(protocol::start::descriptor::TELEMETRY) };
    let both = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the account has just given the place to this block.
    let mapped = unsafe {
        mmap_anonymous(teb as *mut c_void, block::COUNTERS, both, MapFlags::PRIVATE | MapFlags::FIXED).and_then(|_| {
            let place = (teb + block::COUNTERS as u64) as *mut c_void;
            mmap(place, block::TELEMETRY_SIZE, both, MapFlags::SHARED | MapFlags::FIXED, telemetry, u64::from(slice) * block::TELEMETRY_SIZE as u64)
        })
    };
    if mapped.is_err() {
        space.remove(teb);
        return Err(STATUS_NO_MEMORY);
    }
    Ok(teb)
}

const _: () = assert!(block::TELEMETRY_SIZE.is_multiple_of(PAGE as usize));
