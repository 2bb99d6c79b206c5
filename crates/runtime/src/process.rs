//! The process: what it was started with, its PEB and parameters, its end.

use crate::gate::{Answer, Serve};
use crate::memory::{Backing, Kind, Page, Region, StackSize};
use crate::object::{Body, Object};
use crate::{broker, handle, memory, thread, time, user};
use gate::peb::{CurrentDirectory, Peb, ProcessParameters, UnicodeString};
use gate::service::{Crash, DebugPrint, QueryProcess, QuerySystem, QueryTimeZone, Random, Report, ReportKind, TerminateProcess, WaitControl};
use protocol::message;
use protocol::start::Start;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use rustix::time::ClockId;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY};
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;
use windows_sys::Win32::System::Memory::PAGE_READWRITE;

/// What every thread needs to know of its process.
#[derive(Debug)]
pub struct Process {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// Its PEB.
    pub peb: u64,
    /// Time stamps per microsecond while every call is to be reported, else 0.
    pub per_call: u64,
    /// The vDSO's `clock_gettime`.
    pub clock: u64,
    /// `ntdll!LdrInitializeThunk`.
    pub loader: u64,
    /// `ntdll!RtlUserThreadStart`.
    pub thread_start: u64,
    /// `ntdll!KiUserExceptionDispatcher`.
    pub dispatcher: u64,
    /// What the program's headers want for its stacks.
    pub stack: StackSize,
    /// When it started, in 100 ns since 1601.
    pub created: i64,
}

static PROCESS: OnceLock<Process> = OnceLock::new();
static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// The process; set before the first thread runs.
pub fn get() -> &'static Process {
    PROCESS.get().expect("set before the first thread runs")
}

/// Sets the process, once.
pub fn set(process: Process, first_thread: u32) {
    NEXT_ID.store(first_thread, Ordering::Relaxed);
    let _ = PROCESS.set(process);
}

/// The next thread's number: a multiple of 4, as on Windows.
pub fn next_id() -> u32 {
    NEXT_ID.fetch_add(4, Ordering::Relaxed)
}

