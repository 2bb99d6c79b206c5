//! winuser.h: the formatted texts of Windows itself, which know integers, characters and texts, and no more than 1,024
//! characters in all.

use alloc::vec::Vec;
use guest::nls::{self, ANSI};
use guest::{shim, text};

/// No text is longer, its NUL included.
const MOST: usize = 1024;

/// The arguments of a variadic function, word by word.
struct Arguments(*const u8);

impl Arguments {
    fn take<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        // SAFETY: the format asks for no more than the caller gave.
        let bytes = unsafe { self.0.cast::<[u8; SIZE]>().read_unaligned() };
        self.0 = self.0.wrapping_add(SIZE.next_multiple_of(size_of::<usize>()));
        bytes
    }

    fn int(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn word(&mut self) -> usize {
        usize::from_le_bytes(self.take())
    }
}

/// What stands between `%` and the letter.
#[derive(Default)]
struct Spec {
    left: bool,
    prefixed: bool,
    zeroes: bool,
    width: usize,
    precision: Option<usize>,
    /// `h`, `l` or 0.
    size: u8,
    /// 64 bits: `I64`, or `I` where a word has them.
    wide: bool,
}

/// Formats; `default_wide` says whether `%s` and `%c` are wide.
unsafe fn format(format: &[u16], mut arguments: Arguments, default_wide: bool) -> Vec<u16> {
    let mut made = Vec::new();
    let mut rest = format;
    while let Some((unit, next)) = rest.split_first() {
        rest = next;
        if *unit != u16::from(b'%') {
            made.push(*unit);
            continue;
        }
        let (spec, letter) = parse(&mut rest);
        match unsafe { argument(&spec, letter, &mut arguments, default_wide) } {
            Some((sign, body)) => pad(&mut made, &spec, &sign, body),
            // What is no conversion stands for itself.
            None if letter == 0 => break,
            None => made.push(letter),
        }
    }
    made.truncate(MOST - 1);
    made
}

fn parse(rest: &mut &[u16]) -> (Spec, u16) {
    let mut spec = Spec::default();
    let byte = |rest: &&[u16]| rest.first().map_or(0, |unit| u8::try_from(*unit).unwrap_or(0));
    loop {
        match byte(rest) {
            b'-' => spec.left = true,
            b'#' => spec.prefixed = true,
            b'0' => spec.zeroes = true,
            _ => break,
        }
        *rest = &rest[1..];
    }
    let number = |rest: &mut &[u16]| {
        let mut number = 0_usize;
        while byte(rest).is_ascii_digit() {
            number = (number * 10 + usize::from(byte(rest) - b'0')).min(MOST);
            *rest = &rest[1..];
        }
        number
    };
    spec.width = number(rest);
    if byte(rest) == b'.' {
        *rest = &rest[1..];
        spec.precision = Some(number(rest));
    }
    match byte(rest) {
        size @ (b'h' | b'l' | b'w') => {
            spec.size = if size == b'w' { b'l' } else { size };
            *rest = &rest[1..];
        }
        b'I' if rest.starts_with(&[0x49, 0x36, 0x34]) => {
            spec.wide = true;
            *rest = &rest[3..];
        }
        b'I' if rest.starts_with(&[0x49, 0x33, 0x32]) => *rest = &rest[3..],
        b'I' => {
            spec.wide = size_of::<usize>() == 8;
            *rest = &rest[1..];
        }
        _ => {}
    }
    let letter = rest.first().copied().unwrap_or(0);
    *rest = rest.get(1..).unwrap_or_default();
    (spec, letter)
}

/// What an argument comes to: what stays in front of zeroes, and the rest. `None` for a letter that is no conversion.
unsafe fn argument(spec: &Spec, letter: u16, arguments: &mut Arguments, default_wide: bool) -> Option<(Vec<u16>, Vec<u16>)> {
    let letter = u8::try_from(letter).unwrap_or(0);
    let is_wide = |capital: bool| match spec.size {
        b'h' => false,
        b'l' => true,
        _ => default_wide != capital,
    };
    let mut number = |signed: bool| {
        let value = if spec.wide { u64::from_le_bytes(arguments.take()) } else { arguments.int().into() };
        match (signed, spec.wide, spec.size) {
            (true, false, b'h') => value as i16 as i64 as u64,
            (false, false, b'h') => u64::from(value as u16),
            (true, false, _) => value as i32 as i64 as u64,
            _ => value,
        }
    };
    let none = Vec::new;
    Some(match letter {
        b'd' | b'i' => {
            let value = number(true) as i64;
            (if value < 0 { units("-") } else { none() }, digits(spec, alloc::format!("{}", value.unsigned_abs())))
        }
        b'u' => (none(), digits(spec, alloc::format!("{}", number(false)))),
        b'x' => (units(if spec.prefixed { "0x" } else { "" }), digits(spec, alloc::format!("{:x}", number(false)))),
        b'X' => (units(if spec.prefixed { "0X" } else { "" }), digits(spec, alloc::format!("{:X}", number(false)))),
        b'p' => (none(), units(&alloc::format!("{:0width$X}", arguments.word(), width = 2 * size_of::<usize>()))),
        b'c' | b'C' => {
            let given = arguments.int();
            let unit = if is_wide(letter == b'C') { alloc::vec![given as u16] } else { wide(&[given as u8]) };
            (none(), unit)
        }
        b's' | b'S' => {
            let at = arguments.word();
            let mut body = match (at, is_wide(letter == b'S')) {
                (0, _) => units("(null)"),
                (at, true) => unsafe { text::wide(at as *const u16) }.to_vec(),
                (at, false) => wide(unsafe { text::narrow(at as *const u8) }),
            };
            body.truncate(spec.precision.unwrap_or(usize::MAX));
            (none(), body)
        }
        _ => return None,
    })
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn wide(bytes: &[u8]) -> Vec<u16> {
    nls::to_wide(ANSI, bytes, false).unwrap_or_default()
}

/// A precision fills a number up with zeroes.
fn digits(spec: &Spec, text: alloc::string::String) -> Vec<u16> {
    let missing = spec.precision.unwrap_or(0).saturating_sub(text.len());
    core::iter::repeat_n(u16::from(b'0'), missing).chain(text.encode_utf16()).collect()
}

fn pad(made: &mut Vec<u16>, spec: &Spec, sign: &[u16], body: Vec<u16>) {
    let missing = spec.width.saturating_sub(sign.len() + body.len());
    let fill = |made: &mut Vec<u16>, with: u8| made.extend(core::iter::repeat_n(u16::from(with), missing));
    if !spec.left && !spec.zeroes {
        fill(made, b' ');
    }
    made.extend_from_slice(sign);
    if !spec.left && spec.zeroes {
        fill(made, b'0');
    }
    made.extend(body);
    if spec.left {
        fill(made, b' ');
    }
}

/// Formats wide text by an argument list; answers its length.
#[shim(ix = 340, mapping = "its own conversions", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn wvsprintfW(target: *mut u16, source: *const u16, arguments: *const u8) -> i32 {
    let made = unsafe { format(text::wide(source), Arguments(arguments), true) };
    unsafe {
        target.copy_from_nonoverlapping(made.as_ptr(), made.len());
        *target.add(made.len()) = 0;
    }
    made.len() as i32
}

