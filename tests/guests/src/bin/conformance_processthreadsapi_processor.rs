//! Processors, groups and nodes, ideal processors, and the names of threads (processthreadsapi.h, processtopologyapi.h,
//! systemtopologyapi.h, sysinfoapi.h, winbase.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::callbacks::{LONG, wait};
use guests::{Cases, case, clear_error, holds, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Kernel::PROCESSOR_NUMBER;
use windows_sys::Win32::System::SystemInformation::*;
use windows_sys::Win32::System::Threading::*;

const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;
const ALL_GROUPS: u16 = 0xFFFF;
const MAXIMUM_PROCESSORS: u32 = usize::BITS;

fn processors() -> u32 {
    let mut info: SYSTEM_INFO = unsafe { core::mem::zeroed() };
    unsafe { GetSystemInfo(&raw mut info) };
    info.dwNumberOfProcessors
}

fn mask() -> usize {
    let (mut own, mut system) = (0, 0);
    unsafe { GetProcessAffinityMask(GetCurrentProcess(), &raw mut own, &raw mut system) };
    own
}

unsafe extern "system" fn end(_: *mut c_void) -> u32 {
    0
}

fn suspended() -> HANDLE {
    unsafe { CreateThread(null(), 0, Some(end), null(), CREATE_SUSPENDED, null_mut()) }
}

/// What a thread is called.
fn description(thread: HANDLE) -> Result<Vec<u16>, String> {
    let mut text = null_mut();
    let result = unsafe { GetThreadDescription(thread, &raw mut text) };
    holds!(result >= 0 && !text.is_null());
    let length = (0..).find(|index| unsafe { *text.add(*index) } == 0).unwrap_or(0);
    let units = unsafe { core::slice::from_raw_parts(text, length) }.to_vec();
    unsafe { LocalFree(text.cast()) };
    Ok(units)
}

fn name(thread: HANDLE, name: &str) -> i32 {
    let name = wide(name);
    unsafe { SetThreadDescription(thread, name.as_ptr()) }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        counts(&mut cases);
        ideal(&mut cases);
        groups(&mut cases);
        layout(&mut cases);
        nodes(&mut cases);
        names(&mut cases);
        cases.code()
    }
}

