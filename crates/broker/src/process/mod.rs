//! A process of the sandbox, as the broker sees it: its handles and channels, and its end.

mod child;
mod control;
mod job;
mod memory;
mod notes;
mod report;
mod sight;

use crate::audit::{Event, Kind, Outcome, Trust};
use crate::berth::Berth;
use crate::console;
use crate::handle::Table;
use crate::key::{News, Unfinished};
use crate::life::Life;
use crate::mapping::Mapping;
use crate::reply::Reply;
use crate::sandbox::{Member, Sandbox};
use crate::telemetry;
use crate::terms::Terms;
use crate::wire::{Answer, Ended};
use channel::{Closer, Shared};
use control::ControlEvents;
use gate::file::Device;
use gate::service::ConsoleKind;
use protocol::message::{Console, ConsoleState, Exit};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, pidfd_send_signal};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_CONTROL_C_EXIT, STATUS_INVALID_HANDLE, STATUS_INVALID_IMAGE_FORMAT, STATUS_INVALID_PARAMETER};

/// A process.
pub struct Process {
    /// Its number, as Windows programs see it.
    pub id: u32,
    /// What is known of it, also after its end.
    pub life: Arc<Life>,
    /// Its sandbox.
    pub sandbox: Arc<Sandbox>,
    /// The program's name, for people.
    program: String,
    /// The terms of its run.
    pub terms: Arc<Terms>,
    /// The file of its program, which nobody changes meanwhile.
    image: Mutex<Option<Mapping>>,
    /// Its handles.
    pub handles: Mutex<Table>,
    /// The standard streams that are terminals.
    pub terminals: Mutex<[Option<OwnedFd>; 3]>,
    /// Call counters and failure logs.
    pub telemetry: Shared,
    /// The host's descriptor of it.
    host: OnceLock<OwnedFd>,
    berth: OnceLock<Berth>,
    /// Its start is in the audit.
    noted: OnceLock<()>,
    channels: Mutex<Vec<Closer>>,
    /// Nothing more is served.
    closed: AtomicBool,
    /// Ctrl-C and the like.
    pub control: ControlEvents,
    /// Values of the registry that are on their way.
    pub unfinished: Mutex<Unfinished>,
    /// Keys that it watches have changed.
    pub key_news: Arc<News>,
    /// Entries of listings that nobody has read yet.
    pub listed: Arc<AtomicUsize>,
    /// Bytes of paths that its handles keep.
    pub paths: Arc<AtomicUsize>,
    finished: AtomicBool,
    /// With which code somebody ends it, and why.
    sentence: OnceLock<(u32, Option<String>)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    /// A process that is about to start.
    pub fn new(life: Arc<Life>, sandbox: Arc<Sandbox>, program: String, terms: Arc<Terms>, telemetry: Shared) -> Self {
        Self {
            id: life.id,
            life,
            sandbox,
            program,
            terms,
            image: Mutex::default(),
            handles: Mutex::default(),
            terminals: Mutex::default(),
            telemetry,
            host: OnceLock::new(),
            berth: OnceLock::new(),
            noted: OnceLock::new(),
            channels: Mutex::default(),
            closed: AtomicBool::new(false),
            control: Default::default(),
            unfinished: Mutex::default(),
            key_news: Arc::default(),
            listed: Arc::default(),
            paths: Arc::default(),
            finished: AtomicBool::new(false),
            sentence: OnceLock::new(),
        }
    }

    /// Takes the host's descriptor of the process, which may have told its end already.
    pub fn set_host(&self, host: OwnedFd) {
        let _ = self.host.set(host);
        if self.is_finished() {
            self.kill();
        }
    }

    /// Takes the mapping of the program that it runs.
    pub fn runs(&self, image: Mapping) {
        *lock(&self.image) = Some(image);
    }

    /// Its number is its own as long as it is there.
    pub fn set_berth(&self, berth: Berth) {
        let _ = self.berth.set(berth);
    }

    /// The audit knows of its start, so that it may learn of its end: a short process ends before its starter has said all.
    pub fn set_noted(&self) {
        let _ = self.noted.set(());
    }

    /// Notes a channel that is served, unless nothing is any more.
    pub fn add_channel(&self, channel: Closer) {
        let mut channels = lock(&self.channels);
        if self.closed.load(Ordering::SeqCst) {
            channel.close();
        } else {
            channels.push(channel);
        }
    }

    /// Nothing more is served: what was asked for meanwhile is too late.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// How many channels it has.
    pub fn channels(&self) -> usize {
        lock(&self.channels).len()
    }

    /// Takes the closes that were posted on one channel.
    pub fn drain_one(&self, channel: &Closer) {
        channel.drain(|handle| {
            let _ = self.close_handle(handle);
        });
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
        let unfit = status == protocol::start::UNFIT;
        if self.is_first() {
            let code = if unfit { 126 } else { 125 };
            self.terms.session.send(&Answer::Failed { code, sentence: first, missing });
        }
        self.kill();
        self.tell_end(if unfit { STATUS_INVALID_IMAGE_FORMAT } else { status } as u32);
    }

