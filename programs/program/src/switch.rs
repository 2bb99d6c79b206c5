//! Switches such as `/s` or `/d:x`: a slash (or a dash), a name, and a value behind a colon.

/// A switch's name and its value; `None` for a word that is none.
pub fn parse(word: &str) -> Option<(&str, Option<&str>)> {
    let rest = word.strip_prefix(['/', '-']).filter(|rest| !rest.is_empty())?;
    Some(rest.split_once(':').map_or((rest, None), |(name, value)| (name, Some(value))))
}

/// Whether a word is the switch of this name, in whatever case.
pub fn is(word: &str, name: &str) -> bool {
    parse(word).is_some_and(|(found, value)| value.is_none() && found.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_told_from_words() {
        assert_eq!(parse("/d:x:y"), Some(("d", Some("x:y"))));
        assert_eq!(parse("-s"), Some(("s", None)));
        assert_eq!((parse("/"), parse("s")), (None, None));
        assert!(is("/?", "?") && is("/S", "s") && !is("/s:", "s"));
    }
}
