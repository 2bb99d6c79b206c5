//! What an NT path leads to: a drive, a device, nothing.
//!
//! `C:` is the sandbox's own, but for the system's folder, which nobody changes. `Z:` is the host's tree, in which only
//! granted folders exist, and the folders that lead to them. Where grants lie inside each other, the innermost counts. Further drives show a part of `Z:`, by the same rules.

use crate::drive::Drive;
pub use crate::inside::{DrivePath, Inside};
use crate::overlay::Overlays;
use crate::policy::Access;
use crate::system::SystemFolder;
use rustix::fs::{Mode, OFlags, open};
use std::path::{Path as HostPath, PathBuf};
use std::sync::Arc;
use store::{Folder, Look, Path, Volume};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_BAD_NETWORK_PATH, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
    STATUS_OBJECT_PATH_SYNTAX_BAD,
};

const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;

/// An NT path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A path on a drive.
    Drive(DrivePath),
    /// The stream `Zone.Identifier` of a file on a drive.
    Stream(DrivePath),
    /// The null device.
    Null,
    /// The console's input.
    ConsoleInput,
    /// The console's output.
    ConsoleOutput,
    /// The device that sockets are polled through.
    Sockets,
    /// A pipe of the sandbox, or the directory of their names where none is said.
    Pipe(Vec<u16>),
}

/// Takes an NT path apart. `.` and `..` are no names there: `ntdll` has worked them out, or the program means to hide.
pub fn parse(path: &[u16]) -> Result<Name, NTSTATUS> {
    // Whatever follows the device's name is its opener's own (mio's, Go's).
    if strip(path, "\\Device\\Afd").is_some_and(|rest| matches!(rest, [] | [BACKSLASH, ..])) {
        return Ok(Name::Sockets);
    }
    if let Some(rest) = strip(path, "\\Device\\NamedPipe")
        && let Some(name) = device_tail(rest)
    {
        return Ok(Name::Pipe(name.to_vec()));
    }
    let rest = strip(path, "\\??\\").or_else(|| strip(path, "\\DosDevices\\")).or_else(|| strip(path, "\\GLOBAL??\\"));
    let rest = rest.ok_or(STATUS_OBJECT_PATH_SYNTAX_BAD)?;
    if let Some(&[letter, COLON, ref tail @ ..]) = rest.get(..) {
        let letter = u8::try_from(letter).ok().filter(u8::is_ascii_alphabetic).ok_or(STATUS_OBJECT_NAME_INVALID)?.to_ascii_uppercase();
        return match tail {
            // The bare drive is the device itself.
            [] => Err(STATUS_ACCESS_DENIED),
            [BACKSLASH, path @ ..] => on_drive(letter, path),
            _ => Err(STATUS_OBJECT_NAME_INVALID),
        };
    }
    if let Some((letter, tail)) = own_name(rest) {
        return match tail {
            // The bare volume is the device itself.
            [] => Err(STATUS_ACCESS_DENIED),
            [_, path @ ..] => on_drive(letter, path),
        };
    }
    let is = |name: &str| strip(rest, name).is_some_and(<[u16]>::is_empty);
    if is("NUL") {
        return Ok(Name::Null);
    }
    if is("CONIN$") || is("CON") {
        return Ok(Name::ConsoleInput);
    }
    if is("CONOUT$") {
        return Ok(Name::ConsoleOutput);
    }
    if let Some(name) = strip(rest, "pipe").and_then(device_tail) {
        return Ok(Name::Pipe(name.to_vec()));
    }
    if strip(rest, "UNC\\").is_some() {
        return Err(STATUS_BAD_NETWORK_PATH);
    }
    // Devices are never there for a sandbox (the seed's table): refused, not absent.
    Err(STATUS_ACCESS_DENIED)
}

/// What follows a device's name and a backslash: nothing, for the device itself.
fn device_tail(rest: &[u16]) -> Option<&[u16]> {
    match rest {
        [] => Some(rest),
        [BACKSLASH, name @ ..] => Some(name),
        _ => None,
    }
}

