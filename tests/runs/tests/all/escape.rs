//! A program that means harm: what it gets, what its user sees, what the audit says, and that the host is as it was.

use runs::{Home, Outcome};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// What no run may read or change.
const SECRET: &str = "the canary sings";

/// A home with a canary beside the folder that is granted.
struct Attack {
    home: Home,
    canary: PathBuf,
    seen: SystemTime,
}

impl Attack {
    fn new() -> Self {
        let home = Home::new();
        let canary = home.outside().join("canary.txt");
        fs::write(&canary, SECRET).expect("the folder can be written");
        home.write("file.txt", "granted");
        let seen = accessed(&canary);
        Self { home, canary, seen }
    }

    /// `--ro FOLDER` of the granted folder.
    fn grant<'a>(&self, flag: &'a str, folder: &'a str) -> [&'a str; 2] {
        [flag, folder]
    }

    fn granted(&self) -> String {
        self.home.granted().display().to_string()
    }

    /// A path in the granted folder, as the program sees it.
    fn inside(&self, name: &str) -> String {
        format!("{}\\{name}", self.home.seen(&self.home.granted()))
    }

    /// A path beside the granted folder, as the program sees it.
    fn beside(&self, name: &str) -> String {
        format!("{}\\{name}", self.home.seen(self.home.outside()))
    }

    /// Attacks; the host must be as it was, whatever came of it.
    fn run(&self, flags: &[&str], words: &[&str]) -> Outcome {
        let outcome = self.home.run(flags, "hostile", words);
        self.host_is_untouched(&outcome);
        outcome
    }

    fn host_is_untouched(&self, outcome: &Outcome) {
        assert!(!outcome.out.contains(SECRET), "the canary was read: {outcome:?}");
        assert_eq!(accessed(&self.canary), self.seen, "the canary was looked into: {outcome:?}");
        assert_eq!(fs::read_to_string(&self.canary).expect("the canary is there"), SECRET, "{outcome:?}");
        // This very look counts as one.
        let times = fs::FileTimes::new().set_accessed(self.seen);
        fs::File::options().write(true).open(&self.canary).and_then(|file| file.set_times(times)).expect("it is ours");
        let mut beside: Vec<_> = names(self.home.outside());
        beside.retain(|name| !["canary.txt", "granted", "state", "outside", "program"].contains(&name.as_str()));
        assert!(beside.is_empty(), "made outside of the grant: {beside:?}");
        self.home.ends();
    }

    /// Each of these is refused with its error.
    fn refused(&self, flags: &[&str], verb: &str, rows: &[(&str, u32)]) {
        let paths: Vec<&str> = rows.iter().map(|(path, _)| *path).collect();
        let outcome = self.run(flags, &[&[verb], paths.as_slice()].concat());
        let expected: Vec<String> = rows.iter().map(|(path, error)| format!("{path}: error {error}")).collect();
        assert_eq!(outcome.out.lines().collect::<Vec<_>>(), expected, "{outcome:?}");
        assert_eq!(outcome.code, 0, "a refusal ends nothing: {outcome:?}");
    }

    /// The audit's rows of a kind that the broker or the kernel vouch for.
    fn evidence(&self, kind: &str) -> Vec<Value> {
        self.home.audit().into_iter().filter(|row| row["kind"] == kind && row["trust"] == "evidence").collect()
    }

    /// The refused opens, by their names.
    fn refused_opens(&self) -> Vec<String> {
        let rows = self.evidence("open").into_iter().filter(|row| row["outcome"] == "error");
        rows.map(|row| row["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The numbers of the forbidden calls.
    fn forbidden(&self) -> Vec<u64> {
        self.evidence("forbidden-call").iter().filter_map(|row| row["code"].as_u64()).collect()
    }
}

fn accessed(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|facts| facts.accessed()).expect("it is there")
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).expect("it is a folder").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

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
    let (canary, stream, whole) = (attack.beside("canary.txt"), attack.inside("file.txt:stream"), attack.inside("file.txt::$DATA"));
    let rows = [
        ("\\\\.\\PhysicalDrive0", ACCESS_DENIED),
        ("\\\\.\\C:", ACCESS_DENIED),
        ("\\\\.\\Z:", ACCESS_DENIED),
        (&format!("\\\\?\\{canary}"), NOT_FOUND),
        (&format!("\\\\.\\{canary}"), NOT_FOUND),
        ("\\\\?\\GLOBALROOT\\Device\\HarddiskVolume1\\canary.txt", ACCESS_DENIED),
        (&format!("\\\\?\\GLOBALROOT\\??\\{canary}"), ACCESS_DENIED),
        ("\\\\.\\pipe\\docker_engine", ACCESS_DENIED),
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
        (&whole, INVALID_NAME),
    ];
    let granted = attack.granted();
    attack.refused(&attack.grant("--rw", &granted), "open", &rows);
    let outcome = attack.run(&attack.grant("--rw", &granted), &["open", "NUL"]);
    assert_eq!(outcome.out, "NUL: opened, read 1 \"\"\n", "the null device is there, and empty");
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

/// Calls that no program of the sandbox makes: the answer is ENOSYS, and the kernel tells the broker of each.
#[test]
fn system_calls_of_the_host_are_refused() {
    // openat, execve, socket, ptrace, process_vm_readv, fork, vfork, kill, memfd_create, io_uring_setup, open, creat, ioctl,
    // mount, unshare, setns, bpf, seccomp, userfaultfd, perf_event_open, keyctl, pidfd_open, process_madvise, execveat,
    // open_by_handle_at, dup, dup2, pipe, shmget, and read by the x32 numbers.
    let numbers = [
        257,
        59,
        41,
        101,
        310,
        57,
        58,
        62,
        319,
        425,
        2,
        85,
        16,
        165,
        272,
        308,
        321,
        317,
        323,
        298,
        250,
        434,
        440,
        322,
        304,
        32,
        33,
        22,
        29,
        0x4000_0000,
    ];
    let words: Vec<String> = numbers.iter().map(|number: &u64| number.to_string()).collect();
    let words: Vec<&str> = std::iter::once("calls").chain(words.iter().map(String::as_str)).collect();
    for flags in [&[][..], &["--without", "dispatch"]] {
        let attack = Attack::new();
        let outcome = attack.run(flags, &words);
        let expected: String = numbers.iter().map(|number| format!("call {number}: -38\n")).collect();
        assert_eq!((outcome.out, outcome.code), (expected, 0), "{}", outcome.err);
        assert_eq!(attack.forbidden(), numbers, "{flags:?}");
    }
}

/// Calls that the runtime makes are allowed with its arguments alone.
#[test]
fn listed_calls_with_other_arguments_are_refused() {
    let canary = format!("text:{}", Attack::new().canary.display());
    for (number, words) in [
        (257, &["-100", &canary, "2", "0"][..]),
        // A process of its own; a new user namespace.
        (56, &["17"]),
        (56, &["0x10000000"]),
        // Another process; the whole session.
        (234, &["2", "2", "9"]),
        (234, &["-1", "-1", "9"]),
        // PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_PTRACER.
        (157, &["4", "1"]),
        (157, &["22", "1"]),
        (157, &["0x59616d61", "-1"]),
        // F_DUPFD, F_SETFL, F_SETOWN.
        (72, &["0", "0", "0"]),
        (72, &["1", "4", "0x2000"]),
        (72, &["4", "8", "1"]),
        // The boot socket stays; nothing is sent over any other.
        (3, &["5"]),
        (46, &["4", "0", "0"]),
        // Memory that grows by itself.
        (9, &["0", "0x1000", "3", "0x122", "-1", "0"]),
        // The processors of another process.
        (203, &["1", "8", "0"]),
    ] {
        let attack = Attack::new();
        let number_word = number.to_string();
        let outcome = attack.run(&["--without", "dispatch"], &[&["call", &number_word], words].concat());
        assert_eq!(outcome.out, format!("call {number}: -38\n"), "{words:?}: {outcome:?}");
        assert_eq!(attack.forbidden(), [number], "{words:?}");
    }
}

/// The 32-bit way in is closed as well, and a number that the 64-bit list has is no excuse.
#[test]
fn the_32_bit_way_in_is_refused() {
    for flags in [&[][..], &["--without", "dispatch"]] {
        // execve, open and munmap's namesake by the other numbers.
        for number in ["11", "5", "9"] {
            let attack = Attack::new();
            let outcome = attack.run(flags, &["int80", number]);
            assert_eq!(outcome.out, format!("int80 {number}: -38\n"), "{outcome:?}");
            assert_eq!(attack.forbidden(), [number.parse::<u64>().expect("a number")], "{flags:?}");
        }
    }
}

/// A call that the runtime makes too, made by the program's code, is answered and told of.
#[test]
fn a_listed_call_of_the_program_is_told_of() {
    let attack = Attack::new();
    // The host takes the lower half of the last one for a number: exit_group.
    let outcome = attack.run(&[], &["calls", "9", "13", "202", "0x1000000e7"]);
    let refused = "call 9: -38\ncall 13: -38\ncall 202: -38\ncall 0x1000000e7: -38\n";
    assert_eq!((outcome.out.as_str(), outcome.code), (refused, 0), "{outcome:?}");
    let told = attack.home.audit().into_iter().filter(|row| row["kind"] == "forbidden-call");
    assert_eq!(told.filter_map(|row| row["code"].as_u64()).collect::<Vec<_>>(), [9, 13, 202, 231]);
}

#[test]
fn too_many_forbidden_calls_are_fatal() {
    for flags in [&[][..], &["--without", "dispatch"]] {
        let attack = Attack::new();
        assert_eq!(attack.run(flags, &["flood", "1000"]).code, 0, "a thousand are borne");
        let outcome = attack.run(flags, &["flood", "2000"]);
        let said = "the program crashed: more than 1000 forbidden system calls, the last of them number 257 (exit code 0xc0000022)";
        assert_eq!((outcome.code, outcome.out.as_str(), outcome.said()), (139, "", vec![said]));
        assert_eq!(attack.forbidden().len(), 1001);
    }
}

/// The process holds what the broker gave it, and can change none of what others share with it.
#[test]
fn descriptors_are_those_that_were_given() {
    let attack = Attack::new();
    let outcome = attack.run(&["--without", "dispatch"], &["descriptors"]);
    let mut lines = outcome.out.lines().map(|line| line.split([' ', ':', ',']).filter(|word| !word.is_empty()).collect::<Vec<_>>());
    // The standard streams, the channel's socket, the boot socket, the system DLLs, the program, the clock, counters, records.
    let known = ["0", "1", "2", "4", "5", "6", "7", "8", "9", "10"];
    let found: Vec<_> = lines.clone().map(|words| words[1]).collect();
    assert_eq!(found, known, "{outcome:?}");
    assert!(lines.clone().all(|words| words[5] == "false"), "nothing shrinks: {outcome:?}");
    let writable: Vec<&str> = lines.clone().filter(|words| words[7] == "true").map(|words| words[1]).collect();
    assert_eq!(writable, ["9", "10"], "counters and records alone are the process's to write: {outcome:?}");
    assert!(lines.all(|words| !["6", "7"].contains(&words[1]) || words[3] == "0"), "files are open for reading: {outcome:?}");
}

#[test]
fn the_runtime_undone_from_below_harms_the_process_alone() {
    let attack = Attack::new();
    let outcome = attack.run(&["--without", "dispatch"], &["close-all"]);
    assert!(outcome.out.starts_with("closed\n") && outcome.code < 126, "{outcome:?}");
    let outcome = attack.run(&["--without", "dispatch"], &["signals"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (139, "blocked 0\n"), "{outcome:?}");
    assert_eq!(outcome.said(), ["the program crashed: ended by the host's signal 11 (exit code 0xc0000001)"]);
    let outcome = attack.run(&[], &["signals"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (139, "blocked -38\n"), "{outcome:?}");
    assert!(outcome.err.contains("access violation reading 0x10"), "the runtime's handlers are still there: {outcome:?}");
}

/// Nonsense in the channel's memory is answered or refused; nonsense in its very words ends with the process.
#[test]
fn garbage_on_the_channel_is_refused() {
    let attack = Attack::new();
    let granted = attack.granted();
    let outcome = attack.run(&["--without", "dispatch", "--ro", &granted], &["garbage", "20000"]);
    let lines: Vec<&str> = outcome.out.lines().collect();
    // EPIPE: the broker does not listen on the sockets.
    assert_eq!(lines, ["channel found", "unanswered 0", "socket 4: -32", "socket 5: -32", "smashed"], "{outcome:?}");
    assert_eq!(outcome.said(), ["the program crashed: ended without telling how (exit code 0xc0000001)"], "{outcome:?}");
    assert!(!attack.evidence("malformed-message").is_empty(), "messages that are none are evidence");
    assert_eq!(names(&attack.home.granted()), ["file.txt"]);
}

/// What runs out is answered with the documented error, and the broker still serves its user.
#[test]
fn what_runs_out_is_an_error() {
    let attack = Attack::new();
    let granted = attack.granted();
    // ERROR_COMMITMENT_LIMIT, ERROR_NOT_ENOUGH_MEMORY, ERROR_TOO_MANY_OPEN_FILES.
    let outcome = attack.run(&[], &["memory"]);
    assert_eq!((outcome.out.as_str(), outcome.code), ("memory error 1455\nmemory error 1455\nmemory error 1455\n", 0), "{outcome:?}");
    let outcome = attack.run(&[], &["threads"]);
    assert!(outcome.out.starts_with("threads ") && outcome.out.ends_with("error 8\n") && outcome.code == 0, "{outcome:?}");
    let flags = attack.grant("--ro", &granted);
    for verb in ["files", "handles"] {
        let outcome = attack.run(&flags, &[verb, &attack.inside("file.txt")]);
        assert!(outcome.out.starts_with(verb) && outcome.out.ends_with("error 4\n") && outcome.code == 0, "{outcome:?}");
    }
}

/// Opening a pipe wakes whoever waits at its other end, and opening a device may do anything: neither is opened.
#[test]
fn special_files_are_not_opened() {
    use rustix::fs::{CWD, FileType, Mode, inotify, mknodat};
    let attack = Attack::new();
    let pipe = attack.home.granted().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o666), 0).expect("a pipe");
    symlink("pipe", attack.home.granted().join("link")).expect("a link");
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC).expect("a watch");
    inotify::add_watch(&watch, &pipe, inotify::WatchFlags::OPEN).expect("a watch");
    let granted = attack.granted();
    let flags = attack.grant("--rw", &granted);
    let (path, link) = (attack.inside("pipe"), attack.inside("link"));
    attack.refused(&flags, "open", &[(&path, ACCESS_DENIED), (&link, ACCESS_DENIED)]);
    attack.refused(&flags, "write", &[(&path, ACCESS_DENIED), (&link, ACCESS_DENIED)]);
    let opened = rustix::io::read(&watch, &mut [0_u8; 256]);
    assert_eq!(opened, Err(rustix::io::Errno::AGAIN), "the pipe was opened");
}

