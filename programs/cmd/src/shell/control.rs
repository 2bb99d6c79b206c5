//! `if` and `for` as they run.

use super::{Outcome, Shell, Stop};
use crate::language::compare::{self, number};
use crate::language::percent::Scope;
use crate::language::reader::is_separator;
use crate::language::syntax::{Command, Condition, Kind, Loop, Test};
use crate::language::{name, show, tokens};
use alloc::string::String;
use alloc::vec::Vec;
use program::{environment, file, process, text, wildcard};

impl Shell {
    /// Whether a condition holds.
    pub(super) fn holds(&mut self, condition: &Condition) -> Result<bool, Stop> {
        let holds = match &condition.test {
            Test::ErrorLevel(level) => {
                let level = number(self.expanded(level).trim()).unwrap_or(0);
                i64::from(self.level.cast_signed()) >= level
            }
            Test::Extensions(version) => self.extended && number(self.expanded(version).trim()).is_some_and(|version| version <= 2),
            Test::Exist(path) => exists(&name::unquoted(&self.expanded(path))),
            Test::Defined(variable) => self.variable(&name::unquoted(&self.expanded(variable))).is_some(),
            Test::Compare(left, comparison, right) => {
                let (left, right) = (self.expanded(left), self.expanded(right));
                compare::holds(&left, *comparison, &right, condition.folded)
            }
        };
        Ok(holds != condition.negated)
    }

    /// Runs a loop.
    pub(super) fn repeat(&mut self, what: &Loop, body: &Command) -> Outcome {
        match &what.kind {
            Kind::Words => self.each_word(what, body, false),
            Kind::Folders => self.each_word(what, body, true),
            Kind::Below(folder) => {
                let folder = name::unquoted(&self.expanded(folder));
                let start = if folder.is_empty() { Ok(environment::folder()) } else { file::full(&folder) };
                match start {
                    Ok(start) => self.descend(&start, what, body),
                    Err(_) => Ok(0),
                }
            }
            Kind::Numbers => self.each_number(what, body),
            Kind::Lines(options) => self.each_line(what, options, body),
        }
    }

    /// Runs the body once, with a variable for each text from the loop's own on.
    fn once(&mut self, first: char, texts: Vec<String>, body: &Command) -> Outcome {
        let before = self.variables.len();
        let names = (u32::from(first)..).filter_map(char::from_u32);
        self.variables.extend(names.zip(texts));
        if !self.batches.is_empty() && self.echo && !body.quiet {
            let shown = self.expanded_loops(&show::command(body));
            self.say(&alloc::format!("\r\n{}{shown}\r\n", self.prompt()));
        }
        let outcome = self.execute(body);
        self.variables.truncate(before);
        outcome
    }

    fn expanded_loops(&self, text: &str) -> String {
        crate::language::loops::expand(text, &self.variables, self)
    }

    fn each_word(&mut self, what: &Loop, body: &Command, folders: bool) -> Outcome {
        let set = self.expanded(&what.set);
        let mut last = 0;
        for word in name::words(&set) {
            let plain = name::unquoted(word);
            if !wildcard::is(&plain) {
                last = self.once(what.variable, Vec::from([String::from(word)]), body)?;
                continue;
            }
            for path in matches(&plain, folders) {
                last = self.once(what.variable, Vec::from([path]), body)?;
            }
        }
        Ok(last)
    }

    fn descend(&mut self, folder: &str, what: &Loop, body: &Command) -> Outcome {
        let set = self.expanded(&what.set);
        let mut last = 0;
        for word in name::words(&set) {
            let path = file::join(folder, &name::unquoted(word));
            if !wildcard::is(&path) {
                last = self.once(what.variable, Vec::from([path]), body)?;
                continue;
            }
            for path in matches(&path, false) {
                last = self.once(what.variable, Vec::from([path]), body)?;
            }
        }
        for entry in file::list(folder, "*").unwrap_or_default() {
            if entry.is_folder() && !entry.is_link() {
                last = self.descend(&file::join(folder, &entry.name), what, body)?;
            }
        }
        Ok(last)
    }

