//! Letter case, one UTF-16 unit to one.

/// The upper-case form of a UTF-16 unit, where that is one unit too.
pub fn upcase(unit: u16) -> u16 {
    match unit {
        0x61..=0x7A => unit - 0x20,
        0..0x80 => unit,
        // The final sigma shares its capital, and letters with a subscript iota have title-case forms for capitals.
        0x3C2 => 0x3A3,
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => unit + 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => unit + 9,
        _ => Some(upper(unit)).filter(|other| lower(*other) == unit).unwrap_or(unit),
    }
}

/// The lower-case form of a UTF-16 unit, where that is one unit too.
pub fn downcase(unit: u16) -> u16 {
    match unit {
        0x41..=0x5A => unit + 0x20,
        0..0x80 => unit,
        0x1F88..=0x1F8F | 0x1F98..=0x1F9F | 0x1FA8..=0x1FAF => unit - 8,
        0x1FBC | 0x1FCC | 0x1FFC => unit - 9,
        // Windows' tables hold pairs: a letter that shares another one's small letter (the Kelvin sign) has none.
        _ => Some(lower(unit)).filter(|other| upper(*other) == unit).unwrap_or(unit),
    }
}

fn upper(unit: u16) -> u16 {
    simple(unit, |character| single(character.to_uppercase()))
}

fn lower(unit: u16) -> u16 {
    simple(unit, |character| single(character.to_lowercase()))
}

fn simple(unit: u16, map: impl Fn(char) -> Option<char>) -> u16 {
    let character = char::from_u32(unit.into()).and_then(map);
    character.and_then(|character| u16::try_from(u32::from(character)).ok()).unwrap_or(unit)
}

/// The character of a case mapping that has just one.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    characters.next().filter(|_| characters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_maps_to_one_unit_or_not_at_all() {
        assert_eq!((upcase(0xE9), upcase(0xDF), downcase(0x41)), (0xC9, 0xDF, 0x61));
    }

    #[test]
    fn no_letter_loses_itself_on_the_way_back() {
        for unit in (0..=u16::MAX).filter(|unit| *unit != 0x3C2) {
            assert_eq!(if upcase(unit) == unit { unit } else { downcase(upcase(unit)) }, unit, "{unit:#x}");
            assert_eq!(if downcase(unit) == unit { unit } else { upcase(downcase(unit)) }, unit, "{unit:#x}");
        }
    }

    #[test]
    fn ascii_has_no_other_forms() {
        for unit in [0x131, 0x17F, 0x212A, 0xB5] {
            assert_eq!((upcase(unit), downcase(unit)), (unit, unit), "{unit:#x}");
        }
    }
}
