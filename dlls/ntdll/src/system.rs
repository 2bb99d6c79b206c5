//! The machine's facts, and Windows' version.

use crate::class_buffer::{fill, tell};
use crate::gate::ask;
use core::ffi::c_void;
use gate::map::{GRANULARITY, GUEST_END_32, LARGE_GUEST_END_32, LOWEST, PAGE, TOP};
use gate::service::{QuerySystem, QueryTimeZone};
use gate::zone::{Change, Zone};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim, teb};
use windows_sys::Win32::Foundation::STATUS_NOT_IMPLEMENTED;
use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOEXW;

/// `SYSTEM_BASIC_INFORMATION`.
#[repr(C)]
struct Basic {
    reserved: u32,
    timer_resolution: u32,
    page_size: u32,
    physical_pages: u32,
    lowest_page: u32,
    highest_page: u32,
    granularity: u32,
    lowest_address: usize,
    highest_address: usize,
    affinity: usize,
    processors: u8,
}

/// `SYSTEM_PROCESSOR_INFORMATION`.
#[repr(C)]
struct Processor {
    architecture: u16,
    level: u16,
    revision: u16,
    maximum: u16,
    features: u32,
}

/// `SYSTEM_TIMEOFDAY_INFORMATION`.
#[repr(C)]
struct TimeOfDay {
    boot: i64,
    now: i64,
    bias: i64,
    zone: u32,
    reserved: u32,
    boot_bias: u64,
    sleep_bias: u64,
}

/// What NtQuerySystemInformation answers for a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Basic,
    Processor,
    TimeOfDay,
    Processes,
    Debugger,
    TimeZone,
    DynamicTimeZone,
}

router! {
    /// By class: what programs ask.
    fn question(class: i32) -> Result<Question, Status> for "NtQuerySystemInformation", otherwise Status(STATUS_NOT_IMPLEMENTED); {
        class == 0 || class == 62 => Ok(Question::Basic);
        class == 1 || class == 63 => Ok(Question::Processor);
        class == 3 => Ok(Question::TimeOfDay);
        class == 5 => Ok(Question::Processes);
        class == 35 => Ok(Question::Debugger);
        class == 44 => Ok(Question::TimeZone);
        class == 102 => Ok(Question::DynamicTimeZone);
    }
}

/// `TIME_ZONE_INFORMATION` (timezoneapi.h), which is `RTL_TIME_ZONE_INFORMATION` too.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TimeZone {
    bias: i32,
    standard_name: [u16; 32],
    standard: Change,
    standard_bias: i32,
    daylight_name: [u16; 32],
    daylight: Change,
    daylight_bias: i32,
}

/// `DYNAMIC_TIME_ZONE_INFORMATION` (timezoneapi.h).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DynamicTimeZone {
    head: TimeZone,
    key: [u16; 128],
    disabled: u8,
}

const _: () = assert!(size_of::<TimeZone>() == 172 && size_of::<DynamicTimeZone>() == 432);

/// The user's time zone, by its rules of a year.
pub fn time_zone_of(year: u32) -> Result<DynamicTimeZone, Status> {
    let mut zone = Zone::default();
    ask(&mut QueryTimeZone { zone: &raw mut zone as u64, year, pad: 0 })?;
    let Zone { bias, standard_bias, daylight_bias, standard, daylight, standard_name, daylight_name, key } = zone;
    let head = TimeZone { bias, standard_name, standard, standard_bias, daylight_name, daylight, daylight_bias };
    Ok(DynamicTimeZone { head, key, disabled: 0 })
}

fn time_zone() -> Result<DynamicTimeZone, Status> {
    time_zone_of(crate::time::fields(crate::time::system_time()).Year as u32)
}

unsafe fn put<T>(buffer: *mut c_void, length: u32, result: *mut u32, value: T) -> Result<NtStatus, Status> {
    unsafe {
        tell(result, size_of::<T>());
        fill(buffer, length, value)?;
    }
    Ok(NtStatus::SUCCESS)
}

/// The machine's memory and processors.
pub fn machine() -> Result<QuerySystem, Status> {
    let mut request = QuerySystem::default();
    ask(&mut request)?;
    Ok(request)
}

