//! Paths that would lead out of what was granted: what the program gets, what its user sees, what the audit says.

use crate::attack::{Attack, SECRET, names};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const NOT_FOUND: u32 = 2;
const PATH_NOT_FOUND: u32 = 3;
const ACCESS_DENIED: u32 = 5;
const BAD_NETPATH: u32 = 53;
const INVALID_NAME: u32 = 123;

#[test]
fn dots_do_not_lead_out() {
    let attack = Attack::new();
    let (up, deep) = (attack.inside("..\\canary.txt"), attack.inside("sub\\..\\..\\canary.txt"));
    let (slashes, long) = (up.replace('\\', "/"), format!("\\\\?\\{up}"));
    let granted = attack.granted();
    for flag in ["--ro", "--rw"] {
        // Behind `\\?\` nobody takes dots out, and they are no names.
        let rows = [(up.as_str(), NOT_FOUND), (&deep, NOT_FOUND), ("..\\canary.txt", NOT_FOUND), (&slashes, NOT_FOUND), (&long, INVALID_NAME)];
        attack.refused(&attack.grant(flag, &granted), "open", &rows);
        assert!(attack.refused_opens().contains(&attack.beside("canary.txt")), "{:?}", attack.refused_opens());
    }
    let outcome = attack.run(&attack.grant("--rw", &granted), &["open", &up]);
    let said =
        format!("the program asked for {}, which is not granted; --ro {} would grant it", attack.canary.display(), attack.home.outside().display());
    assert_eq!(outcome.said(), [said]);
    let nt = format!("\\??\\{up}");
    let outcome = attack.run(&attack.grant("--rw", &granted), &["nt", &nt, &nt.replace("\\..", "/.."), "\\Device\\HarddiskVolume1\\x"]);
    let statuses: Vec<&str> = outcome.out.lines().filter_map(|line| line.rsplit_once(' ').map(|(_, status)| status)).collect();
    assert_eq!(statuses, ["0xc0000033", "0xc0000033", "0xc000003b"], "{outcome:?}");
}

#[test]
fn links_do_not_lead_out() {
    let attack = Attack::new();
    let outside = attack.home.outside().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("canary.txt"), SECRET).expect("a file");
    let link = |says: &Path, name: &str| symlink(says, attack.home.granted().join(name)).expect("a link");
    link(&attack.canary, "absolute.txt");
    link(Path::new("../canary.txt"), "relative.txt");
    link(&outside, "folder");
    link(Path::new("../outside"), "relative");
    link(Path::new("/proc/self/fd"), "descriptors");
    link(Path::new("/proc/self/root"), "root");
    let granted = attack.granted();
    let flags = attack.grant("--rw", &granted);
    let path = |name: &str| attack.inside(name);
    let rows = [
        (path("absolute.txt"), NOT_FOUND),
        (path("relative.txt"), NOT_FOUND),
        (path("folder\\canary.txt"), PATH_NOT_FOUND),
        (path("relative\\canary.txt"), PATH_NOT_FOUND),
        (path("descriptors\\0"), PATH_NOT_FOUND),
        (path("root\\etc\\passwd"), PATH_NOT_FOUND),
    ];
    let rows: Vec<(&str, u32)> = rows.iter().map(|(path, error)| (path.as_str(), *error)).collect();
    attack.refused(&flags, "open", &rows);
    assert_eq!(attack.refused_opens().len(), rows.len(), "each refusal is evidence: {:?}", attack.refused_opens());
    attack.refused(&flags, "write", &rows);
    attack.refused(&flags, "list", &[(&path("folder\\*"), PATH_NOT_FOUND)]);
    // A link can be renamed, being an entry of the folder; what it leads to stays.
    attack.run(&flags, &["move", &path("absolute.txt"), &path("mine.txt")]);
    attack.refused(&flags, "open", &[(&path("mine.txt"), NOT_FOUND)]);
    assert_eq!(fs::read_to_string(outside.join("canary.txt")).expect("it is there"), SECRET);
    assert_eq!(names(&outside), ["canary.txt"]);
}

