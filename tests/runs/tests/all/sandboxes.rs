//! Named sandboxes, the layers of the jail and what is left without them, and the audit's finer modes.

use crate::refusals::one_sentence;
use broker::wire::{Answer, Say, VERSION, receive, send};
use runs::home::{Waiting, outcome};
use runs::{Home, Outcome};
use serde_json::Value;
use std::os::unix::net::{UnixListener, UnixStream};

/// All layers but the one that nothing runs without.
const OPTIONAL: [&str; 7] = ["user", "mount", "pid", "net", "ipc", "landlock", "dispatch"];

fn in_sandbox(home: &Home, sandbox: &str, program: &str, arguments: &[&str]) -> Outcome {
    home.run(&["--sandbox", sandbox], program, arguments)
}

/// The second program of a sandbox joins the first: the same broker, `C:` and audit.
#[test]
fn programs_share_a_sandbox() {
    let home = Home::new();
    let waiting = Waiting::new(&home, &["--sandbox", "shared"], &["wait"]);
    let file = "C:\\Users\\user\\note.txt";
    assert_eq!(in_sandbox(&home, "shared", "act", &["open", file]).code, 2);
    assert_eq!(in_sandbox(&home, "shared", "act", &["create", file]).code, 0);
    assert_eq!(in_sandbox(&home, "shared", "act", &["open", file]).code, 0);
    assert_eq!(in_sandbox(&home, "other", "act", &["open", file]).code, 2, "another sandbox must not see it");
    let brokers = || home.family().members().filter(|(_, name)| name.starts_with("win-compat: san")).count();
    assert!(runs::until(|| brokers() == 1), "{:?}", home.family());
    waiting.ends();
    home.family().goes();
    let audit = home.say(&["audit", "--json", "--sandbox", "shared"]);
    let starts = audit.out.lines().filter(|line| line.contains("\"process-start\"")).count();
    assert_eq!((audit.code, starts), (0, 4), "{audit:?}");
    home.ends();
}

/// What runs is ended, with what it has started, so that the sandbox can be removed; whoever waits for it hears of that.
#[test]
fn a_sandbox_is_stopped() {
    let home = Home::new();
    assert_eq!(home.say(&["sandbox", "stop", "busy"]).code, 125, "there is none yet");
    let mut waiting = Waiting::new(&home, &["--sandbox", "busy"], &["wait"]);
    let refused = home.say(&["sandbox", "remove", "--yes", "busy"]);
    assert!(refused.code == 125 && refused.err.contains("sandbox stop busy"), "{refused:?}");
    let stopped = home.say(&["sandbox", "stop", "busy"]);
    assert_eq!((stopped.code, stopped.out.as_str()), (0, "1 program of the sandbox `busy` ended\n"), "{stopped:?}");
    assert_eq!(waiting.child.wait().expect("it ends").code(), Some(1));
    let idle = home.say(&["sandbox", "stop", "busy"]);
    assert_eq!((idle.code, idle.out.as_str()), (0, "nothing runs in the sandbox `busy`\n"), "{idle:?}");
    assert_eq!(home.say(&["sandbox", "remove", "--yes", "busy"]).code, 0);
    home.ends();
}

#[test]
fn names_of_sandboxes_are_checked() {
    let home = Home::new();
    let long = "x".repeat(65);
    for name in ["", ".", "..", ".hidden", "-x", "a/b", "../up", "a b", "run-1", "caf\u{e9}", "a\nb", long.as_str()] {
        let flag = format!("--sandbox={name}");
        let outcome = home.run(&[&flag], "hello", &[]);
        assert_eq!((outcome.code, outcome.out.as_str()), (125, ""), "{name:?}: {outcome:?}");
        assert!(outcome.err.contains("is no name for a sandbox"), "{name:?}: {outcome:?}");
    }
    for name in ["a", "A.b-c_9", &long[1..]] {
        assert_eq!(in_sandbox(&home, name, "hello", &[]).code, 0, "{name}");
    }
    home.ends();
}

/// A command line and a broker of different versions part with one sentence.
#[test]
fn versions_must_agree() {
    let home = Home::new();
    let folder = home.state().join("live");
    std::fs::create_dir_all(&folder).expect("a folder");
    let listener = UnixListener::bind(folder.join("old.socket")).expect("a socket");
    let old = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("it connects");
        let said: Say = receive(&stream).expect("it greets");
        send(&stream, &Answer::Welcome { version: VERSION + 1 }).expect("it listens");
        said
    });
    let sentence = one_sentence(&in_sandbox(&home, "old", "hello", &[]), 125);
    assert!(sentence.contains("another version") && sentence.contains(&(VERSION + 1).to_string()), "{sentence}");
    assert_eq!(old.join().expect("it was greeted"), Say::Hello { version: VERSION });
    // The other way round: the broker says who it is, and goes on with others.
    let waiting = Waiting::new(&home, &["--sandbox", "new"], &["wait"]);
    let stream = UnixStream::connect(folder.join("new.socket")).expect("it listens");
    send(&stream, &Say::Hello { version: VERSION + 1 }).expect("it listens");
    assert_eq!(receive::<Answer>(&stream).expect("it answers"), Answer::Welcome { version: VERSION });
    assert!(receive::<Answer>(&stream).is_err(), "it must hang up");
    assert_eq!(in_sandbox(&home, "new", "hello", &[]).code, 0);
    waiting.ends();
    home.ends();
}