/// The letter of the drive whose volume is called by its own name, and what follows that, with its backslash.
fn own_name(path: &[u16]) -> Option<(u8, &[u16])> {
    let brace = path.iter().take(64).position(|unit| *unit == u16::from(b'}'))?;
    let (name, tail) = path.split_at(brace + 1);
    let letter = gate::file::volume_letter(&String::from_utf16_lossy(name))?;
    matches!(tail, [] | [BACKSLASH, ..]).then_some((letter, tail))
}

/// What a path on a drive leads to: behind a colon stands a stream. There is the file's own, which has no name, and where
/// the file came from; volumes with others are not offered, and their names are none.
fn on_drive(letter: u8, path: &[u16]) -> Result<Name, NTSTATUS> {
    let last = path.iter().rposition(|unit| *unit == BACKSLASH).map_or(0, |at| at + 1);
    let Some(colon) = path[last..].iter().position(|unit| *unit == COLON).filter(|colon| *colon > 0) else {
        return drive_path(letter, path).map(Name::Drive);
    };
    let (file, stream) = path.split_at(last + colon);
    let file = drive_path(letter, file)?;
    let stream = String::from_utf16_lossy(&stream[1..]);
    let (name, kind) = match stream.split_once(':') {
        Some((name, kind)) => (name, kind),
        None if stream.is_empty() => return Err(STATUS_OBJECT_NAME_INVALID),
        None => (stream.as_str(), "$DATA"),
    };
    match name {
        _ if !kind.eq_ignore_ascii_case("$DATA") => Err(STATUS_OBJECT_NAME_INVALID),
        "" => Ok(Name::Drive(file)),
        name if name.eq_ignore_ascii_case("Zone.Identifier") => Ok(Name::Stream(file)),
        _ => Err(STATUS_OBJECT_NAME_INVALID),
    }
}

fn drive_path(letter: u8, path: &[u16]) -> Result<DrivePath, NTSTATUS> {
    let folder = path.last() == Some(&BACKSLASH);
    let path = Path::parse(path.strip_suffix(&[BACKSLASH]).unwrap_or(path)).ok_or(STATUS_OBJECT_NAME_INVALID)?;
    // A grant counts by its name: on the host's tree, every spelling of a name must be the one that the grant has.
    let is_canonical = letter == b'C' || path.names().all(store::is_plain);
    let path = if is_canonical { path } else { path.names().map(store::canonical).collect::<Option<_>>().ok_or(STATUS_OBJECT_NAME_INVALID)? };
    Ok(DrivePath { letter, path, folder })
}

/// What follows a prefix of ASCII letters, in whatever case.
pub fn strip<'a>(path: &'a [u16], prefix: &str) -> Option<&'a [u16]> {
    let (head, tail) = path.split_at_checked(prefix.len())?;
    let same = |(unit, wanted): (&u16, u8)| u8::try_from(*unit).is_ok_and(|unit| unit.eq_ignore_ascii_case(&wanted));
    head.iter().zip(prefix.bytes()).all(same).then_some(tail)
}

/// Where a drive path leads.
pub enum Place {
    /// Into a volume.
    Volume(Inside),
    /// To a folder that is there because it leads to a grant: its entries, each a folder.
    Way(Vec<Vec<u16>>),
}

/// A folder of the host on a drive.
struct Mount {
    letter: u8,
    path: Arc<Path>,
    /// Where it lies on `Z:`, whichever drive shows it.
    base: Arc<Path>,
    volume: Arc<dyn Volume>,
    /// The folder itself, where it is shown as it is.
    folder: Option<Arc<Folder>>,
    write: bool,
}

impl Mount {
    fn new(letter: u8, path: Path, folder: Folder, write: bool) -> Self {
        let folder = Arc::new(folder);
        let path = Arc::new(path);
        Self { letter, base: Arc::clone(&path), path, volume: Arc::clone(&folder) as Arc<dyn Volume>, folder: Some(folder), write }
    }

