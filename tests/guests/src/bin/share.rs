//! One of several processes of a sandbox that share objects by their names: `share hold NAME`, `share storm NAME PROCESSES`.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        share::main()
    }
}

#[cfg(target_os = "windows")]
mod share {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::ffi::c_void;
    use core::ptr::{null, null_mut};
    use core::sync::atomic::{AtomicU32, Ordering};
    use guests::{arguments, last_error, print, wide};
    use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, INVALID_HANDLE_VALUE, WAIT_ABANDONED_0, WAIT_OBJECT_0};
    use windows_sys::Win32::System::Memory::{
        CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MapViewOfFile, OpenFileMappingW, PAGE_READWRITE, UnmapViewOfFile,
    };
    use windows_sys::Win32::System::Threading::{
        CreateEventW, CreateMutexW, CreateSemaphoreW, CreateThread, GetExitCodeThread, INFINITE, OpenMutexW, ReleaseMutex, ReleaseSemaphore,
        SetEvent, Sleep, WaitForMultipleObjects, WaitForSingleObject,
    };

    pub fn main() -> u32 {
        let arguments = arguments();
        let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["hold", name] => hold(name),
            ["take", name] => take(name),
            ["write", name, text] => write(name, text),
            ["read", name] => read(name),
            ["storm", name, processes] => storm(name, processes.parse().unwrap_or(1)),
            _ => 100,
        }
    }

    fn named(name: &str, kind: &str) -> Vec<u16> {
        wide(&format!("{name}-{kind}"))
    }

    fn wait(handle: HANDLE) -> u32 {
        // SAFETY: takes a handle.
        unsafe { WaitForSingleObject(handle, INFINITE) }
    }

    /// Takes a mutex, says so, and never lets go of it.
    fn hold(name: &str) -> u32 {
        // SAFETY: reads the name.
        let mutex = unsafe { CreateMutexW(null(), 1, named(name, "mutex").as_ptr()) };
        print(if mutex.is_null() { "refused\n" } else { "holding\n" });
        loop {
            // SAFETY: takes a number.
            unsafe { Sleep(u32::MAX) };
        }
    }

    /// Waits for a mutex that another process has; says what became of its owner.
    fn take(name: &str) -> u32 {
        const SYNCHRONIZE: u32 = 0x10_0000;
        // SAFETY: reads the name.
        let mutex = unsafe { OpenMutexW(SYNCHRONIZE, 0, named(name, "mutex").as_ptr()) };
        if mutex.is_null() {
            print(&format!("error {}\n", last_error()));
            return 1;
        }
        print("waiting\n");
        let answer = wait(mutex);
        print(match answer {
            WAIT_OBJECT_0 => "taken\n",
            WAIT_ABANDONED_0 => "abandoned\n",
            _ => "failed\n",
        });
        0
    }

    /// Puts a text into memory that has a name, and stays.
    fn write(name: &str, text: &str) -> u32 {
        // SAFETY: the view is that large.
        unsafe {
            let mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0x1_0000, named(name, "memory").as_ptr());
            let view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0).Value.cast::<u8>();
            view.copy_from_nonoverlapping(text.as_ptr(), text.len());
        }
        print("written\n");
        loop {
            // SAFETY: takes a number.
            unsafe { Sleep(u32::MAX) };
        }
    }

    /// Says what stands in memory that has a name.
    fn read(name: &str) -> u32 {
        // SAFETY: the view is that large, and the text ends in a zero.
        unsafe {
            let mapping = OpenFileMappingW(FILE_MAP_READ, 0, named(name, "memory").as_ptr());
            if mapping.is_null() {
                print(&format!("error {}\n", last_error()));
                return 1;
            }
            let view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
            let text = core::ffi::CStr::from_ptr(view.Value.cast());
            print(&format!("{}\n", text.to_string_lossy()));
            UnmapViewOfFile(view);
            CloseHandle(mapping);
        }
        0
    }

    const THREADS: usize = 8;
    const ROUNDS: u32 = 400;
    const ROOM: i32 = 3;

    /// What all threads of all processes work on.
    #[repr(C)]
    struct Table {
        /// Changed by whoever has the mutex, without any other care.
        guarded: u32,
        again: u32,
        /// How many are in the room that has so many places, and the most that ever were.
        inside: AtomicU32,
        most: AtomicU32,
        /// Rounds of hand-overs through the event.
        handed: AtomicU32,
        /// Processes that have come, and those that are done.
        here: AtomicU32,
        done: AtomicU32,
    }

    struct Tools {
        table: *mut Table,
        mutex: HANDLE,
        room: HANDLE,
        baton: HANDLE,
        own: HANDLE,
        seed: AtomicU32,
    }

    unsafe extern "system" fn works(parameter: *mut c_void) -> u32 {
        // SAFETY: the parameter outlives the thread, and the view all threads.
        let (tools, table) = unsafe { (&*parameter.cast::<Tools>(), (*parameter.cast::<Tools>()).table) };
        let mut random = tools.seed.fetch_add(0x9E37_79B9, Ordering::Relaxed) | 1;
        for _ in 0..ROUNDS {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            // SAFETY: the mutex guards what is not atomic.
            let answer = unsafe {
                match random % 4 {
                    0 => guarded(table, tools, || wait(tools.mutex)),
                    1 => guarded(table, tools, || {
                        // All of them: the room too, which is left at once.
                        let answer = WaitForMultipleObjects(2, [tools.room, tools.mutex].as_ptr(), 1, INFINITE);
                        ReleaseSemaphore(tools.room, 1, null_mut());
                        answer
                    }),
                    2 => guarded(table, tools, || {
                        // With an object that nobody else knows, and that is always there.
                        WaitForMultipleObjects(2, [tools.own, tools.mutex].as_ptr(), 1, INFINITE)
                    }),
                    _ => inside(&*table, tools),
                }
            };
            if answer != 0 {
                return answer;
            }
        }
        0
    }

    unsafe fn guarded(table: *mut Table, tools: &Tools, take: impl FnOnce() -> u32) -> u32 {
        let answer = take();
        if answer != WAIT_OBJECT_0 {
            return 0x100 + answer;
        }
        // SAFETY: the mutex is taken.
        unsafe {
            let before = (&raw const (*table).guarded).read_volatile();
            if before != (&raw const (*table).again).read_volatile() {
                return 0x200;
            }
            (&raw mut (*table).guarded).write_volatile(before + 1);
            (&raw mut (*table).again).write_volatile(before + 1);
            if ReleaseMutex(tools.mutex) == 0 { 0x300 } else { 0 }
        }
    }

    unsafe fn inside(table: &Table, tools: &Tools) -> u32 {
        // SAFETY: takes handles.
        unsafe {
            if WaitForMultipleObjects(2, [tools.baton, tools.room].as_ptr(), 0, INFINITE) == WAIT_OBJECT_0 {
                // The baton: handed on at once.
                table.handed.fetch_add(1, Ordering::SeqCst);
                return if SetEvent(tools.baton) == 0 { 0x400 } else { 0 };
            }
            let now = table.inside.fetch_add(1, Ordering::SeqCst) + 1;
            table.most.fetch_max(now, Ordering::SeqCst);
            table.inside.fetch_sub(1, Ordering::SeqCst);
            if ReleaseSemaphore(tools.room, 1, null_mut()) == 0 { 0x500 } else { 0 }
        }
    }

    /// Many threads of several processes work on one table; the last process looks whether all is as it must be.
    fn storm(name: &str, processes: u32) -> u32 {
        // SAFETY: reads names; the view holds the table.
        let tools = unsafe {
            let mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0x1000, named(name, "table").as_ptr());
            let table = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0).Value.cast::<Table>();
            let here = (*table).here.fetch_add(1, Ordering::SeqCst) + 1;
            Tools {
                table,
                mutex: CreateMutexW(null(), 0, named(name, "mutex").as_ptr()),
                room: CreateSemaphoreW(null(), ROOM, ROOM, named(name, "room").as_ptr()),
                baton: CreateEventW(null(), 0, 1, named(name, "baton").as_ptr()),
                own: CreateEventW(null(), 1, 1, null()),
                seed: AtomicU32::new(here.wrapping_mul(0x5EED_5EED)),
            }
        };
        // SAFETY: the view is mapped.
        let table = unsafe { &*tools.table };
        while table.here.load(Ordering::SeqCst) < processes {
            // SAFETY: takes a number.
            unsafe { Sleep(1) };
        }
        let parameter: *const c_void = (&raw const tools).cast();
        // SAFETY: the tools outlive the threads.
        let threads: [HANDLE; THREADS] = core::array::from_fn(|_| unsafe { CreateThread(null(), 0, Some(works), parameter, 0, null_mut()) });
        for thread in threads {
            let mut code = 1;
            wait(thread);
            // SAFETY: writes the code.
            unsafe { GetExitCodeThread(thread, &raw mut code) };
            if code != 0 {
                print(&format!("thread: {code:x}\n"));
                return 2;
            }
        }
        let last = table.done.fetch_add(1, Ordering::SeqCst) + 1 == processes;
        let (most, guarded, again) = (table.most.load(Ordering::SeqCst), table.guarded, table.again);
        if most > ROOM as u32 || (last && guarded != again) {
            print(&format!("most {most}, {guarded} {again}\n"));
            return 3;
        }
        if last {
            print(&format!("done {}\n", guarded > 0 && table.handed.load(Ordering::SeqCst) > 0));
        }
        0
    }
}
