//! What a service of the gate is: a request that was copied in, and an answer.

use crate::user;
use gate::service::Service;
use windows_sys::Win32::Foundation::NTSTATUS;

/// What a service answers: success or a failing (or informing) NTSTATUS.
pub type Answer = Result<(), NTSTATUS>;

/// A service's work.
pub trait Serve: Service + user::Plain {
    /// Works on a request that was copied in, and will be copied back.
    fn serve(&mut self) -> Answer;
}
