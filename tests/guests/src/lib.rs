//! What our own Windows programs share: output, an allocator, and the form of a conformance test.
//!
//! Programs have no C runtime. A test prints one line per case, so that the same `.exe` can be run under ours and under
//! another Windows, and the two can be compared case by case.
#![cfg_attr(target_os = "windows", no_std)]

extern crate alloc;

#[cfg(target_os = "windows")]
pub mod callbacks;
#[cfg(target_os = "windows")]
pub mod children;
#[cfg(target_os = "windows")]
pub mod clock;
mod cstdio;
pub mod cstructs;
#[cfg(target_os = "windows")]
pub mod files;
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
pub mod guard;
#[cfg(all(target_os = "windows", target_arch = "x86"))]
#[path = "guard_x86.rs"]
pub mod guard;
#[cfg(target_os = "windows")]
pub mod host;
#[cfg(target_os = "windows")]
pub mod notices;
#[cfg(target_os = "windows")]
pub mod pipes;
#[cfg(target_os = "windows")]
pub mod random;
#[cfg(target_os = "windows")]
pub mod registers;
#[cfg(target_os = "windows")]
pub mod registry;
#[cfg(target_os = "windows")]
#[path = "../../../programs/program/src/runtime.rs"]
mod runtime;
#[cfg(target_os = "windows")]
pub mod steps;

use alloc::format;
use alloc::string::String;

/// What a case shows of its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A documented success.
    Success,
    /// A documented failure.
    Failure,
    /// A success of a function that documents no failure.
    Total,
}

/// Runs the cases of one program.
pub struct Cases {
    failed: u32,
}

impl Default for Cases {
    fn default() -> Self {
        Self::new()
    }
}

impl Cases {
    /// No case has run yet.
    pub const fn new() -> Self {
        Self { failed: 0 }
    }

    /// Runs a case of `functions` (`dll!name`, several separated by spaces), and prints its line. `wine` says why Wine
    /// differs, if it does.
    pub fn run(&mut self, functions: &str, kind: Kind, what: &str, wine: Option<&str>, case: impl FnOnce() -> Result<(), String>) {
        let kind = match kind {
            Kind::Success => "success",
            Kind::Failure => "failure",
            Kind::Total => "total",
        };
        // Told before it runs, so that a crash is not anonymous.
        print(&format!("case\t{functions}\t{kind}\t{what}\t{}\t", wine.unwrap_or("")));
        match case() {
            Ok(()) => print("ok\n"),
            Err(difference) => {
                self.failed += 1;
                print(&format!("FAIL {}\n", difference.replace(['\n', '\t'], " ")));
            }
        }
    }

    /// The exit code: how many cases failed, at most 100.
    pub const fn code(&self) -> u32 {
        if self.failed > 100 { 100 } else { self.failed }
    }
}

/// Runs one case: `case!(cases, "kernel32!CreateFileW", Failure, "a missing file", { .. })`. The block may use `same!`
/// and `?` on `Result<_, String>`. `wine = "why"` in front of the block says why Wine differs.
#[macro_export]
macro_rules! case {
    ($cases:expr, $function:literal, $kind:ident, $what:literal, wine = $wine:literal, $body:block) => {
        $cases.run($function, $crate::Kind::$kind, $what, Some($wine), || {
            $body
            Ok(())
        })
    };
    ($cases:expr, $function:literal, $kind:ident, $what:literal, $body:block) => {
        $cases.run($function, $crate::Kind::$kind, $what, None, || {
            $body
            Ok(())
        })
    };
}

/// Ends the case where two values differ.
#[macro_export]
macro_rules! same {
    ($found:expr, $expected:expr) => {{
        let (found, expected) = ($found, $expected);
        if found != expected {
            return Err($crate::difference(&found, &expected, stringify!($found), line!()));
        }
    }};
}

/// Ends the case where something does not hold.
#[macro_export]
macro_rules! holds {
    ($condition:expr) => {
        if !$condition {
            return Err($crate::difference(&false, &true, stringify!($condition), line!()));
        }
    };
}

/// A difference in words.
pub fn difference(found: &dyn core::fmt::Debug, expected: &dyn core::fmt::Debug, what: &str, line: u32) -> String {
    format!("line {line}: {what} is {found:?}, not {expected:?}")
}

