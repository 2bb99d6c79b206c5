//! Arguments by number: `%2$s %1$s`.

use super::output::Output;
use super::spec::{Kind, MAXIMUM, Source, Value};
use super::{Error, Options, Sink, run, write};
use crate::{Arguments, Codec, Unit};

/// Writes as [`write()`] does, but if the first conversion names its argument by number (`%1$d`), all have to. A malformed
/// conversion is always an error, and so is a number that is left out.
///
/// # Errors
/// Those of [`Error`].
pub fn write_positional<C: Unit>(
    sink: &mut dyn Sink<C>,
    format: &[C],
    options: &Options,
    codec: &dyn Codec,
    arguments: &mut dyn Arguments,
) -> Result<i32, Error> {
    let options = &Options { strict: true, ..*options };
    if !is_numbered(format) {
        return write(sink, format, options, codec, arguments);
    }
    // What an argument is must be known of all before it, so a first pass collects that.
    let mut kinds = Kinds([None; MAXIMUM]);
    run(&mut Output::<C>::nowhere(), format, options, codec, &mut kinds)?;
    let mut values = Values([Value::Int(0); MAXIMUM]);
    let count = kinds.0.iter().take_while(|kind| kind.is_some()).count();
    if kinds.0[count..].iter().any(Option::is_some) {
        return Err(Error::InvalidParameter);
    }
    for (value, kind) in values.0.iter_mut().zip(kinds.0.iter().flatten()) {
        *value = Value::read(arguments, *kind);
    }
    run(&mut Output::new(sink), format, options, codec, &mut values)
}

/// Whether the first conversion names its argument by number.
fn is_numbered<C: Unit>(format: &[C]) -> bool {
    let mut rest = format.iter().map(|unit| unit.ascii());
    while rest.any(|byte| byte == b'%') {
        match rest.find(|byte| !byte.is_ascii_digit()) {
            Some(b'%') => {}
            next => return next == Some(b'$'),
        }
    }
    false
}

/// The first pass: what each argument is.
struct Kinds([Option<Kind>; MAXIMUM]);

impl Source for Kinds {
    const NUMBERED: bool = true;
    const WRITES: bool = false;
    fn take(&mut self, position: usize, kind: Kind) -> Result<Value, Error> {
        let known = self.0.get_mut(position.wrapping_sub(1)).ok_or(Error::InvalidParameter)?;
        if *known.get_or_insert(kind) != kind {
            return Err(Error::InvalidParameter);
        }
        Ok(Value::Int(0))
    }
}

/// The second pass.
struct Values([Value; MAXIMUM]);

impl Source for Values {
    const NUMBERED: bool = true;
    fn take(&mut self, position: usize, _kind: Kind) -> Result<Value, Error> {
        self.0.get(position.wrapping_sub(1)).copied().ok_or(Error::InvalidParameter)
    }
}
