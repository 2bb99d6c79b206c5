//! The calling thread's block: TEB, counters, failure log. On other targets than Windows, a small stand-in.

use gate::service::ReportKind;

#[cfg(target_os = "windows")]
pub use real::*;
#[cfg(not(target_os = "windows"))]
pub use stand_in::*;

/// `ntdll`'s entry for reports, kept in the gate page at [`gate::block::REPORT`].
pub type Report = unsafe extern "system" fn(kind: u32, slot: u32, text: *const u8, size: usize, code: u32, duration: u32);

/// What the thread has said of names that 32-bit code means otherwise.
pub fn redirection() -> u32 {
    // SAFETY: the gate page is mapped for as long as the thread runs.
    unsafe { *block().add(gate::block::REDIRECTION).cast() }
}

/// Says it.
pub fn set_redirection(value: u32) {
    // SAFETY: as above.
    unsafe { *block().add(gate::block::REDIRECTION).cast() = value };
}

#[cfg(target_os = "windows")]
mod real {
    use super::{Report, ReportKind};
    use core::arch::asm;
    use core::ffi::c_void;
    use gate::block::{self, Failure};
    #[cfg(target_arch = "x86")]
    use gate::teb::offset32 as offset;
    #[cfg(target_arch = "x86_64")]
    use gate::teb::offset64 as offset;

    /// Reads a word of the thread block at a constant offset.
    macro_rules! read {
        ($offset:expr, $kind:ty) => {{
            let value: $kind;
            // SAFETY: the thread block is mapped for as long as the thread runs.
            unsafe {
                #[cfg(target_arch = "x86_64")]
                asm!("mov {}, gs:[{}]", out(reg) value, const $offset, options(nostack, preserves_flags, readonly));
                #[cfg(target_arch = "x86")]
                asm!("mov {}, fs:[{}]", out(reg) value, const $offset, options(nostack, preserves_flags, readonly));
            }
            value
        }};
    }

    /// The thread block's own address.
    #[inline(always)]
    pub fn block() -> *mut u8 {
        read!(offset::SELF, *mut u8)
    }

    /// The process environment block.
    #[inline(always)]
    pub fn peb() -> *mut gate::peb::Peb<usize> {
        read!(offset::PROCESS_ENVIRONMENT_BLOCK, *mut gate::peb::Peb<usize>)
    }

    /// The thread's number.
    #[inline(always)]
    pub fn thread_id() -> u32 {
        read!(offset::CLIENT_ID + size_of::<usize>(), usize) as u32
    }

    /// The process's number.
    #[inline(always)]
    pub fn process_id() -> u32 {
        read!(offset::CLIENT_ID, usize) as u32
    }

