//! Locks on bytes of a granted file, as native programs and sandboxes see each other's.

use runs::Home;
use runs::home::Waiting;
use rustix::fs::{FlockOperation, fcntl_lock};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// A program waits for what a native one has locked, and holds a native one off until it ends.
#[test]
fn native_locks_and_ours_keep_each_other_off() {
    let home = Home::new();
    let path = home.write("locked.bin", vec![1; 100]);
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).expect("it is there");
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).expect("it is free");
    let mut command = home.run_command(&["--rw", "."], "act", &["lock", "locked.bin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut line = || out.next().expect("a line").expect("text");
    assert_eq!(line(), "refused 33");
    fcntl_lock(&file, FlockOperation::NonBlockingUnlock).expect("it was ours");
    assert_eq!(line(), "locked");
    assert!(fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_err(), "the program has locked it");
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    let free = runs::until(|| fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
    assert!(free, "its lock went with the program");
    home.ends();
}

/// Two sandboxes that were granted the same folder.
#[test]
fn sandboxes_keep_each_other_off() {
    let home = Home::new();
    home.write("shared.bin", vec![1; 100]);
    let first = Waiting::new(&home, &["--rw", "."], &["hold-lock", "shared.bin"]);
    let second = home.run(&["--rw", "."], "act", &["hold-lock", "shared.bin"]);
    assert_eq!((second.code, second.out.as_str()), (33, "refused 33\n"), "{second:?}");
    first.ends();
    home.ends();
}

/// What a program locks in a folder that it may only read holds off others of its sandbox, and no native program: those may not be kept
/// from writing by who may not write.
#[test]
fn locks_in_a_folder_to_read_are_the_sandboxs_alone() {
    let home = Home::new();
    let path = home.write("read.bin", vec![1; 100]);
    for grant in ["--ro", "--overlay"] {
        let flags = ["--sandbox", "one", grant, "."];
        let first = Waiting::new(&home, &flags, &["hold-read-lock", "read.bin"]);
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).expect("it is there");
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).expect("nobody has locked it");
        fcntl_lock(&file, FlockOperation::NonBlockingUnlock).expect("it was ours");
        let second = home.run(&flags, "act", &["hold-read-lock", "read.bin"]);
        assert_eq!((second.code, second.out.as_str()), (33, "refused 33\n"), "{second:?}");
        first.ends();
        // What a native one has locked it respects.
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).expect("it is free");
        let third = home.run(&flags, "act", &["hold-read-lock", "read.bin"]);
        assert_eq!((third.code, third.out.as_str()), (33, "refused 33\n"), "{third:?}");
    }
    home.ends();
}
