//! ProcessPrng.

use guest::shim;

guest::imports! {
    "ntdll" {
        fn SystemFunction036(buffer: *mut u8, length: u32) -> u8;
        fn RtlRaiseStatus(status: i32);
    }
}

/// Fills memory with random bytes; it always succeeds.
#[shim(ix = 0, mapping = "gate Random: the host's generator", risk = Wrong("bytes that can be guessed"))]
pub unsafe extern "system" fn ProcessPrng(buffer: *mut u8, length: usize) -> i32 {
    const MOST: usize = 0x1000_0000;
    let mut done = 0;
    while done < length {
        let piece = (length - done).min(MOST);
        // Nobody looks whether it failed: a program must not go on with bytes that are not random.
        if unsafe { SystemFunction036(buffer.add(done), piece as u32) } == 0 {
            unsafe { RtlRaiseStatus(windows_sys::Win32::Foundation::STATUS_ACCESS_VIOLATION) };
        }
        done += piece;
    }
    1
}
