//! Stubs: what stands in for a function that nothing exports. Each call is told to the audit, and fails in the way that
//! Microsoft's metadata says such a function fails; where it says nothing, an exception names the function.

use super::search::Wanted;
use crate::gate::ask;
use crate::lock::Mutex;
use alloc::boxed::Box;
use alloc::string::String;
use core::ffi::c_void;
use gate::service::{AllocateMemory, MapSystemImage, ReportKind};
use gate::system::{STUBS, Stub, StubTable, StubValue};
use guest::teb;
use windows_sys::Win32::Foundation::{ERROR_CALL_NOT_IMPLEMENTED, STATUS_ENTRYPOINT_NOT_FOUND, STATUS_NOT_IMPLEMENTED};
use windows_sys::Win32::System::Memory::{MEM_COMMIT, MEM_RESERVE, PAGE_EXECUTE_READWRITE};

/// What a stub knows of its function.
struct Record {
    name: String,
    stub: Option<Stub>,
}

/// Where the next stub's code goes, and how many bytes are left.
static CODE: Mutex<(usize, usize)> = Mutex::new((0, 0));

/// Bytes of one stub.
const SIZE: usize = 32;

/// The table that the build made of the metadata.
fn table() -> Option<StubTable<'static>> {
    let mut request = MapSystemImage { name: STUBS.as_ptr() as u64, name_size: STUBS.len() as u64, ..MapSystemImage::default() };
    ask(&mut request).ok()?;
    // SAFETY: the runtime maps the table for as long as the process runs.
    StubTable::read(unsafe { core::slice::from_raw_parts(request.base as usize as *const u8, request.size as usize) })
}

/// Whether the metadata knows a DLL at all.
pub fn knows(wanted: &Wanted) -> bool {
    wanted.path.is_none() && wanted.ascii.as_deref().is_some_and(|name| table().is_some_and(|table| table.knows_dll(name)))
}

/// Makes a stub for `dll!function`; answers its address.
pub fn make(name: &str) -> usize {
    let stub = table().and_then(|table| table.find(name.as_bytes()));
    let record = Box::into_raw(Box::new(Record { name: name.into(), stub }));
    let mut code = CODE.lock();
    if code.1 < SIZE {
        let mut request =
            AllocateMemory { size: 0x1_0000, kind: MEM_RESERVE | MEM_COMMIT, protect: PAGE_EXECUTE_READWRITE, ..AllocateMemory::default() };
        if ask(&mut request).is_err() {
            return unnamed as *const () as usize;
        }
        *code = (request.base as usize, request.size as usize);
    }
    let at = code.0;
    *code = (at + SIZE, code.1 - SIZE);
    // SAFETY: the code's own pages.
    unsafe { write_code(at as *mut u8, record, stub.map_or(0, |stub| stub.stack_bytes)) };
    at
}

/// `mov rcx, record; mov rax, called; jmp rax`: the function answers in rax, and its caller cleans up.
#[cfg(target_arch = "x86_64")]
unsafe fn write_code(at: *mut u8, record: *const Record, _stack: u16) {
    unsafe {
        at.cast::<[u8; 2]>().write_unaligned([0x48, 0xB9]);
        at.add(2).cast::<u64>().write_unaligned(record as u64);
        at.add(10).cast::<[u8; 2]>().write_unaligned([0x48, 0xB8]);
        at.add(12).cast::<u64>().write_unaligned(called as *const () as u64);
        at.add(20).cast::<[u8; 2]>().write_unaligned([0xFF, 0xE0]);
    }
}

/// `push record; mov eax, called; call eax; ret N`: the stub takes the arguments off the stack.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn write_code(at: *mut u8, record: *const Record, stack: u16) {
    unsafe {
        at.write(0x68);
        at.add(1).cast::<u32>().write_unaligned(record as usize as u32);
        at.add(5).write(0xB8);
        at.add(6).cast::<u32>().write_unaligned(called as *const () as usize as u32);
        at.add(10).cast::<[u8; 2]>().write_unaligned([0xFF, 0xD0]);
        at.add(12).write(0xC2);
        at.add(13).cast::<u16>().write_unaligned(stack);
    }
}

/// What every stub does when it is called.
unsafe extern "system" fn called(record: *const Record) -> usize {
    let record: &'static Record = unsafe { &*record };
    teb::report(ReportKind::Unsupported, u32::MAX, &record.name, ERROR_CALL_NOT_IMPLEMENTED);
    let value = record.stub.map(|stub| stub.value).unwrap_or(StubValue::Raise);
    if !matches!(value, StubValue::Raise | StubValue::NtStatus | StubValue::HResult) {
        teb::set_last_error(ERROR_CALL_NOT_IMPLEMENTED);
    }
    match value {
        StubValue::Zero | StubValue::Nothing => 0,
        StubValue::Ones => usize::MAX,
        StubValue::Win32 => ERROR_CALL_NOT_IMPLEMENTED as usize,
        StubValue::NtStatus => STATUS_NOT_IMPLEMENTED as usize,
        // E_NOTIMPL
        StubValue::HResult => 0x8000_4001_u32 as usize,
        StubValue::Raise => crate::exception::raise_named(STATUS_ENTRYPOINT_NOT_FOUND, &record.name),
    }
}

/// Stands for a stub that there was no memory for.
unsafe extern "system" fn unnamed() -> *mut c_void {
    crate::exception::raise_status(STATUS_ENTRYPOINT_NOT_FOUND)
}
