//! What is no program, or none that can run here: one sentence, the documented exit code, and nothing left behind.

use crate::program::builder::{Builder, OPTIONAL, SIGNATURE, set};
use crate::program::{answering, kind};
use runs::home::outcome;
use runs::{Home, Outcome, guest};
use std::path::Path;
use std::time::{Duration, Instant};

/// No refusal takes longer, on a busy machine either.
const PROMPT: Duration = Duration::from_secs(10);

/// Runs a file, and checks that it was refused with a code and one sentence, which it answers.
pub fn refused(home: &Home, file: &Path, code: i32) -> String {
    let start = Instant::now();
    let outcome = home.say(&["run", "--yes", "--", &file.display().to_string()]);
    assert_eq!(outcome.code, code, "{}: {outcome:?}", file.display());
    assert!(start.elapsed() < PROMPT, "{} took {:?}", file.display(), start.elapsed());
    one_sentence(&outcome, code)
}

/// The one sentence of a run that was refused.
pub fn one_sentence(outcome: &Outcome, code: i32) -> String {
    assert_eq!((outcome.code, outcome.out.as_str()), (code, ""), "{outcome:?}");
    assert_eq!((outcome.err.lines().count(), outcome.said().len()), (1, 1), "not one sentence: {outcome:?}");
    outcome.said()[0].to_owned()
}

/// A good file, with some bytes of it changed.
fn changed(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = answering(7).file();
    set(&mut file, at, bytes);
    file
}

#[test]
fn what_is_no_program_is_refused() {
    let home = Home::new();
    let mut dos = vec![0; 0x200];
    dos[..2].copy_from_slice(b"MZ");
    let mut library = answering(7).file();
    set(&mut library, SIGNATURE + 22, &0x2022_u16.to_le_bytes());
    let signature = |two: &[u8]| changed(SIGNATURE, two);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.exe", Vec::new(), "no Windows program"),
        ("text.exe", b"hello, world\n".to_vec(), "no Windows program"),
        ("script", b"#!/bin/sh\necho hello\n".to_vec(), "no Windows program"),
        ("batch.bat", b"@echo off\r\n".to_vec(), "no Windows program"),
        ("host", std::fs::read("/proc/self/exe").expect("this test has a file")[..4096].to_vec(), "no Windows program"),
        ("letters.exe", b"MZ".to_vec(), "ends before its DOS header"),
        ("dos.exe", dos, "DOS program"),
        ("sixteen.exe", signature(b"NE\0\0"), "16-bit"),
        ("driver.vxd", signature(b"LE\0\0"), "driver"),
        ("os2.exe", signature(b"LX\0\0"), "OS/2"),
        ("arm64.exe", changed(SIGNATURE + 4, &0xAA64_u16.to_le_bytes()), "ARM64"),
        ("itanium.exe", changed(SIGNATURE + 4, &0x200_u16.to_le_bytes()), "processors, not for x86"),
        ("mixed.exe", changed(SIGNATURE + 4, &if runs::is_narrow() { 0x8664_u16 } else { 0x14C }.to_le_bytes()), "processor"),
        ("library.dll", library, "a DLL, not a program"),
        ("object.exe", changed(SIGNATURE + 22, &0x20_u16.to_le_bytes()), "mark of an executable"),
        ("rom.exe", changed(OPTIONAL, &0x107_u16.to_le_bytes()), "kind of optional header"),
    ];
    for (name, content, wanted) in cases {
        let file = home.write(name, content);
        let sentence = refused(&home, &file, 126);
        assert!(sentence.starts_with(&file.display().to_string()) && sentence.contains(wanted), "{name}: {sentence}");
    }
    home.ends();
}

