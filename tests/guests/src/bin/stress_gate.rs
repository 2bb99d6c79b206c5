//! Threads that go in and out of services, fault, and (as 32-bit code) lose FS, while another one stops them a thousand times a
//! second wherever they are: in their own code, in a handler, at any instruction of the gate. `stress_gate SECONDS` ends with
//! "held" where everything did.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

#[cfg(target_os = "windows")]
mod parts {
    use alloc::format;
    use core::ffi::c_void;
    use core::ptr::{null, null_mut};
    use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    use guests::registers::{self, CONTROL, FULL, INTEGER, context};
    use guests::{arguments, print};
    use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
    use windows_sys::Win32::System::Diagnostics::Debug::{
        AddVectoredExceptionHandler, CONTEXT, EXCEPTION_CONTINUE_EXECUTION, EXCEPTION_POINTERS, GetThreadContext, SetThreadContext,
    };
    use windows_sys::Win32::System::SystemInformation::GetTickCount64;
    use windows_sys::Win32::System::Threading::{
        CreateThread, CreateWaitableTimerW, GetCurrentProcessorNumber, GetCurrentThreadId, ResumeThread, SetWaitableTimer, SuspendThread,
        SwitchToThread, WaitForSingleObject,
    };

    const WORKERS: usize = 4;
    /// What a worker reads, and what its handler lets it go on with.
    const NOWHERE: usize = 0x20;
    const FOUND: usize = 0x5A5A;

    static OVER: AtomicU32 = AtomicU32::new(0);
    static WRONG: AtomicUsize = AtomicUsize::new(0);
    static ROUNDS: AtomicUsize = AtomicUsize::new(0);

    /// Reads at an address with an instruction of two bytes, in as many registers as code keeps.
    #[cfg(target_arch = "x86_64")]
    fn read(at: usize) -> usize {
        let value;
        unsafe { core::arch::asm!("mov eax, [ecx]", in("ecx") at, out("rax") value) };
        value
    }

    #[cfg(target_arch = "x86")]
    fn read(at: usize) -> usize {
        let value;
        unsafe { core::arch::asm!("mov eax, [ecx]", in("ecx") at, out("eax") value) };
        value
    }

    #[cfg(target_arch = "x86_64")]
    fn answer(context: &mut CONTEXT, value: usize) {
        // The instruction has a prefix for its address.
        context.Rip += 3;
        context.Rax = value as u64;
    }

    #[cfg(target_arch = "x86")]
    fn answer(context: &mut CONTEXT, value: usize) {
        context.Eip += 2;
        context.Eax = value as u32;
    }

    /// Loads FS, which a program may: its base goes with it.
    fn lose_fs() {
        #[cfg(target_arch = "x86")]
        unsafe {
            core::arch::asm!("push fs", "pop fs");
        }
    }

    unsafe extern "system" fn handler(pointers: *mut EXCEPTION_POINTERS) -> i32 {
        unsafe {
            if (*(*pointers).ExceptionRecord).ExceptionInformation[1] != NOWHERE {
                return 0;
            }
            answer(&mut *(*pointers).ContextRecord, FOUND);
        }
        EXCEPTION_CONTINUE_EXECUTION
    }

    fn expect(holds: bool, what: usize) {
        if !holds {
            WRONG.fetch_or(1 << what, Ordering::SeqCst);
        }
    }

    unsafe extern "system" fn work(id: *mut c_void) -> u32 {
        let own = unsafe { GetCurrentThreadId() };
        let (mut state, mut number) = (id as u32 | 1, 1.0_f64);
        while OVER.load(Ordering::Relaxed) == 0 {
            for turn in 0..64_u32 {
                state = state.wrapping_mul(0x41C6_4E6D).wrapping_add(0x3039);
                let before = (state, number);
                unsafe {
                    GetCurrentProcessorNumber();
                    if turn % 8 == 0 {
                        SwitchToThread();
                    }
                }
                expect(before == (state, number), 0);
                number = if number > 1e9 { 1.0 } else { number * 1.000_1 + 1.0 };
            }
            expect(read(NOWHERE) == FOUND, 1);
            lose_fs();
            expect(unsafe { GetCurrentThreadId() } == own, 2);
            ROUNDS.fetch_add(1, Ordering::Relaxed);
        }
        0
    }

    /// Stops a thread, looks at its registers, gives some back, and lets it go on.
    fn look(thread: HANDLE, turn: usize) {
        unsafe {
            expect(SuspendThread(thread) == 0, 3);
            let mut found = context(FULL);
            expect(GetThreadContext(thread, &raw mut found.0) != 0, 4);
            expect(registers::instruction(&found.0) != 0 && registers::code(&found.0) == registers::CODE, 5);
            let stack = registers::stack(&found.0);
            expect(stack != 0 && stack.is_multiple_of(size_of::<usize>() / 2), 6);
            if turn.is_multiple_of(3) {
                // What a thread has inside of a service changes with the service.
                let flags = if turn.is_multiple_of(2) { CONTROL } else { CONTROL | INTEGER };
                let mut own = context(flags);
                GetThreadContext(thread, &raw mut own.0);
                own.0.ContextFlags = CONTROL;
                expect(SetThreadContext(thread, &raw const own.0) != 0, 7);
            }
            expect(ResumeThread(thread) == 1, 8);
        }
    }

    pub fn main() -> u32 {
        let words = arguments();
        let seconds: u64 = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(2);
        unsafe {
            AddVectoredExceptionHandler(1, Some(handler));
            let threads: [HANDLE; WORKERS] = core::array::from_fn(|index| CreateThread(null(), 0, Some(work), index as *mut c_void, 0, null_mut()));
            let timer = CreateWaitableTimerW(null(), 0, null());
            let due = -10_000_i64;
            SetWaitableTimer(timer, &raw const due, 1, None, null(), 0);
            let end = GetTickCount64() + 1000 * seconds;
            let mut turn = 0;
            while GetTickCount64() < end {
                WaitForSingleObject(timer, 1000);
                threads.iter().for_each(|thread| look(*thread, turn));
                turn += 1;
            }
            OVER.store(1, Ordering::SeqCst);
            for thread in threads {
                expect(WaitForSingleObject(thread, 20_000) == 0, 9);
                CloseHandle(thread);
            }
            expect(turn > 100 * seconds as usize && ROUNDS.load(Ordering::SeqCst) > 100, 10);
            let wrong = WRONG.load(Ordering::SeqCst);
            if wrong != 0 {
                print(&format!("wrong: {wrong:#x} after {turn} turns, {} rounds\n", ROUNDS.load(Ordering::SeqCst)));
                return 1;
            }
        }
        print("held\n");
        0
    }
}

guests::program! {
    fn main() -> u32 {
        parts::main()
    }
}
