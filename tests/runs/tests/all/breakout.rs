//! System calls, descriptors, messages and resources that a program was not given: what it gets, what its user sees, what the audit
//! says.

use crate::attack::{Attack, names};
use runs::Home;
use runs::home::Waiting;
use std::fs;
use std::os::unix::fs::symlink;

const ACCESS_DENIED: u32 = 5;

/// Calls that no program of the sandbox makes: the answer is ENOSYS, and the kernel tells the broker of each.
#[test]
fn system_calls_of_the_host_are_refused() {
    // openat, execve, socket, ptrace, process_vm_readv, fork, vfork, kill, memfd_create, io_uring_setup, open, creat,
    // mount, unshare, setns, bpf, seccomp, userfaultfd, perf_event_open, keyctl, pidfd_open, process_madvise, execveat,
    // open_by_handle_at, dup, dup2, pipe, shmget, and read by the x32 numbers.
    let numbers =
        [257, 59, 41, 101, 310, 57, 58, 62, 319, 425, 2, 85, 165, 272, 308, 321, 317, 323, 298, 250, 434, 440, 322, 304, 32, 33, 22, 29, 0x4000_0000];
    let words: Vec<String> = numbers.iter().map(|number: &u64| number.to_string()).collect();
    let words: Vec<&str> = std::iter::once("calls").chain(words.iter().map(String::as_str)).collect();
    for flags in [&[][..], &["--without", "dispatch"]] {
        let attack = Attack::new();
        let outcome = attack.run(flags, &words);
        let expected: String = numbers.iter().map(|number| format!("call {number}: -38\n")).collect();
        assert_eq!((outcome.out, outcome.code), (expected, 0), "{}", outcome.err);
        assert_eq!(attack.forbidden(), numbers, "{flags:?}");
    }
}

/// Calls that the runtime makes are allowed with its arguments alone.
#[test]
fn listed_calls_with_other_arguments_are_refused() {
    let canary = format!("text:{}", Attack::new().canary.display());
    for (number, words) in [
        (257, &["-100", &canary, "2", "0"][..]),
        // A process of its own; a new user namespace.
        (56, &["17"]),
        (56, &["0x10000000"]),
        // Another process; the whole session.
        (234, &["2", "2", "9"]),
        (234, &["-1", "-1", "9"]),
        // PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_PTRACER.
        (157, &["4", "1"]),
        (157, &["22", "1"]),
        (157, &["0x59616d61", "-1"]),
        // F_DUPFD, F_SETFL, F_SETOWN.
        (72, &["0", "0", "0"]),
        (72, &["1", "4", "0x2000"]),
        (72, &["4", "8", "1"]),
        // The boot socket stays; nothing is sent over any other.
        (3, &["5"]),
        (46, &["4", "0", "0"]),
        // Memory that grows by itself.
        (9, &["0", "0x1000", "3", "0x122", "-1", "0"]),
        // TIOCSTI types into a terminal, FIONBIO changes a descriptor that others share.
        (16, &["0", "0x5412", "0"]),
        (16, &["1", "0x5421", "0"]),
        // The processors of another process.
        (203, &["1", "8", "0"]),
    ] {
        let attack = Attack::new();
        let number_word = number.to_string();
        let outcome = attack.run(&["--without", "dispatch"], &[&["call", &number_word], words].concat());
        assert_eq!(outcome.out, format!("call {number}: -38\n"), "{words:?}: {outcome:?}");
        assert_eq!(attack.forbidden(), [number], "{words:?}");
    }
}

/// The 32-bit way in is closed as well, and a number that the 64-bit list has is no excuse.
#[test]
fn the_32_bit_way_in_is_refused() {
    for flags in [&[][..], &["--without", "dispatch"]] {
        // execve, open and munmap's namesake by the other numbers.
        for number in ["11", "5", "9"] {
            let attack = Attack::new();
            let outcome = attack.run(flags, &["int80", number]);
            assert_eq!(outcome.out, format!("int80 {number}: -38\n"), "{outcome:?}");
            assert_eq!(attack.forbidden(), [number.parse::<u64>().expect("a number")], "{flags:?}");
        }
    }
}

