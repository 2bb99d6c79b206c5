//! The broker's main loop: connections, the ends of processes, forbidden calls, the clock.

use crate::audit::{Event, Kind, Outcome, Trust};
use crate::clock::TICK;
use crate::descriptor::raise_descriptors;
use crate::drive::Place;
use crate::launch::{self, Refused};
use crate::order::Order;
use crate::plan::Plan;
use crate::process::Process;
use crate::sandbox::{Files, Member, Sandbox};
use crate::session::{Heard, Incoming, Session};
use crate::wire::{Answer, Run, Say, Signal, VERSION};
use jail::{Child, Listener};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal as HostSignal, WaitOptions, waitpid};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;

/// Forbidden calls that a process may make before it is ended.
const MOST_FORBIDDEN: u32 = 1000;

/// What a broker starts with.
#[derive(Debug)]
pub struct Config {
    /// The sandbox's number in the audit.
    pub number: u32,
    /// Where the audit goes.
    pub audit: PathBuf,
    /// Where `C:` lies.
    pub drive: Place,
    /// What processes start from.
    pub files: Files,
    /// Windows' version as programs see it.
    pub windows: [u32; 3],
}

/// Where a sandbox with a name is found.
#[derive(Debug)]
pub struct Listening {
    /// What command lines connect to.
    pub listener: UnixListener,
    /// Where it lies.
    pub socket: PathBuf,
    /// The file that is locked by whoever joins, and by a broker that ends.
    pub lock: PathBuf,
}

impl Listening {
    /// Takes the name away, unless somebody has joined meanwhile. The lock is held from then on.
    fn close(&self) -> Option<Option<OwnedFd>> {
        use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
        let lock = open(&self.lock, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).ok();
        if let Some(lock) = &lock {
            let _ = flock(lock, FlockOperation::LockExclusive);
        }
        let mut waiting = [PollFd::new(&self.listener, PollFlags::IN)];
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut waiting, Some(&none)) == Ok(0) {
            let _ = std::fs::remove_file(&self.socket);
            return Some(lock);
        }
        None
    }
}

/// A process that runs.
struct Running {
    process: Arc<Process>,
    child: Child,
    /// The boot socket, until the listener has come over it.
    boot: Option<OwnedFd>,
    listener: Option<Listener>,
    forbidden: u32,
    session: usize,
}

/// A connection and what it asked for.
struct Connection {
    session: Arc<Session>,
    incoming: Incoming,
    greeted: bool,
    number: usize,
}

struct Broker {
    sandbox: Arc<Sandbox>,
    connections: Vec<Connection>,
    running: Vec<Running>,
    next_connection: usize,
}

/// What became readable.
enum Ready {
    Accept,
    /// A process wants another one.
    Orders,
    Connection(usize),
    /// A command line reads again.
    Writable(usize),
    Boot(usize),
    Forbidden(usize),
    /// Nobody is left who could make a forbidden call.
    Silent(usize),
    Ended(usize),
}

/// Serves a sandbox until its last process and its last connection have gone.
pub fn serve(config: Config, first: UnixStream, listening: Option<Listening>) -> std::io::Result<()> {
    raise_descriptors();
    let sandbox = Sandbox::new(config.number, config.audit, config.drive, config.files, config.windows)?;
    let mut broker = Broker { sandbox: Arc::new(sandbox), connections: Vec::new(), running: Vec::new(), next_connection: 0 };
    broker.sandbox.launcher.open();
    broker.connect(first, listening.is_none());
    let listener = listening.as_ref().map(|listening| &listening.listener);
    let lock = loop {
        while !broker.connections.is_empty() || !broker.running.is_empty() {
            broker.turn(listener);
        }
        match listening.as_ref().map(Listening::close) {
            None => break None,
            Some(Some(lock)) => break lock,
            // Somebody has just joined.
            Some(None) => broker.turn(listener),
        }
    };
    broker.sandbox.drive.finish();
    broker.sandbox.overlays.finish();
    broker.sandbox.note_registry();
    broker.sandbox.note_drive();
    broker.sandbox.log.finish();
    drop(lock);
    Ok(())
}

