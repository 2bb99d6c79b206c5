//! stdlib.h, string.h, time.h, math.h and process.h, of both C runtimes.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{CStr, c_void};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicI32, Ordering};
use guests::{Cases, Kind, holds, same};

const EINVAL: i32 = 22;
const ERANGE: i32 = 34;
const EDOM: i32 = 33;

/// `struct tm`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Date {
    sec: i32,
    min: i32,
    hour: i32,
    mday: i32,
    mon: i32,
    year: i32,
    wday: i32,
    yday: i32,
    isdst: i32,
}

static SEEN: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" fn note(signal: i32) {
    SEEN.store(signal, Ordering::SeqCst);
}

unsafe extern "system" fn thread(argument: *mut c_void) -> u32 {
    SEEN.store(argument as i32, Ordering::SeqCst);
    7
}

unsafe extern "C" fn by_number(one: *const c_void, other: *const c_void) -> i32 {
    let (one, other) = unsafe { (*one.cast::<i32>(), *other.cast::<i32>()) };
    (one > other) as i32 - (one < other) as i32
}

unsafe extern "C" fn ignore(_: *const u16, _: *const u16, _: *const u16, _: u32, _: usize) {}

/// The bytes of a C string.
fn text(at: *const u8) -> String {
    if at.is_null() {
        return String::from("NULL");
    }
    String::from_utf8_lossy(unsafe { CStr::from_ptr(at.cast()) }.to_bytes()).into_owned()
}

#[cfg_attr(target_arch = "x86", link(name = "kernel32", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "kernel32", kind = "raw-dylib"))]
unsafe extern "system" {
    fn WaitForSingleObject(handle: *mut c_void, milliseconds: u32) -> u32;
    fn GetExitCodeThread(thread: *mut c_void, code: *mut u32) -> i32;
    fn CloseHandle(handle: *mut c_void) -> i32;
    fn GetEnvironmentVariableA(name: *const u8, to: *mut u8, size: u32) -> u32;
}

#[cfg_attr(target_arch = "x86", link(name = "ucrtbase", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "ucrtbase", kind = "raw-dylib"))]
unsafe extern "C" {
    #[cfg_attr(target_arch = "x86", link_name = "__set_invalid_parameter_handler")]
    fn _set_invalid_parameter_handler(handler: unsafe extern "C" fn(*const u16, *const u16, *const u16, u32, usize)) -> usize;
}