/// Declares a program: `program! { fn main() -> u32 { .. } }`.
#[macro_export]
macro_rules! program {
    (fn main() -> u32 $body:block) => {
        #[cfg(target_os = "windows")]
        #[unsafe(no_mangle)]
        extern "system" fn start() -> ! {
            fn run() -> u32 $body
            $crate::exit(run())
        }

        #[cfg(not(target_os = "windows"))]
        fn main() {}
    };
}

/// Says that a DLL starts at `DllMain`.
#[macro_export]
macro_rules! dll {
    () => {
        #[cfg(target_os = "windows")]
        core::arch::global_asm!(".section .drectve,\"yn\"\n.ascii \" /entry:DllMain\"\n.text");
    };
}

/// Exports a function of a program, which its DLLs find with GetProcAddress, by its name and its bytes of arguments on a 32-bit
/// stack.
#[macro_export]
macro_rules! export {
    ($name:literal, $bytes:literal) => {
        #[cfg(all(target_os = "windows", target_arch = "x86"))]
        core::arch::global_asm!(concat!(".section .drectve,\"yn\"\n.ascii \" /export:", $name, "=_", $name, "@", $bytes, "\"\n.text"));
        #[cfg(all(target_os = "windows", not(target_arch = "x86")))]
        core::arch::global_asm!(concat!(".section .drectve,\"yn\"\n.ascii \" /export:", $name, "\"\n.text"));
    };
}

/// Tells the program of a DLL's notice: calls its `note` with the DLL's name and the reason.
#[cfg(target_os = "windows")]
pub fn note(dll: &core::ffi::CStr, reason: u32) {
    use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
    // SAFETY: `note` has this form in every program that loads the companions.
    unsafe {
        if let Some(note) = GetProcAddress(GetModuleHandleW(core::ptr::null()), c"note".as_ptr().cast()) {
            core::mem::transmute::<unsafe extern "system" fn() -> isize, unsafe extern "system" fn(*const u8, u32)>(note)(
                dll.as_ptr().cast(),
                reason,
            );
        }
    }
}

/// Writes to standard output.
#[cfg(target_os = "windows")]
pub fn print(text: &str) {
    use windows_sys::Win32::Storage::FileSystem::WriteFile;
    use windows_sys::Win32::System::Console::{GetStdHandle, STD_OUTPUT_HANDLE};
    let mut written = 0;
    // SAFETY: the text lives through the call.
    unsafe { WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text.as_ptr(), text.len() as u32, &raw mut written, core::ptr::null_mut()) };
}

/// Ends the program.
#[cfg(target_os = "windows")]
pub fn exit(code: u32) -> ! {
    // SAFETY: ends the process.
    unsafe { windows_sys::Win32::System::Threading::ExitProcess(code) }
}

/// A panic is a failed case.
#[cfg(target_os = "windows")]
fn panicked(what: &str) -> ! {
    print(&format!("FAIL {what}\n"));
    exit(101)
}

/// The thread's last error.
#[cfg(target_os = "windows")]
pub fn last_error() -> u32 {
    // SAFETY: takes nothing.
    unsafe { windows_sys::Win32::Foundation::GetLastError() }
}

/// Sets the last error to a value that no function sets, so that one which sets none is found out.
#[cfg(target_os = "windows")]
pub fn clear_error() {
    // SAFETY: takes any value.
    unsafe { windows_sys::Win32::Foundation::SetLastError(0xDEAD) };
}

#[cfg(not(target_os = "windows"))]
fn print(_text: &str) {}

/// UTF-16 with a NUL behind it.
pub fn wide(text: &str) -> alloc::vec::Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// UTF-16 up to its NUL as a string.
pub fn narrow(units: &[u16]) -> String {
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

/// The command line's words: the program's name, then its arguments. Quotes hold words together; nothing else is special.
#[cfg(target_os = "windows")]
pub fn arguments() -> alloc::vec::Vec<String> {
    // SAFETY: the command line is the process's own, ends in a NUL and stays.
    let line = unsafe {
        let start = windows_sys::Win32::System::Environment::GetCommandLineW();
        let length = (0..).take_while(|index| *start.add(*index) != 0).count();
        String::from_utf16_lossy(core::slice::from_raw_parts(start, length))
    };
    let (mut words, mut word, mut quoted, mut begun) = (alloc::vec::Vec::new(), String::new(), false, false);
    for character in line.chars() {
        match character {
            '"' => (quoted, begun) = (!quoted, true),
            ' ' if !quoted => {
                if begun {
                    words.push(core::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                begun = true;
                word.push(character);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}
