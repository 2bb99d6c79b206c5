//! Many threads at one completion port, and a pipe whose requests are made and taken back meanwhile. The seeds decide what each of them does, though not when.

use runs::{Home, guest};

#[test]
fn every_packet_of_a_completion_port_comes_exactly_once() {
    let home = Home::new();
    for seed in 1..=6 {
        let outcome = home.say(&["run", "--yes", "--", &guest("stress_completion").display().to_string(), &seed.to_string()]);
        assert_eq!((outcome.code, outcome.out.as_str()), (0, "16000 packets, 20000 bytes\n"), "seed {seed}: {outcome:?}");
    }
}
