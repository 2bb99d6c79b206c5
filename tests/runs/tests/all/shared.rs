//! Objects that several processes of a sandbox share by their names.

use crate::member::Member;
use runs::Home;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const PROGRAM: &str = "share";
const SANDBOX: [&str; 2] = ["--sandbox", "sharing"];

/// A process that is killed while it owns a mutex has abandoned it, whether others wait for it already or come later.
#[test]
fn what_a_killed_process_owned_is_abandoned() {
    let home = Home::new();
    let mut holder = Member::new(&home, &SANDBOX, PROGRAM, &["hold", "a"]);
    assert_eq!(holder.says(), "holding");
    let mut waiter = Member::new(&home, &SANDBOX, PROGRAM, &["take", "a"]);
    assert_eq!(waiter.says(), "waiting");
    holder.dies();
    assert_eq!(waiter.says(), "abandoned");
    assert_eq!(waiter.ends(), (String::new(), Some(0)));
    // Nobody is left who has it: the name is gone.
    assert_eq!(Member::new(&home, &SANDBOX, PROGRAM, &["take", "a"]).ends(), ("error 2".into(), Some(1)));
    home.ends();
}

/// A sandbox's names are its own.
#[test]
fn names_do_not_leave_their_sandbox() {
    let home = Home::new();
    let mut holder = Member::new(&home, &SANDBOX, PROGRAM, &["hold", "a"]);
    assert_eq!(holder.says(), "holding");
    assert_eq!(Member::new(&home, &["--sandbox", "other"], PROGRAM, &["take", "a"]).ends(), ("error 2".into(), Some(1)));
    assert_eq!(Member::new(&home, &[], PROGRAM, &["take", "a"]).ends(), ("error 2".into(), Some(1)));
    holder.dies();
    home.ends();
}

/// Memory with a name is one memory, as long as somebody has it.
#[test]
fn memory_is_shared() {
    let home = Home::new();
    let mut writer = Member::new(&home, &SANDBOX, PROGRAM, &["write", "m", "a text for others"]);
    assert_eq!(writer.says(), "written");
    assert_eq!(Member::new(&home, &SANDBOX, PROGRAM, &["read", "m"]).ends(), ("a text for others".into(), Some(0)));
    assert_eq!(Member::new(&home, &["--sandbox", "other"], PROGRAM, &["read", "m"]).ends(), ("error 2".into(), Some(1)));
    writer.dies();
    home.family().goes();
    assert_eq!(Member::new(&home, &SANDBOX, PROGRAM, &["read", "m"]).ends(), ("error 2".into(), Some(1)));
    home.ends();
}

/// Eight threads of each of four processes change what a mutex guards, keep to a room's places and hand a baton on, in waits for one
/// and for all, with objects that others know and that they do not.
#[test]
fn a_storm_of_processes_keeps_every_promise() {
    let home = Home::new();
    let members: Vec<Member> = (0..4).map(|_| Member::new(&home, &SANDBOX, PROGRAM, &["storm", "s", "4"])).collect();
    let mut said: Vec<(String, Option<i32>)> = members.into_iter().map(Member::ends).collect();
    said.sort();
    let silent = (String::new(), Some(0));
    assert_eq!(said, [silent.clone(), silent.clone(), silent, ("done true".into(), Some(0))]);
    home.ends();
}

/// A program that watches folders as long as it is let leaves the broker what it needs to start others.
#[test]
fn watches_leave_the_broker_its_descriptors() {
    let home = Home::new();
    // The limit of whoever starts the sandbox is the broker's.
    let run = home.run_command(&["--sandbox", "one", "--ro", "."], "act", &["watch-all", "."]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 600; exec \"$@\"", "sh"]).arg(run.get_program()).args(run.get_args()).current_dir(home.granted());
    command.env("WIN_COMPAT_HOME", home.state()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut first = command.spawn().expect("it starts");
    let mut lines = BufReader::new(first.stdout.take().expect("it is piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let error = line();
    // ERROR_TOO_MANY_OPEN_FILES of the open, or ERROR_NO_SYSTEM_RESOURCES of the watch.
    assert!(matches!(error.as_str(), "error 4" | "error 1450"), "{error}");
    assert_eq!(line(), "waiting");
    let second = home.run(&["--sandbox", "one", "--ro", "."], "act", &["print", "started"]);
    assert_eq!((second.code, second.out.as_str()), (0, "started"), "{second:?}");
    first.kill().expect("it runs");
    first.wait().expect("it ends");
    home.ends();
}
