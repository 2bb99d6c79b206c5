//! Ending what runs in a sandbox: also what a program has left behind, which no command line waits for any more.

use super::existing;
use crate::sandbox::{GONE, at_work, greet, is_running};
use broker::wire::{Answer, Say, receive, send};
use std::time::{Duration, Instant};

/// How long the broker may take to end after its last program.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends every program of a sandbox; it is quiet afterwards, unless somebody starts another one.
pub fn stop(name: &str) -> Result<u8, String> {
    existing(name)?;
    let Some(stream) = at_work(name) else {
        println!("nothing runs in the sandbox `{name}`");
        return Ok(0);
    };
    greet(&stream)?;
    send(&stream, &Say::Stop).map_err(|_| GONE)?;
    let processes = loop {
        if let Answer::Stopped { processes } = receive(&stream).map_err(|_| GONE)? {
            break processes;
        }
    };
    drop(stream);
    let start = Instant::now();
    while is_running(name) && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{processes} {} of the sandbox `{name}` ended", if processes == 1 { "program" } else { "programs" });
    Ok(0)
}
