//! A file's content: its hash, and copies of it. Where the host keeps a file with holes, they are neither read nor written; but they
//! are hashed, as the zeroes that they stand for, and a file with too many of them is not worth that.

use crate::journal::header::Hash;
use rustix::fs::{SeekFrom, copy_file_range, fstat, ftruncate, ioctl_ficlone, seek};
use rustix::io::{Errno, Result, pread, pwrite};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The pieces of a file that the host keeps bytes of, up to an end. What may change meanwhile is looked at as it then is.
struct Pieces<'a> {
    file: BorrowedFd<'a>,
    /// The descriptor's own position, which looking for pieces moves: whoever reads it next reads from there.
    position: Option<u64>,
    at: u64,
    end: u64,
}

impl<'a> Pieces<'a> {
    fn new(file: BorrowedFd<'a>, most: u64) -> Result<Self> {
        let end = most.min(fstat(file)?.st_size as u64);
        Ok(Self { file, position: seek(file, SeekFrom::Current(0)).ok(), at: 0, end })
    }

    /// The next piece; `None` where nothing but a hole is left.
    fn next(&mut self) -> Result<Option<Range<u64>>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let start = match seek(self.file, SeekFrom::Data(self.at)) {
            Ok(start) if start < self.end => start,
            Ok(_) | Err(Errno::NXIO) => return Ok(None),
            // A host that knows no holes keeps all of it.
            Err(_) => self.at,
        };
        let end = seek(self.file, SeekFrom::Hole(start)).unwrap_or(self.end).min(self.end);
        self.at = end;
        Ok((start < end).then_some(start..end))
    }
}

impl Drop for Pieces<'_> {
    fn drop(&mut self) {
        if let Some(position) = self.position {
            let _ = seek(self.file, SeekFrom::Start(position));
        }
    }
}

/// Whether so many bytes of a file are holes, or more.
pub fn has_holes(file: BorrowedFd<'_>, most: u64) -> Result<bool> {
    // Nearly every file is smaller than that, and need not be looked through.
    if (fstat(file)?.st_size as u64) < most {
        return Ok(false);
    }
    let mut pieces = Pieces::new(file, u64::MAX)?;
    let (mut holes, mut at) = (0, 0);
    while let Some(piece) = pieces.next()? {
        holes += piece.start - at;
        at = piece.end;
        if holes >= most {
            return Ok(true);
        }
    }
    Ok(holes + (pieces.end - at) >= most)
}

/// Copies a file's content into an empty one, which costs nothing where the host can share it.
pub fn copy_all(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: u64) -> Result<()> {
    if ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    let mut pieces = Pieces::new(from, most)?;
    while let Some(piece) = pieces.next()? {
        copy_piece(from, to, piece)?;
    }
    ftruncate(to, pieces.end)
}

