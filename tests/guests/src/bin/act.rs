//! Does one thing that its arguments name, for tests of a run's life: `act exit 5`, `act copy`, `act crash null`.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        act::act()
    }
}

#[cfg(target_os = "windows")]
mod act {
    use alloc::format;
    use alloc::string::String;
    use core::arch::asm;
    use core::ptr::{null, null_mut};
    use guests::{arguments, exit, last_error, print};
    use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::Storage::FileSystem::{
        CREATE_NEW, CreateFileW, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OVERLAPPED, FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_LIST_DIRECTORY,
        FILE_NOTIFY_CHANGE_FILE_NAME, FILE_SHARE_READ, FILE_SHARE_WRITE, LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx,
        OPEN_EXISTING, ReadDirectoryChangesW, ReadFile, SetEndOfFile, WriteFile,
    };
    use windows_sys::Win32::System::Console::{
        COORD, FillConsoleOutputCharacterW, GetConsoleMode, GetConsoleScreenBufferInfo, GetConsoleTitleW, GetStdHandle, ReadConsoleW,
        STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetConsoleCtrlHandler, SetConsoleCursorPosition, SetConsoleMode, SetConsoleTextAttribute,
        SetConsoleTitleW, WriteConsoleW,
    };
    use windows_sys::Win32::System::IO::OVERLAPPED;
    use windows_sys::Win32::System::Memory::{CreateFileMappingW, FILE_MAP_READ, MapViewOfFile, PAGE_READONLY};
    use windows_sys::Win32::System::Threading::{CreateThread, Sleep};

