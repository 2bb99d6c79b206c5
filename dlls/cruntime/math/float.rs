//! The functions of `float`.

use super::error::{domain, pole, range};
use guest::shim;

/// The arc cosine.
#[shim(ix = {msvcrt: 716, ucrtbase: 217}, entry = jump, export = "acosf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn acos_f32(x: f32) -> f32 {
    if x.abs() > 1.0 {
        return domain();
    }
    libm::acosf(x)
}

/// The inverse hyperbolic cosine.
#[shim(ix = {ucrtbase: 383}, entry = jump, export = "acoshf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn acosh_f32(x: f32) -> f32 {
    if x < 1.0 {
        return domain();
    }
    libm::acoshf(x)
}

/// The arc sine.
#[shim(ix = {msvcrt: 717, ucrtbase: 218}, entry = jump, export = "asinf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn asin_f32(x: f32) -> f32 {
    if x.abs() > 1.0 {
        return domain();
    }
    libm::asinf(x)
}

/// The inverse hyperbolic sine.
#[shim(ix = {ucrtbase: 300}, entry = jump, export = "asinhf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn asinh_f32(x: f32) -> f32 {
    libm::asinhf(x)
}

/// The arc tangent.
#[shim(ix = {msvcrt: 718, ucrtbase: 384}, entry = jump, export = "atanf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atan_f32(x: f32) -> f32 {
    libm::atanf(x)
}

/// The inverse hyperbolic tangent.
#[shim(ix = {ucrtbase: 385}, entry = jump, export = "atanhf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atanh_f32(x: f32) -> f32 {
    if x.abs() > 1.0 {
        return domain();
    }
    if x.abs() == 1.0 {
        return pole(libm::atanhf(x));
    }
    libm::atanhf(x)
}

/// The cube root.
#[shim(ix = {ucrtbase: 386}, entry = jump, export = "cbrtf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cbrt_f32(x: f32) -> f32 {
    libm::cbrtf(x)
}

/// The nearest whole number above.
#[shim(ix = {msvcrt: 719, ucrtbase: 71}, entry = jump, export = "ceilf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn ceil_f32(x: f32) -> f32 {
    libm::ceilf(x)
}

/// The cosine.
#[shim(ix = {msvcrt: 720, ucrtbase: 220}, entry = jump, export = "cosf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cos_f32(x: f32) -> f32 {
    if x.is_infinite() {
        return domain();
    }
    libm::cosf(x)
}

/// The hyperbolic cosine.
#[shim(ix = {msvcrt: 721, ucrtbase: 822}, entry = jump, export = "coshf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn cosh_f32(x: f32) -> f32 {
    range(libm::coshf(x), x.is_finite())
}

/// The error function.
#[shim(ix = {ucrtbase: 389}, entry = jump, export = "erff", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn erf_f32(x: f32) -> f32 {
    libm::erff(x)
}

/// The complement of the error function.
#[shim(ix = {ucrtbase: 823}, entry = jump, export = "erfcf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn erfc_f32(x: f32) -> f32 {
    libm::erfcf(x)
}

/// e to a power.
#[shim(ix = {msvcrt: 722, ucrtbase: 391}, entry = jump, export = "expf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn exp_f32(x: f32) -> f32 {
    range(libm::expf(x), x.is_finite())
}

/// 2 to a power.
#[shim(ix = {ucrtbase: 390}, entry = jump, export = "exp2f", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn exp2_f32(x: f32) -> f32 {
    range(libm::exp2f(x), x.is_finite())
}

/// e to a power, less 1.
#[shim(ix = {ucrtbase: 392}, entry = jump, export = "expm1f", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn expm1_f32(x: f32) -> f32 {
    range(libm::expm1f(x), x.is_finite())
}

/// The magnitude.
#[shim(ix = {ucrtbase: 824}, entry = jump, export = "fabsf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fabs_f32(x: f32) -> f32 {
    libm::fabsf(x)
}

/// The nearest whole number below.
#[shim(ix = {msvcrt: 723, ucrtbase: 201}, entry = jump, export = "floorf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn floor_f32(x: f32) -> f32 {
    libm::floorf(x)
}

/// The logarithm of the gamma function.
#[shim(ix = {ucrtbase: 825}, entry = jump, export = "lgammaf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lgamma_f32(x: f32) -> f32 {
    range(libm::lgammaf(x), x.is_finite())
}

/// The natural logarithm.
#[shim(ix = {msvcrt: 724, ucrtbase: 152}, entry = jump, export = "logf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log_f32(x: f32) -> f32 {
    if x < 0.0 {
        return domain();
    }
    if x == 0.0 {
        return pole(libm::logf(x));
    }
    libm::logf(x)
}

