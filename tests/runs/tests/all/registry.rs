//! The registry of a named sandbox: what programs leave there for each other, what its user does with it, and how it travels.

use runs::home::Waiting;
use runs::{Home, Outcome};
use serde_json::Value;
use std::path::Path;

const NAMED: [&str; 2] = ["--sandbox", "one"];

/// Runs `keys` in a sandbox; what it said of each step.
fn keys(home: &Home, sandbox: &str, words: &str) -> Vec<String> {
    let words: Vec<&str> = words.split(' ').collect();
    let outcome = home.run(&["--sandbox", sandbox], "keys", &words);
    assert!(runs::until(|| home.family().is_empty()), "still there: {:?}", home.family());
    assert_eq!(outcome.err, "", "{outcome:?}");
    outcome.out.lines().map(|line| line.rsplit_once(": ").map_or(line, |(_, said)| said).to_owned()).collect()
}

fn registry(home: &Home, arguments: &[&str]) -> Outcome {
    home.say(&[&["registry"], NAMED.as_slice(), arguments].concat())
}

fn json(outcome: &Outcome) -> Vec<Value> {
    outcome.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn programs_find_what_others_have_left() {
    let home = Home::new();
    assert_eq!(keys(&home, "one", "set Software\\A name first , volatile Software\\Gone , set HKLM\\Software\\B name machine"), ["done"; 3]);
    let found = keys(&home, "one", "get Software\\a NAME , get HKLM\\SOFTWARE\\b name , get Software\\Gone name");
    assert_eq!(found, ["first", "machine", "error 2"], "volatile keys go with the sandbox's last process");
    assert_eq!(keys(&home, "other", "get Software\\A name"), ["error 2"], "another sandbox has its own");
    assert_eq!(home.run(&[], "keys", &["get", "Software\\A", "name"]).out, "get Software\\A name: error 2\n", "so has one without a name");
    home.ends();
}

#[test]
fn its_user_asks_sets_and_deletes() {
    let home = Home::new();
    home.write("some.reg", "REGEDIT4\n\n[HKEY_CURRENT_USER\\Software\\A]\n");
    let none: [&[&str]; 6] = [
        &["query", "HKCU"],
        &["set", "HKCU\\Software\\A", "name", "text"],
        &["delete", "HKCU\\Software"],
        &["import", "some.reg"],
        &["export", "out.reg"],
        &["verify"],
    ];
    for arguments in none {
        let refused = registry(&home, arguments);
        assert!(refused.code == 125 && refused.said()[0].contains("there is no sandbox `one`"), "{arguments:?}: {refused:?}");
        assert!(!home.state().join("sandboxes/one").exists(), "{arguments:?} has made one");
    }
    assert_eq!(keys(&home, "one", "set Software\\A name text"), ["done"]);
    let shown = registry(&home, &["query", "HKCU\\Software\\A"]);
    assert_eq!((shown.code, shown.out.contains("\"name\"=\"text\"")), (0, true), "{shown:?}");
    assert_eq!(registry(&home, &["query", "hkcu/software/a", "--value", "NAME"]).out.trim_end(), "\"name\"=\"text\"");
    assert_eq!(registry(&home, &["query", "HKCU\\Software\\A", "--value", "none"]).code, 1);
    assert!(registry(&home, &["query", "HKCU\\None"]).said()[0].contains("there is no such key"));
    assert!(registry(&home, &["query", "nowhere"]).said()[0].contains("it starts with HKLM"));
    for (kind, data) in [("sz", "more"), ("dword", "0x10"), ("qword", "5"), ("binary", "01 ff"), ("multi", "a\nb"), ("expand", "%PATH%")] {
        assert_eq!(registry(&home, &["set", "HKCU\\Software\\A\\Set", kind, data, "--type", kind]).code, 0, "{kind}");
    }
    assert!(registry(&home, &["set", "HKCU\\Software\\A", "x", "y", "--type", "dword"]).said()[0].contains("is no number"));
    let rows = json(&registry(&home, &["query", "HKCU\\Software\\A", "--all", "--json"]));
    let found: Vec<_> = rows.iter().filter_map(|row| Some((row["name"].as_str()?, row["type"].as_u64()?, row["data"].as_str()?))).collect();
    let expected = [
        ("sz", 1, "6d006f00720065000000"),
        ("dword", 4, "10000000"),
        ("qword", 11, "0500000000000000"),
        ("binary", 3, "01ff"),
        ("multi", 7, "61000000620000000000"),
        ("expand", 2, "2500500041005400480025000000"),
    ];
    assert_eq!(found[1..], expected);
    assert_eq!(keys(&home, "one", "get Software\\A\\Set sz"), ["more"]);
    assert_eq!(registry(&home, &["delete", "HKCU\\Software\\A", "--value", "name"]).code, 0);
    assert!(registry(&home, &["delete", "HKCU\\Software\\A", "--value", "name"]).said()[0].contains("it has no value `name`"));
    assert_eq!(registry(&home, &["delete", "HKCU\\Software\\A"]).code, 0);
    assert_eq!(keys(&home, "one", "get Software\\A\\Set sz , list Software\\A"), ["error 2"; 2]);
    let waiting = Waiting::new(&home, &NAMED, &["wait"]);
    assert_eq!(registry(&home, &["query", "HKCU\\Software"]).code, 0, "looking is always allowed");
    waiting.ends();
    home.ends();
}

#[test]
fn files_come_and_go_in_every_form() {
    let home = Home::new();
    assert_eq!(keys(&home, "one", "set Software\\A name text , set Software\\A\\B other \u{e9}\u{4e2d}"), ["done"; 2]);
    for (form, key, hive) in [("5", "HKCU\\Software\\A", false), ("wine", "HKCU", true)] {
        let file = format!("{form}.reg");
        let written = registry(&home, &["export", &file, key, "--format", form]);
        assert_eq!(written.code, 0, "{written:?}");
        assert_eq!(registry(&home, &["delete", "HKCU\\Software\\A"]).code, 0);
        let read = registry(&home, &["import", &file]);
        assert!(read.code == 0 && read.out.contains("were read from"), "{hive}: {read:?}");
        assert_eq!(keys(&home, "one", "get Software\\A name , get Software\\A\\B other"), ["text", "\u{e9}\u{4e2d}"], "{form}");
    }
    assert!(registry(&home, &["export", "all.reg", "--format", "wine"]).said()[0].contains("holds one root"));
    // Version 4 knows the letters of its code page alone.
    assert_eq!(registry(&home, &["export", "4.reg", "HKCU\\Software\\A", "--format", "4"]).code, 0);
    let text = std::fs::read(home.granted().join("4.reg")).expect("it is there");
    assert!(text.starts_with(b"REGEDIT4\r\n") && text.windows(3).any(|bytes| bytes == b"\"\xe9?"), "{}", String::from_utf8_lossy(&text));
    home.ends();
}

#[test]
fn a_file_that_is_wrong_changes_nothing_and_its_line_is_told() {
    let home = Home::new();
    assert_eq!(keys(&home, "one", "set Software\\A name text"), ["done"]);
    let head = "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software\\A]\n\"name\"=\"changed\"\n";
    for (line, what) in [("\"x\"=dword:0g", 5), ("\"x\"=what:1", 5), ("\"x", 5), ("[HKEY_NOWHERE\\A]", 5), ("\n\nstray", 7)] {
        home.write("wrong.reg", format!("{head}{line}\n"));
        let refused = registry(&home, &["import", "wrong.reg"]);
        assert_eq!(refused.code, 125, "{line}: {refused:?}");
        assert!(refused.said()[0].contains(&format!("wrong.reg: line {what}: ")), "{line}: {refused:?}");
        assert!(refused.err.contains(line.trim()), "the line itself is shown: {refused:?}");
    }
    assert_eq!(keys(&home, "one", "get Software\\A name"), ["text"]);
    assert!(registry(&home, &["import", "none.reg"]).said()[0].contains("none.reg: "));
    home.ends();
}

#[test]
fn what_was_altered_is_found() {
    let home = Home::new();
    assert_eq!(keys(&home, "one", "fill Software\\A 3000"), ["done"]);
    let clean = registry(&home, &["verify"]);
    assert!(clean.code == 0 && clean.out.contains("are whole"), "{clean:?}");
    let folder = home.state().join("sandboxes/one/registry");
    let file = std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()).max_by_key(|path| size(path)).expect("a file");
    let mut bytes = std::fs::read(&file).expect("it can be read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("it can be written");
    let found = registry(&home, &["verify", "--json"]);
    let rows = json(&found);
    assert_eq!((found.code, rows[0]["clean"].as_bool()), (1, Some(false)), "{found:?}");
    assert!(rows[0]["findings"].as_array().is_some_and(|findings| findings.len() >= 2), "the damage, and the seal: {found:?}");
    home.ends();
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |facts| facts.len())
}

