//! The terminals of a run: a pty for each that a standard stream is.

use rustix::fs::fstat;
use rustix::io::{Errno, read, write};
use rustix::termios::{isatty, tcgetwinsize};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use terminal::{END_OF_INPUT, Mode, Pty, Relay, User};

/// How long the last output may take to appear.
const PATIENCE: Duration = Duration::from_secs(2);

/// The terminals of a run.
pub struct Terminals {
    screens: Vec<Screen>,
    /// The terminal that is typed at; its pty is the first screen's.
    keyboard: Option<User<'static>>,
    mode: Mode,
    /// The program waits for input.
    wanted: bool,
}

/// A user's terminal, and the pty that the program has in its place.
struct Screen {
    /// The host's number of the terminal.
    device: u64,
    terminal: BorrowedFd<'static>,
    pty: Arc<Pty>,
    relay: Option<Relay>,
}

impl Terminals {
    /// Makes a pty for each terminal among the standard streams; answers what stands for which stream.
    pub fn new(streams: [Option<BorrowedFd<'static>>; 3]) -> std::io::Result<(Self, [Option<OwnedFd>; 3])> {
        let mut screens: Vec<Screen> = Vec::new();
        let mut ends = Vec::new();
        let mut stand_ins = [const { None }; 3];
        for (index, stream) in streams.into_iter().enumerate() {
            let Some(stream) = stream.filter(|stream| isatty(stream)) else { continue };
            let device = fstat(stream)?.st_rdev;
            let known = screens.iter().position(|screen| screen.device == device);
            let known = match known {
                Some(known) => known,
                None => {
                    let (pty, theirs) = Pty::open(tcgetwinsize(stream)?)?;
                    screens.push(Screen { device, terminal: stream, pty: Arc::new(pty), relay: None });
                    ends.push(theirs);
                    ends.len() - 1
                }
            };
            let screen = &mut screens[known];
            if index > 0 && screen.relay.is_none() {
                screen.relay = Some(Relay::start(Arc::clone(&screen.pty), stream)?);
            }
            stand_ins[index] = Some(ends[known].try_clone()?);
        }
        let keyboard = screens.first().map(|screen| User::new(screen.terminal)).transpose()?;
        Ok((Self { screens, keyboard, mode: Mode::default(), wanted: false }, stand_ins))
    }

    /// The program waits for input.
    pub fn want_input(&mut self) {
        self.wanted = true;
    }

    /// What to wait for while the program waits for input.
    pub fn input(&self) -> Option<BorrowedFd<'static>> {
        self.screens.first().filter(|_| self.wanted).map(|screen| screen.terminal)
    }

    /// Whether typed text may be taken now; a job in the background has to stop first.
    pub fn may_read(&self) -> bool {
        self.keyboard.as_ref().is_some_and(User::in_foreground)
    }

    /// Passes on what was typed.
    pub fn pass_input(&mut self) {
        // A line of a terminal is no longer than this (N_TTY_BUF_SIZE).
        let mut typed = [0; 4096];
        let Some(screen) = self.screens.first() else { return };
        let bytes = match read(screen.terminal, &mut typed) {
            Err(Errno::INTR | Errno::AGAIN) => return,
            // The end of the input, or a terminal that has gone.
            Ok(0) | Err(_) => vec![END_OF_INPUT],
            Ok(count) if self.mode.lines => lines_of_windows(&typed[..count]),
            Ok(count) => typed[..count].to_vec(),
        };
        self.wanted = false;
        let _ = write(&screen.pty, &bytes);
    }

    /// The program set a mode.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        if let Some(keyboard) = &mut self.keyboard {
            keyboard.set(mode);
        }
        for screen in &self.screens {
            let _ = screen.pty.set_lines(mode.lines);
        }
    }

    /// A window has another size.
    pub fn resize(&self) {
        for screen in &self.screens {
            if let Ok(size) = tcgetwinsize(screen.terminal) {
                let _ = screen.pty.set_size(size);
            }
        }
    }

    /// The job is about to stop.
    pub fn stop(&self) {
        if let Some(keyboard) = &self.keyboard {
            keyboard.leave();
        }
    }

    /// The job goes on.
    pub fn go_on(&mut self) {
        if let Some(keyboard) = &mut self.keyboard {
            keyboard.resume();
        }
        self.resize();
    }

    /// Shows the last of the output, and gives the terminal back as it was found.
    pub fn finish(self) {
        let relays = self.screens.into_iter().filter_map(|screen| screen.relay);
        // Every relay is finished, whatever the others say.
        let typed = relays.map(|relay| relay.finish(PATIENCE)).filter(|typed| *typed).count() > 0;
        if let Some(keyboard) = self.keyboard.filter(|_| typed) {
            keyboard.forget_input();
        }
    }
}

/// Lines as a console gives them: with a carriage return before the line feed.
fn lines_of_windows(typed: &[u8]) -> Vec<u8> {
    typed.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".as_slice() } else { std::slice::from_ref(byte) }).copied().collect()
}

impl std::fmt::Debug for Terminals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Terminals").field("keyboard", &self.keyboard.as_ref().map(AsFd::as_fd)).finish_non_exhaustive()
    }
}
