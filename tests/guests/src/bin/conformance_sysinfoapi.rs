//! sysinfoapi.h and profileapi.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::{
    ERROR_BUFFER_OVERFLOW, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_MORE_DATA, ERROR_OLD_WIN_VERSION, ERROR_PRIVILEGE_NOT_HELD,
    FILETIME, SYSTEMTIME,
};
use windows_sys::Win32::System::Environment::GetEnvironmentVariableW;
use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::Win32::System::SystemInformation::*;
use windows_sys::Win32::System::Time::{FileTimeToSystemTime, SystemTimeToFileTime};
use windows_sys::Win32::System::WindowsProgramming::{GetComputerNameA, GetComputerNameW};

fn zeroed<T>() -> T {
    // SAFETY: only used for plain numbers.
    unsafe { core::mem::zeroed() }
}

fn units(time: FILETIME) -> u64 {
    u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!GetSystemInfo kernel32!GetNativeSystemInfo", Total, "pages, processors and addresses", {
            let (mut info, mut native): (SYSTEM_INFO, SYSTEM_INFO) = (zeroed(), zeroed());
            unsafe {
                GetSystemInfo(&raw mut info);
                GetNativeSystemInfo(&raw mut native);
            }
            same!((info.dwPageSize, info.dwAllocationGranularity), (4096, 65536));
            same!(info.lpMinimumApplicationAddress as usize, 0x1_0000);
            holds!(info.lpMaximumApplicationAddress as usize >= 0x7FFE_FFFF);
            holds!(info.dwNumberOfProcessors >= 1 && info.dwActiveProcessorMask.count_ones() == info.dwNumberOfProcessors);
            same!(unsafe { native.Anonymous.Anonymous.wProcessorArchitecture }, PROCESSOR_ARCHITECTURE_AMD64);
            same!(unsafe { info.Anonymous.Anonymous.wProcessorArchitecture }, if cfg!(target_arch = "x86") { 0 } else { 9 });
            same!(native.dwProcessorType, 8664);
        });
        case!(cases, "kernel32!GlobalMemoryStatusEx", Success, "parts are no more than the whole", {
            let mut status: MEMORYSTATUSEX = zeroed();
            status.dwLength = size_of::<MEMORYSTATUSEX>() as u32;
            same!(unsafe { GlobalMemoryStatusEx(&raw mut status) }, 1);
            holds!(status.ullTotalPhys > 0 && status.ullAvailPhys > 0 && status.ullAvailPhys <= status.ullTotalPhys);
            holds!(status.ullTotalPageFile >= status.ullTotalPhys && status.ullAvailPageFile <= status.ullTotalPageFile);
            holds!(status.ullAvailVirtual < status.ullTotalVirtual && status.ullAvailVirtual > 0);
            holds!(status.dwMemoryLoad <= 100);
            same!(status.ullAvailExtendedVirtual, 0);
        });
        case!(cases, "kernel32!GlobalMemoryStatusEx", Failure, "a structure of another size", {
            let mut status: MEMORYSTATUSEX = zeroed();
            clear_error();
            same!(unsafe { GlobalMemoryStatusEx(&raw mut status) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
        });
        case!(cases, "kernel32!GlobalMemoryStatus", Total, "fills its own size in", {
            let mut status: MEMORYSTATUS = zeroed();
            unsafe { GlobalMemoryStatus(&raw mut status) };
            same!(status.dwLength as usize, size_of::<MEMORYSTATUS>());
            holds!(status.dwTotalPhys > 0 && status.dwAvailPhys <= status.dwTotalPhys);
        });
        case!(cases, "kernel32!GetLogicalProcessorInformation", Success, "as many cores as processors", {
            let mut length = 0;
            clear_error();
            same!(unsafe { GetLogicalProcessorInformation(core::ptr::null_mut(), &raw mut length) }, 0);
            same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
            let count = length as usize / size_of::<SYSTEM_LOGICAL_PROCESSOR_INFORMATION>();
            let mut rows = alloc::vec![zeroed::<SYSTEM_LOGICAL_PROCESSOR_INFORMATION>(); count];
            same!(unsafe { GetLogicalProcessorInformation(rows.as_mut_ptr(), &raw mut length) }, 1);
            let mut info: SYSTEM_INFO = zeroed();
            unsafe { GetSystemInfo(&raw mut info) };
            let cores = rows.iter().filter(|row| row.Relationship == RelationProcessorCore).fold(0, |all, row| all | row.ProcessorMask);
            same!(cores, info.dwActiveProcessorMask);
            holds!(rows.iter().any(|row| row.Relationship == RelationNumaNode) && rows.iter().any(|row| row.Relationship == RelationProcessorPackage));
        });
        time(&mut cases);
        names(&mut cases);
        folders(&mut cases);
        version(&mut cases);
        cases.code()
    }
}

