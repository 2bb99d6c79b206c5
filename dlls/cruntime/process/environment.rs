//! The environment of the process, as the arrays that programs walk through.

use super::super::errno::{EINVAL, ERANGE};
use super::super::fault::{Code, Fault, INVALID, Int, NO_MEMORY, Pointer};
use super::super::heap;
use super::super::kernel32::{FreeEnvironmentStringsW, GetEnvironmentStringsW, SetEnvironmentVariableW};
use super::super::lock::{self, hold};
use super::super::variables::variables;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::null_mut;
use crt::Unit;
use guest::{nls, shim, text};

variables! {
    "the environment": _environ: *mut *mut u8 = null_mut();
    "the environment, wide": _wenviron: *mut *mut u16 = null_mut();
}

/// A form of the environment: each entry is `NAME=value`, and a NULL ends the array.
trait Form: Unit {
    fn array() -> *mut *mut *mut Self;
    fn of_wide(units: &[u16]) -> Vec<Self>;
    fn wide(units: &[Self]) -> Vec<u16>;
    unsafe fn units<'a>(text: *const Self) -> &'a [Self];
}

impl Form for u8 {
    fn array() -> *mut *mut *mut u8 {
        &raw mut _environ
    }
    fn of_wide(units: &[u16]) -> Vec<u8> {
        nls::from_wide(nls::ANSI, units, b'?').map(|(bytes, _)| bytes).unwrap_or_default()
    }
    fn wide(units: &[u8]) -> Vec<u16> {
        nls::to_wide(nls::ANSI, units, false).unwrap_or_default()
    }
    unsafe fn units<'a>(text: *const u8) -> &'a [u8] {
        // SAFETY: as the caller promises.
        unsafe { text::narrow(text) }
    }
}

impl Form for u16 {
    fn array() -> *mut *mut *mut u16 {
        &raw mut _wenviron
    }
    fn of_wide(units: &[u16]) -> Vec<u16> {
        units.to_vec()
    }
    fn wide(units: &[u16]) -> Vec<u16> {
        units.to_vec()
    }
    unsafe fn units<'a>(text: *const u16) -> &'a [u16] {
        // SAFETY: as the caller promises.
        unsafe { text::wide(text) }
    }
}

/// Entries are never given back: `getenv` has answered pointers into them.
fn leak<C: Unit>(mut text: Vec<C>) -> *mut C {
    text.push(C::NUL);
    Box::leak(text.into_boxed_slice()).as_mut_ptr()
}

/// Makes the array that the program's runtime always has.
pub fn start() {
    if cfg!(dll = "msvcrt") {
        narrow();
    }
}

/// The environment's array, made at the first call.
fn array<C: Form>() -> *mut *mut C {
    let _held = hold(lock::ENVIRONMENT);
    let place = C::array();
    // SAFETY: the lock is held; the block ends in two NULs.
    unsafe {
        if !(*place).is_null() {
            return *place;
        }
        let block = GetEnvironmentStringsW();
        let mut entries = Vec::new();
        let mut at: *const u16 = block;
        while !at.is_null() && *at != 0 {
            let entry = text::wide(at);
            at = at.add(entry.len() + 1);
            // What starts with `=` are the drives' folders, which no program asks for by name.
            if entry.first() != Some(&u16::from(b'=')) {
                entries.push(leak(C::of_wide(entry)));
            }
        }
        if !block.is_null() {
            FreeEnvironmentStringsW(block);
        }
        *place = publish(entries);
        *place
    }
}

/// An array on the heap.
fn publish<C>(entries: Vec<*mut C>) -> *mut *mut C {
    let entries: Vec<*mut C> = entries.into_iter().chain([null_mut()]).collect();
    Box::leak(entries.into_boxed_slice()).as_mut_ptr()
}

pub fn narrow() -> *mut *mut u8 {
    array()
}

pub fn wide() -> *mut *mut u16 {
    array()
}

fn same<C: Unit>(entry: &[C], name: &[C]) -> bool {
    entry.len() > name.len()
        && entry[name.len()].ascii() == b'='
        && entry.iter().zip(name).all(|(one, other)| crt::class::to_lower(*one) == crt::class::to_lower(*other))
}

/// The entries of the array.
unsafe fn entries<'a, C>(array: *mut *mut C) -> &'a mut [*mut C] {
    let mut count = 0;
    // SAFETY: a NULL ends the array.
    unsafe {
        while !(*array.add(count)).is_null() {
            count += 1;
        }
        core::slice::from_raw_parts_mut(array, count)
    }
}

