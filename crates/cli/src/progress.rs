//! How far long work has come: one line on a terminal, and nothing elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often the line is drawn.
const BEAT: Duration = Duration::from_millis(100);
/// Characters of the bar.
const WIDTH: u64 = 30;

/// A line that shows how much is done.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    next: Instant,
    shown: bool,
}

impl Progress {
    /// Nothing of so many bytes is done.
    pub fn new(what: &'static str, total: u64) -> Self {
        Self { what, total, done: 0, next: Instant::now() + PATIENCE, shown: false }
    }

    /// So many bytes more are done.
    pub fn add(&mut self, bytes: u64) {
        self.done += bytes;
        let now = Instant::now();
        if now < self.next || !stderr().is_terminal() {
            return;
        }
        self.next = now + BEAT;
        self.shown = true;
        // Best effort: the work does not depend on who looks at it.
        let _ = write!(stderr(), "\r{}", line(self.what, self.done, self.total));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(stderr(), "\r{:width$}\r", "", width = line(self.what, self.total, self.total).len() + 4);
        }
    }
}

fn line(what: &str, done: u64, total: u64) -> String {
    let total = total.max(done).max(1);
    let full = (u128::from(done) * u128::from(WIDTH) / u128::from(total)) as usize;
    let percent = u128::from(done) * 100 / u128::from(total);
    format!("{what} [{:-<width$}] {percent:>3} % of {}", "#".repeat(full), size(total), width = WIDTH as usize)
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_sizes() {
        assert_eq!(line("export", 0, 0), format!("export [{}]   0 % of 1 bytes", "-".repeat(30)));
        assert_eq!(line("export", 1 << 20, 2 << 20), format!("export [{}{}]  50 % of 2.0 MiB", "#".repeat(15), "-".repeat(15)));
        assert_eq!(line("import", 9, 3), format!("import [{}] 100 % of 9 bytes", "#".repeat(30)));
        assert_eq!([size(0), size(1023), size(1536), size(u64::MAX)], ["0 bytes", "1023 bytes", "1.5 KiB", "16777216.0 TiB"]);
    }
}
