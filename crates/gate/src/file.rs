//! What is said of files, in fixed widths: `ntdll` turns it into the information classes of its bitness.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Facts of a file, open or by path.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Facts {
    /// Creation, access, write and change time in 100 ns since 1601 (UTC).
    pub times: [i64; 4],
    /// Bytes up to the end of the file.
    pub size: u64,
    /// Bytes that it takes on its volume.
    pub allocated: u64,
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: u32,
    /// Hard links.
    pub links: u32,
    /// The number that identifies the file on its volume.
    pub id: u64,
    /// The volume's serial number.
    pub volume: u32,
    /// A [`Device`] as a number.
    pub device: u32,
    /// Non-zero once the file is marked for deletion.
    pub deleting: u32,
    /// The access that the handle was granted; 0 by path.
    pub access: u32,
    /// The `FILE_*` mode bits of the open options; 0 by path.
    pub mode: u32,
    /// The reparse tag, or 0.
    pub reparse: u32,
}

/// What lies behind a file handle.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A file or folder on a volume.
    Disk = 0,
    /// A pipe or socket.
    Pipe = 1,
    /// What the user types at a terminal.
    ConsoleInput = 2,
    /// The null device.
    Null = 3,
    /// Another character device that the shell handed over.
    Character = 4,
    /// What a terminal shows.
    ConsoleOutput = 5,
    /// The device that sockets are polled through (`\Device\Afd`).
    Sockets = 6,
    /// The directory of the pipes' names.
    Pipes = 7,
}

impl Device {
    /// The device with this number; unknown ones count as character devices.
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Disk,
            1 => Self::Pipe,
            2 => Self::ConsoleInput,
            3 => Self::Null,
            5 => Self::ConsoleOutput,
            6 => Self::Sockets,
            7 => Self::Pipes,
            _ => Self::Character,
        }
    }

    /// Whether it is one of a console's two sides.
    pub const fn is_console(self) -> bool {
        matches!(self, Self::ConsoleInput | Self::ConsoleOutput)
    }
}

crate::numbered! {
    /// Which name of an open file is meant.
    NameKind {
        /// The NT path that it was opened by.
        Opened = 0,
        /// The NT path without the links that led there.
        Resolved = 1,
        /// The last name's short form.
        Short = 2,
        /// All names that the file has: [`LinkName`] records.
        Links = 3,
    }
}

/// The head of one record of a file's names; the name follows, UTF-16, and the next record starts at a multiple of 8.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct LinkName {
    /// The number of the folder that the name lies in.
    pub parent: u64,
    /// The name's length in bytes.
    pub name_size: u32,
    /// Unused.
    pub pad: u32,
}

/// The reparse tag of a symbolic link (`IO_REPARSE_TAG_SYMLINK`).
pub const SYMLINK: u32 = 0xA000_000C;

/// How the native name of a drive starts; its number follows, 1 for A:.
pub const DEVICE: &str = "\\Device\\HarddiskVolume";

/// The letter, in upper case, of the drive with this number behind [`DEVICE`].
pub fn letter(number: &str) -> Option<u8> {
    let number: u8 = number.parse().ok()?;
    (1..=26).contains(&number).then(|| b'A' + number - 1)
}

/// The number behind [`DEVICE`] of the drive with this letter, in upper case.
pub const fn number(letter: u8) -> u8 {
    letter.wrapping_sub(b'A').wrapping_add(1)
}

/// How a volume's own name starts, behind `\\?\`; the letter of its drive follows as two digits, and a brace.
pub const VOLUME: &str = "Volume{77696e63-6f6d-7061-7400-0000000000";

/// The letter, in upper case, of the drive of the volume with this own name, whatever follows behind a backslash.
pub fn volume_letter(name: &str) -> Option<u8> {
    let (head, rest) = name.split_at_checked(VOLUME.len())?;
    let digits = rest.get(..2).filter(|_| head.eq_ignore_ascii_case(VOLUME))?;
    let letter = u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii_uppercase)?;
    matches!(rest.as_bytes().get(2..), Some([b'}'] | [b'}', b'\\', ..])).then_some(letter)
}

/// Facts of a volume.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Volume {
    /// Bytes in all.
    pub total: u64,
    /// Bytes that this user may still write.
    pub free: u64,
    /// Bytes of one cluster.
    pub cluster: u32,
    /// The serial number.
    pub serial: u32,
    /// `FILE_CASE_PRESERVED_NAMES` and the like.
    pub flags: u32,
    /// The longest name of one path component, in UTF-16 units.
    pub longest_name: u32,
    /// The label, UTF-16.
    pub label: [u16; 32],
    /// Its length in units.
    pub label_length: u32,
    /// `DRIVE_FIXED` and the like.
    pub drive: u32,
}

/// The head of one record of a folder listing; the name follows, UTF-16, and the next record starts at a multiple of 8.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Entry {
    /// Creation, access, write and change time in 100 ns since 1601 (UTC).
    pub times: [i64; 4],
    /// Bytes up to the end of the file.
    pub size: u64,
    /// Bytes that it takes on its volume.
    pub allocated: u64,
    /// The number that identifies the file on its volume.
    pub id: u64,
    /// `FILE_ATTRIBUTE_*`.
    pub attributes: u32,
    /// The name's length in bytes.
    pub name_size: u32,
    /// The reparse tag, or 0.
    pub reparse: u32,
    /// The short name's length in bytes; 0 where the name is its own short one.
    pub short_size: u32,
    /// The short name.
    pub short: [u16; 12],
    /// Unused: no information class has a longer head than this, so that what fits here fits there.
    pub pad: u64,
}

/// One open file's shared record: the position that duplicated and inherited handles share.
///
/// Plain words here; the runtime and the broker see them as atomics.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    /// The position in bytes.
    pub offset: u64,
    /// Non-zero: every write goes to the end.
    pub append: u32,
    /// Counts the times that the name's content was replaced under its readers.
    pub generation: u32,
    /// Non-zero while byte-range locks exist.
    pub locks: u32,
    /// Non-zero while a thread reads or writes at the shared position.
    pub busy: u32,
    /// Room to grow.
    pub spare: [u64; 5],
}

const _: () = assert!(size_of::<Record>() == 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_have_names_of_their_own() {
        assert_eq!(volume_letter("Volume{77696e63-6f6d-7061-7400-000000000043}"), Some(b'C'));
        assert_eq!(volume_letter("VOLUME{77696E63-6F6D-7061-7400-00000000005A}\\a"), Some(b'Z'));
        for name in ["", "Volume{", "Volume{77696e63-6f6d-7061-7400-000000000043", "Volume{77696e63-6f6d-7061-7400-000000000001}", "\u{e9}"] {
            assert_eq!(volume_letter(name), None, "{name}");
        }
    }

    #[test]
    fn drives_have_numbers_and_numbers_drives() {
        for drive in b'A'..=b'Z' {
            let mut text = [0; 2];
            let number = number(drive);
            text[0] = b'0' + number / 10;
            text[1] = b'0' + number % 10;
            let text = core::str::from_utf8(&text).unwrap();
            assert_eq!(letter(text), Some(drive));
        }
        assert_eq!([letter(""), letter("0"), letter("27"), letter("x"), letter("-1")], [None; 5]);
    }
}
