//! The one stream that is kept beside a file's bytes: where the file came from (`Zone.Identifier`). It stands in an extended
//! attribute, in the form that Samba gave it: with a NUL at its end.

use crate::error::status;
use crate::kept::place;
use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr, getxattr, removexattr, setxattr};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_DISK_FULL, STATUS_OBJECT_NAME_INVALID};

const NAME: &str = "user.DosStream.Zone.Identifier:$DATA";
/// The most that the host keeps in an attribute.
const MOST: usize = 0x1_0000;

/// The stream's content; `None` where the file has none.
pub fn get(file: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, NTSTATUS> {
    let mut buffer = vec![0; MOST];
    // What only is a place cannot be asked itself.
    let read = match fgetxattr(file, NAME, &mut buffer[..]) {
        Err(Errno::BADF) => getxattr(place(file), NAME, &mut buffer[..]),
        read => read,
    };
    match read {
        Ok(length) => {
            buffer.truncate(length.saturating_sub(1));
            Ok(Some(buffer))
        }
        // Where the host keeps no attributes, no file has one.
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(status(error)),
    }
}

/// Keeps the stream, or takes it away.
pub fn set(file: BorrowedFd<'_>, content: Option<&[u8]>) -> Result<(), NTSTATUS> {
    let done = match content {
        Some(content) => {
            let content = [content, &[0]].concat();
            match fsetxattr(file, NAME, &content, XattrFlags::empty()) {
                Err(Errno::BADF) => setxattr(place(file), NAME, &content, XattrFlags::empty()),
                done => done,
            }
        }
        None => match fremovexattr(file, NAME) {
            Err(Errno::BADF) => removexattr(place(file), NAME),
            done => done,
        },
    };
    match done {
        Err(Errno::NODATA) => Ok(()),
        // As on a volume without streams.
        Err(Errno::OPNOTSUPP) => Err(STATUS_OBJECT_NAME_INVALID),
        Err(Errno::NOSPC | Errno::TOOBIG | Errno::RANGE | Errno::DQUOT) => Err(STATUS_DISK_FULL),
        done => done.map_err(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_stream_is_kept_and_taken_away() {
        let path = std::env::temp_dir().join(format!("store-zone-{}", std::process::id()));
        let file = std::fs::File::create(&path).unwrap();
        // A host that keeps no attributes says so, and nothing is kept.
        let kept = set(file.as_fd(), Some(b"[ZoneTransfer]\r\n"));
        if kept == Ok(()) {
            assert_eq!(get(file.as_fd()), Ok(Some(b"[ZoneTransfer]\r\n".to_vec())));
            set(file.as_fd(), Some(b"")).unwrap();
            assert_eq!(get(file.as_fd()), Ok(Some(Vec::new())));
            assert_eq!(set(file.as_fd(), Some(&[1; MOST])), Err(STATUS_DISK_FULL));
        } else {
            assert_eq!(kept, Err(STATUS_OBJECT_NAME_INVALID));
        }
        assert_eq!((set(file.as_fd(), None), get(file.as_fd())), (Ok(()), Ok(None)));
        std::fs::remove_file(&path).unwrap();
    }
}
