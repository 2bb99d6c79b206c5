//! Processes that programs start: whose run they are, and how they end.

use runs::Home;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A program and its child, which both have said that they wait.
fn waiting(home: &Home) -> Child {
    let mut run = home.run_command(&[], "parent", &["hang"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut output = BufReader::new(run.stdout.take().expect("it is piped"));
    for _ in 0..2 {
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        assert_eq!(line.trim_end(), "waiting");
    }
    run
}

#[test]
fn a_childs_code_is_passed_on() {
    let home = Home::new();
    assert_eq!(home.run(&[], "parent", &["pass", "77"]).code, 77);
    let starts: Vec<_> = home.audit().into_iter().filter(|event| event["kind"] == "process-start").collect();
    assert_eq!(starts.len(), 2, "the audit knows of both: {starts:?}");
    home.ends();
}

/// The run is over with its program; what that started goes on until it has ended, as on Windows.
#[test]
fn a_child_outlives_its_parent() {
    let home = Home::new();
    let outcome = home.run(&["--rw", "."], "parent", &["leave", "left.txt"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (5, ""), "{outcome:?}");
    let left = home.granted().join("left.txt");
    assert!(runs::until(|| left.exists()), "the child has gone with its parent");
    home.ends();
}

/// What ends the command line before its program ends all of them.
#[test]
fn a_run_that_is_ended_leaves_no_child() {
    for number in [Signal::KILL, Signal::TERM, Signal::INT] {
        let home = Home::new();
        let mut run = waiting(&home);
        let family = home.family();
        kill_process(Pid::from_raw(run.id() as i32).expect("it has a number"), number).expect("it is ours");
        run.wait().expect("it ends");
        family.goes();
        home.ends();
    }
}

#[test]
fn many_processes_leave_nothing() {
    let home = Home::new();
    let outcome = home.run(&[], "parent", &["storm", "300"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "300 processes\n"), "{outcome:?}");
    home.ends();
}

/// (Wine's server crashes over this one, so that it is no case of the conformance programs.)
#[test]
fn a_process_ends_itself_with_its_jobs_last_handle() {
    let home = Home::new();
    let outcome = home.run(&[], "parent", &["own-job"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (3, ""), "{outcome:?}");
    home.ends();
}

/// Each process holds the only handle to the job that the next one is in: the end of the first is the end of them all.
#[test]
fn an_end_runs_through_a_chain_of_jobs() {
    let home = Home::new();
    let outcome = home.run(&[], "parent", &["chain", "60"]);
    assert_eq!(outcome.code, 9, "{outcome:?}");
    home.ends();
}