/// What the host takes from the process before it takes anything from others.
#[test]
fn limits_of_the_process() {
    let home = Home::new();
    let mut child = home.run_command(&[], "act", &["wait"]).stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut line = [0; 8];
    std::io::Read::read_exact(child.stdout.as_mut().expect("it is piped"), &mut line).expect("a line");
    let family = home.family();
    let broker = family.number("win-compat: ").expect("there is a broker");
    let program = family.members().map(|(number, _)| number).find(|number| *number != broker && *number != child.id()).expect("a program");
    let of = |number: u32, what: &str| fs::read_to_string(format!("/proc/{number}/{what}")).expect("it runs");
    assert_eq!(of(program, "oom_score_adj").trim(), "1000", "where memory runs out, the program goes first");
    assert_ne!(of(broker, "oom_score_adj").trim(), "1000", "and the broker tells of it");
    let limits = of(program, "limits");
    let most = |name: &str| limits.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next().map(str::to_owned));
    assert_eq!(most("Max processes").as_deref(), Some("8192"), "{limits}");
    assert_eq!(most("Max core file size").as_deref(), Some("0"), "{limits}");
    assert_ne!(most("Max data size").as_deref(), Some("unlimited"), "{limits}");
    child.kill().and_then(|()| child.wait()).expect("it ends");
    family.goes();
    home.ends();
}