/// The logarithm of base 10.
#[shim(ix = {msvcrt: 725, ucrtbase: 409}, entry = jump, export = "log10f", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log10_f32(x: f32) -> f32 {
    if x < 0.0 {
        return domain();
    }
    if x == 0.0 {
        return pole(libm::log10f(x));
    }
    libm::log10f(x)
}

/// The natural logarithm of a number and 1.
#[shim(ix = {ucrtbase: 308}, entry = jump, export = "log1pf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log1p_f32(x: f32) -> f32 {
    if x < -1.0 {
        return domain();
    }
    if x == -1.0 {
        return pole(libm::log1pf(x));
    }
    libm::log1pf(x)
}

/// The logarithm of base 2.
#[shim(ix = {ucrtbase: 264}, entry = jump, export = "log2f", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn log2_f32(x: f32) -> f32 {
    if x < 0.0 {
        return domain();
    }
    if x == 0.0 {
        return pole(libm::log2f(x));
    }
    libm::log2f(x)
}

/// The nearest whole number, even where two are as near.
#[shim(ix = {ucrtbase: 826}, entry = jump, export = "rintf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn rint_f32(x: f32) -> f32 {
    libm::rintf(x)
}

/// The nearest whole number, away from 0 where two are as near.
#[shim(ix = {ucrtbase: 314}, entry = jump, export = "roundf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn round_f32(x: f32) -> f32 {
    libm::roundf(x)
}

/// The sine.
#[shim(ix = {msvcrt: 726, ucrtbase: 229}, entry = jump, export = "sinf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sin_f32(x: f32) -> f32 {
    if x.is_infinite() {
        return domain();
    }
    libm::sinf(x)
}

/// The hyperbolic sine.
#[shim(ix = {msvcrt: 727, ucrtbase: 420}, entry = jump, export = "sinhf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sinh_f32(x: f32) -> f32 {
    range(libm::sinhf(x), x.is_finite())
}

/// The square root.
#[shim(ix = {msvcrt: 728, ucrtbase: 230}, entry = jump, export = "sqrtf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn sqrt_f32(x: f32) -> f32 {
    if x < 0.0 {
        return domain();
    }
    libm::sqrtf(x)
}

/// The tangent.
#[shim(ix = {msvcrt: 729, ucrtbase: 238}, entry = jump, export = "tanf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tan_f32(x: f32) -> f32 {
    if x.is_infinite() {
        return domain();
    }
    libm::tanf(x)
}

/// The hyperbolic tangent.
#[shim(ix = {msvcrt: 730, ucrtbase: 316}, entry = jump, export = "tanhf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tanh_f32(x: f32) -> f32 {
    libm::tanhf(x)
}

/// The gamma function.
#[shim(ix = {ucrtbase: 827}, entry = jump, export = "tgammaf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn tgamma_f32(x: f32) -> f32 {
    range(libm::tgammaf(x), x.is_finite())
}

/// The whole part.
#[shim(ix = {ucrtbase: 239}, entry = jump, export = "truncf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn trunc_f32(x: f32) -> f32 {
    libm::truncf(x)
}

/// The nearest whole number, even where two are as near.
#[shim(ix = {ucrtbase: 828}, entry = jump, export = "nearbyintf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn nearbyint_f32(x: f32) -> f32 {
    libm::rintf(x)
}

/// The exponent of base 2.
#[shim(ix = {ucrtbase: 829}, entry = jump, export = "logbf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn logb_f32(x: f32) -> f32 {
    super::classify::exponent_f(x)
}

/// The arc tangent of a quotient.
#[shim(ix = {msvcrt: 731, ucrtbase: 219}, entry = jump, export = "atan2f", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn atan2_f32(x: f32, y: f32) -> f32 {
    libm::atan2f(x, y)
}

/// The first with the sign of the second.
#[shim(ix = {ucrtbase: 262}, entry = jump, export = "copysignf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn copysign_f32(x: f32, y: f32) -> f32 {
    libm::copysignf(x, y)
}

/// The difference, 0 where it is negative.
#[shim(ix = {ucrtbase: 830}, entry = jump, export = "fdimf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fdim_f32(x: f32, y: f32) -> f32 {
    libm::fdimf(x, y)
}

/// The larger.
#[shim(ix = {ucrtbase: 395}, entry = jump, export = "fmaxf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fmax_f32(x: f32, y: f32) -> f32 {
    libm::fmaxf(x, y)
}