/// A call that the runtime makes too, made by the program's code, is answered and told of.
#[test]
fn a_listed_call_of_the_program_is_told_of() {
    let attack = Attack::new();
    // The host takes the lower half of the last one for a number: exit_group.
    let outcome = attack.run(&[], &["calls", "9", "13", "202", "0x1000000e7"]);
    let refused = "call 9: -38\ncall 13: -38\ncall 202: -38\ncall 0x1000000e7: -38\n";
    assert_eq!((outcome.out.as_str(), outcome.code), (refused, 0), "{outcome:?}");
    let told = attack.home.audit().into_iter().filter(|row| row["kind"] == "forbidden-call");
    assert_eq!(told.filter_map(|row| row["code"].as_u64()).collect::<Vec<_>>(), [9, 13, 202, 231]);
}

#[test]
fn too_many_forbidden_calls_are_fatal() {
    for flags in [&[][..], &["--without", "dispatch"]] {
        let attack = Attack::new();
        assert_eq!(attack.run(flags, &["flood", "1000"]).code, 0, "a thousand are borne");
        let outcome = attack.run(flags, &["flood", "2000"]);
        let said = "the program crashed: more than 1000 forbidden system calls, the last of them number 257 (exit code 0xc0000022)";
        assert_eq!((outcome.code, outcome.out.as_str(), outcome.said()), (139, "", vec![said]));
        assert_eq!(attack.forbidden().len(), 1001);
    }
}

/// The process holds what the broker gave it, and can change none of what others share with it.
#[test]
fn descriptors_are_those_that_were_given() {
    let attack = Attack::new();
    let outcome = attack.run(&["--without", "dispatch"], &["descriptors"]);
    let mut lines = outcome.out.lines().map(|line| line.split([' ', ':', ',']).filter(|word| !word.is_empty()).collect::<Vec<_>>());
    // The standard streams, the channel's socket, the boot socket, the system DLLs, the program, the clock, counters, records.
    let known = ["0", "1", "2", "4", "5", "6", "7", "8", "9", "10"];
    let found: Vec<_> = lines.clone().map(|words| words[1]).collect();
    assert_eq!(found, known, "{outcome:?}");
    assert!(lines.clone().all(|words| words[5] == "false"), "nothing shrinks: {outcome:?}");
    let writable: Vec<&str> = lines.clone().filter(|words| words[7] == "true").map(|words| words[1]).collect();
    assert_eq!(writable, ["9", "10"], "counters and records alone are the process's to write: {outcome:?}");
    assert!(lines.all(|words| !["6", "7"].contains(&words[1]) || words[3] == "0"), "files are open for reading: {outcome:?}");
}

#[test]
fn the_runtime_undone_from_below_harms_the_process_alone() {
    let attack = Attack::new();
    let outcome = attack.run(&["--without", "dispatch"], &["close-all"]);
    assert!(outcome.out.starts_with("closed\n") && outcome.code < 126, "{outcome:?}");
    let outcome = attack.run(&["--without", "dispatch"], &["signals"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (139, "blocked 0\n"), "{outcome:?}");
    assert_eq!(outcome.said(), ["the program crashed: ended by the host's signal 11 (exit code 0xc0000001)"]);
    let outcome = attack.run(&[], &["signals"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (139, "blocked -38\n"), "{outcome:?}");
    assert!(outcome.err.contains("access violation reading 0x10"), "the runtime's handlers are still there: {outcome:?}");
}

/// Nonsense in the channel's memory is answered or refused; nonsense in its very words ends with the process.
#[test]
fn garbage_on_the_channel_is_refused() {
    let attack = Attack::new();
    let granted = attack.granted();
    let outcome = attack.run(&["--without", "dispatch", "--ro", &granted], &["garbage", "20000"]);
    let lines: Vec<&str> = outcome.out.lines().collect();
    // EPIPE: the broker does not listen on the sockets.
    assert_eq!(lines, ["channel found", "unanswered 0", "socket 4: -32", "socket 5: -32", "smashed"], "{outcome:?}");
    assert_eq!(outcome.said(), ["the program crashed: ended without telling how (exit code 0xc0000001)"], "{outcome:?}");
    assert!(!attack.evidence("malformed-message").is_empty(), "messages that are none are evidence");
    assert_eq!(names(&attack.home.granted()), ["file.txt"]);
}

/// What runs out is answered with the documented error, and the broker still serves its user.
#[test]
fn what_runs_out_is_an_error() {
    let attack = Attack::new();
    let granted = attack.granted();
    // ERROR_COMMITMENT_LIMIT, ERROR_NOT_ENOUGH_MEMORY, ERROR_TOO_MANY_OPEN_FILES. 32-bit code runs out of addresses first.
    let outcome = attack.run(&[], &["memory"]);
    let error = if runs::is_narrow() { 8 } else { 1455 };
    assert_eq!((outcome.out, outcome.code), (format!("memory error {error}\n").repeat(3), 0), "{}", outcome.err);
    let outcome = attack.run(&[], &["threads"]);
    assert!(outcome.out.starts_with("threads ") && outcome.out.ends_with("error 8\n") && outcome.code == 0, "{outcome:?}");
    let flags = attack.grant("--ro", &granted);
    for verb in ["files", "handles"] {
        let outcome = attack.run(&flags, &[verb, &attack.inside("file.txt")]);
        assert!(outcome.out.starts_with(verb) && outcome.out.ends_with("error 4\n") && outcome.code == 0, "{outcome:?}");
    }
}

/// Opening a pipe wakes whoever waits at its other end, and opening a device may do anything: neither is opened.
#[test]
fn special_files_are_not_opened() {
    use rustix::fs::{CWD, FileType, Mode, inotify, mknodat};
    let attack = Attack::new();
    let pipe = attack.home.granted().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o666), 0).expect("a pipe");
    symlink("pipe", attack.home.granted().join("link")).expect("a link");
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC).expect("a watch");
    inotify::add_watch(&watch, &pipe, inotify::WatchFlags::OPEN).expect("a watch");
    let granted = attack.granted();
    let flags = attack.grant("--rw", &granted);
    let (path, link) = (attack.inside("pipe"), attack.inside("link"));
    attack.refused(&flags, "open", &[(&path, ACCESS_DENIED), (&link, ACCESS_DENIED)]);
    attack.refused(&flags, "write", &[(&path, ACCESS_DENIED), (&link, ACCESS_DENIED)]);
    let opened = rustix::io::read(&watch, &mut [0_u8; 256]);
    assert_eq!(opened, Err(rustix::io::Errno::AGAIN), "the pipe was opened");
}