    /// The thread's last error.
    #[inline(always)]
    pub fn last_error() -> u32 {
        let value: u32;
        // SAFETY: the thread block is mapped for as long as the thread runs.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!("mov {:e}, gs:[{}]", out(reg) value, const offset::LAST_ERROR_VALUE, options(nostack, preserves_flags, readonly));
            #[cfg(target_arch = "x86")]
            asm!("mov {}, fs:[{}]", out(reg) value, const offset::LAST_ERROR_VALUE, options(nostack, preserves_flags, readonly));
        }
        value
    }

    /// Sets the thread's last error.
    #[inline(always)]
    pub fn set_last_error(code: u32) {
        // SAFETY: the thread block is mapped for as long as the thread runs.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!("mov dword ptr gs:[{}], {:e}", const offset::LAST_ERROR_VALUE, in(reg) code, options(nostack, preserves_flags));
            #[cfg(target_arch = "x86")]
            asm!("mov dword ptr fs:[{}], {}", const offset::LAST_ERROR_VALUE, in(reg) code, options(nostack, preserves_flags));
        }
    }

    /// A pointer-sized word of the TEB.
    macro_rules! word {
        ($(#[$meta:meta])* $get:ident, $(#[$set_meta:meta])* $set:ident, $offset:ident) => {
            $(#[$meta])*
            #[inline(always)]
            pub fn $get() -> *mut c_void {
                read!(offset::$offset, *mut c_void)
            }

            $(#[$set_meta])*
            #[inline(always)]
            pub fn $set(value: *mut c_void) {
                // SAFETY: the thread block is mapped for as long as the thread runs.
                unsafe {
                    #[cfg(target_arch = "x86_64")]
                    asm!("mov gs:[{}], {}", const offset::$offset, in(reg) value, options(nostack, preserves_flags));
                    #[cfg(target_arch = "x86")]
                    asm!("mov fs:[{}], {}", const offset::$offset, in(reg) value, options(nostack, preserves_flags));
                }
            }
        };
    }

    word!(
        /// The thread's FLS values, as `ntdll` keeps them.
        fls_data,
        /// Sets the thread's FLS values.
        set_fls_data,
        FLS_DATA
    );
    word!(
        /// The thread's TLS vector: one block per module.
        tls_vector,
        /// Sets the thread's TLS vector.
        set_tls_vector,
        THREAD_LOCAL_STORAGE_POINTER
    );
    word!(
        /// The values of the TLS slots above 64, or NULL.
        tls_expansion,
        /// Sets the values of the TLS slots above 64.
        set_tls_expansion,
        TLS_EXPANSION_SLOTS
    );

    /// Sets another thread's TLS vector.
    ///
    /// # Safety
    /// `block` is the block of a thread that runs.
    pub unsafe fn set_tls_vector_of(block: *mut u8, vector: *mut c_void) {
        // SAFETY: as the caller promises.
        unsafe { *block.add(offset::THREAD_LOCAL_STORAGE_POINTER).cast() = vector };
    }

    /// The values of the TLS slots below 64.
    #[inline(always)]
    pub fn tls_slots() -> *mut *mut c_void {
        // SAFETY: they lie in the thread block.
        unsafe { block().add(offset::TLS_SLOTS).cast() }
    }

    /// The thread's last NTSTATUS.
    pub fn last_status() -> u32 {
        // SAFETY: it lies in the thread block.
        unsafe { *block().add(offset::LAST_STATUS_VALUE).cast() }
    }

    /// Sets the thread's last NTSTATUS.
    pub fn set_last_status(status: u32) {
        // SAFETY: it lies in the thread block.
        unsafe { *block().add(offset::LAST_STATUS_VALUE).cast() = status };
    }

    /// How many bytes of stack a handler of stack overflows may use.
    pub fn guaranteed_stack() -> *mut u32 {
        // SAFETY: it lies in the thread block.
        unsafe { block().add(offset::GUARANTEED_STACK_BYTES).cast() }
    }

    /// The thread's error mode, as the system keeps it.
    pub fn hard_error_mode() -> *mut u32 {
        // SAFETY: it lies in the thread block.
        unsafe { block().add(offset::HARD_ERROR_MODE).cast() }
    }

    /// A pointer-sized word of another thread's block.
    ///
    /// # Safety
    /// `block` is the block of a thread that runs.
    unsafe fn word_of(block: *mut u8, offset: usize) -> *mut *mut c_void {
        // SAFETY: as the caller promises.
        unsafe { block.add(offset).cast() }
    }

    /// Forgets another thread's value of a TLS slot.
    ///
    /// # Safety
    /// `block` is the block of a thread that runs, and the slot is below 1088.
    pub unsafe fn forget_tls_of(block: *mut u8, slot: usize) {
        // SAFETY: the TEB has 64 slots, the table 1024.
        unsafe {
            if slot < 64 {
                *word_of(block, offset::TLS_SLOTS).add(slot) = core::ptr::null_mut();
                return;
            }
            let table: *mut *mut c_void = (*word_of(block, offset::TLS_EXPANSION_SLOTS)).cast();
            if !table.is_null() {
                *table.add(slot - 64) = core::ptr::null_mut();
            }
        }
    }

    /// Counts the mutants that the thread owns.
    #[inline(always)]
    pub fn count_owned(change: i32) {
        // SAFETY: the gate page is mapped for as long as the thread runs.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!("add dword ptr gs:[{}], {:e}", const block::OWNED, in(reg) change, options(nostack));
            #[cfg(target_arch = "x86")]
            asm!("add dword ptr fs:[{}], {}", const block::OWNED, in(reg) change, options(nostack));
        }
    }

    /// Where the thread's stack was allocated, its committed limit, its end.
    pub fn stack() -> [usize; 3] {
        [read!(offset::DEALLOCATION_STACK, usize), read!(offset::STACK_LIMIT, usize), read!(offset::STACK_BASE, usize)]
    }

    /// Lets `ntdll` take the reports of the other DLLs on this thread.
    pub fn set_report(entry: Report) {
        // SAFETY: the gate page is mapped for as long as the thread runs.
        unsafe { *block().add(block::REPORT).cast() = entry };
    }

    /// Counts a call of the function with this ledger slot.
    #[inline(always)]
    pub fn count<const SLOT: u32>() {
        const { assert!((SLOT as usize) < block::SLOTS) };
        // SAFETY: the counters are mapped for as long as the thread runs, and the slot lies among them.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!("inc qword ptr gs:[{}]", const block::COUNTERS + 8 * SLOT as usize, options(nostack));
            #[cfg(target_arch = "x86")]
            asm!("add dword ptr fs:[{}], 1", "adc dword ptr fs:[{}], 0",
                const block::COUNTERS + 8 * SLOT as usize, const block::COUNTERS + 8 * SLOT as usize + 4, options(nostack));
        }
    }

    /// Whether the policy wants one event per call.
    #[inline(always)]
    pub fn per_call() -> bool {
        read!(block::PER_CALL, usize) != 0
    }

    /// Starts a call's clock, in per-call mode.
    #[cold]
    #[inline(never)]
    pub fn call_starts() {
        let calls = calls();
        if let Some(start) = calls.starts.get_mut(calls.depth) {
            *start = clock();
        }
        calls.depth += 1;
    }

    /// Reports a call, in per-call mode.
    #[cold]
    #[inline(never)]
    pub fn call_ends(slot: u32, code: u32) {
        let calls = calls();
        calls.depth = calls.depth.saturating_sub(1);
        let duration = calls.starts.get(calls.depth).map_or(0, |start| clock().saturating_sub(*start));
        let kind = if code == 0 { ReportKind::Call } else { ReportKind::Failure };
        send(kind, slot, "", code, u32::try_from(duration / read!(block::PER_CALL, usize).max(1) as u64).unwrap_or(u32::MAX));
    }

    fn calls() -> &'static mut block::Calls {
        // SAFETY: the gate page is mapped for as long as the thread runs, and only its own thread uses this part.
        unsafe { &mut *block().add(block::CALLS).cast() }
    }

    fn clock() -> u64 {
        // SAFETY: every x86-64 processor has the time stamp counter.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            return core::arch::x86_64::_rdtsc();
            #[cfg(target_arch = "x86")]
            return core::arch::x86::_rdtsc();
        }
    }

    /// Notes that a function failed; repeats are counted.
    #[cold]
    #[inline(never)]
    pub fn note_failure(slot: u32, code: u32) {
        // SAFETY: the log is mapped for as long as the thread runs, and only its own thread writes it.
        let log: &mut [Failure; block::FAILURE_ENTRIES] = unsafe { &mut *block().add(block::FAILURES).cast() };
        let mut index = (slot.wrapping_mul(31) ^ code) as usize;
        for _ in 0..8 {
            index %= log.len();
            let row = &mut log[index];
            if row.slot == 0 {
                *row = Failure { slot: slot + 1, code, count: 1 };
                return;
            }
            if row.slot == slot + 1 && row.code == code {
                row.count += 1;
                return;
            }
            index += 1;
        }
    }

    /// Tells the audit about a call that was not served; advisory.
    #[cold]
    #[inline(never)]
    pub fn report(kind: ReportKind, slot: u32, text: &str, code: u32) {
        send(kind, slot, text, code, 0);
    }

    fn send(kind: ReportKind, slot: u32, text: &str, code: u32, duration: u32) {
        let entry = read!(block::REPORT, usize);
        if entry != 0 {
            // SAFETY: ntdll keeps its own entry there, and takes the text as it is given here.
            unsafe { core::mem::transmute::<usize, Report>(entry)(kind as u32, slot, text.as_ptr(), text.len(), code, duration) };
        }
    }
}

