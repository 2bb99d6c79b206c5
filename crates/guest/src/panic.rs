//! A panic is a bug of ours: it is reported, and ends the process as `__fastfail` does. Nothing is allocated on the way:
//! the heap itself may have panicked.

use core::arch::asm;
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use gate::service::ReportKind;

/// `FAST_FAIL_FATAL_APP_EXIT`.
const FATAL_APP_EXIT: u32 = 7;

/// A text of bounded length; what does not fit is cut.
struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.length..];
        let mut fits = text.len().min(room.len());
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        room[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.length += fits;
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let mut text = Text { bytes: [0; 512], length: 0 };
    let _ = write!(text, "{info}");
    crate::teb::report(ReportKind::Panic, u32::MAX, core::str::from_utf8(&text.bytes[..text.length]).unwrap_or_default(), 0);
    // SAFETY: interrupt 29h never returns.
    unsafe { asm!("int 0x29", in("ecx") FATAL_APP_EXIT, options(noreturn)) }
}
