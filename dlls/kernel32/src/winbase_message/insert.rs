//! A message from its definition: inserts, escapes, and where lines end.

use super::REFUSED;
use alloc::vec::Vec;
use crt::codec::{Bytes, Wide};
use crt::format::{Options, Sink, Stop, write};
use crt::{Codec, Unit, VaList};
use guest::error::Win32Error;
use guest::nls;

/// The value of the width bits that takes all of the definition's line ends out.
const NO_LINES: u32 = 0xFF;

/// A text that grows.
struct Grown<C>(Vec<C>);

impl<C: Unit> Sink<C> for Grown<C> {
    fn put(&mut self, units: &[C]) -> Result<(), Stop> {
        self.0.extend_from_slice(units);
        Ok(())
    }

    fn fill(&mut self, unit: C, count: usize) -> Result<(), Stop> {
        self.0.extend(core::iter::repeat_n(unit, count));
        Ok(())
    }
}

/// The ANSI code page.
struct Ansi;

impl Codec for Ansi {
    fn longest(&self) -> usize {
        1
    }

    fn decode(&self, bytes: &[u8]) -> Option<(Wide, usize)> {
        let unit = *nls::to_wide(nls::ANSI, bytes.get(..1)?, false).ok()?.first()?;
        Some((Wide::one(unit), 1))
    }

    fn encode(&self, units: &[u16]) -> Option<(Bytes, usize)> {
        // What the page lacks is a question mark.
        let byte = nls::byte_of(nls::ANSI, *units.first()?).unwrap_or(b'?');
        Some((Bytes::new(&[byte]), 1))
    }
}

/// The message that is written so far.
struct Message<C> {
    text: Grown<C>,
    /// Where the line begins, and where it may be broken.
    line: usize,
    space: Option<usize>,
    width: u32,
}

impl<C: Unit> Message<C> {
    fn unit(&mut self, byte: u8) {
        self.text.0.push(C::from_ascii(byte));
    }

    /// A line's end that always stays.
    fn end(&mut self) {
        self.text.0.extend(b"\r\n".map(C::from_ascii));
        self.line = self.text.0.len();
        self.space = None;
    }

    /// Breaks the line at its last space, where it is longer than it may be.
    fn wrap(&mut self) {
        if matches!(self.width, 0 | NO_LINES) || self.text.0.len() - self.line <= self.width as usize {
            return;
        }
        if let Some(at) = self.space.take() {
            self.text.0.splice(at..=at, b"\r\n".map(C::from_ascii));
            self.line = at + 2;
        }
    }

    fn plain(&mut self, unit: C) {
        if unit.ascii() == b' ' {
            self.space = Some(self.text.0.len());
        }
        self.text.0.push(unit);
        self.wrap();
    }
}

/// The number of an insert (one or two digits), and what follows it.
fn number<C: Unit>(rest: &[C]) -> Option<(usize, &[C])> {
    let digit = |unit: &C| unit.ascii().is_ascii_digit().then(|| usize::from(unit.ascii() - b'0'));
    let first = rest.first().and_then(digit).filter(|first| *first > 0)?;
    match rest.get(1).and_then(digit) {
        Some(second) => Some((10 * first + second, &rest[2..])),
        None => Some((first, &rest[1..])),
    }
}

/// How an insert is written: what stands between exclamation marks, or a text; and what follows it.
fn form<C: Unit>(rest: &[C]) -> Result<(Vec<C>, &[C]), Win32Error> {
    let start = alloc::vec![C::from_ascii(b'%')];
    if rest.first().is_none_or(|unit| unit.ascii() != b'!') {
        return Ok(([start, alloc::vec![C::from_ascii(b's')]].concat(), rest));
    }
    let end = rest[1..].iter().position(|unit| unit.ascii() == b'!').ok_or(REFUSED)?;
    Ok(([&start, &rest[1..=end]].concat(), &rest[end + 2..]))
}

