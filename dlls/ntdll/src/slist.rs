//! Interlocked singly linked lists: a header that changes as a whole.
//!
//! x64: the first 8 bytes hold depth (16 bits) and a sequence (48), the second 8 the first entry's address (its lowest 4
//! bits are spare). x86: the entry, then depth and sequence in 16 bits each.

use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;

/// One entry: the next one's address.
type Entry = *mut *mut c_void;

#[cfg(target_arch = "x86_64")]
mod header {
    use core::ffi::c_void;

    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Header {
        words: [u64; 2],
    }

    impl Header {
        pub const EMPTY: Self = Self { words: [0; 2] };

        pub fn first(self) -> *mut c_void {
            (self.words[1] & !0xF) as *mut c_void
        }

        pub fn depth(self) -> u16 {
            self.words[0] as u16
        }

        pub fn next(self, first: *mut c_void, depth: u16) -> Self {
            let sequence = (self.words[0] >> 16).wrapping_add(1);
            Self { words: [sequence << 16 | u64::from(depth), first as u64 | 0x1] }
        }

        pub unsafe fn load(at: *mut Self) -> Self {
            // A torn read is found out by the exchange.
            unsafe { Self { words: [(&raw const (*at).words[0]).read_volatile(), (&raw const (*at).words[1]).read_volatile()] } }
        }

        pub unsafe fn exchange(at: *mut Self, expected: Self, new: Self) -> bool {
            use core::sync::atomic::Ordering;
            let whole = |header: Self| u128::from(header.words[1]) << 64 | u128::from(header.words[0]);
            // SAFETY: the header is 16 bytes, aligned to 16; every processor that runs 64-bit Windows has the instruction.
            let found = unsafe { core::arch::x86_64::cmpxchg16b(at.cast(), whole(expected), whole(new), Ordering::AcqRel, Ordering::Acquire) };
            found == whole(expected)
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod header {
    use core::ffi::c_void;
    use core::sync::atomic::{AtomicU64, Ordering};

    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Header {
        word: u64,
    }

    impl Header {
        pub const EMPTY: Self = Self { word: 0 };

        pub fn first(self) -> *mut c_void {
            self.word as u32 as usize as *mut c_void
        }

        pub fn depth(self) -> u16 {
            (self.word >> 32) as u16
        }

        pub fn next(self, first: *mut c_void, depth: u16) -> Self {
            let sequence = ((self.word >> 48) as u16).wrapping_add(1);
            Self { word: u64::from(sequence) << 48 | u64::from(depth) << 32 | first as u64 & 0xFFFF_FFFF }
        }

        pub unsafe fn load(at: *mut Self) -> Self {
            Self { word: unsafe { AtomicU64::from_ptr(at.cast()) }.load(Ordering::Acquire) }
        }

        pub unsafe fn exchange(at: *mut Self, expected: Self, new: Self) -> bool {
            unsafe { AtomicU64::from_ptr(at.cast()) }.compare_exchange(expected.word, new.word, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        }
    }
}

use header::Header;

/// Changes a header; `work` answers the new first entry and depth, or nothing to do. Answers the header before.
unsafe fn change(at: *mut Header, mut work: impl FnMut(Header) -> Option<(*mut c_void, u16)>) -> Header {
    loop {
        let before = unsafe { Header::load(at) };
        let Some((first, depth)) = work(before) else { return before };
        if unsafe { Header::exchange(at, before, before.next(first, depth)) } {
            return before;
        }
    }
}

/// Makes a list empty.
#[shim(ix = 99, mapping = "memory alone", risk = Functional("an entry that is lost"))]
pub unsafe extern "system" fn RtlInitializeSListHead(list: *mut c_void) {
    unsafe { list.cast::<Header>().write(Header::EMPTY) };
}

/// The first entry of a list, or NULL.
#[shim(ix = 100, mapping = "memory alone", risk = Functional("an entry that is lost"))]
pub unsafe extern "system" fn RtlFirstEntrySList(list: *const c_void) -> *mut c_void {
    unsafe { Header::load(list.cast_mut().cast()) }.first()
}

/// How many entries a list has, modulo 65,536.
#[shim(ix = 101, mapping = "memory alone", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn RtlQueryDepthSList(list: *mut c_void) -> u16 {
    unsafe { Header::load(list.cast()) }.depth()
}

/// Puts an entry in front; answers the one that was first.
#[shim(ix = 102, mapping = "one exchange", risk = Functional("an entry that is lost"))]
pub unsafe extern "system" fn RtlInterlockedPushEntrySList(list: *mut c_void, entry: *mut c_void) -> *mut c_void {
    let push = |before: Header| {
        unsafe { *entry.cast::<*mut c_void>() = before.first() };
        Some((entry, before.depth().wrapping_add(1)))
    };
    unsafe { change(list.cast(), push) }.first()
}

/// Puts a chain of `count` entries in front; answers the one that was first.
#[shim(ix = 231, mapping = "one exchange", risk = Functional("an entry that is lost"))]
pub unsafe extern "system" fn RtlInterlockedPushListSListEx(list: *mut c_void, first: *mut c_void, last: *mut c_void, count: u32) -> *mut c_void {
    let push = |before: Header| {
        unsafe { *last.cast::<*mut c_void>() = before.first() };
        Some((first, before.depth().wrapping_add(count as u16)))
    };
    unsafe { change(list.cast(), push) }.first()
}

/// Takes the first entry, or NULL.
#[shim(ix = 103, mapping = "one exchange", risk = Functional("an entry that is lost"))]
pub unsafe extern "system" fn RtlInterlockedPopEntrySList(list: *mut c_void) -> *mut c_void {
    let pop = |before: Header| {
        let first: Entry = before.first().cast();
        (!first.is_null()).then(|| (unsafe { *first }, before.depth().wrapping_sub(1)))
    };
    unsafe { change(list.cast(), pop) }.first()
}

/// Takes all entries; answers the first, or NULL.
#[shim(ix = 104, mapping = "one exchange", risk = Functional("an entry that is lost"))]
pub unsafe extern "system" fn RtlInterlockedFlushSList(list: *mut c_void) -> *mut c_void {
    let flush = |before: Header| (!before.first().is_null()).then_some((null_mut(), 0));
    unsafe { change(list.cast(), flush) }.first()
}
