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
        let sandbox = Arc::new(Sandbox::new(
            1,
            folder.join("audit"),
            crate::drive::Place::Temporary(folder.join("scratch"), store::Limits::default()),
            files,
            [10, 0, 19045],
        )?);
        let process = Self::process(&sandbox, folder)?;
        Ok(Self { sandbox, process, server: channel::pair()?.0 })
    }

    fn process(sandbox: &Arc<Sandbox>, folder: &Path) -> std::io::Result<Arc<Process>> {
        let granted = folder.join("granted");
        std::fs::create_dir_all(&granted)?;
        let mut namespace = Namespace::new(Arc::clone(&sandbox.drive), Arc::clone(&sandbox.system));
        namespace.grant(&granted, crate::policy::Access::Write, &sandbox.overlays).map_err(std::io::Error::other)?;
        let telemetry = Shared::create("telemetry", SLICES * TELEMETRY_SIZE)?;
        let (session, _) = UnixStream::pair()?;
        let berth = sandbox.berth().expect("there are few");
        let (id, thread) = (berth.id, berth.thread());
        let terms = Terms {
            namespace: Arc::new(namespace),
            session: Arc::new(Session::new(session, Arc::clone(sandbox.launcher.wake()))),
            strict_imports: false,
            per_call: false,
            without_layers: 0,
            required_layers: 0,
            had_layers: Default::default(),
            refused: Default::default(),
        };
        let life = Arc::new(Life::new(id, 0, thread, Vec::new(), false, false));
        let process = Arc::new(Process::new(life, Arc::clone(sandbox), "hostile.exe".into(), Arc::new(terms), telemetry));
        process.set_berth(berth);
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
    use protocol::message::{AdoptHandle, CutFile, MapFile, NameObject, OpenFile, QueryPath, RenameFile, SetDisposition};
    use rustix::fs::OFlags;
    use std::os::fd::AsFd;
    use std::path::PathBuf;
    use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_DELETE_ON_CLOSE, FILE_OPEN, FILE_OVERWRITE_IF, FILE_SYNCHRONOUS_IO_NONALERT};
    use windows_sys::Win32::Foundation::{
        NTSTATUS, STATUS_ACCESS_DENIED, STATUS_DELETE_PENDING, STATUS_FILE_DELETED, STATUS_INVALID_HANDLE, STATUS_OBJECT_NAME_NOT_FOUND,
        STATUS_OBJECT_TYPE_MISMATCH, STATUS_SHARING_VIOLATION, STATUS_USER_MAPPED_FILE,
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

    /// What one process maps no other one empties or cuts, and what it runs none changes: until its handle is closed, or it ends.
    #[test]
    fn what_is_mapped_is_kept_as_long_as_its_process() {
        let place = Place::new("mapped");
        std::fs::write(place.file("x"), [7; 100]).unwrap();
        let other = Hostile::process(&place.hostile.sandbox, &place.folder).unwrap();
        let open = |access, disposition| {
            let options = FILE_SYNCHRONOUS_IO_NONALERT;
            let request = OpenFile { access, disposition, options, share: 7, ..OpenFile::default() };
            other.open_file(&request, &place.nt_path("x")).map(|reply| u32::from_le_bytes(reply.frame.body[..4].try_into().unwrap()))
        };
        let writer = open(FILE_WRITE_DATA, FILE_OPEN).unwrap();
        let cut = |size| other.cut_file(&CutFile { size, handle: writer, pad: 0 }).err();
        let map = |place: &Place, image| {
            let handle = place.open("x", FILE_READ_DATA, FILE_OPEN, 0).unwrap();
            let reply = place.hostile.process.map_file(&MapFile { handle, size: 50, image, ..MapFile::default() }).unwrap();
            place.hostile.process.close_handle(handle).unwrap();
            u32::from_le_bytes(reply.frame.body[..4].try_into().unwrap())
        };
        let mapped = map(&place, 0);
        assert_eq!([cut(49), cut(50)], [Some(STATUS_USER_MAPPED_FILE), None]);
        assert_eq!(open(FILE_WRITE_DATA, FILE_OVERWRITE_IF), Err(STATUS_USER_MAPPED_FILE));
        assert_eq!(place.handles().get(mapped, 0).unwrap().file().err(), Some(STATUS_OBJECT_TYPE_MISMATCH), "it is no file to anybody");
        place.hostile.process.close_handle(mapped).unwrap();
        assert_eq!(cut(49), None);
        map(&place, 1);
        assert_eq!([cut(48), open(FILE_WRITE_DATA, FILE_OPEN).err()], [Some(STATUS_USER_MAPPED_FILE), Some(STATUS_SHARING_VIOLATION)]);
        place.hostile.process.finish(0, None);
        assert_eq!([cut(48), open(FILE_WRITE_DATA, FILE_OVERWRITE_IF).err()], [None; 2]);
    }

    /// What a handle of an heir may not, its descriptor cannot: the object was opened for more.
    #[test]
    fn an_heirs_descriptor_does_what_its_handle_may() {
        let place = Place::new("heir");
        std::fs::write(place.file("x"), "bytes").unwrap();
        let number = place.open("x", FILE_READ_DATA | FILE_WRITE_DATA, FILE_OPEN, 0).unwrap();
        let full = place.handles().get(number, 0).unwrap().clone();
        for (access, mode) in [(FILE_READ_DATA, OFlags::RDONLY), (FILE_WRITE_DATA, OFlags::WRONLY), (FILE_READ_DATA | FILE_WRITE_DATA, OFlags::RDWR)]
        {
            let heir = Hostile::process(&place.hostile.sandbox, &place.folder).unwrap();
            let inherited = [(number, crate::handle::Handle { access, ..full.clone() })];
            *heir.handles.lock().unwrap() = crate::handle::Table::inherited(inherited.into_iter()).unwrap();
            let reply = heir.adopt_handle(&AdoptHandle { handle: number }).unwrap();
            let descriptor = reply.descriptors[0].as_ref().unwrap();
            assert_eq!(rustix::fs::fcntl_getfl(descriptor).unwrap() & OFlags::RWMODE, mode);
        }
    }

    /// Of two names of one file each goes for itself, and the other one stays usable.
    #[test]
    fn of_two_names_the_marked_one_goes() {
        for flags in [1, 3] {
            let place = Place::new(&format!("names{flags}"));
            let made = place.open("a", FILE_WRITE_DATA, FILE_CREATE, 0).unwrap();
            place.hostile.process.close_handle(made).unwrap();
            std::fs::hard_link(place.file("a"), place.file("b")).unwrap();
            let other = place.open("b", FILE_READ_DATA, FILE_OPEN, 0).unwrap();
            let marked = place.open("a", DELETE, FILE_OPEN, 0).unwrap();
            place.hostile.process.set_disposition(&SetDisposition { handle: marked, flags }).unwrap();
            assert_eq!(place.open("A", FILE_READ_DATA, FILE_OPEN, 0), Err(STATUS_DELETE_PENDING));
            place.hostile.process.close_handle(marked).unwrap();
            assert_eq!((place.file("a").exists(), place.file("b").exists()), (false, true));
            let again = place.open("b", FILE_READ_DATA, FILE_OPEN, 0).unwrap();
            for handle in [other, again] {
                place.hostile.process.close_handle(handle).unwrap();
            }
            assert!(place.file("b").exists());
        }
    }

    /// A handle whose file has lost its name renames and links nothing: who has the name by now is another file.
    #[test]
    fn a_file_without_a_name_gets_none() {
        let place = Place::new("nameless");
        let (old, deleter) = (place.open("a", DELETE | FILE_READ_DATA, FILE_CREATE, 0).unwrap(), place.open("a", DELETE, FILE_OPEN, 0).unwrap());
        place.hostile.process.set_disposition(&SetDisposition { handle: deleter, flags: 3 }).unwrap();
        place.hostile.process.close_handle(deleter).unwrap();
        std::fs::write(place.file("a"), "new").unwrap();
        std::fs::write(place.file("b"), "precious").unwrap();
        let change = |handle, link, replace| {
            let request = RenameFile { handle, link, replace, ..RenameFile::default() };
            place.hostile.process.rename_file(&request, &place.nt_path("b")).err()
        };
        assert_eq!([change(old, 0, 1), change(old, 1, 1)], [Some(STATUS_FILE_DELETED); 2]);
        // The same where the host has given the name to another file.
        let stale = place.open("b", DELETE, FILE_OPEN, 0).unwrap();
        std::fs::rename(place.file("a"), place.file("b")).unwrap();
        let request = RenameFile { handle: stale, link: 0, replace: 1, ..RenameFile::default() };
        let refused = place.hostile.process.rename_file(&request, &place.nt_path("c")).err();
        assert_eq!(refused, Some(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(std::fs::read(place.file("b")).unwrap(), b"new");
        assert!(!place.file("c").exists());
    }

    /// A folder takes no file's place, whichever drive they are on.
    #[test]
    fn a_folder_replaces_no_file() {
        let place = Place::new("replaces");
        std::fs::create_dir(place.file("folder")).unwrap();
        std::fs::write(place.file("file"), "kept").unwrap();
        let folder = place.open("folder", DELETE, FILE_OPEN, 0).unwrap();
        let request = RenameFile { handle: folder, link: 0, replace: 1, ..RenameFile::default() };
        assert_eq!(place.hostile.process.rename_file(&request, &place.nt_path("file")).err(), Some(STATUS_ACCESS_DENIED));
        assert_eq!(std::fs::read(place.file("file")).unwrap(), b"kept");
    }

    /// Nobody sees a file emptied, or loses what he made, by an open that is refused.
    #[test]
    fn a_refused_open_has_done_nothing() {
        let place = Place::new("race");
        std::fs::write(place.file("x"), "0123456789").unwrap();
        let open = |access, disposition, name: &str| {
            let options = FILE_SYNCHRONOUS_IO_NONALERT;
            let request = OpenFile { access, disposition, options, share: 0, ..OpenFile::default() };
            let reply = place.hostile.process.open_file(&request, &place.nt_path(name)).ok()?;
            Some(u32::from_le_bytes(reply.frame.body[..4].try_into().unwrap()))
        };
        let close = |handle| drop(place.hostile.process.close_handle(handle).unwrap());
        let rounds = 3000;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..rounds {
                    if let Some(handle) = open(FILE_WRITE_DATA, FILE_OVERWRITE_IF, "x") {
                        std::fs::write(place.file("x"), "0123456789").unwrap();
                        close(handle);
                    }
                }
            });
            for _ in 0..rounds {
                if let Some(handle) = open(FILE_READ_DATA, FILE_OPEN, "x") {
                    let length = std::fs::metadata(place.file("x")).unwrap().len();
                    close(handle);
                    assert_eq!(length, 10, "emptied under a handle that shares nothing");
                }
            }
        });
        // Who makes a file has it, whoever opens it at the same time.
        let ends = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ends.load(std::sync::atomic::Ordering::Relaxed) {
                    open(FILE_READ_DATA, FILE_OPEN, "made").into_iter().for_each(close);
                }
            });
            for round in 0..rounds {
                let made = open(FILE_WRITE_DATA, FILE_CREATE, "made");
                let exists = place.file("made").exists();
                made.into_iter().for_each(close);
                let _ = std::fs::remove_file(place.file("made"));
                if made.is_none() && exists {
                    ends.store(true, std::sync::atomic::Ordering::Relaxed);
                    panic!("round {round}: it was made, and its maker was refused");
                }
            }
            ends.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }

    /// Looking at the stream of a file on `C:` does not keep it there for ever.
    #[test]
    fn a_look_at_a_stream_pins_nothing() {
        let place = Place::new("pins");
        let free = || place.hostile.sandbox.drive.volume().unwrap().space().unwrap().free;
        let own = |name: &str| format!("\\??\\C:\\{name}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let ask = |name: &str, disposition, access, options| {
            let options = options | FILE_SYNCHRONOUS_IO_NONALERT;
            let request = OpenFile { access, disposition, options, share: 7, ..OpenFile::default() };
            let reply = place.hostile.process.open_file(&request, &own(name))?;
            Ok::<_, NTSTATUS>(reply)
        };
        let handle = |reply: crate::reply::Reply| u32::from_le_bytes(reply.frame.body[..4].try_into().unwrap());
        free();
        let volume = place.hostile.sandbox.drive.volume().unwrap();
        let made = ask("f", FILE_CREATE, FILE_WRITE_DATA, 0).unwrap();
        let bytes = made.descriptors[0].as_ref().unwrap();
        assert_eq!(rustix::io::pwrite(bytes, &[7; 0x10_0000], 0), Ok(0x10_0000));
        let id = volume.metadata(&store::Path::parse(&[0x66]).unwrap(), store::Look::default()).unwrap().id;
        place.hostile.process.close_handle(handle(made)).unwrap();
        assert!(place.hostile.process.query_path(&QueryPath { root: 0 }, &own("f:Zone.Identifier")).is_err());
        assert!(ask("f:Zone.Identifier", FILE_OPEN, FILE_READ_DATA, 0).is_err());
        assert!(ask("f", FILE_CREATE, FILE_READ_DATA, 0).is_err());
        let last = handle(ask("f", FILE_OPEN, DELETE, FILE_DELETE_ON_CLOSE).unwrap());
        place.hostile.process.close_handle(last).unwrap();
        let nothing = rustix::fs::open("/dev/null", OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
        let facts = volume.facts(&store::Path::default(), id, nothing.as_fd());
        assert_eq!(facts.err(), Some(STATUS_OBJECT_NAME_NOT_FOUND), "nobody has it open, and it has no name");
    }

    /// A grant for reading alone inside of one for writing counts under every spelling of its name.
    #[test]
    fn a_grant_counts_under_every_spelling() {
        use crate::namespace::{Inside, Name, Place as Leads, parse};
        use crate::policy::Access;
        let place = Place::new("spelling");
        let sandbox = &place.hostile.sandbox;
        let mut namespace = Namespace::new(Arc::clone(&sandbox.drive), Arc::clone(&sandbox.system));
        namespace.grant(&place.file("."), Access::Write, &sandbox.overlays).unwrap();
        for inner in ["in.", "in ", "a:", "IN"] {
            std::fs::create_dir_all(place.file(inner)).unwrap();
            namespace.grant(&place.file(inner), Access::Read, &sandbox.overlays).unwrap();
        }
        for name in ["in.", "in\u{f02e}", "IN.", "in ", "in\u{f020}", "a\u{f03a}", "In"] {
            let units: Vec<u16> = place.nt_path(name).chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
            let Ok(Name::Drive(path)) = parse(&units) else { panic!("{name:?} is a name") };
            assert!(matches!(namespace.place(&path), Ok(Leads::Volume(Inside { write: false, .. }))), "{name:?} may be written");
            assert!(!namespace.holds_grant(&path));
        }
    }
}