/// Listings that nobody reads to their end do not fill the broker's memory.
#[test]
fn listings_are_bounded() {
    let attack = Attack::new();
    for number in 0..2000 {
        attack.home.write(&format!("{number}.txt"), "");
    }
    let granted = attack.granted();
    let outcome = attack.run(&attack.grant("--ro", &granted), &["listings", &attack.inside("*"), "2000"]);
    // ERROR_NO_SYSTEM_RESOURCES, after about a million entries.
    assert!(outcome.out.starts_with("listings 5") && outcome.out.ends_with("error 1450\n"), "{outcome:?}");
}

/// A program's text does not reach the terminal as commands: not at once, and not when the audit is read.
#[test]
fn texts_do_not_steer_the_terminal() {
    let attack = Attack::new();
    let outcome = attack.run(&[], &["debug-escape"]);
    assert_eq!(outcome.said(), ["debug: \u{fffd}]0;owned\u{fffd}\u{fffd}2J"]);
    for arguments in [&["audit"][..], &["audit", "--json"]] {
        let audit = attack.home.say(arguments).out;
        assert!(audit.contains("owned"), "{audit:?}");
        assert!(audit.chars().all(|character| character == '\n' || !character.is_control()), "{audit:?}");
    }
    let row = attack.home.audit().into_iter().find(|row| row["kind"] == "debug-text").expect("it is noted");
    assert_eq!(row["text"], "\u{1b}]0;owned\u{7}\u{9b}2J", "JSON keeps the text as it was");
}
