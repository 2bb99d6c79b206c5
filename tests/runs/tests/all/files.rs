//! `C:` of a sandbox with a name: it stays, its user can look into it, and what was altered behind its back is refused.

use runs::home::{Waiting, outcome};
use runs::{Home, Outcome};
use std::path::PathBuf;

const NOTE: &str = "C:\\Users\\user\\note.txt";

fn in_sandbox(home: &Home, program: &str, arguments: &[&str]) -> Outcome {
    let outcome = home.run(&["--sandbox", "kept"], program, arguments);
    assert!(runs::until(|| home.family().is_empty()), "still there: {:?}", home.family());
    outcome
}

fn files(home: &Home, arguments: &[&str]) -> Outcome {
    home.say(&[&["files", "--sandbox", "kept"], arguments].concat())
}

fn is_clean(home: &Home) {
    let outcome = files(home, &["verify", "--json"]);
    assert_eq!((outcome.code, outcome.out.contains("\"clean\":true")), (0, true), "{outcome:?}");
}

#[test]
fn files_outlive_their_sandbox() {
    let home = Home::new();
    assert_eq!(in_sandbox(&home, "act", &["create", NOTE]).code, 0);
    assert_eq!(in_sandbox(&home, "act", &["create", NOTE]).code, 80, "it is still there");
    let listed = files(&home, &["ls", "--all", "--json"]);
    let line = listed.out.lines().find(|line| line.contains("note.txt")).unwrap_or_else(|| panic!("{listed:?}"));
    let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&row["path"], &row["size"]), (&NOTE.into(), &0.into()), "{row}");
    let object = &row["object"];
    assert_eq!(object["lineage"], serde_json::Value::Null, "{row}");
    assert!(object["author"] != object["owner"] && object["hash"].as_str().is_some_and(|hash| hash.len() == 64), "{row}");
    is_clean(&home);
    home.ends();
}

#[test]
fn their_user_puts_and_gets_files() {
    let home = Home::new();
    assert!(files(&home, &["ls"]).err.contains("there is no sandbox `kept`"));
    assert_eq!(in_sandbox(&home, "act", &["create", NOTE]).code, 0);
    let own = home.write("own.txt", "from outside");
    let put = |text: &str| {
        std::fs::write(&own, text).expect("it can be written");
        files(&home, &["put", &own.display().to_string(), "c:/Users/user/Put.txt"])
    };
    assert_eq!(put("from outside").code, 0);
    assert_eq!(put("from outside, again").code, 0);
    assert_eq!(in_sandbox(&home, "act", &["open", "C:\\users\\USER\\put.TXT"]).code, 0);
    assert_eq!(files(&home, &["get", "users/user/put.txt"]).out, "from outside, again");
    let history = files(&home, &["history", "users/user/put.txt"]);
    let versions: Vec<&str> = history.out.lines().collect();
    assert_eq!(versions.len(), 2, "{history:?}");
    assert!(versions.iter().all(|version| version.ends_with("by the user")), "{history:?}");
    let former = versions[1].split_whitespace().nth(3).expect("a hash");
    assert_eq!(files(&home, &["get", "users/user/put.txt", "--version", &former[..8]]).out, "from outside");
    for (arguments, sentence) in [
        (&["get", "nothing"][..], "nothing: it does not exist"),
        (&["get", "Users"], "Users: it is a folder"),
        (&["get", "users/user/put.txt", "--version", "123456"], "it has no version `123456`"),
        (&["get", "a\\..\\b"], "is no path of C:"),
    ] {
        let outcome = files(&home, arguments);
        assert_eq!((outcome.code, outcome.said().len()), (125, 1), "{outcome:?}");
        assert!(outcome.err.contains(sentence), "{outcome:?}");
    }
    is_clean(&home);
    // A broker that is there has the store for itself.
    let waiting = Waiting::new(&home, &["--sandbox", "kept"], &["wait"]);
    assert_eq!(home.run(&["--sandbox", "kept"], "act", &["create", "C:\\touched"]).code, 0);
    assert!(put("refused").err.contains("programs run in the sandbox"));
    assert_eq!(files(&home, &["get", "users/user/put.txt"]).out, "from outside, again");
    waiting.ends();
    home.ends();
}

/// The files of all blobs.
fn blobs(home: &Home) -> Vec<PathBuf> {
    let below = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    below(home.state().join("sandboxes/kept/objects/pool")).flat_map(below).collect()
}

#[test]
fn what_was_altered_is_refused_and_told() {
    let home = Home::new();
    assert_eq!(in_sandbox(&home, "act", &["create", NOTE]).code, 0);
    let own = home.write("own.txt", "original");
    assert_eq!(files(&home, &["put", &own.display().to_string(), "C:\\original"]).code, 0);
    let blob = blobs(&home).into_iter().find(|blob| std::fs::metadata(blob).is_ok_and(|facts| facts.len() == 8)).expect("a blob");
    std::fs::remove_file(&blob).expect("it is there");
    std::fs::write(&blob, "0riginal").expect("a folder of ours");
    const ERROR_FILE_CORRUPT: i32 = 1392;
    const STATUS_FILE_CORRUPT_ERROR: u32 = 0xC000_0102;
    assert_eq!(in_sandbox(&home, "act", &["open", "C:\\original"]).code, ERROR_FILE_CORRUPT & 0xFF);
    let told =
        home.audit().iter().any(|event| event["kind"] == "open" && event["text"] == "C:\\original" && event["code"] == STATUS_FILE_CORRUPT_ERROR);
    assert!(told, "{:?}", home.audit());
    let verified = files(&home, &["verify"]);
    assert_eq!(verified.code, 1, "{verified:?}");
    assert!(verified.out.starts_with("C:\\original: its content was altered\n"), "{verified:?}");
    assert!(files(&home, &["get", "original"]).err.contains("it is damaged"));
    assert_eq!(in_sandbox(&home, "act", &["open", NOTE]).code, 0, "the rest is readable");
    home.ends();
}

