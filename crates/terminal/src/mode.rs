//! The modes of a console's input that change how the user's terminal reads.

use rustix::termios::{InputModes, LocalModes, SpecialCodeIndex, Termios};

/// How input is read. The default is that of a new console of Windows: lines, echoed, and Ctrl-C interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Whole lines, with the terminal's line editing; otherwise each key at once.
    pub lines: bool,
    /// What is typed is shown.
    pub echo: bool,
    /// Ctrl-C interrupts; otherwise it is a character.
    pub interrupts: bool,
}

impl Default for Mode {
    fn default() -> Self {
        Self { lines: true, echo: true, interrupts: true }
    }
}

impl Mode {
    /// A user's settings, changed as far as this mode differs from an ordinary terminal's.
    pub(crate) fn apply(self, settings: &mut Termios) {
        let local = &mut settings.local_modes;
        if !self.echo {
            local.remove(LocalModes::ECHO | LocalModes::ECHONL);
        }
        if !self.interrupts {
            local.remove(LocalModes::ISIG);
        }
        if !self.lines {
            local.remove(LocalModes::ICANON | LocalModes::IEXTEN);
            // The Enter key is a carriage return, and every key is the program's.
            settings.input_modes.remove(InputModes::ICRNL | InputModes::INLCR | InputModes::IXON);
            settings.special_codes[SpecialCodeIndex::VMIN] = 1;
            settings.special_codes[SpecialCodeIndex::VTIME] = 0;
        }
    }
}
