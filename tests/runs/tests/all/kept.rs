//! Named sandboxes as their user keeps them: listed, compared, exported, imported, removed; and their quotas.

use runs::home::Waiting;
use runs::{Home, Outcome};
use serde_json::Value;
use std::path::Path;

const NOTE: &str = "C:\\Users\\user\\note.txt";

fn disk(home: &Home, flags: &[&str], words: &str) -> Vec<String> {
    let words: Vec<&str> = words.split(' ').collect();
    let outcome = home.run(flags, "disk", &words);
    assert!(runs::until(|| home.family().is_empty()), "still there: {:?}", home.family());
    assert_eq!(outcome.err, "", "{outcome:?}");
    outcome.out.lines().map(|line| line.rsplit_once(": ").map_or(line, |(_, said)| said).to_owned()).collect()
}

fn sandbox(home: &Home, arguments: &[&str]) -> Outcome {
    home.say(&[&["sandbox"], arguments].concat())
}

fn json(outcome: &Outcome) -> Vec<Value> {
    outcome.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn sandboxes_are_listed_and_shown() {
    let home = Home::new();
    assert_eq!(sandbox(&home, &["list"]).out, "");
    assert_eq!(sandbox(&home, &["show", "none"]).said(), ["there is no sandbox `none`"]);
    let granted = home.granted().display().to_string();
    assert_eq!(disk(&home, &["--sandbox", "one", "--ro", &granted], &format!("put {NOTE} hello")), ["done"]);
    let waiting = Waiting::new(&home, &["--sandbox", "two"], &["wait"]);
    let rows = json(&sandbox(&home, &["list", "--json"]));
    let found: Vec<_> = rows.iter().map(|row| (row["name"].as_str().unwrap_or_default(), row["running"].as_bool())).collect();
    assert_eq!(found, [("one", Some(false)), ("two", Some(true))]);
    assert_eq!((rows[0]["files"].as_u64(), rows[0]["bytes"].as_u64()), (Some(1), Some(5)));
    let shown = &json(&sandbox(&home, &["show", "one", "--json"]))[0];
    assert_eq!(shown["granted"]["ro"], serde_json::json!([granted]), "{shown}");
    assert!(shown["principal"]["key"].as_str().is_some_and(|key| key.len() == 64) && shown["principal"]["key"] != shown["principal"]["user"]);
    let text = sandbox(&home, &["show", "one"]);
    assert!(text.out.contains("--ro") && text.out.contains("1, and "), "{text:?}");
    waiting.ends();
    home.ends();
}

#[test]
fn what_has_changed_is_told() {
    let home = Home::new();
    assert_eq!(disk(&home, &["--sandbox", "one"], &format!("put {NOTE} hello , make C:\\own")), ["done", "done"]);
    let paths = |outcome: &Outcome| json(outcome).iter().map(|row| format!("{} {}", row["change"], row["path"]).replace('"', "")).collect::<Vec<_>>();
    assert_eq!(paths(&sandbox(&home, &["diff", "one", "--json"])), ["added C:\\\\own", "added C:\\\\Users\\\\user\\\\note.txt"]);
    assert_eq!(paths(&sandbox(&home, &["diff", "one", "--json", "--since", "1h"])).len(), 2);
    assert_eq!(paths(&sandbox(&home, &["diff", "one", "--json", "--since", "0s"])), [""; 0]);
    assert!(sandbox(&home, &["diff", "one", "--since", "soon"]).said()[0].contains("--since `soon`"));
    home.ends();
}

#[test]
fn a_sandbox_is_removed_when_nothing_runs_there() {
    let home = Home::new();
    let waiting = Waiting::new(&home, &["--sandbox", "one"], &["wait"]);
    assert_eq!(
        sandbox(&home, &["remove", "one", "--yes"]).said(),
        ["programs run in the sandbox `one`; end them first (`win-compat sandbox stop one`)"]
    );
    assert_eq!(
        sandbox(&home, &["export", "one", "x.archive"]).said(),
        ["programs run in the sandbox `one`; end them first (`win-compat sandbox stop one`)"]
    );
    waiting.ends();
    assert!(runs::until(|| home.family().is_empty()));
    assert_eq!(disk(&home, &["--sandbox", "one"], &format!("put {NOTE} hello")), ["done"]);
    assert!(sandbox(&home, &["remove", "one"]).said()[0].contains("--yes"));
    assert_eq!(sandbox(&home, &["remove", "one", "--yes"]).code, 0);
    assert_eq!(sandbox(&home, &["list"]).out, "");
    assert_eq!(sandbox(&home, &["remove", "one", "--yes"]).said(), ["there is no sandbox `one`"]);
    // One of the same name is another one.
    assert_eq!(disk(&home, &["--sandbox", "one"], &format!("get {NOTE}")), ["error 2"]);
    home.ends();
}

#[test]
fn a_sandbox_travels_in_a_file() {
    let (home, other) = (Home::new(), Home::new());
    assert_eq!(disk(&home, &["--sandbox", "one"], &format!("put {NOTE} hello , put C:\\second second")), ["done", "done"]);
    assert_eq!(sandbox(&home, &["export", "one", "one.archive"]).code, 0);
    assert!(sandbox(&home, &["export", "one", "one.archive"]).said()[0].contains("it is there already"));
    let file = home.granted().join("one.archive").display().to_string();
    // With the same user: another sandbox, with its files and their authors.
    assert_eq!(sandbox(&home, &["import", &file]).said(), ["there is a sandbox `one` already; --name gives the new one another name"]);
    assert_eq!(sandbox(&home, &["import", &file, "--name", "copy"]).code, 0);
    assert_eq!(disk(&home, &["--sandbox", "copy"], &format!("get {NOTE} , put C:\\own own")), ["hello", "done"]);
    let verified = home.say(&["files", "--sandbox", "copy", "verify", "--json"]);
    assert!(verified.code == 0 && verified.out.contains("\"clean\":true"), "{verified:?}");
    // With another user: refused, unless the exporting one is trusted.
    let refused = sandbox(&other, &["import", &file]);
    let key = refused.said()[0].split("--trust ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it names the key").to_owned();
    assert_eq!(refused.code, 125);
    assert_eq!(sandbox(&other, &["import", &file, "--trust", &key]).code, 0);
    assert_eq!(disk(&other, &["--sandbox", "one"], &format!("get {NOTE}")), ["hello"]);
    // Altered: what is wrong is named, and nothing is there.
    let mut bytes = std::fs::read(&file).expect("it can be read");
    let at = bytes.windows(6).position(|window| window == b"second").expect("a content");
    let last = bytes.windows(6).rposition(|window| window == b"second").expect("a content");
    bytes[last.max(at)] ^= 1;
    std::fs::write(home.granted().join("altered.archive"), bytes).expect("it can be written");
    let refused = sandbox(&home, &["import", "altered.archive"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, "C:\\second: its content was altered\n"), "{refused:?}");
    assert!(sandbox(&home, &["show", "altered"]).said()[0].contains("there is no sandbox"));
    home.ends();
    other.ends();
}

/// Whole runs find the end of their quota with the errors that Windows documents.
#[test]
fn quotas_are_kept() {
    let home = Home::new();
    let flags = ["--sandbox", "small", "--quota-bytes", "1M", "--quota-objects", "80"];
    assert_eq!(disk(&home, &flags, "fill C:\\a 600000 , fill C:\\b 600000 , put C:\\c x"), ["done", "done", "error 112"]);
    let more = format!("delete C:\\b , files C:\\Windows\\Temp 60 , put {NOTE} x");
    assert_eq!(disk(&home, &["--sandbox", "small"], &more), ["done", "error 1816", "error 1816"]);
    let shown = &json(&sandbox(&home, &["show", "small", "--json"]))[0];
    assert_eq!((&shown["quota"]["bytes"], &shown["quota"]["objects"]), (&Value::from(1 << 20), &Value::from(80)));
    // It stays, until another run says otherwise.
    assert_eq!(disk(&home, &["--sandbox", "small", "--quota-objects", "140"], &format!("put {NOTE} x")), ["done"]);
    let waiting = Waiting::new(&home, &["--sandbox", "small"], &["wait"]);
    let refused = home.run(&["--sandbox", "small", "--quota-bytes", "2M"], "hello", &[]);
    assert!(refused.said()[0].contains("its quota cannot be changed now"), "{refused:?}");
    waiting.ends();
    // A sandbox without a name has a quota for its one run.
    assert_eq!(disk(&home, &["--quota-bytes", "100000"], "fill C:\\a 200000 , put C:\\b x"), ["done", "error 112"]);
    home.ends();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| format!("{error}"))
}