/// The process as an object to wait for.
pub fn object() -> Result<Arc<Object>, NTSTATUS> {
    static OBJECT: OnceLock<Option<Arc<Object>>> = OnceLock::new();
    OBJECT.get_or_init(|| Object::new(Body::Process, 0)).clone().ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// Memory for the system's own structures.
fn allocate(size: u64, kind: Kind) -> Result<u64, NTSTATUS> {
    let size = (size + 0xFFF) & !0xFFF;
    let region = Region::new(size, kind, PAGE_READWRITE, Page::Committed(PAGE_READWRITE), Backing::Zero);
    let base = memory::lock().insert_anywhere(region, 0)?;
    let flags = MapFlags::PRIVATE | MapFlags::FIXED;
    // SAFETY: the account has just given the place to this structure.
    unsafe { mmap_anonymous(base as *mut c_void, size as usize, ProtFlags::READ | ProtFlags::WRITE, flags) }.map_err(|_| STATUS_NO_MEMORY)?;
    Ok(base)
}

/// Makes the PEB, the process parameters and the environment.
pub fn make_peb(start: &Start, image: u64, subsystem: [u32; 3]) -> Result<u64, NTSTATUS> {
    let parameters = make_parameters(start)?;
    let peb_address = allocate(0x1000, Kind::System)?;
    let [os_major_version, os_minor_version, build] = start.windows;
    let peb = Peb::<u64> {
        image_base_address: image,
        process_parameters: parameters,
        number_of_processors: start.processors,
        critical_section_timeout: -25_920_000_000_000,
        heap_segment_reserve: 0x10_0000,
        heap_segment_commit: 0x2000,
        os_major_version,
        os_minor_version,
        os_build_number: build as u16,
        os_platform_id: 2,
        image_subsystem: subsystem[0],
        image_subsystem_major_version: subsystem[1],
        image_subsystem_minor_version: subsystem[2],
        active_process_affinity_mask: if start.processors >= 64 { u64::MAX } else { (1 << start.processors) - 1 },
        ..Peb::default()
    };
    user::write(peb_address, &peb)?;
    user::write(peb_address + gate::peb::SESSION_ID_64 as u64, &1_u32)?;
    Ok(peb_address)
}

fn make_parameters(start: &Start) -> Result<u64, NTSTATUS> {
    // The current directory can grow in place up to MAX_PATH, as RtlSetCurrentDirectory_U expects.
    const DIRECTORY_UNITS: usize = 264;
    let title = &start.program;
    let texts = [(&start.directory, DIRECTORY_UNITS), (&start.program, 0), (&start.command_line, 0), (title, 0)];
    let head = size_of::<ProcessParameters<u64>>();
    let room: usize = texts.iter().map(|(text, least)| 2 * (text.len() + 1).max(*least)).sum();
    let environment_bytes = 2 * start.environment.len();
    let size = head + room + environment_bytes + 16;
    let base = allocate(size as u64, Kind::Private)?;
    let mut at = base + head as u64;
    let mut strings = [UnicodeString::<u64>::default(); 4];
    for (string, (text, least)) in strings.iter_mut().zip(texts) {
        let room = 2 * (text.len() + 1).max(least);
        user::write_bytes(at, &bytes(text))?;
        let length = u16::try_from(2 * text.len()).map_err(|_| STATUS_INVALID_PARAMETER)?;
        *string = UnicodeString { length, maximum_length: room.min(0xFFFE) as u16, buffer: at };
        at += room as u64;
    }
    at = (at + 15) & !15;
    user::write_bytes(at, &bytes(&start.environment))?;
    let standard = start.standard.map(|stream| stream.map_or(0, |stream| u64::from(stream.handle)));
    let on_console = start.standard.iter().flatten().any(|stream| gate::file::Device::from_number(stream.device).is_console());
    let [directory, image_path_name, command_line, window_title] = strings;
    let parameters = ProcessParameters::<u64> {
        maximum_length: size as u32,
        length: size as u32,
        flags: 1 | if start.strict_imports { gate::peb::STRICT_IMPORTS } else { 0 },
        console_handle: u64::from(on_console),
        standard_input: standard[0],
        standard_output: standard[1],
        standard_error: standard[2],
        current_directory: CurrentDirectory { dos_path: directory, handle: 0 },
        image_path_name,
        command_line,
        window_title,
        environment: at,
        environment_size: environment_bytes as u64,
        ..ProcessParameters::default()
    };
    user::write(base, &parameters)?;
    Ok(base)
}

fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// The registers that a new thread starts with.
pub fn first_context(base: u64, routine: u64, parameter: u64) -> CONTEXT {
    const CONTEXT_AMD64_FULL: u32 = 0x10_000B;
    // SAFETY: a CONTEXT is plain data, for which zero is a value.
    let mut context: CONTEXT = unsafe { std::mem::zeroed() };
    context.ContextFlags = CONTEXT_AMD64_FULL;
    context.Rip = get().thread_start;
    context.Rcx = routine;
    context.Rdx = parameter;
    context.Rsp = base - 0x28;
    context.MxCsr = 0x1F80;
    context.EFlags = 0x200;
    (context.SegCs, context.SegSs) = (0x33, 0x2B);
    context.Anonymous.FltSave.ControlWord = 0x27F;
    context.Anonymous.FltSave.MxCsr = 0x1F80;
    context.Anonymous.FltSave.MxCsr_Mask = 0xFFFF;
    context
}

/// Puts the registers that a new thread starts with on its stack. Answers the stack pointer and where they lie.
pub fn first_frame(base: u64, context: &CONTEXT) -> (u64, u64) {
    let context_address = (base - 0x28 - size_of::<CONTEXT>() as u64) & !63;
    let _ = user::write(context_address, context);
    (context_address - 0x28, context_address)
}

/// Ends the process at once, without a word: the broker is gone, or has been told.
pub fn vanish() -> ! {
    // SAFETY: ending the process is always possible.
    unsafe { libc::_exit(0) }
}

/// Tells the broker how the process ends, and ends it.
pub fn exit(exit: &message::Exit, module: &[u8]) -> ! {
    let _ = broker::ask(exit, module);
    vanish()
}

/// Ends the process for a reason of the runtime's own: one sentence for the user.
pub fn fail(status: NTSTATUS, sentence: &str) -> ! {
    let report = message::Report { kind: protocol::FAILURE, slot: u32::MAX, code: status as u32, duration: 0 };
    let _ = broker::ask(&report, sentence.as_bytes());
    vanish()
}

/// Tells the audit something that only this process knows; each kind of thing once.
pub fn report(kind: ReportKind, code: u32, text: &str) {
    static TOLD: AtomicU32 = AtomicU32::new(0);
    if TOLD.fetch_or(1 << kind as u32, Ordering::Relaxed) >> kind as u32 & 1 != 0 {
        return;
    }
    let report = message::Report { kind: kind as u32, slot: u32::MAX, code, duration: 0 };
    let _ = broker::ask(&report, text.as_bytes());
}

/// Tells the audit of a system call that the program made by itself; each number once.
pub fn report_call(number: u32) {
    static TOLD: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];
    let Some(told) = TOLD.get(number as usize / 64) else { return };
    let bit = 1 << (number % 64);
    if told.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        let report = message::Report { kind: ReportKind::SystemCall as u32, slot: u32::MAX, code: number, duration: 0 };
        let _ = broker::ask(&report, b"guest code made a system call of the host");
    }
}

