//! Between multibyte and wide text, by the locale's code page.

use super::super::errno::{self, EILSEQ, EINVAL, ERANGE};
use super::super::fault::{Code, Fault, INVALID, Int};
use super::super::locale::{self, Locale};
use crt::Codec;
use guest::shim;

/// `(size_t)-1`: text that is none.
const BAD: usize = usize::MAX;
/// `(size_t)-2`: a character that is not complete.
const INCOMPLETE: usize = usize::MAX - 1;
const TRUNCATE: usize = usize::MAX;

fn sequence() -> usize {
    errno::set(EILSEQ);
    BAD
}

/// The bytes of a string of which no more than `most` may be looked at.
unsafe fn bytes<'a>(from: *const u8, most: usize) -> &'a [u8] {
    // SAFETY: everything up to the NUL or to `most` may be read.
    unsafe { core::slice::from_raw_parts(from, crt::text::bounded_length(from, most)) }
}

/// Converts up to the NUL or up to `count` units; answers the units, without the NUL.
unsafe fn to_wide(to: *mut u16, from: *const u8, count: usize, codec: &dyn Codec) -> usize {
    if from.is_null() {
        INVALID.tell();
        return BAD;
    }
    // SAFETY: the program's string and room.
    unsafe {
        let mut rest = bytes(from, usize::MAX);
        let mut length = 0;
        while !rest.is_empty() {
            let Some((wide, used)) = codec.decode(rest) else { return sequence() };
            let units = wide.as_slice();
            if !to.is_null() {
                if length + units.len() > count {
                    return length;
                }
                to.add(length).copy_from_nonoverlapping(units.as_ptr(), units.len());
            }
            length += units.len();
            rest = &rest[used.max(1)..];
        }
        if !to.is_null() && length < count {
            to.add(length).write(0);
        }
        length
    }
}

/// Converts up to the NUL or up to `count` bytes; answers the bytes, without the NUL.
unsafe fn to_bytes(to: *mut u8, from: *const u16, count: usize, codec: &dyn Codec) -> usize {
    if from.is_null() {
        INVALID.tell();
        return BAD;
    }
    // SAFETY: the program's string and room.
    unsafe {
        let mut rest = guest::text::wide(from);
        let mut length = 0;
        while !rest.is_empty() {
            let Some((character, used)) = codec.encode(rest) else { return sequence() };
            let bytes = character.as_slice();
            if !to.is_null() {
                if length + bytes.len() > count {
                    return length;
                }
                to.add(length).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            length += bytes.len();
            rest = &rest[used.max(1)..];
        }
        if !to.is_null() && length < count {
            to.add(length).write(0);
        }
        length
    }
}

/// A buffer that the `_s` functions fill.
unsafe fn secure<C: crt::Unit>(
    converted: *mut usize,
    to: *mut C,
    size: usize,
    count: usize,
    convert: impl Fn(*mut C, usize) -> usize,
) -> Result<Code, Fault> {
    // SAFETY: the program's pointers.
    unsafe {
        if to.is_null() != (size == 0) {
            return Err(INVALID);
        }
        if !to.is_null() {
            to.write(C::NUL);
        }
        if let Some(converted) = converted.as_mut() {
            *converted = 0;
        }
        if to.is_null() {
            let length = convert(to, 0);
            if length == BAD {
                return Err(Fault::Quiet(errno::get()));
            }
            if let Some(converted) = converted.as_mut() {
                *converted = length + 1;
            }
            return Ok(Code);
        }
        let length = convert(to, count.min(size));
        if length == BAD {
            to.write(C::NUL);
            return Err(Fault::Quiet(errno::get()));
        }
        let fault = if length < size {
            None
        } else if count == TRUNCATE {
            Some(Fault::Quiet(errno::STRUNCATE))
        } else {
            to.write(C::NUL);
            return Err(Fault::Invalid(ERANGE));
        };
        let length = length.min(size - 1);
        to.add(length).write(C::NUL);
        if let Some(converted) = converted.as_mut() {
            *converted = length + 1;
        }
        fault.map_or(Ok(Code), Err)
    }
}

/// One character, with what the state keeps of an incomplete one; answers its bytes.
unsafe fn one(to: *mut u16, from: *const u8, count: usize, state: *mut u32) -> usize {
    let codec = locale::current().codec();
    // SAFETY: the program's pointers.
    unsafe {
        let mut own = 0;
        let state = if state.is_null() { &mut own } else { &mut *state };
        if from.is_null() {
            *state = 0;
            return 0;
        }
        // The state holds up to three bytes, and how many in the highest byte.
        let kept = (*state >> 24) as usize & 3;
        let mut all = [0; 8];
        all[..3].copy_from_slice(&state.to_le_bytes()[..3]);
        let mut length = kept;
        for used in 0..=count {
            if length > 0 {
                if let Some((wide, _)) = codec.decode(&all[..length]) {
                    *state = 0;
                    if let Some(to) = to.as_mut() {
                        *to = wide.as_slice().first().copied().unwrap_or_default();
                    }
                    return if length == 1 && all[0] == 0 { 0 } else { used };
                }
                if length >= codec.longest() || codec.longest() == 1 {
                    *state = 0;
                    return sequence();
                }
            }
            if used < count {
                all[length] = *from.add(used);
                length += 1;
            }
        }
        let kept = length.min(3);
        *state = u32::from_le_bytes([all[0], all[1], all[2], kept as u8]);
        INCOMPLETE
    }
}

unsafe fn put(to: *mut u8, unit: u16) -> usize {
    if to.is_null() {
        return 1;
    }
    match locale::current().codec().encode(&[unit]) {
        Some((bytes, _)) => {
            // SAFETY: the documentation asks for `MB_CUR_MAX` bytes.
            unsafe { to.copy_from_nonoverlapping(bytes.as_slice().as_ptr(), bytes.as_slice().len()) };
            bytes.as_slice().len()
        }
        None => sequence(),
    }
}

unsafe fn to_unit(to: *mut u16, from: *const u8, count: usize, codec: &dyn Codec) -> i32 {
    // SAFETY: the program's pointers.
    unsafe {
        if from.is_null() || count == 0 {
            return 0;
        }
        if *from == 0 {
            if let Some(to) = to.as_mut() {
                *to = 0;
            }
            return 0;
        }
        match codec.decode(bytes(from, count.min(codec.longest()))) {
            Some((wide, used)) => {
                if let Some(to) = to.as_mut() {
                    *to = wide.as_slice().first().copied().unwrap_or_default();
                }
                used as i32
            }
            None => {
                errno::set(EILSEQ);
                -1
            }
        }
    }
}

/// Multibyte text as wide text.
#[shim(ix = {msvcrt: 317, ucrtbase: 266}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mbstowcs(to: *mut u16, from: *const u8, count: usize) -> usize {
    to_wide(to, from, count, locale::current().codec())
}

