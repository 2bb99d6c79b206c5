//! Named pipes between processes of a sandbox, which end at any time.

use crate::member::Member;
use runs::Home;

const SANDBOX: [&str; 2] = ["--sandbox", "pipes"];

fn serving(home: &Home, program: &str) -> Member {
    let mut server = Member::new(home, &SANDBOX, program, &["serve", "p"]);
    assert_eq!(server.says(), "listening");
    server
}

/// A message and its answer, whatever the bitness of the two; the client goes, and the server hears of it.
#[test]
fn a_server_answers_whatever_its_client_is() {
    for (server, client) in [("pipe", "pipe"), ("32/pipe", "pipe"), ("pipe", "32/pipe")] {
        let home = Home::new();
        let mut server = serving(&home, server);
        let mut client = Member::new(&home, &SANDBOX, client, &["ask", "p", "hey"]);
        assert_eq!((server.says(), server.says()), ("connected".into(), "hey".into()));
        assert_eq!((client.says(), client.says()), ("asking".into(), "hey!".into()));
        client.dies();
        assert_eq!(server.ends(), ("error 109".into(), Some(1)), "ERROR_BROKEN_PIPE");
        home.ends();
    }
}

/// A server that is killed: its client hears of it, and the name is free.
#[test]
fn a_killed_server_leaves_its_client() {
    let home = Home::new();
    let mut server = serving(&home, "pipe");
    let mut client = Member::new(&home, &SANDBOX, "pipe", &["hold", "p"]);
    assert_eq!((client.says(), server.says()), ("asking".into(), "connected".into()));
    assert_eq!(Member::new(&home, &SANDBOX, "pipe", &["hold", "p"]).ends(), ("error 231".into(), Some(1)), "ERROR_PIPE_BUSY");
    server.dies();
    assert_eq!(client.ends(), ("error 109".into(), Some(1)));
    assert_eq!(Member::new(&home, &SANDBOX, "pipe", &["hold", "p"]).ends(), ("error 2".into(), Some(1)));
    serving(&home, "pipe").dies();
    home.ends();
}

/// A sandbox's pipes are its own.
#[test]
fn pipes_do_not_leave_their_sandbox() {
    let home = Home::new();
    let server = serving(&home, "pipe");
    assert_eq!(Member::new(&home, &["--sandbox", "other"], "pipe", &["hold", "p"]).ends(), ("error 2".into(), Some(1)));
    assert_eq!(Member::new(&home, &[], "pipe", &["hold", "p"]).ends(), ("error 2".into(), Some(1)));
    server.dies();
    home.ends();
}

/// Those of other computers are refused, which the audit knows.
#[test]
fn pipes_of_other_computers_are_refused() {
    let home = Home::new();
    let refused = Member::new(&home, &[], "pipe", &["open", "\\\\server\\pipe\\p"]);
    assert_eq!(refused.ends(), ("error 53".into(), Some(1)), "ERROR_BAD_NETPATH");
    let told = home.audit().into_iter().any(|event| event["kind"] == "open" && event["text"] == "UNC\\server\\pipe\\p" && event["outcome"] != "ok");
    assert!(told, "{:?}", home.audit());
    home.ends();
}
