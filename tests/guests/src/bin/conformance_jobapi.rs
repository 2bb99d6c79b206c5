//! Jobs: who is in them, their ends, limits and news (jobapi2.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use guests::children::{Child, How, LONG, act, child};
use guests::{Cases, arguments, case, clear_error, holds, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::JobObjects::*;
use windows_sys::Win32::System::SystemServices::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let words = arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match &words[1..] {
            ["child", "in-own-job", rest @ ..] => in_own_job(rest),
            ["child", rest @ ..] => act(rest),
            _ => {
                let mut cases = Cases::new();
                members(&mut cases);
                ends(&mut cases);
                limits(&mut cases);
                news(&mut cases);
                refused(&mut cases);
                cases.code()
            }
        }
    }
}

/// Whether this process is in a job at all: 1, else 0.
fn is_in_a_job() -> u32 {
    let mut answer = 7;
    unsafe { IsProcessInJob(GetCurrentProcess(), null_mut(), &raw mut answer) };
    answer as u32
}

/// A child that tells of itself, or that starts another one which does.
fn in_own_job(words: &[&str]) -> u32 {
    match words {
        ["tell"] => is_in_a_job(),
        ["start", flags] => {
            let flags = flags.parse().unwrap_or(0);
            match child("in-own-job tell", &How { flags, ..How::default() }) {
                Ok(child) => child.code().unwrap_or(90),
                Err(_) => 80,
            }
        }
        _ => 97,
    }
}

/// A job, whose handle is closed when it goes.
struct Job(HANDLE);

impl Drop for Job {
    fn drop(&mut self) {
        unsafe { CloseHandle(self.0) };
    }
}

impl Job {
    fn new() -> Self {
        Self(unsafe { CreateJobObjectW(null(), null()) })
    }

    fn set<T>(&self, class: i32, value: &T) -> bool {
        clear_error();
        (unsafe { SetInformationJobObject(self.0, class, core::ptr::from_ref(value).cast::<c_void>(), size_of::<T>() as u32) }) != 0
    }

    fn limit(&self, flags: u32, most: u32) -> bool {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = flags;
        limits.BasicLimitInformation.ActiveProcessLimit = most;
        self.set(JobObjectExtendedLimitInformation, &limits)
    }

    fn get<T>(&self, class: i32) -> Result<T, String> {
        let mut value: T = unsafe { zeroed() };
        let mut length = 0;
        let done = unsafe { QueryInformationJobObject(self.0, class, (&raw mut value).cast(), size_of::<T>() as u32, &raw mut length) };
        same!((done, length as usize), (1, size_of::<T>()));
        Ok(value)
    }

    fn add(&self, child: &Child) -> bool {
        clear_error();
        (unsafe { AssignProcessToJobObject(self.0, child.0.hProcess) }) != 0
    }

    fn has(&self, child: &Child) -> Result<i32, String> {
        let mut answer = 7;
        same!(unsafe { IsProcessInJob(child.0.hProcess, self.0, &raw mut answer) }, 1);
        Ok(answer)
    }

    fn counts(&self) -> Result<[u32; 2], String> {
        let counted: JOBOBJECT_BASIC_ACCOUNTING_INFORMATION = self.get(JobObjectBasicAccountingInformation)?;
        Ok([counted.ActiveProcesses, counted.TotalProcesses])
    }
}

const HELD: How<'_> =
    How { application: None, inherits: false, flags: CREATE_SUSPENDED, environment: None, folder: None, standard: None, attributes: None };

