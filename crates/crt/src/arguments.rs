//! The variable arguments of a C function.

use core::ffi::c_void;
use core::marker::PhantomData;

/// Where a `printf` or `scanf` function takes its arguments from, in order.
///
/// # Safety
/// Each pointer is valid for what the conversion that takes it does with it: the C function's own contract.
pub unsafe trait Arguments {
    /// The next argument, an `int` or smaller.
    fn int(&mut self) -> i32;
    /// The next argument, a 64-bit integer.
    fn long(&mut self) -> u64;
    /// The next argument, a `double`.
    fn double(&mut self) -> f64;
    /// The next argument, a pointer.
    fn pointer(&mut self) -> *mut c_void;
    /// The next argument, an integer of a pointer's size.
    fn word(&mut self) -> usize {
        self.pointer() as usize
    }
}

/// A `va_list`: the arguments in memory, in slots of `SLOT` bytes. What is larger than a slot takes several.
#[derive(Clone, Copy, Debug)]
pub struct Area<'a, const SLOT: usize> {
    at: *const u8,
    memory: PhantomData<&'a [u8]>,
}

/// A `va_list` of this architecture.
pub type VaList<'a> = Area<'a, { size_of::<usize>() }>;

impl<const SLOT: usize> Area<'_, SLOT> {
    /// # Safety
    /// `at` points to the arguments that the format asks for, and each pointer among them is valid for its conversion.
    pub unsafe fn new(at: *const u8) -> Self {
        Self { at, memory: PhantomData }
    }

    fn take<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        // SAFETY: `new` demands that the arguments are there.
        let bytes = unsafe { self.at.cast::<[u8; SIZE]>().read() };
        self.at = self.at.wrapping_add(SIZE.next_multiple_of(SLOT));
        bytes
    }
}

// SAFETY: `new` demands the same.
unsafe impl<const SLOT: usize> Arguments for Area<'_, SLOT> {
    fn int(&mut self) -> i32 {
        i32::from_le_bytes(self.take())
    }
    fn long(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
    fn double(&mut self) -> f64 {
        f64::from_le_bytes(self.take())
    }
    fn pointer(&mut self) -> *mut c_void {
        if SLOT == 4 {
            return u32::from_le_bytes(self.take()) as usize as *mut c_void;
        }
        u64::from_le_bytes(self.take()) as usize as *mut c_void
    }
}
