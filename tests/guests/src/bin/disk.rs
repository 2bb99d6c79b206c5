//! Does things to files that its arguments name, with commas between, and says what came of each: `disk put A text , get A`.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        disk::main()
    }
}

#[cfg(target_os = "windows")]
mod disk {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::ptr::{null, null_mut};
    use guests::files::{File, SHARE, create, read};
    use guests::{last_error, narrow, wide};
    use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::Storage::FileSystem::{
        CREATE_ALWAYS, CREATE_NEW, CreateDirectoryW, DeleteFileW, FILE_BEGIN, FindClose, FindFirstFileW, FindNextFileW, GetFileAttributesW,
        MOVEFILE_REPLACE_EXISTING, MoveFileExW, OPEN_ALWAYS, OPEN_EXISTING, RemoveDirectoryW, SetFileAttributesW, SetFilePointerEx, WIN32_FIND_DATAW,
        WriteFile,
    };

    /// Does all; answers how many failed.
    pub fn main() -> u32 {
        guests::steps::all(run)
    }

    fn run(step: &[&str]) -> Result<String, u32> {
        match step {
            ["put", name, text] => put(name, text.as_bytes(), CREATE_ALWAYS),
            ["new", name, text] => put(name, text.as_bytes(), CREATE_NEW),
            ["change", name, text] => put(name, text.as_bytes(), OPEN_EXISTING),
            ["get", name] => get(name),
            // SAFETY: a terminated name.
            ["delete", name] => done(unsafe { DeleteFileW(wide(name).as_ptr()) }),
            // SAFETY: a terminated name.
            ["remove", name] => done(unsafe { RemoveDirectoryW(wide(name).as_ptr()) }),
            // SAFETY: a terminated name.
            ["make", name] => done(unsafe { CreateDirectoryW(wide(name).as_ptr(), null()) }),
            // SAFETY: terminated names.
            ["move", from, to] => done(unsafe { MoveFileExW(wide(from).as_ptr(), wide(to).as_ptr(), MOVEFILE_REPLACE_EXISTING) }),
            // SAFETY: a terminated name.
            ["attributes", name] => match unsafe { GetFileAttributesW(wide(name).as_ptr()) } {
                u32::MAX => Err(last_error()),
                attributes => Ok(format!("{attributes:#x}")),
            },
            // SAFETY: a terminated name.
            ["set", name, attributes] => done(unsafe { SetFileAttributesW(wide(name).as_ptr(), attributes.parse().unwrap_or(0)) }),
            ["list", folder] => list(folder),
            ["fill", name, bytes] => fill(name, bytes.parse().unwrap_or(0)),
            ["files", folder, count] => files(folder, count.parse().unwrap_or(0), 0),
            ["files", folder, count, bytes] => files(folder, count.parse().unwrap_or(0), bytes.parse().unwrap_or(0)),
            ["reopen", name, count] => reopen(name, count.parse().unwrap_or(0)),
            ["read-while-writing", name, text] => read_while_writing(name, text.as_bytes()),
            _ => Err(u32::MAX),
        }
    }

    fn done(done: i32) -> Result<String, u32> {
        if done == 0 { Err(last_error()) } else { Ok("done".into()) }
    }

    fn write(file: &File, bytes: &[u8]) -> Result<(), u32> {
        let mut written = 0;
        // SAFETY: the bytes live through the call.
        let done = unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &raw mut written, null_mut()) };
        if done != 0 && written as usize == bytes.len() { Ok(()) } else { Err(last_error()) }
    }

    fn put(name: &str, bytes: &[u8], disposition: u32) -> Result<String, u32> {
        let file = create(name, GENERIC_READ | GENERIC_WRITE, 0, disposition, 0)?;
        write(&file, bytes).map(|()| "done".into())
    }

    fn get(name: &str) -> Result<String, u32> {
        let file = create(name, GENERIC_READ, SHARE, OPEN_EXISTING, 0)?;
        read(&file, 0x1_0000).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|_| last_error())
    }

    fn list(folder: &str) -> Result<String, u32> {
        // SAFETY: plain data, for which zero is a value.
        let mut found = unsafe { core::mem::zeroed::<WIN32_FIND_DATAW>() };
        // SAFETY: a terminated name, and memory of ours.
        let search = unsafe { FindFirstFileW(wide(&format!("{folder}\\*")).as_ptr(), &raw mut found) };
        if search == INVALID_HANDLE_VALUE {
            return Err(last_error());
        }
        let mut names = Vec::new();
        loop {
            let end = found.cFileName.iter().position(|unit| *unit == 0).unwrap_or(0);
            let name = narrow(&found.cFileName[..end]);
            if name != "." && name != ".." {
                names.push(name);
            }
            // SAFETY: the search is this function's own, and so is the memory.
            if unsafe { FindNextFileW(search, &raw mut found) } == 0 {
                break;
            }
        }
        // SAFETY: the search is this function's own.
        unsafe { FindClose(search) };
        Ok(names.join("|"))
    }

    /// Writes so many bytes in pieces, as far as they go.
    fn fill(name: &str, bytes: u64) -> Result<String, u32> {
        let file = create(name, GENERIC_WRITE, 0, CREATE_ALWAYS, 0)?;
        let piece = alloc::vec![7_u8; 0x1_0000];
        let mut left = bytes;
        while left > 0 {
            let next = left.min(piece.len() as u64) as usize;
            write(&file, &piece[..next])?;
            left -= next as u64;
        }
        Ok("done".into())
    }

    /// Makes so many files of so many bytes, each of its own, as far as they go.
    fn files(folder: &str, count: u32, bytes: usize) -> Result<String, u32> {
        for number in 0..count {
            let file = create(&format!("{folder}\\file-{number:07}"), GENERIC_WRITE, 0, CREATE_NEW, 0)?;
            if bytes > 0 {
                write(&file, format!("{number:0bytes$}").as_bytes())?;
            }
        }
        Ok("done".into())
    }

    /// Opens a file, changes one page, closes it, so many times.
    fn reopen(name: &str, count: u32) -> Result<String, u32> {
        let page = alloc::vec![9_u8; 4096];
        for number in 0..count {
            let file = create(name, GENERIC_READ | GENERIC_WRITE, SHARE, OPEN_ALWAYS, 0)?;
            // SAFETY: a handle of ours.
            done(unsafe { SetFilePointerEx(file.0, i64::from(number % 16) * 4096, null_mut(), FILE_BEGIN) })?;
            write(&file, &page)?;
        }
        Ok("done".into())
    }

    /// Opens for reading, then for writing, and reads what was written by the first handle.
    fn read_while_writing(name: &str, bytes: &[u8]) -> Result<String, u32> {
        let reader = create(name, GENERIC_READ, SHARE, OPEN_EXISTING, 0)?;
        let writer = create(name, GENERIC_WRITE, SHARE, OPEN_EXISTING, 0)?;
        write(&writer, bytes)?;
        read(&reader, bytes.len()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|_| last_error())
    }
}
