//! The process environment block and the process parameters, for either bitness (`P` is `u64` or `u32`).
//!
//! Names and offsets are those of Microsoft's public symbols (`dt nt!_PEB`); the runtime fills them, programs read them.
#![allow(missing_docs, reason = "the members bear Windows' own names")]

/// `UNICODE_STRING`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct UnicodeString<P> {
    pub length: u16,
    pub maximum_length: u16,
    pub buffer: P,
}

/// `CURDIR`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct CurrentDirectory<P> {
    pub dos_path: UnicodeString<P>,
    pub handle: P,
}

/// `RTL_DRIVE_LETTER_CURDIR`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct DriveDirectory<P> {
    pub flags: u16,
    pub length: u16,
    pub time_stamp: u32,
    pub dos_path: UnicodeString<P>,
}

/// `RTL_USER_PROCESS_PARAMETERS`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessParameters<P> {
    pub maximum_length: u32,
    pub length: u32,
    pub flags: u32,
    pub debug_flags: u32,
    pub console_handle: P,
    pub console_flags: u32,
    pub standard_input: P,
    pub standard_output: P,
    pub standard_error: P,
    pub current_directory: CurrentDirectory<P>,
    pub dll_path: UnicodeString<P>,
    pub image_path_name: UnicodeString<P>,
    pub command_line: UnicodeString<P>,
    pub environment: P,
    pub starting_x: u32,
    pub starting_y: u32,
    pub count_x: u32,
    pub count_y: u32,
    pub count_chars_x: u32,
    pub count_chars_y: u32,
    pub fill_attribute: u32,
    pub window_flags: u32,
    pub show_window_flags: u32,
    pub window_title: UnicodeString<P>,
    pub desktop_info: UnicodeString<P>,
    pub shell_info: UnicodeString<P>,
    pub runtime_data: UnicodeString<P>,
    pub current_directories: [DriveDirectory<P>; 32],
    pub environment_size: P,
    pub environment_version: P,
}

/// A bit of `ProcessParameters::flags` that Windows does not use: missing imports keep the program from starting.
pub const STRICT_IMPORTS: u32 = 0x4000_0000;

/// `PEB`, up to the members whose place depends on the bitness; the rest of the page is zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Peb<P> {
    pub inherited_address_space: u8,
    pub read_image_file_exec_options: u8,
    pub being_debugged: u8,
    pub bit_field: u8,
    pub mutant: P,
    pub image_base_address: P,
    pub ldr: P,
    pub process_parameters: P,
    pub sub_system_data: P,
    pub process_heap: P,
    pub fast_peb_lock: P,
    pub atl_thunk_list: P,
    pub ifeo_key: P,
    pub cross_process_flags: P,
    pub kernel_callback_table: P,
    pub system_reserved: u32,
    pub atl_thunk_list32: u32,
    pub api_set_map: P,
    pub tls_expansion_counter: P,
    pub tls_bitmap: P,
    pub tls_bitmap_bits: [u32; 2],
    pub read_only_shared_memory_base: P,
    pub shared_data: P,
    pub read_only_static_server_data: P,
    pub ansi_code_page_data: P,
    pub oem_code_page_data: P,
    pub unicode_case_table_data: P,
    pub number_of_processors: u32,
    pub nt_global_flag: u32,
    pub critical_section_timeout: i64,
    pub heap_segment_reserve: P,
    pub heap_segment_commit: P,
    pub heap_decommit_total_free_threshold: P,
    pub heap_decommit_free_block_threshold: P,
    pub number_of_heaps: u32,
    pub maximum_number_of_heaps: u32,
    pub process_heaps: P,
    pub gdi_shared_handle_table: P,
    pub process_starter_helper: P,
    pub gdi_attribute_list: P,
    pub loader_lock: P,
    pub os_major_version: u32,
    pub os_minor_version: u32,
    pub os_build_number: u16,
    pub os_csd_version: u16,
    pub os_platform_id: u32,
    pub image_subsystem: u32,
    pub image_subsystem_major_version: u32,
    pub image_subsystem_minor_version: u32,
    pub active_process_affinity_mask: P,
}

/// Where `TlsExpansionBitmap` lies in the 64-bit block; the map's bits follow it.
pub const TLS_EXPANSION_BITMAP_64: usize = 0x238;
/// Where `TlsExpansionBitmap` lies in the 32-bit block; the map's bits follow it.
pub const TLS_EXPANSION_BITMAP_32: usize = 0x150;
/// Where `SessionId` lies in the 64-bit block.
pub const SESSION_ID_64: usize = 0x2C0;
/// Where `SessionId` lies in the 32-bit block.
pub const SESSION_ID_32: usize = 0x1D4;

const _: () = {
    use core::mem::offset_of;
    type Peb64 = Peb<u64>;
    assert!(offset_of!(Peb64, process_heap) == 0x30);
    assert!(offset_of!(Peb64, tls_bitmap_bits) == 0x80);
    assert!(offset_of!(Peb64, number_of_processors) == 0xB8);
    assert!(offset_of!(Peb64, loader_lock) == 0x110);
    assert!(offset_of!(Peb64, os_build_number) == 0x120);
    assert!(offset_of!(Peb64, active_process_affinity_mask) == 0x138);
    type Peb32 = Peb<u32>;
    assert!(offset_of!(Peb32, process_heap) == 0x18);
    assert!(offset_of!(Peb32, number_of_processors) == 0x64);
    assert!(offset_of!(Peb32, os_build_number) == 0xAC);
    assert!(offset_of!(Peb32, active_process_affinity_mask) == 0xC0);
    type Parameters64 = ProcessParameters<u64>;
    assert!(offset_of!(Parameters64, current_directory) == 0x38);
    assert!(offset_of!(Parameters64, command_line) == 0x70);
    assert!(offset_of!(Parameters64, environment) == 0x80);
    assert!(offset_of!(Parameters64, window_title) == 0xB0);
    assert!(offset_of!(Parameters64, current_directories) == 0xF0);
    assert!(offset_of!(Parameters64, environment_size) == 0x3F0);
    type Parameters32 = ProcessParameters<u32>;
    assert!(offset_of!(Parameters32, current_directory) == 0x24);
    assert!(offset_of!(Parameters32, command_line) == 0x40);
    assert!(offset_of!(Parameters32, environment) == 0x48);
    assert!(offset_of!(Parameters32, current_directories) == 0x90);
};
