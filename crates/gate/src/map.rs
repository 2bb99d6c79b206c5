//! Where fixed things lie in a guest's address space.

/// `KUSER_SHARED_DATA`, one read-only page; the address is Windows' own.
pub const SHARED_DATA: u64 = 0x7FFE_0000;
/// The lowest address a guest may allocate.
pub const LOWEST: u64 = 0x1_0000;
/// Shared state below 4 GiB: file records, then the words of local objects.
pub const STATE: u64 = 0xF000_0000;
/// Bytes of the file records at [`STATE`].
pub const FILE_RECORDS_SIZE: u64 = 0x40_0000;
/// Where the words of local objects start.
pub const OBJECTS: u64 = STATE + FILE_RECORDS_SIZE;
/// Bytes of the words of local objects.
pub const OBJECTS_SIZE: u64 = 0x80_0000;
/// Where the map of local handles starts: what `ntdll` needs to know of each ([`crate::cell`]).
pub const HANDLES: u64 = OBJECTS + OBJECTS_SIZE;
/// Bytes of the map of local handles.
pub const HANDLES_SIZE: u64 = 0x80_0000;
/// The end of the shared state.
pub const STATE_END: u64 = HANDLES + HANDLES_SIZE;
/// The page by which 32-bit code enters the gate, and which leads back there.
pub const GATE_32: u64 = STATE_END;
/// The end of what a 32-bit guest may hold, whose image does not say that it takes larger addresses.
pub const GUEST_END_32: u64 = 0x7FFF_0000;
/// The end of what a 32-bit guest may hold, whose image says so.
pub const LARGE_GUEST_END_32: u64 = 0xFFFF_0000;
/// Where 64-bit guests' own allocations start.
pub const ARENA: u64 = 0x0200_0000_0000;
/// Where 64-bit guests' own allocations end.
pub const ARENA_END: u64 = 0x5000_0000_0000;
/// Preferred base of the first 64-bit system DLL; each gets [`DLL_SPACING_64`] bytes.
pub const DLLS_64: u64 = 0x6800_0000_0000;
/// Bytes between the bases of two 64-bit system DLLs.
pub const DLL_SPACING_64: u64 = 0x100_0000;
/// The end of what a guest may hold; the runtime's own memory lies above, and reads as reserved.
pub const GUEST_END: u64 = 0x6900_0000_0000;
/// `SYSTEM_INFO.lpMaximumApplicationAddress` plus one.
pub const TOP: u64 = 0x7FFF_FFFF_0000;
/// Preferred base of the first 32-bit system DLL; each gets [`DLL_SPACING_32`] bytes.
pub const DLLS_32: u64 = 0x6800_0000;
/// Bytes between the bases of two 32-bit system DLLs.
pub const DLL_SPACING_32: u64 = 0x40_0000;
/// The size and alignment of allocations (`SYSTEM_INFO.dwAllocationGranularity`).
pub const GRANULARITY: u64 = 0x1_0000;
/// The page size.
pub const PAGE: u64 = 0x1000;
