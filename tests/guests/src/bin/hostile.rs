//! A program that means harm, for tests of escapes: `hostile open Z:\..\etc\passwd`, `hostile call 257 -100 text:/etc/passwd`.
//!
//! Each verb prints what the attack got, so that a test can say that it got nothing.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        hostile::hostile()
    }
}

#[cfg(target_os = "windows")]
mod hostile {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::arch::asm;
    use core::ffi::c_void;
    use core::ptr::{null, null_mut};
    use guests::files::{SHARE, create};
    use guests::host::{self, call, load, store, swap};
    use guests::{arguments, last_error, narrow, print, wide};
    use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
    use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NtCreateFile};
    use windows_sys::Win32::Foundation::{
        DUPLICATE_SAME_ACCESS, DuplicateHandle, ERROR_SUCCESS, GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE, UNICODE_STRING,
    };
    use windows_sys::Win32::Storage::FileSystem::{
        CreateHardLinkW, DeleteFileW, FILE_FLAG_BACKUP_SEMANTICS, FILE_SHARE_READ, FindFirstFileW, FindNextFileW, GetFileAttributesW,
        MOVEFILE_REPLACE_EXISTING, MoveFileExW, OPEN_ALWAYS, OPEN_EXISTING, ReadFile, WIN32_FIND_DATAW, WriteFile,
    };
    use windows_sys::Win32::System::Diagnostics::Debug::OutputDebugStringW;
    use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
    use windows_sys::Win32::System::Memory::{MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc};
    use windows_sys::Win32::System::Threading::{CreateThread, GetCurrentProcess, Sleep};

    /// Does what the arguments say; answers the exit code.
    pub fn hostile() -> u32 {
        let arguments = arguments();
        let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["open", paths @ ..] => paths.iter().for_each(|path| open(path)),
            ["write", paths @ ..] => paths.iter().for_each(|path| write(path)),
            ["delete", paths @ ..] => paths.iter().for_each(|path| tell(path, unsafe { DeleteFileW(wide(path).as_ptr()) } != 0)),
            ["attributes", paths @ ..] => paths.iter().for_each(|path| tell(path, unsafe { GetFileAttributesW(wide(path).as_ptr()) } != u32::MAX)),
            ["list", paths @ ..] => paths.iter().for_each(|path| list(path)),
            ["nt", paths @ ..] => paths.iter().for_each(|path| nt(path)),
            ["move", from, to] => {
                tell(to, unsafe { MoveFileExW(wide(from).as_ptr(), wide(to).as_ptr(), MOVEFILE_REPLACE_EXISTING) } != 0);
            }
            ["link", from, to] => tell(to, unsafe { CreateHardLinkW(wide(to).as_ptr(), wide(from).as_ptr(), null()) } != 0),
            ["race", path, count] => race(path, number(count)),
            ["call", number, rest @ ..] => calls(number, rest),
            ["calls", numbers @ ..] => numbers.iter().for_each(|number| calls(number, &[])),
            ["int80", number] => int80(self::number(number) as u32),
            ["flood", count] => flood(number(count)),
            ["descriptors"] => descriptors(),
            ["close-all"] => close_all(),
            ["signals"] => signals(),
            ["garbage", rounds] => garbage(number(rounds)),
            ["memory"] => memory(),
            ["threads"] => threads(),
            ["files", path] => files(path),
            ["handles", path] => handles(path),
            ["listings", path, count] => listings(path, number(count) as usize),
            // SAFETY: the text ends in a NUL.
            ["debug", text] => unsafe { OutputDebugStringW(wide(text).as_ptr()) },
            ["debug-escape"] => unsafe { OutputDebugStringW(wide("\u{1b}]0;owned\u{7}\u{9b}2J").as_ptr()) },
            _ => {
                print("hostile: unknown words\n");
                return 100;
            }
        }
        0
    }

    /// `-5`, `0x10` or `7`.
    fn number(word: &str) -> u64 {
        let parsed = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => word.parse::<i64>().ok().map(|number| number as u64),
        };
        parsed.unwrap_or_else(|| guests::exit(100))
    }

    fn tell(what: &str, done: bool) {
        print(&format!("{what}: {}\n", if done { String::from("done") } else { format!("error {}", last_error()) }));
    }

    fn open(path: &str) {
        match create(path, GENERIC_READ, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS) {
            Ok(file) => {
                let (mut bytes, mut count) = ([0; 32], 0);
                // SAFETY: the buffer lives through the call.
                let read = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 32, &raw mut count, null_mut()) };
                let text = String::from_utf8_lossy(&bytes[..count as usize]).into_owned();
                print(&format!("{path}: opened, read {read} {text:?}\n"));
            }
            Err(error) => print(&format!("{path}: error {error}\n")),
        }
    }

    fn write(path: &str) {
        match create(path, GENERIC_WRITE, SHARE, OPEN_ALWAYS, 0) {
            Ok(file) => {
                let mut count = 0;
                // SAFETY: the bytes live through the call.
                let done = unsafe { WriteFile(file.0, b"owned".as_ptr(), 5, &raw mut count, null_mut()) };
                tell(path, done != 0);
            }
            Err(error) => print(&format!("{path}: error {error}\n")),
        }
    }

    fn list(pattern: &str) {
        // SAFETY: plain data, and a pattern that ends in a NUL.
        unsafe {
            let mut found: WIN32_FIND_DATAW = core::mem::zeroed();
            let search = FindFirstFileW(wide(pattern).as_ptr(), &raw mut found);
            if search == INVALID_HANDLE_VALUE {
                return tell(pattern, false);
            }
            loop {
                print(&format!("{pattern}: found {}\n", narrow(&found.cFileName)));
                if FindNextFileW(search, &raw mut found) == 0 {
                    return;
                }
            }
        }
    }

    /// Opens by an NT path, which nobody has tidied.
    fn nt(path: &str) {
        let mut units = wide(path);
        let bytes = 2 * (units.len() as u16 - 1);
        let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_mut_ptr() };
        // SAFETY: the name and the structures live through the call.
        let status = unsafe {
            let mut attributes: OBJECT_ATTRIBUTES = core::mem::zeroed();
            attributes.Length = size_of::<OBJECT_ATTRIBUTES>() as u32;
            attributes.ObjectName = (&raw const name).cast_mut();
            let (mut file, mut block): (HANDLE, IO_STATUS_BLOCK) = (null_mut(), core::mem::zeroed());
            let (share, options) = (FILE_SHARE_READ, FILE_SYNCHRONOUS_IO_NONALERT);
            let access = windows_sys::Win32::Storage::FileSystem::FILE_GENERIC_READ;
            NtCreateFile(&raw mut file, access, &raw const attributes, &raw mut block, null(), 0, share, FILE_OPEN, options, null(), 0)
        };
        print(&format!("{path}: status {:#010x}\n", status as u32));
    }

    /// Opens one path again and again, and tells everything that it ever read.
    fn race(path: &str, count: u64) {
        let (mut seen, mut refused) = (Vec::<String>::new(), 0);
        print("racing\n");
        for _ in 0..count {
            let Ok(file) = create(path, GENERIC_READ, SHARE, OPEN_EXISTING, 0) else {
                refused += 1;
                continue;
            };
            let (mut bytes, mut read) = ([0; 32], 0);
            // SAFETY: the buffer lives through the call.
            unsafe { ReadFile(file.0, bytes.as_mut_ptr(), 32, &raw mut read, null_mut()) };
            let text = String::from_utf8_lossy(&bytes[..read as usize]).into_owned();
            if !seen.contains(&text) {
                seen.push(text);
            }
        }
        print(&format!("refused {refused}, read {seen:?}\n"));
    }

    fn calls(number: &str, words: &[&str]) {
        // Texts end in a NUL and live to the end of the call.
        let texts: Vec<String> = words.iter().map(|word| format!("{}\0", word.strip_prefix("text:").unwrap_or(""))).collect();
        let mut arguments = [0; 6];
        for ((argument, word), text) in arguments.iter_mut().zip(words).zip(&texts) {
            *argument = if word.starts_with("text:") { text.as_ptr() as usize as u64 } else { self::number(word) };
        }
        print(&format!("call {number}: {}\n", call(self::number(number), arguments)));
    }

    fn int80(number: u32) {
        print(&format!("int80 {number}: {}\n", host::int80(number)));
    }

    fn flood(count: u64) {
        for index in 0..count {
            call(257, [0; 6]);
            if index + 1 == count {
                print("flooded\n");
            }
        }
    }

    const READ: u64 = 0;
    const CLOSE: u64 = 3;
    const MMAP: u64 = 9;
    const SIGACTION: u64 = 13;
    const SIGMASK: u64 = 14;
    const FCNTL: u64 = 72;
    const FTRUNCATE: u64 = 77;
    const FUTEX: u64 = 202;

    /// Tells which descriptors the process has, and what can be changed through those that it is born with.
    fn descriptors() {
        for descriptor in 0..70_000 {
            let flags = call(FCNTL, [descriptor, 3, 0, 0, 0, 0]);
            if flags < 0 {
                continue;
            }
            let shrunk = descriptor > 2 && call(FTRUNCATE, [descriptor, 0, 0, 0, 0, 0]) == 0;
            let mapped = call(MMAP, [0, 0x1000, 3, 1, descriptor, 0]) > 0;
            print(&format!("descriptor {descriptor}: mode {}, shrunk {shrunk}, writable {mapped}\n", flags & 3));
        }
    }

    /// Closes everything under the runtime, then goes on.
    fn close_all() {
        for descriptor in (0..32).filter(|descriptor| *descriptor != 1 && *descriptor != 5) {
            call(CLOSE, [descriptor, 0, 0, 0, 0, 0]);
        }
        print("closed\n");
        open("C:\\nothing");
        let attempt = call(READ, [4, 0, 0, 0, 0, 0]);
        print(&format!("socket {attempt}\n"));
    }

    /// Takes the runtime's signal handlers away, blocks every signal, and faults.
    fn signals() {
        // A handler of 0 is the host's default.
        let action = [0_u64; 8];
        for signal in 1..65 {
            call(SIGACTION, [signal, action.as_ptr() as usize as u64, 0, 8, 0, 0]);
        }
        let all = u64::MAX;
        let blocked = call(SIGMASK, [2, &raw const all as usize as u64, 0, 8, 0, 0]);
        print(&format!("blocked {blocked}\n"));
        // SAFETY: not at all.
        unsafe { asm!("mov {0}, [{0}]", inout(reg) 0x10_usize => _) };
    }

    /// Whether eight bytes can be read: the host copies a mask before it looks at what to do with it.
    fn is_readable(address: u64) -> bool {
        const EFAULT: i64 = -14;
        call(SIGMASK, [0xFF, address, 0, 8, 0, 0]) != EFAULT
    }

    /// Finds the channel: a page that starts with the name that was just asked for, one page behind its words.
    fn channel() -> Option<u64> {
        let marker = "\\??\\C:\\where-is-the-channel";
        // SAFETY: the name ends in a NUL.
        unsafe { GetFileAttributesW(wide("C:\\where-is-the-channel").as_ptr()) };
        let units: Vec<u16> = marker.encode_utf16().collect();
        // The host maps from the top down: what was mapped at the start lies above.
        let start = call(MMAP, [0, 0x1000, 3, 0x22, u64::MAX, 0]) as u64;
        let pages = (start..start + (1 << 30)).step_by(0x1000);
        let pair = |units: &[u16]| u32::from(units[0]) | u32::from(units[1]) << 16;
        let fits = |page: &u64| is_readable(*page) && (*page..).step_by(4).zip(units.chunks_exact(2)).all(|(at, units)| load(at) == pair(units));
        pages.into_iter().find(fits).map(|page| page - 0x1000)
    }

    /// Writes nonsense into the channel, as requests and as its very words.
    fn garbage(rounds: u64) {
        const SERVER: u32 = 1;
        const ASLEEP: u32 = 0x100;
        let Some(channel) = channel() else { return print("no channel\n") };
        print("channel found\n");
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let (mut unanswered, noise) = (0, 8_u64);
        for _ in 0..rounds {
            for offset in (0x800..0x900).chain(0x1000..0x1100).step_by(4) {
                store(channel + offset, random() as u32);
            }
            // Any message but those that end the process, or wait for the user.
            let number = match random() % 40 {
                13 | 14 | 16 => 99,
                number => number as u32,
            };
            store(channel + 0x800, number);
            store(channel + 0x808, [0, 64, 0x1_0000, u32::MAX][random() as usize % 4]);
            for offset in (0x40..0x148).step_by(4) {
                store(channel + offset, random() as u32);
            }
            if swap(channel, SERVER) & ASLEEP != 0 {
                call(FUTEX, [channel, 1, i32::MAX as u64, 0, 0, 0]);
            }
            let mut patience = 50_000_000_u32;
            while load(channel) & !ASLEEP == SERVER && patience > 0 {
                patience -= 1;
                core::hint::spin_loop();
            }
            unanswered += u32::from(patience == 0);
        }
        print(&format!("unanswered {unanswered}\n"));
        for descriptor in [4_u64, 5] {
            let done = call(1, [descriptor, &raw const noise as usize as u64, 8, 0, 0, 0]);
            print(&format!("socket {descriptor}: {done}\n"));
        }
        // The words themselves: whose turn it is, and the ring of closes.
        for offset in (0..0x800).step_by(4) {
            store(channel + offset, random() as u32 | 0x8000_0000);
        }
        call(FUTEX, [channel, 1, i32::MAX as u64, 0, 0, 0]);
        print("smashed\n");
        // By the host's own call: the runtime has no channel to say it over.
        call(231, [7, 0, 0, 0, 0, 0]);
    }

    /// Takes memory until there is none.
    fn memory() {
        for size in [1 << if usize::BITS == 64 { 34 } else { 29 }, 1 << 30, 1 << 26] {
            let mut count = 0;
            // SAFETY: takes numbers.
            while count < 100_000 && !unsafe { VirtualAlloc(null(), size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) }.is_null() {
                count += 1;
            }
            print(&format!("memory error {}\n", if count == 100_000 { ERROR_SUCCESS } else { last_error() }));
        }
    }

    fn threads() {
        unsafe extern "system" fn wait(_: *mut c_void) -> u32 {
            // SAFETY: takes a number.
            unsafe { Sleep(u32::MAX) };
            0
        }
        let mut count = 0;
        // SAFETY: the function is this program's.
        while count < 100_000 && !unsafe { CreateThread(null(), 0x1_0000, Some(wait), null(), 0, null_mut()) }.is_null() {
            count += 1;
        }
        print(&format!("threads {count}, error {}\n", last_error()));
    }

    fn files(path: &str) {
        let path = wide(path);
        let mut count = 0;
        loop {
            // SAFETY: the path ends in a NUL.
            let file = unsafe {
                windows_sys::Win32::Storage::FileSystem::CreateFileW(path.as_ptr(), GENERIC_READ, SHARE, null(), OPEN_EXISTING, 0, null_mut())
            };
            if file == INVALID_HANDLE_VALUE {
                return print(&format!("files {count}, error {}\n", last_error()));
            }
            count += 1;
        }
    }

    fn handles(path: &str) {
        let Ok(file) = create(path, GENERIC_READ, SHARE, OPEN_EXISTING, 0) else { return tell(path, false) };
        let mut count = 0;
        // SAFETY: the handle is this program's.
        unsafe {
            let own = GetCurrentProcess();
            let mut copy: HANDLE = null_mut();
            while DuplicateHandle(own, file.0, own, &raw mut copy, 0, 0, DUPLICATE_SAME_ACCESS) != 0 {
                count += 1;
            }
        }
        print(&format!("handles {count}, error {}\n", last_error()));
    }

    /// Starts listings of one folder, and ends none.
    fn listings(path: &str, most: usize) {
        let pattern = wide(path);
        let mut count = 0;
        // SAFETY: plain data, and a pattern that ends in a NUL.
        unsafe {
            let mut found: WIN32_FIND_DATAW = core::mem::zeroed();
            while count < most && FindFirstFileW(pattern.as_ptr(), &raw mut found) != INVALID_HANDLE_VALUE {
                count += 1;
            }
        }
        print(&format!("listings {count}, error {}\n", if count == most { 0 } else { last_error() }));
    }
}
