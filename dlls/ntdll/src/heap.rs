//! Heaps: `RtlCreateHeap` and what stands on it. The blocks come from dlmalloc over `NtAllocateVirtualMemory`; each has
//! a head of 16 bytes that tells its size and that it is one of ours.

use crate::gate::call;
use crate::lock::OwnedLock;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use dlmalloc::{Allocator, Dlmalloc};
use gate::service::{AllocateMemory, FreeMemory};
use guest::shim;
use windows_sys::Win32::System::Memory::{
    HEAP_GENERATE_EXCEPTIONS, HEAP_NO_SERIALIZE, HEAP_REALLOC_IN_PLACE_ONLY, HEAP_ZERO_MEMORY, MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE,
};

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

/// Memory for dlmalloc, in pieces of 64 KiB.
struct Pages {
    /// The heap's limit in bytes, 0 for none, and what it has taken.
    most: usize,
    taken: core::cell::Cell<usize>,
}

fn pages(size: usize) -> *mut u8 {
    let mut request = AllocateMemory { size: size as u64, kind: MEM_RESERVE | MEM_COMMIT, protect: PAGE_READWRITE, ..AllocateMemory::default() };
    if call(&mut request) < 0 { null_mut() } else { request.base as *mut u8 }
}

fn give_back(memory: *mut u8) {
    call(&mut FreeMemory { base: memory as u64, size: 0, kind: MEM_RELEASE, pad: 0 });
}

// SAFETY: `alloc` answers fresh zeroed pages.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let size = size.next_multiple_of(0x1_0000);
        if self.most != 0 && self.taken.get() + size > self.most {
            return (null_mut(), 0, 0);
        }
        let memory = pages(size);
        if memory.is_null() {
            return (null_mut(), 0, 0);
        }
        self.taken.set(self.taken.get() + size);
        (memory, size, 0)
    }

    fn remap(&self, _memory: *mut u8, _old: usize, _new: usize, _may_move: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, _memory: *mut u8, _old: usize, _new: usize) -> bool {
        false
    }

    fn free(&self, memory: *mut u8, size: usize) -> bool {
        self.taken.set(self.taken.get().saturating_sub(size));
        give_back(memory);
        true
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        0x1_0000
    }
}

/// A heap; its handle is its address.
pub struct Heap {
    mark: u32,
    /// The flags it was made with.
    pub flags: u32,
    lock: OwnedLock,
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
        let memory = pages(size_of::<Self>()).cast::<Self>();
        if !memory.is_null() {
            let blocks = Dlmalloc::new_with_allocator(Pages { most, taken: core::cell::Cell::new(0) });
            let heap = Self { mark: MARK, flags, lock: OwnedLock::new(), large: UnsafeCell::new(null_mut()), blocks: UnsafeCell::new(blocks) };
            // SAFETY: fresh pages, large enough.
            unsafe { memory.write(heap) };
        }
        memory
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
        let memory = pages(wanted).cast::<Large>();
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
        let room = if head.mark == IN_USE_LARGE { (old + size_of::<Large>()).next_multiple_of(0x1000) - size_of::<Large>() } else { room(old) };
        let shrinks_little = size <= room && (how == Resize::InPlace || size >= room / 2 || room < 256);
        let moved = if shrinks_little {
            head.size = size;
            memory
        } else if how == Resize::InPlace {
            return null_mut();
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
        let mut large = *self.large.get_mut();
        while !large.is_null() {
            // SAFETY: the list holds blocks of this heap.
            let next = unsafe { (*large).next };
            give_back(large.cast());
            large = next;
        }
        let none = Dlmalloc::new_with_allocator(Pages { most: 0, taken: core::cell::Cell::new(0) });
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

/// The heap behind a handle.
///
/// # Safety
/// `heap` is NULL, or readable.
unsafe fn from_handle<'a>(heap: *mut c_void) -> Option<&'a mut Heap> {
    // SAFETY: as the caller promises.
    unsafe { heap.cast::<Heap>().as_mut() }.filter(|heap| heap.mark == MARK)
}

/// Makes a heap; a most of 0 lets it grow.
#[shim(ix = 40, mapping = "dlmalloc over NtAllocateVirtualMemory", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlCreateHeap(
    flags: u32,
    _base: *mut c_void,
    reserve: usize,
    _commit: usize,
    _lock: *mut c_void,
    _parameters: *mut c_void,
) -> *mut c_void {
    const HEAP_GROWABLE: u32 = 2;
    let most = if flags & HEAP_GROWABLE != 0 { 0 } else { reserve };
    Heap::create(flags, most.next_multiple_of(0x1_0000)).cast()
}

/// Destroys a heap with everything in it; answers NULL, or the handle when it is none or the process heap.
#[shim(ix = 41, mapping = "dlmalloc over NtAllocateVirtualMemory", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn RtlDestroyHeap(heap: *mut c_void) -> *mut c_void {
    match unsafe { from_handle(heap) } {
        Some(found) if !core::ptr::eq(found, process_heap()) => {
            found.destroy();
            null_mut()
        }
        _ => heap,
    }
}

