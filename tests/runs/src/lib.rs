//! What tests of whole runs stand on: a state folder of their own, runs with their outcome, and the certainty that nothing is left.

pub mod family;
pub mod home;
pub mod screen;

pub use family::Family;
pub use home::{Home, Outcome, guest, is_narrow};
pub use screen::Screen;

use std::time::{Duration, Instant};

/// Longer than anything here takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until a condition holds; answers whether it came to.
pub fn until(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}
