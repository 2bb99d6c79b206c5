//! Heaps: `RtlCreateHeap` and what stands on it. The blocks come from dlmalloc over `NtAllocateVirtualMemory`; each has
//! a head of 16 bytes that tells its size and that it is one of ours.

mod pages;
mod service;

use crate::lock::{Mutex, OwnedLock};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use dlmalloc::Dlmalloc;
use pages::{Pages, give_back, pages};
use windows_sys::Win32::System::Memory::HEAP_NO_SERIALIZE;

/// What every block is aligned to: `MEMORY_ALLOCATION_ALIGNMENT`.
pub const ALIGNMENT: usize = 2 * size_of::<usize>();
/// Bytes in front of each block.
const HEAD: usize = 16;
/// Blocks from this size on are allocations of their own; Windows' own limit (`VirtualMemoryThreshold`) is near.
const LARGE: usize = 0x7_F000;

const IN_USE: u32 = 0x4B1C_0DE1;
const IN_USE_LARGE: u32 = 0x4B1C_1A26;
const FREED: u32 = 0x4B1C_F4EE;

#[repr(C)]
struct Head {
    size: usize,
    mark: u32,
    #[cfg(target_pointer_width = "64")]
    pad: u32,
    #[cfg(target_pointer_width = "32")]
    pad: [u32; 2],
}

const _: () = assert!(size_of::<Head>() == HEAD);

/// A heap; its handle is its address.
pub struct Heap {
    mark: u32,
    /// The flags it was made with.
    pub flags: u32,
    /// It has a highest size.
    fixed: bool,
    /// The next of the process's heaps.
    next: *mut Self,
    pub lock: OwnedLock,
    /// The allocations of their own, as a list through their first words.
    large: UnsafeCell<*mut Large>,
    blocks: UnsafeCell<Dlmalloc<Pages>>,
}

/// The head of an allocation of its own.
#[repr(C)]
struct Large {
    next: *mut Self,
    previous: *mut Self,
    #[cfg(target_pointer_width = "32")]
    pad: [u32; 2],
    head: Head,
}

const MARK: u32 = 0x4845_4150;

/// May a block move when its size changes?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// It may.
    MayMove,
    /// It stays where it is, or fails.
    InPlace,
}

/// Every heap of the process, from the newest.
static HEAPS: Mutex<Heaps> = Mutex::new(Heaps(null_mut()));

struct Heaps(*mut Heap);

// SAFETY: the list is reached under its lock alone.
unsafe impl Send for Heaps {}

static PROCESS_HEAP: AtomicPtr<Heap> = AtomicPtr::new(null_mut());

/// The process heap.
#[inline(always)]
pub fn process_heap() -> &'static Heap {
    // SAFETY: set before anything allocates, and never destroyed.
    unsafe { &*PROCESS_HEAP.load(Ordering::Relaxed) }
}

/// Makes the process heap; once, before anything allocates.
pub fn create_process_heap() -> *mut Heap {
    let heap = Heap::create(0, 0);
    PROCESS_HEAP.store(heap, Ordering::Relaxed);
    heap
}

impl Heap {
    fn create(flags: u32, most: usize) -> *mut Self {
        let memory = pages(size_of::<Self>(), flags).cast::<Self>();
        if !memory.is_null() {
            let blocks = UnsafeCell::new(Dlmalloc::new_with_allocator(Pages::new(flags, most)));
            let mut heaps = HEAPS.lock();
            let heap =
                Self { mark: MARK, flags, fixed: most != 0, next: heaps.0, lock: OwnedLock::new(), large: UnsafeCell::new(null_mut()), blocks };
            // SAFETY: fresh pages, large enough.
            unsafe { memory.write(heap) };
            heaps.0 = memory;
        }
        memory
    }

    /// Takes a heap off the process's list.
    fn unlist(&mut self) {
        let mut heaps = HEAPS.lock();
        let mut link = &raw mut heaps.0;
        // SAFETY: the list is sound and locked.
        unsafe {
            while !(*link).is_null() {
                if core::ptr::eq(*link, self) {
                    *link = self.next;
                    return;
                }
                link = &raw mut (**link).next;
            }
        }
    }

    /// Runs `work` with the heap locked, unless it was made without a lock.
    #[inline(always)]
    fn locked<T>(&self, work: impl FnOnce(&mut Dlmalloc<Pages>) -> T) -> T {
        if self.flags & HEAP_NO_SERIALIZE != 0 {
            // SAFETY: the caller of such a heap promised to use it from one thread at a time.
            return work(unsafe { &mut *self.blocks.get() });
        }
        self.lock.lock();
        // SAFETY: the lock is held.
        let done = work(unsafe { &mut *self.blocks.get() });
        self.lock.unlock();
        done
    }

    /// A block of `size` bytes, or NULL.
    pub fn allocate(&self, size: usize, zero: bool) -> *mut u8 {
        if size >= LARGE {
            return self.allocate_large(size);
        }
        let wanted = size + HEAD;
        // SAFETY: the size is not zero, the alignment is what dlmalloc gives by itself.
        let head = self.locked(|blocks| unsafe { if zero { blocks.calloc(wanted, ALIGNMENT) } else { blocks.malloc(wanted, ALIGNMENT) } });
        if head.is_null() {
            return head;
        }
        // SAFETY: the block has room for its head.
        unsafe {
            let head = head.cast::<Head>();
            (*head).size = size;
            (*head).mark = IN_USE;
            head.add(1).cast()
        }
    }