    fn each_number(&mut self, what: &Loop, body: &Command) -> Outcome {
        let set = self.expanded(&what.set);
        let mut numbers = set.split(is_separator).filter(|word| !word.is_empty()).map(|word| number(&name::unquoted(word)).unwrap_or(0));
        let [mut at, step, end] = [(); 3].map(|()| numbers.next().unwrap_or(0));
        let mut last = 0;
        while if step < 0 { at >= end } else { at <= end } {
            last = self.once(what.variable, Vec::from([alloc::format!("{at}")]), body)?;
            at += step;
        }
        Ok(last)
    }

    fn each_line(&mut self, what: &Loop, options: &str, body: &Command) -> Outcome {
        let options = match tokens::options(&self.expanded(options)) {
            Ok(options) => options,
            Err(rest) => {
                self.complain(&alloc::format!("{rest}\" was unexpected at this time."));
                self.level = 255;
                return Err(Stop::All);
            }
        };
        let set = self.expanded(&what.set);
        let (file_quote, command_quote, text_quote) = if options.back_quotes { ('"', '`', '\'') } else { ('\0', '\'', '"') };
        let between = |quote: char| set.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest));
        let mut contents = Vec::new();
        if let Some(command) = between(command_quote) {
            contents.push(self.output_of(command));
        } else if let Some(text) = between(text_quote) {
            contents.push(text.into());
        } else {
            let quoted = between(file_quote).map(|name| Vec::from([String::from(name)]));
            let names = quoted.unwrap_or_else(|| name::words(&set).map(name::unquoted).collect());
            for name in names {
                match file::read(&name) {
                    Ok(bytes) => contents.push(text::decode(&bytes)),
                    Err(_) => {
                        self.complain(&alloc::format!("The system cannot find the file {name}."));
                        self.level = 1;
                        return Ok(1);
                    }
                }
            }
        }
        let mut last = 0;
        for content in contents {
            let lines = content.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
            for line in lines.skip(options.skip) {
                if let Some(texts) = options.split(line) {
                    last = self.once(what.variable, texts, body)?;
                }
            }
        }
        Ok(last)
    }

    /// What a command writes, which runs in an interpreter of its own.
    fn output_of(&mut self, command: &str) -> String {
        let Ok([read, write]) = process::pipe() else { return String::new() };
        let _ = process::set_inherited(write.0, true);
        let mut streams = self.streams;
        streams.set(1, write.0);
        let started = self.start_interpreter(command, streams);
        drop(write);
        let bytes = program::input::read_all(read.0).unwrap_or_default();
        match started {
            Ok(process) => self.level = process.wait(),
            Err(error) => self.tell(error),
        }
        text::decode(&bytes)
    }
}

/// Whether a path or a pattern leads to anything.
fn exists(path: &str) -> bool {
    if wildcard::is(path) {
        return file::find(path).is_ok();
    }
    // A folder's name may end in a separator; devices are there in every folder.
    let plain = path.trim_end_matches(['\\', '/']);
    let is_device = file::name_of(path).eq_ignore_ascii_case("nul");
    file::exists(path) || plain.len() < path.len() && file::is_folder(plain) || is_device
}

/// The files or folders that a pattern fits, as the pattern's folder is written.
fn matches(pattern: &str, folders: bool) -> Vec<String> {
    use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_SYSTEM};
    let hidden = |attributes: u32| attributes & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM) != 0;
    let entries = file::find(pattern).unwrap_or_default().into_iter();
    let wanted = entries.filter(|entry| !entry.is_dots() && entry.is_folder() == folders && !hidden(entry.attributes));
    wanted.map(|entry| [file::folder_of(pattern), &entry.name].concat()).collect()
}
