//! The thread environment block: where the members lie that we or programs use.
//!
//! Names and offsets are those of Microsoft's public symbols (`dt nt!_TEB`).

/// Where the members lie that the runtime itself fills and reads.
#[derive(Clone, Copy, Debug)]
pub struct Offsets {
    /// `NtTib.StackBase`.
    pub stack_base: u64,
    /// `NtTib.StackLimit`.
    pub stack_limit: u64,
    /// `NtTib.FiberData`.
    pub fiber_data: u64,
    /// `NtTib.Self`.
    pub own_address: u64,
    /// `ClientId`.
    pub client_id: u64,
    /// `ProcessEnvironmentBlock`.
    pub peb: u64,
    /// `StaticUnicodeString`.
    pub static_unicode_string: u64,
    /// `DeallocationStack`.
    pub deallocation_stack: u64,
    /// `GuaranteedStackBytes`.
    pub guaranteed_stack_bytes: u64,
    /// Bytes of a pointer.
    pub word: u64,
}

macro_rules! offsets {
    ($module:ident, $word:literal) => {
        Offsets {
            stack_base: $module::STACK_BASE as u64,
            stack_limit: $module::STACK_LIMIT as u64,
            fiber_data: $module::FIBER_DATA as u64,
            own_address: $module::SELF as u64,
            client_id: $module::CLIENT_ID as u64,
            peb: $module::PROCESS_ENVIRONMENT_BLOCK as u64,
            static_unicode_string: $module::STATIC_UNICODE_STRING as u64,
            deallocation_stack: $module::DEALLOCATION_STACK as u64,
            guaranteed_stack_bytes: $module::GUARANTEED_STACK_BYTES as u64,
            word: $word,
        }
    };
}

/// The 64-bit block's.
pub const OFFSETS_64: Offsets = offsets!(offset64, 8);
/// The 32-bit block's.
pub const OFFSETS_32: Offsets = offsets!(offset32, 4);

/// The 64-bit block.
pub mod offset64 {
    #![allow(missing_docs, reason = "the members bear Windows' own names")]
    pub const STACK_BASE: usize = 0x8;
    pub const STACK_LIMIT: usize = 0x10;
    pub const FIBER_DATA: usize = 0x20;
    pub const SELF: usize = 0x30;
    pub const CLIENT_ID: usize = 0x40;
    pub const THREAD_LOCAL_STORAGE_POINTER: usize = 0x58;
    pub const PROCESS_ENVIRONMENT_BLOCK: usize = 0x60;
    pub const LAST_ERROR_VALUE: usize = 0x68;
    pub const CURRENT_LOCALE: usize = 0x108;
    pub const LAST_STATUS_VALUE: usize = 0x1250;
    pub const STATIC_UNICODE_STRING: usize = 0x1258;
    pub const DEALLOCATION_STACK: usize = 0x1478;
    pub const TLS_SLOTS: usize = 0x1480;
    pub const HARD_ERROR_MODE: usize = 0x16B0;
    pub const GUARANTEED_STACK_BYTES: usize = 0x1748;
    pub const TLS_EXPANSION_SLOTS: usize = 0x1780;
    pub const FLS_DATA: usize = 0x17C8;
    pub const SIZE: usize = 0x1838;
}

/// The 32-bit block.
pub mod offset32 {
    #![allow(missing_docs, reason = "the members bear Windows' own names")]
    pub const STACK_BASE: usize = 0x4;
    pub const STACK_LIMIT: usize = 0x8;
    pub const FIBER_DATA: usize = 0x10;
    pub const SELF: usize = 0x18;
    pub const CLIENT_ID: usize = 0x20;
    pub const THREAD_LOCAL_STORAGE_POINTER: usize = 0x2C;
    pub const PROCESS_ENVIRONMENT_BLOCK: usize = 0x30;
    pub const LAST_ERROR_VALUE: usize = 0x34;
    pub const CURRENT_LOCALE: usize = 0xC4;
    pub const LAST_STATUS_VALUE: usize = 0xBF4;
    pub const STATIC_UNICODE_STRING: usize = 0xBF8;
    pub const DEALLOCATION_STACK: usize = 0xE0C;
    pub const TLS_SLOTS: usize = 0xE10;
    pub const HARD_ERROR_MODE: usize = 0xF28;
    pub const GUARANTEED_STACK_BYTES: usize = 0xF78;
    pub const TLS_EXPANSION_SLOTS: usize = 0xF94;
    pub const FLS_DATA: usize = 0xFB4;
    pub const SIZE: usize = 0x1000;
}