/// Multibyte text as wide text, by a locale.
#[shim(ix = {msvcrt: 764, ucrtbase: 872}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _mbstowcs_l(to: *mut u16, from: *const u8, count: usize, by: *const Locale) -> usize {
    to_wide(to, from, count, locale::given(by).codec())
}

/// Wide text as multibyte text.
#[shim(ix = {msvcrt: 103, ucrtbase: 435}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wcstombs(to: *mut u8, from: *const u16, count: usize) -> usize {
    to_bytes(to, from, count, locale::current().codec())
}

/// Wide text as multibyte text, by a locale.
#[shim(ix = {msvcrt: 765, ucrtbase: 873}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _wcstombs_l(to: *mut u8, from: *const u16, count: usize, by: *const Locale) -> usize {
    to_bytes(to, from, count, locale::given(by).codec())
}

/// Multibyte text as wide text, in a room of known size.
#[shim(ix = {msvcrt: 766, ucrtbase: 874}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mbstowcs_s(converted: *mut usize, to: *mut u16, size: usize, from: *const u8, count: usize) -> Result<Code, Fault> {
    let codec = locale::current().codec();
    secure(converted, to, size, count, |to, count| to_wide(to, from, count, codec))
}

/// Wide text as multibyte text, in a room of known size.
#[shim(ix = {msvcrt: 767, ucrtbase: 436}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wcstombs_s(converted: *mut usize, to: *mut u8, size: usize, from: *const u16, count: usize) -> Result<Code, Fault> {
    let codec = locale::current().codec();
    secure(converted, to, size, count, |to, count| to_bytes(to, from, count, codec))
}

/// A multibyte character as a wide one; answers its bytes.
#[shim(ix = {msvcrt: 768, ucrtbase: 875}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mbtowc(to: *mut u16, from: *const u8, count: usize) -> i32 {
    to_unit(to, from, count, locale::current().codec())
}

/// A multibyte character as a wide one, by a locale.
#[shim(ix = {msvcrt: 769, ucrtbase: 350}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn _mbtowc_l(to: *mut u16, from: *const u8, count: usize, by: *const Locale) -> i32 {
    to_unit(to, from, count, locale::given(by).codec())
}

/// The bytes of a multibyte character.
#[shim(ix = {msvcrt: 770, ucrtbase: 876}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mblen(from: *const u8, count: usize) -> i32 {
    to_unit(core::ptr::null_mut(), from, count, locale::current().codec())
}

/// A wide character as a multibyte one; answers its bytes.
#[shim(ix = {msvcrt: 328, ucrtbase: 877}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wctomb(to: *mut u8, unit: u16) -> i32 {
    if to.is_null() { 0 } else { put(to, unit) as i32 }
}

/// A wide character as a multibyte one, in a room of known size.
#[shim(ix = {msvcrt: 771, ucrtbase: 878}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wctomb_s(length: *mut i32, to: *mut u8, size: usize, unit: u16) -> Result<Code, Fault> {
    if to.is_null() && size > 0 {
        if let Some(length) = length.as_mut() {
            *length = 0;
        }
        return Ok(Code);
    }
    if let Some(length) = length.as_mut() {
        *length = -1;
    }
    let mut room = [0; 4];
    let count = put(room.as_mut_ptr(), unit);
    if count == BAD {
        return Err(Fault::Quiet(EILSEQ));
    }
    if count > size {
        return Err(Fault::Invalid(ERANGE));
    }
    to.copy_from_nonoverlapping(room.as_ptr(), count);
    if let Some(length) = length.as_mut() {
        *length = count as i32;
    }
    Ok(Code)
}

