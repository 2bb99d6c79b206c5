//! The interpreter: what it knows while it runs, and how it begins.

mod batch;
mod control;
mod execute;
mod external;
mod interrupt;
mod lines;
mod options;
mod path;
mod pipe;
mod prompt;
mod scope;
mod streams;

pub use batch::Batch;
pub use external::{is_batch, search};
pub use streams::Streams;

use crate::language::loops;
use alloc::string::String;
use alloc::vec::Vec;
use options::{Options, Start};
use program::{environment, output::Output};

/// Why a command's end is not the end of it.
#[derive(Debug)]
pub enum Stop {
    /// What is left of the line does not run: the batch file goes on elsewhere.
    Line,
    /// The batch file, or the part of it that was called, has ended.
    Batch,
    /// Another batch file takes the place of this one.
    Chain(Batch),
    /// Every batch file has ended: something cannot be gone on with.
    All,
    /// The interpreter ends.
    Exit(u32),
}

/// How a command went: 0 is success. It decides what `&&` and `||` do.
pub type Outcome = Result<u32, Stop>;

/// What `setlocal` keeps.
#[derive(Debug)]
pub struct Saved {
    environment: Vec<(String, String)>,
    folder: String,
    extended: bool,
    delayed: bool,
}

/// The interpreter.
pub struct Shell {
    /// Commands of batch files are shown, and prompts.
    pub echo: bool,
    /// The command extensions are on.
    pub extended: bool,
    /// Delayed expansion is on.
    pub delayed: bool,
    /// What `ERRORLEVEL` says.
    pub level: u32,
    /// Open batch files, the innermost last.
    pub batches: Vec<Batch>,
    /// Variables of loops.
    pub variables: loops::Variables,
    /// What `pushd` keeps.
    pub folders: Vec<String>,
    /// Where streams lead.
    pub streams: Streams,
    /// Whether what is written is verified; nothing is, and it is only told.
    pub verify: bool,
    /// Output to files and pipes is UTF-16.
    pub unicode: bool,
    /// Somebody types.
    pub interactive: bool,
    saved: Vec<Saved>,
    seed: core::cell::Cell<u32>,
    depth: u32,
}

/// Runs the program.
pub fn run() -> u32 {
    let line = program::arguments::line();
    let options = options::parse(&line);
    let mut shell = Shell::new(&options);
    shell.prepare();
    interrupt::watch();
    let code = match options.start {
        Start::Help => {
            shell.say("cmd [/c|/k] [/s] [/q] [/d] [/a|/u] [/e:on|off] [/v:on|off] [command]\r\n");
            0
        }
        Start::Run(text) => shell.run_line(&text),
        Start::Stay(text) => match text.map_or(Ok(0), |text| shell.run_first(&text)) {
            Err(Stop::Exit(code)) => code,
            _ => shell.interact(),
        },
    };
    drop(shell);
    code
}

impl Shell {
    fn new(options: &Options) -> Self {
        Self {
            echo: !options.quiet,
            extended: options.extended,
            delayed: options.delayed,
            level: 0,
            batches: Vec::new(),
            variables: Vec::new(),
            folders: Vec::new(),
            streams: Streams::standard(),
            verify: false,
            unicode: options.unicode,
            interactive: matches!(options.start, Start::Stay(_)),
            saved: Vec::new(),
            seed: core::cell::Cell::new(program::time::seed()),
            depth: 0,
        }
    }

    /// Variables that the interpreter sets where nobody has.
    fn prepare(&self) {
        let own = "C:\\Windows\\System32\\cmd.exe";
        let defaults = [("ComSpec", own), ("PATHEXT", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC"), ("PROMPT", "$P$G")];
        for (name, text) in defaults {
            if environment::get(name).is_none() {
                let _ = environment::set(name, Some(text));
            }
        }
    }

    /// Where a stream leads.
    pub fn output(&self, stream: usize) -> Output {
        Output::of(self.streams.get(stream))
    }

    /// Says something on standard output. That nobody listens is no reason to stop.
    pub fn say(&self, text: &str) {
        let _ = self.write(text);
    }

    /// Writes to standard output.
    pub fn write(&self, text: &str) -> program::Result<()> {
        let output = self.output(1);
        if self.unicode && !output.is_console() {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            return output.write_bytes(&bytes);
        }
        output.write(text)
    }

    /// Says on standard error what went wrong.
    pub fn complain(&self, text: &str) {
        let _ = self.output(2).write(&program::output::line(text));
    }

    /// Says what an error is.
    pub fn tell(&self, error: program::Error) {
        self.complain(&error.text());
    }

    /// The innermost batch file.
    pub fn batch(&self) -> Option<&Batch> {
        self.batches.last()
    }

    /// Keeps what `setlocal` keeps.
    pub fn save(&mut self) {
        let (extended, delayed) = (self.extended, self.delayed);
        self.saved.push(Saved { environment: environment::all(), folder: environment::folder(), extended, delayed });
    }

    /// Goes back to what was kept last, if this batch file has kept something.
    pub fn restore(&mut self) {
        let floor = self.batch().map_or(usize::MAX, |batch| batch.saved);
        if self.saved.len() > floor {
            self.restore_last();
        }
    }

    fn restore_to(&mut self, depth: usize) {
        while self.saved.len() > depth {
            self.restore_last();
        }
    }

    fn restore_last(&mut self) {
        let Some(saved) = self.saved.pop() else { return };
        for (name, _) in environment::all() {
            if !saved.environment.iter().any(|(kept, _)| *kept == name) {
                let _ = environment::set(&name, None);
            }
        }
        for (name, text) in &saved.environment {
            if environment::get(name).as_ref() != Some(text) {
                let _ = environment::set(name, Some(text));
            }
        }
        let _ = environment::set_folder(&saved.folder);
        (self.extended, self.delayed) = (saved.extended, saved.delayed);
    }

    /// How much `setlocal` has kept.
    pub fn saved(&self) -> usize {
        self.saved.len()
    }

    /// The next random number of 15 bits.
    fn random(&self) -> u32 {
        let next = self.seed.get().wrapping_mul(214_013).wrapping_add(2_531_011);
        self.seed.set(next);
        next >> 16 & 0x7FFF
    }
}