/// The last thread has ended: so does the process, with that thread's code.
pub fn last_thread_ended(code: u32) -> ! {
    exit(&message::Exit { code, ..Default::default() }, &[])
}

impl Serve for TerminateProcess {
    fn serve(&mut self) -> Answer {
        if self.process != handle::THIS_PROCESS && self.process != 0 {
            let process = handle::object(self.process, windows_sys::Win32::System::Threading::PROCESS_TERMINATE)?;
            let Body::Process = process.body else { return Err(windows_sys::Win32::Foundation::STATUS_OBJECT_TYPE_MISMATCH) };
        }
        if self.others != 0 {
            thread::stop_others(self.code);
            return Ok(());
        }
        exit(&message::Exit { code: self.code, ..Default::default() }, &[])
    }
}

impl Serve for Crash {
    fn serve(&mut self) -> Answer {
        let module = user::read_vec(self.module, self.module_size, 0x1000).unwrap_or_default();
        let Self { code, at, parameter, offset, .. } = *self;
        exit(&message::Exit { code, crash: 1, at, parameter, offset }, &module)
    }
}

impl Serve for QueryProcess {
    fn serve(&mut self) -> Answer {
        let space = memory::lock();
        let (committed, reserved) = (space.committed(), space.reserved());
        drop(space);
        self.times = [0, time::used(ClockId::ProcessCPUTime), get().created];
        self.memory = [committed, committed, committed, reserved];
        self.affinity = crate::processor::process_mask();
        self.handles = handle::count();
        self.threads = thread::count();
        Ok(())
    }
}

impl Serve for QuerySystem {
    fn serve(&mut self) -> Answer {
        let (facts, _) = broker::ask(&message::QueryMachine {}, &[])?;
        self.memory = facts.memory;
        self.processors = facts.processors;
        Ok(())
    }
}

impl Serve for QueryTimeZone {
    fn serve(&mut self) -> Answer {
        let (_, zone) = broker::ask(&message::QueryTimeZone { year: self.year }, &[])?;
        // All of it, or the guest would read what it had there before.
        let zone = zone.get(..size_of::<gate::zone::Zone>()).ok_or(STATUS_INVALID_PARAMETER)?;
        Ok(user::write_bytes(self.zone, zone)?)
    }
}

impl Serve for Random {
    fn serve(&mut self) -> Answer {
        let mut chunk = [0; 256];
        let mut at = 0;
        while at < self.size {
            let length = (self.size - at).min(chunk.len() as u64) as usize;
            rustix::rand::getrandom(&mut chunk[..length], rustix::rand::GetRandomFlags::empty()).map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
            user::write_bytes(self.buffer + at, &chunk[..length])?;
            at += length as u64;
        }
        Ok(())
    }
}

impl Serve for Report {
    fn serve(&mut self) -> Answer {
        let text = user::read_vec(self.text, self.text_size.min(0x1000), 0x1000)?;
        let report = message::Report { kind: self.kind, slot: self.slot, code: self.code, duration: self.duration };
        broker::ask(&report, &text).map(|_| ())
    }
}

impl Serve for DebugPrint {
    fn serve(&mut self) -> Answer {
        let text = user::read_vec(self.text, self.text_size.min(0x1000), 0x1000)?;
        let report = message::Report { kind: protocol::DEBUG_TEXT, slot: u32::MAX, code: 0, duration: 0 };
        broker::ask(&report, &text).map(|_| ())
    }
}

impl Serve for WaitControl {
    fn serve(&mut self) -> Answer {
        let request = message::WaitControl { ignore: self.ignore };
        self.event = if self.ignore != 0 { broker::ask(&request, &[])?.0.value } else { broker::wait_for(&request)?.value };
        Ok(())
    }
}