/// The message of a definition. Without `arguments` inserts stay as they are; NULL arguments refuse them.
///
/// # Safety
/// The arguments are what the inserts ask for.
pub unsafe fn message<C: Unit>(definition: &[C], arguments: Option<*const u8>, width: u32) -> Result<Vec<C>, Win32Error> {
    let mut message = Message { text: Grown(Vec::with_capacity(definition.len() + 32)), line: 0, space: None, width };
    let mut rest = definition;
    while let [unit, after @ ..] = rest {
        rest = after;
        match unit.ascii() {
            b'\r' | b'\n' => {
                if unit.ascii() == b'\r' && rest.first().is_some_and(|next| next.ascii() == b'\n') {
                    rest = &rest[1..];
                }
                if width == 0 { message.end() } else { message.plain(C::from_ascii(b' ')) }
            }
            b'%' => {
                let Some(arguments) = arguments.filter(|_| number(rest).is_some()) else {
                    if !escape(&mut message, &mut rest, arguments.is_none()) {
                        break;
                    }
                    continue;
                };
                if arguments.is_null() {
                    return Err(REFUSED);
                }
                let Some((which, after)) = number(rest) else { return Err(REFUSED) };
                let (form, after) = form(after)?;
                rest = after;
                // SAFETY: the caller promises the arguments; each takes a word.
                let mut list = unsafe { VaList::new(arguments.add((which - 1) * size_of::<usize>())) };
                write(&mut message.text, &form, &Options::MSVCRT, &Ansi, &mut list).map_err(|_| REFUSED)?;
                message.wrap();
            }
            _ => message.plain(*unit),
        }
    }
    Ok(message.text.0)
}

/// Writes what stands for itself behind a percent sign, or ends a line; answers whether the message goes on. Where inserts
/// are ignored, a percent sign stays that no line's end or tabulator stands behind.
fn escape<C: Unit>(message: &mut Message<C>, rest: &mut &[C], ignores_inserts: bool) -> bool {
    let Some((next, after)) = rest.split_first() else {
        message.unit(b'%');
        return true;
    };
    *rest = after;
    match next.ascii() {
        b'0' => return false,
        b'n' => message.end(),
        b'r' => message.unit(b'\r'),
        b't' => message.unit(b'\t'),
        _ => {
            if ignores_inserts {
                message.unit(b'%');
            }
            message.text.0.push(*next);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(definition: &str, arguments: &[usize], width: u32) -> Result<String, Win32Error> {
        let units: Vec<u16> = definition.encode_utf16().collect();
        let given = if arguments.is_empty() { core::ptr::null() } else { arguments.as_ptr().cast() };
        unsafe { message(&units, Some(given), width) }.map(|units| String::from_utf16_lossy(&units))
    }

    #[test]
    fn inserts_are_written_by_their_forms() {
        let name: Vec<u16> = "file".encode_utf16().chain([0]).collect();
        let arguments = [name.as_ptr() as usize, 0xAB, 6, name.as_ptr() as usize];
        for (definition, expected) in [
            ("%1 is missing", "file is missing"),
            ("%2!08X!", "000000AB"),
            ("%1!8s!|%1!-6s!|", "    file|file  |"),
            ("%3!*s!|", "  file|"),
            ("%2!d!%%%n%!%.", "171%\r\n!."),
            ("a%0b", "a"),
            ("end%", "end%"),
            ("one\ntwo\r\n", "one\r\ntwo\r\n"),
        ] {
            assert_eq!(written(definition, &arguments, 0).as_deref(), Ok(expected), "{definition}");
        }
        assert_eq!((written("%1", &[], 0), written("%1!s", &arguments, 0)), (Err(REFUSED), Err(REFUSED)));
    }

    #[test]
    fn inserts_that_are_ignored_stay() {
        let units: Vec<u16> = "%1!x! %%%n".encode_utf16().collect();
        let found = unsafe { message(&units, None, 0) }.map(|units| String::from_utf16_lossy(&units));
        assert_eq!(found.as_deref(), Ok("%1!x! %%\r\n"));
    }

    #[test]
    fn lines_are_as_long_as_wanted() {
        assert_eq!(written("one\r\ntwo%nthree", &[], NO_LINES).as_deref(), Ok("one two\r\nthree"));
        assert_eq!(written("one two three four", &[], 8).as_deref(), Ok("one two\r\nthree\r\nfour"));
    }
}