fn members(cases: &mut Cases) {
    case!(cases, "kernel32!CreateJobObjectW kernel32!AssignProcessToJobObject kernel32!IsProcessInJob", Success, "a process in a job", {
        let (job, other) = (Job::new(), Job::new());
        let child = child("exit 3", &HELD)?;
        same!(job.has(&child)?, 0);
        holds!(job.add(&child));
        same!((job.has(&child)?, other.has(&child)?), (1, 0));
        same!(job.counts()?, [1, 1]);
        unsafe { ResumeThread(child.0.hThread) };
        same!(child.code()?, 3);
    });
    case!(cases, "kernel32!AssignProcessToJobObject", Success, "children are in their parent's job", {
        let job = Job::new();
        let parent = child("in-own-job start 0", &HELD)?;
        holds!(job.add(&parent));
        unsafe { ResumeThread(parent.0.hThread) };
        same!(parent.code()?, 1);
        same!(job.counts()?[1], 2);
    });
    case!(cases, "kernel32!QueryInformationJobObject", Success, "lists its processes", {
        let job = Job::new();
        let children = [child("hang", &HELD)?, child("hang", &HELD)?];
        holds!(children.iter().all(|child| job.add(child)));
        let mut list = [0_usize; 8];
        let mut length = 0;
        let bytes = size_of_val(&list) as u32;
        same!(unsafe { QueryInformationJobObject(job.0, JobObjectBasicProcessIdList, list.as_mut_ptr().cast(), bytes, &raw mut length) }, 1);
        let head = unsafe { list.as_ptr().cast::<[u32; 2]>().read() };
        same!(head, [2, 2]);
        let ids = unsafe { core::slice::from_raw_parts(list.as_ptr().byte_add(8), 2) };
        holds!(children.iter().all(|child| ids.contains(&(child.0.dwProcessId as usize))));
        same!(length as usize, 8 + 2 * size_of::<usize>());
        clear_error();
        let one = 8 + size_of::<usize>() as u32;
        same!(unsafe { QueryInformationJobObject(job.0, JobObjectBasicProcessIdList, list.as_mut_ptr().cast(), one, null_mut()) }, 0);
        same!(last_error(), ERROR_MORE_DATA);
        same!(unsafe { list.as_ptr().cast::<[u32; 2]>().read() }, [2, 1]);
        same!(unsafe { TerminateJobObject(job.0, 0) }, 1);
    });
    case!(cases, "kernel32!AssignProcessToJobObject", Success, "a job within a job: a process in the inner one is in both", {
        let (outer, inner) = (Job::new(), Job::new());
        let child = child("hang", &HELD)?;
        holds!(outer.add(&child));
        holds!(inner.add(&child));
        same!((outer.has(&child)?, inner.has(&child)?), (1, 1));
        same!((outer.counts()?, inner.counts()?), ([1, 1], [1, 1]));
        same!(unsafe { TerminateJobObject(outer.0, 8) }, 1);
        same!(child.code()?, 8);
    });
    case!(cases, "kernel32!CreateProcessW kernel32!UpdateProcThreadAttribute", Success, "a process that is born into a job", {
        const PROC_THREAD_ATTRIBUTE_JOB_LIST: usize = 0x2_000D;
        let job = Job::new();
        let mut list = [0_usize; 64];
        let (mut size, jobs) = (size_of_val(&list), [job.0]);
        unsafe {
            same!(InitializeProcThreadAttributeList(list.as_mut_ptr().cast(), 1, 0, &raw mut size), 1);
            let bytes = size_of_val(&jobs);
            let (list, jobs) = (list.as_mut_ptr().cast(), jobs.as_ptr().cast());
            same!(UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST, jobs, bytes, null_mut(), null_mut()), 1);
            let child = child("in-own-job tell", &How { attributes: Some(list), flags: CREATE_SUSPENDED, ..How::default() })?;
            same!(job.has(&child)?, 1);
            ResumeThread(child.0.hThread);
            same!(child.code()?, 1);
        }
        same!(job.counts()?[1], 1);
    });
    case!(cases, "kernel32!CreateJobObjectW kernel32!OpenJobObjectW", Success, "a job with a name is one job", {
        let name = wide(&format!("job-{}", unsafe { GetCurrentProcessId() }));
        unsafe {
            let first = Job(CreateJobObjectW(null(), name.as_ptr()));
            same!(last_error(), 0);
            let second = Job(CreateJobObjectW(null(), name.as_ptr()));
            same!(last_error(), ERROR_ALREADY_EXISTS);
            let third = Job(OpenJobObjectW(0x1F_003F, 0, name.as_ptr()));
            let child = child("hang", &HELD)?;
            holds!(first.add(&child));
            same!((second.has(&child)?, third.has(&child)?), (1, 1));
            same!(TerminateJobObject(third.0, 2), 1);
            same!(child.code()?, 2);
        }
    });
}

