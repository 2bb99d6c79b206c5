//! A program that starts others, which are itself again: `parent leave NAME`, `parent hang`, `parent storm NUMBER`, `parent pass CODE`,
//! `parent own-job`, `parent chain NUMBER`.
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
    use core::ptr::null;
    use guests::children::{Child, How, LONG, act, child};
    use guests::{arguments, files, print};
    use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, WAIT_OBJECT_0};
    use windows_sys::Win32::Storage::FileSystem::SYNCHRONIZE;
    use windows_sys::Win32::System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
        JobObjectExtendedLimitInformation, SetInformationJobObject,
    };
    use windows_sys::Win32::System::Threading::{
        CREATE_SUSPENDED, GetCurrentProcess, GetCurrentProcessId, OpenProcess, ResumeThread, Sleep, WaitForMultipleObjects, WaitForSingleObject,
    };

    pub fn main() -> u32 {
        let arguments = arguments();
        let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        let done = match words.as_slice() {
            ["child", "outlive", parent, name] => outlive(parent, name),
            ["child", "wait"] => wait(),
            ["child", "own-job"] => own_job(),
            ["child", "chain", number] => chain(number.parse().unwrap_or(0)).and_then(|()| wait()),
            ["child", rest @ ..] => return act(rest),
            ["leave", name] => child(&format!("outlive {} {name}", unsafe { GetCurrentProcessId() }), &How::default()).map(Child::leave).map(|()| 5),
            ["hang"] => child("wait", &How::default()).map(Child::leave).and_then(|()| wait()),
            ["storm", number] => storm(number.parse().unwrap_or(1)),
            ["pass", code] => child(&format!("exit {code}"), &How::default()).and_then(|child| child.code()),
            ["own-job"] => child("own-job", &How::default()).and_then(|child| child.code()).map(|code| code + 3),
            ["chain", number] => chain(number.parse().unwrap_or(0)).map(|()| 9),
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

    /// A job that ends its processes with its last handle.
    fn job() -> HANDLE {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the structure lives through the call.
        unsafe {
            let job = CreateJobObjectW(null(), null());
            let size = size_of_val(&limits) as u32;
            SetInformationJobObject(job, JobObjectExtendedLimitInformation, (&raw const limits).cast(), size);
            job
        }
    }

    /// Joins a job, and closes its only handle.
    fn own_job() -> Result<u32, String> {
        // SAFETY: takes handles.
        unsafe {
            let job = job();
            AssignProcessToJobObject(job, GetCurrentProcess());
            CloseHandle(job);
            Sleep(LONG);
        }
        Ok(91)
    }

    /// Starts a process in a job of its own, which does the same, and so on; the last one says that it is there.
    fn chain(number: u32) -> Result<(), String> {
        if number == 0 {
            print("the last\n");
            return Ok(());
        }
        let child = child(&format!("chain {}", number - 1), &How { flags: CREATE_SUSPENDED, ..How::default() })?;
        // SAFETY: takes handles.
        let done = unsafe { AssignProcessToJobObject(job(), child.0.hProcess) != 0 && ResumeThread(child.0.hThread) == 1 };
        child.leave();
        if done { Ok(()) } else { Err("it is in no job".into()) }
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
