//! The functions of `double`.

use super::error::{domain, pole, range};
use guest::shim;

/// The arc cosine.
#[shim(ix = {msvcrt: 134, ucrtbase: 100}, entry = jump, export = "acos", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn acos_f64(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return domain();
    }
    libm::acos(x)
}

/// The inverse hyperbolic cosine.
#[shim(ix = {ucrtbase: 257}, entry = jump, export = "acosh", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn acosh_f64(x: f64) -> f64 {
    if x < 1.0 {
        return domain();
    }
    libm::acosh(x)
}

/// The arc sine.
#[shim(ix = {msvcrt: 135, ucrtbase: 85}, entry = jump, export = "asin", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn asin_f64(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return domain();
    }
    libm::asin(x)
}

/// The inverse hyperbolic sine.
#[shim(ix = {ucrtbase: 258}, entry = jump, export = "asinh", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn asinh_f64(x: f64) -> f64 {
    libm::asinh(x)
}

/// The arc tangent.
#[shim(ix = {msvcrt: 136, ucrtbase: 101}, entry = jump, export = "atan", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atan_f64(x: f64) -> f64 {
    libm::atan(x)
}

/// The inverse hyperbolic tangent.
#[shim(ix = {ucrtbase: 259}, entry = jump, export = "atanh", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atanh_f64(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return domain();
    }
    if x.abs() == 1.0 {
        return pole(libm::atanh(x));
    }
    libm::atanh(x)
}

/// The cube root.
#[shim(ix = {ucrtbase: 261}, entry = jump, export = "cbrt", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cbrt_f64(x: f64) -> f64 {
    libm::cbrt(x)
}

/// The nearest whole number above.
#[shim(ix = {msvcrt: 704, ucrtbase: 56}, entry = jump, export = "ceil", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn ceil_f64(x: f64) -> f64 {
    libm::ceil(x)
}

/// The cosine.
#[shim(ix = {msvcrt: 705, ucrtbase: 147}, entry = jump, export = "cos", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cos_f64(x: f64) -> f64 {
    if x.is_infinite() {
        return domain();
    }
    libm::cos(x)
}

/// The hyperbolic cosine.
#[shim(ix = {msvcrt: 138, ucrtbase: 102}, entry = jump, export = "cosh", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cosh_f64(x: f64) -> f64 {
    range(libm::cosh(x), x.is_finite())
}

/// The error function.
#[shim(ix = {ucrtbase: 303}, entry = jump, export = "erf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn erf_f64(x: f64) -> f64 {
    libm::erf(x)
}

/// The complement of the error function.
#[shim(ix = {ucrtbase: 811}, entry = jump, export = "erfc", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn erfc_f64(x: f64) -> f64 {
    libm::erfc(x)
}

/// e to a power.
#[shim(ix = {msvcrt: 706, ucrtbase: 186}, entry = jump, export = "exp", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn exp_f64(x: f64) -> f64 {
    range(libm::exp(x), x.is_finite())
}

/// 2 to a power.
#[shim(ix = {ucrtbase: 304}, entry = jump, export = "exp2", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn exp2_f64(x: f64) -> f64 {
    range(libm::exp2(x), x.is_finite())
}

/// e to a power, less 1.
#[shim(ix = {ucrtbase: 148}, entry = jump, export = "expm1", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn expm1_f64(x: f64) -> f64 {
    range(libm::expm1(x), x.is_finite())
}

/// The magnitude.
#[shim(ix = {msvcrt: 707, ucrtbase: 393}, entry = jump, export = "fabs", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fabs_f64(x: f64) -> f64 {
    libm::fabs(x)
}

/// The nearest whole number below.
#[shim(ix = {msvcrt: 708, ucrtbase: 104}, entry = jump, export = "floor", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn floor_f64(x: f64) -> f64 {
    libm::floor(x)
}

/// The logarithm of the gamma function.
#[shim(ix = {ucrtbase: 812}, entry = jump, export = "lgamma", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lgamma_f64(x: f64) -> f64 {
    range(libm::lgamma(x), x.is_finite())
}

/// The natural logarithm.
#[shim(ix = {msvcrt: 709, ucrtbase: 75}, entry = jump, export = "log", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log_f64(x: f64) -> f64 {
    if x < 0.0 {
        return domain();
    }
    if x == 0.0 {
        return pole(libm::log(x));
    }
    libm::log(x)
}

