//! For the fuzzer: requests of a hostile sandbox process, without the process.

use crate::namespace::Namespace;
use crate::process::Process;
use crate::sandbox::{Files, Sandbox};
use crate::service::answer;
use crate::session::Session;
use channel::Shared;
use gate::block::{SLICES, TELEMETRY_SIZE};
use protocol::{BODY, Frame};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

/// A broker that serves one process, which the fuzzer plays.
pub struct Hostile {
    sandbox: Arc<Sandbox>,
    process: Arc<Process>,
}

impl Hostile {
    /// A sandbox whose state lies in a folder; the folder `granted` in it is granted.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        let nothing = || std::fs::File::open("/dev/null").map(Into::into);
        let files = Files { runtime: nothing()?, system64: nothing()? };
        let sandbox = Arc::new(Sandbox::new(1, folder.join("audit"), folder.join("scratch"), files, [10, 0, 19045])?);
        let process = Self::process(&sandbox, folder)?;
        Ok(Self { sandbox, process })
    }

    fn process(sandbox: &Arc<Sandbox>, folder: &Path) -> std::io::Result<Arc<Process>> {
        let granted = folder.join("granted");
        std::fs::create_dir_all(&granted)?;
        let mut namespace = Namespace::new(Arc::clone(&sandbox.scratch));
        namespace.grant(&granted, true).map_err(std::io::Error::other)?;
        let telemetry = Shared::create("telemetry", SLICES * TELEMETRY_SIZE)?;
        let (session, _) = UnixStream::pair()?;
        let (id, _) = sandbox.next_ids();
        let process = Arc::new(Process::new(id, Arc::clone(sandbox), "hostile.exe".into(), namespace, telemetry, Arc::new(Session::new(session))));
        process.set_noted();
        Ok(process)
    }

    /// A request, of any bytes.
    pub fn ask(&self, number: u32, body: &[u8], payload: &[u8]) {
        let mut frame = Frame { number, status: 0, payload: payload.len() as u32, descriptors: 0, body: [0; BODY] };
        let length = body.len().min(BODY);
        frame.body[..length].copy_from_slice(&body[..length]);
        let _ = answer(&self.process, &frame, payload);
    }

    /// Whether the process asked for its own end.
    pub fn has_ended(&self) -> bool {
        self.process.is_finished()
    }

    /// The process ends, and another begins.
    pub fn again(&mut self, folder: &Path) -> std::io::Result<()> {
        self.process.finish(0, None);
        self.process = Self::process(&self.sandbox, folder)?;
        Ok(())
    }
}