/// What a program changes in a folder under `--overlay` is its sandbox's alone, until its user applies it.
#[test]
fn an_overlay_keeps_changes_in_the_sandbox() {
    let home = Home::new();
    std::fs::create_dir(home.granted().join("Sub")).expect("a folder");
    for (name, content) in [("a.txt", "host a"), ("b.txt", "host b"), ("Sub/c.txt", "host c")] {
        std::fs::write(home.granted().join(name), content).expect("a file");
    }
    let granted = home.granted().display().to_string();
    let flags = ["--sandbox", "over", "--overlay", &granted];
    let words = "get a.txt , put a.txt mine , get A.TXT , delete b.txt , get b.txt , make new , put new\\x x , move Sub Other , \
                 get Other\\c.txt , list . , change new\\x y , attributes Other";
    let said = disk(&home, &flags, words);
    let expected = ["host a", "done", "mine", "done", "error 2", "done", "done", "done", "host c", "a.txt|new|Other", "done", "0x10"];
    assert_eq!(said, expected);
    assert_eq!((read(&home.granted().join("a.txt")), read(&home.granted().join("b.txt"))), ("host a".into(), "host b".into()));
    assert!(!home.granted().join("new").exists() && home.granted().join("Sub/c.txt").exists());
    // It is there again, and only there.
    assert_eq!(disk(&home, &flags, "get a.txt , list . , read-while-writing a.txt both"), ["mine", "a.txt|new|Other", "both"]);
    assert_eq!(disk(&home, &["--overlay", &granted], "get a.txt , put a.txt lost , list ."), ["host a", "done", "a.txt|b.txt|Sub"]);
    let diff: Vec<String> = json(&sandbox(&home, &["diff", "over", "--json"]))
        .iter()
        .map(|row| format!("{} {}", row["change"].as_str().unwrap_or_default(), row["path"].as_str().unwrap_or_default().replace(&granted, "")))
        .collect();
    let expected = ["changed /a.txt", "deleted /b.txt", "added /new", "added /new/x", "added /Other", "added /Other/c.txt", "deleted /Sub"];
    assert_eq!(diff, expected);
    // One file, then the rest; what the host has changed stays.
    assert_eq!(sandbox(&home, &["apply", "over", "a.txt"]).code, 0);
    assert_eq!((read(&home.granted().join("a.txt")), read(&home.granted().join("b.txt"))), ("both".into(), "host b".into()));
    std::fs::write(home.granted().join("b.txt"), "changed since").expect("a file");
    let applied = sandbox(&home, &["apply", "over"]);
    assert!(applied.code == 1 && applied.err.contains("b.txt: the folder's own has changed since"), "{applied:?}");
    assert_eq!((read(&home.granted().join("Other/c.txt")), read(&home.granted().join("new/x"))), ("host c".into(), "y".into()));
    assert!(!home.granted().join("Sub").exists());
    assert_eq!(sandbox(&home, &["apply", "over", "--force"]).code, 0);
    assert!(!home.granted().join("b.txt").exists());
    assert_eq!(sandbox(&home, &["diff", "over"]).out, "");
    home.ends();
}

