//! What the `shim` attribute wraps around a function: count, run, convert by the return type's failure convention.

use crate::error::{Failure, Status, Win32Error};
use crate::teb;
use core::ffi::c_void;

/// How a function tells failure; the number stands in the function's row.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It cannot fail, or tells it in a way of its own.
    Plain = 0,
    /// FALSE, and the last error.
    Bool = 1,
    /// NULL, and the last error.
    Null = 2,
    /// `INVALID_HANDLE_VALUE`, and the last error.
    InvalidHandle = 3,
    /// 0, and the last error.
    Zero = 4,
    /// All bits set, and the last error.
    Ones = 5,
    /// The Win32 error itself.
    Win32 = 6,
    /// The NTSTATUS itself.
    NtStatus = 7,
    /// The HRESULT itself.
    HResult = 8,
    /// A convention of the C runtime, which sets `errno` or returns it.
    Errno = 9,
}

/// What a function body returns, and how that becomes what the caller sees.
pub trait Outcome {
    /// What the caller sees.
    type Raw;
    /// How it tells failure.
    const KIND: Kind;
    /// Converts, and keeps the error where the convention wants it. The second value is the error's code, 0 for success.
    fn raw(self) -> (Self::Raw, u32);
}

/// How a success type tells failures of the kind `E`.
pub trait Convention<E>: Sized {
    /// What the caller sees.
    type Raw;
    /// How it tells failure.
    const KIND: Kind;
    /// What success looks like.
    fn success(self) -> Self::Raw;
    /// What failure looks like; keeps the error where the convention wants it.
    fn failure(error: E) -> Self::Raw;
}

impl<T: Convention<E>, E: Copy + Into<u32>> Outcome for Result<T, E> {
    type Raw = T::Raw;
    const KIND: Kind = T::KIND;
    #[inline(always)]
    fn raw(self) -> (Self::Raw, u32) {
        match self {
            Ok(value) => (value.success(), 0),
            Err(error) => (T::failure(error), error.into()),
        }
    }
}

macro_rules! plain {
    ($($kind:ty),* $(,)?) => { $(
        impl Outcome for $kind {
            type Raw = Self;
            const KIND: Kind = Kind::Plain;
            #[inline(always)]
            fn raw(self) -> (Self, u32) {
                (self, 0)
            }
        }
    )* };
}

plain!((), i8, u8, i16, u16, i32, u32, i64, u64, isize, usize, f32, f64);

impl<T> Outcome for *mut T {
    type Raw = Self;
    const KIND: Kind = Kind::Plain;
    #[inline(always)]
    fn raw(self) -> (Self, u32) {
        (self, 0)
    }
}

impl<T> Outcome for *const T {
    type Raw = Self;
    const KIND: Kind = Kind::Plain;
    #[inline(always)]
    fn raw(self) -> (Self, u32) {
        (self, 0)
    }
}

/// `BOOL`: TRUE, or FALSE and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bool;

/// `BOOL` that answers a question, where FALSE is no failure by itself; a failure is FALSE and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer(pub bool);

/// `HANDLE`, or NULL and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub *mut c_void);

/// `HANDLE`, or `INVALID_HANDLE_VALUE` and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHandle(pub *mut c_void);

/// A pointer, or NULL and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer<T>(pub *mut T);

/// A number, or 0 and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<T>(pub T);

/// A number, or all bits set and the last error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub u32);

/// `LSTATUS` and the like: 0, or the Win32 error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LStatus;

/// `NTSTATUS`: a success code, or the error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtStatus(pub i32);

impl NtStatus {
    /// `STATUS_SUCCESS`.
    pub const SUCCESS: Self = Self(0);
}

/// `HRESULT`: a success code, or the error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HResult(pub i32);

impl HResult {
    /// `S_OK`.
    pub const OK: Self = Self(0);
    /// `S_FALSE`.
    pub const FALSE: Self = Self(1);
}

macro_rules! last_error {
    ($([$($generics:tt)*] $name:ty, $raw:ty, $kind:ident, |$value:ident| $success:expr, $failure:expr;)*) => { $(
        impl<$($generics)*> Convention<Win32Error> for $name {
            type Raw = $raw;
            const KIND: Kind = Kind::$kind;
            #[inline(always)]
            fn success(self) -> $raw {
                let $value = self;
                $success
            }
            #[inline(always)]
            fn failure(error: Win32Error) -> $raw {
                teb::set_last_error(error.0);
                $failure
            }
        }
    )* };
}

last_error! {
    [] Bool, i32, Bool, |_value| 1, 0;
    [] Answer, i32, Bool, |value| value.0.into(), 0;
    [] Handle, *mut c_void, Null, |value| value.0, core::ptr::null_mut();
    [] FileHandle, *mut c_void, InvalidHandle, |value| value.0, usize::MAX as *mut c_void;
    [T] Pointer<T>, *mut T, Null, |value| value.0, core::ptr::null_mut();
    [] Count<u32>, u32, Zero, |value| value.0, 0;
    [] Count<i32>, i32, Zero, |value| value.0, 0;
    [] Count<u16>, u16, Zero, |value| value.0, 0;
    [] Count<usize>, usize, Zero, |value| value.0, 0;
    [] Number, u32, Ones, |value| value.0, u32::MAX;
}

impl Convention<Win32Error> for LStatus {
    type Raw = u32;
    const KIND: Kind = Kind::Win32;
    #[inline(always)]
    fn success(self) -> u32 {
        0
    }
    #[inline(always)]
    fn failure(error: Win32Error) -> u32 {
        error.0
    }
}

impl Convention<Status> for NtStatus {
    type Raw = i32;
    const KIND: Kind = Kind::NtStatus;
    #[inline(always)]
    fn success(self) -> i32 {
        self.0
    }
    #[inline(always)]
    fn failure(status: Status) -> i32 {
        status.0
    }
}

impl Convention<Failure> for HResult {
    type Raw = i32;
    const KIND: Kind = Kind::HResult;
    #[inline(always)]
    fn success(self) -> i32 {
        self.0
    }
    #[inline(always)]
    fn failure(failure: Failure) -> i32 {
        failure.0
    }
}

/// Counts a call.
#[inline(always)]
pub fn enter<const SLOT: u32>() {
    teb::count::<SLOT>();
    if teb::per_call() {
        teb::call_starts();
    }
}

/// Converts what the body returned, and notes a failure.
#[inline(always)]
pub fn leave<const SLOT: u32, O: Outcome>(outcome: O) -> O::Raw {
    let (raw, code) = outcome.raw();
    if code != 0 {
        teb::note_failure(SLOT, code);
    }
    if teb::per_call() {
        teb::call_ends(SLOT, code);
    }
    raw
}
