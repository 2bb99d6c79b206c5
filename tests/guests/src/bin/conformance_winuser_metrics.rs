//! winuser.h: metrics that need no screen. winbase.h: the number of file handles.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use guests::{Cases, case, same};
use windows_sys::Win32::UI::WindowsAndMessaging::*;

windows_link::link!("kernel32.dll" "system" fn SetHandleCount(number: u32) -> u32);

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "user32!GetSystemMetrics", Success, "a plain system at its own console", {
            let metrics = [SM_REMOTESESSION, SM_SHUTTINGDOWN, SM_CLEANBOOT, SM_DEBUG, SM_SERVERR2, SM_STARTER, SM_MEDIACENTER];
            same!(metrics.map(|index| unsafe { GetSystemMetrics(index) }), [0; 7]);
        });
        case!(cases, "user32!GetSystemMetrics", Failure, "no such metric", {
            same!(unsafe { GetSystemMetrics(9999) }, 0);
        });
        case!(cases, "kernel32!SetHandleCount", Total, "as many as are asked for", {
            same!(unsafe { (SetHandleCount(20), SetHandleCount(255)) }, (20, 255));
        });
        cases.code()
    }
}