/// A program reads what the host has by a handle: nobody writes the file in the sandbox meanwhile, but a handle that was closed is in
/// nobody's way.
#[test]
fn readers_of_an_overlay_miss_nothing() {
    let home = Home::new();
    home.write("a.txt", "host");
    let granted = home.granted().display().to_string();
    let words = "read-while-writing a.txt both , get a.txt , change a.txt MINE , get a.txt , read-while-writing a.txt both";
    assert_eq!(disk(&home, &["--overlay", &granted], words), ["error 32", "host", "done", "MINE", "both"]);
    assert_eq!(read(&home.granted().join("a.txt")), "host");
    home.ends();
}

/// Links of the host are followed inside of an overlay, and what is written through one is the sandbox's; a drive shows the same.
#[test]
fn links_and_drives_lead_into_the_overlay() {
    let home = Home::new();
    home.write("a.txt", "host");
    std::os::unix::fs::symlink("a.txt", home.granted().join("link.txt")).expect("a link");
    std::fs::write(home.outside().join("secret"), "outside").expect("a file");
    std::os::unix::fs::symlink("../secret", home.granted().join("out.txt")).expect("a link");
    let granted = home.granted().display().to_string();
    let policy = home.outside().join("policy.toml");
    std::fs::write(&policy, format!("[fs]\noverlay = [{granted:?}]\ndrives = {{ X = {granted:?} }}\n")).expect("a file");
    let flags = ["--sandbox", "over", "--policy", &policy.display().to_string()];
    let words = "get link.txt , put link.txt mine , get a.txt , get X:\\a.txt , put X:\\b.txt new , get b.txt , delete link.txt , list X:";
    let said = disk(&home, &flags, words);
    assert_eq!(said[..6], ["host", "done", "mine", "mine", "done", "new"], "{said:?}");
    assert_eq!(said[6..], ["done", "a.txt|b.txt|out.txt"], "{said:?}");
    let outside = home.run(&flags, "disk", &["get", "out.txt"]);
    assert!(outside.code == 1 && outside.err.contains("which is not granted"), "{outside:?}");
    assert!(runs::until(|| home.family().is_empty()));
    assert_eq!((read(&home.granted().join("link.txt")), read(&home.outside().join("secret"))), ("host".into(), "outside".into()));
    assert_eq!(sandbox(&home, &["apply", "over"]).code, 0);
    assert_eq!((read(&home.granted().join("a.txt")), read(&home.granted().join("b.txt"))), ("mine".into(), "new".into()));
    assert!(home.granted().join("link.txt").symlink_metadata().is_err() && read(&home.outside().join("secret")) == "outside");
    home.ends();
}

