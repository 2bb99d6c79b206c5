//! Lines and what they mean.

use super::*;
use crate::language::show;
use crate::language::syntax::{Comparison, Kind, Test};
use proptest::prelude::*;

struct Further(Vec<&'static str>);

impl Source for Further {
    fn next_line(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.remove(0).into())
    }
}

fn parsed(line: &str) -> Parsed<Option<Command>> {
    parse(line, &mut Further(Vec::new()))
}

/// A line as it is shown again.
fn shown(line: &str) -> String {
    parsed(line).unwrap().map(|command| show::command(&command)).unwrap_or_default()
}

#[test]
fn commands_hang_together() {
    let Ok(Some(command)) = parsed("a & b && c || d | e") else { panic!("it is understood") };
    let Action::Both(first, Join::Then, rest) = command.action else { panic!("& binds least") };
    assert_eq!(first.action, Action::Run("a ".into()));
    let Action::Both(and, Join::Or, pipe) = rest.action else { panic!("|| comes next") };
    assert!(matches!(and.action, Action::Both(_, Join::And, _)));
    assert!(matches!(pipe.action, Action::Both(_, Join::Pipe, _)));
}

#[test]
fn carets_and_quotes() {
    for (line, text) in [
        ("echo a^&b \"^&\" ^^", "echo a&b \"^&\" ^"),
        ("echo a \"b & c", "echo a \"b & c"),
        ("echo ^\"a^&", "echo \"a&"),
        ("echo (a) b)", "echo (a) b)"),
    ] {
        assert_eq!(parsed(line).unwrap().unwrap().action, Action::Run(text.into()), "{line}");
    }
    let mut further = Further(vec!["b"]);
    assert_eq!(parse("echo a ^", &mut further).unwrap().unwrap().action, Action::Run("echo a b".into()));
}

#[test]
fn streams_lead_somewhere() {
    let Ok(Some(command)) = parsed(">\"a b\" 2>&1 echo x2>c 3>>d <e y") else { panic!("it is understood") };
    let target = |stream, target| Redirection { stream, target };
    assert_eq!(
        command.redirections,
        [
            target(1, Target::Write("\"a b\"".into())),
            target(2, Target::Stream(1)),
            target(1, Target::Write("c".into())),
            target(3, Target::Append("d".into())),
            target(0, Target::Read("e".into())),
        ]
    );
    assert_eq!(command.action, Action::Run("echo x2   y".into()));
    assert_eq!(parsed("echo a >"), Err(Wrong::Ends));
}

#[test]
fn blocks_reach_over_lines() {
    let mut further = Further(vec!["  echo b", ") else (", "echo c )"]);
    let Ok(Some(command)) = parse("if /i not \"a\"==\"b\" (echo a", &mut further) else { panic!("it is understood") };
    let Action::If(condition, then, otherwise) = command.action else { panic!("it is a condition") };
    assert!(condition.folded && condition.negated);
    assert_eq!(condition.test, Test::Compare("\"a\"".into(), Comparison::Same, "\"b\"".into()));
    assert!(matches!(then.action, Action::Block(commands) if commands.len() == 2));
    assert!(matches!(otherwise.unwrap().action, Action::Block(commands) if commands[0].action == Action::Run("echo c ".into())));
}

#[test]
fn loops() {
    let Ok(Some(command)) = parsed("for /f \"tokens=1,2 delims=,\" %a in ('dir /b ^| x \"(\"') do @echo %a & echo %b") else {
        panic!("it is understood")
    };
    let Action::For(what, body) = command.action else { panic!("it is a loop") };
    assert_eq!((what.kind, what.variable), (Kind::Lines("\"tokens=1,2 delims=,\"".into()), 'a'));
    assert_eq!(what.set, "'dir /b | x \"(\"'");
    assert!(matches!(body.action, Action::Both(_, Join::Then, _)));
    let Ok(Some(command)) = parsed("for /r %x in (*.c *.h) do (echo %x)") else { panic!("it is understood") };
    assert!(matches!(command.action, Action::For(what, _) if what.kind == Kind::Below(String::new()) && what.set == "*.c *.h"));
}

#[test]
fn lines_that_say_nothing() {
    for line in ["", "  ", ":label", ":: remark & (", ") rest"] {
        assert_eq!(parsed(line), Ok(None), "{line}");
    }
    assert_eq!(parsed("rem a & b )").unwrap().unwrap().action, Action::Run("rem a & b )".into()));
}

#[test]
fn mistakes_are_named() {
    for (line, wrong) in [
        ("& a", Wrong::Unexpected("&".into())),
        ("a | | b", Wrong::Unexpected("|".into())),
        ("(a", Wrong::Ends),
        ("if a b", Wrong::Unexpected("b".into())),
        ("for %a on (b) do c", Wrong::Unexpected("on".into())),
        ("(a) b", Wrong::Unexpected("b".into())),
    ] {
        assert_eq!(parsed(line), Err(wrong), "{line}");
    }
    assert_eq!(parsed(&"(".repeat(100_000)), Err(Wrong::Deep));
}

#[test]
fn what_is_shown_again_means_the_same() {
    for line in
        ["a|b", "(echo a & echo b)", "if exist x (echo y ) else echo z", "for /L %a in (1 1 3) do echo %a", "if /I not a EQU b echo c", "@echo a"]
    {
        let once = shown(line);
        assert_eq!(shown(&once), once, "{line}");
    }
}

proptest! {
    #[test]
    fn any_line_is_understood_or_not(line in "[a-c &|<>()^\"%@:=,0-9if/]{0,80}") {
        let _ = parsed(&line).map(|command| command.map(|command| show::command(&command)));
    }

    #[test]
    fn words_of_the_language(words in prop::collection::vec(prop::sample::select(vec!["if", "for", "else", "do", "in", "(", ")", "%a", "==", "not", "exist", "&", "|", ">", "x", "/f", "\n", "^"]), 0..30)) {
        let _ = parsed(&words.join(" "));
    }
}
