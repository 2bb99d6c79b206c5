//! Random exceptions through random frames: `unwind_scenarios SEED COUNT` prints one line per scenario, its number and
//! what happened as one hash. The same program under another Windows must print the same lines. It checks itself that
//! every termination handler ran once, and that kept registers came back; it exits with 1 where one did not.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        scenario::main()
    }
}

#[cfg(target_os = "windows")]
mod scenario {
    use alloc::format;
    use core::arch::asm;
    use core::cell::Cell;
    use core::ffi::c_void;
    use core::ptr::null;
    use guests::guard::{Dispatcher, Guard, guard_except, guard_finally, guard_keeping, guard_raw, kept, unwind_to_raw};
    use guests::registers::{instruction, set_instruction};
    use guests::{arguments, print};
    use windows_sys::Win32::Foundation::{STATUS_BREAKPOINT, STATUS_GUARD_PAGE_VIOLATION};
    use windows_sys::Win32::System::Diagnostics::Debug::{
        AddVectoredExceptionHandler, CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD, RaiseException, RemoveVectoredExceptionHandler,
    };
    use windows_sys::Win32::System::Memory::{MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_GUARD, PAGE_READWRITE, VirtualAlloc, VirtualFree};

    /// Bits of `ExceptionFlags`: not continuable, unwinding.
    const NONCONTINUABLE: u32 = 1;
    const UNWINDING: u32 = 2;
    /// Frames below each other, and exceptions of one scenario.
    const DEEPEST: u64 = 9;
    const MOST: u32 = 24;

    /// The scenario that runs.
    struct State {
        random: Cell<u64>,
        hash: Cell<u64>,
        frames: Cell<u64>,
        exceptions: Cell<u32>,
        /// Termination handlers that are to run.
        open: Cell<i64>,
        broken: Cell<u32>,
    }

    struct Shared(State);

    // SAFETY: the program has one thread.
    unsafe impl Sync for Shared {}

    static SHARED: Shared = Shared(State {
        random: Cell::new(0),
        hash: Cell::new(0),
        frames: Cell::new(0),
        exceptions: Cell::new(0),
        open: Cell::new(0),
        broken: Cell::new(0),
    });