/// What programs have left runs the same in the sandbox that comes out of a file.
#[test]
fn a_registry_travels_with_its_sandbox() {
    let home = Home::new();
    let fill = "set Software\\A name text , set HKLM\\Software\\B name machine , fill Software\\Many 2500 , delete Software\\Many\\1 , delete HKLM\\Software\\Classes\\.htm";
    assert_eq!(keys(&home, "one", fill), ["done"; 5]);
    let look = "get Software\\A name , get HKLM\\Software\\B name , list Software , list Software\\Many , get Software\\Many\\2 value2345 , list HKLM\\Software\\Classes";
    let before = keys(&home, "one", look);
    assert_eq!(home.say(&["sandbox", "export", "one", "one.archive"]).code, 0);
    assert_eq!(home.say(&["sandbox", "remove", "one", "--yes"]).code, 0);
    assert_eq!(keys(&home, "one", "get Software\\A name"), ["error 2"]);
    assert_eq!(home.say(&["sandbox", "remove", "one", "--yes"]).code, 0);
    let imported = home.say(&["sandbox", "import", "one.archive"]);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert_eq!(keys(&home, "one", look), before);
    let verified = registry(&home, &["verify", "--json"]);
    assert!(verified.code == 0 && verified.out.contains("\"clean\":true"), "{verified:?}");
    // It is changed under its own key, and travels on.
    assert_eq!(keys(&home, "one", "set Software\\A name later"), ["done"]);
    assert_eq!(home.say(&["sandbox", "export", "one", "again.archive"]).code, 0);
    assert_eq!(home.say(&["sandbox", "import", "again.archive"]).code, 0);
    assert_eq!(keys(&home, "again", "get Software\\A name"), ["later"]);
    home.ends();
}