macro_rules! runtime {
    ($module:ident, $dll:literal) => {
        mod $module {
            use super::*;

            #[cfg_attr(target_arch = "x86", link(name = $dll, kind = "raw-dylib", import_name_type = "undecorated"))]
            #[cfg_attr(not(target_arch = "x86"), link(name = $dll, kind = "raw-dylib"))]
            unsafe extern "C" {
                #[cfg_attr(target_arch = "x86", link_name = "__errno")]
                fn _errno() -> *mut i32;
                fn malloc(size: usize) -> *mut u8;
                fn calloc(count: usize, size: usize) -> *mut u8;
                fn realloc(memory: *mut u8, size: usize) -> *mut u8;
                fn free(memory: *mut u8);
                #[cfg_attr(target_arch = "x86", link_name = "__msize")]
                fn _msize(memory: *mut u8) -> usize;
                #[cfg_attr(target_arch = "x86", link_name = "__aligned_malloc")]
                fn _aligned_malloc(size: usize, alignment: usize) -> *mut u8;
                #[cfg_attr(target_arch = "x86", link_name = "__aligned_realloc")]
                fn _aligned_realloc(memory: *mut u8, size: usize, alignment: usize) -> *mut u8;
                #[cfg_attr(target_arch = "x86", link_name = "__aligned_free")]
                fn _aligned_free(memory: *mut u8);
                fn strtol(text: *const u8, end: *mut *const u8, base: i32) -> i32;
                fn strtod(text: *const u8, end: *mut *const u8) -> f64;
                fn atoi(text: *const u8) -> i32;
                #[cfg_attr(target_arch = "x86", link_name = "__itoa")]
                fn _itoa(value: i32, to: *mut u8, radix: i32) -> *mut u8;
                fn qsort(base: *mut c_void, count: usize, size: usize, compare: unsafe extern "C" fn(*const c_void, *const c_void) -> i32);
                fn bsearch(
                    key: *const c_void,
                    base: *const c_void,
                    count: usize,
                    size: usize,
                    compare: unsafe extern "C" fn(*const c_void, *const c_void) -> i32,
                ) -> *const c_void;
                fn rand() -> i32;
                fn srand(seed: u32);
                fn getenv(name: *const u8) -> *const u8;
                #[cfg_attr(target_arch = "x86", link_name = "__putenv")]
                fn _putenv(entry: *const u8) -> i32;
                #[cfg_attr(target_arch = "x86", link_name = "__wgetenv")]
                fn _wgetenv(name: *const u16) -> *const u16;
                #[cfg_attr(target_arch = "x86", link_name = "__splitpath")]
                fn _splitpath(path: *const u8, drive: *mut u8, directory: *mut u8, name: *mut u8, extension: *mut u8);
                #[cfg_attr(target_arch = "x86", link_name = "__makepath")]
                fn _makepath(to: *mut u8, drive: *const u8, directory: *const u8, name: *const u8, extension: *const u8);
                fn strcpy_s(to: *mut u8, size: usize, from: *const u8) -> i32;
                fn strtok(text: *mut u8, delimiters: *const u8) -> *mut u8;
                fn strstr(text: *const u8, wanted: *const u8) -> *const u8;
                fn strcspn(text: *const u8, set: *const u8) -> usize;
                #[cfg_attr(target_arch = "x86", link_name = "__stricmp")]
                fn _stricmp(one: *const u8, other: *const u8) -> i32;
                #[cfg_attr(target_arch = "x86", link_name = "__strdup")]
                fn _strdup(text: *const u8) -> *mut u8;
                fn strerror(code: i32) -> *const u8;
                fn mbstowcs(to: *mut u16, from: *const u8, count: usize) -> usize;
                fn wcstombs(to: *mut u8, from: *const u16, count: usize) -> usize;
                fn setlocale(category: i32, name: *const u8) -> *const u8;
                #[cfg_attr(target_arch = "x86", link_name = "__gmtime64")]
                fn _gmtime64(time: *const i64) -> *const Date;
                #[cfg_attr(target_arch = "x86", link_name = "__mkgmtime64")]
                fn _mkgmtime64(date: *mut Date) -> i64;
                #[cfg_attr(target_arch = "x86", link_name = "__mktime64")]
                fn _mktime64(date: *mut Date) -> i64;
                #[cfg_attr(target_arch = "x86", link_name = "__localtime64")]
                fn _localtime64(time: *const i64) -> *const Date;
                fn strftime(to: *mut u8, size: usize, format: *const u8, date: *const Date) -> usize;
                fn asctime(date: *const Date) -> *const u8;
                #[cfg_attr(target_arch = "x86", link_name = "__time64")]
                fn _time64(to: *mut i64) -> i64;
                fn sqrt(x: f64) -> f64;
                fn pow(x: f64, y: f64) -> f64;
                fn floor(x: f64) -> f64;
                fn fmod(x: f64, y: f64) -> f64;
                fn log(x: f64) -> f64;
                fn frexp(x: f64, exponent: *mut i32) -> f64;
                fn modf(x: f64, whole: *mut f64) -> f64;
                fn signal(number: i32, handler: usize) -> usize;
                fn raise(number: i32) -> i32;
                #[cfg_attr(target_arch = "x86", link_name = "__beginthreadex")]
                fn _beginthreadex(
                    security: *const c_void,
                    stack: u32,
                    start: unsafe extern "system" fn(*mut c_void) -> u32,
                    argument: *mut c_void,
                    flags: u32,
                    id: *mut u32,
                ) -> usize;
            }

            fn error() -> i32 {
                unsafe { *_errno() }
            }

            fn clear() {
                unsafe { *_errno() = 0 };
            }

            fn run(cases: &mut Cases, functions: &str, kind: Kind, what: &str, case: impl FnOnce() -> Result<(), String>) {
                let names: Vec<String> = functions.split(' ').map(|name| alloc::format!("{}!{name}", $dll)).collect();
                cases.run(&names.join(" "), kind, what, None, case);
            }

            pub fn cases(cases: &mut Cases) {
                memory(cases);
                numbers(cases);
                strings(cases);
                environment(cases);
                dates(cases);
                math(cases);
                process(cases);
            }

            fn memory(cases: &mut Cases) {
                run(cases, "malloc realloc _msize free", Kind::Success, "a block keeps its bytes and its size", || unsafe {
                    let block = malloc(100);
                    holds!(!block.is_null());
                    same!(_msize(block), 100);
                    block.write_bytes(0x5A, 100);
                    let block = realloc(block, 10_000);
                    same!(_msize(block), 10_000);
                    same!((*block, *block.add(99)), (0x5A, 0x5A));
                    free(block);
                    free(null_mut());
                    Ok(())
                });
                run(cases, "calloc", Kind::Success, "zeroes", || unsafe {
                    let block = calloc(10, 10);
                    holds!((0..100).all(|index| *block.add(index) == 0));
                    free(block);
                    Ok(())
                });
                run(cases, "calloc malloc", Kind::Failure, "more than there is", || unsafe {
                    clear();
                    // The compiler knows these names, and would leave the calls out.
                    holds!(core::hint::black_box(calloc(core::hint::black_box(usize::MAX / 2), 3)).is_null());
                    holds!(core::hint::black_box(malloc(core::hint::black_box(usize::MAX - 100))).is_null());
                    same!(error(), 12);
                    Ok(())
                });
                run(cases, "_aligned_malloc _aligned_realloc _aligned_free", Kind::Success, "an alignment of a page", || unsafe {
                    let block = _aligned_malloc(10, 4096);
                    same!(block as usize % 4096, 0);
                    block.write_bytes(7, 10);
                    let block = _aligned_realloc(block, 10_000, 4096);
                    same!((block as usize % 4096, *block, *block.add(9)), (0, 7, 7));
                    _aligned_free(block);
                    Ok(())
                });
            }

            fn numbers(cases: &mut Cases) {
                run(cases, "strtol", Kind::Success, "bases, signs and where the number ends", || unsafe {
                    let mut end = null();
                    let line = c"  -0x1Fz".as_ptr().cast::<u8>();
                    same!((strtol(line, &raw mut end, 16), end.offset_from(line)), (-31, 7));
                    same!((strtol(line, &raw mut end, 0), end.offset_from(line)), (-31, 7));
                    same!(strtol(c"077".as_ptr().cast(), null_mut(), 0), 63);
                    Ok(())
                });
                run(cases, "strtol", Kind::Failure, "a number that is too large", || unsafe {
                    clear();
                    same!((strtol(c"99999999999".as_ptr().cast(), null_mut(), 10), error()), (i32::MAX, ERANGE));
                    Ok(())
                });
                run(cases, "strtod atoi _itoa", Kind::Success, "numbers from text and back", || unsafe {
                    let mut end = null();
                    let line = c"1.5e3x".as_ptr().cast::<u8>();
                    same!((strtod(line, &raw mut end), end.offset_from(line)), (1500.0, 5));
                    same!(atoi(c" 42abc".as_ptr().cast()), 42);
                    let mut room = [0u8; 40];
                    same!(text(_itoa(-255, room.as_mut_ptr(), 16)), String::from("ffffff01"));
                    same!(text(_itoa(-255, room.as_mut_ptr(), 10)), String::from("-255"));
                    Ok(())
                });
                run(cases, "qsort bsearch", Kind::Success, "a thousand numbers in order", || unsafe {
                    let mut numbers: Vec<i32> = (0..1000).map(|index| (index * 7919) % 1000).collect();
                    qsort(numbers.as_mut_ptr().cast(), 1000, 4, by_number);
                    holds!((0..1000).all(|index| numbers[index as usize] == index));
                    let key = 500i32;
                    let found = bsearch((&raw const key).cast(), numbers.as_ptr().cast(), 1000, 4, by_number);
                    same!(found.cast::<i32>(), numbers[500..].as_ptr());
                    let key = 5000i32;
                    holds!(bsearch((&raw const key).cast(), numbers.as_ptr().cast(), 1000, 4, by_number).is_null());
                    Ok(())
                });
                run(cases, "rand srand", Kind::Total, "the known sequence", || unsafe {
                    srand(1);
                    same!((rand(), rand(), rand()), (41, 18467, 6334));
                    Ok(())
                });
            }

            fn strings(cases: &mut Cases) {
                run(cases, "strcpy_s", Kind::Failure, "a room that is too small", || unsafe {
                    let mut room = [1u8; 4];
                    same!(strcpy_s(room.as_mut_ptr(), 4, c"four".as_ptr().cast()), ERANGE);
                    same!(room[0], 0);
                    Ok(())
                });
                run(cases, "strtok strstr strcspn _stricmp _strdup", Kind::Total, "searching and cutting", || unsafe {
                    let mut line = *b"one, two;three\0";
                    let set = c" ,;".as_ptr().cast();
                    same!(text(strtok(line.as_mut_ptr(), set)), String::from("one"));
                    same!(text(strtok(null_mut(), set)), String::from("two"));
                    same!(text(strtok(null_mut(), set)), String::from("three"));
                    holds!(strtok(null_mut(), set).is_null());
                    let line = c"a needle".as_ptr().cast();
                    same!(text(strstr(line, c"need".as_ptr().cast())), String::from("needle"));
                    same!(strcspn(line, c"nx".as_ptr().cast()), 2);
                    same!(_stricmp(c"ABC".as_ptr().cast(), c"abc".as_ptr().cast()), 0);
                    holds!(_stricmp(c"ABD".as_ptr().cast(), c"abc".as_ptr().cast()) > 0);
                    let copy = _strdup(line);
                    same!(text(copy), String::from("a needle"));
                    free(copy);
                    Ok(())
                });
                run(cases, "mbstowcs wcstombs", Kind::Total, "the C locale keeps bytes, and has no others", || unsafe {
                    let mut wide = [0u16; 8];
                    same!(mbstowcs(wide.as_mut_ptr(), c"a\xE9".as_ptr().cast(), 8), 2);
                    same!(&wide[..3], &[0x61, 0xE9, 0][..]);
                    let mut narrow = [0u8; 8];
                    same!((wcstombs(narrow.as_mut_ptr(), wide.as_ptr(), 8), narrow[1]), (2, 0xE9));
                    clear();
                    same!((wcstombs(narrow.as_mut_ptr(), [0x20AC, 0].as_ptr(), 8), error()), (usize::MAX, 42));
                    Ok(())
                });
                run(cases, "setlocale", Kind::Success, "the C locale is there at the start", || unsafe {
                    same!(text(setlocale(0, null())), String::from("C"));
                    Ok(())
                });
                run(cases, "setlocale", Kind::Failure, "a locale that is none", || unsafe {
                    holds!(setlocale(0, c"no such place".as_ptr().cast()).is_null());
                    Ok(())
                });
                run(cases, "strerror", Kind::Total, "messages", || unsafe {
                    same!(text(strerror(2)), String::from("No such file or directory"));
                    same!(text(strerror(12345)), String::from("Unknown error"));
                    Ok(())
                });
                run(cases, "_splitpath _makepath", Kind::Total, "a path taken apart and put together", || unsafe {
                    let (mut drive, mut directory, mut name, mut extension) = ([0u8; 3], [0u8; 256], [0u8; 256], [0u8; 256]);
                    _splitpath(
                        c"C:\\a\\b.c\\name.tar.gz".as_ptr().cast(),
                        drive.as_mut_ptr(),
                        directory.as_mut_ptr(),
                        name.as_mut_ptr(),
                        extension.as_mut_ptr(),
                    );
                    let parts = [text(drive.as_ptr()), text(directory.as_ptr()), text(name.as_ptr()), text(extension.as_ptr())];
                    same!(parts.join("|"), String::from("C:|\\a\\b.c\\|name.tar|.gz"));
                    let mut path = [0u8; 260];
                    _makepath(path.as_mut_ptr(), c"D".as_ptr().cast(), c"dir".as_ptr().cast(), c"f".as_ptr().cast(), c"x".as_ptr().cast());
                    same!(text(path.as_ptr()), String::from("D:dir\\f.x"));
                    Ok(())
                });
            }

            fn environment(cases: &mut Cases) {
                run(cases, "_putenv getenv _wgetenv", Kind::Success, "a variable is set, found by any case, and goes", || unsafe {
                    let name = c"Crt_Test".as_ptr().cast::<u8>();
                    same!(_putenv(c"Crt_Test=value".as_ptr().cast()), 0);
                    same!(text(getenv(c"CRT_TEST".as_ptr().cast())), String::from("value"));
                    let wide: Vec<u16> = "crt_test\0".encode_utf16().collect();
                    same!(*_wgetenv(wide.as_ptr()), u16::from(b'v'));
                    let mut room = [0u8; 16];
                    same!(GetEnvironmentVariableA(name, room.as_mut_ptr(), 16), 5);
                    same!(_putenv(c"Crt_Test=".as_ptr().cast()), 0);
                    holds!(getenv(name).is_null());
                    same!(GetEnvironmentVariableA(name, room.as_mut_ptr(), 16), 0);
                    Ok(())
                });
                run(cases, "_putenv", Kind::Failure, "an entry without a name", || unsafe {
                    same!(_putenv(c"novalue".as_ptr().cast()), -1);
                    Ok(())
                });
            }

            fn dates(cases: &mut Cases) {
                const TIME: i64 = 1_234_567_890;
                run(cases, "_gmtime64 _mkgmtime64 strftime asctime", Kind::Success, "a known second", || unsafe {
                    let date = *_gmtime64(&raw const TIME_OF_TEST);
                    same!(date, Date { sec: 30, min: 31, hour: 23, mday: 13, mon: 1, year: 109, wday: 5, yday: 43, isdst: 0 });
                    let mut again = date;
                    same!(_mkgmtime64(&raw mut again), TIME);
                    let mut room = [0u8; 64];
                    same!(strftime(room.as_mut_ptr(), 64, c"%a %b %d %H:%M:%S %Y %j %p".as_ptr().cast(), &raw const date), 31);
                    same!(text(room.as_ptr()), String::from("Fri Feb 13 23:31:30 2009 044 PM"));
                    same!(text(asctime(&raw const date)), String::from("Fri Feb 13 23:31:30 2009\n"));
                    Ok(())
                });
                run(cases, "_gmtime64", Kind::Failure, "a time before 1970", || unsafe {
                    let time = -100_000i64;
                    clear();
                    holds!(_gmtime64(&raw const time).is_null());
                    same!(error(), EINVAL);
                    Ok(())
                });
                run(cases, "_localtime64 _mktime64", Kind::Success, "local time and back", || unsafe {
                    let mut date = *_localtime64(&raw const TIME_OF_TEST);
                    same!(_mktime64(&raw mut date), TIME);
                    date.mday += 40;
                    same!(_mktime64(&raw mut date) > TIME, true);
                    same!((date.mon, date.mday), (2, 25));
                    Ok(())
                });
                run(cases, "_time64", Kind::Total, "the time is after this was written", || unsafe {
                    let mut time = 0;
                    same!(_time64(&raw mut time), time);
                    holds!(time > 1_700_000_000);
                    Ok(())
                });
            }

            fn math(cases: &mut Cases) {
                run(cases, "sqrt pow floor fmod frexp modf", Kind::Success, "exact results", || unsafe {
                    same!((sqrt(2.25), pow(2.0, 10.0), floor(-1.5), fmod(-7.0, 3.0)), (1.5, 1024.0, -2.0, -1.0));
                    let (mut exponent, mut whole) = (0, 0.0);
                    same!((frexp(12.0, &raw mut exponent), exponent), (0.75, 4));
                    same!((modf(-3.25, &raw mut whole), whole), (-0.25, -3.0));
                    Ok(())
                });
                run(cases, "log pow fmod", Kind::Failure, "numbers without a result", || unsafe {
                    clear();
                    same!((log(-1.0).is_nan(), error()), (true, EDOM));
                    clear();
                    same!((log(0.0), error()), (f64::NEG_INFINITY, ERANGE));
                    clear();
                    same!((pow(10.0, 400.0), error()), (f64::INFINITY, ERANGE));
                    holds!(fmod(1.0, 0.0).is_nan());
                    Ok(())
                });
            }

            fn process(cases: &mut Cases) {
                run(cases, "signal raise", Kind::Success, "a handler is called once", || unsafe {
                    const SIGTERM: i32 = 15;
                    SEEN.store(0, Ordering::SeqCst);
                    same!(signal(SIGTERM, note as *const () as usize), 0);
                    same!((raise(SIGTERM), SEEN.load(Ordering::SeqCst)), (0, SIGTERM));
                    same!(signal(SIGTERM, 1), 0);
                    same!(raise(SIGTERM), 0);
                    same!(signal(SIGTERM, 0), 1);
                    Ok(())
                });
                let wine = Some("Wine leaves errno as it is");
                cases.run(concat!($dll, "!signal"), Kind::Failure, "a signal that is none", wine, || unsafe {
                    clear();
                    same!((signal(99, 0), error()), (usize::MAX, EINVAL));
                    Ok(())
                });
                run(cases, "_beginthreadex", Kind::Success, "a thread gets its argument, and its result is its exit code", || unsafe {
                    let handle = _beginthreadex(null(), 0, thread, 77 as *mut c_void, 0, null_mut()) as *mut c_void;
                    holds!(!handle.is_null());
                    same!(WaitForSingleObject(handle, 10_000), 0);
                    let mut code = 0;
                    same!((GetExitCodeThread(handle, &raw mut code), code), (1, 7));
                    same!(SEEN.load(Ordering::SeqCst), 77);
                    CloseHandle(handle);
                    Ok(())
                });
            }

            static TIME_OF_TEST: i64 = 1_234_567_890;
        }
    };
}

runtime!(old, "msvcrt");
runtime!(new, "ucrtbase");

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        unsafe { _set_invalid_parameter_handler(ignore) };
        old::cases(&mut cases);
        new::cases(&mut cases);
        cases.code()
    }
}