/// At each boundary of the headers, one byte before and behind it, and all through the sections.
#[test]
fn a_program_that_was_cut_off_is_refused() {
    let home = Home::new();
    let whole = std::fs::read(guest("hello")).expect("it was built");
    let word = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().expect("four bytes")) as usize;
    let half = |at: usize| usize::from(u16::from_le_bytes([whole[at], whole[at + 1]]));
    let signature = word(0x3C);
    let optional = signature + 24;
    let table = optional + half(signature + 20);
    let sections: Vec<usize> = (0..half(signature + 6)).map(|index| table + 40 * index).collect();
    let mut boundaries = vec![0, 2, 0x3C, 0x40, signature, signature + 4, optional, optional + 2, optional + 112, table, word(optional + 60)];
    for section in &sections {
        boundaries.extend([*section, section + 40, word(section + 20), word(section + 20) + word(section + 16)]);
    }
    boundaries.extend((0..16).map(|directory| optional + 112 + 8 * directory));
    boundaries.extend((0..whole.len()).step_by((whole.len() / 24).max(1)));
    let mut lengths: Vec<usize> = boundaries.iter().flat_map(|at| [at.saturating_sub(1), *at, at + 1]).collect();
    lengths.sort_unstable();
    lengths.dedup();
    // What lies behind the last section is not mapped: without it the program is whole.
    let needed = sections.iter().map(|section| word(section + 20) + word(section + 16)).max().expect("it has sections");
    let lengths: Vec<usize> = lengths.into_iter().filter(|length| *length < needed).collect();
    assert!(lengths.len() > 60, "{lengths:?}");
    for length in lengths {
        let file = home.write("cut.exe", &whole[..length]);
        let sentence = refused(&home, &file, 126);
        let says = ["ends before its", "no Windows program", "DOS program"].iter().any(|words| sentence.contains(words));
        assert!(says, "cut off at {length}: {sentence}");
    }
    home.write("cut.exe", &whole[..needed]);
    assert_eq!(home.say(&["run", "cut.exe"]).out, "Hello, world!\r\n");
    home.ends();
}

/// Headers that ask for more than there is.
#[test]
fn headers_out_of_all_measure_are_refused() {
    let home = Home::new();
    let section = Builder::new(kind()).section(0);
    let between = 0x40_1000_u64.to_le_bytes();
    let between = if runs::is_narrow() { (OPTIONAL + 28, &between[..4]) } else { (OPTIONAL + 24, &between[..]) };
    let word = |at: usize, value: u32| changed(at, &value.to_le_bytes());
    for (what, content, wanted) in [
        ("97 sections", changed(SIGNATURE + 6, &97_u16.to_le_bytes()), "number of sections"),
        ("65,535 sections", changed(SIGNATURE + 6, &0xFFFF_u16.to_le_bytes()), "number of sections"),
        ("96 sections where there are 2", changed(SIGNATURE + 6, &96_u16.to_le_bytes()), "section"),
        ("an image of 4 GiB", word(OPTIONAL + 56, u32::MAX), "size in memory"),
        ("an image of nothing", word(OPTIONAL + 56, 0), "size in memory"),
        ("headers of 4 GiB", word(OPTIONAL + 60, u32::MAX), "size of headers"),
        ("an entry point far outside", word(OPTIONAL + 16, 0x7FFF_FFFF), "entry point"),
        ("a section of 4 GiB", word(section + 8, u32::MAX), "section"),
        ("a section at the end of 4 GiB", word(section + 12, 0xFFFF_F000), "section"),
        ("a section whose bytes lie far behind the file", word(section + 20, 0x7FFF_0000), "sections"),
        ("a section of more bytes than the file has", changed(section + 8, &[0, 0, 0x10, 0, 0, 0x10, 0, 0, 0, 0, 0x10, 0]), "section"),
        ("a header far behind the file", word(0x3C, 0x7FFF_FFFF), "DOS program"),
        ("a header that starts at the very end", word(0x3C, u32::MAX), "DOS program"),
        ("an odd alignment", word(OPTIONAL + 32, 0x1001), "alignment"),
        ("no alignment", word(OPTIONAL + 32, 0), "alignment"),
        ("a base between two", changed(between.0, between.1), "base address"),
    ] {
        let file = home.write(&format!("{what}.exe"), content);
        let sentence = refused(&home, &file, 126);
        assert!(sentence.contains(wanted), "{what}: {sentence}");
    }
    home.ends();
}

