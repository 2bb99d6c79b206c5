//! Starting a process: everything it needs is made before it runs, so that it asks for nothing at its start.

mod program;
mod user;
mod variables;

pub use program::{Refused, is_32_bit, open_program};
pub use user::plan as user_plan;
pub use variables::adapted;

use crate::audit::{Event, Kind, Outcome, Trust};
use crate::namespace::plain;
use crate::plan::Plan;
use crate::process::Process;
use crate::sandbox::{Member, Sandbox};
use crate::service;
use crate::terms::Terms;
use channel::{Shared, socket};
use gate::process::{OUTLINE, Outline};
use jail::{Child, Gate, Layers, Limits, Spawn};
use protocol::VERSION;
use protocol::start::{Start, descriptor};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, PoisonError};

/// A process that was started.
pub struct Launched {
    /// The broker's side of it.
    pub process: Arc<Process>,
    /// The host's side of it.
    pub child: Child,
    /// Where its seccomp listener will come from.
    pub boot: OwnedFd,
}

/// Starts a process.
pub fn start(sandbox: &Arc<Sandbox>, plan: Plan) -> Result<Launched, Refused> {
    let telemetry =
        Shared::create("telemetry", OUTLINE as usize + size_of::<Outline>()).map_err(|error| Refused::host("memory could not be shared", error))?;
    let process = Arc::new(Process::new(Arc::clone(&plan.life), Arc::clone(sandbox), plan.shown.clone(), Arc::clone(&plan.terms), telemetry));
    *process.handles.lock().unwrap_or_else(PoisonError::into_inner) = plan.handles.take();
    *process.terminals.lock().unwrap_or_else(PoisonError::into_inner) = plan.terminals;
    if let Some(file) = plan.file {
        process.runs(sandbox.mappings.add(file, 0, true));
    }
    process.set_berth(plan.berth);
    if plan.ignores_control {
        process.control.ignore();
    }
    let wanted = Layers::ALL.without_all(Layers::from_bits(plan.terms.without_layers)).supported();
    let born = plan.born.each_ref().map(|born| born.as_ref().map(|(_, standard)| *standard));
    let start = Start {
        version: VERSION,
        process: plan.life.id,
        parent: plan.life.parent,
        thread: plan.life.thread,
        windows: sandbox.windows,
        processors: crate::clock::processors(),
        stamps_per_microsecond: stamps_per_microsecond(plan.terms.per_call),
        per_call: plan.terms.per_call,
        strict_imports: plan.terms.strict_imports,
        suspended: plan.suspended,
        layers: wanted.bits(),
        parameters: plan.parameters,
        born,
        inherited: plan.inherited,
    };
    let streams = plan.born.each_ref().map(|born| born.as_ref().map(|(stream, _)| stream.as_fd()));
    let launched = spawn(sandbox, &process, &start, &plan.terms, &plan.program, streams, wanted).inspect_err(|_| {
        process.close_channels();
        sandbox.leave(process.id);
    })?;
    let event = Event { process: process.id, extra: [plan.life.parent.into(), 0, 0], ..Event::default() };
    sandbox.log.note(Kind::ProcessStart, Trust::Evidence, Outcome::Ok, &plan.shown, event);
    let _ = plan.terms.had_layers.set(launched.child.layers.bits());
    for missing in launched.child.layers.missing() {
        sandbox.log.note(Kind::LayerMissing, Trust::Evidence, Outcome::Error, missing.name(), Event { process: process.id, ..Event::default() });
    }
    process.set_noted();
    Ok(launched)
}

/// How many time stamps make a microsecond; measured only where calls are timed.
fn stamps_per_microsecond(wanted: bool) -> u32 {
    if !wanted {
        return 0;
    }
    let (start, clock) = (jail::time_stamp(), std::time::Instant::now());
    while clock.elapsed().as_micros() < 1000 {
        std::hint::spin_loop();
    }
    u32::try_from((jail::time_stamp() - start) / 1000).unwrap_or(u32::MAX).max(1)
}

/// Opens a gate when it is dropped: also where the thread that would open it cannot be had.
struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Makes the channel and the boot socket, and starts the process.
fn spawn(
    sandbox: &Arc<Sandbox>,
    process: &Arc<Process>,
    start: &Start,
    terms: &Terms,
    program: &OwnedFd,
    streams: [Option<BorrowedFd<'_>>; 3],
    wanted: Layers,
) -> Result<Launched, Refused> {
    let broken = |error: rustix::io::Errno| Refused::host("the process could not be started", error);
    let (server, memory, channel_socket) = channel::pair().map_err(broken)?;
    let bytes = start.encode();
    if bytes.len() > protocol::PAYLOAD {
        return Err(Refused::broken("the arguments and the environment are too long for a Windows program"));
    }
    server.put_start(&bytes);
    let (boot_theirs, boot) = socket::boot().map_err(broken)?;
    let mut descriptors: [Option<BorrowedFd<'_>>; descriptor::END as usize] = [None; descriptor::END as usize];
    descriptors[..streams.len()].copy_from_slice(&streams);
    for (number, source) in [
        (descriptor::CHANNEL, memory.as_fd()),
        (descriptor::SOCKET, channel_socket.as_fd()),
        (descriptor::BOOT, boot_theirs.as_fd()),
        (descriptor::SYSTEM, if process.life.narrow { sandbox.files.system32.as_fd() } else { sandbox.files.system64.as_fd() }),
        (descriptor::PROGRAM, program.as_fd()),
        (descriptor::SHARED_DATA, sandbox.clock.shared.as_fd()),
        (descriptor::TELEMETRY, process.telemetry.as_fd()),
        (descriptor::RECORDS, sandbox.records.shared.as_fd()),
    ] {
        descriptors[number as usize] = Some(source);
    }
    sandbox.enter(process.id, Arc::clone(process) as Arc<dyn Member>);
    // Done while the namespaces are made, and before the program runs.
    let gate = Arc::new(Gate::default());
    let (opens, prepared) = (Opens(Arc::clone(&gate)), Arc::clone(sandbox));
    service::start(process, server, move || {
        prepared.prepare();
        drop(opens);
    });
    let spawn = Spawn {
        executable: sandbox.files.runtime.as_fd(),
        arguments: &[c"win-compat-sandbox"],
        descriptors: &descriptors,
        layers: wanted,
        required: Layers::from_bits(terms.required_layers | terms.had_layers.get().copied().unwrap_or(0)),
        limits: Limits::standard(),
        after: Some(&gate),
    };
    let child = spawn.start().map_err(|error| {
        Refused::broken(match error.missing {
            Some(layer) => format!("this host lacks the layer `{}` of the jail, which is required", layer.name()),
            None => format!("the process could not be started: {}: {}", error.step, plain(&error.error)),
        })
    })?;
    process.life.set_host(child.pid.as_raw_nonzero().get());
    match child.descriptor.try_clone() {
        Ok(host) => process.set_host(host),
        Err(error) => {
            // Nobody could end it any more: it ends now.
            process.set_noted();
            let _ = rustix::process::pidfd_send_signal(&child.descriptor, rustix::process::Signal::KILL);
            return Err(Refused::host("a descriptor could not be had", error));
        }
    }
    Ok(Launched { process: Arc::clone(process), child, boot })
}