    /// Does what the arguments say; answers the exit code.
    pub fn act() -> u32 {
        let arguments = arguments();
        let words: alloc::vec::Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["exit", code] => code.parse::<i64>().unwrap_or(99) as u32,
            ["standard-files"] => standard_files(),
            ["watch-all", path] => watch_all(path),
            ["exit-while-threads-run"] => exit_while_threads_run(),
            ["print", text] => {
                print(text);
                0
            }
            ["wait"] => wait(),
            ["copy"] => copy(),
            ["echo"] => {
                print("ready\n");
                copy()
            }
            ["keys", count] => keys(count.parse().unwrap_or(1)),
            ["size"] => size(),
            ["screen"] => screen(),
            ["line"] => line(),
            ["interrupts", count] => interrupts(count.parse().unwrap_or(1)),
            ["open", path] => open(path, FILE_GENERIC_READ, OPEN_EXISTING),
            ["create", path] => open(path, FILE_GENERIC_WRITE, CREATE_NEW),
            ["crash", how] => crash(how),
            ["view", path] => view(path),
            ["lock", path] => lock(path, FILE_GENERIC_READ | FILE_GENERIC_WRITE, true),
            ["hold-lock", path] => lock(path, FILE_GENERIC_READ | FILE_GENERIC_WRITE, false),
            ["hold-read-lock", path] => lock(path, FILE_GENERIC_READ, false),
            _ => {
                print("act: unknown words\n");
                100
            }
        }
    }

    fn stream(which: u32) -> HANDLE {
        // SAFETY: takes a number.
        unsafe { GetStdHandle(which) }
    }

    /// Waits for ever, after a line that says so.
    fn wait() -> ! {
        print("waiting\n");
        loop {
            // SAFETY: takes a number.
            unsafe { Sleep(u32::MAX) };
        }
    }

    /// Copies standard input to standard output, as much as there is at a time.
    fn copy() -> u32 {
        let mut buffer = [0_u8; 4096];
        loop {
            let mut count = 0;
            // SAFETY: the buffer lives through the call.
            let read = unsafe { ReadFile(stream(STD_INPUT_HANDLE), buffer.as_mut_ptr(), buffer.len() as u32, &raw mut count, null_mut()) };
            // A pipe whose writers have gone ends with ERROR_BROKEN_PIPE, a file or console with nothing read.
            if read == 0 || count == 0 {
                return 0;
            }
            let mut written = 0;
            // SAFETY: as above.
            if unsafe { WriteFile(stream(STD_OUTPUT_HANDLE), buffer.as_ptr(), count, &raw mut written, null_mut()) } == 0 {
                return 100 + last_error();
            }
        }
    }

    /// Reads keys one by one, without echo and without Ctrl-C, and prints their codes.
    fn keys(count: u32) -> u32 {
        let (input, mut mode) = (stream(STD_INPUT_HANDLE), 0);
        // SAFETY: the mode lives through the calls.
        let set = unsafe { GetConsoleMode(input, &raw mut mode) != 0 && SetConsoleMode(input, mode & !7) != 0 };
        if !set {
            return last_error();
        }
        print("ready\r\n");
        for _ in 0..count {
            let (mut key, mut read) = (0_u8, 0);
            // SAFETY: the key lives through the call.
            unsafe { ReadFile(input, &raw mut key, 1, &raw mut read, null_mut()) };
            print(&format!("key {key}\r\n"));
        }
        0
    }

    /// Prints the console's size, once for each line of input.
    fn size() -> u32 {
        loop {
            // SAFETY: plain data.
            let mut info = unsafe { core::mem::zeroed() };
            // SAFETY: the structure lives through the call.
            if unsafe { GetConsoleScreenBufferInfo(stream(STD_OUTPUT_HANDLE), &raw mut info) } == 0 {
                return last_error();
            }
            print(&format!("size {}x{}\r\n", info.srWindow.Right - info.srWindow.Left + 1, info.srWindow.Bottom - info.srWindow.Top + 1));
            let (mut line, mut read) = ([0_u8; 64], 0);
            // SAFETY: the line lives through the call.
            unsafe { ReadFile(stream(STD_INPUT_HANDLE), line.as_mut_ptr(), 64, &raw mut read, null_mut()) };
            if read == 0 {
                return 0;
            }
        }
    }

    /// Shows texts, colours and a title, and counts where the cursor is.
    fn screen() -> u32 {
        let output = stream(STD_OUTPUT_HANDLE);
        let write = |text: &str| {
            let units = guests::wide(text);
            let mut written = 0;
            // SAFETY: the text lives through the call.
            unsafe { WriteConsoleW(output, units.as_ptr().cast(), units.len() as u32 - 1, &raw mut written, null()) };
            written
        };
        let place = || {
            // SAFETY: plain data.
            let mut info = unsafe { core::mem::zeroed() };
            // SAFETY: the structure lives through the call.
            unsafe { GetConsoleScreenBufferInfo(output, &raw mut info) };
            (info.dwCursorPosition.X, info.dwCursorPosition.Y, info.wAttributes)
        };
        let (mut count, corner) = (0, COORD { X: 0, Y: 0 });
        // SAFETY: the texts live through the calls.
        unsafe {
            SetConsoleTitleW(guests::wide("a title").as_ptr());
            FillConsoleOutputCharacterW(output, 0x20, 80 * 24, corner, &raw mut count);
            SetConsoleCursorPosition(output, corner);
            write("\u{E9}t\u{E9} \u{1F600}\x1b[2J");
            SetConsoleTextAttribute(output, 0x1C);
        }
        let there = place();
        write("red");
        // SAFETY: takes numbers.
        unsafe {
            SetConsoleCursorPosition(output, COORD { X: 4, Y: 2 });
            SetConsoleTextAttribute(output, 7);
        }
        write(&format!("count {count}, at {there:?}, then {:?}, title {}\r\n", place(), {
            let mut title = [0_u16; 32];
            // SAFETY: the buffer has that room.
            let length = unsafe { GetConsoleTitleW(title.as_mut_ptr(), 32) };
            format!("{} {length}", guests::narrow(&title))
        }));
        0
    }

    /// Reads lines as a console gives them, three units at a time, until there is nothing.
    fn line() -> u32 {
        print("ready\r\n");
        loop {
            let (mut units, mut count) = ([0_u16; 3], 0);
            // SAFETY: the buffer has that room.
            if unsafe { ReadConsoleW(stream(STD_INPUT_HANDLE), units.as_mut_ptr().cast(), 3, &raw mut count, null()) } == 0 {
                return last_error();
            }
            print(&format!("{:x?}\r\n", &units[..count as usize]));
            if count == 0 {
                return 0;
            }
        }
    }

    /// Handles Ctrl-C so many times, then ends with 7.
    fn interrupts(count: u32) -> u32 {
        use core::sync::atomic::{AtomicU32, Ordering};
        static SEEN: AtomicU32 = AtomicU32::new(0);
        static WANTED: AtomicU32 = AtomicU32::new(0);
        unsafe extern "system" fn handler(event: u32) -> i32 {
            let seen = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
            print(&format!("event {event}\n"));
            if seen >= WANTED.load(Ordering::Relaxed) {
                exit(7);
            }
            1
        }
        WANTED.store(count, Ordering::Relaxed);
        // SAFETY: the handler is a function of this program.
        if unsafe { SetConsoleCtrlHandler(Some(handler), 1) } == 0 {
            return last_error();
        }
        wait()
    }

    /// Opens a file and prints the error that this gave, or 0.
    fn open(path: &str, access: u32, disposition: u32) -> u32 {
        let path = guests::wide(path);
        // SAFETY: the path ends in a NUL.
        let file = unsafe { CreateFileW(path.as_ptr(), access, 1, null(), disposition, 0, null_mut()) };
        let error = if file == INVALID_HANDLE_VALUE { last_error() } else { 0 };
        print(&format!("error {error}\n"));
        error
    }

    /// Locks a whole file at once; where that is refused, says so, and waits for it or gives up. Holds it as long as there is input.
    fn lock(path: &str, access: u32, waits: bool) -> u32 {
        let path = guests::wide(path);
        // SAFETY: plain data, for which zero is a value.
        let mut request: OVERLAPPED = unsafe { core::mem::zeroed() };
        // SAFETY: the path ends in a NUL, and the request lives through the calls, which wait.
        unsafe {
            let file = CreateFileW(path.as_ptr(), access, 7, null(), OPEN_EXISTING, 0, null_mut());
            let at_once = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
            if LockFileEx(file, at_once, 0, u32::MAX, u32::MAX, &raw mut request) == 0 {
                let error = last_error();
                print(&format!("refused {error}\n"));
                if !waits || LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, u32::MAX, u32::MAX, &raw mut request) == 0 {
                    return error;
                }
            }
        }
        if !waits {
            wait();
        }
        print("locked\n");
        copy()
    }

    /// Copies the first byte of standard input, which is a file, and cuts standard output behind it, which is one too.
    fn standard_files() -> u32 {
        // SAFETY: the view is read where it has a byte, and nobody cuts it.
        unsafe {
            let section = CreateFileMappingW(stream(STD_INPUT_HANDLE), null(), PAGE_READONLY, 0, 0, null());
            let view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0).Value.cast::<u8>();
            if view.is_null() {
                return last_error();
            }
            let (mut done, output) = (0, stream(STD_OUTPUT_HANDLE));
            if WriteFile(output, view, 1, &raw mut done, null_mut()) == 0 || SetEndOfFile(output) == 0 { last_error() } else { 0 }
        }
    }

    /// Watches a folder as often as it is let, says why it stopped, and waits.
    fn watch_all(path: &str) -> u32 {
        const FOLDER: u32 = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED;
        let path = guests::wide(path);
        let mut requests = alloc::vec::Vec::new();
        loop {
            // SAFETY: plain data, for which zero is a value.
            let request: alloc::boxed::Box<(OVERLAPPED, [u64; 32])> = alloc::boxed::Box::new(unsafe { core::mem::zeroed() });
            let (block, buffer) = alloc::boxed::Box::leak(request);
            // SAFETY: the path ends in a NUL; the request and its buffer are never freed.
            let done = unsafe {
                let folder = CreateFileW(path.as_ptr(), FILE_LIST_DIRECTORY, 7, null(), OPEN_EXISTING, FOLDER, null_mut());
                let all = FILE_NOTIFY_CHANGE_FILE_NAME;
                folder != INVALID_HANDLE_VALUE && ReadDirectoryChangesW(folder, buffer.as_mut_ptr().cast(), 256, 0, all, null_mut(), block, None) != 0
            };
            if !done {
                break;
            }
            requests.push(block);
        }
        print(&format!("error {}\n", last_error()));
        wait()
    }

    fn exit_while_threads_run() -> u32 {
        unsafe extern "system" fn spin(_: *mut core::ffi::c_void) -> u32 {
            loop {
                core::hint::spin_loop();
            }
        }
        for _ in 0..4 {
            // SAFETY: the function is this program's.
            unsafe { CreateThread(null(), 0, Some(spin), null(), 0, null_mut()) };
        }
        5
    }

    /// Reads the first byte of a file's view, and after a byte of input the last one.
    fn view(path: &str) -> u32 {
        const LENGTH: usize = 0x4000;
        // SAFETY: the view is as long as the file was; what becomes of that is the test.
        unsafe {
            let name = guests::wide(path);
            let file = CreateFileW(name.as_ptr(), FILE_GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, null(), OPEN_EXISTING, 0, null_mut());
            let section = CreateFileMappingW(file, null(), PAGE_READONLY, 0, 0, null());
            let view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0).Value.cast::<u8>();
            if view.is_null() {
                return last_error();
            }
            let first = view.read_volatile();
            print("waiting\n");
            let (mut byte, mut read) = (0_u8, 0);
            ReadFile(GetStdHandle(STD_INPUT_HANDLE), &raw mut byte, 1, &raw mut read, null_mut());
            u32::from(first | view.add(LENGTH - 1).read_volatile())
        }
    }

    fn crash(how: &str) -> u32 {
        // SAFETY: none of it is safe, which is the point.
        unsafe {
            match how {
                "read" => asm!("mov {0}, [{1}]", out(reg) _, in(reg) 0x10_usize),
                "write" => asm!("mov [{0}], {0}", in(reg) 0x18_usize),
                "jump" => asm!("jmp {0}", in(reg) 0_usize),
                "divide" => asm!("xor edx, edx", "xor ecx, ecx", "div ecx", out("ecx") _, out("edx") _, out("eax") _),
                "illegal" => asm!("ud2"),
                "privileged" => asm!("hlt"),
                "breakpoint" => asm!("int3"),
                "stack" => deep(0),
                "fast-fail" => asm!("int 0x29", in("ecx") 7),
                _ => return 100,
            }
        }
        98
    }

    #[inline(never)]
    #[expect(unconditional_recursion, reason = "until the stack is full")]
    fn deep(level: u64) {
        let frame = core::hint::black_box([level; 32]);
        deep(frame[31] + 1);
        core::hint::black_box(frame);
    }
}