/// The logarithm of base 10.
#[shim(ix = {msvcrt: 98, ucrtbase: 76}, entry = jump, export = "log10", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log10_f64(x: f64) -> f64 {
    if x < 0.0 {
        return domain();
    }
    if x == 0.0 {
        return pole(libm::log10(x));
    }
    libm::log10(x)
}

/// The natural logarithm of a number and 1.
#[shim(ix = {ucrtbase: 127}, entry = jump, export = "log1p", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log1p_f64(x: f64) -> f64 {
    if x < -1.0 {
        return domain();
    }
    if x == -1.0 {
        return pole(libm::log1p(x));
    }
    libm::log1p(x)
}

/// The logarithm of base 2.
#[shim(ix = {ucrtbase: 88}, entry = jump, export = "log2", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log2_f64(x: f64) -> f64 {
    if x < 0.0 {
        return domain();
    }
    if x == 0.0 {
        return pole(libm::log2(x));
    }
    libm::log2(x)
}

/// The nearest whole number, even where two are as near.
#[shim(ix = {ucrtbase: 418}, entry = jump, export = "rint", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn rint_f64(x: f64) -> f64 {
    libm::rint(x)
}

/// The nearest whole number, away from 0 where two are as near.
#[shim(ix = {ucrtbase: 77}, entry = jump, export = "round", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn round_f64(x: f64) -> f64 {
    libm::round(x)
}

/// The sine.
#[shim(ix = {msvcrt: 710, ucrtbase: 153}, entry = jump, export = "sin", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sin_f64(x: f64) -> f64 {
    if x.is_infinite() {
        return domain();
    }
    libm::sin(x)
}

/// The hyperbolic sine.
#[shim(ix = {msvcrt: 145, ucrtbase: 108}, entry = jump, export = "sinh", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sinh_f64(x: f64) -> f64 {
    range(libm::sinh(x), x.is_finite())
}

/// The square root.
#[shim(ix = {msvcrt: 711, ucrtbase: 154}, entry = jump, export = "sqrt", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sqrt_f64(x: f64) -> f64 {
    if x < 0.0 {
        return domain();
    }
    libm::sqrt(x)
}

/// The tangent.
#[shim(ix = {msvcrt: 150, ucrtbase: 132}, entry = jump, export = "tan", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tan_f64(x: f64) -> f64 {
    if x.is_infinite() {
        return domain();
    }
    libm::tan(x)
}

/// The hyperbolic tangent.
#[shim(ix = {msvcrt: 151, ucrtbase: 194}, entry = jump, export = "tanh", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tanh_f64(x: f64) -> f64 {
    libm::tanh(x)
}

/// The gamma function.
#[shim(ix = {ucrtbase: 813}, entry = jump, export = "tgamma", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tgamma_f64(x: f64) -> f64 {
    range(libm::tgamma(x), x.is_finite())
}

/// The whole part.
#[shim(ix = {ucrtbase: 91}, entry = jump, export = "trunc", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn trunc_f64(x: f64) -> f64 {
    libm::trunc(x)
}

/// The nearest whole number, even where two are as near.
#[shim(ix = {ucrtbase: 814}, entry = jump, export = "nearbyint", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn nearbyint_f64(x: f64) -> f64 {
    libm::rint(x)
}

/// The exponent of base 2.
#[shim(ix = {ucrtbase: 410}, entry = jump, export = "logb", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn logb_f64(x: f64) -> f64 {
    super::classify::exponent(x)
}

/// The arc tangent of a quotient.
#[shim(ix = {msvcrt: 712, ucrtbase: 121}, entry = jump, export = "atan2", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atan2_f64(x: f64, y: f64) -> f64 {
    libm::atan2(x, y)
}

/// The first with the sign of the second.
#[shim(ix = {ucrtbase: 302}, entry = jump, export = "copysign", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn copysign_f64(x: f64, y: f64) -> f64 {
    libm::copysign(x, y)
}

/// The difference, 0 where it is negative.
#[shim(ix = {ucrtbase: 815}, entry = jump, export = "fdim", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fdim_f64(x: f64, y: f64) -> f64 {
    libm::fdim(x, y)
}

/// The larger.
#[shim(ix = {ucrtbase: 394}, entry = jump, export = "fmax", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fmax_f64(x: f64, y: f64) -> f64 {
    libm::fmax(x, y)
}

