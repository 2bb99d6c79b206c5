//! Times the making, opening, listing and deleting of files: `bench_files FOLDER COUNT` makes a folder of so many files of 4 KiB, and
//! prints one line per case, `name<TAB>nanoseconds` for each file.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        bench::bench()
    }
}

#[cfg(target_os = "windows")]
mod bench {
    use alloc::format;
    use alloc::vec::Vec;
    use core::mem::zeroed;
    use core::ptr::{null, null_mut};
    use guests::clock::nanoseconds;
    use guests::files::File;
    use guests::{arguments, last_error, print, wide};
    use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::Storage::FileSystem::{
        CREATE_NEW, CreateDirectoryW, CreateFileW, DeleteFileW, FILE_SHARE_READ, FindClose, FindFirstFileW, FindNextFileW, GetFileAttributesW,
        INVALID_FILE_ATTRIBUTES, OPEN_EXISTING, RemoveDirectoryW, WIN32_FIND_DATAW, WriteFile,
    };

    /// Times a case over all names; answers the last error of the first that fails.
    fn each(name: &str, names: &[Vec<u16>], case: impl Fn(&[u16]) -> bool) -> Result<(), u32> {
        let start = nanoseconds();
        if !names.iter().all(|name| case(name)) {
            return Err(last_error());
        }
        print(&format!("{name}\t{}\n", (nanoseconds() - start) / names.len() as i64));
        Ok(())
    }

    /// Works; answers the exit code.
    pub fn bench() -> u32 {
        let arguments = arguments();
        let (Some(folder), Some(Ok(count))) = (arguments.get(1), arguments.get(2).map(|count| count.parse::<usize>())) else {
            print("bench_files FOLDER COUNT\n");
            return 2;
        };
        let names: Vec<Vec<u16>> = (0..count).map(|number| wide(&format!("{folder}\\file{number}.txt"))).collect();
        // SAFETY: a terminated name.
        unsafe { CreateDirectoryW(wide(folder).as_ptr(), null()) };
        match cases(folder, &names) {
            Ok(()) => 0,
            Err(error) => {
                print(&format!("it failed with error {error}\n"));
                1
            }
        }
    }

    fn cases(folder: &str, names: &[Vec<u16>]) -> Result<(), u32> {
        let bytes = [7_u8; 4096];
        let open = |name: &[u16], access, disposition| {
            // SAFETY: the name ends in a NUL.
            let handle = unsafe { CreateFileW(name.as_ptr(), access, FILE_SHARE_READ, null(), disposition, 0, null_mut()) };
            (handle != INVALID_HANDLE_VALUE).then_some(File(handle))
        };
        each("create, write 4 KiB, close", names, |name| {
            let Some(file) = open(name, GENERIC_WRITE, CREATE_NEW) else { return false };
            let mut written = 0;
            // SAFETY: the bytes live through the call; the handle is open.
            unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &raw mut written, null_mut()) != 0 }
        })?;
        each("open and close", names, |name| open(name, GENERIC_READ, OPEN_EXISTING).is_some())?;
        // SAFETY: terminated names.
        each("GetFileAttributes", names, |name| unsafe { GetFileAttributesW(name.as_ptr()) } != INVALID_FILE_ATTRIBUTES)?;
        let (start, mut found) = (nanoseconds(), 1_i64);
        // SAFETY: the data are plain numbers, and live through the calls; the search is closed once.
        unsafe {
            let mut data: WIN32_FIND_DATAW = zeroed();
            let search = FindFirstFileW(wide(&format!("{folder}\\*")).as_ptr(), &raw mut data);
            if search == INVALID_HANDLE_VALUE {
                return Err(last_error());
            }
            while FindNextFileW(search, &raw mut data) != 0 {
                found += 1;
            }
            FindClose(search);
        }
        print(&format!("FindNextFile\t{}\n", (nanoseconds() - start) / found));
        // SAFETY: terminated names.
        each("delete", names, |name| unsafe { DeleteFileW(name.as_ptr()) } != 0)?;
        // SAFETY: a terminated name.
        if unsafe { RemoveDirectoryW(wide(folder).as_ptr()) } == 0 { Err(last_error()) } else { Ok(()) }
    }
}
