//! The arguments of `win-compat sandbox`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `win-compat sandbox`.
#[derive(Debug, Args)]
#[command(after_help = "\
Only sandboxes with a name (run --sandbox NAME) stay. An archive carries objects with their hashes, signatures and the public keys
behind them, and no private key: an imported sandbox gets a key of its own, and its objects keep their authors. Everything is
checked; an archive that another user has exported is refused, unless --trust names that user's key.
Exit codes: 1 where something is damaged or was altered; 125 where it was refused.")]
pub struct SandboxArguments {
    /// What to do
    #[command(subcommand)]
    pub command: SandboxCommand,
}

/// What to do with sandboxes.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// List all: name, size, files, whether programs run there
    List {
        /// One JSON object for each
        #[arg(long)]
        json: bool,
    },
    /// Show one: its key and user, its counts and quota, what its last run was granted
    Show {
        /// The sandbox
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List what has changed: on C: since it was made, and in folders that were granted with --overlay
    Diff {
        /// The sandbox
        name: String,
        /// Since this time instead (UTC, or 90m, 2h, 3d ago); what was deleted leaves no trace
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// One JSON object for each change
        #[arg(long)]
        json: bool,
    },
    /// Write what a sandbox has changed in folders that were granted with --overlay to those folders
    Apply {
        /// The sandbox
        name: String,
        /// Files or folders there; all changes where none is given
        paths: Vec<PathBuf>,
        /// Also where the folder's own file has changed since
        #[arg(long)]
        force: bool,
        /// One JSON object for each change
        #[arg(long)]
        json: bool,
    },
    /// End every program that runs in one
    Stop {
        /// The sandbox
        name: String,
    },
    /// Remove one, with its files, its key and its audit
    Remove {
        /// The sandbox
        name: String,
        /// Ask nothing
        #[arg(long)]
        yes: bool,
    },
    /// Write one to a file, without any private key
    Export {
        /// The sandbox
        name: String,
        /// The file, which must not be there yet
        file: PathBuf,
    },
    /// Make one from a file that `export` wrote
    Import {
        /// The file
        file: PathBuf,
        /// Its name, instead of the file's
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Accept what the user with this public key has signed
        #[arg(long, value_name = "KEY", value_parser = key)]
        trust: Vec<store::Public>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

fn key(text: &str) -> Result<store::Public, String> {
    store::Hash::parse(text).map(|key| key.0).ok_or_else(|| "a key has 64 hexadecimal digits".into())
}
