//! The C runtime: what `msvcrt.dll` and `ucrtbase.dll` share. `crt` holds what needs no system; here is what does.

mod cpp;
mod ctype;
mod data;
mod errno;
mod fault;
mod frame;
mod heap;
mod invalid;
mod io;
mod kernel32;
mod locale;
mod lock;
mod math;
mod nt;
mod process;
mod setjmp;
mod stdio;
mod stdlib;
mod string;
mod terminate;
mod thread;
mod time;
mod variables;

use crt::Flavor;

/// Which of the two runtimes this is.
pub const FLAVOR: Flavor = if cfg!(dll = "msvcrt") { Flavor::Msvcrt } else { Flavor::Ucrt };

/// What the DLL does when it is loaded and unloaded, and when threads come and go.
pub fn notice(reason: u32) -> bool {
    const DETACH: u32 = 0;
    const ATTACH: u32 = 1;
    match reason {
        ATTACH => {
            lock::start();
            let started = thread::start();
            io::start();
            stdio::start();
            time::start();
            process::start();
            started
        }
        DETACH => {
            process::unload();
            thread::stop();
            true
        }
        _ => true,
    }
}