#[test]
fn damage_of_the_journal_is_audited() {
    let home = Home::new();
    assert_eq!(in_sandbox(&home, "act", &["create", NOTE]).code, 0);
    let journal = home.state().join("sandboxes/kept/objects/journal.0");
    let mut bytes = std::fs::read(&journal).expect("a journal");
    bytes[80] ^= 1;
    std::fs::write(&journal, &bytes).expect("it can be written");
    assert_eq!(in_sandbox(&home, "act", &["open", NOTE]).code, 0);
    let told =
        home.audit().iter().any(|event| event["kind"] == "damage" && event["text"].as_str().is_some_and(|text| text.starts_with("journal.0: ")));
    assert!(told, "{:?}", home.audit());
    assert_eq!(files(&home, &["verify"]).code, 1);
    home.ends();
}

#[test]
fn damage_of_the_index_is_named() {
    let home = Home::new();
    // So many names that the journal is folded into an index.
    assert_eq!(in_sandbox(&home, "disk", &["make", "C:\\x", ",", "files", "C:\\x", "900"]).code, 0);
    let index = home.state().join("sandboxes/kept/objects/index.1");
    let mut bytes = std::fs::read(&index).expect("an index");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&index, &bytes).expect("it can be written");
    let verified = files(&home, &["verify"]);
    assert!(verified.code == 1 && verified.out.starts_with("index.1: the bytes from "), "{verified:?}");
    let listed = files(&home, &["ls", "--all"]);
    assert!(listed.code == 0 && listed.out.lines().count() > 900, "the rest is there: {}", listed.err);
    let shown = home.say(&["sandbox", "show", "kept"]);
    assert!(shown.code == 1 && shown.out.contains("index.1: the bytes from "), "{shown:?}");
    home.ends();
}

/// Two runs that change the same names at once leave a store that is whole.
#[test]
fn two_runs_work_in_one_sandbox() {
    let home = Home::new();
    let runs = ["1", "2"].map(|seed| {
        let mut command = home.run_command(&["--sandbox", "kept"], "storm", &[seed, "300"]);
        std::thread::spawn(move || {
            command.stdin(std::process::Stdio::null());
            outcome(command, b"")
        })
    });
    for run in runs {
        let outcome = run.join().expect("it ran");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.out.ends_with("over\n"), "{outcome:?}");
    }
    assert!(runs::until(|| home.family().is_empty()), "still there: {:?}", home.family());
    is_clean(&home);
    assert!(files(&home, &["ls", "--all"]).out.lines().all(|line| !line.contains("unsealed")), "everything is sealed at the end");
    home.ends();
}

/// A file is published a second after its last close, but not while somebody can still write it through a view.
#[test]
fn what_a_view_writes_late_is_the_files() {
    let home = Home::new();
    assert_eq!(in_sandbox(&home, "late_view", &["C:\\late", "1500"]).code, 0);
    assert_eq!(files(&home, &["get", "late"]).out, "by the view late");
    is_clean(&home);
    home.ends();
}

/// Files that the shell handed over can be mapped and cut as those can that a program opened.
#[test]
fn standard_streams_are_mapped_and_cut() {
    let home = Home::new();
    let open = |name: &str| std::fs::OpenOptions::new().read(true).write(true).open(home.write(name, "0123456789")).expect("it is there");
    let mut command = home.run_command(&["--ro", "."], "act", &["standard-files"]);
    let status = command.stdin(open("in")).stdout(open("out")).status().expect("it starts");
    assert_eq!((status.code(), std::fs::read(home.granted().join("out")).expect("it is there")), (Some(0), b"0".to_vec()));
    home.ends();
}

/// The program that the user has started is neither deleted nor written while it runs, wherever it lies.
#[test]
fn the_program_that_runs_stays() {
    let home = Home::new();
    std::fs::copy(runs::home::guest("disk"), home.granted().join("own.exe")).expect("it is copied");
    let words: Vec<&str> = "delete own.exe , change own.exe x , move own.exe moved.exe".split(' ').collect();
    let outcome = home.say(&[&["run", "--yes", "--rw", ".", "--", "own.exe"], &words[..]].concat());
    let said: Vec<&str> = outcome.out.lines().filter_map(|line| line.split_once(": ")).map(|(_, said)| said).collect();
    assert_eq!(said, ["error 5", "error 32", "done"], "{outcome:?}");
    assert!(home.granted().join("moved.exe").exists());
    home.ends();
}
