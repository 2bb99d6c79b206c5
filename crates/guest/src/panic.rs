//! A panic is a bug of ours: it is reported, and ends the process as `__fastfail` does.

use alloc::format;
use core::arch::asm;
use core::panic::PanicInfo;
use gate::service::ReportKind;

/// `FAST_FAIL_FATAL_APP_EXIT`.
const FATAL_APP_EXIT: u32 = 7;

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    crate::teb::report(ReportKind::Panic, u32::MAX, &format!("{info}"), 0);
    // SAFETY: interrupt 29h never returns.
    unsafe { asm!("int 0x29", in("ecx") FATAL_APP_EXIT, options(noreturn)) }
}