fn ends(cases: &mut Cases) {
    case!(cases, "kernel32!TerminateJobObject", Success, "ends all of them, with one code", {
        let job = Job::new();
        let children = [child("hang", &How::default())?, child("hang", &HELD)?, child("hang", &How::default())?];
        holds!(children.iter().all(|child| job.add(child)));
        same!(unsafe { TerminateJobObject(job.0, 0x8765_4321) }, 1);
        for child in &children {
            same!(child.code()?, 0x8765_4321);
        }
    });
    case!(cases, "kernel32!SetInformationJobObject", Success, "KILL_ON_JOB_CLOSE: the last handle ends the processes", {
        let job = Job::new();
        holds!(job.limit(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0));
        let child = child("hang", &How::default())?;
        holds!(job.add(&child));
        let mut second = null_mut();
        unsafe {
            let own = GetCurrentProcess();
            same!(DuplicateHandle(own, job.0, own, &raw mut second, 0, 0, DUPLICATE_SAME_ACCESS), 1);
            drop(job);
            same!(WaitForSingleObject(child.0.hProcess, 50), WAIT_TIMEOUT);
            CloseHandle(second);
        }
        same!(child.code()?, 0);
    });
    case!(cases, "kernel32!CloseHandle", Success, "without KILL_ON_JOB_CLOSE they go on without a handle", {
        let job = Job::new();
        let child = child("in-own-job tell", &HELD)?;
        holds!(job.add(&child));
        drop(job);
        unsafe { ResumeThread(child.0.hThread) };
        // It is still in the job that nobody can name.
        same!(child.code()?, 1);
    });
}

fn limits(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!SetInformationJobObject kernel32!QueryInformationJobObject",
        Success,
        "limits are told as they were set",
        wine = "limits are taken, and not told",
        {
            let job = Job::new();
            let mut basic =
                JOBOBJECT_BASIC_LIMIT_INFORMATION { LimitFlags: JOB_OBJECT_LIMIT_ACTIVE_PROCESS, ActiveProcessLimit: 5, ..Default::default() };
            holds!(job.set(JobObjectBasicLimitInformation, &basic));
            basic = job.get(JobObjectBasicLimitInformation)?;
            same!((basic.LimitFlags, basic.ActiveProcessLimit), (JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 5));
            let flags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
            holds!(job.limit(flags, 0));
            let extended: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = job.get(JobObjectExtendedLimitInformation)?;
            same!(extended.BasicLimitInformation.LimitFlags, flags);
        }
    );
    case!(cases, "kernel32!AssignProcessToJobObject", Failure, "a process too many is ended", wine = "limits of processes are not kept", {
        let job = Job::new();
        holds!(job.limit(JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 1));
        let (first, second) = (child("hang", &How::default())?, child("hang", &How::default())?);
        holds!(job.add(&first));
        same!((job.add(&second), last_error()), (false, ERROR_NOT_ENOUGH_QUOTA));
        same!(second.code()?, ERROR_NOT_ENOUGH_QUOTA);
        same!(unsafe { TerminateJobObject(job.0, 0) }, 1);
    });
    case!(cases, "kernel32!CreateProcessW", Failure, "a child too many is not started", wine = "limits of processes are not kept", {
        let job = Job::new();
        holds!(job.limit(JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 1));
        let parent = child("in-own-job start 0", &HELD)?;
        holds!(job.add(&parent));
        unsafe { ResumeThread(parent.0.hThread) };
        same!(parent.code()?, 80);
    });
    case!(cases, "kernel32!CreateProcessW", Success, "breaking away, where the job allows it", {
        let breakaway = format!("in-own-job start {CREATE_BREAKAWAY_FROM_JOB}");
        for (limits, line, code) in [
            (0, breakaway.as_str(), 80),
            (JOB_OBJECT_LIMIT_BREAKAWAY_OK, breakaway.as_str(), 0),
            (JOB_OBJECT_LIMIT_BREAKAWAY_OK, "in-own-job start 0", 1),
            (JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, "in-own-job start 0", 0),
        ] {
            let job = Job::new();
            holds!(job.limit(limits, 0));
            let parent = child(line, &HELD)?;
            holds!(job.add(&parent));
            unsafe { ResumeThread(parent.0.hThread) };
            same!((limits, parent.code()?), (limits, code));
        }
    });
    case!(cases, "kernel32!QueryInformationJobObject", Success, "counts the time that its processes have used", wine = "no time is counted", {
        let job = Job::new();
        let child = child("spin", &HELD)?;
        holds!(job.add(&child));
        unsafe { ResumeThread(child.0.hThread) };
        same!(child.code()?, 0);
        let counted: JOBOBJECT_BASIC_ACCOUNTING_INFORMATION = job.get(JobObjectBasicAccountingInformation)?;
        same!(counted.ActiveProcesses, 0);
        // It spins for 200 ms of its own time; hosts count in steps of up to 15.6 ms.
        holds!(counted.TotalUserTime + counted.TotalKernelTime >= 1_500_000);
        let [mut created, mut ended, mut kernel, mut user]: [FILETIME; 4] = unsafe { zeroed() };
        same!(unsafe { GetProcessTimes(child.0.hProcess, &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user) }, 1);
        holds!(user.dwLowDateTime + kernel.dwLowDateTime >= 1_500_000);
    });
}