/// What the host takes from the process before it takes anything from others.
#[test]
fn limits_of_the_process() {
    let home = Home::new();
    let run = Waiting::new(&home, &[], &["wait"]);
    let family = home.family();
    let broker = family.number("win-compat: ").expect("there is a broker");
    let program = family.number("runtime").expect("there is a program");
    let of = |number: u32, what: &str| fs::read_to_string(format!("/proc/{number}/{what}")).expect("it runs");
    // The broker says so as soon as the program has begun, which may be ahead of that.
    assert!(runs::until(|| of(program, "oom_score_adj").trim() == "1000"), "where memory runs out, the program goes first");
    assert_ne!(of(broker, "oom_score_adj").trim(), "1000", "and the broker tells of it");
    let limits = of(program, "limits");
    let most = |name: &str| limits.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next().map(str::to_owned));
    assert_eq!(most("Max processes").as_deref(), Some("8192"), "{limits}");
    assert_eq!(most("Max core file size").as_deref(), Some("0"), "{limits}");
    assert_ne!(most("Max data size").as_deref(), Some("unlimited"), "{limits}");
    run.ends();
    family.goes();
    home.ends();
}

/// Listings that nobody reads to their end do not fill the broker's memory.
#[test]
fn listings_are_bounded() {
    let attack = Attack::new();
    for number in 0..2000 {
        attack.home.write(&format!("{number}.txt"), "");
    }
    let granted = attack.granted();
    let outcome = attack.run(&attack.grant("--ro", &granted), &["listings", &attack.inside("*"), "2000"]);
    // ERROR_NO_SYSTEM_RESOURCES, after about a million entries.
    assert!(outcome.out.starts_with("listings 5") && outcome.out.ends_with("error 1450\n"), "{outcome:?}");
}

/// A program's text does not reach the terminal as commands: not at once, and not when the audit is read.
#[test]
fn texts_do_not_steer_the_terminal() {
    let attack = Attack::new();
    let outcome = attack.run(&[], &["debug-escape"]);
    assert_eq!(outcome.said(), ["debug: \u{fffd}]0;owned\u{fffd}\u{fffd}2J"]);
    for arguments in [&["audit"][..], &["audit", "--json"]] {
        let audit = attack.home.say(arguments).out;
        assert!(audit.contains("owned"), "{audit:?}");
        assert!(audit.chars().all(|character| character == '\n' || !character.is_control()), "{audit:?}");
    }
    let row = attack.home.audit().into_iter().find(|row| row["kind"] == "debug-text").expect("it is noted");
    assert_eq!(row["text"], "\u{1b}]0;owned\u{7}\u{9b}2J", "JSON keeps the text as it was");
}