    fn allocate_large(&self, size: usize) -> *mut u8 {
        let Some(wanted) = size.checked_add(size_of::<Large>() + 0xFFF).map(|size| size & !0xFFF) else { return null_mut() };
        // A heap with a highest size holds no such block, as documented.
        let memory = if self.fixed { null_mut() } else { pages(wanted, self.flags).cast::<Large>() };
        if memory.is_null() {
            return null_mut();
        }
        self.locked(|_| {
            // SAFETY: fresh pages; the list is the lock's.
            unsafe {
                let first = self.large.get();
                (*memory).next = *first;
                (*memory).head = Head { size, mark: IN_USE_LARGE, pad: Default::default() };
                if let Some(next) = (*first).as_mut() {
                    next.previous = memory;
                }
                *first = memory;
                memory.add(1).cast()
            }
        })
    }

    /// The head of a block, if it is one of ours and in use.
    ///
    /// # Safety
    /// The 16 bytes in front of `memory` are readable.
    unsafe fn head(memory: *mut u8) -> Option<&'static mut Head> {
        if memory.is_null() || !(memory as usize).is_multiple_of(ALIGNMENT) {
            return None;
        }
        // SAFETY: as the caller promises.
        let head = unsafe { &mut *memory.sub(HEAD).cast::<Head>() };
        matches!(head.mark, IN_USE | IN_USE_LARGE).then_some(head)
    }

    /// Frees a block; false when it is none.
    ///
    /// # Safety
    /// `memory` is NULL, or a readable address.
    pub unsafe fn free(&self, memory: *mut u8) -> bool {
        // SAFETY: as the caller promises.
        let Some(head) = (unsafe { Self::head(memory) }) else { return false };
        if head.mark == IN_USE_LARGE {
            self.free_large(memory);
            return true;
        }
        head.mark = FREED;
        let size = head.size + HEAD;
        // SAFETY: the block is dlmalloc's, with this size.
        self.locked(|blocks| unsafe { blocks.free(memory.sub(HEAD), size, ALIGNMENT) });
        true
    }

    fn free_large(&self, memory: *mut u8) {
        // SAFETY: the block is one of the list, which is the lock's.
        let block = self.locked(|_| unsafe {
            let block = memory.cast::<Large>().sub(1);
            match (*block).previous.as_mut() {
                Some(previous) => previous.next = (*block).next,
                None => *self.large.get() = (*block).next,
            }
            if let Some(next) = (*block).next.as_mut() {
                next.previous = (*block).previous;
            }
            block
        });
        give_back(block.cast());
    }

    /// Changes a block's size; NULL when that fails, and the block is as before.
    ///
    /// # Safety
    /// `memory` is a readable address.
    pub unsafe fn resize(&self, memory: *mut u8, size: usize, how: Resize, zero: bool) -> *mut u8 {
        // SAFETY: as the caller promises.
        let Some(head) = (unsafe { Self::head(memory) }) else { return null_mut() };
        let old = head.size;
        let is_large = head.mark == IN_USE_LARGE;
        let room = if is_large { (old + size_of::<Large>()).next_multiple_of(0x1000) - size_of::<Large>() } else { room(old) };
        if how == Resize::InPlace && size > room {
            return null_mut();
        }
        let moved = if is_large && size <= room && (how == Resize::InPlace || size >= room / 2) {
            head.size = size;
            memory
        } else if !is_large && size < LARGE {
            // dlmalloc is told of every change of size, as it wants to know the size again when the block is freed.
            // SAFETY: the block is dlmalloc's, with this size; where it moves, its head moves along.
            unsafe {
                let start = self.locked(|blocks| blocks.realloc(memory.sub(HEAD), old + HEAD, ALIGNMENT, size + HEAD));
                if start.is_null() {
                    return start;
                }
                (*start.cast::<Head>()).size = size;
                start.add(HEAD)
            }
        } else {
            let moved = self.allocate(size, false);
            if moved.is_null() {
                return moved;
            }
            // SAFETY: both blocks have that many bytes.
            unsafe {
                core::ptr::copy_nonoverlapping(memory, moved, old.min(size));
                self.free(memory);
            }
            moved
        };
        if zero && size > old {
            // SAFETY: the block has `size` bytes.
            unsafe { moved.add(old).write_bytes(0, size - old) };
        }
        moved
    }

    fn destroy(&mut self) {
        self.mark = 0;
        self.unlist();
        let mut large = *self.large.get_mut();
        while !large.is_null() {
            // SAFETY: the list holds blocks of this heap.
            let next = unsafe { (*large).next };
            give_back(large.cast());
            large = next;
        }
        let none = Dlmalloc::new_with_allocator(Pages::new(0, 0));
        // SAFETY: nothing of the heap is used any more.
        unsafe { core::mem::replace(self.blocks.get_mut(), none).destroy() };
        give_back(core::ptr::from_mut(self).cast());
    }
}

/// What a block of `size` bytes can grow to without moving: dlmalloc's chunks are whole multiples of the alignment, of
/// which one word is its own, and have four words at least.
const fn room(size: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    let chunk = (size + HEAD + WORD).next_multiple_of(ALIGNMENT);
    let chunk = if chunk < 4 * WORD { 4 * WORD } else { chunk };
    chunk - WORD - HEAD
}