/// The next packet of a port: message, key and process.
fn next(port: HANDLE) -> Result<(u32, usize, u32), String> {
    let (mut message, mut key, mut process) = (0, 0, null_mut::<OVERLAPPED>());
    same!(unsafe { GetQueuedCompletionStatus(port, &raw mut message, &raw mut key, &raw mut process, LONG) }, 1);
    Ok((message, key, process as usize as u32))
}

fn news(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!SetInformationJobObject",
        Success,
        "a completion port hears of who comes and goes",
        wine = "a crash's code is told as a normal end",
        {
            let job = Job::new();
            let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1) };
            let early = child("exit 0", &HELD)?;
            holds!(job.add(&early));
            holds!(job.set(
                JobObjectAssociateCompletionPortInformation,
                &JOBOBJECT_ASSOCIATE_COMPLETION_PORT { CompletionKey: 0x77 as *mut c_void, CompletionPort: port }
            ));
            let first = early.0.dwProcessId;
            same!(next(port)?, (JOB_OBJECT_MSG_NEW_PROCESS, 0x77, first));
            unsafe { ResumeThread(early.0.hThread) };
            same!(next(port)?, (JOB_OBJECT_MSG_EXIT_PROCESS, 0x77, first));
            same!(next(port)?, (JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0x77, 0));
            let late = child(&format!("exit {}", STATUS_ACCESS_VIOLATION as u32), &HELD)?;
            holds!(job.add(&late));
            same!(next(port)?, (JOB_OBJECT_MSG_NEW_PROCESS, 0x77, late.0.dwProcessId));
            unsafe { ResumeThread(late.0.hThread) };
            same!(late.code()?, STATUS_ACCESS_VIOLATION as u32);
            same!(next(port)?, (JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, 0x77, late.0.dwProcessId));
            same!(next(port)?, (JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, 0x77, 0));
            unsafe { CloseHandle(port) };
        }
    );
}

