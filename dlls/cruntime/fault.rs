//! How functions of the C runtime fail: `errno`, and the invalid parameter handler where a parameter is at fault.

use super::{errno, invalid};
use guest::call::{Convention, Kind};

/// Why a function fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `errno` becomes this.
    Errno(i32),
    /// A parameter is invalid: `errno` becomes this, and the handler of invalid parameters is called.
    Invalid(i32),
    /// A Win32 function failed: `_doserrno` becomes this, and `errno` what stands for it.
    Win32(u32),
    /// The function answers this and sets nothing.
    Quiet(i32),
}

/// A parameter that no documented meaning has.
pub const INVALID: Fault = Fault::Invalid(errno::EINVAL);
/// A file descriptor that is none.
pub const BAD_DESCRIPTOR: Fault = Fault::Invalid(errno::EBADF);
/// No memory.
pub const NO_MEMORY: Fault = Fault::Errno(errno::ENOMEM);

impl Fault {
    /// Sets what the program looks at; answers the error number.
    #[cold]
    pub fn tell(self) -> i32 {
        match self {
            Self::Errno(code) => errno::set(code),
            Self::Invalid(code) => {
                errno::set(code);
                invalid::call_handler();
            }
            Self::Win32(code) => errno::set_win32(code),
            Self::Quiet(_) => {}
        }
        self.code()
    }

    /// The error number.
    pub const fn code(self) -> i32 {
        match self {
            Self::Errno(code) | Self::Invalid(code) | Self::Quiet(code) => code,
            Self::Win32(code) => errno::from_win32(code),
        }
    }

    /// The last error of the thread.
    pub fn last() -> Self {
        Self::Win32(guest::teb::last_error())
    }

    /// What the `_s` functions make of an error: all but a wanted truncation is the caller's fault.
    pub const fn secure(error: crt::Errno) -> Self {
        match error {
            crt::Errno::Truncated => Self::Quiet(error.code()),
            _ => Self::Invalid(error.code()),
        }
    }
}

impl From<Fault> for u32 {
    fn from(fault: Fault) -> Self {
        fault.code() as Self
    }
}

impl From<crt::Errno> for Fault {
    fn from(error: crt::Errno) -> Self {
        Self::Errno(error.code())
    }
}

/// The answer of an `_s` function.
pub fn secure(result: Result<(), crt::Errno>) -> Result<Code, Fault> {
    result.map(|()| Code).map_err(Fault::secure)
}

/// `errno_t`: 0, or the error number itself.
#[derive(Clone, Copy, Debug)]
pub struct Code;

/// An `int`, or -1.
#[derive(Clone, Copy, Debug)]
pub struct Int(pub i32);

/// A `__int64`, or -1.
#[derive(Clone, Copy, Debug)]
pub struct Long(pub i64);

/// A word of a pointer's size, or -1.
#[derive(Clone, Copy, Debug)]
pub struct Word(pub isize);

/// A number, or 0.
#[derive(Clone, Copy, Debug)]
pub struct Size(pub usize);

/// A pointer, or NULL.
#[derive(Clone, Copy, Debug)]
pub struct Pointer<T>(pub *mut T);

/// A wide character, or `WEOF`.
#[derive(Clone, Copy, Debug)]
pub struct Unit(pub u16);

macro_rules! conventions {
    ($([$($generics:tt)*] $name:ty, $raw:ty, |$value:ident| $success:expr, |$fault:ident| $failure:expr;)*) => { $(
        impl<$($generics)*> Convention<Fault> for $name {
            type Raw = $raw;
            const KIND: Kind = Kind::Errno;
            #[inline(always)]
            fn success(self) -> $raw {
                let $value = self;
                $success
            }
            #[inline(always)]
            fn failure(fault: Fault) -> $raw {
                let $fault = fault.tell();
                $failure
            }
        }
    )* };
}

conventions! {
    [] Code, i32, |_value| 0, |code| code;
    [] Int, i32, |value| value.0, |_code| -1;
    [] Long, i64, |value| value.0, |_code| -1;
    [] Word, isize, |value| value.0, |_code| -1;
    [] Size, usize, |value| value.0, |_code| 0;
    [T] Pointer<T>, *mut T, |value| value.0, |_code| core::ptr::null_mut();
    [] Unit, u16, |value| value.0, |_code| 0xFFFF;
}

/// A value that is answered in any case, and the fault that came with it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<T>(pub T, pub Option<Fault>);

impl<T> Answer<T> {
    /// A value and the error number that goes with it.
    pub fn new(value: T, error: Option<crt::Errno>) -> Self {
        Self(value, error.map(Fault::from))
    }
}

impl<T> guest::call::Outcome for Answer<T> {
    type Raw = T;
    const KIND: Kind = Kind::Errno;
    #[inline(always)]
    fn raw(self) -> (T, u32) {
        match self.1 {
            None => (self.0, 0),
            Some(fault) => (self.0, fault.tell() as u32),
        }
    }
}
