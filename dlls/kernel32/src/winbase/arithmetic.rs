//! winbase.h: arithmetic.

use guest::shim;

/// A product divided by a number, rounded to the nearest whole one; -1 where it does not fit, or for a division by zero.
#[shim(ix = 400, mapping = "64-bit arithmetic", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn MulDiv(number: i32, numerator: i32, denominator: i32) -> i32 {
    scale(number, numerator, denominator).unwrap_or(-1)
}

fn scale(number: i32, numerator: i32, denominator: i32) -> Option<i32> {
    let product = i64::from(number) * i64::from(numerator);
    let divisor = i64::from(denominator);
    let half = divisor.abs() / 2;
    let magnitude = (product.abs() + half).checked_div(divisor.abs())?;
    i32::try_from(if (product < 0) == (divisor < 0) { magnitude } else { -magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_rounded_away_from_zero() {
        for (given, expected) in [
            ((7, 3, 2), Some(11)),
            ((-7, 3, 2), Some(-11)),
            ((1, 1, 3), Some(0)),
            ((1, 1, 0), None),
            ((i32::MAX, i32::MAX, 1), None),
            ((i32::MAX, 2, 2), Some(i32::MAX)),
            ((5, 1, -2), Some(-3)),
        ] {
            assert_eq!(scale(given.0, given.1, given.2), expected, "{given:?}");
        }
    }
}