/// Where there is no file, or none that can be read.
#[test]
fn what_is_no_file_is_refused() {
    let home = Home::new();
    let good = home.write("good.exe", answering(7).file());
    let folder = home.granted().join("folder");
    std::fs::create_dir(&folder).expect("a folder");
    let circle = home.granted().join("circle.exe");
    std::os::unix::fs::symlink(&circle, &circle).expect("a link");
    let dangling = home.granted().join("dangling.exe");
    std::os::unix::fs::symlink(home.granted().join("nowhere.exe"), &dangling).expect("a link");
    let pipe = home.granted().join("pipe.exe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).expect("a pipe");
    for (file, code, wanted) in [
        (home.granted().join("missing.exe"), 127, "it does not exist"),
        (home.granted().join("no folder/missing.exe"), 127, "it does not exist"),
        (good.join("inside.exe"), 127, "it does not exist"),
        (dangling, 127, "it does not exist"),
        (circle, 126, "symbolic link"),
        (folder, 126, "this is a folder"),
        ("/".into(), 126, "this is a folder"),
        (pipe, 126, "this is no file"),
        ("/dev/null".into(), 126, "this is no file"),
        (home.granted().join("x".repeat(300)), 126, "name too long"),
    ] {
        let sentence = refused(&home, &file, code);
        assert!(sentence.contains(wanted), "{}: {sentence}", file.display());
        assert!(sentence.starts_with(&file.display().to_string()), "{sentence}");
    }
    home.ends();
}

/// The user who runs tests may be one who can read everything: that power is laid down first.
#[test]
fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let file = home.write("secret.exe", answering(7).file());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o0)).expect("it is ours");
    let plain = home.command(&["run", "secret.exe"]);
    let mut command = plain;
    if rustix::process::geteuid().is_root() {
        let program = command.get_program().to_owned();
        command = std::process::Command::new("setpriv");
        command.args(["--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search", "--"]).arg(program);
        command.args(["run", "secret.exe"]).env("WIN_COMPAT_HOME", home.state()).current_dir(home.granted());
    }
    let sentence = one_sentence(&outcome(command, b""), 126);
    assert!(sentence.contains("secret.exe") && sentence.contains("you may not open it"), "{sentence}");
    home.ends();
}

/// `inspect` reads the same files in the same jail, and refuses in the same words.
#[test]
fn inspect_refuses_as_run_does() {
    let home = Home::new();
    for (name, content) in [("empty.exe", Vec::new()), ("text.exe", b"hello".to_vec()), ("cut.exe", answering(7).file()[..0x90].to_vec())] {
        let file = home.write(name, content);
        let run = refused(&home, &file, 126);
        let inspect = one_sentence(&home.say(&["inspect", &file.display().to_string()]), 126);
        assert_eq!(run, inspect);
    }
    let missing = one_sentence(&home.say(&["inspect", "missing.exe"]), 127);
    assert!(missing.contains("missing.exe"), "{missing}");
    let folder = one_sentence(&home.say(&["inspect", "."]), 126);
    assert!(folder.contains("folder"), "{folder}");
}

/// A policy that cannot be read names the file, the line and the word.
#[test]
fn policies_are_refused_with_their_line() {
    let home = Home::new();
    for (text, words) in [
        ("strict_imports = true\n[fs]\nwings = 3\n", ["line 3", "wings"]),
        ("[network]\nallow = []\n", ["line 1", "network"]),
        ("\n\nstrict_imports = 5\n", ["line 3", "strict_imports = 5"]),
        ("windows_version = \"eleven\"\n", ["line 1", "eleven"]),
        ("[fs\n", ["line 1", "[fs"]),
        ("[fs]\nro = [\"/a\"\n", ["line 2", "ro"]),
    ] {
        let file = home.write("policy.toml", text);
        let outcome = home.run(&["--policy", &file.display().to_string()], "hello", &[]);
        assert_eq!((outcome.code, outcome.out.as_str()), (125, ""), "{text}: {outcome:?}");
        assert!(outcome.said()[0].contains("policy.toml"), "{text}: {outcome:?}");
        assert!(words.iter().all(|word| outcome.err.contains(word)), "{text}: {outcome:?}");
    }
    let absent = one_sentence(&home.run(&["--policy", "absent.toml"], "hello", &[]), 125);
    assert!(absent.contains("absent.toml"), "{absent}");
    home.ends();
}

