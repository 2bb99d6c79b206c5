//! Processors and subsystems, by name.

use core::fmt;

use object::pe;

/// The processor that a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// 32-bit x86.
    X86,
    /// x86-64.
    X64,
    /// 64-bit ARM.
    Arm64,
    /// 32-bit ARM (Thumb-2).
    Arm,
    /// Another, by its number in the file.
    Other(u16),
}

impl Machine {
    pub(crate) fn new(machine: pe::Machine) -> Self {
        match machine {
            pe::IMAGE_FILE_MACHINE_I386 => Self::X86,
            pe::IMAGE_FILE_MACHINE_AMD64 => Self::X64,
            pe::IMAGE_FILE_MACHINE_ARM64 => Self::Arm64,
            pe::IMAGE_FILE_MACHINE_ARM | pe::IMAGE_FILE_MACHINE_THUMB | pe::IMAGE_FILE_MACHINE_ARMNT => Self::Arm,
            other => Self::Other(other.0),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86 => "x86",
            Self::X64 => "x86-64",
            Self::Arm64 => "ARM64",
            Self::Arm => "ARM",
            Self::Other(number) => return f.write_str(other(*number).unwrap_or("unknown")).and_then(|()| write!(f, " ({number:#06x})")),
        })
    }
}

fn other(number: u16) -> Option<&'static str> {
    Some(match pe::Machine(number) {
        pe::IMAGE_FILE_MACHINE_IA64 => "Itanium",
        pe::IMAGE_FILE_MACHINE_ALPHA | pe::IMAGE_FILE_MACHINE_ALPHA64 => "Alpha",
        pe::IMAGE_FILE_MACHINE_POWERPC | pe::IMAGE_FILE_MACHINE_POWERPCFP | pe::IMAGE_FILE_MACHINE_POWERPCBE => "PowerPC",
        pe::IMAGE_FILE_MACHINE_R3000 | pe::IMAGE_FILE_MACHINE_R4000 | pe::IMAGE_FILE_MACHINE_R10000 => "MIPS",
        pe::IMAGE_FILE_MACHINE_SH3 | pe::IMAGE_FILE_MACHINE_SH4 => "SuperH",
        pe::IMAGE_FILE_MACHINE_RISCV32 | pe::IMAGE_FILE_MACHINE_RISCV64 => "RISC-V",
        pe::IMAGE_FILE_MACHINE_EBC => "EFI byte code",
        _ => return None,
    })
}

/// What a program expects of the system that starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsystem {
    /// None: drivers, and programs that start before Windows does.
    Native,
    /// Windows.
    Gui,
    /// A console.
    Console,
    /// Another, by its number in the file.
    Other(u16),
}

impl Subsystem {
    pub(crate) fn new(subsystem: pe::Subsystem) -> Self {
        match subsystem {
            pe::IMAGE_SUBSYSTEM_NATIVE => Self::Native,
            pe::IMAGE_SUBSYSTEM_WINDOWS_GUI => Self::Gui,
            pe::IMAGE_SUBSYSTEM_WINDOWS_CUI => Self::Console,
            other => Self::Other(other.0),
        }
    }

    /// Its number in the file.
    pub fn number(self) -> u16 {
        match self {
            Self::Native => pe::IMAGE_SUBSYSTEM_NATIVE.0,
            Self::Gui => pe::IMAGE_SUBSYSTEM_WINDOWS_GUI.0,
            Self::Console => pe::IMAGE_SUBSYSTEM_WINDOWS_CUI.0,
            Self::Other(number) => number,
        }
    }
}