fn counts(cases: &mut Cases) {
    case!(cases, "kernel32!GetActiveProcessorCount kernel32!GetMaximumProcessorCount", Success, "of the first group, and of all", {
        unsafe {
            same!(GetActiveProcessorCount(0), processors());
            same!(GetActiveProcessorCount(ALL_GROUPS), processors());
            holds!(GetMaximumProcessorCount(0) >= processors());
            holds!(GetMaximumProcessorCount(ALL_GROUPS) >= processors());
        }
    });
    case!(
        cases,
        "kernel32!GetActiveProcessorCount kernel32!GetMaximumProcessorCount",
        Failure,
        "a group that there is not",
        wine = "the error is another",
        {
            clear_error();
            same!((unsafe { GetActiveProcessorCount(9) }, last_error()), (0, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((unsafe { GetMaximumProcessorCount(9) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        }
    );
    case!(cases, "kernel32!GetActiveProcessorGroupCount kernel32!GetMaximumProcessorGroupCount", Success, "one", {
        same!(unsafe { GetActiveProcessorGroupCount() }, 1);
        holds!(unsafe { GetMaximumProcessorGroupCount() } >= 1);
    });
    case!(cases, "kernel32!GetCurrentProcessorNumberEx", Success, "one that there is", {
        let mut number = PROCESSOR_NUMBER { Group: 9, Number: 99, Reserved: 9 };
        unsafe { GetCurrentProcessorNumberEx(&raw mut number) };
        holds!(u32::from(number.Number) < processors() && number.Group == 0 && number.Reserved == 0);
    });
}

fn ideal(cases: &mut Cases) {
    let this = unsafe { GetCurrentThread() };
    case!(cases, "kernel32!SetThreadIdealProcessor", Success, "the one before is answered, and asking changes nothing", wine = "nothing is kept", {
        unsafe {
            holds!(SetThreadIdealProcessor(this, MAXIMUM_PROCESSORS) < processors());
            holds!(SetThreadIdealProcessor(this, processors() - 1) < processors());
            same!(SetThreadIdealProcessor(this, MAXIMUM_PROCESSORS), processors() - 1);
            same!(SetThreadIdealProcessor(this, 0), processors() - 1);
            same!(SetThreadIdealProcessor(this, MAXIMUM_PROCESSORS), 0);
        }
    });
    case!(cases, "kernel32!SetThreadIdealProcessor", Failure, "a processor that there is not", {
        clear_error();
        same!((unsafe { SetThreadIdealProcessor(this, MAXIMUM_PROCESSORS + 1) }, last_error()), (u32::MAX, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!SetThreadIdealProcessor", Failure, "a handle that is none", wine = "the handle is not looked at", {
        clear_error();
        same!((unsafe { SetThreadIdealProcessor(NO_HANDLE, 0) }, last_error()), (u32::MAX, ERROR_INVALID_HANDLE));
    });
    case!(
        cases,
        "kernel32!SetThreadIdealProcessorEx kernel32!GetThreadIdealProcessorEx",
        Success,
        "a thread that has not begun",
        wine = "it is not implemented",
        {
            let thread = suspended();
            let wanted = PROCESSOR_NUMBER { Group: 0, Number: (processors() - 1) as u8, Reserved: 0 };
            let mut before = PROCESSOR_NUMBER { Group: 9, Number: 99, Reserved: 9 };
            let mut now = before;
            unsafe {
                same!(SetThreadIdealProcessorEx(thread, &raw const wanted, &raw mut before), 1);
                holds!(before.Group == 0 && u32::from(before.Number) < processors());
                same!(GetThreadIdealProcessorEx(thread, &raw mut now), 1);
                same!((now.Group, now.Number, now.Reserved), (0, wanted.Number, 0));
                same!(SetThreadIdealProcessorEx(thread, &raw const wanted, null_mut()), 1);
                ResumeThread(thread);
                same!(wait(thread, LONG), WAIT_OBJECT_0);
                CloseHandle(thread);
            }
        }
    );
    case!(cases, "kernel32!SetThreadIdealProcessorEx", Failure, "a processor, and a group, that there is not", wine = "it is not implemented", {
        for (group, number) in [(0, 65), (3, 0)] {
            let wanted = PROCESSOR_NUMBER { Group: group, Number: number, Reserved: 0 };
            clear_error();
            same!((unsafe { SetThreadIdealProcessorEx(this, &raw const wanted, null_mut()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        }
    });
    case!(cases, "kernel32!GetThreadIdealProcessorEx", Failure, "a handle that is none", wine = "it is not implemented", {
        let mut number: PROCESSOR_NUMBER = unsafe { core::mem::zeroed() };
        clear_error();
        same!((unsafe { GetThreadIdealProcessorEx(NO_HANDLE, &raw mut number) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

fn groups(cases: &mut Cases) {
    let this = unsafe { GetCurrentThread() };
    case!(cases, "kernel32!GetThreadGroupAffinity kernel32!SetThreadGroupAffinity", Success, "one processor, and all again", {
        let (mut now, mut before): (GROUP_AFFINITY, GROUP_AFFINITY) = unsafe { core::mem::zeroed() };
        let one = GROUP_AFFINITY { Mask: 1, Group: 0, Reserved: [0; 3] };
        unsafe {
            same!(SetThreadGroupAffinity(this, &raw const one, &raw mut before), 1);
            same!((before.Mask, before.Group), (mask(), 0));
            same!(GetThreadGroupAffinity(this, &raw mut now), 1);
            same!((now.Mask, now.Group), (1, 0));
            same!(SetThreadAffinityMask(this, mask()), 1);
            same!(SetThreadGroupAffinity(this, &raw const before, null_mut()), 1);
        }
    });
    case!(cases, "kernel32!SetThreadGroupAffinity", Failure, "no processor, one that there is not, a group that there is not", {
        for (bits, group) in [(0, 0), (usize::MAX, 0), (1, 5)] {
            let wanted = GROUP_AFFINITY { Mask: bits, Group: group, Reserved: [0; 3] };
            clear_error();
            same!((unsafe { SetThreadGroupAffinity(this, &raw const wanted, null_mut()) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        }
    });
    case!(cases, "kernel32!GetThreadGroupAffinity kernel32!SetThreadGroupAffinity", Failure, "a handle that is none", {
        let mut affinity = GROUP_AFFINITY { Mask: 1, Group: 0, Reserved: [0; 3] };
        clear_error();
        same!((unsafe { SetThreadGroupAffinity(NO_HANDLE, &raw const affinity, null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { GetThreadGroupAffinity(NO_HANDLE, &raw mut affinity) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!GetProcessGroupAffinity", Success, "the first group", wine = "it is not implemented", {
        let (mut count, mut group) = (4_u16, [9_u16; 4]);
        same!(unsafe { GetProcessGroupAffinity(GetCurrentProcess(), &raw mut count, group.as_mut_ptr()) }, 1);
        same!((count, group[0]), (1, 0));
    });
    case!(cases, "kernel32!GetProcessGroupAffinity", Failure, "no room", wine = "it is not implemented", {
        let (mut count, mut group) = (0_u16, 9_u16);
        clear_error();
        same!(
            (unsafe { GetProcessGroupAffinity(GetCurrentProcess(), &raw mut count, &raw mut group) }, last_error()),
            (0, ERROR_INSUFFICIENT_BUFFER)
        );
        same!(count, 1);
    });
    case!(cases, "kernel32!GetProcessGroupAffinity", Failure, "a handle that is none", wine = "it is not implemented", {
        let (mut count, mut group) = (4_u16, [9_u16; 4]);
        clear_error();
        same!((unsafe { GetProcessGroupAffinity(NO_HANDLE, &raw mut count, group.as_mut_ptr()) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

/// The rows of a relation: kind, size, and the bytes behind.
fn rows(relation: LOGICAL_PROCESSOR_RELATIONSHIP) -> Result<Vec<(i32, Vec<u8>)>, String> {
    let mut length = 0;
    clear_error();
    same!((unsafe { GetLogicalProcessorInformationEx(relation, null_mut(), &raw mut length) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
    let mut bytes = alloc::vec![0_u8; length as usize];
    same!(unsafe { GetLogicalProcessorInformationEx(relation, bytes.as_mut_ptr().cast(), &raw mut length) }, 1);
    same!(length as usize, bytes.len());
    let (mut rows, mut rest) = (Vec::new(), &bytes[..]);
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let size = word(4) as usize;
        holds!(size >= 8 && size <= rest.len());
        rows.push((word(0) as i32, rest[8..size].to_vec()));
        rest = &rest[size..];
    }
    Ok(rows)
}

/// The mask in a row.
fn mask_at(row: &[u8], at: usize) -> usize {
    row[at..at + size_of::<usize>()].iter().rev().fold(0, |mask, byte| mask << 8 | usize::from(*byte))
}

fn layout(cases: &mut Cases) {
    case!(cases, "kernel32!GetLogicalProcessorInformationEx", Success, "cores together are all processors, each once", {
        let rows = rows(RelationProcessorCore)?;
        let masks: Vec<usize> = rows.iter().map(|(_, row)| mask_at(row, 24)).collect();
        holds!(rows.iter().all(|(kind, row)| *kind == RelationProcessorCore && u16::from_le_bytes([row[22], row[23]]) == 1));
        same!(masks.iter().map(|mask| mask.count_ones()).sum::<u32>(), processors());
        same!(masks.iter().fold(0, |all, mask| all | mask).count_ones(), processors());
    });
    case!(cases, "kernel32!GetLogicalProcessorInformationEx", Success, "one group of all processors", {
        let rows = rows(RelationGroup)?;
        same!(rows.len(), 1);
        let row = &rows[0].1;
        same!((u16::from_le_bytes([row[2], row[3]]), u32::from(row[25])), (1, processors()));
        same!(mask_at(row, 64).count_ones(), processors());
    });
    case!(cases, "kernel32!GetLogicalProcessorInformationEx", Success, "nodes and packages", {
        for (relation, mask) in [(RelationNumaNode, 24), (RelationProcessorPackage, 24)] {
            let rows = rows(relation)?;
            same!(rows.iter().map(|(_, row)| mask_at(row, mask).count_ones()).sum::<u32>(), processors());
        }
    });
    case!(cases, "kernel32!GetLogicalProcessorInformationEx", Success, "all relations in one", {
        let rows = rows(RelationAll)?;
        for relation in [RelationProcessorCore, RelationNumaNode, RelationProcessorPackage, RelationGroup] {
            holds!(rows.iter().any(|(kind, _)| *kind == relation));
        }
    });
    case!(
        cases,
        "kernel32!GetLogicalProcessorInformationEx",
        Failure,
        "a relation that there is not",
        wine = "a relation that there is not has no rows",
        {
            let mut length = 0;
            clear_error();
            same!((unsafe { GetLogicalProcessorInformationEx(99, null_mut(), &raw mut length) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        }
    );
}

fn nodes(cases: &mut Cases) {
    case!(cases, "kernel32!GetNumaHighestNodeNumber", Success, "one that has processors", wine = "GetNumaNodeProcessorMaskEx is not implemented", {
        let mut highest = 99;
        let mut affinity: GROUP_AFFINITY = unsafe { core::mem::zeroed() };
        unsafe {
            same!(GetNumaHighestNodeNumber(&raw mut highest), 1);
            same!(GetNumaNodeProcessorMaskEx(highest as u16, &raw mut affinity), 1);
        }
        holds!(affinity.Mask != 0);
    });
    case!(
        cases,
        "kernel32!GetNumaNodeProcessorMask kernel32!GetNumaNodeProcessorMaskEx",
        Failure,
        "a node that there is not",
        wine = "it is not implemented",
        {
            let (mut mask, mut affinity) = (0, GROUP_AFFINITY { Mask: 0, Group: 0, Reserved: [0; 3] });
            clear_error();
            same!((unsafe { GetNumaNodeProcessorMask(200, &raw mut mask) }, last_error()), (0, ERROR_INVALID_PARAMETER));
            clear_error();
            same!((unsafe { GetNumaNodeProcessorMaskEx(200, &raw mut affinity) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        }
    );
    case!(
        cases,
        "kernel32!GetNumaProcessorNode kernel32!GetNumaProcessorNodeEx",
        Success,
        "of the first processor",
        wine = "GetNumaProcessorNodeEx is not implemented",
        {
            let (mut node, mut wide_node, mut mask) = (99, 99, 0);
            let number = PROCESSOR_NUMBER { Group: 0, Number: 0, Reserved: 0 };
            unsafe {
                same!(GetNumaProcessorNode(0, &raw mut node), 1);
                same!(GetNumaProcessorNodeEx(&raw const number, &raw mut wide_node), 1);
                same!(u16::from(node), wide_node);
                same!(GetNumaNodeProcessorMask(node, &raw mut mask), 1);
            }
            same!(mask & 1, 1);
        }
    );
    case!(
        cases,
        "kernel32!GetNumaProcessorNode kernel32!GetNumaProcessorNodeEx",
        Failure,
        "a processor that there is not",
        wine = "GetNumaProcessorNodeEx is not implemented",
        {
            let (mut node, mut wide_node) = (1, 1);
            let number = PROCESSOR_NUMBER { Group: 0, Number: 63, Reserved: 0 };
            clear_error();
            same!((unsafe { GetNumaProcessorNode(63, &raw mut node) }, last_error(), node), (0, ERROR_INVALID_PARAMETER, 0xFF));
            clear_error();
            same!(
                (unsafe { GetNumaProcessorNodeEx(&raw const number, &raw mut wide_node) }, last_error(), wide_node),
                (0, ERROR_INVALID_PARAMETER, 0xFFFF)
            );
        }
    );
}

fn names(cases: &mut Cases) {
    let this = unsafe { GetCurrentThread() };
    case!(cases, "kernel32!GetThreadDescription", Success, "a thread without a name", {
        let thread = suspended();
        same!(description(thread)?, Vec::new());
        unsafe {
            ResumeThread(thread);
            CloseHandle(thread);
        }
    });
    case!(cases, "kernel32!SetThreadDescription kernel32!GetThreadDescription", Success, "the calling thread, twice", {
        holds!(name(this, "first name") >= 0);
        same!(description(this)?, units("first name"));
        let long: String = "0123456789".repeat(50);
        holds!(name(this, &long) >= 0);
        same!(description(this)?, units(&long));
        holds!(name(this, "") >= 0);
        same!(description(this)?, Vec::new());
    });
    case!(cases, "kernel32!SetThreadDescription", Success, "a thread that has not begun keeps its name", {
        let thread = suspended();
        holds!(name(thread, "later") >= 0);
        same!(description(thread)?, units("later"));
        unsafe { ResumeThread(thread) };
        same!(wait(thread, LONG), WAIT_OBJECT_0);
        unsafe { CloseHandle(thread) };
    });
    case!(cases, "kernel32!SetThreadDescription", Success, "NULL takes the name away", {
        holds!(name(this, "a name") >= 0);
        holds!(unsafe { SetThreadDescription(this, null()) } >= 0);
        same!(description(this)?, Vec::new());
    });
    case!(cases, "kernel32!SetThreadDescription kernel32!GetThreadDescription", Failure, "a handle that is none", {
        const RESULT: i32 = STATUS_INVALID_HANDLE | 0x1000_0000;
        let mut text = core::ptr::dangling_mut::<u16>();
        same!(name(NO_HANDLE, "a name"), RESULT);
        same!(unsafe { GetThreadDescription(NO_HANDLE, &raw mut text) }, RESULT);
        holds!(text.is_null());
    });
    case!(cases, "kernel32!SetThreadDescription", Failure, "a handle that does not allow it", {
        const RESULT: i32 = STATUS_ACCESS_DENIED | 0x1000_0000;
        let weak = unsafe { OpenThread(THREAD_QUERY_LIMITED_INFORMATION, 0, GetCurrentThreadId()) };
        same!(name(weak, "a name"), RESULT);
        same!(description(weak)?, Vec::new());
        unsafe { CloseHandle(weak) };
    });
}