/// Where a variable's value lies, or NULL.
fn find<C: Form>(name: &[C]) -> *mut C {
    let _held = hold(lock::ENVIRONMENT);
    // SAFETY: the lock is held; the entries are strings.
    unsafe {
        for entry in entries(array::<C>()) {
            if same(C::units(*entry), name) {
                return entry.add(name.len() + 1);
            }
        }
    }
    null_mut()
}

/// A variable's value.
pub fn value(name: &str) -> Option<&'static [u16]> {
    let name: Vec<u16> = name.encode_utf16().collect();
    let found = find(&name);
    // SAFETY: entries stay where they are.
    (!found.is_null()).then(|| unsafe { text::wide(found) })
}

/// Changes an array, if there is one; no value removes the variable.
fn change<C: Form>(name: &[C], value: Option<&[C]>) {
    let place = C::array();
    // SAFETY: the lock is held.
    unsafe {
        if (*place).is_null() {
            return;
        }
        let mut all = entries(*place).to_vec();
        let found = all.iter().position(|entry| same(C::units(*entry), name));
        let entry = value.map(|value| leak([name, &[C::from_ascii(b'=')], value].concat()));
        match (found, entry) {
            (Some(at), Some(entry)) => {
                *(*place).add(at) = entry;
                return;
            }
            (Some(at), None) => {
                all.remove(at);
            }
            (None, Some(entry)) => all.push(entry),
            (None, None) => return,
        }
        *place = publish(all);
    }
}

/// Sets or removes a variable, here and in the process.
fn set<C: Form>(name: &[C], value: &[C]) -> Result<(), Fault> {
    if name.is_empty() || name.iter().any(|unit| unit.ascii() == b'=') {
        return Err(INVALID);
    }
    array::<C>();
    let _held = hold(lock::ENVIRONMENT);
    let (wide_name, wide_value) = (C::wide(name), C::wide(value));
    let kept = (!value.is_empty()).then_some(());
    change::<u16>(&wide_name, kept.map(|()| &wide_value[..]));
    change::<u8>(&u8::of_wide(&wide_name), kept.map(|()| u8::of_wide(&wide_value)).as_deref());
    let terminated = |text: &[u16]| text.iter().copied().chain([0]).collect::<Vec<u16>>();
    let (wide_name, wide_value) = (terminated(&wide_name), terminated(&wide_value));
    let value = if kept.is_some() { wide_value.as_ptr() } else { core::ptr::null() };
    // SAFETY: both end in a NUL. Removing what is not there fails, and is none for the runtime.
    let set = unsafe { SetEnvironmentVariableW(wide_name.as_ptr(), value) };
    if set == 0 && kept.is_some() { Err(Fault::last()) } else { Ok(()) }
}

unsafe fn put<C: Form>(text: *const C) -> Result<Int, Fault> {
    if text.is_null() {
        return Err(INVALID);
    }
    // SAFETY: it is a string.
    let text = unsafe { C::units(text) };
    let at = text.iter().position(|unit| unit.ascii() == b'=').filter(|at| *at > 0).ok_or(Fault::Errno(EINVAL))?;
    set(&text[..at], &text[at + 1..]).map(|()| Int(0))
}

unsafe fn put_s<C: Form>(name: *const C, value: *const C) -> Result<Code, Fault> {
    if name.is_null() || value.is_null() {
        return Err(INVALID);
    }
    // SAFETY: both are strings.
    unsafe { set(C::units(name), C::units(value)).map(|()| Code) }
}

unsafe fn get_s<C: Form>(needed: *mut usize, buffer: *mut C, size: usize, name: *const C) -> Result<Code, Fault> {
    if needed.is_null() || name.is_null() || buffer.is_null() != (size == 0) {
        return Err(INVALID);
    }
    // SAFETY: the program's pointers.
    unsafe {
        *needed = 0;
        if size > 0 {
            *buffer = C::NUL;
        }
        let found = find(C::units(name));
        if found.is_null() {
            return Ok(Code);
        }
        let value = C::units(found);
        *needed = value.len() + 1;
        if size == 0 {
            return Ok(Code);
        }
        if value.len() >= size {
            return Err(Fault::Quiet(ERANGE));
        }
        buffer.copy_from_nonoverlapping(value.as_ptr(), value.len());
        *buffer.add(value.len()) = C::NUL;
    }
    Ok(Code)
}