    fn is_overlay(&self) -> bool {
        self.folder.is_none()
    }
}

/// The drives, as one run sees them.
pub struct Namespace {
    drive: Arc<Drive>,
    system: Arc<[SystemFolder]>,
    mounts: Vec<Mount>,
}

impl Namespace {
    /// Drives without any grant.
    pub fn new(drive: Arc<Drive>, system: Arc<[SystemFolder]>) -> Self {
        Self { drive, system, mounts: Vec::new() }
    }

    /// Shows a folder of the host, with the sandbox's own changes above it where that is how it is granted. The error is one sentence.
    pub fn grant(&mut self, folder: &HostPath, access: Access, overlays: &Overlays) -> Result<PathBuf, String> {
        let write = access.changes();
        let show = folder.display();
        let folder = folder.canonicalize().map_err(|error| format!("{show} cannot be granted: {}", plain(&error)))?;
        let root = open(&folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| format!("{show} cannot be granted: {}", plain(&error.into())))?;
        let path = path_of(&folder).ok_or_else(|| format!("{show} cannot be granted: Windows has no way to say its name"))?;
        let same_place = |mount: &Mount| mount.letter == b'Z' && *mount.path == path;
        let known = self.mounts.iter().position(same_place);
        // Granted twice: the wider grant counts.
        if known.is_none_or(|known| access == Access::Write || write && !self.mounts[known].write) {
            let mount = match access {
                Access::Overlay => {
                    let volume = overlays.volume(&folder, root).map_err(|error| format!("{show} cannot be granted: {error}"))?;
                    let path = Arc::new(path);
                    Mount { letter: b'Z', base: Arc::clone(&path), path, volume, folder: None, write }
                }
                Access::Read | Access::Write => Mount::new(b'Z', path, Folder::new(root), write),
            };
            match known {
                Some(known) => self.mounts[known] = mount,
                None => self.mounts.push(mount),
            }
        }
        self.confine();
        Ok(folder)
    }

