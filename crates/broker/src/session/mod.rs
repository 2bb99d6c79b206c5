//! A command line that is connected. Nobody waits for it: what it does not read is kept for it as far as it must have it, and what it
//! has said in part is kept until the rest comes.

mod incoming;
mod outgoing;

pub use incoming::{Heard, Incoming};

use crate::console::ConsoleModes;
use crate::wake::Wake;
use crate::wire::{Answer, encode};
use outgoing::{Outgoing, Urgency};
use rustix::net::{Shutdown, shutdown};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a program that writes for a debugger waits for a command line that reads nothing at all.
const PATIENCE: Duration = Duration::from_millis(500);

/// The broker's end of a connection.
pub struct Session {
    /// What is read from; the main loop alone does that.
    pub stream: UnixStream,
    /// The modes of its console.
    pub console: ConsoleModes,
    outgoing: Mutex<Outgoing>,
    taken: Condvar,
    wake: Arc<Wake>,
}

impl Session {
    /// A connection that was accepted, and the main loop that writes what it does not take at once.
    pub fn new(stream: UnixStream, wake: Arc<Wake>) -> Self {
        Self { stream, console: ConsoleModes::default(), outgoing: Mutex::default(), taken: Condvar::new(), wake }
    }

    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something, at once or as soon as the command line reads. One that has gone hears nothing.
    pub fn send(&self, answer: &Answer) {
        let urgency = match answer {
            Answer::DebugText(_) => Urgency::Dispensable,
            // It counts that a program waits, and what was set last; programs may do both without end.
            Answer::TerminalInput => Urgency::Latest(0),
            Answer::TerminalMode { .. } => Urgency::Latest(1),
            Answer::Welcome { .. } | Answer::Ended(_) | Answer::Failed { .. } | Answer::Stopped { .. } => Urgency::Needed,
        };
        let Ok(bytes) = encode(answer) else { return };
        let must_wait = {
            let mut outgoing = self.outgoing();
            let waited = outgoing.waits();
            outgoing.push(urgency, bytes);
            outgoing.write(&self.stream);
            outgoing.waits() && !waited
        };
        if must_wait {
            self.wake.ring();
        }
    }

    /// The same for a program's text, in a thread that serves that program alone: it goes as fast as the command line reads. One that
    /// reads nothing is not waited for any more, until it does.
    pub fn send_in_time(&self, answer: &Answer) {
        let outgoing = self.outgoing();
        let waited = self.taken.wait_timeout_while(outgoing, PATIENCE, |outgoing| outgoing.is_full());
        let (mut outgoing, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            outgoing.give_up();
        }
        drop(outgoing);
        self.send(answer);
    }

    /// Whether something waits for the command line to read.
    pub fn waits(&self) -> bool {
        self.outgoing().waits()
    }

    /// Writes as much of that as it takes.
    pub fn write(&self) {
        self.outgoing().write(&self.stream);
        self.taken.notify_all();
    }

    /// Ends the connection. What was written can still be read.
    pub fn end(&self) {
        self.outgoing().close();
        self.taken.notify_all();
        let _ = shutdown(&self.stream, Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Ended, Say, VERSION, receive, send};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::time::Instant;

    fn session() -> (Session, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Session::new(ours, Arc::new(Wake::new().unwrap())), theirs)
    }

    fn ended(code: u32) -> Answer {
        Answer::Ended(Box::new(Ended { code, ..Ended::default() }))
    }

    #[test]
    fn nobody_waits_for_a_command_line_that_does_not_read() {
        let ((session, theirs), (other, others)) = (session(), session());
        let (sender, done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for _ in 0..2560 {
                session.send_in_time(&Answer::DebugText("x".repeat(4096)));
                session.send(&Answer::TerminalInput);
            }
            session.send(&ended(7));
            let _ = sender.send(session);
        });
        let session = done.recv_timeout(Duration::from_secs(20)).expect("whoever sends 10 MB must not wait for who reads nothing");
        assert!(session.waits());
        other.send(&ended(8));
        assert_eq!(receive::<Answer>(&others).unwrap(), ended(8));
        theirs.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut texts, mut lost) = (0, 0);
        let start = Instant::now();
        loop {
            assert!(start.elapsed().as_secs() < 20);
            session.write();
            match receive::<Answer>(&theirs).unwrap() {
                Answer::DebugText(text) if text.starts_with('x') => texts += 1,
                Answer::DebugText(text) => lost += text.split(' ').next().unwrap().parse::<u32>().unwrap(),
                Answer::TerminalInput => {}
                last => break assert_eq!(last, ended(7)),
            }
        }
        assert_eq!(texts + lost, 2560, "what was left out is counted");
        assert!(lost > 1000 && texts > 10, "{lost} of {texts}");
        assert!(!session.waits());
    }

    #[test]
    fn who_reads_misses_nothing() {
        let (session, theirs) = session();
        let session = Arc::new(session);
        let (writer, stop) = (Arc::clone(&session), Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        // As the main loop does.
        let main = std::thread::spawn(move || {
            while !stopped.load(std::sync::atomic::Ordering::SeqCst) {
                let events = if writer.waits() { PollFlags::OUT } else { PollFlags::empty() };
                let short = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
                let _ = poll(&mut [PollFd::new(&writer.stream, events)], Some(&short));
                writer.write();
            }
        });
        let sending = std::thread::spawn(move || {
            for number in 0..2560 {
                session.send_in_time(&Answer::DebugText(format!("{number} {}", "x".repeat(4096))));
            }
            session.send(&ended(7));
        });
        theirs.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        for number in 0..2560 {
            let Answer::DebugText(text) = receive(&theirs).unwrap() else { panic!("{number}") };
            assert!(text.starts_with(&format!("{number} x")));
        }
        assert_eq!(receive::<Answer>(&theirs).unwrap(), ended(7));
        sending.join().unwrap();
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        main.join().unwrap();
    }

    #[test]
    fn a_message_is_heard_when_it_is_whole() {
        let ((session, theirs), mut incoming) = (session(), Incoming::default());
        let bytes = crate::wire::encode(&Say::Hello { version: VERSION }).unwrap();
        for byte in &bytes[..bytes.len() - 1] {
            std::io::Write::write_all(&mut &theirs, &[*byte]).unwrap();
            assert!(matches!(incoming.hear(&session.stream), Ok(None)), "a part is no message, and nobody waits for the rest");
        }
        std::io::Write::write_all(&mut &theirs, &bytes[bytes.len() - 1..]).unwrap();
        assert!(matches!(incoming.hear(&session.stream), Ok(Some(Heard::Said(Say::Hello { version: VERSION })))));
        assert!(matches!(incoming.hear(&session.stream), Ok(None)));
        send(&theirs, &Say::TerminalSet).unwrap();
        assert!(matches!(incoming.hear(&session.stream), Ok(Some(Heard::Said(Say::TerminalSet)))));
        drop(theirs);
        assert!(incoming.hear(&session.stream).is_err());
    }

    #[test]
    fn a_message_without_end_is_none() {
        let ((session, theirs), mut incoming) = (session(), Incoming::default());
        std::io::Write::write_all(&mut &theirs, &u32::MAX.to_le_bytes()).unwrap();
        assert!(incoming.hear(&session.stream).is_err());
    }
}
