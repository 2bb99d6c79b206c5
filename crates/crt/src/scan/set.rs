//! The characters of `%[a-z]`.

use crate::Unit;

/// What stands between the brackets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set<'a, C> {
    members: &'a [C],
    negated: bool,
}

impl<'a, C: Unit> Set<'a, C> {
    /// Reads a set behind its `[`; answers it and what follows its `]`, or nothing where there is no `]`.
    pub(super) fn parse(text: &'a [C]) -> Option<(Self, &'a [C])> {
        let caret = text.first().is_some_and(|unit| unit.ascii() == b'^');
        let text = &text[usize::from(caret)..];
        // A bracket in the first place is a member.
        let end = 1 + text.get(1..)?.iter().position(|unit| unit.ascii() == b']')?;
        Some((Self { members: &text[..end], negated: caret }, &text[end + 1..]))
    }

    pub(super) fn contains(&self, unit: C) -> bool {
        let mut rest = self.members;
        while let Some(&first) = rest.first() {
            let (last, length) = match rest {
                [_, dash, last, ..] if dash.ascii() == b'-' => (*last, 3),
                _ => (first, 1),
            };
            // A range may be written backwards.
            if (first.min(last)..=first.max(last)).contains(&unit) {
                return !self.negated;
            }
            rest = &rest[length..];
        }
        self.negated
    }
}
