//! The interpreter's own command line: switches, and the command behind `/c` or `/k` as it stands.

use alloc::string::String;
use program::text::strip;

/// What the command line says.
pub struct Options {
    pub quiet: bool,
    pub extended: bool,
    pub delayed: bool,
    pub unicode: bool,
    pub start: Start,
}

/// What is done first.
pub enum Start {
    Help,
    /// A command runs, and that is all.
    Run(String),
    /// Somebody types, after a command where there is one.
    Stay(Option<String>),
}

/// Reads a command line.
pub fn parse(line: &str) -> Options {
    let mut options = Options { quiet: false, extended: true, delayed: false, unicode: false, start: Start::Stay(None) };
    let (mut rest, mut strict) = (behind_name(line), false);
    loop {
        rest = rest.trim_start();
        let Some(word) = rest.strip_prefix('/') else { break };
        let letter = word.chars().next().unwrap_or(' ').to_ascii_lowercase();
        let behind = &word[word.chars().next().map_or(0, char::len_utf8)..];
        match letter {
            'c' | 'r' => {
                options.start = Start::Run(command(behind, strict));
                break;
            }
            'k' => {
                options.start = Start::Stay(Some(command(behind, strict)).filter(|command| !command.trim().is_empty()));
                break;
            }
            '?' => {
                options.start = Start::Help;
                break;
            }
            's' => strict = true,
            'q' => options.quiet = true,
            'u' => options.unicode = true,
            'a' => options.unicode = false,
            'x' => options.extended = true,
            'y' => options.extended = false,
            'e' => options.extended = strip(behind, ":off").is_none(),
            'v' => options.delayed = strip(behind, ":off").is_none(),
            _ => {}
        }
        let end = behind.find([' ', '\t', '/']).unwrap_or(behind.len());
        rest = &behind[end..];
    }
    options
}

/// What follows the program's name.
fn behind_name(line: &str) -> &str {
    let line = line.trim_start();
    match line.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or("", |end| &quoted[end + 1..]),
        // `cmd/c` is a name with a switch; a path has no slash there.
        None => &line[line.find([' ', '\t', '/']).unwrap_or(line.len())..],
    }
}

/// The command as it runs: quotes around all of it go, but for those of a lone program's name ("cmd", learn.microsoft.com).
fn command(text: &str, strict: bool) -> String {
    let text = text.trim_start_matches([' ', '\t']);
    let Some(inner) = text.strip_prefix('"') else { return text.into() };
    let Some(last) = inner.rfind('"') else { return inner.into() };
    let name = &inner[..last];
    let plain = inner.matches('"').count() == 1 && !inner.contains(['&', '<', '>', '(', ')', '@', '^', '|']) && name.contains([' ', '\t']);
    if !strict && plain && super::search(name).is_some() {
        return text.into();
    }
    [name, &inner[last + 1..]].concat()
}