#[test]
fn devices_and_other_namespaces_are_refused() {
    let attack = Attack::new();
    let (canary, stream, zone) = (attack.beside("canary.txt"), attack.inside("file.txt:stream"), attack.beside("canary.txt:Zone.Identifier"));
    let rows = [
        ("\\\\.\\PhysicalDrive0", ACCESS_DENIED),
        ("\\\\.\\C:", ACCESS_DENIED),
        ("\\\\.\\Z:", ACCESS_DENIED),
        (&format!("\\\\?\\{canary}"), NOT_FOUND),
        (&format!("\\\\.\\{canary}"), NOT_FOUND),
        ("\\\\?\\GLOBALROOT\\Device\\HarddiskVolume1\\canary.txt", ACCESS_DENIED),
        (&format!("\\\\?\\GLOBALROOT\\??\\{canary}"), ACCESS_DENIED),
        ("\\\\.\\pipe\\docker_engine", NOT_FOUND),
        ("\\\\localhost\\c$\\x", BAD_NETPATH),
        ("\\\\?\\UNC\\localhost\\c$\\x", BAD_NETPATH),
        ("COM1", ACCESS_DENIED),
        ("CON", NOT_FOUND),
        ("D:\\x", PATH_NOT_FOUND),
        ("Z:\\proc\\self\\environ", PATH_NOT_FOUND),
        ("Z:\\proc\\self\\mem", PATH_NOT_FOUND),
        ("Z:\\dev\\sda", PATH_NOT_FOUND),
        ("Z:\\etc\\passwd", PATH_NOT_FOUND),
        (&stream, INVALID_NAME),
        (&zone, NOT_FOUND),
        (&attack.beside("canary.txt::$DATA"), NOT_FOUND),
    ];
    let granted = attack.granted();
    attack.refused(&attack.grant("--rw", &granted), "open", &rows);
    let outcome = attack.run(&attack.grant("--rw", &granted), &["open", "NUL"]);
    assert_eq!(outcome.out, "NUL: opened, read 1 \"\"\n", "the null device is there, and empty");
    let whole = attack.inside("file.txt::$DATA");
    let outcome = attack.run(&attack.grant("--rw", &granted), &["open", &whole]);
    assert_eq!(outcome.out, format!("{whole}: opened, read 1 \"granted\"\n"), "a file's own stream is the file");
    attack.refused(&attack.grant("--rw", &granted), "write", &[(&stream, INVALID_NAME)]);
    assert_eq!(names(&attack.home.granted()), ["file.txt"]);
}

#[test]
fn files_are_not_moved_or_linked_over_the_border() {
    let attack = Attack::new();
    let granted = attack.granted();
    let flags = attack.grant("--rw", &granted);
    let (inside, outside, canary) = (attack.inside("file.txt"), attack.beside("out.txt"), attack.beside("canary.txt"));
    let mine = attack.inside("mine.txt");
    for (verb, from, to) in [
        ("move", &inside, &outside),
        ("move", &inside, &canary),
        ("link", &inside, &outside),
        ("link", &inside, &canary),
        ("move", &canary, &mine),
        ("link", &canary, &mine),
    ] {
        let outcome = attack.run(&flags, &[verb, from, to]);
        assert_eq!(outcome.out, format!("{to}: error {NOT_FOUND}\n"), "{verb} {from} {to}: {outcome:?}");
    }
    assert_eq!(names(&attack.home.granted()), ["file.txt"]);
}

#[test]
fn what_is_granted_for_reading_is_not_changed() {
    let attack = Attack::new();
    let granted = attack.granted();
    let flags = attack.grant("--ro", &granted);
    let (file, new) = (attack.inside("file.txt"), attack.inside("new.txt"));
    attack.refused(&flags, "write", &[(&file, ACCESS_DENIED), (&new, ACCESS_DENIED)]);
    let refusals = attack.refused_opens();
    assert!(refusals.contains(&file) && refusals.contains(&new), "{refusals:?}");
    attack.refused(&flags, "delete", &[(&file, ACCESS_DENIED)]);
    for verb in ["move", "link"] {
        let outcome = attack.run(&flags, &[verb, &file, &new]);
        assert_eq!(outcome.out, format!("{new}: error {ACCESS_DENIED}\n"));
    }
    assert_eq!(fs::read_to_string(attack.home.granted().join("file.txt")).expect("it is there"), "granted");
    assert_eq!(names(&attack.home.granted()), ["file.txt"]);
}