/// Allocates a block; NULL when there is no memory.
#[shim(ix = 42, mapping = "dlmalloc", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut c_void {
    let Some(found) = (unsafe { from_handle(heap) }) else { return null_mut() };
    let block = found.allocate(size, flags & HEAP_ZERO_MEMORY != 0);
    if block.is_null() && (flags | found.flags) & HEAP_GENERATE_EXCEPTIONS != 0 {
        crate::exception::raise_status(windows_sys::Win32::Foundation::STATUS_NO_MEMORY);
    }
    block.cast()
}

/// Frees a block; FALSE and `ERROR_INVALID_PARAMETER` when it is none.
#[shim(ix = 43, mapping = "dlmalloc", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn RtlFreeHeap(heap: *mut c_void, _flags: u32, memory: *mut c_void) -> u8 {
    if memory.is_null() {
        return 1;
    }
    let freed = unsafe { from_handle(heap) }.is_some_and(|heap| unsafe { heap.free(memory.cast()) });
    if !freed {
        guest::teb::set_last_error(windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER);
    }
    freed.into()
}

/// Changes a block's size; NULL when that fails, and the block is as before.
#[shim(ix = 44, mapping = "dlmalloc", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlReAllocateHeap(heap: *mut c_void, flags: u32, memory: *mut c_void, size: usize) -> *mut c_void {
    let Some(found) = (unsafe { from_handle(heap) }).filter(|_| !memory.is_null()) else { return null_mut() };
    let how = if flags & HEAP_REALLOC_IN_PLACE_ONLY != 0 { Resize::InPlace } else { Resize::MayMove };
    let block = unsafe { found.resize(memory.cast(), size, how, flags & HEAP_ZERO_MEMORY != 0) };
    if block.is_null() && (flags | found.flags) & HEAP_GENERATE_EXCEPTIONS != 0 {
        crate::exception::raise_status(windows_sys::Win32::Foundation::STATUS_NO_MEMORY);
    }
    block.cast()
}

/// A block's size in bytes, or all bits set when it is none.
#[shim(ix = 45, mapping = "the block's head", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn RtlSizeHeap(_heap: *mut c_void, _flags: u32, memory: *mut c_void) -> usize {
    unsafe { Heap::head(memory.cast()) }.map_or(usize::MAX, |head| head.size)
}

/// Whether a block, or a heap's own structure, is sound.
#[shim(ix = 46, mapping = "the block's head", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn RtlValidateHeap(heap: *mut c_void, _flags: u32, memory: *mut c_void) -> u8 {
    let sound = unsafe { from_handle(heap) }.is_some() && (memory.is_null() || unsafe { Heap::head(memory.cast()) }.is_some());
    sound.into()
}

/// Locks a heap against other threads.
#[shim(ix = 47, mapping = "the heap's lock", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlLockHeap(heap: *mut c_void) -> u8 {
    unsafe { from_handle(heap) }.map(|heap| heap.lock.lock()).is_some().into()
}

/// Unlocks a heap.
#[shim(ix = 48, mapping = "the heap's lock", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlUnlockHeap(heap: *mut c_void) -> u8 {
    unsafe { from_handle(heap) }.map(|heap| heap.lock.unlock()).is_some().into()
}
