//! What finding, undoing and walking frames share: a function's row, the registers by number, the limits of a stack.

use core::ffi::c_void;
use core::ops::Range;
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// The handler that a frame is asked by: when an exception looks for one, or when frames are undone.
pub const FOR_EXCEPTION: u32 = 1;
/// The handler of frames that are undone.
pub const FOR_UNWIND: u32 = 2;

/// A row of the exception directory (`RUNTIME_FUNCTION`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The function's first byte, from its image's base.
    pub begin: u32,
    /// The byte behind its last.
    pub end: u32,
    /// Its unwind data; with bit 0 set, another row (without that bit).
    pub data: u32,
}

/// `KNONVOLATILE_CONTEXT_POINTERS`: where a frame's registers were kept.
#[repr(C)]
pub struct Pointers {
    /// By the number of the XMM register.
    pub float: [*mut c_void; 16],
    /// By the number of the integer register.
    pub integer: [*mut u64; 16],
}

/// Where frames may lie.
pub type Limits = Range<u64>;

/// Frames may lie anywhere: a caller of the exports may walk a stack that is no thread's.
pub const ANYWHERE: Limits = 0..u64::MAX;

/// The integer registers, in the order of their numbers.
///
/// # Safety
/// The context is one.
pub unsafe fn registers(context: *mut CONTEXT) -> *mut u64 {
    // SAFETY: as the caller promises; Rax is the first of sixteen.
    unsafe { &raw mut (*context).Rax }
}
