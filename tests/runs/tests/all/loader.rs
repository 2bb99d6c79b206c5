//! Imports that are there, missing, circular or refused; what the loader tells the program, and what the user reads.

use crate::program::{
    Argument::{Last, Number},
    Code, Exported, LIBRARY, Program, answering,
};
use crate::refusals::one_sentence;
use runs::home::outcome;
use runs::{Home, Outcome};
use serde_json::Value;
use std::path::PathBuf;

/// Windows errors and states, by their documented numbers.
const ERROR_CALL_NOT_IMPLEMENTED: u32 = 120;
const ERROR_MOD_NOT_FOUND: u32 = 126;
const ERROR_PROC_NOT_FOUND: u32 = 127;
const ERROR_BAD_EXE_FORMAT: u32 = 193;
const ERROR_DLL_INIT_FAILED: u32 = 1114;
const E_NOTIMPL: u32 = 0x8000_4001;
const STATUS_ENTRYPOINT_NOT_FOUND: u32 = 0xC000_0139;

/// Runs a file of the granted folder.
fn run(home: &Home, flags: &[&str], program: &str) -> Outcome {
    outcome(home.command(&[&["run", "--yes"], flags, &["--", program]].concat()), b"")
}

/// The events of a kind in the last run's audit.
fn events(home: &Home, kind: &str) -> Vec<Value> {
    home.audit().into_iter().filter(|event| event["kind"] == kind).collect()
}

/// The last run's exit code, all of it.
fn whole_code(home: &Home) -> u32 {
    let ends = events(home, "process-exit");
    assert_eq!(ends.len(), 1, "{ends:?}");
    ends[0]["code"].as_u64().expect("a number") as u32
}

/// Runs a program that was just made; answers its whole exit code.
fn code_of(home: &Home, program: Program) -> u32 {
    home.write("program.exe", program.file());
    let outcome = run(home, &[], "program.exe");
    assert_eq!((outcome.out.as_str(), outcome.err.as_str()), ("", ""), "{outcome:?}");
    whole_code(home)
}

/// A program that calls one function without arguments, then answers the last error, or what the function answered where that is
/// not 0.
fn calling(dll: &str, function: &str) -> Program {
    let mut program = Program::new();
    let [called] = program.import(dll, [function]);
    let [last_error] = program.import("kernel32.dll", ["GetLastError"]);
    program.start(Code::default().call(called, &[Number(0), Number(0), Number(0)]).answer_if_not_zero(7).call(last_error, &[]).answer_last());
    program
}

/// A program that loads a DLL, and answers the last error, or 0.
fn loading(name: &str) -> Program {
    let mut program = Program::new();
    let [load, last_error] = program.import("kernel32.dll", ["LoadLibraryA", "GetLastError"]);
    let name = program.text(name);
    program.start(Code::default().call(load, &[Number(name)]).answer_if_not_zero(0).call(last_error, &[]).answer_last());
    program
}

/// A program that calls a function which it imports, and answers what that answers.
fn asking(dll: &str, function: &str) -> Program {
    let mut program = Program::new();
    let [asked] = program.import(dll, [function]);
    program.start(Code::default().call(asked, &[]).answer_last());
    program
}

/// A DLL whose function `Answer` answers a number.
fn library(base: u64, number: u32) -> Program {
    let mut dll = Program::library(base);
    let answer = dll.function(Code::default().answer(number));
    dll.export(&[("Answer", Exported::Code(answer))]);
    dll
}

#[test]
fn a_made_program_answers() {
    let home = Home::new();
    assert_eq!(code_of(&home, answering(0x1234_5678)), 0x1234_5678);
    home.write("own.dll", library(LIBRARY, 41).file());
    assert_eq!(code_of(&home, asking("OWN.dll", "Answer")), 41);
    home.ends();
}

