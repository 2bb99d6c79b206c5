//! Facts of a file.

use rustix::fs::{FileType, Statx, StatxAttributes, StatxFlags, statx};
use rustix::io::Result;
use std::os::fd::AsFd;

/// 100 ns units between 1601 and 1970.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

/// Creation, access, write and change time in 100 ns since 1601 (UTC).
pub type Times = [i64; 4];

/// Facts of a file or folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its times.
    pub times: Times,
    /// Bytes up to its end.
    pub size: u64,
    /// Bytes that it takes on its volume.
    pub allocated: u64,
    /// Hard links.
    pub links: u32,
    /// The number that identifies it on its volume.
    pub id: u64,
    /// The host's number of the device that it lies on.
    pub device: u64,
    /// It is a folder.
    pub folder: bool,
    /// It is a regular file.
    pub regular: bool,
    /// Nobody may write it.
    pub read_only: bool,
}

impl Metadata {
    /// Facts of an open file.
    pub fn of(file: impl AsFd) -> Result<Self> {
        statx(file, "", rustix::fs::AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::BTIME).map(|facts| Self::from_host(&facts))
    }

    /// Facts as the host tells them.
    pub fn from_host(facts: &Statx) -> Self {
        let time = |time: rustix::fs::StatxTimestamp| time.tv_sec * 10_000_000 + i64::from(time.tv_nsec) / 100 + UNIX_EPOCH;
        let kind = FileType::from_raw_mode(facts.stx_mode.into());
        let born = StatxFlags::from_bits_retain(facts.stx_mask).contains(StatxFlags::BTIME);
        let write = time(facts.stx_mtime);
        let folder = kind == FileType::Directory;
        let immutable = facts.stx_attributes.contains(StatxAttributes::IMMUTABLE);
        Self {
            times: [if born { time(facts.stx_btime).min(write) } else { write }, time(facts.stx_atime), write, time(facts.stx_ctime)],
            size: if folder { 0 } else { facts.stx_size },
            allocated: if folder { 0 } else { facts.stx_blocks * 512 },
            links: if folder { 1 } else { facts.stx_nlink },
            id: facts.stx_ino,
            device: u64::from(facts.stx_dev_major) << 32 | u64::from(facts.stx_dev_minor),
            folder,
            regular: kind == FileType::RegularFile,
            read_only: !folder && (facts.stx_mode & 0o222 == 0 || immutable),
        }
    }
}

/// A volume's serial number, from the host's number of the device.
pub fn volume_serial(device: u64) -> u32 {
    (device.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32 | 1
}
