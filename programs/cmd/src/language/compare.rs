//! How `if` compares two texts: as numbers where both are, else as texts.

use super::syntax::Comparison;
use alloc::string::String;
use core::cmp::Ordering;

/// Whether a comparison holds.
pub fn holds(left: &str, comparison: Comparison, right: &str, folded: bool) -> bool {
    let fold = |text: &str| if folded { text.to_lowercase() } else { String::from(text) };
    if comparison == Comparison::Same {
        return fold(left) == fold(right);
    }
    let order = match (number(left), number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => as_texts(&fold(left), &fold(right)),
    };
    match comparison {
        Comparison::Same | Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    }
}

/// Texts are ordered as dictionaries do: letters without their case first, small ones before capitals.
fn as_texts(left: &str, right: &str) -> Ordering {
    let folded = left.to_lowercase().cmp(&right.to_lowercase());
    folded.then_with(|| right.cmp(left))
}

/// A whole number as C writes it; what does not fit is the largest that does.
pub fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, radix) = if let Some(digits) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        (digits, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (&digits[1..], 8)
    } else {
        (digits, 10)
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let most = i64::from(i32::MAX);
    let number = i64::from_str_radix(digits, radix).map_or(most, |number| number.min(most + i64::from(negative)));
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts() {
        use Comparison::{Equal, Greater, Less, LessOrEqual, NotEqual, Same};
        for (left, comparison, right, folded, expected) in [
            ("10", Greater, "9", false, true),
            ("0x10", Equal, "16", false, true),
            ("010", Equal, "8", false, true),
            ("08", Equal, "8", false, false),
            ("10", Same, "0xA", false, false),
            ("abc", Less, "abd", false, true),
            ("a", Same, "A", true, true),
            ("a", Same, "A", false, false),
            ("-1", Less, "0", false, true),
            ("a", NotEqual, "A", false, true),
            ("\"10\"", Less, "\"9\"", false, true),
            ("5", LessOrEqual, "5", false, true),
        ] {
            assert_eq!(holds(left, comparison, right, folded), expected, "{left} {comparison:?} {right}");
        }
    }
}