/// A DLL that nobody has written yet, known to the metadata: a static import of it is stubbed whole, and each function fails as
/// its type says.
#[test]
fn known_dlls_are_stubbed_whole() {
    let home = Home::new();
    let mut results = Program::new();
    let [startup] = results.import("mfplat.dll", ["MFShutdown"]);
    results.start(Code::default().call(startup, &[]).answer_last());
    assert_eq!(code_of(&home, results), E_NOTIMPL);
    assert_eq!(code_of(&home, calling("setupapi.dll", "SetupDiDestroyDeviceInfoList")), ERROR_CALL_NOT_IMPLEMENTED);
    let called: Vec<Value> = events(&home, "call").into_iter().filter(|event| event["outcome"] == "unsupported").collect();
    assert_eq!(called.len(), 1, "{:?}", home.audit());
    assert_eq!(called[0]["text"], "setupapi.dll!SetupDiDestroyDeviceInfoList");
    assert_eq!((&called[0]["trust"], &called[0]["code"]), (&"advisory".into(), &ERROR_CALL_NOT_IMPLEMENTED.into()));
    let listed = home.say(&["audit", "--missing"]);
    assert!(listed.out.contains("called") && listed.out.contains("setupapi.dll!SetupDiDestroyDeviceInfoList"), "{listed:?}");
    home.ends();
}

/// Where a function answers a number, its stub answers the one that its documentation calls failure: zero may be success.
#[test]
fn stubs_fail_as_their_functions_do() {
    let home = Home::new();
    let rows = [
        ("ws2_32.dll", "getnameinfo", ERROR_CALL_NOT_IMPLEMENTED),
        ("ws2_32.dll", "WSAEventSelect", u32::MAX),
        ("shell32.dll", "SHFileOperationW", ERROR_CALL_NOT_IMPLEMENTED),
        ("user32.dll", "GetMenuItemCount", u32::MAX),
        ("user32.dll", "GetClipboardFormatNameW", 0),
    ];
    for (dll, function, failure) in rows {
        assert_eq!(code_of(&home, asking(dll, function)), failure, "{dll}!{function}");
    }
    // Zero means that the atom is deleted, and every other number is one: there is no failure to answer.
    home.write("program.exe", asking("kernel32.dll", "DeleteAtom").file());
    let outcome = run(&home, &[], "program.exe");
    assert!(outcome.err.contains("kernel32.dll!DeleteAtom was called"), "{outcome:?}");
    home.ends();
}

/// The same DLL is not there for LoadLibrary, and the audit remembers who looked for it.
#[test]
fn known_dlls_are_not_found_when_loaded() {
    let home = Home::new();
    for name in ["mfplat.dll", "nowhere.dll", "C:\\Windows\\System32\\mfplat.dll", "Z:\\nowhere.dll"] {
        assert_eq!(code_of(&home, loading(name)), ERROR_MOD_NOT_FOUND, "{name}");
        let probes = events(&home, "probe");
        assert!(
            probes.iter().any(|probe| probe["text"].as_str().is_some_and(|text| text.ends_with(name.rsplit('\\').next().unwrap()))),
            "{name}: {probes:?}"
        );
    }
    // Nor is what stands on it.
    let mut needing = Program::library(LIBRARY);
    needing.import("mfplat.dll", ["MFShutdown"]);
    home.write("needing.dll", needing.file());
    assert_eq!(code_of(&home, loading("needing.dll")), ERROR_MOD_NOT_FOUND);
    home.ends();
}

/// A DLL that nobody knows: one sentence that names it and who needs it.
#[test]
fn private_dlls_are_missed_by_name() {
    let home = Home::new();
    home.write("program.exe", asking("nowhere.dll", "Answer").file());
    let sentence = one_sentence(&run(&home, &[], "program.exe"), 126);
    assert_eq!(sentence, "nowhere.dll, which program.exe needs, was not found");
    let mut between = library(LIBRARY, 1);
    between.import("nowhere.dll", ["Answer"]);
    home.write("between.dll", between.file());
    home.write("program.exe", asking("between.dll", "Answer").file());
    let sentence = one_sentence(&run(&home, &[], "program.exe"), 126);
    assert_eq!(sentence, "nowhere.dll, which between.dll needs, was not found");
    home.ends();
}

/// What lies beside the program under a DLL's name, and is none.
#[test]
fn damaged_dlls_are_named() {
    let home = Home::new();
    let mut foreign = library(LIBRARY, 1).file();
    crate::program::builder::set(&mut foreign, crate::program::builder::SIGNATURE + 4, &0xAA64_u16.to_le_bytes());
    let cut = library(LIBRARY, 1).file()[..0x300].to_vec();
    for content in [b"not a DLL".to_vec(), Vec::new(), foreign, cut] {
        home.write("damaged.dll", content);
        home.write("program.exe", asking("damaged.dll", "Answer").file());
        let sentence = one_sentence(&run(&home, &[], "program.exe"), 126);
        assert!(sentence.starts_with("damaged.dll, which program.exe needs, could not be loaded"), "{sentence}");
        assert_eq!(code_of(&home, loading("damaged.dll")), ERROR_BAD_EXE_FORMAT);
    }
    home.ends();
}

