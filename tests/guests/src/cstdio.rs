//! What the C runtimes export for streams and files, as the tests of either of them import it.

/// Imports it from a DLL. The linker takes one underscore off names of 32-bit code.
#[macro_export]
macro_rules! stdio_imports {
    ($dll:literal) => {
        #[cfg_attr(target_arch = "x86", link(name = $dll, kind = "raw-dylib", import_name_type = "undecorated"))]
        #[cfg_attr(not(target_arch = "x86"), link(name = $dll, kind = "raw-dylib"))]
        unsafe extern "C" {
            #[cfg_attr(target_arch = "x86", link_name = "__errno")]
            fn _errno() -> *mut i32;
            fn fopen(path: *const i8, mode: *const i8) -> Stream;
            #[cfg_attr(target_arch = "x86", link_name = "__wfopen")]
            fn _wfopen(path: *const u16, mode: *const u16) -> Stream;
            fn freopen(path: *const i8, mode: *const i8, file: Stream) -> Stream;
            fn fclose(file: Stream) -> i32;
            fn fread(to: *mut u8, size: usize, count: usize, file: Stream) -> usize;
            fn fwrite(from: *const u8, size: usize, count: usize, file: Stream) -> usize;
            fn fgets(to: *mut u8, size: i32, file: Stream) -> *mut u8;
            // A number, so that the compiler does not make a call of its own of it, which 32-bit code would not import.
            fn fputs(text: usize, file: Stream) -> i32;
            fn fgetc(file: Stream) -> i32;
            fn fputc(character: i32, file: Stream) -> i32;
            fn ungetc(character: i32, file: Stream) -> i32;
            fn fgetws(to: *mut u16, size: i32, file: Stream) -> *mut u16;
            fn fputws(text: *const u16, file: Stream) -> i32;
            fn fseek(file: Stream, offset: i32, origin: i32) -> i32;
            fn ftell(file: Stream) -> i32;
            fn rewind(file: Stream);
            fn fgetpos(file: Stream, at: *mut i64) -> i32;
            fn fsetpos(file: Stream, at: *const i64) -> i32;
            fn feof(file: Stream) -> i32;
            fn ferror(file: Stream) -> i32;
            fn clearerr(file: Stream);
            fn fflush(file: Stream) -> i32;
            fn setvbuf(file: Stream, buffer: *mut u8, mode: i32, size: usize) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__fileno")]
            fn _fileno(file: Stream) -> i32;
            fn tmpfile() -> Stream;
            fn remove(path: *const i8) -> i32;
            fn rename(from: *const i8, to: *const i8) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__open")]
            fn _open(path: *const i8, flags: i32, ...) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__close")]
            fn _close(number: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__read")]
            fn _read(number: i32, to: *mut u8, size: u32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__write")]
            fn _write(number: i32, from: *const u8, size: u32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__lseek")]
            fn _lseek(number: i32, offset: i32, origin: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__setmode")]
            fn _setmode(number: i32, mode: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__isatty")]
            fn _isatty(number: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__dup")]
            fn _dup(number: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__dup2")]
            fn _dup2(number: i32, to: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__chsize")]
            fn _chsize(number: i32, size: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__filelength")]
            fn _filelength(number: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__access")]
            fn _access(path: *const i8, mode: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__chmod")]
            fn _chmod(path: *const i8, mode: i32) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__mkdir")]
            fn _mkdir(path: *const i8) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__rmdir")]
            fn _rmdir(path: *const i8) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__stat64")]
            fn _stat64(path: *const i8, to: *mut Stat) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__fstat64")]
            fn _fstat64(number: i32, to: *mut Stat) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__findfirst64")]
            fn _findfirst64(pattern: *const i8, to: *mut Found) -> isize;
            #[cfg_attr(target_arch = "x86", link_name = "__findnext64")]
            fn _findnext64(search: isize, to: *mut Found) -> i32;
            #[cfg_attr(target_arch = "x86", link_name = "__findclose")]
            fn _findclose(search: isize) -> i32;
        }
    };
}