unsafe fn duplicate<C: Form>(buffer: *mut *mut C, length: *mut usize, name: *const C) -> Result<Code, Fault> {
    if buffer.is_null() || name.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's pointers.
    unsafe {
        *buffer = null_mut();
        let mut count = 0;
        let found = find(C::units(name));
        if !found.is_null() {
            let value = C::units(found);
            *buffer = heap::duplicate(value).map_err(|_| NO_MEMORY)?.0;
            count = value.len() + 1;
        }
        if let Some(length) = length.as_mut() {
            *length = count;
        }
    }
    Ok(Code)
}

/// The value of a variable of the environment, or NULL.
#[shim(ix = {msvcrt: 72, ucrtbase: 33}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn getenv(name: *const u8) -> Result<Pointer<u8>, Fault> {
    if name.is_null() { Err(INVALID) } else { Ok(Pointer(find(text::narrow(name)))) }
}

/// The value of a variable of the environment, or NULL.
#[shim(ix = {msvcrt: 175, ucrtbase: 375}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _wgetenv(name: *const u16) -> Result<Pointer<u16>, Fault> {
    if name.is_null() { Err(INVALID) } else { Ok(Pointer(find(text::wide(name)))) }
}

/// Copies the value of a variable into a buffer.
#[shim(ix = {msvcrt: 428, ucrtbase: 149}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn getenv_s(needed: *mut usize, buffer: *mut u8, size: usize, name: *const u8) -> Result<Code, Fault> {
    get_s(needed, buffer, size, name)
}

/// Copies the value of a variable into a buffer.
#[shim(ix = {msvcrt: 429, ucrtbase: 182}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _wgetenv_s(needed: *mut usize, buffer: *mut u16, size: usize, name: *const u16) -> Result<Code, Fault> {
    get_s(needed, buffer, size, name)
}

/// Copies the value of a variable into new memory.
#[shim(ix = {msvcrt: 430, ucrtbase: 536}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _dupenv_s(buffer: *mut *mut u8, length: *mut usize, name: *const u8) -> Result<Code, Fault> {
    duplicate(buffer, length, name)
}

/// Copies the value of a variable into new memory.
#[shim(ix = {msvcrt: 431, ucrtbase: 537}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _wdupenv_s(buffer: *mut *mut u16, length: *mut usize, name: *const u16) -> Result<Code, Fault> {
    duplicate(buffer, length, name)
}

/// Sets (`NAME=value`) or removes (`NAME=`) a variable.
#[shim(ix = {msvcrt: 272, ucrtbase: 538}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _putenv(entry: *const u8) -> Result<Int, Fault> {
    put(entry)
}

/// Sets (`NAME=value`) or removes (`NAME=`) a variable.
#[shim(ix = {msvcrt: 296, ucrtbase: 539}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _wputenv(entry: *const u16) -> Result<Int, Fault> {
    put(entry)
}

/// Sets a variable, or removes it where the value is empty.
#[shim(ix = {msvcrt: 210, ucrtbase: 177}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _putenv_s(name: *const u8, value: *const u8) -> Result<Code, Fault> {
    put_s(name, value)
}

/// Sets a variable, or removes it where the value is empty.
#[shim(ix = {msvcrt: 432, ucrtbase: 540}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _wputenv_s(name: *const u16, value: *const u16) -> Result<Code, Fault> {
    put_s(name, value)
}

/// Makes the narrow environment.
#[shim(ix = {ucrtbase: 14}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _initialize_narrow_environment() -> i32 {
    narrow();
    0
}

/// Makes the wide environment.
#[shim(ix = {ucrtbase: 82}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _initialize_wide_environment() -> i32 {
    wide();
    0
}

/// The narrow environment for `main`.
#[shim(ix = {ucrtbase: 40}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _get_initial_narrow_environment() -> *mut *mut u8 {
    narrow()
}

/// The wide environment for `wmain`.
#[shim(ix = {ucrtbase: 197}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn _get_initial_wide_environment() -> *mut *mut u16 {
    wide()
}

/// Where the pointer to the environment lies.
#[shim(ix = {msvcrt: 248, ucrtbase: 195}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn __p__environ() -> *mut *mut *mut u8 {
    &raw mut _environ
}

/// Where the pointer to the wide environment lies.
#[shim(ix = {msvcrt: 433, ucrtbase: 278}, mapping = "the runtime's copy of the environment", risk = Wrong("a wrong value"))]
pub unsafe extern "C" fn __p__wenviron() -> *mut *mut *mut u16 {
    &raw mut _wenviron
}
