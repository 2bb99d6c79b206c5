//! stdio.h and io.h, of both C runtimes.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;
use guests::cstructs::{EBADF, EINVAL, ENOENT, Found, Stat, Stream, p};
use guests::{Cases, Kind, holds, same};

macro_rules! runtime {
    ($module:ident, $dll:literal) => {
        mod $module {
            use super::*;

            guests::stdio_imports!($dll);

            fn error() -> i32 {
                unsafe { *_errno() }
            }

            fn clear() {
                unsafe { *_errno() = 0 };
            }

            /// Makes a file of these bytes.
            fn make(path: &CStr, bytes: &[u8]) -> Result<(), String> {
                let file = open(path, c"wb")?;
                same!(unsafe { fwrite(bytes.as_ptr(), 1, bytes.len(), file) }, bytes.len());
                same!(unsafe { fclose(file) }, 0);
                Ok(())
            }

            /// A file's bytes.
            fn bytes_of(path: &CStr) -> Result<Vec<u8>, String> {
                let file = open(path, c"rb")?;
                let mut room = alloc::vec![0; 0x4000];
                let count = unsafe { fread(room.as_mut_ptr(), 1, room.len(), file) };
                room.truncate(count);
                same!(unsafe { fclose(file) }, 0);
                Ok(room)
            }

            fn open(path: &CStr, mode: &CStr) -> Result<Stream, String> {
                let file = unsafe { fopen(p(path), p(mode)) };
                holds!(!file.is_null());
                Ok(file)
            }

            fn run(cases: &mut Cases, functions: &str, kind: Kind, what: &str, case: impl FnOnce() -> Result<(), String>) {
                let names: Vec<String> = functions.split(' ').map(|name| alloc::format!("{}!{name}", $dll)).collect();
                cases.run(&names.join(" "), kind, what, None, case);
            }

            pub fn cases(cases: &mut Cases) {
                streams(cases);
                positions(cases);
                descriptors(cases);
                paths(cases);
            }

            fn streams(cases: &mut Cases) {
                run(cases, "fopen fwrite fclose fread", Kind::Success, "a binary file keeps its bytes", || {
                    let bytes: Vec<u8> = (0..10_000u32).map(|index| (index * 7) as u8).collect();
                    make(c"binary", &bytes)?;
                    holds!(bytes_of(c"binary")? == bytes);
                    Ok(())
                });
                run(cases, "fputs fputc fclose", Kind::Success, "a text's line ends become CR LF", || {
                    let file = open(c"text", c"w")?;
                    same!(unsafe { fputs(p(c"one\ntwo") as usize, file) } >= 0, true);
                    same!(unsafe { fputc(10, file) }, 10);
                    same!(unsafe { fclose(file) }, 0);
                    same!(bytes_of(c"text")?, b"one\r\ntwo\r\n");
                    Ok(())
                });
                run(cases, "fgets feof", Kind::Success, "lines of a text, with and without an end", || {
                    make(c"lines", b"one\r\ntwo\rthree\nfour")?;
                    let file = open(c"lines", c"r")?;
                    let mut room = [0u8; 16];
                    let mut next = || {
                        let line = unsafe { fgets(room.as_mut_ptr(), 16, file) };
                        (!line.is_null()).then(|| String::from_utf8_lossy(CStr::from_bytes_until_nul(&room).unwrap_or(c"").to_bytes()).into_owned())
                    };
                    same!(next(), Some(String::from("one\n")));
                    same!(next(), Some(String::from("two\rthree\n")));
                    same!(unsafe { feof(file) }, 0);
                    same!(next(), Some(String::from("four")));
                    same!(unsafe { feof(file) } != 0, true);
                    same!(next(), None);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "fgets", Kind::Success, "a line longer than the room comes in pieces", || {
                    make(c"long", b"abcdef\n")?;
                    let file = open(c"long", c"rb")?;
                    let mut room = [0xFFu8; 5];
                    holds!(!unsafe { fgets(room.as_mut_ptr(), 5, file) }.is_null());
                    same!(room, *b"abcd\0");
                    holds!(!unsafe { fgets(room.as_mut_ptr(), 5, file) }.is_null());
                    same!(&room[..4], b"ef\n\0");
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "fread", Kind::Success, "Ctrl-Z ends a text, not a binary file", || {
                    make(c"ctrlz", b"ab\x1Acd")?;
                    let mut room = [0u8; 8];
                    let file = open(c"ctrlz", c"r")?;
                    same!(unsafe { fread(room.as_mut_ptr(), 1, 8, file) }, 2);
                    same!(unsafe { fclose(file) }, 0);
                    same!(bytes_of(c"ctrlz")?.len(), 5);
                    Ok(())
                });
                run(cases, "fopen", Kind::Success, "append writes behind what is there", || {
                    make(c"append", b"one")?;
                    let file = open(c"append", c"ab")?;
                    same!(unsafe { fputs(p(c"two") as usize, file) } >= 0, true);
                    same!(unsafe { fclose(file) }, 0);
                    same!(bytes_of(c"append")?, b"onetwo");
                    Ok(())
                });
                run(cases, "fopen", Kind::Failure, "a missing file is ENOENT", || {
                    clear();
                    holds!(unsafe { fopen(p(c"missing\\file"), p(c"r")) }.is_null());
                    same!(error(), ENOENT);
                    Ok(())
                });
                run(cases, "fwrite ferror clearerr", Kind::Failure, "writing to a stream that is for reading sets its error", || {
                    make(c"readonly", b"abc")?;
                    let file = open(c"readonly", c"r")?;
                    clear();
                    same!(unsafe { fwrite(b"x".as_ptr(), 1, 1, file) }, 0);
                    same!((unsafe { ferror(file) } != 0, error()), (true, EBADF));
                    unsafe { clearerr(file) };
                    same!(unsafe { ferror(file) }, 0);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "ungetc fgetc", Kind::Success, "a character that was taken back comes again, also at the end", || {
                    make(c"unget", b"ab")?;
                    let file = open(c"unget", c"rb")?;
                    same!(unsafe { fgetc(file) }, 97);
                    same!(unsafe { ungetc(120, file) }, 120);
                    same!((unsafe { fgetc(file) }, unsafe { fgetc(file) }, unsafe { fgetc(file) }), (120, 98, -1));
                    same!(unsafe { ungetc(121, file) }, 121);
                    same!(unsafe { feof(file) }, 0);
                    same!((unsafe { fgetc(file) }, unsafe { fgetc(file) }), (121, -1));
                    same!(unsafe { ungetc(-1, file) }, -1);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "setvbuf fputc", Kind::Success, "a stream without a buffer writes at once, one with a buffer does not", || {
                    let file = open(c"buffers", c"wb")?;
                    same!(unsafe { setvbuf(file, core::ptr::null_mut(), 4, 0) }, 0);
                    unsafe { fputc(97, file) };
                    same!(bytes_of(c"buffers")?, b"a");
                    same!(unsafe { setvbuf(file, core::ptr::null_mut(), 0, 64) }, 0);
                    unsafe { fputc(98, file) };
                    same!(bytes_of(c"buffers")?, b"a");
                    same!(unsafe { fflush(file) }, 0);
                    same!(bytes_of(c"buffers")?, b"ab");
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "freopen", Kind::Success, "a stream opens another file", || {
                    make(c"first", b"1")?;
                    make(c"second", b"2")?;
                    let file = open(c"first", c"rb")?;
                    same!(unsafe { fgetc(file) }, 49);
                    same!(unsafe { freopen(p(c"second"), p(c"rb"), file) }, file);
                    same!(unsafe { fgetc(file) }, 50);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "tmpfile", Kind::Success, "a temporary file reads what was written", || {
                    let file = unsafe { tmpfile() };
                    holds!(!file.is_null());
                    same!(unsafe { fwrite(b"temporary".as_ptr(), 1, 9, file) }, 9);
                    unsafe { rewind(file) };
                    let mut room = [0u8; 9];
                    same!(unsafe { fread(room.as_mut_ptr(), 1, 9, file) }, 9);
                    same!(room, *b"temporary");
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "_wfopen fputws fgetws", Kind::Success, "wide text of a text is bytes of the locale", || {
                    let path: Vec<u16> = "wide\0".encode_utf16().collect();
                    let (write, read): (Vec<u16>, Vec<u16>) = ("w\0".encode_utf16().collect(), "r\0".encode_utf16().collect());
                    let text: Vec<u16> = "a\u{E9}b\n\0".encode_utf16().collect();
                    let file = unsafe { _wfopen(path.as_ptr(), write.as_ptr()) };
                    holds!(!file.is_null());
                    same!(unsafe { fputws(text.as_ptr(), file) } >= 0, true);
                    same!(unsafe { fclose(file) }, 0);
                    same!(bytes_of(c"wide")?, b"a\xE9b\r\n");
                    let file = unsafe { _wfopen(path.as_ptr(), read.as_ptr()) };
                    let mut room = [0u16; 8];
                    holds!(!unsafe { fgetws(room.as_mut_ptr(), 8, file) }.is_null());
                    same!(&room[..5], &text[..]);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "fopen", Kind::Success, "ccs=UTF-8 writes a mark and encodes", || {
                    let file = open(c"utf8", c"w, ccs=UTF-8")?;
                    let text: Vec<u16> = "\u{20AC}\n\0".encode_utf16().collect();
                    same!(unsafe { fputws(text.as_ptr(), file) } >= 0, true);
                    same!(unsafe { fclose(file) }, 0);
                    same!(bytes_of(c"utf8")?, b"\xEF\xBB\xBF\xE2\x82\xAC\r\n");
                    let file = open(c"utf8", c"r, ccs=UTF-8")?;
                    let mut room = [0u16; 8];
                    holds!(!unsafe { fgetws(room.as_mut_ptr(), 8, file) }.is_null());
                    same!(&room[..3], &text[..]);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
            }

            fn positions(cases: &mut Cases) {
                run(cases, "fseek ftell rewind", Kind::Success, "the position of a binary file", || {
                    make(c"seek", b"0123456789")?;
                    let file = open(c"seek", c"rb")?;
                    same!(unsafe { fgetc(file) }, 48);
                    same!(unsafe { ftell(file) }, 1);
                    same!((unsafe { fseek(file, 3, 1) }, unsafe { fgetc(file) }), (0, 52));
                    same!((unsafe { fseek(file, -1, 2) }, unsafe { fgetc(file) }, unsafe { fgetc(file) }), (0, 57, -1));
                    same!((unsafe { fseek(file, 2, 0) }, unsafe { feof(file) }, unsafe { fgetc(file) }), (0, 0, 50));
                    unsafe { rewind(file) };
                    same!((unsafe { ftell(file) }, unsafe { fgetc(file) }), (0, 48));
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "ftell", Kind::Success, "the position of a text counts the CR of each line", || {
                    make(c"telltext", b"a\r\nbb\r\nccc\r\n")?;
                    let file = open(c"telltext", c"r")?;
                    let mut room = [0u8; 8];
                    let mut at = Vec::new();
                    while !unsafe { fgets(room.as_mut_ptr(), 8, file) }.is_null() {
                        at.push(unsafe { ftell(file) });
                    }
                    same!(at, [3, 7, 12]);
                    same!(unsafe { fclose(file) }, 0);
                    let file = open(c"telltext", c"w")?;
                    unsafe { fputs(p(c"a\nb") as usize, file) };
                    same!(unsafe { ftell(file) }, 4);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "fgetpos fsetpos", Kind::Success, "a position that was kept", || {
                    make(c"pos", b"abcdef")?;
                    let file = open(c"pos", c"rb")?;
                    let mut at = 0;
                    unsafe { fgetc(file) };
                    same!((unsafe { fgetpos(file, &raw mut at) }, at), (0, 1));
                    unsafe { fgetc(file) };
                    same!((unsafe { fsetpos(file, &raw const at) }, unsafe { fgetc(file) }), (0, 98));
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
                run(cases, "fseek fputc fgetc", Kind::Success, "a stream for both reads and writes after a seek", || {
                    make(c"both", b"abcdef")?;
                    let file = open(c"both", c"r+b")?;
                    same!(unsafe { fgetc(file) }, 97);
                    same!(unsafe { fseek(file, 0, 1) }, 0);
                    same!(unsafe { fputc(88, file) }, 88);
                    same!(unsafe { fseek(file, 0, 1) }, 0);
                    same!(unsafe { fgetc(file) }, 99);
                    same!(unsafe { fclose(file) }, 0);
                    same!(bytes_of(c"both")?, b"aXcdef");
                    Ok(())
                });
                run(cases, "fseek", Kind::Failure, "a place before the start", || {
                    make(c"before", b"abc")?;
                    let file = open(c"before", c"rb")?;
                    clear();
                    same!((unsafe { fseek(file, -5, 0) } != 0, error()), (true, EINVAL));
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
            }

            fn descriptors(cases: &mut Cases) {
                const BINARY: i32 = 0x8000;
                const TEXT: i32 = 0x4000;
                const NEW: i32 = 0x100 | 0x200 | 2;
                run(cases, "_open _write _lseek _read _close", Kind::Success, "bytes through a descriptor", || {
                    let number = unsafe { _open(p(c"low"), NEW | BINARY, 0x180) };
                    holds!(number >= 3);
                    same!(unsafe { _write(number, b"a\nb".as_ptr(), 3) }, 3);
                    same!(unsafe { _lseek(number, 0, 0) }, 0);
                    let mut room = [0u8; 8];
                    same!((unsafe { _read(number, room.as_mut_ptr(), 8) }, &room[..3]), (3, &b"a\nb"[..]));
                    same!(unsafe { _read(number, room.as_mut_ptr(), 8) }, 0);
                    same!(unsafe { _close(number) }, 0);
                    Ok(())
                });
                run(cases, "_setmode _write _read", Kind::Success, "text and binary on one descriptor", || {
                    let number = unsafe { _open(p(c"modes"), NEW | TEXT, 0x180) };
                    same!(unsafe { _write(number, b"a\nb".as_ptr(), 3) }, 3);
                    same!(unsafe { _filelength(number) }, 4);
                    same!(unsafe { _lseek(number, 0, 0) }, 0);
                    let mut room = [0u8; 8];
                    same!(unsafe { _read(number, room.as_mut_ptr(), 8) }, 3);
                    same!(unsafe { _setmode(number, BINARY) }, TEXT);
                    same!(unsafe { _lseek(number, 0, 0) }, 0);
                    same!(unsafe { _read(number, room.as_mut_ptr(), 8) }, 4);
                    same!(unsafe { _setmode(number, TEXT) }, BINARY);
                    same!(unsafe { _close(number) }, 0);
                    Ok(())
                });
                let wine = "Wine leaves the CR for the next call";
                cases.run(concat!($dll, "!_read"), Kind::Success, "a CR at the end of the room takes its LF along", Some(wine), || {
                    make(c"split", b"abc\r\nd")?;
                    let number = unsafe { _open(p(c"split"), TEXT) };
                    let mut room = [0u8; 4];
                    same!((unsafe { _read(number, room.as_mut_ptr(), 4) }, room), (4, *b"abc\n"));
                    same!((unsafe { _read(number, room.as_mut_ptr(), 4) }, room[0]), (1, b'd'));
                    same!(unsafe { _close(number) }, 0);
                    Ok(())
                });
                run(cases, "_dup _dup2 _close", Kind::Success, "a second descriptor shares the position", || {
                    make(c"dup", b"abcdef")?;
                    let number = unsafe { _open(p(c"dup"), BINARY) };
                    let other = unsafe { _dup(number) };
                    holds!(other >= 0 && other != number);
                    let mut room = [0u8; 2];
                    unsafe { _read(number, room.as_mut_ptr(), 2) };
                    same!((unsafe { _read(other, room.as_mut_ptr(), 2) }, room), (2, *b"cd"));
                    same!(unsafe { _close(number) }, 0);
                    same!(unsafe { _dup2(other, number) }, 0);
                    same!((unsafe { _read(number, room.as_mut_ptr(), 2) }, room), (2, *b"ef"));
                    same!((unsafe { _close(number) }, unsafe { _close(other) }), (0, 0));
                    Ok(())
                });
                run(cases, "_chsize _filelength", Kind::Success, "a file's length", || {
                    let number = unsafe { _open(p(c"size"), NEW | BINARY, 0x180) };
                    same!((unsafe { _chsize(number, 1000) }, unsafe { _filelength(number) }), (0, 1000));
                    same!((unsafe { _chsize(number, 10) }, unsafe { _filelength(number) }), (0, 10));
                    same!(unsafe { _close(number) }, 0);
                    Ok(())
                });
                run(cases, "_open", Kind::Failure, "a new file that is there is EEXIST", || {
                    const EXCLUSIVE: i32 = 0x100 | 0x400 | 2;
                    make(c"there", b"")?;
                    clear();
                    same!((unsafe { _open(p(c"there"), EXCLUSIVE, 0x180) }, error()), (-1, 17));
                    Ok(())
                });
                run(cases, "_isatty _fileno", Kind::Success, "a file is no terminal", || {
                    let file = open(c"there", c"rb")?;
                    let number = unsafe { _fileno(file) };
                    holds!(number >= 3);
                    same!(unsafe { _isatty(number) }, 0);
                    same!(unsafe { fclose(file) }, 0);
                    Ok(())
                });
            }

            fn paths(cases: &mut Cases) {
                run(cases, "remove rename _access", Kind::Success, "a file gets another name and goes", || {
                    make(c"old-name", b"x")?;
                    unsafe { remove(p(c"new-name")) };
                    same!(unsafe { rename(p(c"old-name"), p(c"new-name")) }, 0);
                    same!((unsafe { _access(p(c"old-name"), 0) }, error()), (-1, ENOENT));
                    same!(unsafe { _access(p(c"new-name"), 6) }, 0);
                    same!(unsafe { remove(p(c"new-name")) }, 0);
                    clear();
                    same!((unsafe { remove(p(c"new-name")) }, error()), (-1, ENOENT));
                    Ok(())
                });
                run(cases, "rename", Kind::Failure, "a name that is taken is EEXIST", || {
                    make(c"one-name", b"1")?;
                    make(c"other-name", b"2")?;
                    clear();
                    same!((unsafe { rename(p(c"one-name"), p(c"other-name")) }, error()), (-1, 17));
                    Ok(())
                });
                run(cases, "_chmod _access", Kind::Success, "a file that may not be written", || {
                    make(c"protected", b"x")?;
                    same!(unsafe { _chmod(p(c"protected"), 0x100) }, 0);
                    clear();
                    same!((unsafe { _access(p(c"protected"), 2) }, error()), (-1, 13));
                    same!(unsafe { _chmod(p(c"protected"), 0x180) }, 0);
                    same!(unsafe { _access(p(c"protected"), 2) }, 0);
                    Ok(())
                });
                run(cases, "_mkdir _rmdir", Kind::Success, "a folder comes and goes", || {
                    unsafe { _rmdir(p(c"folder")) };
                    same!(unsafe { _mkdir(p(c"folder")) }, 0);
                    clear();
                    same!((unsafe { _mkdir(p(c"folder")) }, error()), (-1, 17));
                    same!(unsafe { _rmdir(p(c"folder")) }, 0);
                    same!((unsafe { _rmdir(p(c"folder")) }, error()), (-1, ENOENT));
                    Ok(())
                });
                run(cases, "_stat64 _fstat64", Kind::Success, "what is known of a file and of a folder", || {
                    make(c"known.txt", b"12345")?;
                    let mut stat = Stat::default();
                    same!(unsafe { _stat64(p(c"known.txt"), &raw mut stat) }, 0);
                    same!((stat.size, stat.mode, stat.links), (5, 0x81B6, 1));
                    holds!(stat.written > 1_600_000_000);
                    let file = open(c"known.txt", c"rb")?;
                    let mut open = Stat::default();
                    same!(unsafe { _fstat64(_fileno(file), &raw mut open) }, 0);
                    same!((open.size, open.mode, open.written), (5, 0x81B6, stat.written));
                    same!(unsafe { fclose(file) }, 0);
                    same!(unsafe { _stat64(p(c"."), &raw mut stat) }, 0);
                    same!(stat.mode & 0xF000, 0x4000);
                    Ok(())
                });
                run(cases, "_stat64", Kind::Failure, "a missing file is ENOENT", || {
                    let mut stat = Stat::default();
                    clear();
                    same!((unsafe { _stat64(p(c"nothing"), &raw mut stat) }, error()), (-1, ENOENT));
                    Ok(())
                });
                run(cases, "_findfirst64 _findnext64 _findclose", Kind::Success, "a search finds each match once", || {
                    make(c"find1.fnd", b"1")?;
                    make(c"find2.fnd", b"22")?;
                    let mut found = Found::default();
                    let search = unsafe { _findfirst64(p(c"find?.fnd"), &raw mut found) };
                    holds!(search != -1);
                    let mut sizes = alloc::vec![found.size];
                    while unsafe { _findnext64(search, &raw mut found) } == 0 {
                        sizes.push(found.size);
                    }
                    same!(error(), ENOENT);
                    sizes.sort_unstable();
                    same!(sizes, [1, 2]);
                    same!(unsafe { _findclose(search) }, 0);
                    clear();
                    same!((unsafe { _findfirst64(p(c"*.none"), &raw mut found) }, error()), (-1, ENOENT));
                    Ok(())
                });
            }
        }
    };
}

runtime!(old, "msvcrt");
runtime!(new, "ucrtbase");

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        old::cases(&mut cases);
        new::cases(&mut cases);
        cases.code()
    }
}
