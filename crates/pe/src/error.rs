//! What can be wrong with a program, each in one sentence for its user.

use core::fmt;

use crate::Machine;

/// Why bytes cannot be read, or cannot be run, as a Windows program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The bytes do not start with `MZ`.
    NotExecutable,
    /// A program for DOS alone.
    DosProgram,
    /// A 16-bit program (`NE`).
    Ne,
    /// A Windows 3 or 9x driver (`LE`).
    Le,
    /// An OS/2 2.x program (`LX`).
    Lx,
    /// The bytes end before what is named.
    Truncated(&'static str),
    /// What is named has a value that it must not have.
    BadField(&'static str),
    /// What is named points outside the image, or at bytes that only memory has.
    Outside(&'static str),
    /// What is named refers to the same bytes so often that reading it would take more work than the file justifies.
    Excessive(&'static str),
    /// A program for a processor other than x86 and x86-64.
    Foreign(Machine),
    /// Sections aligned to less than a page: Windows maps such a file flat, at its file offsets.
    LowAlignment,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExecutable => f.write_str("this is no Windows program: it does not start with MZ"),
            Self::DosProgram => f.write_str("this is a DOS program, not a Windows program"),
            Self::Ne => f.write_str("this is a 16-bit Windows or OS/2 program (NE), not a 32- or 64-bit Windows program"),
            Self::Le => f.write_str("this is a Windows 3 or 9x driver (LE), not a 32- or 64-bit Windows program"),
            Self::Lx => f.write_str("this is an OS/2 program (LX), not a Windows program"),
            Self::Truncated(what) => write!(f, "the file ends before its {what}"),
            Self::BadField(what) => write!(f, "the program's {what} is not valid"),
            Self::Outside(what) => write!(f, "the program's {what} points outside the program"),
            Self::Excessive(what) => write!(f, "the program's {what} refers to the same bytes too often"),
            Self::Foreign(machine) => write!(f, "this program is for {machine} processors, not for x86 or x86-64"),
            Self::LowAlignment => f.write_str("the program's sections are aligned to less than a page"),
        }
    }
}

impl core::error::Error for Malformed {}
