//! Objects that processes share: the broker keeps their state, and this asks it.

use crate::broker;
use crate::current;
use gate::service::SignalKind;
use protocol::message::{EndThread, ObjectState, QueryObject, SetObjectTimer, SignalObject, WaitObjects};
use windows_sys::Win32::Foundation::NTSTATUS;

/// What a wait asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// The sleep that the channel's alarm is armed for; `None` takes what can be taken at once.
    pub sleep: Option<u32>,
    /// All objects are wanted.
    pub all: bool,
    /// Once they could be taken, the thread looks again.
    pub looks: bool,
    /// An object that is signalled first.
    pub signalled: Option<(u32, SignalKind)>,
}

/// Sets, resets, pulses or releases an object; answers what it was before.
pub fn signal(number: u32, how: SignalKind, count: u32) -> Result<u32, NTSTATUS> {
    let request = SignalObject { number, thread: current::id(), how: how as u32, count };
    broker::ask(&request, &[]).map(|(before, _)| before.state as u32)
}

/// An object's state.
pub fn query(number: u32) -> Result<ObjectState, NTSTATUS> {
    broker::ask(&QueryObject { number, thread: current::id() }, &[]).map(|(state, _)| state)
}

/// A thread has ended that may own mutants, or that other processes know.
pub fn end_thread(thread: u32) {
    // Without an answer the process is about to end, which abandons everything.
    let _ = broker::ask(&EndThread { thread }, &[]);
}

/// Sets a timer to a time of the monotonic clock, in nanoseconds, or stops it; answers whether it was signalled, and the setting.
pub fn set_timer(number: u32, at: Option<i64>, period: u32) -> Result<ObjectState, NTSTATUS> {
    let request = SetObjectTimer { at: at.unwrap_or(0), number, period, stop: at.is_none().into(), pad: 0 };
    broker::ask(&request, &[]).map(|(before, _)| before)
}

/// Takes objects, or begins to wait for them; answers as [`channel::code`] has it.
pub fn wait(numbers: &[u32], how: How) -> Result<u8, NTSTATUS> {
    let (signal, kind) = how.signalled.map_or((0, 0), |(number, kind)| (number, kind as u32));
    let request = WaitObjects {
        thread: current::id(),
        sleep: how.sleep.unwrap_or(0),
        waits: how.sleep.is_some().into(),
        all: how.all.into(),
        looks: how.looks.into(),
        signal,
        how: kind,
    };
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    broker::ask(&request, &numbers).map(|(word, _)| word.value as u8)
}
