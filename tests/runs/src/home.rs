//! A state folder for one test, and runs in it.

use crate::family::Family;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// A state folder that goes with the test, and a folder to grant beside it.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code that a shell would see.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Outcome {
    /// The sentences that win-compat itself wrote.
    pub fn said(&self) -> Vec<&str> {
        self.err.lines().filter_map(|line| line.strip_prefix("win-compat: ")).collect()
    }
}

/// The workspace's build folder.
fn target() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from)
}

/// Whether the tests run our programs as 32-bit code: `cargo xtask test unit` runs them once as either.
pub fn is_narrow() -> bool {
    std::env::var_os("WIN_COMPAT_TEST_BITNESS").is_some_and(|bits| bits == "32")
}

/// One of our Windows programs (`tests/guests/src/bin`).
pub fn guest(name: &str) -> PathBuf {
    // A name in the folder `32` is that of a program as 32-bit code, whatever the others are.
    let (narrow, name) = name.strip_prefix("32/").map_or((is_narrow(), name), |name| (true, name));
    let folder = if narrow { "i686-pc-windows-msvc" } else { "x86_64-pc-windows-msvc" };
    let program = target().join(folder).join("guest").join(format!("{name}.exe"));
    let program = program.canonicalize();
    program.unwrap_or_else(|error| panic!("{name}.exe: {error}; `cargo xtask test unit` builds it"))
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// A fresh one.
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("win-compat-test-").expect("a temporary folder");
        std::fs::create_dir(folder.path().join("granted")).expect("a folder in it");
        Self { folder }
    }

    /// Where the state lies.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A folder that tests grant.
    pub fn granted(&self) -> PathBuf {
        self.folder.path().join("granted")
    }

    /// A folder beside it, which no test grants.
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// The path under which a program sees a path of the host.
    pub fn seen(&self, path: &Path) -> String {
        format!("Z:{}", path.display().to_string().replace('/', "\\"))
    }

    /// Writes a file into the granted folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.granted().join(name);
        std::fs::write(&path, content).expect("the folder can be written");
        path
    }

    /// `win-compat`, with this state, started in the granted folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = target().join("release/win-compat").canonicalize().expect("`cargo xtask build` makes win-compat");
        let mut command = Command::new(program);
        command.args(arguments).env("WIN_COMPAT_HOME", self.state()).current_dir(self.granted());
        command
    }

    /// `win-compat run`, with flags, of one of our programs and its arguments.
    pub fn run_command(&self, flags: &[&str], program: &str, arguments: &[&str]) -> Command {
        let program = guest(program).display().to_string();
        self.command(&[&["run", "--yes"], flags, &["--", &program], arguments].concat())
    }

    /// Runs one of our programs to its end.
    pub fn run(&self, flags: &[&str], program: &str, arguments: &[&str]) -> Outcome {
        outcome(self.run_command(flags, program, arguments), b"")
    }

    /// Runs `win-compat` with any arguments to its end.
    pub fn say(&self, arguments: &[&str]) -> Outcome {
        outcome(self.command(arguments), b"")
    }

    /// The last run's audit, one JSON object a line.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let outcome = self.say(&["audit", "--json"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The processes that work for runs in this state folder.
    pub fn family(&self) -> Family {
        Family::of(&self.state())
    }

    /// Waits until no process is left and no temporary file either; panics with what stays.
    pub fn ends(&self) {
        assert!(crate::until(|| self.family().is_empty()), "still there: {:?}", self.family());
        let scratch = std::fs::read_dir(self.state().join("scratch")).into_iter().flatten().flatten();
        let left: Vec<PathBuf> = scratch.map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "temporary files stay: {left:?}");
    }
}

/// A program that has said that it waits.
#[derive(Debug)]
pub struct Waiting {
    /// The command line.
    pub child: Child,
    /// What the program says next.
    pub output: BufReader<ChildStdout>,
}

impl Waiting {
    /// Starts `act` with arguments that make it say `waiting`.
    pub fn new(home: &Home, flags: &[&str], arguments: &[&str]) -> Self {
        let mut command = home.run_command(flags, "act", arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        assert_eq!(line.trim_end(), "waiting");
        Self { child, output }
    }

    /// Ends the command line by force, and what it started with it.
    pub fn ends(self) {}
}

impl Drop for Waiting {
    /// A test that fails leaves nothing behind either.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, with this standard input.
pub fn outcome(mut command: Command, input: &[u8]) -> Outcome {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("win-compat starts");
    // A program that ends without reading closes the pipe, which is its right.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    let output = child.wait_with_output().expect("it can be waited for");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}
