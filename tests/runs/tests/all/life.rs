//! How runs end, whoever ends them, and that nothing is left behind.

use runs::home::{Waiting, outcome};
use runs::{Family, Home};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

/// The exit code is the program's lowest byte; where that is 0 and the code is not, 1.
#[test]
fn exit_codes() {
    let home = Home::new();
    for (code, seen) in [("0", 0), ("1", 1), ("125", 125), ("255", 255), ("256", 1), ("-1", 255), ("3221225786", 58)] {
        let outcome = home.run(&[], "act", &["exit", code]);
        assert_eq!((outcome.code, outcome.err.as_str()), (seen, ""), "exit {code}");
    }
    home.ends();
}

/// A process may tell its end before its starter has noted who it is.
#[test]
fn many_short_runs_leave_nothing() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| (0..20).for_each(|_| assert_eq!(home.run(&[], "hello", &[]).code, 0)));
        }
    });
    home.ends();
}

/// A crash is one fixed code, with the exception's name and number.
#[test]
fn crashes() {
    let home = Home::new();
    for (how, name, number) in [
        ("read", "access violation reading 0x10", "0xc0000005"),
        ("write", "access violation writing 0x18", "0xc0000005"),
        ("jump", "access violation executing 0x0", "0xc0000005"),
        ("divide", "integer division by zero", "0xc0000094"),
        ("illegal", "illegal instruction", "0xc000001d"),
        ("privileged", "privileged instruction", "0xc0000096"),
        ("breakpoint", "breakpoint", "0x80000003"),
        ("stack", "stack overflow", "0xc00000fd"),
        ("fast-fail", "fast fail", "0xc0000409"),
    ] {
        let outcome = home.run(&[], "act", &["crash", how]);
        assert_eq!(outcome.code, 139, "crash {how}: {outcome:?}");
        assert!(outcome.err.contains(name) && outcome.err.contains(number), "crash {how}: {outcome:?}");
        assert!(how == "jump" || outcome.err.contains(" at act.exe+0x"), "crash {how}: {outcome:?}");
    }
    home.ends();
}

/// A view whose file has become shorter: what is gone cannot be read, and the process hears of it as on Windows.
#[test]
fn a_view_of_a_file_that_was_cut_off() {
    let home = Home::new();
    let path = home.write("view.bin", vec![1; 0x4000]);
    let mut command = home.run_command(&["--ro", "."], "act", &["view", "view.bin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
    assert_eq!(line.trim_end(), "waiting");
    std::fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0x1000)).expect("it can be cut off");
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(139), "{error}");
    assert!(error.contains("in-page error reading 0x") && error.contains("0xc0000006"), "{error}");
    home.ends();
}

#[test]
fn threads_do_not_outlive_their_process() {
    let home = Home::new();
    assert_eq!(home.run(&[], "act", &["exit-while-threads-run"]).code, 5);
    home.ends();
}

/// A program that waits, and all the processes of its run.
fn waiting(home: &Home, arguments: &[&str]) -> (Waiting, Family) {
    let run = Waiting::new(home, &[], arguments);
    let family = home.family();
    assert!(family.living().len() >= 3, "the command line, the broker and the program: {family:?}");
    (run, family)
}

fn signal(number: u32, signal: Signal) {
    let process = Pid::from_raw(number as i32).expect("a process has a number");
    kill_process(process, signal).expect("it is ours");
}

/// What ends the command line ends the program and the broker with it; a shell sees the signal, as of any program.
#[test]
fn signals_leave_nothing() {
    for number in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = Home::new();
        let (mut run, family) = waiting(&home, &["wait"]);
        signal(run.child.id(), number);
        let status = run.child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(number.as_raw()), "{status:?}");
        family.goes();
        home.ends();
    }
}

#[test]
fn killing_the_command_line_leaves_nothing() {
    let home = Home::new();
    let (mut run, family) = waiting(&home, &["wait"]);
    signal(run.child.id(), Signal::KILL);
    run.child.wait().expect("it ends");
    family.goes();
    home.ends();
}

#[test]
fn killing_the_broker_ends_the_run() {
    let home = Home::new();
    let (mut run, family) = waiting(&home, &["wait"]);
    signal(family.number("win-compat: ").expect("there is a broker"), Signal::KILL);
    assert_eq!(run.child.wait().expect("it ends").code(), Some(125));
    let mut said = String::new();
    run.child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
    assert_eq!(said, "win-compat: the broker has gone, and the program with it\n");
    family.goes();
}

/// A reader that goes away is an error for the program, and not its end.
#[test]
fn a_closed_pipe_is_an_error() {
    let home = Home::new();
    let mut command = home.run_command(&[], "act", &["copy"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut input, b"text").expect("the program reads");
    // ERROR_NO_DATA (232): the pipe is being closed; the program adds 100, and the lowest byte stays.
    assert_eq!(child.wait().expect("it ends").code(), Some((100 + 232) & 0xFF));
    home.ends();
}

/// Ctrl-C reaches a program's handler, which may let it live.
#[test]
fn interrupts_are_events() {
    let home = Home::new();
    let (mut run, family) = waiting(&home, &["interrupts", "2"]);
    let mut line = String::new();
    signal(run.child.id(), Signal::INT);
    run.output.read_line(&mut line).expect("a line");
    assert_eq!(line.trim_end(), "event 0");
    signal(run.child.id(), Signal::INT);
    assert_eq!(run.child.wait().expect("it ends").code(), Some(7));
    family.goes();
    home.ends();
}

/// Bytes pass through pipes as they are.
#[test]
fn pipes_are_passed_as_they_are() {
    let home = Home::new();
    let bytes: Vec<u8> = (0..=255).chain(*b"\r\n\n\r\x1a\x04\x1b[c").collect();
    let mut child = home.run_command(&[], "act", &["copy"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("it is piped"), &bytes).expect("it reads");
    assert_eq!(child.wait_with_output().expect("it ends").stdout, bytes);
    assert_eq!(outcome(home.run_command(&[], "act", &["copy"]), b"").code, 0);
    home.ends();
}

/// What the runtime asks of the host on a program's behalf is not taken for the program's own calls.
#[test]
fn an_honest_program_is_not_accused() {
    let home = Home::new();
    for program in ["conformance_processthreadsapi", "conformance_sysinfoapi", "conformance_synchapi_shared", "conformance_threadpool"] {
        let outcome = home.run(&[], program, &[]);
        assert!(outcome.out.contains("ok"), "{program}: {outcome:?}");
    }
    let accused: Vec<_> = home.audit().into_iter().filter(|event| event["kind"] == "forbidden-call").collect();
    assert!(accused.is_empty(), "{accused:?}");
    home.ends();
}
