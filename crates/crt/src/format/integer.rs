//! `%d %i %u %o %x %X %p %n`.

use super::field::{Number, sign};
use super::output::Output;
use super::spec::{Spec, Value};
use super::{Error, Options};
use crate::Unit;
use crate::number::render::Rendered;

pub(super) fn integer<C: Unit>(output: &mut Output<C>, spec: &Spec, value: Value) -> Result<(), Error> {
    let signed = matches!(spec.letter, b'd' | b'i');
    let bits = match value {
        Value::Long(value) => value as i64,
        Value::Int(value) => i64::from(value),
        _ => 0,
    };
    let size = spec.size.bits();
    let (negative, magnitude) = if signed {
        let value = (bits << (64 - size)) >> (64 - size);
        (value < 0, value.unsigned_abs())
    } else {
        (false, bits as u64 & (u64::MAX >> (64 - size)))
    };
    let upper = spec.letter == b'X';
    let base = match spec.letter {
        b'o' => 8,
        b'x' | b'X' => 16,
        _ => 10,
    };
    let rendered = Rendered::new(magnitude, base, upper);
    let digits = match (magnitude, spec.precision) {
        (0, Some(0)) => &[],
        _ => rendered.as_slice(),
    };
    let mut zeros = spec.precision.unwrap_or(1).saturating_sub(digits.len());
    let prefix = match (signed, spec.alternate, spec.letter) {
        (true, ..) => sign(spec, negative),
        (_, true, b'x') if magnitude != 0 => b"0x",
        (_, true, b'X') if magnitude != 0 => b"0X",
        _ => b"",
    };
    if spec.alternate && spec.letter == b'o' && zeros == 0 && digits.first() != Some(&b'0') {
        zeros = 1;
    }
    Number { prefix, zeros, head: digits, ..Number::default() }.put(output, spec, spec.zero && spec.precision.is_none())
}

/// All digits of the address, whatever the precision.
pub(super) fn pointer<C: Unit>(output: &mut Output<C>, spec: &Spec, address: usize) -> Result<(), Error> {
    let rendered = Rendered::new(address as u64, 16, true);
    let digits = rendered.as_slice();
    let prefix: &[u8] = if spec.alternate { b"0X" } else { b"" };
    Number { prefix, zeros: size_of::<usize>() * 2 - digits.len(), head: digits, ..Number::default() }.put(output, spec, false)
}

pub(super) fn store_count<C: Unit>(output: &Output<C>, spec: &Spec, pointer: *mut u8, options: &Options) -> Result<(), Error> {
    if !options.count_output {
        return Err(Error::InvalidParameter);
    }
    let bytes = i64::from(output.count()?).to_le_bytes();
    let size = spec.size.bits() / 8;
    if !pointer.is_null() {
        // SAFETY: the caller of `Arguments` vouches for a pointer to an integer of this size.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), pointer, size) };
    }
    Ok(())
}
