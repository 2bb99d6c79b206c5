//! What kind of number it is.

use super::super::errno::{self, ERANGE};
use core::num::FpCategory;
use guest::shim;

/// The exponent of base 2, as a number.
pub fn exponent(value: f64) -> f64 {
    if value == 0.0 {
        errno::set(ERANGE);
        return f64::NEG_INFINITY;
    }
    if value.is_finite() { libm::ilogb(value).into() } else { value.abs() }
}

/// The exponent of base 2, as a number.
pub fn exponent_f(value: f32) -> f32 {
    if value == 0.0 {
        errno::set(ERANGE);
        return f32::NEG_INFINITY;
    }
    if value.is_finite() { libm::ilogbf(value) as f32 } else { value.abs() }
}

/// `FP_INFINITE` and the others.
fn class(category: FpCategory) -> i16 {
    match category {
        FpCategory::Infinite => 1,
        FpCategory::Nan => 2,
        FpCategory::Normal => -1,
        FpCategory::Subnormal => -2,
        FpCategory::Zero => 0,
    }
}

/// `_FPCLASS_PN` and the others.
fn windows_class(value: f64) -> i32 {
    const QUIET: u64 = 1 << 51;
    let negative = value.is_sign_negative();
    match value.classify() {
        FpCategory::Nan if value.to_bits() & QUIET == 0 => 1,
        FpCategory::Nan => 2,
        FpCategory::Infinite => {
            if negative {
                4
            } else {
                0x200
            }
        }
        FpCategory::Normal => {
            if negative {
                8
            } else {
                0x100
            }
        }
        FpCategory::Subnormal => {
            if negative {
                0x10
            } else {
                0x80
            }
        }
        FpCategory::Zero => {
            if negative {
                0x20
            } else {
                0x40
            }
        }
    }
}

/// The class of a number.
#[shim(ix = {ucrtbase: 172}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _dclass(value: f64) -> i16 {
    class(value.classify())
}

/// The class of a number.
#[shim(ix = {ucrtbase: 173}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _fdclass(value: f32) -> i16 {
    class(value.classify())
}

/// The class of a number.
#[shim(ix = {ucrtbase: 779}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _ldclass(value: f64) -> i16 {
    class(value.classify())
}

/// The class of a number.
#[shim(ix = {ucrtbase: 780}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _dtest(value: *const f64) -> i16 {
    class((*value).classify())
}

/// The class of a number.
#[shim(ix = {ucrtbase: 781}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _fdtest(value: *const f32) -> i16 {
    class((*value).classify())
}

/// Whether the sign is set.
#[shim(ix = {ucrtbase: 210}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _dsign(value: f64) -> i32 {
    i32::from(value.is_sign_negative()) << 15
}

/// Whether the sign is set.
#[shim(ix = {ucrtbase: 782}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _fdsign(value: f32) -> i32 {
    i32::from(value.is_sign_negative()) << 15
}

/// The class and sign of a number.
#[shim(ix = {msvcrt: 683, ucrtbase: 286}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _fpclass(value: f64) -> i32 {
    windows_class(value)
}

/// Whether a number is finite.
#[shim(ix = {msvcrt: 684, ucrtbase: 783}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _finite(value: f64) -> i32 {
    value.is_finite().into()
}

/// Whether it is no number.
#[shim(ix = {msvcrt: 685, ucrtbase: 784}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _isnan(value: f64) -> i32 {
    value.is_nan().into()
}

/// Whether a number is finite.
#[cfg(not(target_arch = "x86"))]
#[shim(ix = {msvcrt: 686, ucrtbase: 785}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _finitef(value: f32) -> i32 {
    value.is_finite().into()
}

/// Whether it is no number.
#[cfg(not(target_arch = "x86"))]
#[shim(ix = {msvcrt: 687, ucrtbase: 786}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _isnanf(value: f32) -> i32 {
    value.is_nan().into()
}

/// The exponent of base 2.
#[shim(ix = {ucrtbase: 787}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn ilogb(value: f64) -> i32 {
    libm::ilogb(value)
}

/// The exponent of base 2.
#[shim(ix = {ucrtbase: 788}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn ilogbf(value: f32) -> i32 {
    libm::ilogbf(value)
}

/// The first with the sign of the second.
#[shim(ix = {msvcrt: 688, ucrtbase: 789}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _copysign(value: f64, sign: f64) -> f64 {
    libm::copysign(value, sign)
}

/// The first with the sign of the second.
#[shim(ix = {ucrtbase: 790}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _copysignf(value: f32, sign: f32) -> f32 {
    libm::copysignf(value, sign)
}

/// The opposite.
#[shim(ix = {msvcrt: 689, ucrtbase: 791}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _chgsign(value: f64) -> f64 {
    -value
}

/// The exponent of base 2, as a number.
#[shim(ix = {msvcrt: 690, ucrtbase: 792}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _logb(value: f64) -> f64 {
    exponent(value)
}

/// The next number towards another.
#[shim(ix = {msvcrt: 167, ucrtbase: 793}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _nextafter(value: f64, towards: f64) -> f64 {
    libm::nextafter(value, towards)
}

/// A number times a power of 2.
#[shim(ix = {msvcrt: 691, ucrtbase: 794}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _scalb(value: f64, exponent: i32) -> f64 {
    libm::scalbn(value, exponent)
}

/// The length of a hypotenuse.
#[shim(ix = {msvcrt: 164, ucrtbase: 335}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _hypot(x: f64, y: f64) -> f64 {
    super::error::range(libm::hypot(x, y), x.is_finite() && y.is_finite())
}

/// The length of a hypotenuse.
#[shim(ix = {msvcrt: 692, ucrtbase: 251}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _hypotf(x: f32, y: f32) -> f32 {
    super::error::range(libm::hypotf(x, y), x.is_finite() && y.is_finite())
}

/// The distance of a complex number from 0.
#[shim(ix = {msvcrt: 693, ucrtbase: 795}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _cabs(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

/// Bessel's function of the first kind, of order 0.
#[shim(ix = {msvcrt: 694, ucrtbase: 796}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _j0(value: f64) -> f64 {
    libm::j0(value)
}

/// Bessel's function of the first kind, of order 1.
#[shim(ix = {msvcrt: 695, ucrtbase: 797}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _j1(value: f64) -> f64 {
    libm::j1(value)
}

/// Bessel's function of the first kind.
#[shim(ix = {msvcrt: 696, ucrtbase: 798}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _jn(order: i32, value: f64) -> f64 {
    libm::jn(order, value)
}

/// Bessel's function of the second kind, of order 0.
#[shim(ix = {msvcrt: 697, ucrtbase: 799}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _y0(value: f64) -> f64 {
    if value < 0.0 { super::error::domain() } else { libm::y0(value) }
}

/// Bessel's function of the second kind, of order 1.
#[shim(ix = {msvcrt: 698, ucrtbase: 800}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _y1(value: f64) -> f64 {
    if value < 0.0 { super::error::domain() } else { libm::y1(value) }
}

/// Bessel's function of the second kind.
#[shim(ix = {msvcrt: 699, ucrtbase: 801}, mapping = "Rust's numbers", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _yn(order: i32, value: f64) -> f64 {
    if value < 0.0 { super::error::domain() } else { libm::yn(order, value) }
}
