//! A number in its field: padding, sign or prefix, zeros, digits.

use super::Error;
use super::output::Output;
use super::spec::Spec;
use crate::Unit;

/// The parts of a number, in their order; padding goes around them or, as zeros, behind the prefix.
#[derive(Default)]
pub(super) struct Number<'a> {
    /// Sign or `0x`.
    pub prefix: &'a [u8],
    pub zeros: usize,
    pub head: &'a [u8],
    pub middle_zeros: usize,
    pub tail: &'a [u8],
}

impl Number<'_> {
    pub(super) fn put<C: Unit>(&self, output: &mut Output<C>, spec: &Spec, zero_pad: bool) -> Result<(), Error> {
        let length = (self.prefix.len() + self.head.len() + self.tail.len()).saturating_add(self.zeros).saturating_add(self.middle_zeros);
        let padding = spec.width.saturating_sub(length);
        let zero_pad = zero_pad && !spec.left;
        if !spec.left && !zero_pad {
            output.fill(b' ', padding)?;
        }
        output.put_ascii(self.prefix)?;
        output.fill(b'0', self.zeros)?;
        if zero_pad {
            output.fill(b'0', padding)?;
        }
        output.put_ascii(self.head)?;
        output.fill(b'0', self.middle_zeros)?;
        output.put_ascii(self.tail)?;
        if spec.left {
            output.fill(b' ', padding)?;
        }
        Ok(())
    }
}

/// The sign of a signed conversion.
pub(super) fn sign(spec: &Spec, negative: bool) -> &'static [u8] {
    match (negative, spec.plus, spec.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (_, _, true) => b" ",
        _ => b"",
    }
}