    /// Whether the user started it, and not another process.
    fn is_first(&self) -> bool {
        self.life.parent == 0
    }

    /// Who waits for the process hears of its end.
    fn tell_end(&self, code: u32) {
        self.life.end(code);
        self.sandbox.dispatcher.leave_jobs(&self.life);
        self.sandbox.dispatcher.life_ended(&self.life);
    }

    /// The process has told how it ends.
    pub fn exit(self: &Arc<Self>, exit: &Exit, payload: &[u8]) {
        self.noted.wait();
        let crash = (exit.crash != 0).then(|| report::describe(exit, payload));
        self.finish(exit.code, crash);
    }

    /// Ends the process: it runs no more before anybody hears of that, and before what it owned is another's.
    pub fn terminate(self: &Arc<Self>, code: u32, what: Option<String>) {
        // Whoever sees its end first, tells this.
        let _ = self.sentence.set((code, what));
        self.kill();
        if let Some(host) = self.host.get() {
            // The host takes a moment over it, and longer where it is short of time: then the rest goes on all the same.
            let most = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
            let _ = poll(&mut [PollFd::new(host, PollFlags::IN)], Some(&most));
        }
        self.finish(code, None);
    }

    /// The process has ended: its code, and what happened if it crashed. Once.
    pub fn finish(self: &Arc<Self>, code: u32, crash: Option<String>) {
        if self.finished.swap(true, Ordering::SeqCst) {
            return;
        }
        let (code, crash) = self.sentence.get().cloned().unwrap_or((code, crash));
        self.let_go();
        telemetry::note(self.telemetry.as_fd(), |event| {
            self.note(Kind::WinShimCall, Trust::Advisory, Outcome::from_number(event.outcome).unwrap_or(Outcome::Ok), "", event)
        });
        let outcome = if crash.is_some() { Outcome::Error } else { Outcome::Ok };
        self.note(Kind::ProcessExit, Trust::Evidence, outcome, crash.as_deref().unwrap_or_default(), Event { code, ..self.event() });
        self.sandbox.log.flush();
        if self.is_first() {
            let ended = Ended { code, crash, not_granted: self.not_granted(), audit: self.sandbox.audit.clone() };
            self.terms.session.send(&Answer::Ended(Box::new(ended)));
        }
        self.kill();
        self.tell_end(code);
    }

    /// Whether its end is known.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::SeqCst)
    }

    /// Closes every handle; what is to be deleted with its last handle is gone afterwards.
    fn let_go(&self) {
        self.drain();
        *lock(&self.image) = None;
        let handles = lock(&self.handles).close();
        for handle in &handles {
            self.sandbox.let_go(handle);
        }
        self.sandbox.dispatcher.end(self.id);
        lock(&self.terminals).iter_mut().for_each(|terminal| *terminal = None);
        self.control.end();
        self.end_keys();
        self.sandbox.pipes.end_waits();
    }

    /// Closes the channels: nothing more is served. What was asked for between the end's notice and the end goes too.
    pub fn close_channels(&self) {
        let mut channels = lock(&self.channels);
        self.closed.store(true, Ordering::SeqCst);
        for channel in channels.drain(..) {
            channel.close();
        }
        drop(channels);
        self.let_go();
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
        let object = lock(&self.handles).get(request.handle, 0)?.file()?.clone();
        let input = object.device == Device::ConsoleInput;
        let terminal = object.descriptor.as_ref().filter(|_| object.device.is_console()).ok_or(STATUS_INVALID_HANDLE)?.as_fd();
        let mut state = ConsoleState::default();
        match ConsoleKind::from_number(request.kind).ok_or(STATUS_INVALID_PARAMETER)? {
            ConsoleKind::Mode => state.mode = self.terms.session.console.get(input),
            ConsoleKind::SetMode => self.terms.session.console.set(input, request.mode, |answer| self.terms.session.send(answer))?,
            ConsoleKind::Size if input => return Err(STATUS_INVALID_HANDLE),
            ConsoleKind::Size => (state.columns, state.rows) = console::size(terminal)?,
            ConsoleKind::Input => self.terms.session.send(&Answer::TerminalInput),
        }
        Ok(Reply::value(&state))
    }

    /// A control event that no handler of the process hears ends it, as on Windows.
    pub fn control_event(self: &Arc<Self>, event: u32) {
        if !self.control.take(event) {
            self.terminate(STATUS_CONTROL_C_EXIT as u32, None);
        }
    }
}

impl Member for Process {
    fn row(&self) -> Vec<u8> {
        self.shown()
    }

    fn strike(&self, code: u32) {
        let _ = self.sentence.set((code, None));
        self.kill();
    }

    fn end(self: Arc<Self>, code: u32) {
        self.terminate(code, None);
    }

    fn drain(&self) {
        let channels = lock(&self.channels).clone();
        for channel in &channels {
            self.drain_one(channel);
        }
    }
}
