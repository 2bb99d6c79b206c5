//! A program that starts others, which are itself again: `parent leave NAME`, `parent hang`, `parent storm NUMBER`, `parent pass CODE`.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        parent::main()
    }
}

#[cfg(target_os = "windows")]
mod parent {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use guests::children::{Child, How, LONG, act, child};
    use guests::{arguments, files, print};
    use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
    use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
    use windows_sys::Win32::System::Threading::{GetCurrentProcessId, OpenProcess, Sleep, WaitForMultipleObjects, WaitForSingleObject};

    pub fn main() -> u32 {
        let arguments = arguments();
        let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        let done = match words.as_slice() {
            ["child", "outlive", parent, name] => outlive(parent, name),
            ["child", "wait"] => wait(),
            ["child", rest @ ..] => return act(rest),
            ["leave", name] => child(&format!("outlive {} {name}", unsafe { GetCurrentProcessId() }), &How::default()).map(|_| 5),
            ["hang"] => child("wait", &How::default()).and_then(|_| wait()),
            ["storm", number] => storm(number.parse().unwrap_or(1)),
            ["pass", code] => child(&format!("exit {code}"), &How::default()).and_then(|child| child.code()),
            _ => return 100,
        };
        done.unwrap_or_else(|why| {
            print(&format!("{why}\n"));
            101
        })
    }

    /// Makes a file once the parent has ended.
    fn outlive(parent: &str, name: &str) -> Result<u32, String> {
        // SAFETY: takes numbers.
        unsafe {
            let parent = OpenProcess(SYNCHRONIZE, 0, parent.parse().unwrap_or(0));
            // It may have ended already.
            if !parent.is_null() && WaitForSingleObject(parent, LONG) != WAIT_OBJECT_0 {
                return Err("the parent does not end".into());
            }
        }
        files::put(name, b"the parent has ended")?;
        Ok(0)
    }

    fn wait() -> Result<u32, String> {
        print("waiting\n");
        loop {
            // SAFETY: takes a number.
            unsafe { Sleep(1000) };
        }
    }

    /// Starts so many processes, eight at a time; each has a code of its own.
    fn storm(number: u32) -> Result<u32, String> {
        let mut running: Vec<(u32, Child)> = Vec::new();
        for code in 0..number {
            if running.len() == 8 {
                let handles: Vec<_> = running.iter().map(|(_, child)| child.0.hProcess).collect();
                // SAFETY: the handles are open.
                let first = unsafe { WaitForMultipleObjects(8, handles.as_ptr(), 0, LONG) };
                let (code, child) = running.swap_remove(first.wrapping_sub(WAIT_OBJECT_0).min(7) as usize);
                check(code, &child)?;
            }
            running.push((code, child(&format!("exit {code}"), &How::default())?));
        }
        running.iter().try_for_each(|(code, child)| check(*code, child))?;
        print(&format!("{number} processes\n"));
        Ok(0)
    }

    fn check(code: u32, child: &Child) -> Result<(), String> {
        let told = child.code()?;
        if told == code { Ok(()) } else { Err(format!("{told} instead of {code}")) }
    }
}
