//! The system's programs, by their paths in the sandbox, in either bitness.

use runs::{Home, Outcome, is_narrow};

/// Runs one of the system's programs.
fn run(home: &Home, program: &str, arguments: &[&str]) -> Outcome {
    let folder = if is_narrow() { "SysWOW64" } else { "System32" };
    let path = format!("C:\\Windows\\{folder}\\{program}.exe");
    let granted = home.granted().display().to_string();
    home.say(&[&["run", "--yes", "--rw", &granted, "--", &path], arguments].concat())
}

/// Runs a batch file of these lines; answers what it wrote and its code.
fn batch(lines: &str, arguments: &[&str]) -> (String, i32) {
    let home = Home::new();
    home.write("t.cmd", lines.replace('\n', "\r\n"));
    let outcome = run(&home, "cmd", &[&["/d", "/c", "t.cmd"], arguments].concat());
    (outcome.out.replace("\r\n", "\n"), outcome.code)
}

#[test]
fn programs_are_found_where_windows_has_them() {
    let home = Home::new();
    let outcome = run(&home, "where", &["where"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "C:\\Windows\\System32\\where.exe\r\n"), "{outcome:?}");
    assert_eq!(run(&home, "where", &["/q", "no such program"]).code, 1);
    let missing = home.say(&["run", "--yes", "--", "C:\\Windows\\System32\\missing.exe"]);
    assert_eq!((missing.code, missing.said().len()), (127, 1), "{missing:?}");
}

#[test]
fn variables_arguments_and_labels() {
    let lines = "@echo off\nsetlocal enabledelayedexpansion\nset a=x y\necho [%a%] [%a:x=z%] [%a:~-1%] %1 [%~2] %~nx0\nset /a n=(1+2)*3\n\
                 for /l %%i in (1,1,3) do set s=!s!%%i\necho %n% !s!\ncall :sub one two\necho back %errorlevel%\nexit /b 7\n:sub\necho %0 %*\nexit /b 3\n";
    let (out, code) = batch(lines, &["first", "second"]);
    assert_eq!((out.as_str(), code), ("[x y] [z y] [y] first [second] t.cmd\n9 123\n:sub one two\nback 3\n", 7));
}

#[test]
fn conditions_loops_and_streams() {
    let lines = "@echo off\nif \"a\"==\"b\" (echo no) else (\n  echo yes\n)\nif /i a==A echo same\nif not exist f.txt echo none\n(echo one 1& echo two 2)>f.txt\n\
                 >>f.txt echo three 3\nfor /f \"tokens=1,2\" %%a in (f.txt) do echo %%b-%%a\nfor /f %%a in ('type f.txt') do echo out %%a\n\
                 type nothing 2>nul || echo failed\nver >nul && echo fine\ntype f.txt | where /q where && echo piped\n";
    let (out, _) = batch(lines, &[]);
    assert_eq!(out, "yes\nsame\nnone\n1-one\n2-two\n3-three\nout one\nout two\nout three\nfailed\nfine\npiped\n");
}

#[test]
fn files_and_folders() {
    let lines = "@echo off\nmd a\\b\necho x>a\\1.txt\ncopy a\\1.txt a\\b >nul\nren a\\1.txt 2.txt\nmove a\\2.txt a\\b >nul\ndir /b /s a\\b\\*.txt\n\
                 pushd a\\b\ncd\npopd\ndel /q a\\b\\*.*\nif not exist a\\b\\1.txt echo gone\nrd /s /q a\nif not exist a\\ echo removed\n";
    let (out, _) = batch(lines, &[]);
    let names: Vec<&str> = out.lines().map(|line| line.rsplit('\\').next().unwrap_or_default()).collect();
    assert_eq!(names, ["1.txt", "2.txt", "b", "gone", "removed"], "{out}");
}

#[test]
fn commands_of_the_command_line() {
    let home = Home::new();
    assert_eq!(run(&home, "cmd", &["/d", "/s", "/c", "echo hi & exit 5"]).code, 5);
    let missing = run(&home, "cmd", &["/c", "no-such-program"]);
    assert!(missing.code == 1 && missing.err.contains("is not recognized"), "{missing:?}");
}