/// Formats ANSI text by an argument list; answers its length.
#[shim(ix = 341, mapping = "its own conversions", risk = Wrong("a wrong text"))]
pub unsafe extern "system" fn wvsprintfA(target: *mut u8, source: *const u8, arguments: *const u8) -> i32 {
    let made = unsafe { format(&wide(text::narrow(source)), Arguments(arguments), false) };
    let mut bytes = nls::from_wide(ANSI, &made, b'?').unwrap_or_default().0;
    bytes.truncate(MOST - 1);
    unsafe {
        target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        *target.add(bytes.len()) = 0;
    }
    bytes.len() as i32
}

/// The variadic forms: their arguments lie in memory in a row once the registers' are put where the caller left room.
#[cfg(target_os = "windows")]
mod variadic {
    use core::arch::naked_asm;

    macro_rules! variadic {
        ($($name:ident => $target:ident;)*) => { $(
            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            #[cfg(target_arch = "x86_64")]
            unsafe extern "C" fn $name() {
                naked_asm!(
                    concat!(".seh_proc ", stringify!($name)),
                    "mov [rsp + 8], rcx",
                    "mov [rsp + 16], rdx",
                    "mov [rsp + 24], r8",
                    "mov [rsp + 32], r9",
                    "sub rsp, 40",
                    ".seh_stackalloc 40",
                    ".seh_endprologue",
                    "lea r8, [rsp + 64]",
                    "call {target}",
                    "add rsp, 40",
                    "ret",
                    ".seh_endproc",
                    target = sym super::$target,
                );
            }

            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            #[cfg(target_arch = "x86")]
            unsafe extern "C" fn $name() {
                naked_asm!(
                    "lea eax, [esp + 12]",
                    "push eax",
                    "push dword ptr [esp + 12]",
                    "push dword ptr [esp + 12]",
                    "call {target}",
                    "ret",
                    target = sym super::$target,
                );
            }
        )* };
    }

    variadic! {
        wsprintfW => wvsprintfW;
        wsprintfA => wvsprintfA;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Formats with arguments of one word each.
    fn shown(format_text: &str, words: &[usize]) -> alloc::string::String {
        text::lossy(&unsafe { format(&units(format_text), Arguments(words.as_ptr().cast()), true) })
    }

    #[test]
    fn integers_follow_width_and_precision() {
        assert_eq!(shown("%d|%5d|%-5d|%05d|%.3d", &[7, 7, 7, 7, 7]), "7|    7|7    |00007|007");
        assert_eq!(shown("%d %i %u", &[u32::MAX as usize, 3, u32::MAX as usize]), "-1 3 4294967295");
        assert_eq!(shown("%x %X %#x %04X", &[0xab, 0xab, 0xab, 0xab]), "ab AB 0xab 00AB");
        assert_eq!(shown("%I64u", &[usize::MAX]), "18446744073709551615");
    }

    #[test]
    fn texts_are_wide_or_not() {
        let (wide, narrow) = ([0x41_u16, 0x42, 0], *b"cd\0");
        assert_eq!(
            shown(
                "%s|%hs|%S|%4s|%.1s",
                &[wide.as_ptr() as usize, narrow.as_ptr() as usize, narrow.as_ptr() as usize, wide.as_ptr() as usize, wide.as_ptr() as usize]
            ),
            "AB|cd|cd|  AB|A"
        );
        assert_eq!(shown("%s", &[0]), "(null)");
        assert_eq!(shown("%c%c", &[0x41, 0x42]), "AB");
    }

    #[test]
    fn what_is_no_conversion_stands_for_itself() {
        assert_eq!(shown("100%% %q", &[]), "100% q");
    }

    #[test]
    fn no_text_is_longer_than_its_buffer() {
        assert_eq!(shown("%2000d", &[1]).len(), MOST - 1);
    }
}