/// The smaller.
#[shim(ix = {ucrtbase: 397}, entry = jump, export = "fminf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fmin_f32(x: f32, y: f32) -> f32 {
    libm::fminf(x, y)
}

/// The remainder with the sign of the first.
#[shim(ix = {msvcrt: 732, ucrtbase: 831}, entry = jump, export = "fmodf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fmod_f32(x: f32, y: f32) -> f32 {
    if x.is_infinite() || y == 0.0 && !x.is_nan() {
        return domain();
    }
    libm::fmodf(x, y)
}

/// The length of a hypotenuse.
#[shim(ix = {ucrtbase: 832}, entry = jump, export = "hypotf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn hypot_f32(x: f32, y: f32) -> f32 {
    range(libm::hypotf(x, y), x.is_finite() && y.is_finite())
}

/// The next number towards another.
#[shim(ix = {ucrtbase: 833}, entry = jump, export = "nextafterf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn nextafter_f32(x: f32, y: f32) -> f32 {
    libm::nextafterf(x, y)
}

/// A power.
#[shim(ix = {msvcrt: 733, ucrtbase: 128}, entry = jump, export = "powf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn pow_f32(x: f32, y: f32) -> f32 {
    if x < 0.0 && x.is_finite() && y.is_finite() && libm::rintf(y) != y {
        return domain();
    }
    let result = libm::powf(x, y);
    if x == 0.0 && y < 0.0 {
        return pole(result);
    }
    range(result, x.is_finite() && y.is_finite())
}

/// The remainder of the nearest quotient.
#[shim(ix = {ucrtbase: 834}, entry = jump, export = "remainderf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn remainder_f32(x: f32, y: f32) -> f32 {
    libm::remainderf(x, y)
}

/// A product and a sum, rounded once.
#[shim(ix = {ucrtbase: 835}, entry = jump, export = "fmaf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn fma_f32(x: f32, y: f32, z: f32) -> f32 {
    libm::fmaf(x, y, z)
}

/// A number times a power of 2.
#[shim(ix = {ucrtbase: 836}, entry = jump, export = "ldexpf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn ldexp_f32(x: f32, exponent: i32) -> f32 {
    range(libm::ldexpf(x, exponent), x.is_finite())
}

/// A number times a power of 2.
#[shim(ix = {ucrtbase: 837}, entry = jump, export = "scalbnf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn scalbn_f32(x: f32, exponent: i32) -> f32 {
    range(libm::scalbnf(x, exponent), x.is_finite())
}

/// A number times a power of 2.
#[shim(ix = {ucrtbase: 838}, entry = jump, export = "scalblnf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn scalbln_f32(x: f32, exponent: i32) -> f32 {
    range(libm::scalbnf(x, exponent), x.is_finite())
}

/// The fraction from 0.5 up to 1, and the exponent of base 2.
#[shim(ix = {ucrtbase: 839}, entry = jump, export = "frexpf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn frexp_f32(x: f32, exponent: *mut i32) -> f32 {
    let (fraction, power) = libm::frexpf(x);
    exponent.write_unaligned(if x.is_finite() { power } else { -1 });
    fraction
}

/// The part behind the point, and the whole part.
#[shim(ix = {msvcrt: 734, ucrtbase: 840}, entry = jump, export = "modff", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn modf_f32(x: f32, whole: *mut f32) -> f32 {
    let (fraction, part) = libm::modff(x);
    whole.write_unaligned(part);
    if x.is_infinite() { libm::copysignf(0.0, x) } else { fraction }
}

/// The remainder, and the quotient's last bits.
#[shim(ix = {ucrtbase: 841}, entry = jump, export = "remquof", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn remquo_f32(x: f32, y: f32, quotient: *mut i32) -> f32 {
    let (remainder, bits) = libm::remquof(x, y);
    quotient.write_unaligned(bits);
    remainder
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 203}, entry = jump, export = "lroundf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lround_f32(x: f32) -> i32 {
    super::integer::of_f32_i32(libm::roundf(x))
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 842}, entry = jump, export = "llroundf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn llround_f32(x: f32) -> i64 {
    super::integer::of_f32_i64(libm::roundf(x))
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 309}, entry = jump, export = "lrintf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lrint_f32(x: f32) -> i32 {
    super::integer::of_f32_i32(libm::rintf(x))
}

/// The nearest whole number as an integer.
#[shim(ix = {ucrtbase: 843}, entry = jump, export = "llrintf", mapping = "libm", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn llrint_f32(x: f32) -> i64 {
    super::integer::of_f32_i64(libm::rintf(x))
}
