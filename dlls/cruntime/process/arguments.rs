//! The command line and what `main` gets of it.

use super::super::fault::{Code, Fault, INVALID};
use super::super::kernel32::{FindClose, FindFirstFileW, FindNextFileW, GetCommandLineA, GetCommandLineW, GetModuleFileNameW, INVALID_HANDLE};
use super::super::variables::variables;
use super::environment;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::null_mut;
use crt::{Unit, argv};
use guest::{nls, shim, text};
use windows_sys::Win32::Storage::FileSystem::WIN32_FIND_DATAW;

variables! {
    "how many arguments the program has": __argc: i32 = 0;
    "the program's arguments": __argv: *mut *mut u8 = null_mut();
    "the program's arguments, wide": __wargv: *mut *mut u16 = null_mut();
    "the command line": _acmdln: *mut u8 = null_mut();
    "the command line, wide": _wcmdln: *mut u16 = null_mut();
    "the program's path": _pgmptr: *mut u8 = null_mut();
    "the program's path, wide": _wpgmptr: *mut u16 = null_mut();
    "what `__set_app_type` was told": __app_type: i32 = 0;
    "the environment that `main` got": __initenv: *mut *mut u8 = null_mut();
    "the environment that `wmain` got": __winitenv: *mut *mut u16 = null_mut();
}

/// `_crt_argv_mode`: whether and how arguments are made.
const NO_ARGUMENTS: i32 = 0;
const UNEXPANDED: i32 = 1;
const EXPANDED: i32 = 2;

/// Reads the command line.
pub fn start() {
    // SAFETY: the loader calls this before any of the program's threads runs.
    unsafe {
        _acmdln = GetCommandLineA();
        _wcmdln = GetCommandLineW();
    }
}

fn leak<C: Unit>(mut text: Vec<C>) -> *mut C {
    text.push(C::NUL);
    Box::leak(text.into_boxed_slice()).as_mut_ptr()
}

/// The names that a pattern matches.
fn matching(pattern: &[u16]) -> Vec<Vec<u16>> {
    let mut names = Vec::new();
    let pattern: Vec<u16> = pattern.iter().copied().chain([0]).collect();
    // SAFETY: plain data, for which zero is a value.
    let mut found: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
    // SAFETY: the pattern ends in a NUL, and there is room for what is found.
    let search = unsafe { FindFirstFileW(pattern.as_ptr(), &raw mut found) };
    if search == INVALID_HANDLE {
        return names;
    }
    loop {
        let name = &found.cFileName;
        names.push(name[..name.iter().position(|unit| *unit == 0).unwrap_or(name.len())].to_vec());
        // SAFETY: the search is open.
        if unsafe { FindNextFileW(search, &raw mut found) } == 0 {
            break;
        }
    }
    // SAFETY: the search is open.
    unsafe { FindClose(search) };
    names
}

fn to_narrow(units: &[u16]) -> Vec<u8> {
    nls::from_wide(nls::ANSI, units, b'?').map(|(bytes, _)| bytes).unwrap_or_default()
}

fn cut<C: Unit>(line: &[C], expand: bool, list: impl FnMut(&[C]) -> Vec<Vec<C>>) -> (i32, *mut *mut C) {
    let arguments = argv::parse(line, |_| false);
    let arguments = if expand { argv::expand(arguments, list) } else { arguments.into_iter().map(|argument| argument.text).collect() };
    let count = arguments.len() as i32;
    let pointers: Vec<*mut C> = arguments.into_iter().map(leak).chain([null_mut()]).collect();
    (count, Box::leak(pointers.into_boxed_slice()).as_mut_ptr())
}

/// The path of the program's file, without NUL.
fn program() -> Vec<u16> {
    let mut path = alloc::vec![0; 0x8000];
    // SAFETY: there is room for what is said.
    let length = unsafe { GetModuleFileNameW(null_mut(), path.as_mut_ptr(), path.len() as u32) };
    path.truncate(length as usize);
    path
}

unsafe fn make_narrow(mode: i32) {
    let line = text::narrow(_acmdln);
    let list = |pattern: &[u8]| {
        let wide = nls::to_wide(nls::ANSI, pattern, false).unwrap_or_default();
        matching(&wide).iter().map(|name| to_narrow(name)).collect()
    };
    (__argc, __argv) = cut(line, mode == EXPANDED, list);
    if _pgmptr.is_null() {
        _pgmptr = leak(to_narrow(&program()));
    }
}

unsafe fn make_wide(mode: i32) {
    (__argc, __wargv) = cut(text::wide(_wcmdln), mode == EXPANDED, matching);
    if _wpgmptr.is_null() {
        _wpgmptr = leak(program());
    }
}