    fn state() -> &'static State {
        &SHARED.0
    }

    /// The next of `count` choices.
    fn choose(count: u64) -> u64 {
        let random = &state().random;
        let mut value = random.get();
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
        random.set(value);
        (value >> 11) % count
    }

    fn note(kind: u64, value: u64) {
        let hash = &state().hash;
        for part in [kind, value] {
            hash.set((hash.get() ^ part).wrapping_mul(0x0100_0000_01B3).rotate_left(5));
        }
    }

    /// A new frame's number.
    fn number() -> u64 {
        let frames = &state().frames;
        frames.set(frames.get() + 1);
        frames.get()
    }

    fn note_record(record: &EXCEPTION_RECORD) {
        note(record.ExceptionCode as u32 as u64, u64::from(record.ExceptionFlags & (NONCONTINUABLE | UNWINDING)));
        note(record.NumberParameters.into(), if record.NumberParameters == 1 { record.ExceptionInformation[0] as u64 } else { 0 });
    }

    /// Whether another exception may be raised.
    fn one_more() -> bool {
        let exceptions = &state().exceptions;
        exceptions.set(exceptions.get() + 1);
        exceptions.get() <= MOST
    }

    /// Lets the thread go on behind what faulted.
    fn skip(pointers: *mut EXCEPTION_POINTERS) {
        let (record, context) = unsafe { (&*(*pointers).ExceptionRecord, &mut *(*pointers).ContextRecord) };
        let length = match record.ExceptionCode {
            STATUS_BREAKPOINT => 1,
            STATUS_GUARD_PAGE_VIOLATION => 0,
            // The faulting instructions here have two bytes.
            code if (code as u32) >> 28 == 0xC => 2,
            _ => 0,
        };
        set_instruction(context, instruction(context) + length);
    }

    fn own(record: &EXCEPTION_RECORD) -> bool {
        // What the system raises about exceptions cannot be gone on from by skipping.
        record.ExceptionFlags & NONCONTINUABLE == 0
    }

    /// Reads and writes at an address with instructions of two bytes.
    #[cfg(target_arch = "x86_64")]
    mod at {
        pub unsafe fn read(address: usize) {
            unsafe { core::arch::asm!("mov al, [rcx]", in("rcx") address, out("al") _) };
        }

        pub unsafe fn write(address: usize) {
            unsafe { core::arch::asm!("mov [rcx], al", in("rcx") address, in("al") 1_u8) };
        }
    }

    #[cfg(target_arch = "x86")]
    mod at {
        pub unsafe fn read(address: usize) {
            unsafe { core::arch::asm!("mov al, [ecx]", in("ecx") address, out("al") _) };
        }

        pub unsafe fn write(address: usize) {
            unsafe { core::arch::asm!("mov [ecx], al", in("ecx") address, in("al") 1_u8) };
        }
    }

    fn act() {
        if !one_more() {
            return;
        }
        let bad = 24;
        match choose(8) {
            0 | 1 => {
                let parameter = choose(1000) as usize;
                unsafe { RaiseException(0xE000_0000 | choose(5) as u32, u32::from(choose(8) == 0), 1, &raw const parameter) };
            }
            2 => unsafe { at::read(bad) },
            3 => unsafe { at::write(bad) },
            4 => unsafe { asm!("xor edx, edx", "xor ecx, ecx", "div ecx", inout("eax") 1 => _, out("ecx") _, out("edx") _) },
            5 => unsafe { asm!("ud2") },
            6 => unsafe { asm!("int3") },
            _ => unsafe {
                let page = VirtualAlloc(null(), 0x1000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
                at::write(page as usize);
                VirtualFree(page, 0, MEM_RELEASE);
            },
        }
    }

    unsafe extern "system" fn body(guard: *mut Guard) -> u64 {
        let depth = unsafe { (*guard).data[1] };
        frame(depth + 1);
        if choose(3) == 0 {
            act();
        }
        depth
    }

    unsafe extern "system" fn filter(guard: *mut Guard, pointers: *mut EXCEPTION_POINTERS) -> i32 {
        let record = unsafe { &*(*pointers).ExceptionRecord };
        let [id, depth, ..] = unsafe { (*guard).data };
        note(1, id);
        note_record(record);
        match choose(8) {
            0 | 1 => 1,
            2 if own(record) => {
                skip(pointers);
                -1
            }
            3 if one_more() => {
                // What happens inside is handled there.
                nested(depth);
                0
            }
            4 if one_more() => {
                let parameter = id as usize;
                unsafe { RaiseException(0xE000_0100, 0, 1, &raw const parameter) };
                i32::from(choose(2) == 0)
            }
            5 => i32::from(record.ExceptionCode & 1 != 0),
            _ => 0,
        }
    }

    unsafe extern "system" fn takes(guard: *mut Guard, pointers: *mut EXCEPTION_POINTERS) -> i32 {
        note(2, unsafe { (*guard).data[0] });
        note_record(unsafe { &*(*pointers).ExceptionRecord });
        1
    }

    /// Frames inside of which everything is handled.
    fn nested(depth: u64) {
        let mut guard = Guard::new(body);
        (guard.filter, guard.data) = (takes, [number(), depth.max(DEEPEST - 3), 0, 0, 0, 0]);
        note(3, unsafe { guard_except(&raw mut guard) });
    }

    unsafe extern "system" fn finally(guard: *mut Guard, abnormal: bool) {
        let [id, depth, handler, ..] = unsafe { (*guard).data };
        let open = &state().open;
        open.set(open.get() - 1);
        if unsafe { core::mem::replace(&mut (*guard).data[3], 1) } != 0 {
            state().broken.set(state().broken.get() | 1);
        }
        if handler != 0 {
            unsafe { RemoveVectoredExceptionHandler(handler as usize as *const c_void) };
        }
        note(4 + u64::from(abnormal), id);
        match choose(6) {
            0 => act(),
            1 if one_more() => nested(depth),
            _ => {}
        }
        note(6, id);
    }

    unsafe extern "system" fn raw(guard: *mut Guard, record: *mut EXCEPTION_RECORD, frame: u64, _: *mut CONTEXT, about: *mut Dispatcher) -> i32 {
        let record_now = unsafe { &*record };
        note(7, unsafe { (*guard).data[0] });
        note_record(record_now);
        if record_now.ExceptionFlags & UNWINDING != 0 {
            note(8, u64::from(record_now.ExceptionFlags & 0x20));
            return 1;
        }
        if choose(3) == 0 {
            unsafe { unwind_to_raw(frame, record, choose(1000) as usize + 1000, about) };
        }
        1
    }

    unsafe extern "system" fn vectored(pointers: *mut EXCEPTION_POINTERS) -> i32 {
        let record = unsafe { &*(*pointers).ExceptionRecord };
        note(9, 0);
        note_record(record);
        if own(record) && choose(5) == 0 {
            skip(pointers);
            return -1;
        }
        0
    }

    /// A frame that keeps values in registers, which must be there when its callee comes back.
    fn keeps(guard: &mut Guard, call: unsafe extern "system" fn(*mut Guard) -> u64) -> u64 {
        let id = guard.data[0];
        let mut found = [0; 6];
        let answer = unsafe { guard_keeping(call, guard, id, &raw mut found) };
        if found != kept(id) {
            state().broken.set(state().broken.get() | 2);
        }
        answer
    }

    fn frame(depth: u64) {
        if depth >= DEEPEST || choose(7) == 0 {
            return act();
        }
        let mut guard = Guard::new(body);
        guard.data = [number(), depth, 0, 0, 0, 0];
        let kind = choose(7);
        note(10 + kind, depth);
        let answer = match kind {
            0 | 1 => {
                guard.filter = filter;
                keeps(&mut guard, guard_except)
            }
            2..=4 => {
                guard.finally = finally;
                state().open.set(state().open.get() + 1);
                if kind == 4 && choose(3) == 0 {
                    guard.data[2] = unsafe { AddVectoredExceptionHandler(choose(2) as u32, Some(vectored)) } as u64;
                }
                keeps(&mut guard, guard_finally)
            }
            5 => {
                guard.raw = raw;
                keeps(&mut guard, guard_raw)
            }
            _ => keeps(&mut guard, body),
        };
        note(20, answer);
    }

    /// Runs one scenario; answers its hash.
    fn run(seed: u64) -> u64 {
        let state = state();
        state.random.set(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        state.hash.set(0xCBF2_9CE4_8422_2325);
        state.frames.set(0);
        state.exceptions.set(0);
        state.open.set(0);
        choose(2);
        let mut guard = Guard::new(body);
        guard.filter = takes;
        note(21, keeps(&mut guard, guard_except));
        if state.open.get() != 0 {
            state.broken.set(state.broken.get() | 4);
        }
        state.hash.get()
    }

    pub fn main() -> u32 {
        let arguments = arguments();
        let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
        let (Some(seed), Some(count)) = (number(1), number(2)) else {
            print("unwind_scenarios SEED COUNT\n");
            return 2;
        };
        let mut broken = 0;
        for index in seed..seed.saturating_add(count) {
            let hash = run(index);
            let what = state().broken.take();
            print(&format!("{index} {hash:016x}{}\n", if what == 0 { "" } else { " BROKEN" }));
            broken |= what;
        }
        u32::from(broken != 0)
    }
}