/// What cannot be granted so is refused in one sentence.
#[test]
fn an_overlay_needs_a_folder() {
    let home = Home::new();
    let file = home.write("file", "");
    for (folder, why) in [(home.outside().join("none"), "it does not exist"), (file, "it is no folder")] {
        let outcome = home.run(&["--overlay", &folder.display().to_string()], "hello", &[]);
        assert_eq!((outcome.code, outcome.said().len()), (125, 1), "{outcome:?}");
        assert!(outcome.err.contains(&format!("cannot be granted: {why}")), "{outcome:?}");
    }
    home.ends();
}

/// Every drive has the folders that programs expect.
#[test]
fn a_fresh_drive_has_the_known_folders() {
    let home = Home::new();
    let words =
        "list C:\\ , list C:\\Users\\user , list C:\\Users\\user\\AppData , list C:\\Users\\user\\AppData\\Local , attributes C:\\Windows\\Temp";
    let said = disk(&home, &[], words);
    let expected = [
        "Program Files|Program Files (x86)|ProgramData|Users|Windows",
        "AppData|Contacts|Desktop|Documents|Downloads|Favorites|Links|Music|Pictures|Saved Games|Searches|Videos",
        "Local|LocalLow|Roaming",
        "Microsoft|Temp",
        "0x10",
    ];
    assert_eq!(said, expected);
    home.ends();
}
