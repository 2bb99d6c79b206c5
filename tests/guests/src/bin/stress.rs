//! Every kind of object at once: 64 threads, a fixed seed, and what must hold whatever happens. `stress ROUNDS` says
//! `held` at its end; `stress leak` ends with threads, handles, names, files, pipes and views that nobody lets go of.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
use load::*;

guests::program! {
    fn main() -> u32 {
        stress()
    }
}

#[cfg(target_os = "windows")]
mod load {
    use core::cell::UnsafeCell;
    use core::ffi::c_void;
    use core::ptr::{null, null_mut};
    use core::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};
    use guests::{arguments, print, wide};
    use windows_sys::Win32::Foundation::*;
    use windows_sys::Win32::Storage::FileSystem::{CREATE_ALWAYS, CreateFileW, FILE_GENERIC_READ, FILE_GENERIC_WRITE};
    use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, GetThreadContext};
    use windows_sys::Win32::System::Memory::{CreateFileMappingW, FILE_MAP_WRITE, MapViewOfFile, PAGE_READWRITE};
    use windows_sys::Win32::System::Pipes::CreatePipe;
    use windows_sys::Win32::System::Threading::*;

    const THREADS: usize = 64;
    const KINDS: usize = 8;
    const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
    const LIMIT: i32 = 5;

    /// A number that only the holder of a lock touches.
    #[derive(Default)]
    struct Guarded(UnsafeCell<u64>);

    // SAFETY: reached under its lock alone, which is what the test is about.
    unsafe impl Sync for Guarded {}

    impl Guarded {
        fn add(&self) {
            // SAFETY: the lock is held.
            unsafe {
                let seen = self.0.get().read_volatile();
                if seen.is_multiple_of(64) {
                    SwitchToThread();
                }
                self.0.get().write_volatile(seen + 1);
            }
        }

        fn get(&self) -> u64 {
            // SAFETY: the lock is held, or nobody is left.
            unsafe { self.0.get().read_volatile() }
        }
    }

    struct World {
        rounds: u32,
        mutexes: [HANDLE; 4],
        by_mutex: [Guarded; 4],
        token: HANDLE,
        by_token: Guarded,
        semaphore: HANDLE,
        inside: AtomicI32,
        section: CRITICAL_SECTION,
        by_section: Guarded,
        lock: SRWLOCK,
        by_lock: Guarded,
        readers: AtomicI32,
        variable: CONDITION_VARIABLE,
        waiting: Guarded,
        served: Guarded,
        timer: HANDLE,
        done: [AtomicU32; KINDS],
        calls: [AtomicUsize; 2],
        broken: AtomicU32,
    }

    // SAFETY: handles are numbers, and the rest is behind locks.
    unsafe impl Sync for World {}

    impl World {
        fn must(&self, holds: bool, what: u32) {
            if !holds {
                self.broken.store(what, Ordering::SeqCst);
            }
        }
    }

    struct Worker<'a> {
        world: &'a World,
        number: u64,
    }

    unsafe extern "system" fn note(world: usize) {
        // SAFETY: the world outlives its threads.
        unsafe { (*(world as *const World)).calls[1].fetch_add(1, Ordering::SeqCst) };
    }

    unsafe extern "system" fn work(worker: *mut c_void) -> u32 {
        // SAFETY: the worker outlives its thread.
        let worker = unsafe { &*worker.cast::<Worker<'_>>() };
        let mut random = SEED.wrapping_mul(worker.number + 1);
        for _ in 0..worker.world.rounds {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let kind = (random >> 32) as usize % KINDS;
            // SAFETY: every handle is the world's.
            unsafe { one(worker.world, kind, random) };
            worker.world.done[kind].fetch_add(1, Ordering::SeqCst);
        }
        // Calls that came late.
        // SAFETY: nothing is passed.
        while unsafe { SleepEx(0, 1) } == WAIT_IO_COMPLETION {}
        0
    }

    /// One turn with one kind of object.
    unsafe fn one(world: &World, kind: usize, random: u64) {
        unsafe {
            match kind {
                0 => {
                    let which = random as usize % 4;
                    world.must(WaitForSingleObject(world.mutexes[which], INFINITE) == WAIT_OBJECT_0, 1);
                    world.must(WaitForSingleObject(world.mutexes[which], 0) == WAIT_OBJECT_0, 2);
                    world.by_mutex[which].add();
                    world.must(ReleaseMutex(world.mutexes[which]) != 0 && ReleaseMutex(world.mutexes[which]) != 0, 3);
                }
                1 => {
                    // All of two mutexes, in either order.
                    let (first, second) = (random as usize % 4, (random as usize % 4 + 1 + (random >> 8) as usize % 3) % 4);
                    let both = [world.mutexes[first], world.mutexes[second]];
                    world.must(WaitForMultipleObjects(2, both.as_ptr(), 1, INFINITE) == WAIT_OBJECT_0, 4);
                    world.by_mutex[first].add();
                    world.by_mutex[second].add();
                    world.must(ReleaseMutex(both[0]) != 0 && ReleaseMutex(both[1]) != 0, 5);
                }
                2 => {
                    world.must(WaitForSingleObject(world.token, INFINITE) == WAIT_OBJECT_0, 6);
                    world.by_token.add();
                    SetEvent(world.token);
                }
                3 => {
                    world.must(WaitForSingleObject(world.semaphore, INFINITE) == WAIT_OBJECT_0, 7);
                    world.must(world.inside.fetch_add(1, Ordering::SeqCst) < LIMIT, 8);
                    if random & 7 == 0 {
                        SwitchToThread();
                    }
                    world.inside.fetch_sub(1, Ordering::SeqCst);
                    world.must(ReleaseSemaphore(world.semaphore, 1, null_mut()) != 0, 9);
                }
                4 => {
                    let section = (&raw const world.section).cast_mut();
                    EnterCriticalSection(section);
                    EnterCriticalSection(section);
                    world.by_section.add();
                    LeaveCriticalSection(section);
                    LeaveCriticalSection(section);
                }
                5 => {
                    let lock = (&raw const world.lock).cast_mut();
                    if random & 3 == 0 {
                        AcquireSRWLockExclusive(lock);
                        world.must(world.readers.load(Ordering::SeqCst) == 0, 10);
                        world.by_lock.add();
                        ReleaseSRWLockExclusive(lock);
                    } else {
                        AcquireSRWLockShared(lock);
                        world.readers.fetch_add(1, Ordering::SeqCst);
                        let before = world.by_lock.get();
                        world.must(world.by_lock.get() == before, 11);
                        world.readers.fetch_sub(1, Ordering::SeqCst);
                        ReleaseSRWLockShared(lock);
                        world.done[5].fetch_sub(1, Ordering::SeqCst);
                    }
                }
                6 => {
                    // Whoever comes first waits for whoever comes next; a time limit keeps the last one from waiting for ever.
                    let (section, variable) = ((&raw const world.section).cast_mut(), (&raw const world.variable).cast_mut());
                    EnterCriticalSection(section);
                    if world.waiting.get() > 0 {
                        world.served.add();
                        WakeConditionVariable(variable);
                    } else {
                        world.waiting.0.get().write_volatile(1);
                        SleepConditionVariableCS(variable, section, 2);
                        world.waiting.0.get().write_volatile(0);
                    }
                    LeaveCriticalSection(section);
                }
                _ => {
                    let this = core::ptr::from_ref(world) as usize;
                    world.calls[0].fetch_add(1, Ordering::SeqCst);
                    world.must(QueueUserAPC(Some(note), GetCurrentThread(), this) != 0, 12);
                    let objects = [world.timer, world.token];
                    let waited = WaitForMultipleObjectsEx(2, objects.as_ptr(), 0, INFINITE, 1);
                    match waited {
                        WAIT_IO_COMPLETION | WAIT_OBJECT_0 => {}
                        1 => {
                            world.by_token.add();
                            world.done[2].fetch_add(1, Ordering::SeqCst);
                            SetEvent(world.token);
                        }
                        _ => world.must(false, 13),
                    }
                    let event = CreateEventW(null(), 1, 0, null());
                    let due = -1_000_i64;
                    SetWaitableTimer(world.timer, &raw const due, 0, None, null(), 0);
                    world.must(SignalObjectAndWait(event, event, INFINITE, 0) == WAIT_OBJECT_0, 14);
                    world.must(CloseHandle(event) != 0, 15);
                }
            }
        }
    }

    fn zeroed<T>() -> T {
        // SAFETY: locks and counters, for which zero is the first state.
        unsafe { core::mem::zeroed() }
    }

    pub fn stress() -> u32 {
        let argument = arguments().get(1).cloned().unwrap_or_default();
        if argument == "leak" {
            return leak();
        }
        if argument == "backwards" {
            return backwards();
        }
        if argument == "look" {
            return look();
        }
        let rounds = argument.parse().unwrap_or(200);
        // SAFETY: plain creation.
        let world = unsafe {
            World {
                rounds,
                mutexes: core::array::from_fn(|_| CreateMutexW(null(), 0, null())),
                token: CreateEventW(null(), 0, 1, null()),
                semaphore: CreateSemaphoreW(null(), LIMIT, LIMIT, null()),
                timer: CreateWaitableTimerW(null(), 1, null()),
                ..zeroed()
            }
        };
        // SAFETY: the section is not used yet.
        unsafe { InitializeCriticalSectionAndSpinCount((&raw const world.section).cast_mut(), 10) };
        let workers: [Worker<'_>; THREADS] = core::array::from_fn(|number| Worker { world: &world, number: number as u64 });
        // SAFETY: the workers outlive their threads.
        let threads: [HANDLE; THREADS] =
            core::array::from_fn(|number| unsafe { CreateThread(null(), 0, Some(work), (&raw const workers[number]).cast(), 0, null_mut()) });
        // SAFETY: handles of this process.
        let over = unsafe { WaitForMultipleObjects(THREADS as u32, threads.as_ptr(), 1, 120_000) };
        if over != WAIT_OBJECT_0 {
            print("the threads did not end\n");
            return 1;
        }
        let done: [u64; KINDS] = core::array::from_fn(|kind| world.done[kind].load(Ordering::SeqCst).into());
        let sums = [
            (world.by_mutex.iter().map(Guarded::get).sum::<u64>(), done[0] + 2 * done[1]),
            (world.by_token.get(), done[2]),
            (world.by_section.get(), done[4]),
            (world.by_lock.get(), done[5]),
            (world.calls[1].load(Ordering::SeqCst) as u64, world.calls[0].load(Ordering::SeqCst) as u64),
        ];
        for (number, (found, expected)) in sums.into_iter().enumerate() {
            if found != expected {
                print(&alloc::format!("sum {number} is {found}, not {expected}\n"));
                return 2;
            }
        }
        let broken = world.broken.load(Ordering::SeqCst);
        if broken != 0 {
            print(&alloc::format!("{broken} did not hold\n"));
            return 3;
        }
        print("held\n");
        0
    }

    unsafe extern "system" fn wait_for_ever(event: *mut c_void) -> u32 {
        // SAFETY: a handle that stays open.
        unsafe { WaitForSingleObject(event, INFINITE) }
    }

    /// Counts for ever, with strings going backwards.
    unsafe extern "system" fn spin_backwards(turns: *mut c_void) -> u32 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: touches the word alone, and ends only with its thread.
        unsafe {
            core::arch::asm!(
                "std",
                "2:",
                "inc qword ptr [{turns}]",
                "jmp 2b",
                turns = in(reg) turns,
                options(noreturn),
            )
        }
        #[cfg(not(target_arch = "x86_64"))]
        loop {
            // SAFETY: a word that outlives the thread.
            unsafe { (*turns.cast::<AtomicUsize>()).fetch_add(1, Ordering::SeqCst) };
        }
    }

    /// Ends with strings going backwards.
    unsafe extern "system" fn end_backwards(_: *mut c_void) -> u32 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: touches the word alone, and ends only with its thread.
        unsafe {
            core::arch::asm!(
                "and rsp, -16",
                "sub rsp, 32",
                "mov ecx, 40",
                "std",
                "call rax",
                "ud2",
                in("rax") ExitThread as *const (),
                options(noreturn),
            )
        }
        #[cfg(not(target_arch = "x86_64"))]
        40
    }

    /// Ends threads whose strings go backwards: nobody inherits that.
    fn backwards() -> u32 {
        let turns = AtomicUsize::new(0);
        let start = |routine: unsafe extern "system" fn(*mut c_void) -> u32| {
            // SAFETY: the word outlives its threads.
            unsafe { CreateThread(null(), 0, Some(routine), turns.as_ptr().cast(), 0, null_mut()) }
        };
        let ended = |thread: HANDLE| {
            let mut code = 0;
            // SAFETY: a handle of this program's.
            unsafe { (WaitForSingleObject(thread, 20_000), GetExitCodeThread(thread, &raw mut code), CloseHandle(thread), code) }
        };
        for _ in 0..20 {
            let (before, thread) = (turns.load(Ordering::SeqCst), start(spin_backwards));
            while turns.load(Ordering::SeqCst) == before {
                // SAFETY: takes nothing.
                unsafe { SwitchToThread() };
            }
            // SAFETY: a handle of this program's.
            let terminated = unsafe { TerminateThread(thread, 38) };
            let (spun, next, last) = (ended(thread), ended(start(end_at_once)), ended(start(end_backwards)));
            if (terminated, spun, next, last) != (1, (0, 1, 1, 38), (0, 1, 1, 0), (0, 1, 1, 40)) {
                print(&alloc::format!("{terminated} {spun:?} {next:?} {last:?}\n"));
                return 5;
            }
        }
        print("held\n");
        0
    }

    unsafe extern "system" fn end_at_once(_: *mut c_void) -> u32 {
        0
    }

    /// Looks at the registers of threads that begin and end meanwhile: there are theirs, or none.
    fn look() -> u32 {
        #[repr(C, align(16))]
        struct Aligned(CONTEXT);
        const FULL: u32 = 0x10_000B;
        let mut seen = 0;
        for _ in 0..3_000 {
            // SAFETY: plain creation, and a context of this frame.
            unsafe {
                let thread = CreateThread(null(), 0, Some(end_at_once), null(), 0, null_mut());
                let mut found: Aligned = core::mem::zeroed();
                found.0.ContextFlags = FULL;
                while WaitForSingleObject(thread, 0) == WAIT_TIMEOUT {
                    if GetThreadContext(thread, &raw mut found.0) == 0 {
                        continue;
                    }
                    seen += 1;
                    #[cfg(target_arch = "x86_64")]
                    if found.0.Rip <= 0xFFFF || found.0.Rsp <= 0xFFFF {
                        print(&alloc::format!("at {:#x}, stack {:#x}\n", found.0.Rip, found.0.Rsp));
                        return 4;
                    }
                }
                CloseHandle(thread);
            }
        }
        print(if seen > 0 { "held\n" } else { "nothing was seen\n" });
        0
    }

    /// Ends with much that is not let go of.
    fn leak() -> u32 {
        // SAFETY: plain creation; nothing is given back on purpose.
        unsafe {
            let event = CreateEventW(null(), 1, 0, null());
            for number in 0..1_000 {
                let name = wide(&alloc::format!("leaked {number}"));
                CreateMutexW(null(), 1, name.as_ptr());
                CreateSemaphoreW(null(), 0, 1, null());
                if number % 20 == 0 {
                    let (mut reader, mut writer) = (null_mut(), null_mut());
                    CreatePipe(&raw mut reader, &raw mut writer, null(), 0);
                    let file = wide(&alloc::format!("C:\\leaked {number}.txt"));
                    let file = CreateFileW(file.as_ptr(), FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0, null(), CREATE_ALWAYS, 0, null_mut());
                    let section = CreateFileMappingW(file, null(), PAGE_READWRITE, 0, 0x1_0000, null());
                    if MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0).Value.is_null() {
                        print("no view\n");
                        return 7;
                    }
                }
                if number % 5 == 0 {
                    CreateThread(null(), 0x1_0000, Some(wait_for_ever), event, STACK_SIZE_PARAM_IS_A_RESERVATION, null_mut());
                }
            }
        }
        print("leaked\n");
        6
    }
}

#[cfg(target_os = "windows")]
extern crate alloc;
