//! For tests and the fuzzer: requests of a sandbox process, without the process.

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

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::message::OpenFile;
    use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_SYNCHRONOUS_IO_NONALERT};
    use windows_sys::Win32::Storage::FileSystem::{DELETE, FILE_WRITE_DATA};

    /// A request that is still at work on a file does not keep the file's last handle from deleting it.
    #[test]
    fn the_last_handle_deletes_whoever_is_at_work() {
        let folder = std::env::temp_dir().join(format!("broker-close-{}", std::process::id()));
        let hostile = Hostile::new(&folder).unwrap();
        let request = OpenFile {
            access: DELETE | FILE_WRITE_DATA,
            disposition: FILE_CREATE,
            options: FILE_DELETE_ON_CLOSE | FILE_SYNCHRONOUS_IO_NONALERT,
            ..OpenFile::default()
        };
        let name = format!("\\??\\Z:{}\\gone.txt", folder.canonicalize().unwrap().join("granted").display().to_string().replace('/', "\\"));
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        hostile.process.open_file(&request, &name).unwrap();
        let file = folder.join("granted/gone.txt");
        assert!(file.exists());
        let handles = || hostile.process.handles.lock().unwrap();
        let at_work = Arc::clone(&handles().get(protocol::handle::BROKER, 0).unwrap().object);
        let second = handles().insert(crate::handle::Handle { object: Arc::clone(&at_work), access: DELETE, flags: 0 }).unwrap();
        hostile.process.close_handle(second).unwrap();
        assert!(file.exists(), "a handle is left");
        hostile.process.close_handle(protocol::handle::BROKER).unwrap();
        assert!(!file.exists(), "the last handle has gone");
        drop(at_work);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
