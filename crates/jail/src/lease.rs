//! Who has a file open, as only the kernel knows it: it grants a lease (fcntl(2)) to nobody while others could break it.

use std::os::fd::{AsRawFd, BorrowedFd};

/// Whether nobody can write a file, by descriptor or by mapping. The descriptor given must be for reading alone. A host that does not
/// tell answers no.
pub fn is_unwritten(file: BorrowedFd<'_>) -> bool {
    would_lease(file, libc::F_RDLCK)
}

/// Whether nobody else has a file open or mapped.
pub fn is_unheld(file: BorrowedFd<'_>) -> bool {
    would_lease(file, libc::F_WRLCK)
}

/// fcntl.h's, which the C library's bindings lack.
const F_SETSIG: libc::c_int = 10;

/// Takes a lease and gives it back.
fn would_lease(file: BorrowedFd<'_>, kind: libc::c_int) -> bool {
    // Whoever opens the file in between sends this signal, which nobody minds; SIGIO would end the process.
    // SAFETY: calls on a descriptor that is open, with numbers alone.
    let quiet = unsafe { libc::fcntl(file.as_raw_fd(), F_SETSIG, libc::SIGURG) } == 0;
    // SAFETY: as above.
    let granted = quiet && unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) } == 0;
    if granted {
        // SAFETY: as above.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK) };
    }
    granted
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};
    use std::os::fd::AsFd;

    #[test]
    fn open_descriptors_and_mappings_are_seen() {
        let path = std::env::temp_dir().join(format!("jail-lease-{}", std::process::id()));
        std::fs::write(&path, [0; 4096]).unwrap();
        let reader = File::open(&path).unwrap();
        assert!(is_unwritten(reader.as_fd()) && is_unheld(reader.as_fd()));
        let other = File::open(&path).unwrap();
        assert!(is_unwritten(reader.as_fd()) && !is_unheld(reader.as_fd()));
        drop(other);
        let writer = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert!(!is_unwritten(reader.as_fd()) && !is_unheld(reader.as_fd()));
        // SAFETY: a new mapping of a file of this test's own.
        let view = unsafe {
            let (access, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
            libc::mmap(std::ptr::null_mut(), 4096, access, shared, writer.as_raw_fd(), 0)
        };
        assert_ne!(view, libc::MAP_FAILED);
        drop(writer);
        assert!(!is_unwritten(reader.as_fd()), "a view outlives its descriptor");
        // SAFETY: the mapping made above, which nothing refers to.
        unsafe { libc::munmap(view, 4096) };
        assert!(is_unwritten(reader.as_fd()) && is_unheld(reader.as_fd()));
        std::fs::remove_file(path).unwrap();
    }
}
