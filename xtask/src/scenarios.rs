//! Programs that print what happens, under ours and under Wine: random exceptions through random frames, and the programs
//! of `tests/guests/compiled`, which foreign compilers make.

use crate::command::{root, target};
use crate::conformance::has_narrow_wine;
use crate::guests::{self, WINDOWS};
use crate::setup::has;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many scenarios the tests run.
const COUNT: &str = "1000";
/// The libraries that Rust's standard library asks the linker for, as MinGW has them.
const LIBRARIES: [&str; 4] = ["kernel32", "ntdll", "userenv", "ws2_32"];
/// Those that are not there, and are not needed.
const EMPTY: [&str; 2] = ["msvcrt", "dbghelp"];
/// What the standard library takes from Microsoft's runtimes.
const IMPORTS: [(&str, &[&str]); 2] =
    [("vcruntime140", &["__CxxFrameHandler3", "_CxxThrowException", "memcpy", "memmove", "memset", "memcmp"]), ("ucrtbase", &["strlen"])];

/// What a program printed, and its exit code.
#[derive(PartialEq, Eq)]
struct Outcome {
    text: String,
    code: Option<i32>,
}

/// As a step of the tests.
pub fn check() -> Result<()> {
    run("1", COUNT)?;
    for program in compile()? {
        let (ours, theirs) = (ours(&program, &[])?, wine(&program, &[])?);
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ensure!(!ours.text.is_empty(), "{name} printed nothing");
        if let Some(theirs) = theirs {
            let expected = if theirs.code == Some(0x1234 & 0xFF) { Some(139) } else { theirs.code };
            ensure!(ours.text == theirs.text, "{name}: {}", first_difference(&ours.text, &theirs.text));
            ensure!(ours.code == expected, "{name} ended with {:?}, and under Wine with {:?}", ours.code, theirs.code);
        }
        println!("{name}: {} lines", ours.text.lines().count());
    }
    catches()
}

/// The functions that `catches.cpp` takes from `msvcrt.dll`; as 32-bit code one of them has its parameters' size in its name.
const CATCHES: &str = "printf\nfflush\nexit\n__CxxFrameHandler3\n_CxxThrowException";

/// Exceptions as Microsoft's compilers make them: in either bitness the same happens, and what happens under Wine.
fn catches() -> Result<()> {
    if !has("zig") {
        println!("catches.cpp is skipped: zig is missing");
        return Ok(());
    }
    let folder = target().join("compiled");
    let mut outcomes = Vec::new();
    for (windows, machine, suffix) in [(WINDOWS[0], "x86_64", ""), (WINDOWS[1], "x86", "@8")] {
        let place = |name: &str| folder.join(format!("catches-{machine}.{name}"));
        fs::write(place("def"), format!("LIBRARY msvcrt.dll\nEXPORTS\n{CATCHES}{suffix}\n"))?;
        let kind = if suffix.is_empty() { "i386:x86-64" } else { "i386" };
        done(Command::new("zig").args(["dlltool", "-k", "-m", kind, "-d"]).arg(place("def")).arg("-l").arg(place("lib")))?;
        let flags = ["-O1", "-fexceptions", "-fcxx-exceptions", "-nostdinc", "-fno-builtin", "-fno-sanitize=all", "-fno-stack-protector"];
        let mut compile = Command::new("zig");
        compile.args(["c++", "-w", "-target", &format!("{machine}-windows-msvc"), "-fno-threadsafe-statics", "-c", "-o"]);
        done(compile.arg(place("o")).args(flags).arg(root().join("tests/guests/compiled/catches.cpp")))?;
        let mut link = Command::new(linker()?);
        link.args(["-flavor", "link", "/entry:run", "/subsystem:console"]).arg(format!("/out:{}", place("exe").display()));
        done(link.arg(place("o")).arg(place("lib")))?;
        outcomes.push((format!("ours, {windows}"), ours(&place("exe"), &[])?));
        if windows == WINDOWS[0] || has_narrow_wine() {
            outcomes.extend(wine(&place("exe"), &[])?.map(|outcome| (format!("Wine, {windows}"), outcome)));
        }
    }
    let (first, expected) = &outcomes[0];
    ensure!(expected.text.contains("returns 1 2 3"), "catches.cpp did not come to its end: {}", expected.text);
    for (name, outcome) in &outcomes[1..] {
        ensure!(outcome == expected, "catches.cpp, {first} and {name}: {}", first_difference(&expected.text, &outcome.text));
    }
    println!("catches.cpp: {} lines, the same {} times", expected.text.lines().count(), outcomes.len());
    Ok(())
}

/// The linker that comes with the compiler.
fn linker() -> Result<PathBuf> {
    let sysroot = Command::new("rustc").args(["--print", "target-libdir"]).output()?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    Ok(libraries.with_file_name("bin").join("rust-lld"))
}

