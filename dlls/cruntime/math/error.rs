//! How functions tell that a number has no result: `errno`, and the handler of `__setusermatherr`.

use super::super::errno::{self, EDOM, ERANGE};
use core::sync::atomic::{AtomicUsize, Ordering};
use guest::shim;

static HANDLER: AtomicUsize = AtomicUsize::new(0);

/// A floating-point type.
pub trait Real: Copy + PartialEq {
    const NAN: Self;
    fn is_infinite(self) -> bool;
}

impl Real for f64 {
    const NAN: Self = Self::NAN;
    fn is_infinite(self) -> bool {
        self.is_infinite()
    }
}

impl Real for f32 {
    const NAN: Self = Self::NAN;
    fn is_infinite(self) -> bool {
        self.is_infinite()
    }
}

/// There is no result.
#[cold]
pub fn domain<T: Real>() -> T {
    errno::set(EDOM);
    T::NAN
}

/// The result is infinite.
#[cold]
pub fn pole<T: Real>(result: T) -> T {
    errno::set(ERANGE);
    result
}

/// A result that is infinite although its arguments are not is out of range.
#[inline]
pub fn range<T: Real>(result: T, finite: bool) -> T {
    if finite && result.is_infinite() { pole(result) } else { result }
}

/// Keeps the program's handler of errors in floating-point functions.
#[shim(ix = {msvcrt: 7, ucrtbase: 1}, mapping = "a variable of the process", risk = Functional("a handler that is not called"))]
pub unsafe extern "C" fn __setusermatherr(handler: usize) {
    HANDLER.store(handler, Ordering::Relaxed);
}
