//! The functions that set and answer locales.

use super::super::fault::{Fault, INVALID, Int, Pointer};
use super::super::thread;
use super::conv::Conventions;
use super::{CATEGORIES, CURRENT, LC_COLLATE, LC_CTYPE, Locale, Name, OWN_LOCALES, current, name};
use alloc::string::String;
use core::sync::atomic::Ordering;
use crt::Codec;
use guest::{shim, text};

/// Sets a category of the thread's locale if it has its own, of the process's else; nothing where there is no such locale.
fn set(category: usize, wanted: &str) -> Option<&'static Locale> {
    let before = current();
    let now = Locale::interned(name::change(&before.names, category, wanted)?);
    let thread = thread::current();
    if thread.own_locale.get() {
        thread.locale.set(core::ptr::from_ref(now).cast());
    } else {
        CURRENT.store(core::ptr::from_ref(now).cast_mut(), Ordering::Release);
        super::super::data::follow(now);
    }
    Some(now)
}

fn category_of(category: i32) -> Result<usize, Fault> {
    usize::try_from(category).ok().filter(|category| *category < CATEGORIES).ok_or(INVALID)
}

fn create(category: i32, wanted: &str) -> *mut Locale {
    let Ok(category) = category_of(category) else { return core::ptr::null_mut() };
    match name::change(&[Name::C; CATEGORIES], category, wanted) {
        Some(names) => core::ptr::from_ref(Locale::interned(names)).cast_mut(),
        None => core::ptr::null_mut(),
    }
}

fn ascii(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

/// Sets a category of the locale, or answers it where no name is given; NULL for a locale that is not known.
#[shim(ix = {msvcrt: 45, ucrtbase: 78}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn setlocale(category: i32, wanted: *const u8) -> Result<Pointer<u8>, Fault> {
    let category = category_of(category)?;
    let locale = match wanted.is_null() {
        true => Some(current()),
        false => core::str::from_utf8(text::narrow(wanted)).ok().and_then(|wanted| set(category, wanted)),
    };
    Ok(Pointer(locale.map_or(core::ptr::null(), |locale| locale.texts[category].0.as_ptr()).cast_mut()))
}

/// As `setlocale`.
#[shim(ix = {msvcrt: 298, ucrtbase: 529}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn _wsetlocale(category: i32, wanted: *const u16) -> Result<Pointer<u16>, Fault> {
    let category = category_of(category)?;
    let locale = if wanted.is_null() { Some(current()) } else { set(category, &ascii(text::wide(wanted))) };
    Ok(Pointer(locale.map_or(core::ptr::null(), |locale| locale.texts[category].1.as_ptr()).cast_mut()))
}

/// How the locale writes numbers and amounts of money.
#[shim(ix = {msvcrt: 23, ucrtbase: 74}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn localeconv() -> *const Conventions {
    &raw const current().conventions
}

/// Gives the thread its own locale (1) or the process's (2); answers what it had.
#[shim(ix = {ucrtbase: 3}, mapping = "the runtime's locales", risk = Wrong("a locale of another thread"))]
pub unsafe extern "C" fn _configthreadlocale(kind: i32) -> Result<Int, Fault> {
    const ENABLE: i32 = 1;
    const DISABLE: i32 = 2;
    let thread = thread::current();
    let before = if thread.own_locale.get() { ENABLE } else { DISABLE };
    match kind {
        0 => {}
        ENABLE => {
            thread.locale.set(core::ptr::from_ref(current()).cast());
            thread.own_locale.set(true);
            OWN_LOCALES.store(true, Ordering::Relaxed);
        }
        DISABLE => thread.own_locale.set(false),
        -1 => {}
        _ => return Err(INVALID),
    }
    Ok(Int(before))
}

/// A locale for the functions that take one; NULL for one that is not known.
#[shim(ix = {msvcrt: 418, ucrtbase: 282}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn _create_locale(category: i32, wanted: *const u8) -> *mut Locale {
    match core::str::from_utf8(text::narrow(wanted)) {
        Ok(name) if !wanted.is_null() => create(category, name),
        _ => core::ptr::null_mut(),
    }
}

/// As `_create_locale`.
#[shim(ix = {ucrtbase: 530}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn _wcreate_locale(category: i32, wanted: *const u16) -> *mut Locale {
    if wanted.is_null() { core::ptr::null_mut() } else { create(category, &ascii(text::wide(wanted))) }
}

/// The thread's locale, for the functions that take one.
#[shim(ix = {msvcrt: 419, ucrtbase: 531}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn _get_current_locale() -> *mut Locale {
    core::ptr::from_ref(current()).cast_mut()
}

/// Gives a locale back; it is kept for the next who wants the same.
#[shim(ix = {msvcrt: 420, ucrtbase: 287}, mapping = "the runtime's locales", risk = Functional("memory that is kept"))]
pub unsafe extern "C" fn _free_locale(_locale: *mut Locale) -> () {}

/// The code page of the thread's locale.
#[shim(ix = {msvcrt: 47, ucrtbase: 114}, mapping = "the runtime's locales", risk = Wrong("text in another encoding"))]
pub unsafe extern "C" fn ___lc_codepage_func() -> u32 {
    current().page_of(LC_CTYPE)
}

/// The code page by which the thread's locale compares.
#[shim(ix = {msvcrt: 421, ucrtbase: 167}, mapping = "the runtime's locales", risk = Wrong("text in another encoding"))]
pub unsafe extern "C" fn ___lc_collate_cp_func() -> u32 {
    current().page_of(LC_COLLATE)
}

/// The names of the thread's locale by category, NULL for "C".
#[shim(ix = {ucrtbase: 134}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn ___lc_locale_name_func() -> *const *const u16 {
    current().windows_names.as_ptr()
}

/// The LCIDs of the thread's locale by category, 0 for "C".
#[shim(ix = {msvcrt: 240}, mapping = "the runtime's locales", risk = Wrong("another locale's conventions"))]
pub unsafe extern "C" fn ___lc_handle_func() -> *const u32 {
    const EN_US: u32 = 0x409;
    static HANDLES: [[u32; CATEGORIES]; 2] = [[0; CATEGORIES], [EN_US; CATEGORIES]];
    HANDLES[usize::from(!current().is_c(LC_CTYPE))].as_ptr()
}

/// The bytes of the longest character in the thread's locale.
#[shim(ix = {msvcrt: 55, ucrtbase: 92}, mapping = "the runtime's locales", risk = Wrong("a buffer that is too small"))]
pub unsafe extern "C" fn ___mb_cur_max_func() -> i32 {
    current().page.longest() as i32
}
