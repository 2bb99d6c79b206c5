//! What passes to the user's terminal, and what does not.

use proptest::prelude::*;
use terminal::Filter;

fn pass(text: &str) -> String {
    String::from_utf8(Filter::default().pass(text.as_bytes())).expect("a filter writes UTF-8")
}

#[test]
fn text_passes_as_it_is() {
    for text in ["plain\r\n", "\u{e9}\u{65e5}\u{672c}\u{1f600}\ttab\x08\x07", "\x1b[1;31mred\x1b[m", "\x1b[m", "\x1b[K", "\x1b[H", "\x1b[10;20H"] {
        assert_eq!(pass(text), text);
    }
}

#[test]
fn what_programs_draw_with_passes() {
    for text in [
        "\x1b[38;2;1;2;3m",
        "\x1b[4:3m",
        "\x1b[38:2::1:2:3m".replace("::", ":0:").as_str(),
        "\x1b[2 q",
        "\x1b[?25l",
        "\x1b[?1049h",
        "\x1b[3;20r",
        "\x1b(0lqk\x1b(B",
        "\x1b7\x1b8\x1bM",
        "\x1b]0;a title\x1b\\",
        "\x1b]4;1;rgb:ff/00/00\x1b\\",
        "\x1b[22;0;0t",
    ] {
        assert_eq!(pass(text), text);
    }
    assert_eq!(pass("\x1b]2;ended by a bell\x07"), "\x1b]2;ended by a bell\x1b\\");
    assert_eq!(pass("\x1b[?25;1049;31337h"), "\x1b[?25h\x1b[?1049h", "modes that are not known are left out");
}

#[test]
fn what_makes_a_terminal_answer_does_not() {
    for text in [
        "\x05",               // ENQ: the answer-back message
        "\x1b[c",             // device attributes
        "\x1b[>c",            // the same, second
        "\x1b[=c",            // the same, third
        "\x1bZ",              // the same, of old
        "\x1b[5n",            // status
        "\x1b[6n",            // where the cursor is
        "\x1b[?6n",           // the same with a page
        "\x1b[x",             // terminal parameters
        "\x1b[?1$p",          // whether a mode is set
        "\x1b[>q",            // name and version
        "\x1b[20t",           // the icon's label
        "\x1b[21t",           // the title, typed
        "\x1b[18t",           // the size
        "\x1b[1;2;3;4;5T",    // mouse tracking by highlighting
        "\x1b[1;1;1;1;1;1*y", // a check sum of the screen
        "\x1b]4;1;?\x07",     // a colour
        "\x1b]10;?\x1b\\",    // the same
        "\x1b]11;?\x07",      // the same
        "\x1bP$qm\x1b\\",     // DECRQSS
        "\x1bP+q544e\x1b\\",  // a terminfo entry
        "\x1b[?u",            // the keyboard protocol
        "\x1b[>4;2m",         // other keys
    ] {
        assert_eq!(pass(text), "", "{text:?}");
    }
}

#[test]
fn what_reaches_beyond_the_screen_does_not() {
    for text in [
        "\x1b]52;c;cm0gLXJmIH4=\x07",           // the clipboard
        "\x1b]52;c;?\x07",                      // and reading it
        "\x1b]1337;File=name=eA==:AAAA\x07",    // a file
        "\x1b]50;font\x07",                     // a font
        "\x1b]777;notify;a;b\x07",              // a notice
        "\x1b]9;a\x07",                         // the same
        "\x1b]7;file:///etc\x07",               // the current folder
        "\x1b]8;;http://example.org\x07",       // a link
        "\x1b_Gf=24;AAAA\x1b\\",                // pictures
        "\x1b^private\x1b\\",                   // a private message
        "\x1bXstring\x1b\\",                    // a string
        "\x1bPtmux;\x1b\x1b]52;c;AA\x07\x1b\\", // through tmux
        "\x1b[4i",                              // the printer
        "\x1b[3;0;0t",                          // moving the window
        "\x1b%@",                               // out of UTF-8
    ] {
        assert!(!pass(text).contains('\x1b'), "{text:?} became {:?}", pass(text));
    }
}

#[test]
fn control_characters_of_eight_bits_are_not_sequences() {
    assert_eq!(Filter::default().pass("\u{9b}6n\u{90}".as_bytes()), b"6n");
    let raw = Filter::default().pass(b"a\x9b6n\xFF");
    assert!(!raw.contains(&0x9B) && !raw.contains(&0xFF), "{raw:?}");
}

#[test]
fn a_title_holds_no_sequence_and_ends() {
    assert_eq!(pass("\x1b]0;a\u{9c}b\x07"), "\x1b]0;ab\x1b\\");
    assert!(pass(&format!("\x1b]0;{}\x07", "x".repeat(100_000))).len() < 300);
}

#[test]
fn what_was_set_is_set_back() {
    let mut filter = Filter::default();
    filter.pass(b"\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[31m\x1b[?2004h\x1b[?2004l");
    assert!(filter.makes_terminal_type());
    assert_eq!(String::from_utf8(filter.undo()).unwrap(), "\x1b[?25h\x1b[?1000l\x1b[?1049l\x1b[m");
    assert!(filter.undo().is_empty(), "once");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the stream is cut, the same comes out.
    #[test]
    fn cuts_do_not_matter(bytes in stream(), cut in any::<prop::sample::Index>()) {
        let whole = Filter::default().pass(&bytes);
        let at = cut.index(bytes.len() + 1);
        let mut filter = Filter::default();
        let mut parts = filter.pass(&bytes[..at]);
        parts.extend(filter.pass(&bytes[at..]));
        prop_assert_eq!(whole, parts);
    }

    /// What passed passes again: nothing comes into being by leaving something out.
    #[test]
    fn passing_twice_changes_nothing(bytes in stream()) {
        let once = Filter::default().pass(&bytes);
        prop_assert_eq!(Filter::default().pass(&once), once);
    }
}

/// Bytes among which sequences are likely.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(vec![
            "\x1b[", "\x1b]", "\x1bP", "\x1b\\", "\x07", ";", ":", "?", "1", "52", "6n", "c", "m", "h", "\u{9b}", "\u{e9}", " q", "$p"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(part, 0..64).prop_map(|parts| parts.concat())
}
