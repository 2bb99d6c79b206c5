//! Letter case, unit by unit, as file names are compared.

/// The upper-case form of a UTF-16 unit, where that is one unit too.
pub fn upcase(unit: u16) -> u16 {
    if unit < 0x80 {
        return if (0x61..=0x7A).contains(&unit) { unit - 0x20 } else { unit };
    }
    let Some(character) = char::from_u32(unit.into()) else { return unit };
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => u16::try_from(u32::from(upper)).unwrap_or(unit),
        _ => unit,
    }
}

/// The upper-case form of a name: two that are the same but for letter case have the same one.
pub fn fold(name: &[u16]) -> Box<[u16]> {
    name.iter().map(|unit| upcase(*unit)).collect()
}
