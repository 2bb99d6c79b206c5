//! Integers: quotients, magnitudes, rotations, and what floating-point numbers become.

use super::super::errno::{self, EDOM};
use guest::shim;

macro_rules! conversions {
    ($($name:ident: $from:ty => $to:ty;)*) => { $(
        /// A whole number as an integer; the smallest where it does not fit.
        pub fn $name(value: $from) -> $to {
            // The first number above the largest integer is the smallest's opposite.
            const LEAST: $from = <$to>::MIN as $from;
            if (LEAST..-LEAST).contains(&value) {
                return value as $to;
            }
            errno::set(EDOM);
            <$to>::MIN
        }
    )* };
}

conversions! {
    of_f64_i32: f64 => i32;
    of_f64_i64: f64 => i64;
    of_f32_i32: f32 => i32;
    of_f32_i64: f32 => i64;
}

/// The magnitude.
#[shim(ix = {msvcrt: 735, ucrtbase: 844}, entry = jump, export = "abs", mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn magnitude(value: i32) -> i32 {
    value.wrapping_abs()
}

/// The magnitude.
#[shim(ix = {msvcrt: 736, ucrtbase: 845}, entry = jump, export = "labs", mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn magnitude_long(value: i32) -> i32 {
    value.wrapping_abs()
}

/// The magnitude.
#[shim(ix = {ucrtbase: 846}, entry = jump, export = "llabs", mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn magnitude_long_long(value: i64) -> i64 {
    value.wrapping_abs()
}

/// The magnitude.
#[shim(ix = {msvcrt: 737, ucrtbase: 847}, entry = jump, export = "_abs64", mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn magnitude_64(value: i64) -> i64 {
    value.wrapping_abs()
}

/// The magnitude.
#[shim(ix = {ucrtbase: 403}, entry = jump, export = "imaxabs", mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn magnitude_max(value: i64) -> i64 {
    value.wrapping_abs()
}

/// Quotient in the lower half, remainder in the upper.
fn divide(dividend: i32, divisor: i32) -> u64 {
    if divisor == 0 {
        errno::set(EDOM);
        return 0;
    }
    let (quotient, remainder) = (dividend.wrapping_div(divisor), dividend.wrapping_rem(divisor));
    u64::from(quotient as u32) | u64::from(remainder as u32) << 32
}

/// Quotient and remainder.
#[shim(ix = {msvcrt: 305, ucrtbase: 388}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn div(dividend: i32, divisor: i32) -> u64 {
    divide(dividend, divisor)
}

/// Quotient and remainder.
#[shim(ix = {msvcrt: 316, ucrtbase: 848}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn ldiv(dividend: i32, divisor: i32) -> u64 {
    divide(dividend, divisor)
}

/// Quotient and remainder, which the caller has room for.
#[shim(ix = {ucrtbase: 849}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn lldiv(to: *mut [i64; 2], dividend: i64, divisor: i64) -> *mut [i64; 2] {
    if divisor == 0 {
        errno::set(EDOM);
        to.write_unaligned([0, 0]);
    } else {
        to.write_unaligned([dividend.wrapping_div(divisor), dividend.wrapping_rem(divisor)]);
    }
    to
}

/// Rotates left.
#[shim(ix = {msvcrt: 738, ucrtbase: 850}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _rotl(value: u32, count: i32) -> u32 {
    value.rotate_left(count as u32 & 31)
}

/// Rotates left.
#[shim(ix = {msvcrt: 739, ucrtbase: 851}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _lrotl(value: u32, count: i32) -> u32 {
    value.rotate_left(count as u32 & 31)
}

/// Rotates left.
#[shim(ix = {msvcrt: 740, ucrtbase: 852}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _rotl64(value: u64, count: i32) -> u64 {
    value.rotate_left(count as u32 & 63)
}

/// Rotates right.
#[shim(ix = {msvcrt: 741, ucrtbase: 853}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _rotr(value: u32, count: i32) -> u32 {
    value.rotate_right(count as u32 & 31)
}

/// Rotates right.
#[shim(ix = {msvcrt: 742, ucrtbase: 854}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _lrotr(value: u32, count: i32) -> u32 {
    value.rotate_right(count as u32 & 31)
}

/// Rotates right.
#[shim(ix = {msvcrt: 743, ucrtbase: 855}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _rotr64(value: u64, count: i32) -> u64 {
    value.rotate_right(count as u32 & 63)
}

/// Swaps the bytes.
#[shim(ix = {ucrtbase: 856}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _byteswap_ushort(value: u16) -> u16 {
    value.swap_bytes()
}

/// Swaps the bytes.
#[shim(ix = {msvcrt: 744, ucrtbase: 857}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _byteswap_ulong(value: u32) -> u32 {
    value.swap_bytes()
}

/// Swaps the bytes.
#[shim(ix = {msvcrt: 745, ucrtbase: 858}, mapping = "Rust's integers", risk = Wrong("a wrong number"))]
pub unsafe extern "C" fn _byteswap_uint64(value: u64) -> u64 {
    value.swap_bytes()
}
