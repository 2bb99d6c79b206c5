//! For tests and the fuzzer: requests of a sandbox process, without the process.

use crate::life::Life;
use crate::namespace::Namespace;
use crate::process::Process;
use crate::sandbox::{Files, Member, Sandbox};
use crate::service::answer;
use crate::session::Session;
use crate::terms::Terms;
use channel::{Server, Shared};
use gate::block::{SLICES, TELEMETRY_SIZE};
use protocol::{BODY, Frame};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

/// A broker that serves one process, which the fuzzer plays.
pub struct Hostile {
    sandbox: Arc<Sandbox>,
    pub(crate) process: Arc<Process>,
    /// The channel that requests seem to come on.
    server: Server,
}

impl Hostile {
    /// A sandbox whose state lies in a folder; the folder `granted` in it is granted.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        let nothing = || std::fs::File::open("/dev/null").map(Into::into);
        let files = Files { runtime: nothing()?, system64: nothing()?, system32: nothing()?, version: folder.join("system") };
        let sandbox = Arc::new(Sandbox::new(1, folder.join("audit"), crate::drive::Place::Temporary(folder.join("scratch")), files, [10, 0, 19045])?);
        let process = Self::process(&sandbox, folder)?;
        Ok(Self { sandbox, process, server: channel::pair()?.0 })
    }

    fn process(sandbox: &Arc<Sandbox>, folder: &Path) -> std::io::Result<Arc<Process>> {
        let granted = folder.join("granted");
        std::fs::create_dir_all(&granted)?;
        let mut namespace = Namespace::new(Arc::clone(&sandbox.drive), Arc::clone(&sandbox.system));
        namespace.grant(&granted, true).map_err(std::io::Error::other)?;
        let telemetry = Shared::create("telemetry", SLICES * TELEMETRY_SIZE)?;
        let (session, _) = UnixStream::pair()?;
        let (id, thread) = sandbox.next_ids();
        let terms = Terms {
            namespace: Arc::new(namespace),
            session: Arc::new(Session::new(session)),
            strict_imports: false,
            per_call: false,
            without_layers: 0,
            required_layers: 0,
            refused: Default::default(),
        };
        let life = Arc::new(Life::new(id, 0, thread, Vec::new(), false, false));
        let process = Arc::new(Process::new(life, Arc::clone(sandbox), "hostile.exe".into(), Arc::new(terms), telemetry));
        process.set_noted();
        sandbox.enter(id, Arc::clone(&process) as Arc<dyn Member>);
        Ok(process)
    }

    /// A request, of any bytes.
    pub fn ask(&self, number: u32, body: &[u8], payload: &[u8]) {
        let mut frame = Frame { number, status: 0, payload: payload.len() as u32, descriptors: 0, body: [0; BODY] };
        let length = body.len().min(BODY);
        frame.body[..length].copy_from_slice(&body[..length]);
        let _ = answer(&self.process, &frame, payload, || self.server.closer().alarm());
    }

    /// Whether the process asked for its own end.
    pub fn has_ended(&self) -> bool {
        self.process.is_finished()
    }

    /// The process ends, and another begins.
    pub fn again(&mut self, folder: &Path) -> std::io::Result<()> {
        self.process.finish(0, None);
        self.sandbox.leave(self.process.id);
        self.process = Self::process(&self.sandbox, folder)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::service::ObjectKind;
    use protocol::message::{NameObject, OpenFile, QueryPath, SetDisposition};
    use rustix::fs::OFlags;
    use std::os::fd::AsFd;
    use std::path::PathBuf;
    use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT};
    use windows_sys::Win32::Foundation::{
        NTSTATUS, STATUS_ACCESS_DENIED, STATUS_DELETE_PENDING, STATUS_INVALID_HANDLE, STATUS_OBJECT_NAME_NOT_FOUND,
    };
    use windows_sys::Win32::Storage::FileSystem::{DELETE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA};

    /// A broker with one process, and a folder that goes with it.
    struct Place {
        hostile: Hostile,
        folder: PathBuf,
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    impl Place {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("broker-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let folder = folder.canonicalize().unwrap();
            Self { hostile: Hostile::new(&folder).unwrap(), folder }
        }

        /// Opens or makes a file of the granted folder; answers its handle.
        fn open(&self, name: &str, access: u32, disposition: u32, options: u32) -> Result<u32, NTSTATUS> {
            let options = options | FILE_SYNCHRONOUS_IO_NONALERT;
            let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
            let request = OpenFile { access, disposition, options, share, ..OpenFile::default() };
            let numbers = || self.handles().all().map(|(number, _)| number).collect::<Vec<_>>();
            let before = numbers();
            self.hostile.process.open_file(&request, &self.nt_path(name))?;
            let opened = numbers();
            Ok(*opened.iter().find(|number| !before.contains(number)).expect("a new handle"))
        }

        /// Its NT path, as a request has it.
        fn nt_path(&self, name: &str) -> Vec<u8> {
            let path = format!("\\??\\Z:{}", self.file(name).display().to_string().replace('/', "\\"));
            path.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }

        fn file(&self, name: &str) -> PathBuf {
            self.folder.join("granted").join(name)
        }

        fn handles(&self) -> std::sync::MutexGuard<'_, crate::handle::Table> {
            self.hostile.process.handles.lock().unwrap()
        }
    }

    /// A request that is still at work on a file does not keep the file's last handle from deleting it.
    #[test]
    fn the_last_handle_deletes_whoever_is_at_work() {
        let place = Place::new("close");
        let first = place.open("gone.txt", DELETE | FILE_WRITE_DATA, FILE_CREATE, FILE_DELETE_ON_CLOSE).unwrap();
        let at_work = Arc::clone(place.handles().get(first, 0).unwrap().file().unwrap());
        let second = place
            .handles()
            .insert(crate::handle::Handle { object: crate::handle::Object::File(Arc::clone(&at_work)), access: DELETE, flags: 0 })
            .unwrap();
        place.hostile.process.close_handle(second).unwrap();
        assert!(place.file("gone.txt").exists(), "a handle is left");
        place.hostile.process.close_handle(first).unwrap();
        assert!(!place.file("gone.txt").exists(), "the last handle has gone");
        drop(at_work);
    }

    /// A close that was posted is taken where a deletion waits for it, so that nobody opens what is about to go, nor sees it.
    #[test]
    fn a_posted_close_lets_a_deleted_file_go() {
        let place = Place::new("posted");
        let (server, memory, socket) = channel::pair().unwrap();
        place.hostile.process.add_channel(server.closer());
        let client = channel::Client::new(memory.as_fd().try_clone_to_owned().unwrap(), socket).unwrap();
        for look in [false, true] {
            let reader = place.open("x.txt", FILE_READ_DATA | FILE_WRITE_DATA, FILE_CREATE, 0).unwrap();
            let deleter = place.open("x.txt", DELETE, FILE_OPEN, 0).unwrap();
            place.hostile.process.set_disposition(&SetDisposition { handle: deleter, flags: 1 }).unwrap();
            place.hostile.process.close_handle(deleter).unwrap();
            assert_eq!(place.open("x.txt", FILE_READ_DATA, FILE_OPEN, 0), Err(STATUS_DELETE_PENDING));
            assert_eq!(client.post(reader), channel::Posted::Yes);
            if look {
                let facts = place.hostile.process.query_path(&QueryPath { root: 0 }, &place.nt_path("x.txt"));
                assert_eq!(facts.err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
            } else {
                let opened = place.open("x.txt", FILE_READ_DATA | FILE_WRITE_DATA, FILE_OPEN, 0);
                assert_eq!(opened, Err(STATUS_OBJECT_NAME_NOT_FOUND), "the name goes with the last handle, and no handle comes of it");
            }
            assert!(!place.file("x.txt").exists());
        }
    }

    /// A link out of a grant tells nothing of where it leads, whatever is asked of it.
    #[test]
    fn a_link_out_of_a_grant_is_no_oracle() {
        let place = Place::new("oracle");
        std::os::unix::fs::symlink("/", place.file("root")).unwrap();
        for access in [FILE_READ_DATA, FILE_WRITE_DATA] {
            let there = place.open("root/etc/passwd", access, FILE_OPEN, 0);
            assert_eq!((there, there.is_err()), (place.open("root/etc/no-such-file", access, FILE_OPEN, 0), true), "{access:#x}");
        }
        let there = place.open("root/etc/passwd", FILE_READ_DATA, FILE_OPEN, FILE_DELETE_ON_CLOSE);
        assert_eq!(there, place.open("root/etc/no-such-file", FILE_READ_DATA, FILE_OPEN, FILE_DELETE_ON_CLOSE));
    }

    /// Who opens a section by its name gets what the section grants, and not what its creator's handle does.
    #[test]
    fn a_section_of_a_file_gives_no_more_than_it_says() {
        const PAGE_READONLY: u32 = 2;
        const PAGE_READWRITE: u32 = 4;
        let place = Place::new("section");
        let both = place.open("x.txt", FILE_READ_DATA | FILE_WRITE_DATA, FILE_CREATE, 0).unwrap();
        let reader = place.open("x.txt", FILE_READ_DATA, FILE_OPEN, 0).unwrap();
        let make = |name: &[u8], file, protect| {
            let kind = ObjectKind::Section as u32;
            let request = NameObject { size: 0x1000, kind, create: 1, protect, file, ..NameObject::default() };
            place.hostile.process.name_object(&request, name)
        };
        assert_eq!(make(b"r\0", reader, PAGE_READWRITE).err(), Some(STATUS_ACCESS_DENIED));
        assert_eq!(make(b"r\0", 0x40_0000 + 4 * 99, PAGE_READONLY).err(), Some(STATUS_INVALID_HANDLE));
        for (name, protect, mode) in [(b"a\0", PAGE_READONLY, OFlags::RDONLY), (b"b\0", PAGE_READWRITE, OFlags::RDWR)] {
            make(name, both, protect).unwrap();
            let found = make(name, both, PAGE_READWRITE).unwrap();
            let descriptor = found.descriptors[0].as_ref().expect("its bytes");
            assert_eq!(rustix::fs::fcntl_getfl(descriptor).unwrap() & OFlags::RWMODE, mode);
        }
    }
}