#[cfg(not(target_os = "windows"))]
mod stand_in {
    use super::{Report, ReportKind};
    use gate::peb::Peb;
    use std::cell::Cell;
    use std::ffi::c_void;

    std::thread_local! {
        static LAST_ERROR: Cell<u32> = const { Cell::new(0) };
        static LAST_STATUS: Cell<u32> = const { Cell::new(0) };
        static WORDS: [Cell<*mut c_void>; 3] = const { [const { Cell::new(std::ptr::null_mut()) }; 3] };
        static BLOCK: *mut u8 = Box::leak(Box::new([0_u64; gate::block::SIZE / 8])).as_mut_ptr().cast();
    }

    /// A block of zeroes of the thread's own.
    pub fn block() -> *mut u8 {
        BLOCK.with(|block| *block)
    }

    /// A block of zeroes.
    pub fn peb() -> *mut Peb<usize> {
        static PEB: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| std::ptr::from_mut(Box::leak(Box::<Peb<usize>>::default())) as usize);
        *PEB as *mut Peb<usize>
    }

    /// The thread's last error.
    pub fn last_error() -> u32 {
        LAST_ERROR.get()
    }

    /// Sets the thread's last error.
    pub fn set_last_error(code: u32) {
        LAST_ERROR.set(code);
    }

    macro_rules! word {
        ($(#[$meta:meta])* $get:ident, $(#[$set_meta:meta])* $set:ident, $index:literal) => {
            $(#[$meta])*
            pub fn $get() -> *mut c_void {
                WORDS.with(|words| words[$index].get())
            }

            $(#[$set_meta])*
            pub fn $set(value: *mut c_void) {
                WORDS.with(|words| words[$index].set(value));
            }
        };
    }

    word!(
        /// The thread's FLS values.
        fls_data,
        /// Sets the thread's FLS values.
        set_fls_data,
        0
    );
    word!(
        /// The thread's TLS vector.
        tls_vector,
        /// Sets the thread's TLS vector.
        set_tls_vector,
        1
    );
    word!(
        /// The values of the TLS slots above 64.
        tls_expansion,
        /// Sets the values of the TLS slots above 64.
        set_tls_expansion,
        2
    );

    /// Does nothing.
    ///
    /// # Safety
    /// Always safe.
    pub unsafe fn set_tls_vector_of(_block: *mut u8, _vector: *mut c_void) {}

    /// The values of the TLS slots below 64.
    pub fn tls_slots() -> *mut *mut c_void {
        block().cast()
    }

    /// The thread's last NTSTATUS.
    pub fn last_status() -> u32 {
        LAST_STATUS.get()
    }

    /// Sets the thread's last NTSTATUS.
    pub fn set_last_status(status: u32) {
        LAST_STATUS.set(status);
    }

    /// A word of the thread's own.
    pub fn hard_error_mode() -> *mut u32 {
        block().cast()
    }

    /// Does nothing.
    ///
    /// # Safety
    /// Always safe.
    pub unsafe fn forget_tls_of(_block: *mut u8, _slot: usize) {}

    /// A word of the thread's own.
    pub fn guaranteed_stack() -> *mut u32 {
        block().cast()
    }

    /// Nowhere.
    pub fn stack() -> [usize; 3] {
        [0; 3]
    }

    /// Always the same.
    pub fn thread_id() -> u32 {
        4
    }

    /// Always the same.
    pub fn process_id() -> u32 {
        4
    }

    /// Does nothing.
    pub fn set_report(_entry: Report) {}

    /// Native tests own no mutants.
    pub fn count_owned(_change: i32) {}

    /// Counts nothing.
    pub fn count<const SLOT: u32>() {}

    /// Never.
    pub fn per_call() -> bool {
        false
    }

    /// Does nothing.
    pub fn call_starts() {}

    /// Does nothing.
    pub fn call_ends(_slot: u32, _code: u32) {}

    /// Does nothing.
    pub fn note_failure(_slot: u32, _code: u32) {}

    /// Does nothing.
    pub fn report(_kind: ReportKind, _slot: u32, _text: &str, _code: u32) {}
}
