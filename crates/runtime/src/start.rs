//! The start of a sandbox process: take what the broker handed over, enter the jail, map the program, run it.

use crate::file::File;
use crate::gate::{gate_entry, x86};
use crate::image::{self, Refused};
use crate::memory::{self, Backing, StackSize};
use crate::process::outline;
use crate::process::peb::make_peb;
use crate::process::{self, Process, end};
use crate::thread::runner::run_first;
use crate::{bitness, broker, clock, handle, processor, signal, time, words};
use gate::file::Device;
use gate::map::{FILE_RECORDS_SIZE, PAGE, SHARED_DATA, STATE};
use protocol::message::AwaitResume;
use protocol::start::{Start, descriptor};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::ffi::{c_int, c_void};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_DLL_NOT_FOUND, STATUS_ENTRYPOINT_NOT_FOUND, STATUS_NO_MEMORY};
use windows_sys::Win32::Storage::FileSystem::{FILE_GENERIC_READ, FILE_GENERIC_WRITE};

/// Runs the process; returns only when it cannot even report.
pub fn run() -> c_int {
    let Some(start) = broker::attach().and_then(|bytes| Start::decode(&bytes)) else { return 125 };
    signal::install();
    if let Err(sentence) = jail::enter(start.layers, descriptor::BOOT) {
        end::fail(0, &sentence);
    }
    let Err(refused) = load(&start);
    let (status, sentence) = match refused {
        Refused::Malformed(malformed) => (protocol::start::UNFIT, malformed.to_string()),
        Refused::Library => (protocol::start::UNFIT, "this is a DLL, not a program".into()),
        Refused::OtherBitness => (protocol::start::UNFIT, "its headers name two processors".into()),
        Refused::Status(status) => (status, format!("the program could not be loaded (status {:#010x})", status as u32)),
    };
    end::fail(status, &sentence)
}

fn load(start: &Start) -> Result<std::convert::Infallible, Refused> {
    let program = image::Bytes::map(born(descriptor::PROGRAM))?;
    let parsed = image::parse_program(program.get())?;
    if parsed.is_dll() {
        return Err(Refused::Library);
    }
    let (major, minor) = parsed.subsystem_version();
    let subsystem = [u32::from(parsed.subsystem().number()), major.into(), minor.into()];
    let stack = StackSize { reserve: parsed.stack_reserve(), commit: parsed.stack_commit() };
    let entry = u64::from(parsed.entry_point());
    map_shared()?;
    let mapped = image::map(&parsed, born(descriptor::PROGRAM), Backing::Mapped)?;
    drop(program);
    let (ntdll, _) = image::map_system(b"ntdll.dll").map_err(|_| STATUS_DLL_NOT_FOUND)?;
    let export = |name| image::export(ntdll.base, ntdll.size, name).ok_or(STATUS_ENTRYPOINT_NOT_FOUND);
    let peb = make_peb(start, mapped.base, subsystem)?;
    let process = Process {
        id: start.process,
        parent: start.parent,
        peb,
        per_call: if start.per_call { start.stamps_per_microsecond.into() } else { 0 },
        clock: clock::vdso_clock_gettime(),
        gate: if bitness::is_32() { x86::map()? } else { gate_entry as *const () as u64 },
        loader: export("LdrInitializeThunk")?,
        thread_start: export("RtlUserThreadStart")?,
        dispatcher: export("KiUserExceptionDispatcher")?,
        stack,
        created: time::since_1601(),
    };
    process::set(process, start.thread);
    outline::set_peb(peb);
    processor::prepare(start.processors);
    take_standard_streams(start);
    process::other::take_inherited(&start.inherited)?;
    if start.suspended {
        let _ = broker::wait_for(&AwaitResume {});
    }
    Ok(run_first(mapped.base + entry, stack)?)
}

/// A descriptor that the process is born with.
fn born(number: i32) -> BorrowedFd<'static> {
    // SAFETY: the broker opened it before the process ran, and it is never closed.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Maps what guests share with the broker at its fixed places.
fn map_shared() -> Result<(), NTSTATUS> {
    let flags = MapFlags::SHARED | MapFlags::FIXED_NOREPLACE;
    // SAFETY: nothing is replaced.
    unsafe {
        mmap(SHARED_DATA as *mut c_void, PAGE as usize, ProtFlags::READ, flags, born(descriptor::SHARED_DATA), 0)
            .and_then(|_| {
                let both = ProtFlags::READ | ProtFlags::WRITE;
                mmap(STATE as *mut c_void, FILE_RECORDS_SIZE as usize, both, flags, born(descriptor::RECORDS), 0)
            })
            .map_err(|_| STATUS_NO_MEMORY)?;
    }
    words::map().map_err(|_| STATUS_NO_MEMORY)?;
    outline::map(born(descriptor::TELEMETRY)).map_err(|_| STATUS_NO_MEMORY)?;
    memory::lock().enter_shared();
    Ok(())
}

/// Enters the standard streams as files.
fn take_standard_streams(start: &Start) {
    for (number, stream) in (0..).zip(start.born) {
        if let Some(stream) = stream {
            // SAFETY: the process is born with its standard streams, and nobody else has taken them.
            let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
            let device = Device::from_number(stream.device);
            let access = if device.is_console() {
                FILE_GENERIC_READ | FILE_GENERIC_WRITE
            } else if number == 0 {
                FILE_GENERIC_READ
            } else {
                FILE_GENERIC_WRITE
            };
            handle::insert_file(Arc::new(File::standard(stream.handle, device, access, descriptor)));
        }
    }
}
