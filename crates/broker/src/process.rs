//! A process of the sandbox, as the broker sees it.

use crate::audit::{Event, Kind, Outcome, Trust};
use crate::console;
use crate::handle::Table;
use crate::namespace::{DrivePath, Namespace};
use crate::sandbox::{Sandbox, leaves_room};
use crate::service::{self, Reply};
use crate::session::Session;
use crate::telemetry;
use crate::wire::{Answer, Ended, NotGranted};
use channel::{Closer, Server, Shared};
use gate::file::Device;
use gate::service::{ConsoleKind, ReportKind};
use protocol::message::{Console, ConsoleState, Done, Exit, Report};
use rustix::process::{Signal, pidfd_send_signal};
use std::collections::BTreeSet;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_CONTROL_C_EXIT, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_TOO_MANY_OPENED_FILES,
};

/// Questions about Ctrl-C that do not wait for it: it is ignored, it counts again, somebody is about to wait.
const IGNORE: u32 = 1;
const HEED: u32 = 2;
const ANNOUNCE: u32 = 3;

/// How many refused paths are remembered for the summary.
const MOST_REFUSED: usize = 256;

/// A process.
pub struct Process {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// Its sandbox.
    pub sandbox: Arc<Sandbox>,
    /// The program's file on the host.
    program: PathBuf,
    /// Its drives.
    pub namespace: Namespace,
    /// Its handles.
    pub handles: Mutex<Table>,
    /// The standard streams that are terminals.
    pub terminals: Mutex<[Option<OwnedFd>; 3]>,
    /// Call counters and failure logs.
    pub telemetry: Shared,
    session: Arc<Session>,
    /// The host's descriptor of it.
    host: OnceLock<OwnedFd>,
    /// Its start is in the audit.
    noted: OnceLock<()>,
    channels: Mutex<Vec<Closer>>,
    control: (Mutex<Control>, Condvar),
    refused: Mutex<BTreeSet<(PathBuf, bool)>>,
    /// Entries of listings that nobody has read yet.
    pub listed: Arc<AtomicUsize>,
    finished: AtomicBool,
}

/// Ctrl-C and the like.
#[derive(Default)]
struct Control {
    /// Somebody waits for events.
    waiting: bool,
    /// Ctrl-C is ignored.
    ignored: bool,
    pending: Vec<u32>,
    ended: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    /// A process that is about to start.
    pub fn new(id: u32, sandbox: Arc<Sandbox>, program: PathBuf, namespace: Namespace, telemetry: Shared, session: Arc<Session>) -> Self {
        Self {
            id,
            sandbox,
            program,
            namespace,
            handles: Mutex::default(),
            terminals: Mutex::default(),
            telemetry,
            session,
            host: OnceLock::new(),
            noted: OnceLock::new(),
            channels: Mutex::default(),
            control: Default::default(),
            refused: Mutex::default(),
            listed: Arc::default(),
            finished: AtomicBool::new(false),
        }
    }

    /// Takes the host's descriptor of the process, which may have told its end already.
    pub fn set_host(&self, host: OwnedFd) {
        let _ = self.host.set(host);
        if self.is_finished() {
            self.kill();
        }
    }

    /// The audit knows of its start, so that it may learn of its end: a short process ends before its starter has said all.
    pub fn set_noted(&self) {
        let _ = self.noted.set(());
    }

