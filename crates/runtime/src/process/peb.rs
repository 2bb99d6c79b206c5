//! The process environment block, the parameters and the environment.

use crate::memory::{self, Backing, Kind, Page, Region};
use crate::{bitness, user};
use gate::peb::{CurrentDirectory, Peb, ProcessParameters, UnicodeString};
use protocol::start::Start;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ffi::c_void;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY};
use windows_sys::Win32::System::Memory::PAGE_READWRITE;

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

/// A pointer of the guest's, in one of the two widths.
trait Pointer: Copy + Default + 'static {
    /// Where `SessionId` lies in the block.
    const SESSION_ID: usize;

    /// The low bits of a number.
    fn of(value: u64) -> Self;
}

impl Pointer for u32 {
    const SESSION_ID: usize = gate::peb::SESSION_ID_32;

    fn of(value: u64) -> Self {
        value as Self
    }
}

impl Pointer for u64 {
    const SESSION_ID: usize = gate::peb::SESSION_ID_64;

    fn of(value: u64) -> Self {
        value
    }
}

/// Makes the PEB, the process parameters and the environment, as wide as the process is.
pub fn make_peb(start: &Start, image: u64, subsystem: [u32; 3]) -> Result<u64, NTSTATUS> {
    if bitness::is_32() { make::<u32>(start, image, subsystem) } else { make::<u64>(start, image, subsystem) }
}

fn make<P: Pointer>(start: &Start, image: u64, subsystem: [u32; 3]) -> Result<u64, NTSTATUS> {
    let parameters = make_parameters::<P>(start)?;
    let peb_address = allocate(0x1000, Kind::System)?;
    let [os_major_version, os_minor_version, build] = start.windows;
    let peb = Peb::<P> {
        image_base_address: P::of(image),
        process_parameters: P::of(parameters),
        number_of_processors: start.processors,
        critical_section_timeout: -25_920_000_000_000,
        heap_segment_reserve: P::of(0x10_0000),
        heap_segment_commit: P::of(0x2000),
        os_major_version,
        os_minor_version,
        os_build_number: build as u16,
        os_platform_id: 2,
        image_subsystem: subsystem[0],
        image_subsystem_major_version: subsystem[1],
        image_subsystem_minor_version: subsystem[2],
        active_process_affinity_mask: P::of(if start.processors >= 64 { u64::MAX } else { (1 << start.processors) - 1 }),
        ..Peb::default()
    };
    user::write(peb_address, &peb)?;
    user::write(peb_address + P::SESSION_ID as u64, &1_u32)?;
    Ok(peb_address)
}

fn make_parameters<P: Pointer>(start: &Start) -> Result<u64, NTSTATUS> {
    // The current directory can grow in place up to MAX_PATH, as RtlSetCurrentDirectory_U expects.
    const DIRECTORY_UNITS: usize = 264;
    let given = &start.parameters;
    let texts = [
        (&given.directory, DIRECTORY_UNITS),
        (&given.program, 0),
        (&given.command_line, 0),
        (&given.title, 0),
        (&given.desktop, 0),
        (&given.shell, 0),
    ];
    let head = size_of::<ProcessParameters<P>>();
    let room: usize = texts.iter().map(|(text, least)| 2 * (text.len() + 1).max(*least)).sum();
    let environment_bytes = 2 * given.environment.len();
    let runtime_length = u16::try_from(given.runtime.len()).map_err(|_| STATUS_INVALID_PARAMETER)?;
    let size = head + room + environment_bytes + usize::from(runtime_length) + 32;
    let base = allocate(size as u64, Kind::Private)?;
    let mut at = base + head as u64;
    let mut strings = [UnicodeString::<P>::default(); 6];
    for (string, (text, least)) in strings.iter_mut().zip(texts) {
        let room = 2 * (text.len() + 1).max(least);
        user::write_bytes(at, &bytes(text))?;
        let length = u16::try_from(2 * text.len()).map_err(|_| STATUS_INVALID_PARAMETER)?;
        *string = UnicodeString { length, maximum_length: room.min(0xFFFE) as u16, buffer: P::of(at) };
        at += room as u64;
    }
    at = (at + 15) & !15;
    // The C runtimes read handles there, at whatever offset.
    user::write_bytes(at, &given.runtime)?;
    let runtime_data =
        UnicodeString { length: runtime_length, maximum_length: runtime_length, buffer: P::of(if runtime_length == 0 { 0 } else { at }) };
    at = (at + u64::from(runtime_length) + 15) & !15;
    user::write_bytes(at, &bytes(&given.environment))?;
    let standard = given.standard.map(|handle| P::of(handle.into()));
    let [directory, image_path_name, command_line, window_title, desktop_info, shell_info] = strings;
    let [starting_x, starting_y, count_x, count_y, count_chars_x, count_chars_y, fill_attribute, show_window_flags] = given.window;
    let parameters = ProcessParameters::<P> {
        maximum_length: size as u32,
        length: size as u32,
        flags: 1 | if start.strict_imports { gate::peb::STRICT_IMPORTS } else { 0 },
        console_handle: P::of(given.console.into()),
        standard_input: standard[0],
        standard_output: standard[1],
        standard_error: standard[2],
        current_directory: CurrentDirectory { dos_path: directory, handle: P::default() },
        image_path_name,
        command_line,
        starting_x,
        starting_y,
        count_x,
        count_y,
        count_chars_x,
        count_chars_y,
        fill_attribute,
        window_flags: given.window_flags,
        show_window_flags,
        window_title,
        desktop_info,
        shell_info,
        runtime_data,
        environment: P::of(at),
        environment_size: P::of(environment_bytes as u64),
        ..ProcessParameters::default()
    };
    user::write(base, &parameters)?;
    Ok(base)
}

fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}
