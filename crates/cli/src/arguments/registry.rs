//! The arguments of `win-compat registry`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `win-compat registry`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys are written as HKCU\\Software\\.., with the short or the long names of the roots. Only sandboxes with a name have a registry
that stays. What every sandbox has is shown with the rest, but for values that are another one on each machine.
Files are .reg of version 5 or 4, or those that Wine keeps (system.reg, user.reg); what is wrong in one is told with its line.
Names that such a file cannot say, of line ends, NULs or half characters, are left out of one of version 5 or 4, and told.
Changing it needs the sandbox for itself: its programs must have ended. query of a value that is not there, verify of a registry
that is damaged, and export of what is not all said, end with 1.")]
pub struct RegistryArguments {
    /// The sandbox of this name
    #[arg(long, value_name = "NAME", global = true)]
    pub sandbox: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub command: RegistryCommand,
}

/// The form of an exported file.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum RegistryFormat {
    /// Windows Registry Editor Version 5.00
    #[value(name = "5")]
    Five,
    /// REGEDIT4
    #[value(name = "4")]
    Four,
    /// As Wine keeps its own
    Wine,
}

/// What to do with a sandbox's registry.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Show a key: its values, and the keys below it
    Query {
        /// The key
        key: String,
        /// One value; the default value has no name
        #[arg(long, value_name = "NAME")]
        value: Option<String>,
        /// Everything below it too
        #[arg(long, short)]
        all: bool,
        /// One JSON object for each key and value
        #[arg(long)]
        json: bool,
    },
    /// Set a value; its key is made where there is none
    Set {
        /// The key
        key: String,
        /// The value's name; the default value has none
        value: String,
        /// What it is to be
        data: String,
        /// sz, expand, multi (one line each), dword, qword or binary
        #[arg(long = "type", value_name = "TYPE", default_value = "sz")]
        kind: String,
    },
    /// Delete a value, or a key with all that is below it
    Delete {
        /// The key
        key: String,
        /// The value's name
        #[arg(long, value_name = "NAME")]
        value: Option<String>,
    },
    /// Do what a file says
    Import {
        /// The file
        file: PathBuf,
    },
    /// Write a key to a file; without a key, all that the sandbox has changed
    Export {
        /// The file, or - for the output
        file: PathBuf,
        /// The key
        key: Option<String>,
        /// The form of the file
        #[arg(long, value_enum, default_value = "5")]
        format: RegistryFormat,
        /// Only what the sandbox has changed
        #[arg(long)]
        changes: bool,
    },
    /// Verify records and seals
    Verify {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}
