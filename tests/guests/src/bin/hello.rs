//! Says hello: the smallest program, and the one that start-up is measured with.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
mod windows {
    use core::ptr::null_mut;
    use windows_sys::Win32::Storage::FileSystem::WriteFile;
    use windows_sys::Win32::System::Console::{GetStdHandle, STD_OUTPUT_HANDLE};
    use windows_sys::Win32::System::Threading::ExitProcess;

    #[unsafe(no_mangle)]
    extern "system" fn start() -> ! {
        let text = b"Hello, world!\r\n";
        let mut written = 0;
        // SAFETY: the text lives through the call.
        unsafe {
            WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text.as_ptr(), text.len() as u32, &raw mut written, null_mut());
            ExitProcess(0)
        }
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! {
        // SAFETY: ends the process.
        unsafe { ExitProcess(101) }
    }

}

#[cfg(not(target_os = "windows"))]
fn main() {}
