//! The example program of the README.

use runs::Home;
use runs::home::outcome;
use std::path::Path;

/// What `cargo xtask demo` shows: a file of the sandbox, one that was granted by its folder, and one that nobody granted.
#[test]
fn the_example_reads_what_was_granted() {
    let home = Home::new();
    home.write("letter.txt", "a granted line\n");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tour/tour.exe").display().to_string();
    let outcome = outcome(home.command(&["run", "--yes", "--ro", ".", "--", &example, "letter.txt"]), b"");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for line in ["  C:\\tour.txt: 12 squared is 144.0", "  letter.txt: a granted line", "  Z:\\etc\\passwd: error 3 (No such file or directory)"] {
        assert!(outcome.out.lines().any(|shown| shown == line), "`{line}` is missing: {outcome:?}");
    }
    assert_eq!(outcome.said(), ["the program asked for /etc/passwd, which is not granted; --ro /etc would grant it"]);
    home.ends();
}