fn copy_piece(from: BorrowedFd<'_>, to: BorrowedFd<'_>, piece: Range<u64>) -> Result<()> {
    let (mut start, mut end) = (piece.start, piece.start);
    while start < piece.end {
        let step = usize::try_from(piece.end - start).unwrap_or(usize::MAX).min(1 << 30);
        match copy_file_range(from, Some(&mut start), to, Some(&mut end), step) {
            Ok(0) => break,
            Ok(_) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return copy_bytes(from, to, start..piece.end),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn copy_bytes(from: BorrowedFd<'_>, to: BorrowedFd<'_>, piece: Range<u64>) -> Result<()> {
    let mut buffer = vec![0; 1 << 20];
    let mut at = piece.start;
    while at < piece.end {
        let wanted = usize::try_from(piece.end - at).unwrap_or(usize::MAX).min(buffer.len());
        let got = pread(from, &mut buffer[..wanted], at)?;
        if got == 0 {
            break;
        }
        let mut done = 0;
        while done < got {
            done += pwrite(to, &buffer[done..got], at + done as u64)?;
        }
        at += got as u64;
    }
    Ok(())
}

/// The hash of a file's content.
pub fn hash_of(file: &OwnedFd) -> Result<Hash> {
    let mut hasher = blake3::Hasher::new();
    // Most files are small, and looking for holes would cost more than they do; so would a large buffer.
    let mut small = [0; 4096];
    let got = pread(file, &mut small, 0)?;
    hasher.update(&small[..got]);
    if got == small.len() {
        hash_rest(file, &mut hasher, got as u64)?;
    }
    Ok(Hash(*hasher.finalize().as_bytes()))
}

fn hash_rest(file: &OwnedFd, hasher: &mut blake3::Hasher, start: u64) -> Result<()> {
    let mut buffer = vec![0; 0x1_0000];
    let mut pieces = Pieces::new(file.as_fd(), u64::MAX)?;
    let mut at = start;
    pieces.at = at;
    while let Some(piece) = pieces.next()? {
        hash_hole(hasher, piece.start - at);
        at = piece.start;
        while at < piece.end {
            let wanted = usize::try_from(piece.end - at).unwrap_or(usize::MAX).min(buffer.len());
            let got = pread(file, &mut buffer[..wanted], at)?;
            if got == 0 {
                // It was cut meanwhile.
                return Ok(());
            }
            hasher.update(&buffer[..got]);
            at += got as u64;
        }
    }
    hash_hole(hasher, pieces.end.saturating_sub(at));
    Ok(())
}

fn hash_hole(hasher: &mut blake3::Hasher, mut bytes: u64) {
    static ZEROES: [u8; 0x1_0000] = [0; 0x1_0000];
    while bytes > 0 {
        let step = bytes.min(ZEROES.len() as u64);
        hasher.update(&ZEROES[..step as usize]);
        bytes -= step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::folder;
    use std::fs::File;
    use std::os::unix::fs::{FileExt, MetadataExt};
    use std::path::Path;

    const MIB: u64 = 1 << 20;

    /// A file with bytes at some places, and nothing else up to its end.
    fn sparse(place: &Path, name: &str, size: u64, at: &[u64]) -> File {
        let file = File::options().read(true).write(true).create_new(true).open(place.join(name)).unwrap();
        file.set_len(size).unwrap();
        for (index, at) in at.iter().enumerate() {
            file.write_all_at(&[index as u8 + 1; 5000], *at).unwrap();
        }
        file
    }

    #[test]
    fn holes_are_hashed_as_the_zeroes_that_they_are() {
        let place = folder("content-hash");
        for (name, size, at) in [
            ("empty", 0, [].as_slice()),
            ("short", 4096, &[]),
            ("all", 3 * MIB, &[]),
            ("first", 3 * MIB, &[0]),
            ("last", 3 * MIB + 77, &[3 * MIB - 4923]),
            ("some", 9 * MIB + 1, &[4000, 2 * MIB, 5 * MIB + 3]),
        ] {
            let file = sparse(&place, name, size, at);
            let mut bytes = vec![0; size as usize];
            file.read_exact_at(&mut bytes, 0).unwrap();
            let file = file.into();
            assert_eq!(hash_of(&file).unwrap(), Hash(*blake3::hash(&bytes).as_bytes()), "{name}");
            assert_eq!(seek(&file, SeekFrom::Current(0)), Ok(0), "{name}: whoever reads it then begins at its start");
        }
    }

    #[test]
    fn copies_have_the_holes_of_what_they_are_of() {
        let place = folder("content-copy");
        let size = 1 << 40;
        let file = sparse(&place, "large", size, &[3, 1 << 30, size - 5000]);
        let copy = File::options().read(true).write(true).create_new(true).open(place.join("copy")).unwrap();
        copy_all(file.as_fd(), copy.as_fd(), u64::MAX).unwrap();
        let facts = copy.metadata().unwrap();
        assert_eq!(facts.len(), size);
        assert!(facts.blocks() * 512 < MIB, "{} blocks", facts.blocks());
        let mut bytes = [0; 5000];
        for (at, value) in [(3, 1), (1 << 30, 2), (size - 5000, 3), (1 << 39, 0)] {
            copy.read_exact_at(&mut bytes, at).unwrap();
            assert_eq!(bytes, [value; 5000], "at {at}");
        }
        let head = File::options().read(true).write(true).create_new(true).open(place.join("head")).unwrap();
        copy_bytes(file.as_fd(), head.as_fd(), 0..10).unwrap();
        assert_eq!(head.metadata().unwrap().len(), 10);
    }

    #[test]
    fn many_holes_are_told_from_few() {
        let place = folder("content-holes");
        let file = sparse(&place, "file", 16 * MIB, &[0, 8 * MIB]);
        assert!(has_holes(file.as_fd(), 15 * MIB).unwrap() && !has_holes(file.as_fd(), 16 * MIB).unwrap());
        file.write_all_at(&vec![7; 16 * MIB as usize], 0).unwrap();
        assert!(!has_holes(file.as_fd(), 1).unwrap());
    }
}
