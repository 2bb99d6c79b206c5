//! Threads and waits under load, and what a program leaves of them.

use runs::Home;

/// 64 threads with every kind of object; what must hold holds.
#[test]
fn every_kind_of_object_at_once() {
    let home = Home::new();
    let outcome = home.run(&[], "stress", &["300"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "held\n"), "{outcome:?}");
    home.ends();
}

/// Threads that wait, mutexes that are owned, names and handles: all of it goes with the run, and the names are free.
#[test]
fn what_a_program_leaks_goes_with_its_run() {
    let home = Home::new();
    for _ in 0..3 {
        let outcome = home.run(&["--sandbox", "leak"], "stress", &["leak"]);
        assert_eq!((outcome.code, outcome.out.as_str()), (6, "leaked\n"), "{outcome:?}");
    }
    home.ends();
}
