//! Drives that show granted folders (`--drive`).

use runs::Home;

/// A drive shows what is granted, with the grant's rights, and nothing else.
#[test]
fn a_drive_shows_a_granted_folder() {
    let home = Home::new();
    home.write("file.txt", "text");
    std::fs::create_dir(home.granted().join("inner")).expect("a folder");
    let granted = home.granted();
    let granted = granted.to_str().expect("text");
    let drive = format!("X={granted}");
    let run = |grant: &[&str], arguments: &[&str]| home.run(&[grant, &["--drive", &drive]].concat(), "act", arguments);
    let inner = format!("{granted}/inner");
    for (grant, arguments, code) in [
        (["--ro", granted].as_slice(), ["open", "X:\\FILE.txt"], 0),
        (&["--ro", granted], ["open", "X:\\none.txt"], 2),
        (&["--ro", granted], ["create", "X:\\new.txt"], 5),
        (&["--ro", granted], ["open", "X:\\..\\file.txt"], 0),
        (&["--ro", granted], ["open", "Y:\\file.txt"], 3),
        // What lies inside keeps its own rules.
        (&["--rw", granted, "--ro", &inner], ["create", "X:\\inner\\new.txt"], 5),
        (&["--ro", granted, "--rw", &inner], ["create", "X:\\inner\\new.txt"], 0),
        (&["--rw", granted], ["create", "x:\\new.txt"], 0),
    ] {
        let outcome = run(grant, &arguments);
        assert_eq!(outcome.code, code, "{grant:?} {arguments:?}: {outcome:?}");
    }
    assert!(home.granted().join("new.txt").exists() && home.granted().join("inner/new.txt").exists());
    home.ends();
}

/// A folder that is not granted is shown nowhere, and C: and Z: are what they are.
#[test]
fn what_is_not_granted_is_no_drive() {
    let home = Home::new();
    let granted = home.granted();
    let granted = granted.to_str().expect("text");
    for (drive, says) in [(format!("X={granted}"), "it is not granted"), ("X=/nowhere/at/all".into(), "it does not exist")] {
        let outcome = home.run(&["--drive", &drive], "act", &["exit", "0"]);
        assert!(outcome.code == 125 && outcome.err.contains(says), "{drive}: {outcome:?}");
    }
    let outcome = home.run(&["--ro", granted, "--drive", &format!("X={granted}"), "--drive", &format!("x={granted}")], "act", &["exit", "0"]);
    assert!(outcome.code == 125 && outcome.err.contains("can show one folder"), "{outcome:?}");
    for drive in ["C=/", "z:=/", "XY=/", "X"] {
        let outcome = home.run(&["--drive", drive], "act", &["exit", "0"]);
        assert!(outcome.code == 125 && outcome.err.contains("--drive"), "{drive}: {outcome:?}");
    }
    home.ends();
}