impl Broker {
    /// Waits for something to happen, and deals with it.
    fn turn(&mut self, listener: Option<&UnixListener>) {
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
        let ready = self.wait(listener, if self.running.is_empty() { None } else { Some(&tick) });
        if !self.running.is_empty() {
            self.sandbox.tick();
        }
        for what in ready {
            match what {
                Ready::Accept => {
                    if let Some(Ok((stream, _))) = listener.map(UnixListener::accept) {
                        self.connect(stream, false);
                    }
                }
                Ready::Orders => self.take_orders(),
                Ready::Connection(number) => self.hear(number),
                Ready::Writable(number) => {
                    if let Some(connection) = self.connections.iter().find(|connection| connection.number == number) {
                        connection.session.write();
                    }
                }
                Ready::Boot(index) => self.take_listener(index),
                Ready::Forbidden(index) => self.forbidden_call(index),
                Ready::Silent(index) => {
                    if let Some(running) = self.running.get_mut(index) {
                        running.listener = None;
                    }
                }
                Ready::Ended(index) => self.ended(index),
            }
        }
        self.running.retain(|running| !running.process.is_finished() || !running.reaped());
    }

    fn wait(&self, listener: Option<&UnixListener>, limit: Option<&Timespec>) -> Vec<Ready> {
        let mut descriptors = Vec::new();
        let mut meanings: Vec<fn(usize, PollFlags) -> Ready> = Vec::new();
        let mut numbers = Vec::new();
        let mut watch_for = |descriptor, what, meaning, number| {
            descriptors.push(PollFd::from_borrowed_fd(descriptor, what));
            meanings.push(meaning);
            numbers.push(number);
        };
        for connection in self.connections.iter().filter(|connection| connection.session.waits()) {
            watch_for(connection.session.stream.as_fd(), PollFlags::OUT, |number, _| Ready::Writable(number), connection.number);
        }
        let mut watch = |descriptor, meaning, number| watch_for(descriptor, PollFlags::IN, meaning, number);
        if let Some(listener) = listener {
            watch(listener.as_fd(), |_, _| Ready::Accept, 0);
        }
        watch(self.sandbox.launcher.wake().as_fd(), |_, _| Ready::Orders, 0);
        for connection in &self.connections {
            watch(connection.session.stream.as_fd(), |number, _| Ready::Connection(number), connection.number);
        }
        for (index, running) in self.running.iter().enumerate() {
            watch(running.child.descriptor.as_fd(), |index, _| Ready::Ended(index), index);
            match (&running.boot, &running.listener) {
                (Some(boot), _) => watch(boot.as_fd(), |index, _| Ready::Boot(index), index),
                (None, Some(listener)) => watch(listener.as_fd(), listened, index),
                (None, None) => {}
            }
        }
        let _ = poll(&mut descriptors, limit);
        let ready = descriptors.iter().zip(meanings.iter().zip(&numbers)).filter(|(descriptor, _)| !descriptor.revents().is_empty());
        ready.map(|(descriptor, (meaning, number))| meaning(*number, descriptor.revents())).collect()
    }

    /// Takes a connection; whoever forked this broker has greeted it.
    fn connect(&mut self, stream: UnixStream, greeted: bool) {
        let session = Arc::new(Session::new(stream, Arc::clone(self.sandbox.launcher.wake())));
        self.connections.push(Connection { session, incoming: Incoming::default(), greeted, number: self.next_connection });
        self.next_connection += 1;
    }

    fn hear(&mut self, number: usize) {
        let Some(connection) = self.connections.iter_mut().find(|connection| connection.number == number) else { return };
        let session = Arc::clone(&connection.session);
        let heard = match connection.incoming.hear(&session.stream) {
            Ok(None) => return,
            Ok(Some(heard)) => heard,
            Err(_) => return self.disconnect(number),
        };
        match heard {
            Heard::Said(Say::Hello { version }) => {
                session.send(&Answer::Welcome { version: VERSION });
                connection.greeted = version == VERSION;
                if !connection.greeted {
                    self.disconnect(number);
                }
            }
            Heard::Run(run, streams) if connection.greeted => self.run(number, &session, &run, streams),
            Heard::Said(Say::Signal(signal)) => self.signal(number, signal),
            Heard::Said(Say::TerminalSet) => session.console.answered(),
            Heard::Said(Say::Stop) if connection.greeted => session.send(&Answer::Stopped { processes: self.stop() }),
            Heard::Said(Say::Run(_) | Say::Stop) | Heard::Run(..) => self.disconnect(number),
        }
    }

