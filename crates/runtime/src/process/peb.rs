//! The process environment block, the parameters and the environment.

use crate::memory::{self, Backing, Kind, Page, Region};
use crate::user;
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
