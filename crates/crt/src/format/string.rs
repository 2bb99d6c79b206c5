//! `%s %S %c %C %Z`: text, converted between narrow and wide where the function's is the other.

use super::output::Output;
use super::spec::Spec;
use super::{Error, Options};
use crate::{Codec, Unit};
use core::ffi::c_void;

/// How much text is taken out of the program's memory at once.
const PIECE: usize = 128;

pub(super) fn string<C: Unit>(output: &mut Output<C>, spec: &Spec, pointer: *mut c_void, options: &Options, codec: &dyn Codec) -> Result<(), Error> {
    let limit = spec.precision.unwrap_or(usize::MAX);
    if pointer.is_null() {
        return null(output, spec, limit);
    }
    if is_wide::<C>(spec, options) {
        // SAFETY: the caller of `Arguments` vouches for a string that ends with a NUL or at the precision.
        let text = unsafe { Text::<u16>::up_to_nul(pointer.cast(), limit) };
        return text.put(output, spec, codec);
    }
    let text = match C::WIDE {
        // SAFETY: as above; the precision counts characters here.
        true => unsafe { Text::characters(pointer.cast(), limit, codec) },
        // SAFETY: as above.
        false => unsafe { Text::<u8>::up_to_nul(pointer.cast(), limit) },
    };
    text.put(output, spec, codec)
}

/// `ANSI_STRING` and `UNICODE_STRING`: a length in bytes, and text that needs no NUL.
#[repr(C)]
#[derive(Clone, Copy)]
struct Counted {
    length: u16,
    _maximum: u16,
    buffer: *const u8,
}

pub(super) fn counted<C: Unit>(output: &mut Output<C>, spec: &Spec, pointer: *mut c_void, options: &Options, codec: &dyn Codec) -> Result<(), Error> {
    if pointer.is_null() {
        return null(output, spec, usize::MAX);
    }
    // SAFETY: the caller of `Arguments` vouches for the structure.
    let Counted { length, buffer, .. } = unsafe { pointer.cast::<Counted>().read_unaligned() };
    if buffer.is_null() {
        return null(output, spec, usize::MAX);
    }
    match is_wide::<C>(spec, options) {
        true => Text::<u16> { at: buffer.cast(), length: usize::from(length) / 2 }.put(output, spec, codec),
        false => Text::<u8> { at: buffer, length: length.into() }.put(output, spec, codec),
    }
}

pub(super) fn character<C: Unit>(output: &mut Output<C>, spec: &Spec, code: u32, options: &Options, codec: &dyn Codec) -> Result<(), Error> {
    let wide = is_wide::<C>(spec, options);
    if wide == C::WIDE {
        return padded(output, spec, 1, |output| output.put(&[C::from_code(code)]));
    }
    // A character that the other encoding lacks leaves no trace, not even padding.
    if wide {
        let Some((bytes, _)) = codec.encode(&[code as u16]) else { return Ok(()) };
        padded(output, spec, bytes.as_slice().len(), |output| put_codes(output, bytes.as_slice()))
    } else {
        let Some((units, _)) = codec.decode(&[code as u8]) else { return Ok(()) };
        padded(output, spec, units.as_slice().len(), |output| put_codes(output, units.as_slice()))
    }
}

fn null<C: Unit>(output: &mut Output<C>, spec: &Spec, limit: usize) -> Result<(), Error> {
    let text = b"(null)";
    let shown = &text[..limit.min(text.len())];
    padded(output, spec, shown.len(), |output| output.put_ascii(shown))
}

/// Whether the argument is wide: by its size, else by the letter and the function.
fn is_wide<C: Unit>(spec: &Spec, options: &Options) -> bool {
    let upper = spec.letter.is_ascii_uppercase();
    match (spec.size, C::WIDE) {
        (size, wide) if size.natural => wide,
        (size, _) if size.wide && !size.narrow => true,
        (size, _) if size.narrow && !size.wide => false,
        // With both, which only `msvcrt` accepts, the function's other kind wins.
        (size, wide) if size.wide => !wide,
        (_, wide) if spec.letter == b'Z' => !options.msvcrt() && !wide,
        (_, true) if options.legacy_wide() => !upper,
        _ => upper,
    }
}

fn padded<C: Unit>(output: &mut Output<C>, spec: &Spec, length: usize, put: impl FnOnce(&mut Output<C>) -> Result<(), Error>) -> Result<(), Error> {
    let padding = spec.width.saturating_sub(length);
    if !spec.left {
        output.fill(if spec.zero { b'0' } else { b' ' }, padding)?;
    }
    put(output)?;
    if spec.left {
        output.fill(b' ', padding)?;
    }
    Ok(())
}

