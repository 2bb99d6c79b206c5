//! One of two processes of a sandbox that have a pipe between them: `pipe serve NAME`, `pipe ask NAME TEXT`, `pipe hold NAME`,
//! `pipe open PATH`.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        pipe::main()
    }
}

#[cfg(target_os = "windows")]
mod pipe {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::ptr::null_mut;
    use guests::files::File;
    use guests::pipes::{client, read, server, write};
    use guests::{arguments, last_error, print};
    use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
    use windows_sys::Win32::Storage::FileSystem::PIPE_ACCESS_DUPLEX;
    use windows_sys::Win32::System::Pipes::{ConnectNamedPipe, PIPE_READMODE_MESSAGE, PIPE_TYPE_MESSAGE};

    pub fn main() -> u32 {
        let arguments = arguments();
        let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["serve", name] => serve(&pipe(name)),
            ["ask", name, text] => ask(&pipe(name), text),
            ["hold", name] => ask(&pipe(name), ""),
            ["open", path] => ask(path, ""),
            _ => 100,
        }
    }

    fn pipe(name: &str) -> String {
        format!("\\\\.\\pipe\\{name}")
    }

    fn refused(error: u32) -> u32 {
        print(&format!("error {error}\n"));
        1
    }

    /// Tells what comes out of a pipe, and why nothing more does.
    fn tell(pipe: &File, answers: bool) -> u32 {
        loop {
            let mut bytes = [0; 64];
            match read(pipe, &mut bytes) {
                (0, _, error) => return refused(error),
                (_, done, _) => {
                    let text = core::str::from_utf8(&bytes[..done as usize]).unwrap_or("?");
                    print(&format!("{text}\n"));
                    if answers {
                        write(pipe, format!("{text}!").as_bytes());
                    }
                }
            }
        }
    }

    /// Answers one client.
    fn serve(name: &str) -> u32 {
        let pipe = match server(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1) {
            Ok(pipe) => pipe,
            Err(error) => return refused(error),
        };
        print("listening\n");
        // SAFETY: takes a handle.
        if unsafe { ConnectNamedPipe(pipe.0, null_mut()) } == 0 {
            return refused(last_error());
        }
        print("connected\n");
        tell(&pipe, true)
    }

    /// Asks a server, and waits for what it says.
    fn ask(name: &str, text: &str) -> u32 {
        let pipe = match client(name, GENERIC_READ | GENERIC_WRITE) {
            Ok(pipe) => pipe,
            Err(error) => return refused(error),
        };
        print("asking\n");
        if !text.is_empty() {
            write(&pipe, text.as_bytes());
        }
        tell(&pipe, false)
    }
}
