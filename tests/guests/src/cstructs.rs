//! Types and numbers of the C runtimes, as tests pass them.
#![allow(missing_docs, reason = "the fields are the documented ones")]

use core::ffi::{CStr, c_char, c_void};

/// `FILE *`.
pub type Stream = *mut c_void;

pub const ENOENT: i32 = 2;
pub const EBADF: i32 = 9;
pub const EINVAL: i32 = 22;

/// A text as C takes it.
pub fn p(text: &CStr) -> *const c_char {
    text.as_ptr()
}

/// `struct _stat64`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Stat {
    pub device: u32,
    pub inode: u16,
    pub mode: u16,
    pub links: i16,
    pub user: i16,
    pub group: i16,
    pub special: u32,
    pub size: i64,
    pub accessed: i64,
    pub written: i64,
    pub changed: i64,
}

/// `struct __finddata64_t`.
#[repr(C)]
pub struct Found {
    pub attributes: u32,
    pub created: i64,
    pub accessed: i64,
    pub written: i64,
    pub size: i64,
    pub name: [u8; 260],
}

impl Default for Found {
    fn default() -> Self {
        Self { attributes: 0, created: 0, accessed: 0, written: 0, size: 0, name: [0; 260] }
    }
}