/// Where grants lie inside each other the innermost counts, by whatever way a program gets there.
#[test]
fn a_grant_inside_another_keeps_its_own_rules() {
    let attack = Attack::new();
    let inner = attack.home.granted().join("parent/guarded");
    fs::create_dir_all(&inner).expect("a folder");
    fs::write(inner.join("file.txt"), "guarded").expect("a file");
    symlink("parent/guarded", attack.home.granted().join("link")).expect("a link");
    symlink(".", attack.home.granted().join("again")).expect("a link");
    let (granted, guarded) = (attack.granted(), inner.display().to_string());
    let flags = ["--rw", &granted, "--ro", &guarded];
    let paths = ["parent\\guarded\\file.txt", "link\\file.txt", "again\\parent\\guarded\\file.txt", "link\\new.txt"].map(|name| attack.inside(name));
    attack.refused(&flags, "write", &paths.each_ref().map(|path| (path.as_str(), ACCESS_DENIED)));
    for from in ["parent", "again\\parent", "PARENT"] {
        let to = attack.inside("elsewhere");
        let outcome = attack.run(&flags, &["move", &attack.inside(from), &to]);
        assert_eq!(outcome.out, format!("{to}: error {ACCESS_DENIED}\n"), "under another name its rules would not count: {outcome:?}");
    }
    let outcome = attack.run(&flags, &["open", &paths[0], &paths[1]]);
    assert_eq!(outcome.out.matches("\"guarded\"").count(), 2, "reading is granted, through the link too: {outcome:?}");
    assert_eq!(fs::read_to_string(inner.join("file.txt")).expect("it is there"), "guarded");
    assert_eq!(names(&inner), ["file.txt"]);
}

/// Beside a program its DLLs are shown, and a link does not make another file one of them.
#[test]
fn a_link_beside_the_program_shows_nothing_else() {
    let attack = Attack::new();
    let folder = attack.home.outside().join("program");
    fs::create_dir_all(folder.join("private")).expect("a folder");
    fs::copy(runs::guest("hostile"), folder.join("hostile.exe")).expect("a copy");
    fs::write(folder.join("private/key.txt"), SECRET).expect("a file");
    fs::write(folder.join("key.txt"), SECRET).expect("a file");
    fs::write(folder.join("real.dll"), "a DLL").expect("a file");
    for (says, name) in [("private/key.txt", "a.dll"), ("key.txt", "b.dll"), ("private", "c.dll"), ("real.dll", "d.dll")] {
        symlink(says, folder.join(name)).expect("a link");
    }
    let program = folder.join("hostile.exe").display().to_string();
    let path = |name: &str| format!("{}\\{name}", attack.home.seen(&folder));
    let outcome = attack.home.say(&["run", "--", &program, "open", &path("a.dll"), &path("b.dll"), &path("c.dll"), &path("key.txt"), &path("d.dll")]);
    attack.host_is_untouched(&outcome);
    let errors = ["a.dll: error 3", "b.dll: error 2", "c.dll: error 2", "key.txt: error 2", "d.dll: opened, read 1 \"a DLL\""];
    let seen: Vec<&str> = outcome.out.lines().filter_map(|line| line.rsplit_once("program\\").map(|(_, seen)| seen)).collect();
    assert_eq!(seen, errors, "{outcome:?}");
}

#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() {
    let attack = Attack::new();
    let (folder, other) = (attack.home.granted().join("turn"), attack.home.granted().join("other"));
    let outside = attack.home.outside().join("outside");
    for (place, text) in [(&folder, "granted"), (&outside, SECRET)] {
        fs::create_dir(place).expect("a folder");
        fs::write(place.join("file.txt"), text).expect("a file");
    }
    symlink(&outside, &other).expect("a link");
    let done = AtomicBool::new(false);
    let granted = attack.granted();
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let flags = rustix::fs::RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(rustix::fs::CWD, &folder, rustix::fs::CWD, &other, flags).expect("both are there");
            }
        });
        let outcome = attack.home.run(&attack.grant("--rw", &granted), "hostile", &["race", &attack.inside("turn\\file.txt"), "20000"]);
        done.store(true, Ordering::Relaxed);
        outcome
    });
    attack.host_is_untouched(&outcome);
    assert!(outcome.out.ends_with("read [\"granted\"]\n"), "the granted file alone is ever read: {outcome:?}");
    assert!(!outcome.out.contains("refused 0,"), "the folder was never a link: the test says nothing: {outcome:?}");
}

#[test]
fn a_grant_that_does_not_exist_is_one_sentence() {
    let attack = Attack::new();
    let missing = attack.home.granted().join("missing").display().to_string();
    let outcome = attack.run(&["--rw", &missing], &["write", "Z:\\x"]);
    assert_eq!((outcome.code, outcome.said()), (125, vec![format!("{missing} cannot be granted: it does not exist").as_str()]));
    assert_eq!(names(&attack.home.granted()), ["file.txt"]);
}