    /// Serves a channel in a thread of its own, which does something else first.
    pub fn serve(self: &Arc<Self>, server: Server, first: impl FnOnce() + Send + 'static) {
        lock(&self.channels).push(server.closer());
        let process = Arc::clone(self);
        // Should there be no thread, the channel is closed, and the client learns of it.
        let closer = server.closer();
        let started = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            first();
            service::serve(&process, server);
        });
        if started.is_err() {
            closer.close();
        }
    }

    /// A channel for one more thread.
    pub fn new_channel(self: &Arc<Self>) -> Result<Reply, NTSTATUS> {
        const MOST: usize = 4096;
        if lock(&self.channels).len() >= MOST {
            return Err(STATUS_TOO_MANY_OPENED_FILES);
        }
        let (server, memory, socket) = channel::pair().map_err(store::status)?;
        if !leaves_room(socket.as_fd()) {
            return Err(STATUS_TOO_MANY_OPENED_FILES);
        }
        let memory = memory.as_fd().try_clone_to_owned().map_err(|_| STATUS_TOO_MANY_OPENED_FILES)?;
        self.serve(server, || ());
        Ok(Reply::value(&Done {}).with_descriptors(memory, socket))
    }

    /// Takes the closes that were posted on one channel.
    pub fn drain_one(&self, channel: &Closer) {
        channel.drain(|handle| {
            let _ = self.close_handle(handle);
        });
    }

    /// Takes the closes that were posted on all channels.
    pub fn drain(&self) {
        let channels = lock(&self.channels).clone();
        for channel in &channels {
            self.drain_one(channel);
        }
    }

    fn event(&self) -> Event {
        Event { process: self.id, ..Event::default() }
    }

    fn note(&self, kind: Kind, trust: Trust, outcome: Outcome, text: &str, event: Event) {
        self.sandbox.log.note(kind, trust, outcome, text, Event { process: self.id, ..event });
    }

    /// Tells the audit of an open.
    pub fn note_open(&self, name: &dyn Fn() -> String, access: u32, refusal: Option<NTSTATUS>) {
        let outcome = if refusal.is_some() { Outcome::Error } else { Outcome::Ok };
        let name = name();
        let shown = name.strip_prefix("\\??\\").unwrap_or(&name);
        let event = Event { code: refusal.unwrap_or(0) as u32, extra: [access.into(), 0, 0], ..self.event() };
        self.note(Kind::Open, Trust::Evidence, outcome, shown, event);
    }

    /// Tells the audit of a rename or link.
    pub fn note_change(&self, path: &DrivePath, refusal: Option<NTSTATUS>) {
        let outcome = if refusal.is_some() { Outcome::Error } else { Outcome::Ok };
        self.note(Kind::Change, Trust::Evidence, outcome, &path.display(), Event { code: refusal.unwrap_or(0) as u32, ..self.event() });
    }

    /// Tells the audit of a message that is none.
    pub fn note_malformed(&self, number: u32) {
        self.note(Kind::Malformed, Trust::Evidence, Outcome::Error, "", Event { code: number, ..self.event() });
    }

    /// Tells the audit of a forbidden system call.
    pub fn note_forbidden(&self, call: &jail::Call) {
        let extra = [call.architecture.into(), call.instruction, 0];
        self.note(Kind::ForbiddenCall, Trust::Evidence, Outcome::Error, "", Event { code: call.number as u32, extra, ..self.event() });
    }

    /// Remembers a path of the host that no grant reaches, or reaches for reading alone.
    pub fn note_missing(&self, path: &DrivePath, write: bool) {
        if path.letter != b'Z' {
            return;
        }
        let host: PathBuf = std::iter::once("/".into()).chain(path.components.iter().map(|name| String::from_utf16_lossy(name))).collect();
        let mut refused = lock(&self.refused);
        if refused.len() < MOST_REFUSED {
            refused.insert((host, write));
        }
    }

    /// What only the process itself knows. True when that was its last word.
    pub fn report(self: &Arc<Self>, report: &Report, payload: &[u8]) -> bool {
        let text = String::from_utf8_lossy(&payload[..payload.len().min(4096)]).into_owned();
        match report.kind {
            protocol::FAILURE => {
                let unfit = report.code as NTSTATUS == protocol::start::UNFIT;
                let text = if unfit { format!("{}: {text}", self.program.display()) } else { text };
                self.fail(report.code as NTSTATUS, text);
                return true;
            }
            protocol::DEBUG_TEXT => {
                self.note(Kind::DebugText, Trust::Advisory, Outcome::Ok, &text, self.event());
                self.session.send(&Answer::DebugText(text));
                return false;
            }
            _ => {}
        }
        let function = catalog::by_slot(report.slot as usize);
        let event = Event {
            dll_ix: function.map_or(u8::MAX, |function| function.dll_ix),
            function_ix: function.map_or(u16::MAX, |function| function.function_ix),
            duration_us: report.duration.min(u16::MAX.into()) as u16,
            code: report.code,
            count: 1,
            ..self.event()
        };
        let (kind, outcome) = match ReportKind::from_number(report.kind) {
            Some(ReportKind::Unsupported) => (Kind::WinShimCall, Outcome::Unsupported),
            Some(ReportKind::NoMatch) => (Kind::WinShimCall, Outcome::NoMatch),
            Some(ReportKind::Call) => (Kind::WinShimCall, Outcome::Ok),
            Some(ReportKind::Failure) => (Kind::WinShimCall, Outcome::Error),
            Some(ReportKind::Probe) => (Kind::Probe, Outcome::Error),
            Some(ReportKind::WritableCode) => (Kind::WritableCode, Outcome::Ok),
            Some(ReportKind::Image) => (Kind::DebugText, Outcome::Ok),
            Some(ReportKind::Panic) => (Kind::DebugText, Outcome::Error),
            Some(ReportKind::SystemCall) => (Kind::ForbiddenCall, Outcome::Error),
            Some(ReportKind::CannotStart) => {
                self.fail(protocol::start::UNFIT, text);
                return true;
            }
            None => (Kind::Malformed, Outcome::Error),
        };
        if report.kind == ReportKind::Panic as u32 {
            self.session.send(&Answer::DebugText(format!("internal error: {text}")));
        }
        self.note(kind, Trust::Advisory, outcome, &text, event);
        false
    }

    /// The process has told that it cannot run.
    fn fail(self: &Arc<Self>, status: NTSTATUS, sentence: String) {
        if self.finished.swap(true, Ordering::SeqCst) {
            return;
        }
        self.noted.wait();
        let mut lines = sentence.lines();
        let (first, missing) = (lines.next().unwrap_or_default().to_owned(), lines.map(|line| line.trim().to_owned()).collect());
        self.let_go();
        let event = Event { code: status as u32, ..self.event() };
        self.note(Kind::ProcessExit, Trust::Evidence, Outcome::Error, &first, event);
        self.sandbox.log.flush();
        let code = if status == protocol::start::UNFIT { 126 } else { 125 };
        self.session.send(&Answer::Failed { code, sentence: first, missing });
        self.kill();
    }

    /// The process has told how it ends.
    pub fn exit(self: &Arc<Self>, exit: &Exit, payload: &[u8]) {
        self.noted.wait();
        let crash = (exit.crash != 0).then(|| describe(exit, payload));
        self.finish(exit.code, crash);
    }

    /// The process has ended: its code, and what happened if it crashed. Once.
    pub fn finish(self: &Arc<Self>, code: u32, crash: Option<String>) {
        if self.finished.swap(true, Ordering::SeqCst) {
            return;
        }
        self.let_go();
        telemetry::note(self, |event| {
            self.note(Kind::WinShimCall, Trust::Advisory, Outcome::from_number(event.outcome).unwrap_or(Outcome::Ok), "", event)
        });
        let outcome = if crash.is_some() { Outcome::Error } else { Outcome::Ok };
        self.note(Kind::ProcessExit, Trust::Evidence, outcome, crash.as_deref().unwrap_or_default(), Event { code, ..self.event() });
        self.sandbox.log.flush();
        let ended = Ended { code, crash, not_granted: self.not_granted(), audit: self.sandbox.audit.clone() };
        self.session.send(&Answer::Ended(Box::new(ended)));
        self.kill();
    }

    /// Whether its end is known.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::SeqCst)
    }

    /// Closes every handle; what is to be deleted with its last handle is gone afterwards.
    fn let_go(&self) {
        self.drain();
        let handles = lock(&self.handles).clear();
        for handle in handles {
            self.sandbox.let_go(handle);
        }
        self.sandbox.names.forget_all(self.id);
        lock(&self.terminals).iter_mut().for_each(|terminal| *terminal = None);
        lock(&self.control.0).ended = true;
        self.control.1.notify_all();
    }

    /// Closes the channels: nothing more is served. What was asked for between the end's notice and the end goes too.
    pub fn close_channels(&self) {
        for channel in lock(&self.channels).drain(..) {
            channel.close();
        }
        self.let_go();
    }

    /// Host files that the process asked for in vain, as far as they exist.
    fn not_granted(&self) -> Vec<NotGranted> {
        const MOST: usize = 8;
        let refused = lock(&self.refused);
        let existing = refused.iter().filter(|(path, _)| path.symlink_metadata().is_ok());
        let named = existing.map(|(path, write)| {
            let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
            let folder = folder.unwrap_or(path).display().to_string();
            NotGranted { path: path.clone(), flag: format!("{} {}", if *write { "--rw" } else { "--ro" }, quoted(&folder)) }
        });
        named.take(MOST).collect()
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends a host signal to the process.
    pub fn signal(&self, signal: Signal) {
        if let Some(host) = self.host.get() {
            let _ = pidfd_send_signal(host, signal);
        }
    }

    /// Reads or sets a console's mode, reads its size, or asks for input.
    pub fn console(&self, request: &Console) -> Result<Reply, NTSTATUS> {
        let object = lock(&self.handles).get(request.handle, 0)?.object.clone();
        let input = object.device == Device::ConsoleInput;
        let terminal = object.descriptor.as_ref().filter(|_| object.device.is_console()).ok_or(STATUS_INVALID_HANDLE)?.as_fd();
        let mut state = ConsoleState::default();
        match ConsoleKind::from_number(request.kind).ok_or(STATUS_INVALID_PARAMETER)? {
            ConsoleKind::Mode => state.mode = self.session.console.get(input),
            ConsoleKind::SetMode => self.session.console.set(&self.session, input, request.mode)?,
            ConsoleKind::Size if input => return Err(STATUS_INVALID_HANDLE),
            ConsoleKind::Size => (state.columns, state.rows) = console::size(terminal)?,
            ConsoleKind::Input => self.session.send(&Answer::TerminalInput),
        }
        Ok(Reply::value(&state))
    }

    /// Waits for Ctrl-C and the like, or says whether Ctrl-C is ignored from now on.
    pub fn wait_control(&self, ignore: u32) -> Result<u32, NTSTATUS> {
        let mut control = lock(&self.control.0);
        match ignore {
            0 => control.waiting = true,
            IGNORE => control.ignored = true,
            HEED => control.ignored = false,
            ANNOUNCE => control.waiting = true,
            _ => return Err(STATUS_INVALID_PARAMETER),
        }
        if ignore != 0 {
            return Ok(0);
        }
        loop {
            if !control.pending.is_empty() {
                return Ok(control.pending.remove(0));
            }
            if control.ended {
                return Err(STATUS_INVALID_HANDLE);
            }
            control = self.control.1.wait(control).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A control event: handlers hear of it where there are any; otherwise the process ends as Windows ends it.
    pub fn control_event(self: &Arc<Self>, event: u32) {
        const CTRL_C_EVENT: u32 = 0;
        let mut control = lock(&self.control.0);
        if event == CTRL_C_EVENT && control.ignored {
            return;
        }
        if control.waiting {
            control.pending.push(event);
            self.control.1.notify_all();
            return;
        }
        drop(control);
        self.finish(STATUS_CONTROL_C_EXIT as u32, None);
    }
}

/// A path as a shell takes it for one word: users copy the flag that a message names.
fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+,:@%=".contains(character);
    if path.chars().all(is_plain) { path.into() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// What happened in a crash, in one line.
fn describe(exit: &Exit, module: &[u8]) -> String {
    let module: Vec<u16> = module.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let module = String::from_utf16_lossy(&module);
    let place = if module.is_empty() { format!("at {:#x}", exit.at) } else { format!("at {module}+{:#x}", exit.offset) };
    let [kind, address] = exit.parameter;
    let what = match exit.code {
        0xC000_0005 => match kind {
            0 => format!("access violation reading {address:#x}"),
            1 => format!("access violation writing {address:#x}"),
            _ => format!("access violation executing {address:#x}"),
        },
        0xC000_00FD => "stack overflow".into(),
        0xC000_0094 => "integer division by zero".into(),
        0xC000_001D => "illegal instruction".into(),
        0xC000_0096 => "privileged instruction".into(),
        0x8000_0003 => "breakpoint".into(),
        0xC000_0409 => format!("fast fail {kind}"),
        0xC000_0139 if module.contains('!') => return format!("{module} was called, which is not in the catalog"),
        0xC000_0139 => "an entry point that was not found".into(),
        _ => "exception".into(),
    };
    format!("{what} {place}")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_flag_is_one_word_to_a_shell() {
        for (path, word) in [("/home/u/a.b", "/home/u/a.b"), ("/home/a b", "'/home/a b'"), ("/x;rm -rf ~", "'/x;rm -rf ~'"), ("/it's", "'/it'\\''s'")]
        {
            assert_eq!(quoted(path), word);
        }
    }
}
