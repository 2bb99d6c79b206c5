//! One of several processes of a sandbox.

use runs::Home;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

/// A process of the sandbox, and what it says.
pub struct Member {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Member {
    /// Starts one of our programs.
    pub fn new(home: &Home, flags: &[&str], program: &str, arguments: &[&str]) -> Self {
        let mut command = home.run_command(flags, program, arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, output }
    }

    /// The next line that it says.
    pub fn says(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// What it says until its end, and its exit code.
    pub fn ends(mut self) -> (String, Option<i32>) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("text");
        (rest.trim_end().to_owned(), self.child.wait().expect("it ends").code())
    }

    /// It is killed.
    pub fn dies(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }
}
