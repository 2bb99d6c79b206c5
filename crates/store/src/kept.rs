//! What Windows keeps of a file and the host has no place for: attributes and the time of creation. They stand in an
//! extended attribute, in the form that Samba gave it (`user.DOSATTRIB`, version 3; `xattr.idl`).

use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr, getxattr, lgetxattr, removexattr, setxattr};
use rustix::io::{Errno, Result};
use std::os::fd::{AsRawFd, BorrowedFd};

const NAME: &str = "user.DOSATTRIB";
const VERSION: u16 = 3;
/// Which members of version 3 hold something.
const HAS_ATTRIBUTES: u32 = 1;
const HAS_CREATION: u32 = 0x10;

/// What is kept of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// `FILE_ATTRIBUTE_*`; `None` where they were never set.
    pub attributes: Option<u32>,
    /// The time of creation in 100 ns since 1601, where it was set.
    pub created: Option<i64>,
}

impl Kept {
    /// What is kept of an open file.
    pub fn of(file: BorrowedFd<'_>) -> Self {
        let mut buffer = [0; 128];
        match fgetxattr(file, NAME, &mut buffer[..]) {
            Err(Errno::BADF) => Self::of_place(file),
            Ok(length) => Self::parse(&buffer[..length]).unwrap_or_default(),
            Err(_) => Self::default(),
        }
    }

    /// What is kept of what a descriptor stands for that only is a place: such a one cannot be asked itself.
    pub fn of_place(file: BorrowedFd<'_>) -> Self {
        let mut buffer = [0; 128];
        let read = getxattr(place(file), NAME, &mut buffer[..]);
        read.ok().and_then(|length| Self::parse(&buffer[..length])).unwrap_or_default()
    }

    /// What is kept of a folder's entry.
    pub fn of_entry(folder: BorrowedFd<'_>, name: &str) -> Self {
        let mut buffer = [0; 128];
        lgetxattr([&place(folder), "/", name].concat(), NAME, &mut buffer[..])
            .ok()
            .and_then(|length| Self::parse(&buffer[..length]))
            .unwrap_or_default()
    }

    /// Keeps it; nothing to keep leaves nothing behind.
    pub fn put(&self, file: BorrowedFd<'_>) -> Result<()> {
        if *self == Self::default() {
            let removed = match fremovexattr(file, NAME) {
                Err(Errno::BADF) => removexattr(place(file), NAME),
                removed => removed,
            };
            // There was nothing, or the host keeps no such thing.
            return match removed {
                Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
                done => done,
            };
        }
        let bytes = self.encode();
        match fsetxattr(file, NAME, &bytes, XattrFlags::empty()) {
            Err(Errno::BADF) => setxattr(place(file), NAME, &bytes, XattrFlags::empty()),
            done => done,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let attributes = self.attributes.unwrap_or_default();
        let text = self.attributes.map(|attributes| format!("{attributes:#x}")).unwrap_or_default();
        let mut bytes = [text.as_bytes(), &[0]].concat();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes.extend(VERSION.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(u32::from(VERSION).to_le_bytes());
        let has = |member, is_there| if is_there { member } else { 0 };
        bytes.extend((has(HAS_ATTRIBUTES, self.attributes.is_some()) | has(HAS_CREATION, self.created.is_some())).to_le_bytes());
        bytes.extend(attributes.to_le_bytes());
        bytes.extend(self.created.unwrap_or_default().to_le_bytes());
        bytes
    }

    /// Reads any version's text of the attributes, and version 3's members behind it.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let text = std::str::from_utf8(&bytes[..end]).ok()?;
        let attributes = text.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let behind = Self::members(bytes, (end + 1).next_multiple_of(2)).unwrap_or_default();
        Some(Self { attributes: behind.attributes.or(attributes), created: behind.created })
    }

    fn members(bytes: &[u8], at: usize) -> Option<Self> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let version = u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
        let at = (at + 2).next_multiple_of(4);
        if version != VERSION || word(at)? != u32::from(VERSION) {
            return None;
        }
        let has = word(at + 4)?;
        let attributes = if has & HAS_ATTRIBUTES != 0 { Some(word(at + 8)?) } else { None };
        let created = i64::from(word(at + 16)?) << 32 | i64::from(word(at + 12)?);
        Some(Self { attributes, created: (has & HAS_CREATION != 0 && created > 0).then_some(created) })
    }
}

/// The path that leads to what a descriptor stands for.
pub fn place(file: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_survives_its_bytes() {
        for kept in [
            Kept { attributes: Some(0x22), created: Some(0x1D6_704C_643F_F1D0) },
            Kept { attributes: Some(2), created: None },
            Kept { attributes: None, created: Some(1) },
        ] {
            assert_eq!(Kept::parse(&kept.encode()), Some(kept));
        }
    }

    #[test]
    fn what_samba_and_wine_wrote_is_read() {
        let samba = b"0x20\0\0\x03\0\x03\0\0\0\x11\0\0\0\x20\0\0\0\xd0\xf1\x3f\x64\x4c\x70\xd6\x01";
        assert_eq!(Kept::parse(samba), Some(Kept { attributes: Some(0x20), created: Some(0x01D6_704C_643F_F1D0) }));
        assert_eq!(Kept::parse(b"0x2"), Some(Kept { attributes: Some(2), created: None }));
    }

    #[test]
    fn damaged_bytes_are_nothing() {
        assert_eq!(Kept::parse(b"\xff\xfe"), None);
        assert_eq!(Kept::parse(b"0xzz"), Some(Kept::default()));
        assert_eq!(Kept::parse(b"0x2\0\x03\0\0\0\x03\0\0\0\x11"), Some(Kept { attributes: Some(2), created: None }));
        assert_eq!(Kept::parse(b""), Some(Kept::default()));
    }
}
