//! `C:`: the sandbox's own objects. The drive is opened when a program first looks at it, and nothing is read before.

use rustix::fs::{Mode, OFlags, open};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Create, How, Leases, Limits, Look, Objects, Path, Principal, User, Volume};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_IO_DEVICE_ERROR};

/// The name of the user, as programs see it: the host's says nothing to them.
pub use gate::names::USER;

/// The folders that programs expect: those of Windows' known folders that a user has from the start, each with the ones on its way.
const FOLDERS: &[&str] = &[
    "Program Files\\Common Files",
    "Program Files (x86)\\Common Files",
    "ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup",
    "Users\\Default",
    "Users\\Public\\Desktop",
    "Users\\Public\\Documents",
    "Users\\Public\\Downloads",
    "Users\\Public\\Music",
    "Users\\Public\\Pictures",
    "Users\\Public\\Videos",
    "Users\\user\\AppData\\Local\\Microsoft\\Windows\\INetCache",
    "Users\\user\\AppData\\Local\\Temp",
    "Users\\user\\AppData\\LocalLow",
    "Users\\user\\AppData\\Roaming\\Microsoft\\Windows\\Recent",
    "Users\\user\\AppData\\Roaming\\Microsoft\\Windows\\SendTo",
    "Users\\user\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup",
    "Users\\user\\AppData\\Roaming\\Microsoft\\Windows\\Templates",
    "Users\\user\\Contacts",
    "Users\\user\\Desktop",
    "Users\\user\\Documents",
    "Users\\user\\Downloads",
    "Users\\user\\Favorites",
    "Users\\user\\Links",
    "Users\\user\\Music",
    "Users\\user\\Pictures",
    "Users\\user\\Saved Games",
    "Users\\user\\Searches",
    "Users\\user\\Videos",
    "Windows\\Fonts",
    "Windows\\SysWOW64",
    "Windows\\System32",
    "Windows\\Temp",
];

/// Whether a folder is one that every drive has.
pub fn is_standard_folder(path: &Path) -> bool {
    let standard = |folder: &str| folder.encode_utf16().collect::<Vec<_>>();
    FOLDERS.iter().any(|folder| Path::parse(&standard(folder)).is_some_and(|folder| folder.below(path).is_some()))
}

/// Where a drive lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a folder that goes with the sandbox, and may take so much.
    Temporary(PathBuf, Limits),
    /// In the folder of a sandbox that has a name.
    Kept(Kept),
}

/// Where the state of a named sandbox lies.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The sandbox's name.
    pub label: String,
    /// The sandbox's folder: its objects and its key.
    pub folder: PathBuf,
    /// The file with the user's key.
    pub user: PathBuf,
    /// A folder of the host that was the drive before there were objects; it is taken over once.
    pub before: PathBuf,
    /// How much its objects may take.
    pub limits: Limits,
}

impl Kept {
    /// Where the objects lie.
    pub fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    /// Where what it has changed in folders of the host lies.
    pub fn overlays(&self) -> PathBuf {
        self.folder.join(store::overlays::FOLDER)
    }

    /// Where the registry lies.
    pub fn registry(&self) -> PathBuf {
        self.folder.join("registry")
    }

    /// Where the sandbox's key lies.
    pub fn principal(&self) -> PathBuf {
        self.folder.join("principal")
    }

    /// The sandbox's key, made where there is none, under the user's.
    pub fn keys(&self) -> std::io::Result<Principal> {
        if let Some(principal) = Principal::open(&self.principal())? {
            return Ok(principal);
        }
        let principal = User::open_or_make(&self.user)?.principal(&self.label, crate::audit::now())?;
        match principal.write(&self.principal()) {
            // Objects and registry are opened each for itself: the other one has just made it.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Principal::open(&self.principal())?.ok_or(error),
            done => done.map(|()| principal),
        }
    }

    /// Opens the objects.
    fn open(&self) -> Result<Objects, (NTSTATUS, String)> {
        let principal = self.keys().map_err(|error| (STATUS_IO_DEVICE_ERROR, format!("the sandbox's key: {error}")))?;
        let objects =
            Objects::open(&self.objects(), principal, Box::new(Kernel), self.limits).map_err(|error| (error.status(), error.to_string()))?;
        if let Ok(before) = open(&self.before, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            objects.import(before.as_fd()).map_err(|code| (code, format!("{} could not be taken over", self.before.display())))?;
            std::fs::remove_dir_all(&self.before).map_err(|error| (STATUS_IO_DEVICE_ERROR, format!("{}: {error}", self.before.display())))?;
        }
        Ok(objects)
    }
}

/// Leases of the kernel.
pub struct Kernel;

impl Leases for Kernel {
    fn is_unwritten(&self, file: BorrowedFd<'_>) -> bool {
        jail::is_unwritten(file)
    }

    fn is_unheld(&self, file: BorrowedFd<'_>) -> bool {
        jail::is_unheld(file)
    }
}

/// A drive that is opened when it is first used.
pub struct Drive {
    place: Place,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: Option<Result<Arc<Objects>, NTSTATUS>>,
    /// What the audit must tell of it.
    wrong: Vec<String>,
}

impl Drive {
    /// A drive that lies in a place.
    pub fn new(place: Place) -> Self {
        Self { place, state: Mutex::default() }
    }

    /// The drive's volume.
    pub fn volume(&self) -> Result<Arc<dyn Volume>, NTSTATUS> {
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = state.opened.get_or_insert_with(|| {
            let opened = match &self.place {
                Place::Temporary(folder, limits) => {
                    Objects::temporary(folder, Box::new(Kernel), *limits).map_err(|error| (error.status(), error.to_string()))
                }
                Place::Kept(kept) => kept.open(),
            };
            let made = opened.and_then(|objects| {
                state.wrong.extend(objects.damage().iter().map(ToString::to_string));
                make_folders(&objects).map_err(|code| (code, "the folders of the drive could not be made".into()))?;
                Ok(Arc::new(objects))
            });
            made.map_err(|(code, sentence)| {
                state.wrong.push(sentence);
                code
            })
        });
        opened.clone().map(|objects| objects as Arc<dyn Volume>)
    }

    /// What the audit must tell of the drive.
    pub fn wrong(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).wrong.clone()
    }

    /// No process is left: what does not outlive the sandbox is deleted, what does is published.
    pub fn finish(&self) {
        let opened = self.state.lock().unwrap_or_else(PoisonError::into_inner).opened.take();
        let Some(Ok(objects)) = opened else { return };
        match &self.place {
            Place::Temporary(folder, _) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Place::Kept(_) => objects.finish(),
        }
    }
}

fn make_folders(volume: &Objects) -> Result<(), NTSTATUS> {
    let how =
        How { read: false, write: false, append: false, through: false, create: Create::OpenOrNew, folder: Some(true), link: false, attributes: 0 };
    let mut before: Vec<&str> = Vec::new();
    for folder in FOLDERS {
        let mut path = Path::default();
        let names: Vec<&str> = folder.split('\\').collect();
        // Those that lie beside each other share the way, and most are there from the first time on.
        let shared = names.iter().zip(&before).take_while(|(name, other)| name == other).count();
        for (index, name) in names.iter().enumerate() {
            path.push(&name.encode_utf16().collect::<Vec<_>>());
            if index >= shared && volume.metadata(&path, Look::default()).is_err() {
                volume.released(volume.open(&path, &how)?.metadata.id);
            }
        }
        before = names;
    }
    Ok(())
}
