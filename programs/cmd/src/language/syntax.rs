//! What a line means: commands, how they hang together, and where their streams lead.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// How many blocks, conditions and loops may lie inside each other.
pub const DEEPEST: u32 = 200;

/// A command and where its streams lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is done.
    pub action: Action,
    /// Where streams lead, in the order that they were said.
    pub redirections: Vec<Redirection>,
    /// It is not shown before it runs.
    pub quiet: bool,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs a text: the command's name and everything behind it.
    Run(String),
    /// What stands in parentheses.
    Block(Vec<Command>),
    /// Two commands.
    Both(Box<Command>, Join, Box<Command>),
    /// `if`.
    If(Box<Condition>, Box<Command>, Option<Box<Command>>),
    /// `for`.
    For(Box<Loop>, Box<Command>),
}

/// How two commands hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Join {
    /// `&`: one after the other.
    Then,
    /// `||`: the second one if the first one fails.
    Or,
    /// `&&`: the second one if the first one succeeds.
    And,
    /// `|`: what the first one writes, the second one reads.
    Pipe,
}

/// What `if` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `/i`: case does not count.
    pub folded: bool,
    /// `not`.
    pub negated: bool,
    /// What is asked.
    pub test: Test,
}

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `errorlevel n`: it is so high at least.
    ErrorLevel(String),
    /// `cmdextversion n`.
    Extensions(String),
    /// `exist path`.
    Exist(String),
    /// `defined name`.
    Defined(String),
    /// Two texts, and how they are compared.
    Compare(String, Comparison, String),
}

/// How two texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`: as texts.
    Same,
    /// `EQU`, and so on: as numbers where both are.
    Equal,
    /// `NEQ`.
    NotEqual,
    /// `LSS`.
    Less,
    /// `LEQ`.
    LessOrEqual,
    /// `GTR`.
    Greater,
    /// `GEQ`.
    GreaterOrEqual,
}

/// What `for` goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Which loop it is.
    pub kind: Kind,
    /// Its variable.
    pub variable: char,
    /// What stands in the parentheses.
    pub set: String,
}

/// A kind of loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, and the files that patterns among them fit.
    Words,
    /// `/d`: folders.
    Folders,
    /// `/r`: everything below a folder, the current one where none is said.
    Below(String),
    /// `/l`: numbers.
    Numbers,
    /// `/f`: parts of lines, with options.
    Lines(String),
}

/// Where a stream leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// Its number.
    pub stream: u8,
    /// Where to.
    pub target: Target,
}

/// Where a stream leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `<`: it reads a file.
    Read(String),
    /// `>`: it makes a file, or empties it.
    Write(String),
    /// `>>`: it writes behind a file.
    Append(String),
    /// `>&`, `<&`: where another one leads.
    Stream(u8),
}

impl Command {
    /// A command without redirections.
    pub fn plain(action: Action) -> Self {
        Self { action, redirections: Vec::new(), quiet: false }
    }
}

/// Why a line cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// This was not expected there.
    Unexpected(String),
    /// The line ends too early.
    Ends,
    /// Blocks lie too deep inside each other.
    Deep,
}
