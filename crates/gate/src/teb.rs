//! The thread environment block: where the members lie that we or programs use.
//!
//! Names and offsets are those of Microsoft's public symbols (`dt nt!_TEB`).

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
