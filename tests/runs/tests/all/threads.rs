//! Threads and waits under load, and what a program leaves of them.

use runs::home::Waiting;
use runs::{Home, until};
use std::fs;

/// Runs a kind of load in both bitnesses, in which everything must hold.
fn holds(load: &str) {
    all_hold("stress", load);
}

fn all_hold(program: &str, load: &str) {
    for program in [program.to_owned(), format!("32/{program}")] {
        let home = Home::new();
        let outcome = home.run(&[], &program, &[load]);
        assert_eq!((outcome.code, outcome.out.as_str()), (0, "held\n"), "{program}: {outcome:?}");
        home.ends();
    }
}

/// Threads that are stopped a thousand times a second, at any instruction of the gate and of their own.
#[test]
fn threads_are_stopped_in_the_gate() {
    all_hold("stress_gate", "2");
}

/// 64 threads with every kind of object; what must hold holds.
#[test]
fn every_kind_of_object_at_once() {
    holds("300");
}

/// What a thread's code did to the processor's flags ends with it. (Under Wine it governs what comes after.)
#[test]
fn flags_end_with_their_thread() {
    holds("backwards");
}

/// Who asks for the registers of threads that end meanwhile gets theirs, or a failure. (Wine ends such a program now and then.)
#[test]
fn registers_of_threads_that_end() {
    holds("look");
}

/// Leaks much in a sandbox with a name.
fn leak(home: &Home) {
    let outcome = home.run(&["--sandbox", "leak"], "stress", &["leak"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (6, "leaked\n"), "{outcome:?}");
}

/// Threads that wait, mutexes that are owned, names and handles: all of it goes with the run, and the names are free.
#[test]
fn what_a_program_leaks_goes_with_its_run() {
    let home = Home::new();
    (0..3).for_each(|_| leak(&home));
    home.ends();
}

/// What a process of the host holds: its descriptors, its threads, and how much shared memory it maps.
fn held(process: u32) -> [usize; 3] {
    let count = |what: &str| fs::read_dir(format!("/proc/{process}/{what}")).map(Iterator::count).unwrap_or(0);
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
    [count("fd"), count("task"), maps.lines().filter(|line| line.contains("memfd:")).count()]
}

/// A broker that goes on keeps nothing of a program that has ended: no descriptor, no thread, no shared memory.
#[test]
fn a_broker_keeps_nothing_of_what_a_program_leaked() {
    let home = Home::new();
    let other = Waiting::new(&home, &["--sandbox", "leak"], &["wait"]);
    let broker = home.family().number("win-compat: ").expect("there is a broker");
    let waiting = held(broker);
    // What a sandbox opens once, its audit and C: with its publisher's thread, is opened by now; nothing else stays.
    leak(&home);
    let opened_once = [waiting[0] + 5, waiting[1] + 1, waiting[2]];
    let is_within = |held: [usize; 3]| held.iter().zip(opened_once).all(|(held, most)| *held <= most);
    assert!(until(|| is_within(held(broker))), "before {waiting:?}, now {:?}", held(broker));
    let before = held(broker);
    (0..3).for_each(|_| leak(&home));
    // The last of it goes while the command line's end is already known.
    assert!(until(|| held(broker) == before), "before {before:?}, now {:?}", held(broker));
    other.ends();
    home.ends();
}