/// A function that nothing tells anything of: the program starts, and the call raises an exception that names it.
#[test]
fn unknown_functions_raise_their_name() {
    let home = Home::new();
    home.write("own.dll", library(LIBRARY, 1).file());
    for (dll, function, named) in [
        ("kernel32.dll", "NoSuchFunction", "kernel32.dll!NoSuchFunction"),
        ("KERNEL32.dll", "#60000", "kernel32.dll!#60000"),
        ("own.dll", "Absent", "own.dll!Absent"),
        ("mfplat.dll", "NoSuchFunction", "mfplat.dll!NoSuchFunction"),
    ] {
        home.write("program.exe", calling(dll, function).file());
        let outcome = run(&home, &[], "program.exe");
        assert_eq!(outcome.code, 139, "{outcome:?}");
        assert!(one_line(&outcome).contains(&format!("{named} was called, which is not in the catalog (exit code 0xc0000139)")), "{outcome:?}");
        assert_eq!(whole_code(&home), STATUS_ENTRYPOINT_NOT_FOUND);
    }
    // One that is never called does no harm.
    let mut program = Program::new();
    program.import("kernel32.dll", ["NoSuchFunction"]);
    program.start(Code::default().answer(7));
    assert_eq!(code_of(&home, program), 7);
    home.ends();
}

fn one_line(outcome: &Outcome) -> &str {
    assert_eq!(outcome.said().len(), 1, "{outcome:?}");
    outcome.said()[0]
}

/// With `--strict-imports` such a program does not start, and the refusal lists what is missing; `inspect` knows it beforehand.
#[test]
fn strict_imports_list_what_is_missing() {
    let home = Home::new();
    let mut program = Program::new();
    program.import("kernel32.dll", ["GetLastError", "NoSuchFunction", "#60000"]);
    program.import("mfplat.dll", ["MFShutdown"]);
    program.start(Code::default().answer(7));
    home.write("program.exe", program.file());
    let policy = home.write("strict.toml", "strict_imports = true\n").display().to_string();
    for flags in [["--strict-imports"].as_slice(), &["--policy", &policy]] {
        let outcome = run(&home, flags, "program.exe");
        assert_eq!((outcome.code, outcome.out.as_str()), (126, ""), "{outcome:?}");
        let lines: Vec<&str> = outcome.err.lines().collect();
        let listed = ["  kernel32.dll!NoSuchFunction", "  kernel32.dll!#60000", "  mfplat.dll!MFShutdown"];
        assert_eq!(lines[0], "win-compat: the program imports functions that are not in the catalog:");
        assert_eq!(lines[1..], listed);
    }
    assert_eq!(run(&home, &[], "program.exe").code, 7);
    let report: Value = serde_json::from_str(&home.say(&["inspect", "--json", "program.exe"]).out).expect("JSON");
    let standing = |dll: usize, function: usize| &report["catalog"][dll]["functions"][function]["standing"];
    assert_eq!((standing(0, 0), standing(0, 1), standing(0, 2)), (&"supported".into(), &"missing".into(), &"missing".into()), "{report:#}");
    assert_eq!(standing(1, 0), "missing", "{report:#}");
    // What misses nothing starts.
    assert_eq!(home.run(&["--strict-imports"], "hello", &[]).out, "Hello, world!\r\n");
    home.ends();
}

/// Two DLLs that need each other, and one that needs itself.
#[test]
fn imports_may_go_in_circles() {
    let home = Home::new();
    let mut first = Program::library(LIBRARY);
    let [second] = first.import("second.dll", ["Second"]);
    let (ask, number) = (first.function(Code::default().call(second, &[]).answer_last()), first.function(Code::default().answer(42)));
    first.export(&[("First", Exported::Code(ask)), ("Number", Exported::Code(number))]);
    home.write("first.dll", first.file());
    let mut second = Program::library(2 * LIBRARY);
    let [number] = second.import("FIRST.dll", ["Number"]);
    let ask = second.function(Code::default().call(number, &[]).answer_last());
    second.export(&[("Second", Exported::Code(ask))]);
    home.write("second.dll", second.file());
    assert_eq!(code_of(&home, asking("first.dll", "First")), 42);
    assert_eq!(code_of(&home, loading("second.dll")), 0);
    let mut own = Program::library(LIBRARY);
    let [answer] = own.import("own.dll", ["Answer"]);
    let (ask, answering) = (own.function(Code::default().call(answer, &[]).answer_last()), own.function(Code::default().answer(43)));
    own.export(&[("Answer", Exported::Code(answering)), ("Ask", Exported::Code(ask))]);
    home.write("own.dll", own.file());
    assert_eq!(code_of(&home, asking("own.dll", "Ask")), 43);
    home.ends();
}

