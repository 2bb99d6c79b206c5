//! The pseudo-terminal that a program sees in place of its user's.

use rustix::io::Result;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Winsize, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What ends the input when it is written to a [`Pty`] that reads lines.
pub const END_OF_INPUT: u8 = 4;

/// Characters that mean nothing any more: the user's terminal has acted upon them.
const UNUSED: [SpecialCodeIndex; 14] = [
    SpecialCodeIndex::VINTR,
    SpecialCodeIndex::VQUIT,
    SpecialCodeIndex::VERASE,
    SpecialCodeIndex::VKILL,
    SpecialCodeIndex::VSWTC,
    SpecialCodeIndex::VSTART,
    SpecialCodeIndex::VSTOP,
    SpecialCodeIndex::VSUSP,
    SpecialCodeIndex::VEOL,
    SpecialCodeIndex::VREPRINT,
    SpecialCodeIndex::VDISCARD,
    SpecialCodeIndex::VWERASE,
    SpecialCodeIndex::VLNEXT,
    SpecialCodeIndex::VEOL2,
];

/// Our end of a pseudo-terminal. Bytes pass it unchanged, in whole lines or one by one: echo, editing and signals are the business of
/// the user's own terminal.
#[derive(Debug)]
pub struct Pty {
    ours: OwnedFd,
}

impl Pty {
    /// A new one of the size of the user's terminal, and the end that the program sees.
    pub fn open(size: Winsize) -> Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        let pty = Self { ours };
        let mut settings = tcgetattr(&pty.ours)?;
        settings.input_modes = InputModes::empty();
        settings.output_modes = OutputModes::empty();
        settings.local_modes = LocalModes::ICANON;
        for index in UNUSED {
            settings.special_codes[index] = 0;
        }
        settings.special_codes[SpecialCodeIndex::VEOF] = END_OF_INPUT;
        tcsetattr(&pty.ours, OptionalActions::Now, &settings)?;
        pty.set_size(size)?;
        Ok((pty, theirs))
    }

    /// Whether the program reads whole lines, or each character at once.
    pub fn set_lines(&self, lines: bool) -> Result<()> {
        let mut settings = tcgetattr(&self.ours)?;
        settings.local_modes.set(LocalModes::ICANON, lines);
        if lines {
            settings.special_codes[SpecialCodeIndex::VEOF] = END_OF_INPUT;
        } else {
            // In this mode the same places are the least number of characters and the time.
            settings.special_codes[SpecialCodeIndex::VMIN] = 1;
            settings.special_codes[SpecialCodeIndex::VTIME] = 0;
        }
        tcsetattr(&self.ours, OptionalActions::Now, &settings)
    }

    /// The size that the program sees.
    pub fn set_size(&self, size: Winsize) -> Result<()> {
        if tcgetwinsize(&self.ours)? == size { Ok(()) } else { tcsetwinsize(&self.ours, size) }
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ours.as_fd()
    }
}