/// What is planned is not taken for what is there.
#[test]
fn flags_that_are_not_there_yet_say_so() {
    let home = Home::new();
    for flag in ["--net", "--timeout", "--limit", "--trace", "--status-file", "--keep"] {
        let sentence = one_sentence(&home.run(&[flag, "x"], "hello", &[]), 125);
        assert_eq!(sentence, format!("{flag} is not there yet"));
    }
    for (flags, word) in
        [(["--wings", "x"], "--wings"), (["--without", "wings"], "wings"), (["--env", "=x"], "NAME=VALUE"), (["--cwd", "/none"], "/none")]
    {
        let outcome = home.run(&flags, "hello", &[]);
        assert_eq!((outcome.code, outcome.out.as_str()), (125, ""), "{flags:?}: {outcome:?}");
        assert!(outcome.err.contains(word), "{flags:?}: {outcome:?}");
    }
    assert_eq!(home.say(&["run"]).code, 125);
    home.ends();
}

/// Grants of what is not there, or is no folder.
#[test]
fn grants_that_lead_nowhere_are_refused() {
    let home = Home::new();
    let file = home.write("file.txt", "x").display().to_string();
    for (flag, folder) in [("--ro", "/no/such/folder"), ("--rw", "/no/such/folder"), ("--ro", file.as_str())] {
        let sentence = one_sentence(&home.run(&[flag, folder], "hello", &[]), 125);
        assert!(sentence.contains(folder), "{sentence}");
    }
    home.ends();
}

/// What a program asked for in vain is named with the flag that would have granted it, once, and only where it exists.
#[test]
fn what_was_not_granted_is_named_with_its_flag() {
    let home = Home::new();
    let file = home.write("letter.txt", "dear");
    let folder = home.granted().display().to_string();
    let denied = home.run(&[], "act", &["open", &home.seen(&file)]);
    assert_eq!((denied.code, denied.out.as_str()), (3, "error 3\n"), "{denied:?}");
    let expected = format!("the program asked for {}, which is not granted; --ro {folder} would grant it", file.display());
    assert_eq!(denied.said(), [expected.as_str()]);
    let granted = home.run(&["--ro", &folder], "act", &["open", &home.seen(&file)]);
    assert_eq!((granted.code, granted.err.as_str()), (0, ""), "{granted:?}");
    let absent = home.run(&[], "act", &["open", &home.seen(&home.granted().join("absent.txt"))]);
    assert_eq!(absent.said().len(), 0, "{absent:?}");
    home.ends();
}

/// Names that are no text: Windows programs could not be told of them.
#[test]
fn names_that_windows_cannot_say() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    let strange = home.granted().join(OsStr::from_bytes(b"\xff"));
    std::fs::create_dir(&strange).expect("a folder");
    let program = guest("hello");
    for arguments in [[OsStr::new("--ro"), strange.as_os_str(), program.as_os_str()], [OsStr::new("--"), strange.as_os_str(), OsStr::new("x")]] {
        let mut command = home.command(&["run", "--yes"]);
        command.args(arguments);
        let sentence = one_sentence(&outcome(command, b""), 125);
        assert!(sentence.contains("is not UTF-8"), "{sentence}");
    }
    let mut command = home.command(&["run", "--yes", "--", &program.display().to_string()]);
    command.current_dir(&strange);
    assert_eq!(outcome(command, b"").code, 0, "a program that needs no folder runs in any");
    home.ends();
}