/// Runs random scenarios, from a number on.
pub fn run(seed: &str, count: &str) -> Result<()> {
    guests::build_programs()?;
    for windows in WINDOWS {
        let program = target().join(windows).join("guest/unwind_scenarios.exe");
        let ours = ours(&program, &[seed, count])?;
        ensure!(ours.code == Some(0), "a scenario failed: {}", ours.text.lines().find(|line| line.contains("BROKEN")).unwrap_or("it crashed"));
        let theirs = if windows == WINDOWS[0] || has_narrow_wine() { wine(&program, &[seed, count])? } else { None };
        let lines = ours.text.lines().count();
        match theirs {
            Some(theirs) if theirs != ours => bail!("unwind_scenarios, {windows}: {}", first_difference(&ours.text, &theirs.text)),
            Some(_) => println!("{lines} scenarios, {windows}, as under Wine"),
            None => println!("{lines} scenarios, {windows}; Wine: not run"),
        }
    }
    Ok(())
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let other = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
    other.map_or_else(|| "one of the two ended before the other".into(), |(ours, theirs)| format!("`{ours}`, and under Wine `{theirs}`"))
}

fn outcome(command: &mut Command) -> Result<Outcome> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    Ok(Outcome { text: String::from_utf8_lossy(&output.stdout).replace('\r', ""), code: output.status.code() })
}

fn ours(program: &Path, arguments: &[&str]) -> Result<Outcome> {
    let mut command = Command::new(target().join("release/win-compat"));
    outcome(command.args(["run", "--yes", "--"]).arg(program).args(arguments).env("WIN_COMPAT_HOME", target().join("conformance/home")))
}

fn wine(program: &Path, arguments: &[&str]) -> Result<Option<Outcome>> {
    if !has("wine") {
        return Ok(None);
    }
    let mut command = Command::new("wine");
    command.arg(program).args(arguments).env("WINEDEBUG", "-all").env("WINEPREFIX", target().join("conformance/prefix"));
    outcome(&mut command).map(Some)
}

fn done(command: &mut Command) -> Result<()> {
    ensure!(command.status().with_context(|| format!("{command:?}"))?.success(), "{command:?} failed");
    Ok(())
}

/// Compiles the programs of foreign compilers, where those are there.
pub fn compile() -> Result<Vec<PathBuf>> {
    let (sources, folder) = (root().join("tests/guests/compiled"), target().join("compiled"));
    fs::create_dir_all(&folder)?;
    let mut made = Vec::new();
    for (compiler, source, program) in [("x86_64-w64-mingw32-gcc", "jumps.c", "jumps.exe"), ("x86_64-w64-mingw32-g++", "throws.cpp", "throws.exe")] {
        if !has(compiler) {
            println!("{source} is skipped: {compiler} is missing");
            continue;
        }
        let program = folder.join(program);
        done(Command::new(compiler).args(["-O2", "-w", "-static", "-o"]).arg(&program).arg(sources.join(source)))?;
        made.push(program);
    }
    if has("x86_64-w64-mingw32-dlltool") {
        made.push(panics(&sources, &folder)?);
    }
    Ok(made)
}

/// Compiles the Rust program: with import libraries for what its standard library needs.
fn panics(sources: &Path, folder: &Path) -> Result<PathBuf> {
    let libraries = folder.join("libraries");
    fs::create_dir_all(&libraries)?;
    for name in LIBRARIES {
        let found = Command::new("x86_64-w64-mingw32-gcc").arg(format!("-print-file-name=lib{name}.a")).output()?;
        fs::copy(String::from_utf8_lossy(&found.stdout).trim(), libraries.join(format!("{name}.lib")))?;
    }
    for name in EMPTY {
        let library = libraries.join(format!("{name}.lib"));
        let _ = fs::remove_file(&library);
        done(Command::new("x86_64-w64-mingw32-ar").arg("crs").arg(&library))?;
    }
    for (dll, exports) in IMPORTS {
        let definition = libraries.join(format!("{dll}.def"));
        fs::write(&definition, format!("LIBRARY {dll}.dll\nEXPORTS\n{}\n", exports.join("\n")))?;
        done(Command::new("x86_64-w64-mingw32-dlltool").arg("-d").arg(&definition).arg("-l").arg(libraries.join(format!("{dll}.lib"))))?;
    }
    let object = libraries.join("panics.o");
    done(Command::new("x86_64-w64-mingw32-as").arg(sources.join("panics.s")).arg("-o").arg(&object))?;
    let program = folder.join("panics.exe");
    let mut command = Command::new("rustc");
    command.args(["--edition", "2024", "-O", "--target", WINDOWS[0], "-Clinker=rust-lld", "-L"]).arg(&libraries);
    for argument in ["/entry:mainCRTStartup", "/subsystem:console", "vcruntime140.lib", "ucrtbase.lib"] {
        command.arg(format!("-Clink-arg={argument}"));
    }
    done(command.arg(format!("-Clink-arg={}", object.display())).arg(sources.join("panics.rs")).arg("-o").arg(&program))?;
    Ok(program)
}