/// The smaller.
#[shim(ix = {ucrtbase: 396}, entry = jump, export = "fmin", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fmin_f64(x: f64, y: f64) -> f64 {
    libm::fmin(x, y)
}

/// The remainder with the sign of the first.
#[shim(ix = {msvcrt: 713, ucrtbase: 86}, entry = jump, export = "fmod", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fmod_f64(x: f64, y: f64) -> f64 {
    if x.is_infinite() || y == 0.0 && !x.is_nan() {
        return domain();
    }
    libm::fmod(x, y)
}

/// The length of a hypotenuse.
#[shim(ix = {ucrtbase: 150}, entry = jump, export = "hypot", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn hypot_f64(x: f64, y: f64) -> f64 {
    range(libm::hypot(x, y), x.is_finite() && y.is_finite())
}

/// The next number towards another.
#[shim(ix = {ucrtbase: 412}, entry = jump, export = "nextafter", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn nextafter_f64(x: f64, y: f64) -> f64 {
    libm::nextafter(x, y)
}

/// A power.
#[shim(ix = {msvcrt: 714, ucrtbase: 52}, entry = jump, export = "pow", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn pow_f64(x: f64, y: f64) -> f64 {
    if x < 0.0 && x.is_finite() && y.is_finite() && libm::rint(y) != y {
        return domain();
    }
    let result = libm::pow(x, y);
    if x == 0.0 && y < 0.0 {
        return pole(result);
    }
    range(result, x.is_finite() && y.is_finite())
}

/// The remainder of the nearest quotient.
#[shim(ix = {ucrtbase: 816}, entry = jump, export = "remainder", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn remainder_f64(x: f64, y: f64) -> f64 {
    libm::remainder(x, y)
}

/// A product and a sum, rounded once.
#[shim(ix = {ucrtbase: 817}, entry = jump, export = "fma", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fma_f64(x: f64, y: f64, z: f64) -> f64 {
    libm::fma(x, y, z)
}

/// A number times a power of 2.
#[shim(ix = {msvcrt: 225, ucrtbase: 151}, entry = jump, export = "ldexp", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn ldexp_f64(x: f64, exponent: i32) -> f64 {
    range(libm::ldexp(x, exponent), x.is_finite())
}

/// A number times a power of 2.
#[shim(ix = {ucrtbase: 818}, entry = jump, export = "scalbn", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn scalbn_f64(x: f64, exponent: i32) -> f64 {
    range(libm::scalbn(x, exponent), x.is_finite())
}

/// A number times a power of 2.
#[shim(ix = {ucrtbase: 819}, entry = jump, export = "scalbln", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn scalbln_f64(x: f64, exponent: i32) -> f64 {
    range(libm::scalbn(x, exponent), x.is_finite())
}

/// The fraction from 0.5 up to 1, and the exponent of base 2.
#[shim(ix = {msvcrt: 308, ucrtbase: 106}, entry = jump, export = "frexp", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn frexp_f64(x: f64, exponent: *mut i32) -> f64 {
    let (fraction, power) = libm::frexp(x);
    exponent.write_unaligned(if x.is_finite() { power } else { -1 });
    fraction
}

/// The part behind the point, and the whole part.
#[shim(ix = {msvcrt: 715, ucrtbase: 205}, entry = jump, export = "modf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn modf_f64(x: f64, whole: *mut f64) -> f64 {
    let (fraction, part) = libm::modf(x);
    whole.write_unaligned(part);
    if x.is_infinite() { libm::copysign(0.0, x) } else { fraction }
}

/// The remainder, and the quotient's last bits.
#[shim(ix = {ucrtbase: 820}, entry = jump, export = "remquo", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn remquo_f64(x: f64, y: f64, quotient: *mut i32) -> f64 {
    let (remainder, bits) = libm::remquo(x, y);
    quotient.write_unaligned(bits);
    remainder
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 221}, entry = jump, export = "lround", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lround_f64(x: f64) -> i32 {
    super::integer::of_f64_i32(libm::round(x))
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 408}, entry = jump, export = "llround", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn llround_f64(x: f64) -> i64 {
    super::integer::of_f64_i64(libm::round(x))
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 411}, entry = jump, export = "lrint", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lrint_f64(x: f64) -> i32 {
    super::integer::of_f64_i32(libm::rint(x))
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 821}, entry = jump, export = "llrint", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn llrint_f64(x: f64) -> i64 {
    super::integer::of_f64_i64(libm::rint(x))
}
