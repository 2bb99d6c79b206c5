//! `C:\Windows\System32` and `SysWOW64`: the system DLLs of either bitness as files, for programs that list, read or look at them. They are written beside the
//! system file when a program of this version first looks there, and nobody changes them.

use gate::system::{Header, STUBS, Tables};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::pread;
use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use store::{Folder, Volume, status};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_IO_DEVICE_ERROR};
use zerocopy::{FromBytes, IntoBytes};

/// More than any DLL of a system file takes.
const LARGEST: usize = 1 << 28;

/// The folder of 64-bit DLLs.
pub const WIDE: &str = "System32";
/// That of 32-bit DLLs.
pub const NARROW: &str = "SysWOW64";

/// One of the folders, which is filled when it is first used.
pub struct SystemFolder {
    /// Where it lies on `C:`.
    pub path: Arc<store::Path>,
    folder: PathBuf,
    system: OwnedFd,
    volume: Mutex<Option<Arc<dyn Volume>>>,
}

impl SystemFolder {
    /// The folder of this name in a version's, with its system file.
    pub fn new(version: &Path, name: &str, system: OwnedFd) -> Self {
        let path = ["Windows", name].into_iter().map(|name| name.encode_utf16().collect::<Vec<_>>()).collect();
        Self { path: Arc::new(path), folder: version.join(name), system, volume: Mutex::new(None) }
    }

    /// What lies in it.
    pub fn volume(&self) -> std::result::Result<Arc<dyn Volume>, NTSTATUS> {
        let mut volume = self.volume.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(volume) = &*volume {
            return Ok(Arc::clone(volume));
        }
        if !self.folder.is_dir() {
            write_all(self.system.as_fd(), &self.folder).map_err(|_| STATUS_IO_DEVICE_ERROR)?;
        }
        let root = open(&self.folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(status)?;
        let made: Arc<dyn Volume> = Arc::new(Folder::new(root));
        *volume = Some(Arc::clone(&made));
        Ok(made)
    }
}

/// Reads a piece of the system file.
fn read(system: BorrowedFd<'_>, at: u64, mut buffer: &mut [u8]) -> Result<()> {
    let mut at = at;
    while !buffer.is_empty() {
        match pread(system, &mut *buffer, at)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            done => {
                at += done as u64;
                buffer = &mut buffer[done..];
            }
        }
    }
    Ok(())
}

/// Writes the DLLs of a system file. They appear all at once, whoever else does the same meanwhile.
fn write_all(system: BorrowedFd<'_>, folder: &Path) -> Result<()> {
    let damaged = || Error::from(ErrorKind::InvalidData);
    let mut header = [0; size_of::<Header>()];
    read(system, 0, &mut header)?;
    let size = Header::read_from_bytes(&header).map_err(|_| damaged())?.head as usize;
    // The tables are read in place, and want their alignment.
    let mut head = vec![0_u64; size.min(LARGEST).div_ceil(8)];
    read(system, 0, &mut head.as_mut_bytes()[..size.min(LARGEST)])?;
    let tables = Tables::read(head.as_bytes()).ok_or_else(damaged)?;
    let fresh = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&fresh)?;
    for entry in tables.entries.iter().filter(|entry| entry.name() != STUBS) {
        let name = std::str::from_utf8(entry.name()).ok().filter(|name| !name.contains('/')).ok_or_else(damaged)?;
        let mut file = File::create(fresh.join(name))?;
        // In the file the sections lie as in memory: the section table of a laid out image says so.
        for segment in tables.segments(entry).iter().filter(|segment| segment.file != 0) {
            let mut bytes = vec![0; (segment.size as usize).min(LARGEST)];
            read(system, segment.file.into(), &mut bytes)?;
            file.write_all_at(&bytes, segment.rva.into())?;
        }
        file.set_len(entry.size.into())?;
        file.flush()?;
    }
    let renamed = std::fs::rename(&fresh, folder);
    if renamed.is_err() {
        let _ = std::fs::remove_dir_all(&fresh);
    }
    if folder.is_dir() { Ok(()) } else { renamed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::system::{Entry, MAGIC, NAME, Segment, VERSION};
    use store::{Look, Pattern};

    /// A system file of two DLLs, one of which ends in zeroes, beside the table of stubs.
    fn system(path: &Path) -> File {
        let name = |text: &[u8]| {
            let mut name = [0; NAME];
            name[..text.len()].copy_from_slice(text);
            name
        };
        let entry = |text: &[u8], size, segments| Entry { name: name(text), base: 0, size, segments, flags: 0 };
        let entries = [entry(b"a.dll", 0x2000, [0, 2]), entry(b"b.dll", 0x1000, [2, 1]), entry(STUBS, 0x1000, [3, 1])];
        let segment = |rva, size, file| Segment { rva, size, file, protect: 2 };
        let segments = [segment(0, 0x1000, 0x1000), segment(0x1000, 0x1000, 0), segment(0, 0x1000, 0x2000), segment(0, 0x1000, 0x3000)];
        let header = Header { magic: MAGIC, version: VERSION, entries: 3, segments: 4, head: 0x1000 };
        let mut bytes = [header.as_bytes(), entries.as_bytes(), segments.as_bytes()].concat();
        bytes.resize(0x1000, 0);
        for byte in 1..=3 {
            bytes.extend([byte; 0x1000]);
        }
        std::fs::write(path, bytes).unwrap();
        File::open(path).unwrap()
    }

    #[test]
    fn the_dlls_of_a_system_file_become_files() {
        let folder = std::env::temp_dir().join(format!("broker-system-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = system(&folder.join("system64"));
        for _ in 0..2 {
            let volume = SystemFolder::new(&folder, WIDE, file.try_clone().unwrap().into()).volume().unwrap();
            let names: Vec<_> = volume.list(&store::Path::default(), &Pattern::new(&[])).unwrap().into_iter().map(|entry| entry.name).collect();
            assert_eq!(names, ["a.dll", "b.dll"].map(|name| name.encode_utf16().collect::<Vec<_>>()));
            let path = [names[0].as_slice()].into_iter().collect();
            assert_eq!(volume.metadata(&path, Look::default()).unwrap().size, 0x2000);
        }
        let bytes = std::fs::read(folder.join("System32/a.dll")).unwrap();
        assert_eq!((bytes[0], bytes[0xFFF], bytes[0x1000]), (1, 1, 0));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