fn put_codes<C: Unit, T: Unit>(output: &mut Output<C>, units: &[T]) -> Result<(), Error> {
    units.iter().try_for_each(|unit| output.put(&[C::from_code(unit.code())]))
}

/// Text in the program's memory.
struct Text<T> {
    at: *const T,
    length: usize,
}

impl<T: Unit> Text<T> {
    /// # Safety
    /// `at` points to text that ends with a NUL or has `limit` units.
    unsafe fn up_to_nul(at: *const T, limit: usize) -> Self {
        // SAFETY: no unit behind the NUL or the limit is read.
        let length = (0..limit).find(|&index| unsafe { at.wrapping_add(index).read_unaligned() } == T::NUL).unwrap_or(limit);
        Self { at, length }
    }

    /// Up to `PIECE` units from `start`.
    fn piece(&self, start: usize) -> ([T; PIECE], usize) {
        let mut piece = [T::NUL; PIECE];
        let count = (self.length - start).min(PIECE);
        // SAFETY: `start + count` does not pass the text. It is copied, as the output may be the same memory.
        unsafe { core::ptr::copy_nonoverlapping(self.at.wrapping_add(start).cast::<u8>(), piece.as_mut_ptr().cast(), count * size_of::<T>()) };
        (piece, count)
    }

    fn put<C: Unit>(&self, output: &mut Output<C>, spec: &Spec, codec: &dyn Codec) -> Result<(), Error> {
        padded(output, spec, self.width::<C>(codec), |output| {
            let mut start = 0;
            while start < self.length {
                let (piece, count) = self.piece(start);
                start += put_piece(output, &piece[..count], start + count == self.length, codec)?;
            }
            Ok(())
        })
    }

    /// The units that padding counts: those of the text, but characters where narrow text becomes wide.
    fn width<C: Unit>(&self, codec: &dyn Codec) -> usize {
        if T::WIDE || !C::WIDE || codec.longest() == 1 {
            return self.length;
        }
        let (mut at, mut characters) = (0, 0);
        while at < self.length {
            let (piece, count) = self.piece(at);
            let bytes = piece.map(|unit| unit.code() as u8);
            at += codec.decode(&bytes[..count]).map_or(1, |(_, taken)| taken);
            characters += 1;
        }
        characters
    }
}

impl Text<u8> {
    /// # Safety
    /// `at` points to text that ends with a NUL or has `limit` characters.
    unsafe fn characters(at: *const u8, limit: usize, codec: &dyn Codec) -> Self {
        let mut length = 0;
        for _ in 0..limit {
            // SAFETY: what is read lies before the NUL.
            let first = unsafe { Self::up_to_nul(at.wrapping_add(length), codec.longest()) };
            if first.length == 0 {
                break;
            }
            let (piece, count) = first.piece(0);
            length += codec.decode(&piece[..count]).map_or(1, |(_, taken)| taken.clamp(1, count));
        }
        Self { at, length }
    }
}

/// Puts text, and answers how much of it: a character that is cut off at the end waits for the next piece, unless this is the `last`.
fn put_piece<C: Unit, T: Unit>(output: &mut Output<C>, piece: &[T], last: bool, codec: &dyn Codec) -> Result<usize, Error> {
    if T::WIDE == C::WIDE {
        let mut same = [C::NUL; PIECE];
        for (place, unit) in same.iter_mut().zip(piece) {
            *place = C::from_code(unit.code());
        }
        output.put(&same[..piece.len()])?;
        return Ok(piece.len());
    }
    let mut at = 0;
    while at < piece.len() {
        let rest = &piece[at..];
        if !last && at > 0 && rest.len() < 4 {
            break;
        }
        at += put_character(output, rest, codec)?;
    }
    Ok(at)
}

fn put_character<C: Unit, T: Unit>(output: &mut Output<C>, text: &[T], codec: &dyn Codec) -> Result<usize, Error> {
    if T::WIDE {
        let units = [text[0].code() as u16, text.get(1).map_or(0, |unit| unit.code() as u16)];
        let (bytes, taken) = codec.encode(&units[..text.len().min(2)]).ok_or(Error::IllegalSequence)?;
        put_codes(output, bytes.as_slice())?;
        Ok(taken)
    } else {
        let mut bytes = [0; 4];
        let count = text.len().min(4);
        for (place, unit) in bytes.iter_mut().zip(text) {
            *place = unit.code() as u8;
        }
        let (units, taken) = codec.decode(&bytes[..count]).ok_or(Error::IllegalSequence)?;
        put_codes(output, units.as_slice())?;
        Ok(taken)
    }
}
