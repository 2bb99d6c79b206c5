//! What processes have done to others by the broker's main loop: it starts them, because what the host ends with the thread that started
//! it must not end with a channel; and it ends those of a job, because the end of one may be the end of others.

use crate::plan::Plan;
use crate::wake::Wake;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_PROCESS_IS_TERMINATING};

/// A process to start, and who hears how that went.
pub struct Order {
    /// What is started.
    pub plan: Plan,
    /// Who hears how that went.
    pub answer: Customer,
}

/// Who has ordered a process, and waits.
pub struct Customer(SyncSender<Result<(), NTSTATUS>>);

impl Customer {
    /// Says how it went.
    pub fn tell(&self, done: Result<(), NTSTATUS>) {
        // Who has gone meanwhile hears nothing.
        let _ = self.0.send(done);
    }
}

/// Where orders wait for the main loop.
pub struct Launcher {
    /// `None` where nobody takes them.
    orders: Mutex<Option<Vec<Order>>>,
    /// Who is to end, and with which code.
    ends: Mutex<Vec<(u32, u32)>>,
    wake: Arc<Wake>,
}

impl Launcher {
    /// Nobody takes orders yet.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { orders: Mutex::new(None), ends: Mutex::default(), wake: Arc::new(Wake::new()?) })
    }

    fn orders(&self) -> MutexGuard<'_, Option<Vec<Order>>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the main loop takes orders.
    pub fn open(&self) {
        *self.orders() = Some(Vec::new());
    }

    /// Orders a process, and waits for its start.
    pub fn order(&self, plan: Plan) -> Result<(), NTSTATUS> {
        let (answer, heard): (_, Receiver<Result<(), NTSTATUS>>) = sync_channel(1);
        self.orders().as_mut().ok_or(STATUS_PROCESS_IS_TERMINATING)?.push(Order { plan, answer: Customer(answer) });
        self.wake.ring();
        heard.recv().unwrap_or(Err(STATUS_PROCESS_IS_TERMINATING))
    }

    /// Has processes ended, soon.
    pub fn end(&self, mut processes: Vec<(u32, u32)>) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).append(&mut processes);
        self.wake.ring();
    }

    /// What is ready while orders wait.
    pub fn wake(&self) -> &Arc<Wake> {
        &self.wake
    }

    /// Takes the orders, and who is to end.
    pub fn take(&self) -> (Vec<Order>, Vec<(u32, u32)>) {
        self.wake.heard();
        let ends = std::mem::take(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner));
        (self.orders().as_mut().map(std::mem::take).unwrap_or_default(), ends)
    }
}