/// Gives a program its arguments and environment.
#[shim(ix = {msvcrt: 15}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __getmainargs(argc: *mut i32, argv: *mut *mut *mut u8, env: *mut *mut *mut u8, expand: i32, start: *const i32) -> i32 {
    super::super::heap::set_mode(start.as_ref().copied().unwrap_or_default());
    make_narrow(if expand != 0 { EXPANDED } else { UNEXPANDED });
    __initenv = environment::narrow();
    *argc = __argc;
    *argv = __argv;
    *env = __initenv;
    0
}

/// Gives a program its wide arguments and environment.
#[shim(ix = {msvcrt: 158}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __wgetmainargs(argc: *mut i32, argv: *mut *mut *mut u16, env: *mut *mut *mut u16, expand: i32, start: *const i32) -> i32 {
    super::super::heap::set_mode(start.as_ref().copied().unwrap_or_default());
    make_wide(if expand != 0 { EXPANDED } else { UNEXPANDED });
    __winitenv = environment::wide();
    *argc = __argc;
    *argv = __wargv;
    *env = __winitenv;
    0
}

/// Makes the arguments.
#[shim(ix = {ucrtbase: 13}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn _configure_narrow_argv(mode: i32) -> Result<Code, Fault> {
    match mode {
        NO_ARGUMENTS => {}
        UNEXPANDED | EXPANDED => make_narrow(mode),
        _ => return Err(INVALID),
    }
    Ok(Code)
}

/// Makes the wide arguments.
#[shim(ix = {ucrtbase: 80}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn _configure_wide_argv(mode: i32) -> Result<Code, Fault> {
    match mode {
        NO_ARGUMENTS => {}
        UNEXPANDED | EXPANDED => make_wide(mode),
        _ => return Err(INVALID),
    }
    Ok(Code)
}

/// Says what kind of program it is.
#[shim(ix = {msvcrt: 2}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __set_app_type(kind: i32) {
    __app_type = kind;
}

/// Says what kind of program it is.
#[shim(ix = {ucrtbase: 6}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn _set_app_type(kind: i32) {
    __app_type = kind;
}

/// Answers what kind of program it is.
#[shim(ix = {ucrtbase: 532}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn _query_app_type() -> i32 {
    __app_type
}

/// Where the number of arguments lies.
#[shim(ix = {msvcrt: 422, ucrtbase: 16}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p___argc() -> *mut i32 {
    &raw mut __argc
}

/// Where the pointer to the arguments lies.
#[shim(ix = {msvcrt: 247, ucrtbase: 24}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p___argv() -> *mut *mut *mut u8 {
    &raw mut __argv
}

/// Where the pointer to the wide arguments lies.
#[shim(ix = {msvcrt: 423, ucrtbase: 135}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p___wargv() -> *mut *mut *mut u16 {
    &raw mut __wargv
}

/// Where the pointer to the command line lies.
#[shim(ix = {msvcrt: 117, ucrtbase: 277}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p__acmdln() -> *mut *mut u8 {
    &raw mut _acmdln
}

/// Where the pointer to the wide command line lies.
#[shim(ix = {msvcrt: 424, ucrtbase: 533}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p__wcmdln() -> *mut *mut u16 {
    &raw mut _wcmdln
}

/// Where the pointer to the program's path lies.
#[shim(ix = {msvcrt: 425, ucrtbase: 534}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p__pgmptr() -> *mut *mut u8 {
    &raw mut _pgmptr
}

/// Where the pointer to the program's wide path lies.
#[shim(ix = {msvcrt: 426, ucrtbase: 535}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p__wpgmptr() -> *mut *mut u16 {
    &raw mut _wpgmptr
}

/// Where the pointer to the initial environment lies.
#[shim(ix = {msvcrt: 192}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p___initenv() -> *mut *mut *mut u8 {
    &raw mut __initenv
}

/// Where the pointer to the initial wide environment lies.
#[shim(ix = {msvcrt: 427}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn __p___winitenv() -> *mut *mut *mut u16 {
    &raw mut __winitenv
}

/// What follows the program's name on a command line.
fn behind_name<C: Unit>(line: &[C]) -> usize {
    let mut inside = false;
    let mut at = 0;
    while let Some(unit) = line.get(at).map(|unit| unit.ascii()) {
        match unit {
            b'"' => inside = !inside,
            b' ' | b'\t' if !inside => break,
            _ => {}
        }
        at += 1;
    }
    at + line[at..].iter().take_while(|unit| matches!(unit.ascii(), b' ' | b'\t')).count()
}

/// The command line without the program's name, for `WinMain`.
#[shim(ix = {ucrtbase: 198}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn _get_narrow_winmain_command_line() -> *mut u8 {
    _acmdln.add(behind_name(text::narrow(_acmdln)))
}

/// The command line without the program's name, for `wWinMain`.
#[shim(ix = {ucrtbase: 249}, mapping = "GetCommandLineW", risk = Wrong("arguments that are cut wrongly"))]
pub unsafe extern "C" fn _get_wide_winmain_command_line() -> *mut u16 {
    _wcmdln.add(behind_name(text::wide(_wcmdln)))
}