fn refused(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!AssignProcessToJobObject kernel32!TerminateJobObject kernel32!IsProcessInJob",
        Failure,
        "what is no job, and no process",
        {
            let (job, event) = (Job::new(), unsafe { CreateEventW(null(), 1, 0, null()) });
            unsafe {
                for (not_a_job, error) in [(null_mut(), ERROR_INVALID_HANDLE), (event, ERROR_INVALID_HANDLE)] {
                    clear_error();
                    same!((AssignProcessToJobObject(not_a_job, GetCurrentProcess()), last_error()), (0, error));
                    clear_error();
                    same!((TerminateJobObject(not_a_job, 0), last_error()), (0, error));
                }
                clear_error();
                same!((AssignProcessToJobObject(job.0, event), last_error()), (0, ERROR_INVALID_HANDLE));
                let mut answer = 7;
                clear_error();
                same!((IsProcessInJob(event, job.0, &raw mut answer), last_error()), (0, ERROR_INVALID_HANDLE));
                CloseHandle(event);
            }
        }
    );
    case!(cases, "kernel32!AssignProcessToJobObject", Failure, "a process that has ended, and rights that are missing", {
        let job = Job::new();
        let ended = child("exit 0", &How::default())?;
        same!(ended.code()?, 0);
        same!((job.add(&ended), last_error()), (false, ERROR_ACCESS_DENIED));
        let name = wide(&format!("weak-{}", unsafe { GetCurrentProcessId() }));
        unsafe {
            let _strong = Job(CreateJobObjectW(null(), name.as_ptr()));
            const QUERY: u32 = 4;
            let weak = Job(OpenJobObjectW(QUERY, 0, name.as_ptr()));
            let child = child("hang", &HELD)?;
            same!((weak.add(&child), last_error()), (false, ERROR_ACCESS_DENIED));
            clear_error();
            same!((TerminateJobObject(weak.0, 0), last_error()), (0, ERROR_ACCESS_DENIED));
            same!((weak.limit(0, 0), last_error()), (false, ERROR_ACCESS_DENIED));
            same!(weak.counts()?, [0, 0]);
            same!(TerminateProcess(child.0.hProcess, 0), 1);
        }
    });
    case!(cases, "kernel32!OpenJobObjectW kernel32!CreateJobObjectW", Failure, "no name, none of that name, and a name of something else", {
        let name = wide(&format!("event-{}", unsafe { GetCurrentProcessId() }));
        unsafe {
            clear_error();
            same!((OpenJobObjectW(4, 0, null()).is_null(), last_error()), (true, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((OpenJobObjectW(4, 0, wide("no such job").as_ptr()).is_null(), last_error()), (true, ERROR_FILE_NOT_FOUND));
            let event = CreateEventW(null(), 1, 0, name.as_ptr());
            clear_error();
            same!((CreateJobObjectW(null(), name.as_ptr()).is_null(), last_error()), (true, ERROR_INVALID_HANDLE));
            CloseHandle(event);
        }
    });
    case!(
        cases,
        "kernel32!SetInformationJobObject kernel32!QueryInformationJobObject",
        Failure,
        "wrong classes, sizes and flags",
        wine = "another error for a wrong size",
        {
            let job = Job::new();
            let basic = JOBOBJECT_BASIC_LIMIT_INFORMATION::default();
            same!((job.set(99, &basic), last_error()), (false, ERROR_INVALID_PARAMETER));
            same!((job.set(JobObjectExtendedLimitInformation, &basic), last_error()), (false, ERROR_BAD_LENGTH));
            let bad = JOBOBJECT_BASIC_LIMIT_INFORMATION { LimitFlags: JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, ..basic };
            same!((job.set(JobObjectBasicLimitInformation, &bad), last_error()), (false, ERROR_INVALID_PARAMETER));
            same!((job.limit(0x8000, 0), last_error()), (false, ERROR_INVALID_PARAMETER));
            let mut small = [0_u8; 4];
            clear_error();
            let done = unsafe { QueryInformationJobObject(job.0, JobObjectExtendedLimitInformation, small.as_mut_ptr().cast(), 4, null_mut()) };
            same!((done, last_error()), (0, ERROR_BAD_LENGTH));
        }
    );
    case!(cases, "kernel32!SetInformationJobObject", Failure, "limits that cannot be kept are refused", wine = "they are taken, and not kept", {
        let job = Job::new();
        for flags in [JOB_OBJECT_LIMIT_JOB_MEMORY, JOB_OBJECT_LIMIT_PROCESS_TIME, JOB_OBJECT_LIMIT_AFFINITY] {
            same!((job.limit(flags, 0), last_error()), (false, ERROR_NOT_SUPPORTED));
        }
        let restrictions = JOBOBJECT_BASIC_UI_RESTRICTIONS { UIRestrictionsClass: JOB_OBJECT_UILIMIT_HANDLES };
        same!((job.set(JobObjectBasicUIRestrictions, &restrictions), last_error()), (false, ERROR_NOT_SUPPORTED));
    });
    case!(cases, "kernel32!AssignProcessToJobObject", Failure, "two jobs of which neither is in the other", {
        let (first, second) = (Job::new(), Job::new());
        let children = [child("hang", &HELD)?, child("hang", &HELD)?];
        holds!(first.add(&children[0]));
        holds!(second.add(&children[1]));
        same!((second.add(&children[0]), last_error()), (false, ERROR_ACCESS_DENIED));
        for (job, child) in [first, second].iter().zip(&children) {
            same!(unsafe { TerminateJobObject(job.0, 1) }, 1);
            same!(child.code()?, 1);
        }
    });
}
