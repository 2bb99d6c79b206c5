//! Works at random on files of `C:\storm`, and says what it begins and what was confirmed: `storm SEED STEPS`. Whoever ends it at
//! any point knows from that what must be there (`cargo xtask crash`).
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        storm::storm()
    }
}

#[cfg(target_os = "windows")]
mod storm {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::ptr::{null, null_mut};
    use guests::random::Random;
    use guests::{arguments, last_error, print, wide};
    use windows_sys::Win32::Foundation::{CloseHandle, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::Storage::FileSystem::{
        CREATE_ALWAYS, CreateDirectoryW, CreateFileW, DeleteFileW, FILE_SHARE_READ, FILE_SHARE_WRITE, FlushFileBuffers, MOVEFILE_REPLACE_EXISTING,
        MoveFileExW, OPEN_EXISTING, SetEndOfFile, WriteFile,
    };

    const NAMES: u64 = 24;

    /// Does its steps; answers the exit code.
    pub fn storm() -> u32 {
        let arguments = arguments();
        let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
        let (Some(seed), Some(steps)) = (number(1), number(2)) else { return 100 };
        for folder in ["C:\\storm", "C:\\storm\\a", "C:\\storm\\b"] {
            // SAFETY: a terminated name.
            unsafe { CreateDirectoryW(wide(folder).as_ptr(), null()) };
        }
        let mut random = Random(seed);
        let mut next = |most| random.below(most);
        for step in 0..steps {
            let (verb, one, other, length) = (next(10), next(NAMES), next(NAMES), next(20_000));
            let key = seed << 32 | step;
            let (word, done) = match verb {
                0..=3 => ("write", Work::Write { name: one, key, length, disposition: CREATE_ALWAYS, flush: false }),
                4 => ("flush", Work::Write { name: one, key, length, disposition: CREATE_ALWAYS, flush: true }),
                5..=6 => ("change", Work::Write { name: one, key, length, disposition: OPEN_EXISTING, flush: false }),
                7 => ("delete", Work::Delete(one)),
                _ => ("move", Work::Move(one, other)),
            };
            print(&format!("begin {step} {word} {} {} {key} {length}\n", name(one), name(other)));
            match done.run() {
                Ok(()) => print(&format!("end {step}\n")),
                Err(error) => print(&format!("error {step} {error}\n")),
            }
        }
        print("over\n");
        0
    }

    fn name(number: u64) -> String {
        format!("{}\\n{}", if number.is_multiple_of(2) { "a" } else { "b" }, number / 2)
    }

    fn path(number: u64) -> Vec<u16> {
        wide(&format!("C:\\storm\\{}", name(number)))
    }

    enum Work {
        Write { name: u64, key: u64, length: u64, disposition: u32, flush: bool },
        Delete(u64),
        Move(u64, u64),
    }

    impl Work {
        fn run(&self) -> Result<(), u32> {
            let check = |done: i32| if done == 0 { Err(last_error()) } else { Ok(()) };
            match *self {
                // SAFETY: a terminated name.
                Self::Delete(name) => check(unsafe { DeleteFileW(path(name).as_ptr()) }),
                // SAFETY: terminated names.
                Self::Move(from, to) => check(unsafe { MoveFileExW(path(from).as_ptr(), path(to).as_ptr(), MOVEFILE_REPLACE_EXISTING) }),
                Self::Write { name, key, length, disposition, flush } => {
                    let (path, share) = (path(name), FILE_SHARE_READ | FILE_SHARE_WRITE);
                    // SAFETY: a terminated name.
                    let file = unsafe { CreateFileW(path.as_ptr(), GENERIC_READ | GENERIC_WRITE, share, null(), disposition, 0, null_mut()) };
                    if file == INVALID_HANDLE_VALUE {
                        return Err(last_error());
                    }
                    let bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|word| (key ^ word << 17).to_le_bytes()).take(length as usize).collect();
                    let mut written = 0;
                    // SAFETY: the buffer is alive, and so long.
                    let mut done = check(unsafe { WriteFile(file, bytes.as_ptr(), bytes.len() as u32, &mut written, null_mut()) });
                    // SAFETY: a handle.
                    done = done.and_then(|()| check(unsafe { SetEndOfFile(file) }));
                    if flush {
                        // SAFETY: a handle.
                        done = done.and_then(|()| check(unsafe { FlushFileBuffers(file) }));
                    }
                    // SAFETY: the handle is closed once.
                    unsafe { CloseHandle(file) };
                    done
                }
            }
        }
    }
}