    /// Shows a folder that is granted, and what is granted below it, as a drive of its own. The error is one sentence.
    pub fn show_drive(&mut self, letter: u8, folder: &HostPath) -> Result<(), String> {
        let (show, drive) = (folder.display(), char::from(letter));
        let failed = |error: std::io::Error| format!("{show} cannot be shown as {drive}: {}", plain(&error));
        let host = folder.canonicalize().map_err(failed)?;
        let path = path_of(&host).ok_or_else(|| format!("{show} cannot be shown as {drive}: Windows has no way to say its name"))?;
        if self.mounts.iter().any(|mount| mount.letter == letter) {
            return Err(format!("{drive}: can show one folder, and {show} is the second"));
        }
        let Ok(Place::Volume(inside)) = self.place_on_host(&DrivePath { letter: b'Z', path: path.clone(), folder: true }) else {
            return Err(format!("{show} cannot be shown as {drive}: it is not granted; --ro or --rw grants it"));
        };
        let overlay = self.mounts.iter().find(|mount| mount.letter == b'Z' && mount.is_overlay() && Arc::ptr_eq(&mount.volume, &inside.volume));
        let overlay = overlay.map(|mount| {
            let (base, volume) = (Arc::clone(&mount.base), Arc::clone(&mount.volume));
            Mount { letter, path: Arc::default(), base, volume, folder: None, write: true }
        });
        if overlay.is_some() && !inside.path.is_empty() {
            return Err(format!("{show} cannot be shown as {drive}: of a folder that is granted with --overlay only the whole can be shown"));
        }
        let mount = |below: Path, host: &HostPath, write| {
            let root = open(host, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(|error| failed(error.into()))?;
            let base = Arc::new(path.join(&below));
            Ok::<_, String>(Mount { base, ..Mount::new(letter, below, Folder::new(root), write) })
        };
        let mut shown = vec![match overlay {
            Some(overlay) => overlay,
            None => mount(Path::default(), &host, inside.write)?,
        }];
        // Grants that lie inside keep their own rules.
        for inner in self.mounts.iter().filter(|mount| mount.letter == b'Z' && is_above(&path, &mount.path)) {
            let below = inner.path.below(&path).unwrap_or_default();
            if inner.is_overlay() {
                let (base, volume) = (Arc::clone(&inner.base), Arc::clone(&inner.volume));
                shown.push(Mount { letter, path: Arc::new(below), base, volume, folder: None, write: inner.write });
                continue;
            }
            let names = below.names().map(store::unescaped).collect::<PathBuf>();
            shown.push(mount(below, &host.join(names), inner.write)?);
        }
        self.mounts.append(&mut shown);
        self.confine();
        Ok(())
    }

    /// Shows a program and the DLLs beside it, for reading alone. Answers the program's path on `Z:`.
    pub fn show_program(&mut self, program: &HostPath) -> Option<Vec<u16>> {
        let (folder, name) = (program.parent()?, program.file_name()?.to_str()?.to_owned());
        let holder = path_of(folder)?;
        let mut path = holder.clone();
        path.push(&name.encode_utf16().collect::<Vec<_>>());
        let path = DrivePath { letter: b'Z', path, folder: false };
        if !self.mounts.iter().any(|mount| mount.letter == b'Z' && holder.below(&mount.path).is_some()) {
            let root = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
            let is_dll = |name: &str| name.len() > 4 && name.is_char_boundary(name.len() - 4) && name[name.len() - 4..].eq_ignore_ascii_case(".dll");
            let visible = move |entry: &str| entry == name || is_dll(entry);
            self.mounts.push(Mount::new(b'Z', holder, Folder::filtered(root, Box::new(visible)), false));
            self.confine();
        }
        Some(path.to_nt()[4..].to_vec())
    }

    /// Where a grant lies inside another, a link of the outer one may lead into the inner one, whose rules count there.
    fn confine(&self) {
        let holds_another = |mount: &&Mount| self.mounts.iter().any(|other| mount.letter == other.letter && is_above(&mount.path, &other.path));
        self.mounts.iter().filter(holds_another).filter_map(|mount| mount.folder.as_ref()).for_each(|folder| folder.confine());
    }

    /// Whether a grant lies below a folder: under another name of the folder, the grant's rules would not count.
    pub fn holds_grant(&self, folder: &DrivePath) -> bool {
        let system = folder.letter == b'C' && self.system.iter().any(|system| is_above(&folder.path, &system.path));
        system || self.mounts.iter().any(|mount| mount.letter == folder.letter && is_above(&folder.path, &mount.path))
    }

    /// Whether a path is a folder that is there.
    pub fn shows_folder(&self, path: &DrivePath) -> bool {
        match self.place(path) {
            Ok(Place::Volume(inside)) => inside.volume.metadata(&inside.path, Look::default()).is_ok_and(|metadata| metadata.folder),
            Ok(Place::Way(_)) | Err(_) => false,
        }
    }

    /// The drives there are, as bits from A: on.
    pub fn drives(&self) -> u32 {
        [b'C', b'Z'].into_iter().chain(self.mounts.iter().map(|mount| mount.letter)).fold(0, |bits, letter| bits | 1 << (letter - b'A'))
    }

    /// Where a path leads. What no grant reaches does not exist.
    pub fn place(&self, path: &DrivePath) -> Result<Place, NTSTATUS> {
        match path.letter {
            b'C' if let Some((system, below)) = self.system.iter().find_map(|system| Some((system, path.path.below(&system.path)?))) => {
                let (volume, mount) = (system.volume()?, Arc::clone(&system.path));
                Ok(Place::Volume(Inside { volume, path: below, base: Arc::clone(&mount), mount, write: false, letter: b'C' }))
            }
            b'C' => {
                let (volume, mount) = (self.drive.volume()?, Arc::<Path>::default());
                Ok(Place::Volume(Inside { volume, path: path.path.clone(), base: Arc::clone(&mount), mount, write: true, letter: b'C' }))
            }
            b'Z' => self.place_on_host(path),
            letter if self.mounts.iter().any(|mount| mount.letter == letter) => self.place_on_host(path),
            _ => Err(STATUS_OBJECT_PATH_NOT_FOUND),
        }
    }

    /// Where a link leads that leads out of its volume: somewhere on the host's tree, granted or not.
    pub fn follow(&self, inside: &Inside) -> Result<DrivePath, NTSTATUS> {
        let (target, behind) = inside.volume.leads(&inside.path).filter(|_| inside.letter != b'C').ok_or(STATUS_ACCESS_DENIED)?;
        let target = path_of(&target).ok_or(STATUS_ACCESS_DENIED)?;
        let path = target.names().chain(inside.path.names().skip(inside.path.count() - behind)).collect();
        Ok(DrivePath { letter: b'Z', path, folder: false })
    }

    fn place_on_host(&self, path: &DrivePath) -> Result<Place, NTSTATUS> {
        let (letter, path) = (path.letter, &path.path);
        let mounts = || self.mounts.iter().filter(move |mount| mount.letter == letter);
        let holding = mounts().filter_map(|mount| Some((mount, path.below(&mount.path)?)));
        if let Some((mount, path)) = holding.max_by_key(|(mount, _)| mount.path.units().len()) {
            let (volume, leading) = (Arc::clone(&mount.volume), Arc::clone(&mount.path));
            return Ok(Place::Volume(Inside { volume, path, mount: leading, write: mount.write, letter, base: Arc::clone(&mount.base) }));
        }
        let mut next: Vec<Vec<u16>> = Vec::new();
        for below in mounts().filter_map(|mount| mount.path.below(path)) {
            let name = below.names().next().unwrap_or_default().to_vec();
            if !next.contains(&name) {
                next.push(name);
            }
        }
        if !next.is_empty() || path.is_empty() {
            next.sort();
            return Ok(Place::Way(next));
        }
        // As far as the way goes, the last name is missing; farther on, the path is.
        let mut parent = path.clone();
        parent.pop();
        let reached = mounts().any(|mount| mount.path.below(&parent).is_some()) || parent.is_empty();
        Err(if reached { STATUS_OBJECT_NAME_NOT_FOUND } else { STATUS_OBJECT_PATH_NOT_FOUND })
    }
}

/// A path of the host under `Z:`; `None` where Windows cannot say one of its names.
pub fn path_of(folder: &HostPath) -> Option<Path> {
    use std::path::Component;
    folder
        .components()
        .filter(|component| !matches!(component, Component::RootDir))
        .map(|component| store::from_host(component.as_os_str().as_encoded_bytes()))
        .collect()
}

/// Whether a folder lies above a path, and is not that path.
fn is_above(folder: &Path, path: &Path) -> bool {
    path.below(folder).is_some_and(|below| !below.is_empty())
}

/// A host error in plain words.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".into(),
        std::io::ErrorKind::PermissionDenied => "you may not open it".into(),
        std::io::ErrorKind::NotADirectory => "it is no folder".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn names_are_taken_apart() {
        let Ok(Name::Drive(path)) = parse(&wide("\\??\\z:\\home\\a\\")) else { panic!("that is a drive path") };
        assert_eq!((path.letter, path.path, path.folder), (b'Z', [wide("home"), wide("a")].iter().collect(), true));
        let Ok(Name::Drive(path)) = parse(&wide("\\??\\Volume{77696e63-6f6d-7061-7400-00000000005a}\\a")) else { panic!("that is one too") };
        assert_eq!((path.letter, path.path, path.folder), (b'Z', [wide("a")].iter().collect(), false));
        assert_eq!(parse(&wide("\\??\\nul")), Ok(Name::Null));
        assert_eq!(parse(&wide("\\??\\CONOUT$")), Ok(Name::ConsoleOutput));
        assert_eq!(parse(&wide("\\Device\\Afd")), Ok(Name::Sockets));
        assert_eq!(parse(&wide("\\device\\afd\\Mio")), Ok(Name::Sockets));
    }

