//! The command line.

mod registry;
mod sandbox;

pub use registry::{RegistryArguments, RegistryCommand, RegistryFormat};
pub use sandbox::{SandboxArguments, SandboxCommand};

use broker::policy::Drive;
use clap::{Args, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// Runs unmodified Windows programs, each in a sandbox that holds only what you grant.
#[derive(Debug, Parser)]
#[command(name = "win-compat", version, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
A program sees nothing of this machine but its own file, the DLLs beside it, and the folders you grant:

  win-compat run hello.exe                        a program that needs no files
  win-compat run --rw . 7za.exe a x.7z docs       may read and change the current folder
  win-compat run --ro ~/src rg.exe needle         may read ~/src

Granted folders appear at their own path under Z: (/home/a/p is Z:\\home\\a\\p). C: belongs to the sandbox.
Exit codes: the program's own (its lowest byte); 139 after a crash; 125 when win-compat failed or refused,
126 when the file is no program that can run here, 127 when it was not found.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// The command line as it was given.
    pub fn given() -> Result<Self, clap::Error> {
        let words: Vec<OsString> = std::env::args_os().collect();
        Self::of_run(&words).map_or_else(|| Self::try_parse_from(&words), Ok)
    }

    /// A sound `run`, which is what is started most: the other commands need not be described to read it. What is wrong with
    /// the words is said by the whole description.
    fn of_run(words: &[OsString]) -> Option<Self> {
        let behind = words.get(1..).filter(|words| words.first().is_some_and(|word| word == "run"))?;
        let run = RunArguments::augment_args(clap::Command::new("run"));
        let mut found = run.try_get_matches_from(behind).ok()?;
        let run = RunArguments::from_arg_matches_mut(&mut found).ok()?;
        Some(Self { command: Command::Run(Box::new(run)) })
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program in a sandbox
    Run(Box<RunArguments>),
    /// Say what a program is, and what it imports against the catalog
    Inspect(InspectArguments),
    /// List the functions that are supported
    Catalog(CatalogArguments),
    /// Show what programs asked for, what was granted and what was refused
    Audit(AuditArguments),
    /// Say what this host offers, and which layers of the jail are on
    Doctor(DoctorArguments),
    /// List, fetch, put and verify the files on a sandbox's C:
    Files(FilesArguments),
    /// List, compare, remove, export and import sandboxes
    Sandbox(SandboxArguments),
    /// Query, set, import, export and verify a sandbox's registry
    Registry(RegistryArguments),
}

/// `win-compat files`.
#[derive(Debug, Args)]
#[command(after_help = "\
Paths are those of C:, with or without the drive. Only sandboxes with a name have files that stay.
A file that was written a moment ago, or still is, is shown as unsealed: it has no signed object yet.
Signatures tell where an object comes from, and show damage; they are no defence against you yourself.
verify ends with 1 where something is damaged.")]
pub struct FilesArguments {
    /// The sandbox of this name
    #[arg(long, value_name = "NAME", global = true)]
    pub sandbox: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub command: FilesCommand,
}

/// What to do with a sandbox's files.
#[derive(Debug, Subcommand)]
pub enum FilesCommand {
    /// List a folder
    Ls {
        /// The folder, or a file
        path: Option<String>,
        /// Everything below it too
        #[arg(long, short)]
        all: bool,
        /// One JSON object for each entry
        #[arg(long)]
        json: bool,
    },
    /// Fetch a file's content
    Get {
        /// The file
        path: String,
        /// Where it goes, instead of the output
        file: Option<PathBuf>,
        /// A former version, by the start of its hash
        #[arg(long, value_name = "HASH")]
        version: Option<String>,
    },
    /// Put a file of yours on C:
    Put {
        /// Your file
        file: PathBuf,
        /// Where it goes
        path: String,
    },
    /// List a file's versions, the newest first
    History {
        /// The file
        path: String,
        /// One JSON object for each version
        #[arg(long)]
        json: bool,
    },
    /// Verify every object: content, author, owner, signature
    Verify {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// `win-compat inspect`.
#[derive(Debug, Args)]
#[command(after_help = "The file is parsed in the same jail that programs run in. Exit code 126: it is no Windows program; 127: it was not found.")]
pub struct InspectArguments {
    /// The program or DLL
    pub program: PathBuf,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// List every function, not only those that are missing
    #[arg(long)]
    pub functions: bool,
}

/// `win-compat catalog`.
#[derive(Debug, Args)]
#[command(after_help = "\
supported: its documented successes and failures are tested; router: the same, for the rows that are listed;
untested: it is there. What is not listed fails as documented, and the audit names it.")]
pub struct CatalogArguments {
    /// One DLL alone
    pub dll: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `win-compat audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
evidence: what the broker and the kernel saw. advisory: what the sandbox process says of itself, which may lie.
Without --sandbox: the last run.")]
pub struct AuditArguments {
    /// The sandbox of this name
    #[arg(long, value_name = "NAME")]
    pub sandbox: Option<String>,
    /// Only functions that were called or looked for and are not there
    #[arg(long)]
    pub missing: bool,
    /// One JSON object for each event
    #[arg(long)]
    pub json: bool,
    /// Go on as events come
    #[arg(long)]
    pub follow: bool,
}

/// `win-compat doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Fail when one of these layers is missing
    #[arg(long, value_name = "LAYER,..", value_parser = layers)]
    pub require: Option<jail::Layers>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `win-compat run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --sandbox the program gets a sandbox of its own, and what it wrote to C: is gone afterwards; its audit stays.
A policy file (--policy) is TOML:

  strict_imports = false            # true: refuse to start when an import is missing
  windows_version = \"10.0.19045\"    # what programs are told
  [fs]
  ro = [\"/home/a/src\"]              # as --ro
  rw = [\"/home/a/work\"]             # as --rw
  overlay = [\"/home/a/data\"]       # as --overlay
  drives = { X = \"/home/a/work\" }   # as --drive
  [quota]
  bytes = \"2G\"                     # as --quota-bytes
  objects = 100000                  # as --quota-objects
  [audit]
  per_call = false                  # true: one audit event for each call")]
pub struct RunArguments {
    /// Join the sandbox of this name, or make it
    #[arg(long, value_name = "NAME")]
    pub sandbox: Option<String>,
    /// Let the program read this folder
    #[arg(long, value_name = "DIR")]
    pub ro: Vec<PathBuf>,
    /// Let the program read and change this folder
    #[arg(long, value_name = "DIR")]
    pub rw: Vec<PathBuf>,
    /// Let the program read this folder, and change what the sandbox alone sees: the folder stays as it is
    #[arg(long, value_name = "DIR")]
    pub overlay: Vec<PathBuf>,
    /// Show a granted folder as a drive
    #[arg(long, value_name = "X=DIR", value_parser = Drive::parse)]
    pub drive: Vec<Drive>,
    /// Set an environment variable (nothing of your own environment is passed on)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// How many bytes C: may take, and each --overlay (500M, 2G); a file counts when it is closed, a named sandbox keeps its quota
    #[arg(long, value_name = "SIZE", value_parser = broker::policy::size)]
    pub quota_bytes: Option<u64>,
    /// How many files and folders C: may have, and each --overlay
    #[arg(long, value_name = "COUNT")]
    pub quota_objects: Option<u64>,
    /// Start in this folder instead of the current one
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Read the policy from this file
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Refuse to start when the program imports a function that is not in the catalog
    #[arg(long)]
    pub strict_imports: bool,
    /// Refuse to start when one of these layers of the jail is missing (see `doctor`)
    #[arg(long, value_name = "LAYER,..", value_parser = layers)]
    pub require: Option<jail::Layers>,
    /// Leave layers of the jail off, to see what a host without them would do
    #[arg(long, value_name = "LAYER,..", value_parser = optional_layers, hide = true)]
    pub without: Option<jail::Layers>,
    /// Ask nothing (accepted; there is nothing to ask yet)
    #[arg(long)]
    pub yes: bool,
    /// The program, a Windows .exe or one of the sandbox's (C:\Windows\System32\cmd.exe), and its arguments
    #[arg(value_names = ["PROGRAM", "ARG"], num_args = 1.., required = true, trailing_var_arg = true)]
    pub program: Vec<OsString>,
    /// Flags that are planned and not there yet
    #[command(flatten)]
    pub planned: Planned,
}

/// Flags that are planned: naming one is answered honestly.
#[derive(Debug, Args)]
pub struct Planned {
    #[arg(long, hide = true)]
    net: Vec<String>,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    #[arg(long, hide = true)]
    limit: Vec<String>,
    #[arg(long, hide = true)]
    trace: Option<String>,
    #[arg(long, hide = true)]
    status_file: Option<String>,
    #[arg(long, hide = true)]
    keep: Option<String>,
}

impl Planned {
    /// The first such flag that was given.
    pub fn given(&self) -> Option<&'static str> {
        let rows = [
            ("--net", !self.net.is_empty()),
            ("--timeout", self.timeout.is_some()),
            ("--limit", !self.limit.is_empty()),
            ("--trace", self.trace.is_some()),
            ("--status-file", self.status_file.is_some()),
            ("--keep", self.keep.is_some()),
        ];
        rows.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has the form NAME=VALUE")?;
    if name.is_empty() || text.contains('\0') { Err("it has the form NAME=VALUE".into()) } else { Ok((name.into(), value.into())) }
}

fn layers(text: &str) -> Result<jail::Layers, String> {
    jail::Layers::parse(text).map_err(|name| {
        let known: Vec<_> = jail::Layer::ALL.into_iter().map(jail::Layer::name).collect();
        format!("`{name}` is no layer; the layers are {}", known.join(", "))
    })
}

/// Layers that a host may lack.
fn optional_layers(text: &str) -> Result<jail::Layers, String> {
    let layers = layers(text)?;
    if layers.has(jail::Layer::Seccomp) { Err("nothing runs without seccomp".into()) } else { Ok(layers) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn everything_behind_the_program_is_its_own() {
        let arguments = Arguments::try_parse_from(["win-compat", "run", "--ro", "/a", "x.exe", "--ro", "-v"]).unwrap();
        let Command::Run(run) = arguments.command else { panic!("that is a run") };
        assert_eq!((run.ro, run.program), (vec!["/a".into()], vec!["x.exe".into(), "--ro".into(), "-v".into()]));
    }

    /// The short way reads what the whole description reads, and leaves everything else to it.
    #[test]
    fn a_run_is_read_alike() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for text in ["win-compat run x.exe", "win-compat run --yes --ro /a --rw /b --sandbox s --env A=B -- x.exe -v --help"] {
            let short = Arguments::of_run(&words(text)).expect("a run");
            let whole = Arguments::try_parse_from(words(text)).expect("a run");
            assert_eq!(format!("{short:?}"), format!("{whole:?}"));
        }
        for text in ["win-compat", "win-compat run", "win-compat run --help", "win-compat run --rw0 /a x.exe", "win-compat audit"] {
            assert!(Arguments::of_run(&words(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn an_unknown_flag_in_front_of_the_program_is_an_error() {
        assert!(Arguments::try_parse_from(["win-compat", "run", "--rw0", "/a", "x.exe"]).is_err());
        assert!(Arguments::try_parse_from(["win-compat", "run"]).is_err());
    }
}