    /// Ends every process; answers how many there were.
    fn stop(&self) -> u32 {
        let running = self.running.iter().filter(|running| !running.process.is_finished());
        end_all(running.map(|running| (running.member(), TERMINATED)).collect())
    }

    /// A command line has gone: its processes end with it, unless it went because its program has ended. What that started goes on
    /// then, as on Windows.
    fn disconnect(&mut self, number: usize) {
        self.connections.extract_if(.., |connection| connection.number == number).for_each(|connection| connection.session.end());
        let own = || self.running.iter().filter(|running| running.session == number);
        if own().any(|running| running.process.life.parent == 0 && !running.process.is_finished()) {
            end_all(own().map(|running| (running.member(), TERMINATED)).collect());
        }
    }

    fn run(&mut self, number: usize, session: &Arc<Session>, run: &Run, streams: std::io::Result<Vec<OwnedFd>>) {
        let launched = streams
            .map_err(|_| Refused::broken("the standard streams did not arrive"))
            .and_then(|streams| launch::user_plan(&self.sandbox, session, run, streams))
            .and_then(|plan| self.start(plan, number));
        match launched {
            Ok(()) => {}
            Err(Refused { code, sentence }) => session.send(&Answer::Failed { code, sentence, missing: Vec::new() }),
        }
    }

    fn start(&mut self, plan: Plan, session: usize) -> Result<(), Refused> {
        let launch::Launched { process, child, boot } = launch::start(&self.sandbox, plan)?;
        self.running.push(Running { process, child, boot: Some(boot), listener: None, forbidden: 0, session });
        Ok(())
    }

    /// Starts what processes want started, and ends who is to end.
    fn take_orders(&mut self) {
        let (orders, ends) = self.sandbox.launcher.take();
        for Order { plan, answer } in orders {
            let parent = self.running.iter().find(|running| running.process.id == plan.life.parent && !running.process.is_finished());
            let done = match parent.map(|parent| parent.session) {
                None => Err(STATUS_PROCESS_IS_TERMINATING),
                // Its job was ended meanwhile.
                Some(_) if plan.life.doomed().is_some() => Err(STATUS_PROCESS_IS_TERMINATING),
                Some(session) => self.start(plan, session).map_err(|Refused { sentence, .. }| {
                    let event = Event { code: STATUS_INSUFFICIENT_RESOURCES as u32, ..Event::default() };
                    self.sandbox.log.note(Kind::ProcessStart, Trust::Evidence, Outcome::Error, &sentence, event);
                    STATUS_INSUFFICIENT_RESOURCES
                }),
            };
            answer.tell(done);
        }
        end_all(ends.into_iter().filter_map(|(id, code)| Some((self.sandbox.process(id)?, code))).collect());
    }

    fn signal(&self, number: usize, signal: Signal) {
        const CTRL_C_EVENT: u32 = 0;
        const CTRL_BREAK_EVENT: u32 = 1;
        for running in self.running.iter().filter(|running| running.session == number) {
            match signal {
                Signal::Interrupt => running.process.control_event(CTRL_C_EVENT),
                Signal::Break => running.process.control_event(CTRL_BREAK_EVENT),
                Signal::Terminate => running.process.terminate(TERMINATED, None),
                Signal::Stop => running.process.signal(HostSignal::STOP),
                Signal::Continue => running.process.signal(HostSignal::CONT),
            }
        }
    }

    fn take_listener(&mut self, index: usize) {
        if let Some(running) = self.running.get_mut(index)
            && let Some(boot) = running.boot.take()
        {
            // Without it (the process died first) there is nothing to listen to.
            running.listener = Listener::receive(boot).ok();
        }
    }

    fn forbidden_call(&mut self, index: usize) {
        let Some(running) = self.running.get_mut(index) else { return };
        let Some(listener) = &running.listener else { return };
        // None: the call was withdrawn, with its thread.
        let Some(call) = listener.next() else { return };
        if running.process.is_finished() {
            // Its end is told already; the host takes a moment over it.
            return listener.refuse(&call);
        }
        running.forbidden += 1;
        running.process.note_forbidden(&call);
        // Refused when it is written down, and not before: the program might end without a trace of it.
        listener.refuse(&call);
        if running.forbidden > MOST_FORBIDDEN {
            let what = format!("more than {MOST_FORBIDDEN} forbidden system calls, the last of them number {}", call.number);
            running.process.terminate(STATUS_ACCESS_DENIED, Some(what));
        }
    }