/// A byte as a wide character, or WEOF.
#[shim(ix = {msvcrt: 772, ucrtbase: 185}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn btowc(byte: i32) -> u16 {
    const WEOF: u16 = 0xFFFF;
    let Ok(byte) = u8::try_from(byte) else { return WEOF };
    locale::current().codec().decode(&[byte]).and_then(|(wide, _)| wide.as_slice().first().copied()).unwrap_or(WEOF)
}

/// A wide character as a byte, or EOF.
#[shim(ix = {msvcrt: 773, ucrtbase: 879}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wctob(unit: u16) -> Result<Int, Fault> {
    match locale::current().codec().encode(&[unit]) {
        Some((bytes, _)) if bytes.as_slice().len() == 1 => Ok(Int(bytes.as_slice()[0].into())),
        _ => Err(Fault::Quiet(-1)),
    }
}

/// A multibyte character as a wide one, which may come in pieces.
#[shim(ix = {msvcrt: 774, ucrtbase: 223}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mbrtowc(to: *mut u16, from: *const u8, count: usize, state: *mut u32) -> usize {
    one(to, from, count, if state.is_null() { super::super::thread::current().shift[0].as_ptr() } else { state })
}

/// The bytes of a multibyte character, which may come in pieces.
#[shim(ix = {msvcrt: 775, ucrtbase: 222}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mbrlen(from: *const u8, count: usize, state: *mut u32) -> usize {
    one(core::ptr::null_mut(), from, count, if state.is_null() { super::super::thread::current().shift[1].as_ptr() } else { state })
}

/// A wide character as a multibyte one.
#[shim(ix = {msvcrt: 776, ucrtbase: 240}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wcrtomb(to: *mut u8, unit: u16, _state: *mut u32) -> usize {
    put(to, unit)
}

/// A wide character as a multibyte one, in a room of known size.
#[shim(ix = {msvcrt: 777, ucrtbase: 430}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wcrtomb_s(length: *mut usize, to: *mut u8, size: usize, unit: u16, _state: *mut u32) -> Result<Code, Fault> {
    let mut room = [0; 4];
    let count = put(room.as_mut_ptr(), unit);
    if let Some(length) = length.as_mut() {
        *length = if to.is_null() { 1 } else { count };
    }
    if to.is_null() {
        return Ok(Code);
    }
    if count == BAD {
        return Err(Fault::Quiet(EILSEQ));
    }
    if count > size {
        return Err(Fault::Invalid(ERANGE));
    }
    to.copy_from_nonoverlapping(room.as_ptr(), count);
    Ok(Code)
}

/// Whether a state is that of a new character.
#[shim(ix = {ucrtbase: 880}, export = "mbsinit", mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn is_initial(state: *const u32) -> i32 {
    (state.is_null() || *state == 0).into()
}

/// Multibyte text as wide text; the source's pointer moves along.
#[shim(ix = {msvcrt: 778, ucrtbase: 310}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn mbsrtowcs(to: *mut u16, from: *mut *const u8, count: usize, _state: *mut u32) -> usize {
    let Some(from) = from.as_mut() else {
        errno::set(EINVAL);
        return BAD;
    };
    let length = to_wide(to, *from, count, locale::current().codec());
    if !to.is_null() && length != BAD {
        // Up to its NUL it was converted whole, or else as far as there was room.
        *from = if length < count { core::ptr::null() } else { advanced(*from, length) };
    }
    length
}

/// Where so many wide characters of a text end.
unsafe fn advanced(from: *const u8, units: usize) -> *const u8 {
    let codec = locale::current().codec();
    // SAFETY: it is a string.
    let mut rest = unsafe { bytes(from, usize::MAX) };
    let mut done = 0;
    while done < units {
        let Some((wide, used)) = codec.decode(rest) else { break };
        done += wide.as_slice().len();
        rest = &rest[used.max(1).min(rest.len())..];
    }
    rest.as_ptr()
}

/// Wide text as multibyte text; the source's pointer moves along.
#[shim(ix = {msvcrt: 779, ucrtbase: 881}, mapping = "the locale's code page", risk = Wrong("wrong text"))]
pub unsafe extern "C" fn wcsrtombs(to: *mut u8, from: *mut *const u16, count: usize, _state: *mut u32) -> usize {
    let Some(from) = from.as_mut() else {
        errno::set(EINVAL);
        return BAD;
    };
    let codec = locale::current().codec();
    let length = to_bytes(to, *from, count, codec);
    if to.is_null() || length == BAD {
        return length;
    }
    let mut rest = guest::text::wide(*from);
    let whole = length < count;
    let mut done = 0;
    while done < length {
        let Some((bytes, used)) = codec.encode(rest) else { break };
        done += bytes.as_slice().len();
        rest = &rest[used.max(1).min(rest.len())..];
    }
    *from = if whole { core::ptr::null() } else { rest.as_ptr() };
    length
}
