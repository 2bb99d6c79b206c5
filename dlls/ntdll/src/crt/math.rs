//! The few functions of math.h.

use guest::shim;

/// A function of `double`.
#[shim(ix = 316, entry = jump, export = "atan", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atan_of(x: f64) -> f64 {
    libm::atan(x)
}

/// A function of `double`.
#[shim(ix = 317, entry = jump, export = "ceil", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn ceil_of(x: f64) -> f64 {
    libm::ceil(x)
}

/// A function of `double`.
#[shim(ix = 318, entry = jump, export = "cos", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cos_of(x: f64) -> f64 {
    libm::cos(x)
}

/// A function of `double`.
#[shim(ix = 319, entry = jump, export = "fabs", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fabs_of(x: f64) -> f64 {
    libm::fabs(x)
}

/// A function of `double`.
#[shim(ix = 320, entry = jump, export = "floor", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn floor_of(x: f64) -> f64 {
    libm::floor(x)
}

/// A function of `double`.
#[shim(ix = 321, entry = jump, export = "log", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log_of(x: f64) -> f64 {
    libm::log(x)
}

/// A function of `double`.
#[shim(ix = 322, entry = jump, export = "sin", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sin_of(x: f64) -> f64 {
    libm::sin(x)
}

/// A function of `double`.
#[shim(ix = 323, entry = jump, export = "sqrt", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sqrt_of(x: f64) -> f64 {
    libm::sqrt(x)
}

/// A function of `double`.
#[shim(ix = 324, entry = jump, export = "tan", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tan_of(x: f64) -> f64 {
    libm::tan(x)
}

/// A function of two `double`.
#[shim(ix = 325, entry = jump, export = "atan2", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atan2_of(x: f64, y: f64) -> f64 {
    libm::atan2(x, y)
}

/// A function of two `double`.
#[shim(ix = 326, entry = jump, export = "pow", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn pow_of(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// The magnitude.
#[shim(ix = 327, entry = jump, export = "abs", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn abs_of(value: i32) -> i32 {
    value.wrapping_abs()
}

/// The magnitude.
#[shim(ix = 328, entry = jump, export = "labs", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn labs_of(value: i32) -> i32 {
    value.wrapping_abs()
}