    #[test]
    fn behind_a_colon_stands_a_stream() {
        let file = |folder| DrivePath { letter: b'Z', path: [wide("a"), wide("b")].iter().collect(), folder };
        for (text, name) in [
            ("b::$DATA", Ok(Name::Drive(file(false)))),
            ("b::$data", Ok(Name::Drive(file(false)))),
            ("b:zone.identifier", Ok(Name::Stream(file(false)))),
            ("b:Zone.Identifier:$DATA", Ok(Name::Stream(file(false)))),
            ("b:", Err(STATUS_OBJECT_NAME_INVALID)),
            ("b:other", Err(STATUS_OBJECT_NAME_INVALID)),
            ("b::$INDEX_ALLOCATION", Err(STATUS_OBJECT_NAME_INVALID)),
            (":Zone.Identifier", Err(STATUS_OBJECT_NAME_INVALID)),
            ("b:Zone.Identifier\\c", Err(STATUS_OBJECT_NAME_INVALID)),
        ] {
            assert_eq!(parse(&wide(&format!("\\??\\Z:\\a\\{text}"))), name, "{text}");
        }
    }

    #[test]
    fn pipes_have_a_directory_of_their_own() {
        for (path, name) in [("\\??\\pipe\\", ""), ("\\??\\PIPE\\a\\b:c", "a\\b:c"), ("\\Device\\NamedPipe\\x", "x"), ("\\Device\\NamedPipe", "")] {
            assert_eq!(parse(&wide(path)), Ok(Name::Pipe(wide(name))), "{path}");
        }
    }