/// Forwarders: one that leads on, in circles, to itself, to nowhere; none of them hangs.
#[test]
fn forwarders_may_lead_in_circles() {
    let home = Home::new();
    let forwards = |base, rows: &[(&str, &'static str)]| {
        let mut dll = Program::library(base);
        let exports: Vec<(&str, Exported)> = rows.iter().map(|(name, target)| (*name, Exported::Forward(target))).collect();
        dll.export(&exports);
        dll.file()
    };
    let rows = [
        ("Absent", "target.Absent"),
        ("Damaged", "no dot at all"),
        ("Far", "nowhere.Answer"),
        ("Good", "target.Answer"),
        ("Loop", "back.Loop"),
        ("Number", "target.#1"),
        ("Self", "forth.Self"),
    ];
    home.write("forth.dll", forwards(LIBRARY, &rows));
    home.write("back.dll", forwards(2 * LIBRARY, &[("Loop", "forth.Loop")]));
    home.write("target.dll", library(3 * LIBRARY, 44).file());
    for name in ["Good", "Number"] {
        assert_eq!(code_of(&home, asking("forth.dll", name)), 44, "{name}");
    }
    for name in ["Absent", "Damaged", "Far", "Loop", "Self"] {
        home.write("program.exe", calling("forth.dll", name).file());
        let outcome = run(&home, &[], "program.exe");
        assert!(outcome.code == 139 && one_line(&outcome).contains(&format!("forth.dll!{name}")), "{name}: {outcome:?}");
        let mut program = Program::new();
        let [load, find, last_error] = program.import("kernel32.dll", ["LoadLibraryA", "GetProcAddress", "GetLastError"]);
        let (dll, function) = (program.text("forth.dll"), program.text(name));
        let code = Code::default().call(load, &[Number(dll)]).answer_if_zero(1).call(find, &[Last, Number(function)]);
        program.start(code.answer_if_not_zero(2).call(last_error, &[]).answer_last());
        let error = if name == "Damaged" { ERROR_BAD_EXE_FORMAT } else { ERROR_PROC_NOT_FOUND };
        assert_eq!(code_of(&home, program), error, "{name}");
    }
    home.ends();
}

/// A DLL that refuses to start: the program does not start either, and the sentence names the DLL.
#[test]
fn dlls_may_refuse_to_start() {
    let home = Home::new();
    let mut refusing = library(LIBRARY, 1);
    refusing.start(Code::default().answer(0));
    home.write("refusing.dll", refusing.file());
    home.write("program.exe", asking("refusing.dll", "Answer").file());
    let sentence = one_sentence(&run(&home, &[], "program.exe"), 126);
    assert_eq!(sentence, "refusing.dll, which the program needs, refused to start");
    assert_eq!(code_of(&home, loading("refusing.dll")), ERROR_DLL_INIT_FAILED);
    // One that crashes while it starts ends the process as a crash does.
    let mut crashing = library(LIBRARY, 1);
    crashing.start(Code::default().call(0x10, &[]).answer(1));
    home.write("refusing.dll", crashing.file());
    let outcome = run(&home, &[], "program.exe");
    assert!(outcome.code == 139 && one_line(&outcome).contains("access violation reading 0x10"), "{outcome:?}");
    home.ends();
}

/// What is imported when it is first used may be missing as long as it is not used.
#[test]
fn delayed_imports_wait() {
    let home = Home::new();
    let mut missing = Program::new();
    missing.delay("nowhere.dll", ["Answer", "#5"]);
    missing.start(Code::default().answer(7));
    home.write("delayed.exe", missing.file());
    assert_eq!(run(&home, &["--strict-imports"], "delayed.exe").code, 7);
    let report: Value = serde_json::from_str(&home.say(&["inspect", "--json", "delayed.exe"]).out).expect("JSON");
    let delayed = serde_json::json!({ "dll": "nowhere.dll", "delayed": true, "functions": ["Answer", "#5"] });
    assert_eq!(report["description"]["imports"], Value::from(vec![delayed]), "{report:#}");
    // What a linker's helper does with one that is there.
    home.write("own.dll", library(LIBRARY, 45).file());
    let mut present = Program::new();
    let [_slot] = present.delay("own.dll", ["Answer"]);
    let [load, find] = present.import("kernel32.dll", ["LoadLibraryA", "GetProcAddress"]);
    let (dll, function) = (present.text("own.dll"), present.text("Answer"));
    let code = Code::default().call(load, &[Number(dll)]).answer_if_zero(1).call(find, &[Last, Number(function)]).answer_if_zero(2);
    present.start(code.call_last().answer_last());
    assert_eq!(code_of(&home, present), 45);
    home.ends();
}

/// Callbacks of thread-local storage run before the program, in their order, each once.
#[test]
fn tls_callbacks_run_before_the_program() {
    let home = Home::new();
    let mut program = Program::new();
    let word = program.word(100);
    let callback = program.function(Code::default().add_reason(word).answer(1));
    let callback = program.address(callback);
    program.callbacks(&[callback, callback]);
    // DLL_PROCESS_ATTACH is 1, and there are two of them.
    program.start(Code::default().answer_word(word));
    assert_eq!(code_of(&home, program), 102);
    // A callback that lies nowhere is a crash, not a hang.
    let mut stray = answering(7);
    stray.callbacks(&[0x10]);
    home.write("stray.exe", stray.file());
    let outcome = run(&home, &[], "stray.exe");
    assert!(outcome.code == 7 || outcome.code == 139 || outcome.code == 126, "{outcome:?}");
    assert!(outcome.code == 7 || outcome.said().len() == 1, "{outcome:?}");
    home.ends();
}

/// Images and stacks that are huge on paper take no memory that they do not use.
#[test]
fn huge_images_take_little_memory() {
    use crate::program::builder::{Builder, OPTIONAL, set};
    const MOST: u64 = 200 << 20;
    let home = Home::new();
    let zero = Builder::new(crate::program::kind()).section(1);
    // As much as finds room in one piece.
    let (size, reserve) = if runs::is_narrow() { (0x3000_0000_u32, 1_u64 << 29) } else { (0x7000_0000, 1 << 36) };
    let reserve = &reserve.to_le_bytes()[..if runs::is_narrow() { 4 } else { 8 }];
    let started = home.granted().join("started");
    let mut program = Program::new();
    let [create, sleep] = program.import("kernel32.dll", ["CreateDirectoryA", "Sleep"]);
    let name = program.text(&home.seen(&started));
    program.start(Code::default().call(create, &[Number(name), Number(0)]).answer_if_zero(1).call(sleep, &[Number(u32::MAX.into())]).answer(2));
    let good = program.file();
    let mut image = good.clone();
    set(&mut image, zero + 8, &size.to_le_bytes());
    set(&mut image, OPTIONAL + 56, &(size + 0x10_0000).to_le_bytes());
    let mut stack = good.clone();
    set(&mut stack, OPTIONAL + 72, reserve);
    let mut heap = good;
    set(&mut heap, OPTIONAL + 72 + 2 * reserve.len(), reserve);
    for (what, content) in [("image", image), ("stack", stack), ("heap", heap)] {
        home.write("huge.exe", content);
        let mut command = home.command(&["run", "--rw", ".", "--", "huge.exe"]);
        let mut child = command.stdin(std::process::Stdio::null()).spawn().expect("it starts");
        let runs = runs::until(|| started.exists() || child.try_wait().is_ok_and(|status| status.is_some()));
        assert!(runs && started.exists(), "{what}: {:?}", child.try_wait());
        let family = home.family();
        let peak: u64 = family.members().map(|(process, _)| peak_memory(process)).max().unwrap_or_default();
        assert!(peak > 0 && peak < MOST, "{what}: {} MiB", peak >> 20);
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).expect("it lives");
        child.wait().expect("it can be waited for");
        family.goes();
        std::fs::remove_dir(&started).expect("it was made");
    }
    home.ends();
}

/// The most memory that a process has held, in bytes.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{process}/status"))).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() << 10
}
