//! Programs on a terminal: the pty between, its filter, its modes, and the shell's job control.

use runs::{Home, Screen};
use std::process::Command;

/// A shell on a terminal, in which runs are typed.
fn shell(home: &Home) -> (Screen, String) {
    let run = home.run_command(&[], "act", &[]);
    let words: Vec<String> = std::iter::once(run.get_program()).chain(run.get_args()).map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-i"]).env("WIN_COMPAT_HOME", home.state()).current_dir(home.granted());
    let mut screen = Screen::start(&command);
    screen.shows("$ ");
    (screen, words.join(" "))
}

#[test]
fn lines_are_edited_by_the_terminal() {
    let home = Home::new();
    let mut screen = Screen::start(&home.run_command(&[], "act", &["echo"]));
    screen.shows("ready");
    screen.types("helo\x7flo\r");
    screen.shows("helo\x08 \x08lo\r");
    screen.shows("hello\r");
    screen.types("\x04");
    assert!(screen.ends().success(), "{}", screen.text());
    home.ends();
}

/// A program that asks for single keys gets them, without echo, Ctrl-C among them; afterwards the terminal is as it was.
#[test]
fn keys_come_one_by_one() {
    let home = Home::new();
    let (mut screen, run) = shell(&home);
    screen.types(&format!("{run} keys 3; stty -a | tr ';' '\\n' | grep -c -w -e icanon -e isig -e echo\r"));
    screen.shows("ready");
    screen.types("a");
    screen.shows("key 97");
    screen.types("\x03");
    screen.shows("key 3");
    screen.types("q");
    screen.shows("key 113");
    // stty names the three modes on one line; a mode that is off has a minus sign in front, and another word boundary.
    screen.shows("1");
    assert!(!screen.text().contains("-icanon"), "{}", screen.text());
    screen.types("exit\r");
    screen.ends();
    home.ends();
}

#[test]
fn interrupt_key_ends_a_program() {
    let home = Home::new();
    let (mut screen, run) = shell(&home);
    screen.types(&format!("{run} wait; echo code $?\r"));
    screen.shows("waiting");
    screen.types("\x03");
    screen.shows("$ ");
    screen.types("exit\r");
    screen.ends();
    home.ends();
}

#[test]
fn interrupt_key_is_an_event() {
    let home = Home::new();
    let (mut screen, run) = shell(&home);
    screen.types(&format!("{run} interrupts 2; echo code $?\r"));
    screen.shows("waiting");
    screen.types("\x03");
    screen.shows("event 0");
    screen.types("\x03");
    screen.shows("event 0");
    screen.shows("code 7");
    screen.types("exit\r");
    screen.ends();
    home.ends();
}

#[test]
fn stop_key_and_fg() {
    let home = Home::new();
    let (mut screen, run) = shell(&home);
    screen.types(&format!("{run} echo\r"));
    screen.shows("ready");
    screen.types("before\r");
    screen.shows("before\r");
    screen.shows("before\r");
    screen.types("\x1a");
    screen.shows("Stopped");
    screen.shows("$ ");
    screen.types("echo in the shell\r");
    screen.shows("echo in the shell");
    screen.shows("in the shell");
    screen.types("fg\r");
    screen.shows("act.exe echo\r\n");
    screen.types("behind\r");
    screen.shows("behind\r");
    screen.shows("behind\r");
    screen.types("\x04");
    screen.shows("$ ");
    screen.types("exit\r");
    screen.ends();
    home.ends();
}

/// A program in the background that reads is stopped, as the shell expects.
#[test]
fn background_readers_stop() {
    let home = Home::new();
    let (mut screen, run) = shell(&home);
    screen.types(&format!("{run} copy &\r"));
    screen.shows("$ ");
    screen.types("until jobs | grep -c Stopped; do sleep 0.1; done\r");
    screen.shows("\n1\r");
    screen.shows("$ ");
    screen.types("kill %1; while jobs | grep -q Stopped; do sleep 0.1; done; wait; echo go''ne\r");
    screen.shows("gone");
    screen.types("exit\r");
    screen.ends();
    home.ends();
}

#[test]
fn sizes_follow_the_terminal() {
    let home = Home::new();
    let mut screen = Screen::start(&home.run_command(&[], "act", &["size"]));
    screen.shows("size 80x24");
    screen.resize(30, 100);
    // The program may ask before the change has come through.
    while !screen.text().contains("size 100x30") {
        screen.types("\r");
        screen.shows("size ");
    }
    screen.types("\x04");
    screen.ends();
    home.ends();
}

/// What would read the clipboard, answer back or load the keyboard's buffer does not reach the terminal; text and colours do.
#[test]
fn sequences_are_filtered() {
    let home = Home::new();
    let text = "A\x1b[31mred\x1b[0m\x1b]52;c;?\x07\x1b[cB\x1b[6n\x1bP+q544e\x1b\\C";
    let mut screen = Screen::start(&home.run_command(&[], "act", &["print", text]));
    screen.shows("C");
    assert!(screen.text().contains("A\x1b[31mred\x1b[mBC"), "{:?}", screen.text());
    screen.ends();
    home.ends();
}

/// A console's screen: its cursor as it is counted, colours, cells, the title; an escape character is not obeyed unless asked.
#[test]
fn console_functions_reach_the_screen() {
    let home = Home::new();
    let mut screen = Screen::start(&home.run_command(&[], "act", &["screen"]));
    screen.shows("\x1b]0;a title");
    screen.shows("\x1b[2J");
    screen.shows("\x1b[1;1H");
    screen.shows("\u{E9}t\u{E9} \u{1F600}\u{2190}[2J");
    screen.shows("\x1b[0;91;44mred");
    screen.shows("\x1b[3;5H\x1b[m");
    screen.shows("count 1920, at (10, 0, 28), then (4, 2, 7), title a title 7");
    assert!(screen.ends().success(), "{}", screen.text());
    home.ends();
}

/// Lines come as UTF-16, as much as there is room for, and end where the input ends.
#[test]
fn console_lines_are_utf_16() {
    let home = Home::new();
    let mut screen = Screen::start(&home.run_command(&[], "act", &["line"]));
    screen.shows("ready");
    screen.types("\u{E9}\u{1F600}x\r");
    screen.shows("[e9, d83d, de00]");
    screen.shows("[78, d, a]");
    screen.types("\x04");
    screen.shows("[]");
    assert!(screen.ends().success(), "{}", screen.text());
    home.ends();
}