/// A socket that a killed broker left behind is in nobody's way.
#[test]
fn a_dead_brokers_socket_is_replaced() {
    let home = Home::new();
    let folder = home.state().join("live");
    std::fs::create_dir_all(&folder).expect("a folder");
    drop(UnixListener::bind(folder.join("dead.socket")).expect("a socket"));
    assert_eq!(in_sandbox(&home, "dead", "hello", &[]).out, "Hello, world!\r\n");
    home.ends();
}

fn missing_layers(home: &Home) -> Vec<String> {
    let rows = home.audit().into_iter().filter(|event| event["kind"] == "layer-missing");
    rows.map(|event| event["text"].as_str().expect("a text").to_owned()).collect()
}

/// Each layer of the jail may be missing on a poorer host: programs run all the same, the audit says what was missing, and
/// `--require` refuses.
#[test]
fn programs_run_without_a_layer() {
    let home = Home::new();
    let report: Value = serde_json::from_str(&home.say(&["doctor", "--json"]).out).expect("JSON");
    let rows = report["layers"].as_array().expect("a list");
    let off: Vec<&str> = rows.iter().filter(|row| row["on"] == false).filter_map(|row| row["layer"].as_str()).collect();
    assert_eq!(rows.len(), OPTIONAL.len() + 1, "{report:#}");
    assert_eq!(home.run(&[], "hello", &[]).code, 0);
    assert_eq!(missing_layers(&home), off, "the audit and doctor must agree");
    for layer in OPTIONAL {
        let outcome = home.run(&["--without", layer], "hello", &[]);
        assert_eq!((outcome.code, outcome.out.as_str(), outcome.err.as_str()), (0, "Hello, world!\r\n", ""), "without {layer}");
        assert!(missing_layers(&home).iter().any(|missing| missing == layer), "without {layer}: {:?}", missing_layers(&home));
        let sentence = one_sentence(&home.run(&["--without", layer, "--require", layer], "hello", &[]), 125);
        assert!(sentence.contains(layer) && sentence.contains("required"), "{sentence}");
    }
    let all = OPTIONAL.join(",");
    assert_eq!(home.run(&["--without", &all], "hello", &[]).out, "Hello, world!\r\n");
    home.ends();
}

/// The allowlist of system calls is never optional.
#[test]
fn nothing_runs_without_seccomp() {
    let home = Home::new();
    let outcome = home.run(&["--without", "seccomp"], "hello", &[]);
    assert!(outcome.code == 125 && outcome.out.is_empty(), "{outcome:?}");
    assert!(outcome.err.contains("nothing runs without seccomp"), "{outcome:?}");
    home.ends();
}

/// `per_call`: one event for each call, in order, with its duration; without it, one for each function with its count.
#[test]
fn each_call_can_be_an_event() {
    let home = Home::new();
    let policy = home.write("calls.toml", "[audit]\nper_call = true\n").display().to_string();
    let calls = |home: &Home| -> Vec<(String, u64)> {
        let rows = home.audit().into_iter().filter(|event| event["kind"] == "call");
        rows.map(|event| (event["function"].as_str().unwrap_or_default().to_owned(), event["count"].as_u64().unwrap_or_default())).collect()
    };
    let file = home.write("two.txt", "x");
    let path = home.seen(&file);
    assert_eq!(home.run(&[], "act", &["open", &path]).code, 3);
    let counted = calls(&home);
    assert!(counted.iter().any(|(name, _)| name == "kernel32!CreateFileW"), "{counted:?}");
    assert_eq!(home.run(&["--policy", &policy], "act", &["open", &path]).code, 3);
    let single = calls(&home);
    let place = |wanted: &str| single.iter().position(|(name, _)| name == wanted).unwrap_or_else(|| panic!("no {wanted}: {single:?}"));
    assert!(place("kernel32!GetCommandLineW") < place("kernel32!CreateFileW"), "{single:?}");
    assert!(place("kernel32!CreateFileW") < place("kernel32!WriteFile"), "{single:?}");
    assert!(single.len() > counted.len() || single.iter().all(|(_, count)| *count == 1), "{single:?}");
    home.ends();
}

/// `--without` has nothing to say about a layer that is none.
#[test]
fn layers_have_names() {
    let home = Home::new();
    let outcome = home.say(&["doctor", "--require", "wings"]);
    assert!(outcome.code == 125 && outcome.err.contains("seccomp, user, mount"), "{outcome:?}");
    let version = outcome_of(&home, &["--version"]);
    assert!(version.code == 0 && version.out.starts_with("win-compat "), "{version:?}");
}

fn outcome_of(home: &Home, arguments: &[&str]) -> Outcome {
    outcome(home.command(arguments), b"")
}