fn time(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!GetSystemTimeAsFileTime kernel32!GetSystemTimePreciseAsFileTime kernel32!GetSystemTime",
        Total,
        "three ways to the same time",
        {
            let (mut coarse, mut precise, mut fields): (FILETIME, FILETIME, SYSTEMTIME) = (zeroed(), zeroed(), zeroed());
            unsafe {
                GetSystemTimeAsFileTime(&raw mut coarse);
                GetSystemTimePreciseAsFileTime(&raw mut precise);
                GetSystemTime(&raw mut fields);
            }
            let mut third: FILETIME = zeroed();
            same!(unsafe { SystemTimeToFileTime(&raw const fields, &raw mut third) }, 1);
            const SECOND: u64 = 10_000_000;
            holds!(units(coarse).abs_diff(units(precise)) < SECOND && units(coarse).abs_diff(units(third)) < SECOND);
            // After 2020, before 2100.
            holds!((2020..2100).contains(&fields.wYear));
        }
    );
    case!(cases, "kernel32!GetLocalTime", Total, "no more than fourteen hours from UTC", {
        let (mut local, mut universal): (SYSTEMTIME, SYSTEMTIME) = (zeroed(), zeroed());
        unsafe {
            GetLocalTime(&raw mut local);
            GetSystemTime(&raw mut universal);
        }
        let (mut one, mut other): (FILETIME, FILETIME) = (zeroed(), zeroed());
        unsafe {
            SystemTimeToFileTime(&raw const local, &raw mut one);
            SystemTimeToFileTime(&raw const universal, &raw mut other);
        }
        const HOUR: u64 = 36_000_000_000;
        holds!(units(one).abs_diff(units(other)) <= 14 * HOUR + HOUR / 3600);
        let mut again: SYSTEMTIME = zeroed();
        same!(unsafe { FileTimeToSystemTime(&raw const one, &raw mut again) }, 1);
        same!((again.wDayOfWeek, again.wDay), (local.wDayOfWeek, local.wDay));
    });
    case!(cases, "kernel32!GetTickCount kernel32!GetTickCount64", Total, "the short one is the long one's low half", {
        let (long, short) = unsafe { (GetTickCount64(), GetTickCount()) };
        holds!(short.wrapping_sub(long as u32) < 1000);
        holds!(long > 0);
    });
    case!(cases, "kernel32!QueryPerformanceCounter kernel32!QueryPerformanceFrequency", Total, "it goes on, at a rate that never changes", {
        let (mut one, mut other, mut frequency, mut again) = (0, 0, 0, 0);
        unsafe {
            same!(QueryPerformanceFrequency(&raw mut frequency), 1);
            same!(QueryPerformanceCounter(&raw mut one), 1);
            while {
                QueryPerformanceCounter(&raw mut other);
                other == one
            } {}
            QueryPerformanceFrequency(&raw mut again);
        }
        holds!(other > one && frequency >= 1_000_000 && frequency == again);
    });
    case!(cases, "kernel32!GetSystemTimeAdjustment", Success, "a period of one to sixteen milliseconds", {
        let (mut adjustment, mut period, mut disabled) = (0, 0, 0);
        same!(unsafe { GetSystemTimeAdjustment(&raw mut adjustment, &raw mut period, &raw mut disabled) }, 1);
        holds!((10_000..=160_000).contains(&period));
    });
    case!(cases, "kernel32!SetSystemTime", Failure, "no program sets the clock", wine = "Wine answers ERROR_ACCESS_DENIED or sets it as root", {
        let mut now: SYSTEMTIME = zeroed();
        unsafe { GetSystemTime(&raw mut now) };
        now.wMonth = 13;
        clear_error();
        same!(unsafe { SetSystemTime(&raw const now) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
        unsafe { GetSystemTime(&raw mut now) };
        clear_error();
        same!(unsafe { SetSystemTime(&raw const now) }, 0);
        same!(last_error(), ERROR_PRIVILEGE_NOT_HELD);
    });
}

fn names(cases: &mut Cases) {
    case!(cases, "kernel32!GetComputerNameW kernel32!GetComputerNameA", Success, "the name that COMPUTERNAME has", {
        let (mut wide_name, mut ansi_name, mut variable) = ([0_u16; 32], [0_u8; 32], [0_u16; 32]);
        let (mut wide_length, mut ansi_length) = (32, 32);
        same!(unsafe { GetComputerNameW(wide_name.as_mut_ptr(), &raw mut wide_length) }, 1);
        same!(unsafe { GetComputerNameA(ansi_name.as_mut_ptr(), &raw mut ansi_length) }, 1);
        unsafe { GetEnvironmentVariableW(wide("COMPUTERNAME").as_ptr(), variable.as_mut_ptr(), 32) };
        same!(narrow(&wide_name), narrow(&variable));
        same!((wide_length, ansi_length), (narrow(&wide_name).len() as u32, narrow(&wide_name).len() as u32));
    });
    case!(cases, "kernel32!GetComputerNameW", Failure, "a buffer that is too small", {
        let (mut name, mut length) = ([0_u16; 1], 1);
        clear_error();
        same!(unsafe { GetComputerNameW(name.as_mut_ptr(), &raw mut length) }, 0);
        same!(last_error(), ERROR_BUFFER_OVERFLOW);
        holds!(length > 1);
    });
    case!(cases, "kernel32!GetComputerNameExW kernel32!GetComputerNameExA", Success, "a DNS name", {
        let (mut name, mut length) = ([0_u16; 256], 256);
        same!(unsafe { GetComputerNameExW(ComputerNameDnsHostname, name.as_mut_ptr(), &raw mut length) }, 1);
        same!(length as usize, narrow(&name).len());
        let (mut ansi, mut ansi_length) = ([0_u8; 256], 256);
        same!(unsafe { GetComputerNameExA(ComputerNamePhysicalDnsHostname, ansi.as_mut_ptr(), &raw mut ansi_length) }, 1);
        holds!(ansi_length > 0);
    });
    case!(cases, "kernel32!GetComputerNameExW", Failure, "a buffer that is too small, and a kind that does not exist", {
        let mut length = 0;
        clear_error();
        same!(unsafe { GetComputerNameExW(ComputerNameDnsHostname, core::ptr::null_mut(), &raw mut length) }, 0);
        same!(last_error(), ERROR_MORE_DATA);
        holds!(length > 1);
        clear_error();
        same!(unsafe { GetComputerNameExW(99, core::ptr::null_mut(), &raw mut length) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
}

fn folders(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!GetWindowsDirectoryW kernel32!GetSystemWindowsDirectoryW kernel32!GetSystemDirectoryW kernel32!GetSystemWow64DirectoryW",
        Success,
        "Windows' folders",
        {
            let ask: [(unsafe extern "system" fn(*mut u16, u32) -> u32, &str); 4] = [
                (
                    unsafe { core::mem::transmute::<*const (), unsafe extern "system" fn(*mut u16, u32) -> u32>(GetWindowsDirectoryW as *const ()) },
                    "c:\\windows",
                ),
                (
                    unsafe {
                        core::mem::transmute::<*const (), unsafe extern "system" fn(*mut u16, u32) -> u32>(GetSystemWindowsDirectoryW as *const ())
                    },
                    "c:\\windows",
                ),
                (
                    unsafe { core::mem::transmute::<*const (), unsafe extern "system" fn(*mut u16, u32) -> u32>(GetSystemDirectoryW as *const ()) },
                    "c:\\windows\\system32",
                ),
                (
                    unsafe {
                        core::mem::transmute::<*const (), unsafe extern "system" fn(*mut u16, u32) -> u32>(GetSystemWow64DirectoryW as *const ())
                    },
                    "c:\\windows\\syswow64",
                ),
            ];
            for (function, expected) in ask {
                let mut buffer = [0_u16; 64];
                same!(unsafe { function(buffer.as_mut_ptr(), 64) } as usize, expected.len());
                same!(narrow(&buffer).to_ascii_lowercase(), expected);
                same!(unsafe { function(buffer.as_mut_ptr(), 3) } as usize, expected.len() + 1);
            }
        }
    );
    case!(cases, "kernel32!GetWindowsDirectoryA kernel32!GetSystemDirectoryA", Success, "the same in ANSI", {
        let mut buffer = [0_u8; 64];
        same!(unsafe { GetWindowsDirectoryA(buffer.as_mut_ptr(), 64) }, 10);
        same!(unsafe { GetSystemDirectoryA(buffer.as_mut_ptr(), 64) }, 19);
        holds!(buffer.starts_with(b"C:\\") || buffer.starts_with(b"c:\\"));
        same!(unsafe { GetSystemDirectoryA(core::ptr::null_mut(), 0) }, 20);
    });
}

fn version(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!GetVersionExW kernel32!GetVersionExA kernel32!GetVersion",
        Success,
        "a program without a manifest sees Windows 8",
        wine = "a Wine that plays an older Windows shows that",
        {
            let mut version: OSVERSIONINFOEXW = zeroed();
            version.dwOSVersionInfoSize = size_of::<OSVERSIONINFOEXW>() as u32;
            same!(unsafe { GetVersionExW((&raw mut version).cast()) }, 1);
            same!((version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber), (6, 2, 9200));
            same!((version.dwPlatformId, u32::from(version.wProductType)), (2, 1));
            let mut ansi: OSVERSIONINFOA = zeroed();
            ansi.dwOSVersionInfoSize = size_of::<OSVERSIONINFOA>() as u32;
            same!(unsafe { GetVersionExA(&raw mut ansi) }, 1);
            same!((ansi.dwMajorVersion, ansi.dwMinorVersion), (6, 2));
            same!(unsafe { GetVersion() }, 6 | 2 << 8 | 9200 << 16);
        }
    );
    case!(cases, "kernel32!GetVersionExW kernel32!GetVersionExA", Failure, "a structure of another size", wine = "Wine sets no error", {
        let mut version: OSVERSIONINFOW = zeroed();
        version.dwOSVersionInfoSize = 1;
        clear_error();
        same!(unsafe { GetVersionExW(&raw mut version) }, 0);
        same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
        let mut ansi: OSVERSIONINFOA = zeroed();
        clear_error();
        same!(unsafe { GetVersionExA(&raw mut ansi) }, 0);
        same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
    });
    case!(cases, "kernel32!VerifyVersionInfoW", Success, "Windows is not older than Vista", {
        let mut wanted: OSVERSIONINFOEXW = zeroed();
        wanted.dwOSVersionInfoSize = size_of::<OSVERSIONINFOEXW>() as u32;
        wanted.dwMajorVersion = 6;
        let mask = unsafe { VerSetConditionMask(0, VER_MAJORVERSION, 3) };
        same!(unsafe { VerifyVersionInfoW(&raw mut wanted, VER_MAJORVERSION, mask) }, 1);
    });
    case!(cases, "kernel32!VerifyVersionInfoW", Failure, "Windows is older than version 99", {
        let mut wanted: OSVERSIONINFOEXW = zeroed();
        wanted.dwOSVersionInfoSize = size_of::<OSVERSIONINFOEXW>() as u32;
        wanted.dwMajorVersion = 99;
        let mask = unsafe { VerSetConditionMask(0, VER_MAJORVERSION, 3) };
        clear_error();
        same!(unsafe { VerifyVersionInfoW(&raw mut wanted, VER_MAJORVERSION, mask) }, 0);
        same!(last_error(), ERROR_OLD_WIN_VERSION);
    });
    case!(cases, "kernel32!GetProductInfo", Success, "an edition", {
        let mut kind = 0;
        same!(unsafe { GetProductInfo(6, 1, 0, 0, &raw mut kind) }, 1);
        holds!(kind != 0);
    });
}