/// The processor's level and revision, as SYSTEM_INFO tells them.
pub fn processor() -> (u16, u16) {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::__cpuid;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::__cpuid;
    let signature = __cpuid(1).eax;
    let family = (signature >> 8 & 0xF) + if signature >> 8 & 0xF == 0xF { signature >> 20 & 0xFF } else { 0 };
    let model = (signature >> 4 & 0xF) | (signature >> 12 & 0xF0);
    (family as u16, (model << 8 | signature & 0xF) as u16)
}

/// Answers an information class of the machine.
#[shim(ix = 155, mapping = "the PEB, the shared page, gate QuerySystem; one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQuerySystemInformation(class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> Result<NtStatus, Status> {
    let peb = unsafe { &*teb::peb() };
    unsafe {
        match question(class)? {
            Question::Basic => {
                let pages = (machine()?.memory[0] / PAGE) as u32;
                let basic = Basic {
                    reserved: 0,
                    timer_resolution: gate::shared::TICK_UNITS,
                    page_size: PAGE as u32,
                    physical_pages: pages,
                    lowest_page: 1,
                    highest_page: pages,
                    granularity: GRANULARITY as u32,
                    lowest_address: LOWEST as usize,
                    highest_address: highest_address(),
                    affinity: peb.active_process_affinity_mask,
                    processors: peb.number_of_processors as u8,
                };
                put(buffer, length, result, basic)
            }
            Question::Processor => {
                let (level, revision) = processor();
                let architecture = if cfg!(target_arch = "x86") { 0 } else { 9 };
                put(buffer, length, result, Processor { architecture, level, revision, maximum: peb.number_of_processors as u16, features: 0 })
            }
            Question::TimeOfDay => {
                let now = crate::time::system_time();
                let boot = now - crate::time::interrupt_time();
                let bias = guest::shared::time_zone_bias().unwrap_or(0);
                put(buffer, length, result, TimeOfDay { boot, now, bias, zone: 0, reserved: 0, boot_bias: 0, sleep_bias: 0 })
            }
            Question::Processes => crate::process_list::fill(buffer, length, result),
            Question::TimeZone => put(buffer, length, result, time_zone()?.head),
            Question::DynamicTimeZone => put(buffer, length, result, time_zone()?),
            // No kernel debugger: not enabled, not present.
            Question::Debugger => put(buffer, length, result, [0_u8, 1]),
        }
    }
}

/// The last address that a program may use.
pub fn highest_address() -> usize {
    let top = match (cfg!(target_arch = "x86"), crate::loader::takes_large_addresses()) {
        (false, _) => TOP,
        (true, false) => GUEST_END_32,
        (true, true) => LARGE_GUEST_END_32,
    };
    (top - 1) as usize
}

/// Answers Windows' version, as the policy shows it.
#[shim(ix = 156, mapping = "the PEB", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn RtlGetVersion(version: *mut OSVERSIONINFOEXW) -> Result<NtStatus, Status> {
    let peb = unsafe { &*teb::peb() };
    let version = unsafe { &mut *version };
    version.dwMajorVersion = peb.os_major_version;
    version.dwMinorVersion = peb.os_minor_version;
    version.dwBuildNumber = peb.os_build_number.into();
    version.dwPlatformId = peb.os_platform_id;
    version.szCSDVersion = [0; 128];
    if version.dwOSVersionInfoSize as usize >= size_of::<OSVERSIONINFOEXW>() {
        const SINGLE_USER_TERMINAL: u16 = 0x100;
        const WORKSTATION: u8 = 1;
        version.wServicePackMajor = 0;
        version.wServicePackMinor = 0;
        version.wSuiteMask = SINGLE_USER_TERMINAL;
        version.wProductType = WORKSTATION;
        version.wReserved = 0;
    }
    Ok(NtStatus::SUCCESS)
}

/// Answers Windows' version: major, minor, and the build with its "free" bits.
#[shim(ix = 157, mapping = "the PEB", risk = Wrong("a wrong version"))]
pub unsafe extern "system" fn RtlGetNtVersionNumbers(major: *mut u32, minor: *mut u32, build: *mut u32) {
    let peb = unsafe { &*teb::peb() };
    for (target, value) in [(major, peb.os_major_version), (minor, peb.os_minor_version), (build, 0xF000_0000 | u32::from(peb.os_build_number))] {
        if !target.is_null() {
            unsafe { *target = value };
        }
    }
}
