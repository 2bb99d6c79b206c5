//! The command line's rules: Microsoft's documented examples and what they leave open.

use crt::argv::{Argument, expand, parse};
use proptest::prelude::*;

fn words(line: &str) -> Vec<String> {
    let narrow: Vec<String> = parse(line.as_bytes(), |_| false).into_iter().map(|argument| String::from_utf8(argument.text).unwrap()).collect();
    let wide: Vec<u16> = line.encode_utf16().collect();
    let wide: Vec<String> = parse(&wide, |_| false).into_iter().map(|argument| String::from_utf16(&argument.text).unwrap()).collect();
    assert_eq!(narrow, wide);
    narrow
}

#[test]
fn documented_examples() {
    for (line, arguments) in [
        (r#""a b c" d e"#, vec!["a b c", "d", "e"]),
        (r#""ab\"c" "\\" d"#, vec![r#"ab"c"#, r"\", "d"]),
        (r#"a\\\b d"e f"g h"#, vec![r"a\\\b", "de fg", "h"]),
        (r#"a\\\"b c d"#, vec![r#"a\"b"#, "c", "d"]),
        (r#"a\\\\"b c" d e"#, vec![r"a\\b c", "d", "e"]),
        (r#"a"b"" c d"#, vec![r#"ab" c d"#]),
    ] {
        assert_eq!(words(&format!("program {line}"))[1..], arguments, "{line}");
    }
}

#[test]
fn further_rules() {
    for (line, arguments) in [
        ("program", vec!["program"]),
        ("", vec![""]),
        ("program ", vec!["program"]),
        ("program  \t a \t b ", vec!["program", "a", "b"]),
        (" a", vec!["", "a"]),
        (r#""c:\program files\x.exe" a"#, vec![r"c:\program files\x.exe", "a"]),
        (r#"c:\"program files"\x.exe a"#, vec![r"c:\program files\x.exe", "a"]),
        (r#""a\" b" c"#, vec![r"a\", "b c"]),
        (r#"p "" a"#, vec!["p", "", "a"]),
        (r#"p """ a"#, vec!["p", r#"" a"#]),
        (r#"p """" a"#, vec!["p", r#"""#, "a"]),
        (r#"p a""b"#, vec!["p", "ab"]),
        (r#"p "a""b c""#, vec!["p", r#"a"b c"#]),
        (r#"p "a b"#, vec!["p", "a b"]),
        (r#"p \"#, vec!["p", r"\"]),
        (r#"p a\ b"#, vec!["p", r"a\", "b"]),
        (r#"p "a\\" b"#, vec!["p", r"a\", "b"]),
        (r#"p \\\\ \\""#, vec!["p", r"\\\\", r"\"]),
        ("p a\nb", vec!["p", "a\nb"]),
        ("p ^a 'b c'", vec!["p", "^a", "'b", "c'"]),
    ] {
        assert_eq!(words(line), arguments, "{line}");
    }
    // A quote and a backslash as second bytes.
    let narrow = parse(b"p \x83\"a \x83\\\"b c\"", |byte| byte == 0x83);
    assert_eq!(narrow.into_iter().map(|argument| argument.text).collect::<Vec<_>>(), [&b"p"[..], b"\x83\"a", b"\x83\\b c"]);
}

#[test]
fn wildcards() {
    let arguments = parse(br#"*.exe *.c "*.c" d\?.h none* plain"#, |_| false);
    assert_eq!(arguments[2], Argument { text: b"*.c".to_vec(), quoted: true });
    let list = |pattern: &[u8]| match pattern {
        b"*.c" => vec![b"b.c".to_vec(), b"A.c".to_vec(), b"..".to_vec(), b".".to_vec()],
        br"d\?.h" => vec![b"x.h".to_vec()],
        b"*.exe" => panic!("the program's name is no pattern"),
        _ => vec![],
    };
    let all = expand(arguments, list);
    let texts: Vec<&str> = all.iter().map(|text| std::str::from_utf8(text).unwrap()).collect();
    assert_eq!(texts, ["*.exe", "A.c", "b.c", "*.c", r"d\x.h", "none*", "plain"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What the usual quoting makes of any arguments is read back.
    #[test]
    fn quoting_is_read_back(arguments in prop::collection::vec(r#"[ab\\" \t]{0,6}"#, 0..5)) {
        let mut line = String::from("program");
        for argument in &arguments {
            line.push_str(" \"");
            let mut backslashes = 0;
            for character in argument.chars().chain([' ']).take(argument.len()) {
                if character == '"' {
                    line.push_str(&"\\".repeat(backslashes + 1));
                }
                backslashes = if character == '\\' { backslashes + 1 } else { 0 };
                line.push(character);
            }
            line.push_str(&"\\".repeat(backslashes));
            line.push('"');
        }
        prop_assert_eq!(&words(&line)[1..], &arguments[..]);
    }
}