    fn ended(&mut self, index: usize) {
        let others = self.running.len() > 1;
        let Some(running) = self.running.get_mut(index) else { return };
        if others {
            running.process.life.count_used();
        }
        let mut status = None;
        let pid = running.child.pid;
        if !running.process.life.bury(|| status = waitpid(Some(pid), WaitOptions::empty()).ok().flatten()) {
            // Somebody is still at work with its number: the next turn finds it here.
            return;
        }
        running.child.pid = GONE;
        let signal = status.and_then(|(_, status)| status.terminating_signal());
        let process = &running.process;
        // It ended without a word: killed by the host, or by itself.
        let what = signal.map(|signal| format!("ended by the host's signal {signal}"));
        process.finish(STATUS_UNSUCCESSFUL, what.or_else(|| Some("ended without telling how".into())));
        process.close_channels();
        self.sandbox.leave(process.id);
    }
}

fn listened(index: usize, events: PollFlags) -> Ready {
    if events.contains(PollFlags::IN) { Ready::Forbidden(index) } else { Ready::Silent(index) }
}

/// Ends processes, each with its code; answers how many. The host ends them side by side, and each is waited for a moment.
fn end_all(processes: Vec<(Arc<dyn Member>, u32)>) -> u32 {
    let count = processes.len() as u32;
    processes.iter().for_each(|(process, code)| process.strike(*code));
    processes.into_iter().for_each(|(process, code)| process.end(code));
    count
}

impl Running {
    fn member(&self) -> Arc<dyn Member> {
        Arc::clone(&self.process) as _
    }

    fn reaped(&self) -> bool {
        self.child.pid == GONE
    }
}

/// Stands for a process that was waited for.
const GONE: Pid = Pid::INIT;
/// The exit code of a process that its user ended.
const TERMINATED: u32 = 1;
use windows_sys::Win32::Foundation::{STATUS_INSUFFICIENT_RESOURCES, STATUS_PROCESS_IS_TERMINATING};
const STATUS_UNSUCCESSFUL: u32 = 0xC000_0001;
const STATUS_ACCESS_DENIED: u32 = 0xC000_0022;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{encode, receive, send};
    use std::io::Write;
    use std::time::Duration;

    /// A command line that stops in the middle of a word, and reads nothing, is its own affair.
    #[test]
    fn who_says_half_a_message_holds_nobody_up() {
        let folder = std::env::temp_dir().join(format!("serve-half-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let nothing = || OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        let config = Config {
            number: 1,
            audit: folder.join("audit"),
            drive: Place::Temporary(folder.join("scratch"), store::Limits::default()),
            files: Files { runtime: nothing(), system64: nothing(), system32: nothing(), version: folder.join("system") },
            windows: [10, 0, 19045],
        };
        let (socket, lock) = (folder.join("socket"), folder.join("lock"));
        std::fs::write(&lock, "").unwrap();
        let listening = Listening { listener: UnixListener::bind(&socket).unwrap(), socket: socket.clone(), lock };
        let (mut half, theirs) = UnixStream::pair().unwrap();
        let serving = std::thread::spawn(move || serve(config, theirs, Some(listening)));
        let hello = encode(&Say::Hello { version: VERSION }).unwrap();
        half.write_all(&hello[..hello.len() - 1]).unwrap();
        let mut other = UnixStream::connect(&socket).unwrap();
        other.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        for byte in &hello {
            other.write_all(&[*byte]).unwrap();
        }
        assert_eq!(receive::<Answer>(&other).unwrap(), Answer::Welcome { version: VERSION });
        half.write_all(&hello[hello.len() - 1..]).unwrap();
        half.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(receive::<Answer>(&half).unwrap(), Answer::Welcome { version: VERSION });
        // What no broker understands ends the connection.
        send(&half, &[0xFF_u8; 9]).unwrap();
        assert!(receive::<Answer>(&half).is_err());
        drop((half, other));
        serving.join().unwrap().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