    #[test]
    fn what_is_no_file_of_the_sandbox_is_refused() {
        for (path, status) in [
            ("C:\\x", STATUS_OBJECT_PATH_SYNTAX_BAD),
            ("\\Device\\HarddiskVolume1\\x", STATUS_OBJECT_PATH_SYNTAX_BAD),
            ("\\Device\\Afdx", STATUS_OBJECT_PATH_SYNTAX_BAD),
            ("\\??\\Device\\Afd", STATUS_ACCESS_DENIED),
            ("\\??\\PhysicalDrive0", STATUS_ACCESS_DENIED),
            ("\\??\\C:", STATUS_ACCESS_DENIED),
            ("\\??\\Volume{77696e63-6f6d-7061-7400-000000000043}", STATUS_ACCESS_DENIED),
            ("\\??\\Volume{00000000-0000-0000-0000-000000000043}\\", STATUS_ACCESS_DENIED),
            ("\\??\\pipes\\x", STATUS_ACCESS_DENIED),
            ("\\??\\UNC\\server\\share", STATUS_BAD_NETWORK_PATH),
            ("\\??\\UNC\\server\\pipe\\x", STATUS_BAD_NETWORK_PATH),
            ("\\??\\Z:\\a\\..\\b", STATUS_OBJECT_NAME_INVALID),
            ("\\??\\Z:\\a\\.\\b", STATUS_OBJECT_NAME_INVALID),
            ("\\??\\Z:\\a\\\\b", STATUS_OBJECT_NAME_INVALID),
            ("\\??\\Z:\\a/b", STATUS_OBJECT_NAME_INVALID),
            ("\\??\\Z:\\a\0b", STATUS_OBJECT_NAME_INVALID),
            ("\\??\\\u{e9}:\\a", STATUS_OBJECT_NAME_INVALID),
            ("", STATUS_OBJECT_PATH_SYNTAX_BAD),
        ] {
            assert_eq!(parse(&wide(path)), Err(status), "{path}");
        }
    }
}
